//! The memory table into files, an hour at a time, and the change of files that this makes. Not here: when
//! and how a change comes to count (`maintenance`).

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use datafusion::arrow::array::{Array, ArrayRef, new_null_array};
use datafusion::arrow::compute::interleave;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;

use super::StoreError;
use super::batch::of_rows;
use super::chunk::Chunk;
use super::columns::data_type;
use super::compaction::FileRows;
use super::dictionary::Dictionary;
use super::file::{FileWriter, SnapshotFile};
use super::folder::Folder;
use super::hours::Hours;
use super::keys::{Key, Row, hour_of};
use super::lookup::KeyCache;
use super::memory::Memory;
use super::merge::{Merge, Source, batch_rows};
use super::order::{Order, Place, sort};

const BATCH_ROWS: usize = 32_768;

/// Files that come and go. Dropped before `keep`, it removes those that came.
pub(super) struct Change {
    /// The files as they will be.
    pub hours: Hours,
    added: Vec<Arc<SnapshotFile>>,
    removed: Vec<Arc<SnapshotFile>>,
}

/// What the files of a table are written with.
pub(super) struct FileMaker<'a> {
    /// The table's number and where its files are.
    pub table: u64,
    pub folder: &'a Arc<Folder>,
    /// The number of the next file.
    pub next_file: &'a AtomicU64,
    pub dictionary: &'a Dictionary,
    pub cache: &'a KeyCache,
    /// Set where the table is closed: what is being written then is for nothing.
    pub closed: &'a AtomicBool,
}

impl FileMaker<'_> {
    /// The schema that files get now.
    pub(super) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.dictionary.layout().file_schema)
    }

    /// Merges sources into a new file of an hour; none where they have no row.
    pub(super) fn write(
        &self,
        hour: i64,
        sources: Vec<Box<dyn Source>>,
        schema: &SchemaRef,
    ) -> Result<Option<Arc<SnapshotFile>>, StoreError> {
        let mut merge = Merge::new(sources, self.dictionary)?;
        let Some(first) = merge.next(self.dictionary)? else { return Ok(None) };
        let number = self.next_file.fetch_add(1, Ordering::Relaxed);
        let mut writer = FileWriter::create(&self.folder.data, hour, number, schema, merge.batch_rows())?;
        writer.write(&first, self.dictionary)?;
        while let Some(batch) = merge.next(self.dictionary)? {
            if self.closed.load(Ordering::Relaxed) {
                return Err(StoreError::Closed);
            }
            writer.write(&batch, self.dictionary)?;
        }
        Ok(Some(Arc::new(SnapshotFile::new(self.folder, writer.finish()?))))
    }
}

impl Change {
    pub(super) fn new(hours: Hours) -> Self {
        Self { hours, added: Vec::new(), removed: Vec::new() }
    }

