//! What a query sees of a table. Not here: how it is queried (`sql`).

use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;

use super::columns::MeasureSummary;
use super::file::SnapshotFile;
use crate::model::Column;

/// A consistent view of a table: it does not change while it is held, and its files stay.
#[derive(Clone)]
pub(crate) struct Snapshot {
    /// The columns that SQL sees, in `SELECT *` order.
    pub columns: Vec<Column>,
    /// `columns` and [`VERSION_COLUMN`](super::VERSION_COLUMN), as Arrow has them.
    pub schema: SchemaRef,
    /// Measure names with the columns they fill, for `SHOW MEASURES`.
    pub measures: Vec<MeasureSummary>,
    /// The files, by hour; they may lack columns of `schema` (read them as null) and have others (ignore them).
    pub files: Vec<Arc<SnapshotFile>>,
    /// The rows not yet in files, in `schema`.
    pub memory: Vec<RecordBatch>,
    /// True where rows of one identity may stand more than once: the highest version counts.
    pub overlaps: bool,
}

#[cfg(test)]
impl Snapshot {
    /// A table without anything in it, for tests of SQL to fill.
    pub(crate) fn empty() -> Self {
        Self {
            columns: Vec::new(),
            schema: SchemaRef::new(datafusion::arrow::datatypes::Schema::empty()),
            measures: Vec::new(),
            files: Vec::new(),
            memory: Vec::new(),
            overlaps: false,
        }
    }
}
