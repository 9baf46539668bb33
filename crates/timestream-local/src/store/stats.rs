//! What a table tells of itself: figures of the moment, and a line of the log for what goes on in the background.
//! Not here: what goes on.

use std::time::{Duration, Instant};

use super::locks::lock;
use super::table::{Shared, Table};
use crate::metrics::millis;

/// Syncs that take longer than this are told.
const SLOW_SYNC: Duration = Duration::from_secs(1);

/// What a table has at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct TableStats {
    /// Rows that are not in files yet.
    pub memory_rows: u64,
    /// Bytes that they take in memory, about.
    pub memory_bytes: u64,
    /// Bytes of the log and of the dictionary's file.
    pub log_bytes: u64,
    /// Parquet files and their bytes.
    pub files: u64,
    pub file_bytes: u64,
}

impl Table {
    /// What the table has now.
    pub(crate) fn stats(&self) -> TableStats {
        let (mut stats, hours) = {
            let state = lock(&self.shared.state);
            (state.stats(), state.hours.clone())
        };
        for file in hours.files() {
            stats.files += 1;
            stats.file_bytes += file.bytes();
        }
        stats
    }
}

impl Shared {
    /// Tells of a log that was read into the memory table.
    pub(super) fn told_recovery(&self, began: Instant) {
        let rows = lock(&self.state).memory.len();
        if rows > 0 {
            tracing::info!(table = %self.dirs.table.display(), rows, ms = millis(began), "log replayed");
        }
    }

    /// Tells of a memory table that was written to files.
    pub(super) fn told_flush(&self, rows: usize, began: Instant) {
        self.options.metrics.flush_seconds.observe(began.elapsed().as_secs_f64());
        let table = self.dirs.table.display();
        tracing::info!(%table, rows, ms = millis(began), "memory table written to files");
    }

    /// Tells of files that became one.
    pub(super) fn told_compaction(&self, hour: i64, files: usize, began: Instant) {
        self.options.metrics.compaction_seconds.observe(began.elapsed().as_secs_f64());
        let table = self.dirs.table.display();
        tracing::debug!(%table, hour, files, ms = millis(began), "files of an hour merged");
    }

    /// Tells of files that are past the table's life.
    pub(super) fn told_expiry(&self, files: usize) {
        tracing::info!(table = %self.dirs.table.display(), files, "files past the table's life removed");
    }

    /// Tells of a file that is on the disk now.
    pub(super) fn told_sync(&self, began: Instant) {
        self.options.metrics.sync_seconds.observe(began.elapsed().as_secs_f64());
        if began.elapsed() > SLOW_SYNC {
            tracing::warn!(table = %self.dirs.table.display(), ms = millis(began), "slow sync of a log");
        }
    }
}
