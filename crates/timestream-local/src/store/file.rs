//! One Parquet file: how it is written, what is known of it, when it goes. Not here: which rows it gets
//! (`flush`, `compaction`), how a row is found in it (`lookup`).
//!
//! Rows are in the order of measure name, dimensions, time (`Dictionary::compare`). The settings are
//! measured ones: small pages with statistics let queries skip within a row group.

mod index;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::DateTime;
use datafusion::arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::parquet::arrow::{ArrowWriter, ProjectionMask};
use datafusion::parquet::basic::{Compression, Encoding, ZstdLevel};
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
use datafusion::parquet::schema::types::ColumnPath;
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::dictionary::Dictionary;
use super::keys::Key;
use super::merge::SortedRows;
use index::FileIndex;

const ROW_GROUP_ROWS: usize = 131_072;
const PAGE_ROWS: usize = 4096;

/// What the manifest says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileEntry {
    /// Never given twice.
    pub number: u64,
    /// Hours since the Unix epoch; all rows are of this hour.
    pub hour: i64,
    pub rows: u64,
    pub bytes: u64,
    /// The earliest time.
    pub oldest: i64,
    /// The latest time.
    pub newest: i64,
}

/// A Parquet file of a snapshot. Once it is obsolete, it is removed when nothing holds it any more.
#[derive(Debug)]
pub(crate) struct SnapshotFile {
    /// Where it is.
    pub path: PathBuf,
    pub(super) entry: FileEntry,
    index: OnceLock<FileIndex>,
    obsolete: AtomicBool,
}

impl FileEntry {
    /// The file's name: the hour as people read it, and the number.
    pub(super) fn name(&self) -> String {
        let hour = self.hour.checked_mul(3600).and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        let hour = hour.map(|hour| hour.format("%Y%m%dT%H").to_string()).unwrap_or_default();
        format!("{hour}-{:010}.parquet", self.number)
    }
}

impl SnapshotFile {
    pub(super) fn new(dir: &Path, entry: FileEntry) -> Self {
        Self { path: dir.join(entry.name()), entry, index: OnceLock::new(), obsolete: AtomicBool::new(false) }
    }

    /// A file of a test, of which only the path and the size count.
    #[cfg(test)]
    pub(crate) fn at(path: PathBuf) -> Self {
        let bytes = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
        let entry = FileEntry { number: 0, hour: 0, rows: 0, bytes, oldest: i64::MIN, newest: i64::MAX };
        Self { path, entry, index: OnceLock::new(), obsolete: AtomicBool::new(false) }
    }

    /// How many rows it has.
    pub(crate) fn rows(&self) -> u64 {
        self.entry.rows
    }

    /// How many row groups they are in.
    pub(crate) fn row_groups(&self) -> u64 {
        self.entry.rows.div_ceil(ROW_GROUP_ROWS as u64)
    }

    /// The earliest and the latest time.
    pub(crate) fn times(&self) -> (i64, i64) {
        (self.entry.oldest, self.entry.newest)
    }

    /// How many bytes it has.
    pub(crate) fn bytes(&self) -> u64 {
        self.entry.bytes
    }

    /// What is read of the file once.
    pub(super) fn index(&self) -> Result<&FileIndex, StoreError> {
        match self.index.get() {
            Some(index) => Ok(index),
            None => FileIndex::read(&self.path).map(|index| self.index.get_or_init(|| index)),
        }
    }

    /// A reader of the columns that `wanted` picks by name.
    pub(super) fn reader(
        &self,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<ParquetRecordBatchReaderBuilder<File>, StoreError> {
        let metadata = self.index()?.metadata.clone();
        let names = metadata.schema().fields().iter().enumerate();
        let roots: Vec<usize> = names.filter(|(_, field)| wanted(field.name())).map(|(at, _)| at).collect();
        let mask = ProjectionMask::roots(metadata.parquet_schema(), roots);
        let file = File::open(&self.path).map_err(StoreError::io(&self.path))?;
        Ok(ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata).with_projection(mask))
    }

