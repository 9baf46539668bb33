//! How the memory of a server is divided. Not here: who keeps to which share (`store`, `sql`).

/// Bytes for the parts that can grow without end. What is left is for dictionaries of series, requests, and
/// flushes and merges at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shares {
    /// Running queries together; beyond, they spill or fail.
    pub queries: usize,
    /// Rows that are not in files yet, of all tables; beyond, they are flushed, and writers wait.
    pub memory_tables: usize,
    /// Identities of stored rows, for late records; beyond, files are read again.
    pub identities: usize,
    /// What is known of files, for queries (footers, page statistics); beyond, it is read again.
    pub footers: usize,
}

/// More would only make the log longer, and the next start.
const MOST_IN_MEMORY_TABLES: usize = 512 << 20;

/// What a server takes that does nothing, and a little to work with.
const SERVER: usize = 128 << 20;

impl Shares {
    /// Divides `total` bytes: the server's own, then a half, a quarter and twice a sixteenth of the others, and the rest.
    pub(super) fn of(total: usize) -> Self {
        let total = total.saturating_sub(SERVER);
        Self {
            queries: total / 2,
            memory_tables: (total / 4).min(MOST_IN_MEMORY_TABLES),
            identities: total / 16,
            footers: total / 16,
        }
    }
}
