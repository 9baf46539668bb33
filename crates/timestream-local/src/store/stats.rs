//! What a table has, counted. Not here: who asks for it (`metrics` of the crate).

/// What a table has at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct TableStats {
    /// Rows that are not in files yet.
    pub memory_rows: u64,
    /// Bytes that they take in memory, about.
    pub memory_bytes: u64,
    /// Bytes of the log.
    pub log_bytes: u64,
    /// Parquet files, their rows and bytes.
    pub files: u64,
    pub file_rows: u64,
    pub file_bytes: u64,
    /// Since the table was opened.
    pub flushes: u64,
    pub merges: u64,
    pub syncs: u64,
}
