//! One Parquet file: how it is written, what is known of it, when it goes. Not here: which rows it gets
//! (`flush`, `compaction`), how a row is found in it (`lookup`).
//!
//! Rows are in the order of measure name, dimensions, time (`Dictionary::compare`). The settings are
//! measured ones: small pages with statistics let queries skip within a row group.

mod index;

use std::fs::File;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use chrono::DateTime;
use datafusion::arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::parquet::arrow::{ArrowWriter, ProjectionMask};
use datafusion::parquet::basic::{Compression, Encoding, ZstdLevel};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
use datafusion::parquet::schema::types::ColumnPath;
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::columns::{SET_COLUMN, VERSION_COLUMN};
use super::dictionary::Dictionary;
use super::folder::Folder;
use super::keys::Key;
use super::merge::SortedRows;
use index::FileIndex;

/// A row group ends with so many rows, or when its rows take so much memory until they are written.
const ROW_GROUP_ROWS: usize = 131_072;
const ROW_GROUP_BYTES: usize = 64 << 20;
const PAGE_ROWS: usize = 4096;

/// Bytes of a page, and of the distinct values of a measure's column, before they are compressed. A merge holds both of
/// each column of each file.
const PAGE_BYTES: usize = 128 << 10;

/// What the manifest says of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileEntry {
    /// Never given twice.
    pub number: u64,
    /// Hours since the Unix epoch; all rows are of this hour.
    pub hour: i64,
    pub rows: u64,
    pub row_groups: u64,
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
    /// Stays as long as the file is read.
    _folder: Arc<Folder>,
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
    pub(super) fn new(folder: &Arc<Folder>, entry: FileEntry) -> Self {
        let path = folder.data.join(entry.name());
        let (index, obsolete) = (OnceLock::new(), AtomicBool::new(false));
        Self { path, entry, index, obsolete, _folder: Arc::clone(folder) }
    }

    /// A file of a test, of which only the path and the size count.
    #[cfg(test)]
    pub(crate) fn at(path: PathBuf) -> Self {
        let bytes = std::fs::metadata(&path).map_or(0, |metadata| metadata.len());
        let entry = FileEntry {
            number: 0,
            hour: 0,
            rows: 0,
            row_groups: 0,
            bytes,
            oldest: i64::MIN,
            newest: i64::MAX,
        };
        let folder = Arc::new(Folder::at(path.parent().unwrap_or(&path)));
        Self { path, entry, index: OnceLock::new(), obsolete: AtomicBool::new(false), _folder: folder }
    }

    /// How many rows it has.
    pub(crate) fn rows(&self) -> u64 {
        self.entry.rows
    }

    /// How many row groups they are in.
    pub(crate) fn row_groups(&self) -> u64 {
        self.entry.row_groups
    }

    /// The earliest and the latest time.
    pub(crate) fn times(&self) -> (i64, i64) {
        (self.entry.oldest, self.entry.newest)
    }

    /// Whether one of its rows may be of these times.
    pub(crate) fn reaches_into(&self, times: &RangeInclusive<i64>) -> bool {
        self.entry.oldest <= *times.end() && self.entry.newest >= *times.start()
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

    /// The same, if it was read already.
    pub(super) fn known_index(&self) -> Option<&FileIndex> {
        self.index.get()
    }

    /// A reader of the columns that `wanted` picks by name.
    pub(super) fn reader(
        &self,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<ParquetRecordBatchReaderBuilder<File>, StoreError> {
        let (file, metadata) = index::open(&self.path)?;
        let names = metadata.schema().fields().iter().enumerate();
        let roots: Vec<usize> = names.filter(|(_, field)| wanted(field.name())).map(|(at, _)| at).collect();
        let mask = ProjectionMask::roots(metadata.parquet_schema(), roots);
        Ok(ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata).with_projection(mask))
    }

    /// Returns when the file's content is on the disk.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        File::open(&self.path).and_then(|file| file.sync_all()).map_err(StoreError::io(&self.path))
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

/// Writes sorted rows under a temporary name and renames the file when it is whole.
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
    /// Begins a file. Its pages are looked at each `step` rows, whether they are large enough.
    pub(super) fn create(
        dir: &Path,
        hour: i64,
        number: u64,
        schema: &SchemaRef,
        step: usize,
    ) -> Result<Self, StoreError> {
        let entry =
            FileEntry { number, hour, rows: 0, row_groups: 0, bytes: 0, oldest: i64::MAX, newest: i64::MIN };
        let path = dir.join(entry.name());
        let partial = Partial(path.with_extension("parquet.tmp"));
        let file = File::create(&partial.0).map_err(StoreError::io(&partial.0))?;
        let writer =
            ArrowWriter::try_new(file, schema.clone(), Some(properties(schema, step.min(PAGE_ROWS))))
                .map_err(StoreError::parquet(&partial.0))?;
        Ok(Self { path, partial, writer, entry, first_keys: Vec::new() })
    }

    /// Appends rows that sort behind those already there.
    pub(super) fn write(&mut self, batch: &RecordBatch, dictionary: &Dictionary) -> Result<(), StoreError> {
        let rows = SortedRows::of(batch, dictionary).map_err(|what| self.damaged(what))?;
        let (oldest, newest) = rows.times();
        self.entry.oldest = self.entry.oldest.min(oldest);
        self.entry.newest = self.entry.newest.max(newest);
        self.entry.rows += rows.len() as u64;
        let mut at = 0;
        while at < rows.len() {
            let in_group = self.writer.in_progress_rows();
            if in_group == 0 {
                self.first_keys.push(rows.key(at));
            }
            let count = (ROW_GROUP_ROWS - in_group).min(rows.len() - at);
            self.append(&batch.slice(at, count)).map_err(StoreError::parquet(&self.partial.0))?;
            at += count;
        }
        Ok(())
    }

    /// Appends rows to the row group that is being made, which ends with as many rows as the writer's properties say.
    fn append(&mut self, rows: &RecordBatch) -> Result<(), ParquetError> {
        self.writer.write(rows)?;
        if self.writer.memory_size() < ROW_GROUP_BYTES { Ok(()) } else { self.writer.flush() }
    }

    /// Completes the file. Neither it nor its directory is on the disk then: see `SnapshotFile::sync`.
    pub(super) fn finish(mut self) -> Result<FileEntry, StoreError> {
        let keys = index::first_keys(&self.first_keys).map_err(|error| self.damaged(error.to_string()))?;
        self.writer.append_key_value_metadata(keys);
        let file = self.writer.into_inner().map_err(StoreError::parquet(&self.partial.0))?;
        let named = || -> std::io::Result<u64> {
            std::fs::rename(&self.partial.0, &self.path)?;
            Ok(file.metadata()?.len())
        };
        self.entry.row_groups = self.first_keys.len() as u64;
        self.entry.bytes = named().map_err(StoreError::io(&self.partial.0))?;
        Ok(self.entry)
    }

    fn damaged(&self, what: String) -> StoreError {
        StoreError::Damaged { path: self.path.clone(), what }
    }
}

fn properties(schema: &Schema, step: usize) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_data_page_size_limit(PAGE_BYTES)
        .set_write_batch_size(step)
        .set_statistics_enabled(EnabledStatistics::Page);
    // The measures stand behind the time.
    let measures = schema.fields().iter().position(|field| field.name() == "time").unwrap_or(0);
    for (place, field) in schema.fields().iter().enumerate() {
        // One part, however many dots the name has.
        let column = || ColumnPath::new(vec![field.name().clone()]);
        let (version, set) = (field.name() == VERSION_COLUMN, field.name() == SET_COLUMN);
        if version || set {
            // No query asks for some of these.
            properties = properties.set_column_statistics_enabled(column(), EnabledStatistics::None);
        }
        if version || matches!(field.data_type(), DataType::Timestamp(..)) {
            // From row to row they differ little, or not at all.
            properties = properties
                .set_column_dictionary_enabled(column(), false)
                .set_column_encoding(column(), Encoding::DELTA_BINARY_PACKED);
        } else if *field.data_type() == DataType::Float64 {
            properties = properties.set_column_dictionary_enabled(column(), false);
        } else if place > measures {
            properties = properties.set_column_dictionary_page_size_limit(column(), PAGE_BYTES);
        }
    }
    properties.build()
}
