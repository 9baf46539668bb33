//! A table's data: dictionary, log, memory table, Parquet files, and the rules of a write.
//!
//! ```text
//! write -> dictionary (ids) -> admission (window, identity) -> log (survives a kill) -> memory table
//!                                                memory table -> flush -> a Parquet file an hour
//! snapshot <- files + memory table
//! ```
//!
//! A directory a table: `manifest.json` names the files that count and the first log segment that is
//! still needed, and is replaced as a whole; whatever it does not name is removed at the next start.
//!
//! A write is in the log, by `write(2)`, before it is acknowledged: it survives a kill of the process. The
//! log reaches the disk about once a second, or before each answer where `Durability` asks for that (`sync`).
//!
//! The tables of a server share a `Store`: three threads (flush, sync, compact), a bound on what all memory
//! tables take, and a cache of identities.
//!
//! The dictionary only grows. A table's directory must not be used again for another table while
//! snapshots of the first are held.
//!
//! Not here: which tables there are (`catalog`), what is asked of them (`sql`).

use std::path::{Path, PathBuf};

use datafusion::arrow::error::ArrowError;
use datafusion::parquet::errors::ParquetError;

use crate::disk;
use crate::json_file::JsonFileError;
use crate::metrics::StoreMetrics;
use crate::model::{Durability, Ingested, Rejected};

mod admission;
mod batch;
mod charge;
mod chunk;
mod codec;
mod columns;
mod common;
mod compaction;
mod dictionary;
mod events;
mod file;
mod flush;
mod folder;
mod frames;
mod hours;
mod keys;
mod locks;
mod log;
mod lookup;
mod maintenance;
mod manifest;
mod memory;
mod merge;
mod order;
mod recovery;
mod retention;
mod sets;
mod snapshot;
mod state;
mod stats;
mod sync;
mod table;
#[cfg(test)]
mod tests;
mod values;
mod worker;
mod write;

pub(crate) use columns::{MeasureSummary, VERSION_COLUMN};
pub(crate) use common::Store;
pub(crate) use file::SnapshotFile;
pub(crate) use recovery::{recover_frames, recover_rows};
pub(crate) use snapshot::{Snapshot, SnapshotRows};
pub(crate) use stats::TableStats;
pub(crate) use sync::Position;
pub(crate) use table::Table;

/// Sizes and habits of the store.
#[derive(Debug, Clone)]
pub(crate) struct StoreOptions {
    /// What an answered write survives.
    pub durability: Durability,
    /// Rows in a table's memory table that start a flush.
    pub flush_rows: usize,
    /// Bytes that the memory tables of all tables may take together.
    pub memory_bytes: usize,
    /// Bytes that the cache of identities may take.
    pub cache_bytes: usize,
    /// Where its work is counted.
    pub metrics: StoreMetrics,
}

/// Why the store itself failed (never the caller's data).
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    /// A Parquet file could not be read or written.
    #[error("{path}: {source}")]
    Parquet { path: PathBuf, source: Box<ParquetError> },
    /// The manifest could not be read or written.
    #[error(transparent)]
    Manifest(#[from] JsonFileError),
    /// Columns could not be put together.
    #[error("columns do not fit together: {0}")]
    Arrow(#[from] Box<ArrowError>),
    /// A file is not what the store wrote.
    #[error("{path} is damaged: {what}; restore the table's directory or remove it")]
    Damaged { path: PathBuf, what: String },
    /// A file could not be synced, so nobody knows what of it is on the disk.
    #[error(
        "{path} could not be synced to the disk: {why}; records since its last sync may not survive a power cut, and \
         it takes no more until the table is flushed to files: see to the disk"
    )]
    Unsynced { path: PathBuf, why: String },
    /// The system has no more threads.
    #[error("cannot start a background thread: {0}")]
    Thread(std::io::Error),
    /// A bug of the store.
    #[error("{0} panicked; the server's log says where")]
    Panicked(&'static str),
    /// The table was closed while something was done for it.
    #[error("the table is closed")]
    Closed,
    /// Flushes fail and the memory table has no more room.
    #[error("the memory table is full and cannot be written to files: {0}; free some disk space")]
    Full(String),
}

impl StoreError {
    /// Wraps an I/O error with the path it is about.
    fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }

    /// Wraps a Parquet error with the path it is about.
    fn parquet(path: &Path) -> impl FnOnce(ParquetError) -> Self {
        move |source| Self::Parquet { path: path.to_owned(), source: Box::new(source) }
    }
}

/// As `disk::sync_dir`, with the folder's name.
fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    disk::sync_dir(dir).map_err(StoreError::io(dir))
}

impl From<ArrowError> for StoreError {
    fn from(error: ArrowError) -> Self {
        Self::Arrow(Box::new(error))
    }
}

/// What became of a request's records.
#[derive(Debug, Default)]
pub(crate) struct WriteOutcome {
    /// Accepted records, by where they went.
    pub ingested: Ingested,
    /// The others, in the request's order.
    pub rejected: Vec<Rejected>,
    /// What must be durable before the request is answered.
    pub position: Position,
}
