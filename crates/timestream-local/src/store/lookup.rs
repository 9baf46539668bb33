//! Whether an identity is in a file, and with which version and values. Not here: which files may hold it
//! (`hours`).
//!
//! A file knows the first identity of each row group, so a look-up reads one row group at the most. Its
//! identities then stay in a bounded cache: late records come in swarms.

use std::fs::File;

use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::StoreError;
use super::dictionary::Dictionary;
use super::file::{SnapshotFile, first_keys};
use super::keys::{Key, Stored};
use super::merge::SortedRows;
use super::values::add_digests;

/// Rows whose identities the cache holds, about 30 bytes each.
const CACHED_ROWS: usize = 8_000_000;

/// What is read of a file once, at its first look-up.
#[derive(Debug)]
pub(super) struct FileIndex {
    pub metadata: ArrowReaderMetadata,
    first_keys: Vec<Key>,
}

/// Identities of the row groups that were looked up last.
#[derive(Default)]
pub(super) struct KeyCache {
    groups: HashMap<(u64, usize), (RowGroup, u64), FixedState>,
    rows: usize,
    /// Counts look-ups; the row group with the lowest count goes first.
    clock: u64,
}

/// The identities of a row group. Rows of a series are a run in ascending order of time.
struct RowGroup {
    runs: HashMap<(u16, u32), (u32, u32), FixedState>,
    times: Vec<i64>,
    stored: Vec<Stored>,
}

impl SnapshotFile {
    /// What is read of the file once.
    pub(super) fn index(&self) -> Result<&FileIndex, StoreError> {
        if let Some(index) = self.index.get() {
            return Ok(index);
        }
        let file = File::open(&self.path).map_err(StoreError::io(&self.path))?;
        let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())
            .map_err(StoreError::parquet(&self.path))?;
        let keys = first_keys(metadata.metadata().file_metadata().key_value_metadata());
        let groups = metadata.metadata().num_row_groups();
        let first_keys = keys.filter(|keys| keys.len() == groups).ok_or_else(|| StoreError::Damaged {
            path: self.path.clone(),
            what: "the index of row groups is missing".to_owned(),
        })?;
        Ok(self.index.get_or_init(|| FileIndex { metadata, first_keys }))
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
}

impl KeyCache {
    /// What a file holds of an identity.
    pub(super) fn find(
        &mut self,
        file: &SnapshotFile,
        key: Key,
        dictionary: &Dictionary,
    ) -> Result<Option<Stored>, StoreError> {
        let keys = &file.index()?.first_keys;
        let behind = keys.partition_point(|first| dictionary.compare(*first, key).is_le());
        let Some(group) = behind.checked_sub(1) else {
            return Ok(None);
        };
        let id = (file.entry.number, group);
        self.clock += 1;
        if let Some((rows, used)) = self.groups.get_mut(&id) {
            *used = self.clock;
            return Ok(rows.find(key));
        }
        let rows = RowGroup::read(file, group, dictionary)?;
        let found = rows.find(key);
        self.rows += rows.times.len();
        self.groups.insert(id, (rows, self.clock));
        self.shrink();
        Ok(found)
    }

    /// Drops what was looked up longest ago until the rest fits.
    fn shrink(&mut self) {
        while self.rows > CACHED_ROWS && self.groups.len() > 1 {
            let oldest = self.groups.iter().min_by_key(|(_, (_, used))| *used).map(|(id, _)| *id);
            let Some((rows, _)) = oldest.and_then(|id| self.groups.remove(&id)) else {
                return;
            };
            self.rows -= rows.times.len();
        }
    }
}

impl RowGroup {
    fn read(file: &SnapshotFile, group: usize, dictionary: &Dictionary) -> Result<Self, StoreError> {
        let is_dimension = |name: &str| dictionary.sets().has_dimension(name);
        let reader = file.reader(|name| !is_dimension(name))?.with_row_groups(vec![group]).build();
        let mut read = Self { runs: HashMap::default(), times: Vec::new(), stored: Vec::new() };
        for batch in reader.map_err(StoreError::parquet(&file.path))? {
            let batch = batch?;
            let damaged = |what| StoreError::Damaged { path: file.path.clone(), what };
            let rows = SortedRows::of(&batch, dictionary).map_err(damaged)?;
            let mut digests = vec![0; rows.len()];
            for (id, column) in (0..).zip(dictionary.columns()) {
                if let Some(array) = batch.column_by_name(&column.name) {
                    add_digests(id, column.kind, array, &mut digests);
                }
            }
            read.append(&rows, &digests);
        }
        Ok(read)
    }

    fn append(&mut self, rows: &SortedRows, digests: &[u64]) {
        for (row, &digest) in digests.iter().enumerate() {
            // A row group has fewer rows than a u32 counts.
            let at = self.times.len() as u32;
            let key = rows.key(row);
            self.runs.entry((key.measure, key.set)).or_insert((at, at)).1 = at + 1;
            self.times.push(key.time);
            self.stored.push(Stored { version: rows.version(row), digest });
        }
    }

    fn find(&self, key: Key) -> Option<Stored> {
        let &(start, end) = self.runs.get(&(key.measure, key.set))?;
        let (start, end) = (start as usize, end as usize);
        let at = self.times[start..end].binary_search(&key.time).ok()?;
        Some(self.stored[start + at])
    }
}