    /// Whether files come or go.
    pub(super) fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }

    /// Returns when the new files are on the disk. All at the end: the first sync mostly takes the others along, where
    /// one after each file would be waited for by itself.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.added.iter().try_for_each(|file| file.sync())
    }

    /// Keeps the new files whatever happens: the manifest may name them from now on.
    pub(super) fn keep(&mut self) {
        self.added.clear();
    }

    /// Says that the manifest no longer names the files taken out: they go when nothing holds them.
    pub(super) fn commit(mut self) -> Hours {
        for file in self.removed.drain(..) {
            file.retire();
        }
        std::mem::take(&mut self.hours)
    }

    /// Takes out all files of hours that ended at or before `time`; how many there are.
    pub(super) fn expire(&mut self, time: i64) -> usize {
        let expired = self.hours.remove_before(time);
        let count = expired.len();
        self.removed.extend(expired);
        count
    }

    /// Puts a file in the place of others of its hour; false, and no change, where one of these is gone.
    pub(super) fn replace(
        &mut self,
        hour: i64,
        files: &[Arc<SnapshotFile>],
        by: Option<Arc<SnapshotFile>>,
    ) -> bool {
        self.added.extend(by.clone());
        let present =
            files.iter().all(|file| self.hours.of(hour).iter().any(|there| Arc::ptr_eq(there, file)));
        if present {
            by.into_iter().for_each(|file| self.hours.add(file));
            self.hours.remove(hour, files);
            self.removed.extend(files.iter().cloned());
        }
        present
    }

    /// Writes the rows of a sealed memory table, save those before `oldest`.
    ///
    /// Files with rows that are overwritten are written anew, together with the hour's new rows.
    pub(super) fn flush(
        &mut self,
        memory: &Memory,
        oldest: i64,
        maker: &FileMaker<'_>,
    ) -> Result<(), StoreError> {
        let (schema, dictionary) = (maker.schema(), maker.dictionary);
        let columns = Arc::new(ChunkColumns::of(memory.chunks(), dictionary));
        let order = Order::of(memory.chunks(), dictionary);
        let mut overwrites: HashMap<i64, Vec<Key>> = HashMap::new();
        for &key in memory.overwrites() {
            overwrites.entry(hour_of(key.time)).or_default().push(key);
        }
        for (hour, mut rows) in order.by_hour(memory.chunks(), oldest) {
            sort(&mut rows);
            let marks = self.marks(hour, order.moments(hour, &rows), dictionary);
            let replaced = self.overwritten(overwrites.get(&hour).map_or(&[], Vec::as_slice), maker)?;
            let batch_rows = batch_rows(memory.bytes() / memory.len().max(1), BATCH_ROWS);
            let rows =
                MemoryRows { columns: Arc::clone(&columns), rows, at: 0, batch_rows, schema: schema.clone() };
            let mut sources: Vec<Box<dyn Source>> = vec![Box::new(rows)];
            for file in &replaced {
                sources.push(Box::new(FileRows::open(file, &schema)?));
            }
            let file = maker.write(hour, sources, &schema)?;
            self.replace(hour, &replaced, file);
            self.hours.set_marks(hour, marks);
        }
        Ok(())
    }

    /// The files that hold rows which `overwrites`, all of one hour, replaces.
    fn overwritten(
        &self,
        overwrites: &[Key],
        maker: &FileMaker<'_>,
    ) -> Result<Vec<Arc<SnapshotFile>>, StoreError> {
        let mut files: Vec<Arc<SnapshotFile>> = Vec::new();
        for &key in overwrites {
            for file in self.hours.candidates(key) {
                let known = files.iter().any(|known| Arc::ptr_eq(known, file));
                if !known && maker.cache.find(maker.table, file, key, maker.dictionary)?.is_some() {
                    files.push(Arc::clone(file));
                }
            }
        }
        Ok(files)
    }

    /// The marks of an hour with the rows that it is about to get.
    fn marks(
        &self,
        hour: i64,
        moments: impl Iterator<Item = (u32, i64)>,
        dictionary: &Dictionary,
    ) -> Vec<i64> {
        let mut marks = self.hours.marks(hour, dictionary.sets().len());
        for (set, time) in moments {
            let mark = &mut marks[set as usize];
            *mark = (*mark).max(time);
        }
        marks
    }
}

impl Drop for Change {
    fn drop(&mut self) {
        for file in &self.added {
            file.retire();
        }
    }
}

/// The chunks of a memory table with every value column as long as its chunk.
struct ChunkColumns {
    chunks: Vec<Arc<Chunk>>,
    /// By column number, then by chunk; empty where no chunk has the column.
    values: Vec<Vec<ArrayRef>>,
}

impl ChunkColumns {
    fn of(chunks: &[Arc<Chunk>], dictionary: &Dictionary) -> Self {
        let values = dictionary.columns().iter().enumerate().map(|(id, column)| {
            let array = |chunk: &Arc<Chunk>| chunk.values.get(id).cloned().flatten();
            if !chunks.iter().any(|chunk| array(chunk).is_some()) {
                return Vec::new();
            }
            let absent = |chunk: &Arc<Chunk>| new_null_array(&data_type(column.kind), chunk.rows.len());
            chunks.iter().map(|chunk| array(chunk).unwrap_or_else(|| absent(chunk))).collect()
        });
        Self { values: values.collect(), chunks: chunks.to_vec() }
    }
}

/// Sorted rows of the memory table as a source.
struct MemoryRows {
    columns: Arc<ChunkColumns>,
    rows: Vec<Place>,
    at: usize,
    batch_rows: usize,
    schema: SchemaRef,
}

impl Source for MemoryRows {
    fn batch_rows(&self) -> usize {
        self.batch_rows
    }

    fn next(&mut self, dictionary: &Dictionary) -> Result<Option<RecordBatch>, StoreError> {
        let picks = &self.rows[self.at..self.rows.len().min(self.at + self.batch_rows)];
        if picks.is_empty() {
            return Ok(None);
        }
        self.at += picks.len();
        let picks: Vec<_> = picks.iter().map(|place| place.row()).collect();
        let rows: Vec<Row> = picks.iter().map(|&(chunk, row)| self.columns.chunks[chunk].rows[row]).collect();
        let mut values: Vec<Option<ArrayRef>> = Vec::with_capacity(self.columns.values.len());
        for column in &self.columns.values {
            let arrays: Vec<&dyn Array> = column.iter().map(AsRef::as_ref).collect();
            values.push(if arrays.is_empty() { None } else { Some(interleave(&arrays, &picks)?) });
        }
        let value = |id: u16| values.get(id as usize).cloned().flatten();
        of_rows(&rows, &value, dictionary, &self.schema).map(Some)
    }
}
