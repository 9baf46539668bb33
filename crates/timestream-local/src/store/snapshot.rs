//! What a query sees of a table. Not here: how it is queried (`sql`).

use std::sync::Arc;

use datafusion::arrow::record_batch::RecordBatch;

use super::columns::MeasureSummary;
use super::file::SnapshotFile;
use crate::model::Column;

/// A consistent view of a table: it does not change while it is held, and its files stay.
#[derive(Clone)]
pub(crate) struct Snapshot {
    /// The columns that SQL sees, in `SELECT *` order.
    pub columns: Vec<Column>,
    /// Measure names with the columns they fill, for `SHOW MEASURES`.
    pub measures: Arc<[MeasureSummary]>,
    /// The files, by hour. They have `columns` and the version; ones that came to be known later are missing
    /// and read as null, and others that they have are not for queries.
    pub files: Vec<Arc<SnapshotFile>>,
    /// The rows not yet in files. Columns as in files.
    pub memory: Vec<RecordBatch>,
    /// Rows of the files before this time are past the table's life and no longer count; none where there
    /// are none.
    pub oldest: Option<i64>,
    /// True where rows of one identity may stand more than once: the highest version counts.
    pub overlaps: bool,
}

#[cfg(test)]
impl Snapshot {
    /// A table without anything in it, for tests of SQL to fill.
    pub(crate) fn empty() -> Self {
        Self {
            columns: Vec::new(),
            measures: Arc::default(),
            files: Vec::new(),
            memory: Vec::new(),
            oldest: None,
            overlaps: false,
        }
    }
}
