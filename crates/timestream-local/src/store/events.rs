//! What is told of a table's work in the background: a line of the log, and figures. Not here: the work.

use std::time::{Duration, Instant};

use super::locks::lock;
use super::table::Shared;
use crate::metrics::millis;

/// Syncs that take longer than this are told.
const SLOW_SYNC: Duration = Duration::from_secs(1);

impl Shared {
    /// Tells of a log that was read into the memory table.
    pub(super) fn told_recovery(&self, began: Instant) {
        let rows = lock(&self.state).memory.len();
        if rows > 0 {
            tracing::info!(table = %self.folder.table.display(), rows, ms = millis(began), "log replayed");
        }
    }

    /// Tells of a memory table that was written to files.
    pub(super) fn told_flush(&self, rows: usize, began: Instant) {
        self.common.options.metrics.flush_seconds.observe(began.elapsed().as_secs_f64());
        let table = self.folder.table.display();
        tracing::info!(%table, rows, ms = millis(began), "memory table written to files");
    }

    /// Tells of files that became one.
    pub(super) fn told_compaction(&self, hour: i64, files: usize, began: Instant) {
        self.common.options.metrics.compaction_seconds.observe(began.elapsed().as_secs_f64());
        let table = self.folder.table.display();
        tracing::debug!(%table, hour, files, ms = millis(began), "files of an hour merged");
    }

    /// Tells of files that are past the table's life.
    pub(super) fn told_expiry(&self, files: usize) {
        tracing::info!(table = %self.folder.table.display(), files, "files past the table's life removed");
    }

    /// Tells of a log that is on the disk now.
    pub(super) fn told_sync(&self, began: Instant) {
        self.common.options.metrics.sync_seconds.observe(began.elapsed().as_secs_f64());
        if began.elapsed() > SLOW_SYNC {
            tracing::warn!(table = %self.folder.table.display(), ms = millis(began), "slow sync of a log");
        }
    }
}
