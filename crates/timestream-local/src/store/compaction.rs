//! Many files of an hour into one, so that an hour never has many. Not here: rows that come from memory
//! (`flush`).

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use datafusion::parquet::file::metadata::RowGroupMetaData;

use super::StoreError;
use super::batch::{conform, since};
use super::dictionary::Dictionary;
use super::file::SnapshotFile;
use super::hours::Hours;
use super::merge::{Source, batch_rows};

/// Files of about one size that are merged when an hour has so many of them.
const FAN_IN: usize = 8;

/// Files of more rows or bytes stay as they are: there is little to gain.
const LARGE_ROWS: u64 = 4_000_000;
const LARGE_BYTES: u64 = 256 << 20;

/// Rows that are read at once.
const READ_ROWS: usize = 8_192;

/// A file as a source of sorted batches, in a schema that may be younger than the file.
pub(super) struct FileRows {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
    batch_rows: usize,
    schema: SchemaRef,
}

impl FileRows {
    pub(super) fn open(file: &SnapshotFile, schema: &SchemaRef) -> Result<Self, StoreError> {
        let reader = file.reader(|_| true)?;
        let groups = reader.metadata().row_groups().iter();
        let bytes: i64 = groups.map(RowGroupMetaData::total_byte_size).sum();
        let row_bytes = usize::try_from(bytes).unwrap_or_default() / (file.rows().max(1) as usize);
        let batch_rows = batch_rows(row_bytes, READ_ROWS);
        let reader = reader.with_batch_size(batch_rows).build();
        let reader = reader.map_err(StoreError::parquet(&file.path))?;
        Ok(Self { path: file.path.clone(), reader, batch_rows, schema: schema.clone() })
    }
}

impl Source for FileRows {
    fn batch_rows(&self) -> usize {
        self.batch_rows
    }

    fn next(&mut self, _: &Dictionary) -> Result<Option<RecordBatch>, StoreError> {
        let Some(batch) = self.reader.next() else {
            return Ok(None);
        };
        let batch = batch.map_err(|error| StoreError::parquet(&self.path)(error.into()))?;
        conform(&batch, &self.schema).map(Some)
    }
}

/// Files that should become one: `FAN_IN` of an hour whose sizes differ little. A merge holds pages of each.
pub(super) fn crowded(hours: &Hours) -> Option<(i64, Vec<Arc<SnapshotFile>>)> {
    let crowd = |hour| {
        let mut classes: BTreeMap<u32, Vec<Arc<SnapshotFile>>> = BTreeMap::new();
        for file in hours.of(hour).iter().filter(|file| is_small(file)) {
            classes.entry(class(file.rows())).or_default().push(Arc::clone(file));
        }
        let mut files = classes.into_values().find(|files| files.len() >= FAN_IN)?;
        files.truncate(FAN_IN);
        Some((hour, files))
    };
    hours.hours().find_map(crowd)
}

/// Files of a class differ in size by a factor of `FAN_IN` at the most. Memory tables are written with what came while
/// they were waiting, up to twice as much: classes begin where the usual sizes, of two to four million rows, are of one.
fn class(rows: u64) -> u32 {
    (rows.checked_ilog2().unwrap_or(0) + 1) / FAN_IN.ilog2()
}

fn is_small(file: &SnapshotFile) -> bool {
    file.rows() < LARGE_ROWS && file.bytes() < LARGE_BYTES
}

/// The rows of a file from a time on.
pub(super) struct Since {
    pub rows: FileRows,
    pub oldest: i64,
}

impl Source for Since {
    fn batch_rows(&self) -> usize {
        self.rows.batch_rows()
    }

    fn next(&mut self, dictionary: &Dictionary) -> Result<Option<RecordBatch>, StoreError> {
        let Some(batch) = self.rows.next(dictionary)? else {
            return Ok(None);
        };
        since(&batch, self.oldest).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_tables_that_took_more_while_they_waited_are_merged_with_others() {
        assert_eq!(class(2_000_000), class(LARGE_ROWS - 1));
        assert_eq!(class(0), 0);
        for rows in [1, 8, 100, 5_000, 300_000, 2_000_000] {
            assert_eq!(
                class(rows * FAN_IN as u64),
                class(rows) + 1,
                "a merge of {rows} rows each is of the next class"
            );
        }
    }
}
