//! A table's data on disk and in memory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::record_batch::RecordBatch;

use crate::clock::Clock;
use crate::model::{Column, Ingested, Record, Rejected, Retention};

/// Sizes and habits of the store.
#[derive(Debug, Clone)]
pub(crate) struct StoreOptions {
    /// Rows in the memory table that start a flush.
    pub flush_rows: usize,
}

/// Why the store itself failed (never the caller's data).
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
}

/// What became of a request's records.
#[derive(Debug, Default)]
pub(crate) struct WriteOutcome {
    pub ingested: Ingested,
    pub rejected: Vec<Rejected>,
}

/// One table's log, memory table and files.
pub(crate) struct Table {}

/// A consistent view of a table: it does not change while it is held, and its files stay.
#[derive(Clone)]
pub(crate) struct Snapshot {
    /// The columns that SQL sees, in `SELECT *` order.
    pub columns: Vec<Column>,
    /// Measure names with the columns they fill, for SHOW MEASURES.
    pub files: Vec<Arc<SnapshotFile>>,
    /// The rows not yet in files.
    pub memory: Vec<RecordBatch>,
    /// True where rows of one identity may stand more than once: the highest version counts.
    pub overlaps: bool,
}

/// A Parquet file of a snapshot.
pub(crate) struct SnapshotFile {
    pub path: PathBuf,
}

impl Table {
    /// Opens the table in `dir`, which is made if missing; what the log holds is replayed.
    pub(crate) fn open(
        dir: &Path,
        retention: Retention,
        clock: Arc<dyn Clock>,
        options: StoreOptions,
    ) -> Result<Self, StoreError> {
        let _ = (dir, retention, clock, options);
        Ok(Self {})
    }

    /// Stores the valid ones of `records`, and returns when they would survive a kill of the process.
    pub(crate) fn write(&self, records: &[Record<'_>]) -> Result<WriteOutcome, StoreError> {
        let _ = records;
        Ok(WriteOutcome::default())
    }

    /// What queries see from now on until they drop it.
    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot { columns: Vec::new(), files: Vec::new(), memory: Vec::new(), overlaps: false }
    }

    /// Takes new retention settings.
    pub(crate) fn set_retention(&self, retention: Retention) {
        let _ = retention;
    }

    /// Writes the memory table to files; on return the log is short.
    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
