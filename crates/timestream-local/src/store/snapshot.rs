//! What a query sees of a table. Not here: how it is queried (`sql`), how rows become columns (`batch`).

use std::ops::RangeInclusive;
use std::sync::{Arc, RwLock};

use datafusion::arrow::array::BooleanArray;
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;

use super::StoreError;
use super::batch::of_chunk;
use super::chunk::Chunk;
use super::columns::MeasureSummary;
use super::dictionary::Dictionary;
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
    /// The rows not yet in files.
    pub memory: Vec<SnapshotRows>,
    /// Rows of the files before this time are past the table's life and no longer count; none where there
    /// are none.
    pub oldest: Option<i64>,
    /// True where rows of one identity may stand more than once: the highest version counts.
    pub overlaps: bool,
}

/// Rows that are not in files: they do not change, and stay for as long as they are held.
#[derive(Clone)]
pub(crate) struct SnapshotRows {
    chunk: Arc<Chunk>,
    dictionary: Arc<RwLock<Dictionary>>,
    /// Which rows the table keeps, where that is not all.
    kept: Option<BooleanArray>,
    /// The earliest and the latest time.
    times: (i64, i64),
}

impl SnapshotRows {
    /// The rows of a chunk that are not before `oldest`.
    pub(super) fn new(chunk: Arc<Chunk>, dictionary: &Arc<RwLock<Dictionary>>, oldest: i64) -> Self {
        let dictionary = Arc::clone(dictionary);
        if chunk.oldest >= oldest {
            let times = (chunk.oldest, chunk.newest);
            return Self { chunk, dictionary, kept: None, times };
        }
        let kept = chunk.rows.iter().map(|row| Some(row.key.time >= oldest)).collect();
        let later = chunk.rows.iter().map(|row| row.key.time).filter(|&time| time >= oldest);
        let times = (later.min().unwrap_or(i64::MAX), chunk.newest);
        Self { chunk, dictionary, kept: Some(kept), times }
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.kept.as_ref().map_or(self.chunk.rows.len(), BooleanArray::true_count)
    }

    /// The earliest and the latest time.
    pub(crate) fn times(&self) -> (i64, i64) {
        self.times
    }

    /// Whether one of them may be of these times.
    pub(crate) fn reach_into(&self, times: &RangeInclusive<i64>) -> bool {
        self.times.0 <= *times.end() && self.times.1 >= *times.start()
    }

    /// The same for all that hold the same rows.
    pub(crate) fn id(&self) -> usize {
        Arc::as_ptr(&self.chunk).addr()
    }

    /// Bytes that they take now.
    pub(crate) fn bytes(&self) -> usize {
        self.chunk.bytes_with_columns()
    }

    /// Them as a batch. Only columns of its schema are made; those that no row had are null.
    pub(crate) fn batch(&self, schema: &SchemaRef) -> Result<RecordBatch, StoreError> {
        let all = of_chunk(&self.chunk, schema, &self.dictionary)?;
        match &self.kept {
            Some(kept) => Ok(filter_record_batch(&all, kept)?),
            None => Ok(all),
        }
    }

    /// The rows of a test's batch.
    #[cfg(test)]
    pub(crate) fn of(batch: &RecordBatch) -> Self {
        Self::new(Arc::new(Chunk::of(batch)), &Arc::default(), i64::MIN)
    }
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