    /// Lets the file be removed when nothing holds it any more.
    pub(super) fn retire(&self) {
        self.obsolete.store(true, Ordering::Release);
    }
}

impl Drop for SnapshotFile {
    fn drop(&mut self) {
        if *self.obsolete.get_mut()
            && let Err(error) = std::fs::remove_file(&self.path)
        {
            tracing::warn!("{}: not removed: {error}; the next start will", self.path.display());
        }
    }
}

/// Writes sorted rows under a temporary name and renames the file when it is whole and on the disk.
pub(super) struct FileWriter {
    path: PathBuf,
    partial: Partial,
    writer: ArrowWriter<File>,
    entry: FileEntry,
    first_keys: Vec<Key>,
}

/// The temporary name of a file. What still has it when this is dropped is removed.
struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        // Mostly the file has its own name by now; what stays is removed at the next start.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl FileWriter {
    pub(super) fn create(dir: &Path, hour: i64, number: u64, schema: &SchemaRef) -> Result<Self, StoreError> {
        let entry = FileEntry { number, hour, rows: 0, bytes: 0, oldest: i64::MAX, newest: i64::MIN };
        let path = dir.join(entry.name());
        let partial = Partial(path.with_extension("parquet.tmp"));
        let file = File::create(&partial.0).map_err(StoreError::io(&partial.0))?;
        let writer = ArrowWriter::try_new(file, schema.clone(), Some(properties(schema)))
            .map_err(StoreError::parquet(&partial.0))?;
        Ok(Self { path, partial, writer, entry, first_keys: Vec::new() })
    }

    /// Appends rows that sort behind those already there.
    pub(super) fn write(&mut self, batch: &RecordBatch, dictionary: &Dictionary) -> Result<(), StoreError> {
        let rows = SortedRows::of(batch, dictionary).map_err(|what| self.damaged(what))?;
        let written = self.entry.rows as usize;
        let first = written.next_multiple_of(ROW_GROUP_ROWS) - written;
        self.first_keys.extend((first..rows.len()).step_by(ROW_GROUP_ROWS).map(|row| rows.key(row)));
        let (oldest, newest) = rows.times();
        self.entry.oldest = self.entry.oldest.min(oldest);
        self.entry.newest = self.entry.newest.max(newest);
        self.entry.rows += rows.len() as u64;
        self.writer.write(batch).map_err(StoreError::parquet(&self.partial.0))
    }

    /// Completes the file. The directory is not synced.
    pub(super) fn finish(mut self) -> Result<FileEntry, StoreError> {
        let keys = index::first_keys(&self.first_keys).map_err(|error| self.damaged(error.to_string()))?;
        self.writer.append_key_value_metadata(keys);
        let file = self.writer.into_inner().map_err(StoreError::parquet(&self.partial.0))?;
        let synced = || -> std::io::Result<u64> {
            file.sync_all()?;
            std::fs::rename(&self.partial.0, &self.path)?;
            Ok(file.metadata()?.len())
        };
        self.entry.bytes = synced().map_err(StoreError::io(&self.partial.0))?;
        Ok(self.entry)
    }

    fn damaged(&self, what: String) -> StoreError {
        StoreError::Damaged { path: self.path.clone(), what }
    }
}

fn properties(schema: &Schema) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_write_batch_size(PAGE_ROWS)
        .set_statistics_enabled(EnabledStatistics::Page);
    for field in schema.fields() {
        // One part, however many dots the name has.
        let column = || ColumnPath::new(vec![field.name().clone()]);
        match field.data_type() {
            DataType::Timestamp(..) => {
                properties = properties
                    .set_column_dictionary_enabled(column(), false)
                    .set_column_encoding(column(), Encoding::DELTA_BINARY_PACKED);
            }
            DataType::Float64 => properties = properties.set_column_dictionary_enabled(column(), false),
            _ => {}
        }
    }
    properties.build()
}
