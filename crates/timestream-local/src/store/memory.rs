//! The memory table: rows in chunks of columns, with an index by identity. Not here: how chunks become
//! Arrow batches (`batch`), whether a row may be stored (`admission`).

use std::sync::{Arc, OnceLock};

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::record_batch::RecordBatch;
use hashbrown::HashTable;

use super::columns::ValueColumn;
use super::keys::{Key, Row, Stored};
use super::values::Builder;
use crate::model::Value;

const CHUNK_ROWS: usize = 65_536;

/// Rows that are in the log and not yet in files.
#[derive(Default)]
pub(super) struct Memory {
    chunks: Vec<Arc<Chunk>>,
    tail: Tail,
    len: usize,
    /// Row numbers by identity; of several rows of one identity, that of the highest version.
    index: HashTable<u32>,
    /// Rows that overwrite one that is not in this memory table.
    overwrites: Vec<Key>,
    /// Whether a row overwrites one that is in this memory table.
    overwritten: bool,
}

/// Rows that no longer change.
pub(super) struct Chunk {
    pub rows: Vec<Row>,
    /// Value columns by number; those that no row fills are missing.
    pub values: Vec<Option<ArrayRef>>,
    /// The latest time.
    pub newest: i64,
    /// The rows as SQL sees them, made when first asked for.
    pub batch: OnceLock<RecordBatch>,
}

/// The rows behind the last chunk.
#[derive(Default)]
struct Tail {
    rows: Vec<Row>,
    values: Vec<Option<Builder>>,
}

impl Memory {
    /// An empty memory table whose index does not grow before it holds `rows`.
    pub(super) fn with_capacity(rows: usize) -> Self {
        Self { index: HashTable::with_capacity(rows), ..Self::default() }
    }

    /// Rows held, overwritten ones too.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether an identity may stand more than once, here or here and in what was there before.
    pub(super) fn overlaps(&self) -> bool {
        self.overwritten || !self.overwrites.is_empty()
    }

    /// Identities that overwrite rows that were there before this memory table.
    pub(super) fn overwrites(&self) -> &[Key] {
        &self.overwrites
    }

    /// The row of the highest version of an identity.
    pub(super) fn find(&self, key: Key) -> Option<Stored> {
        let at = self.index.find(key.hash(), |&at| row(&self.chunks, &self.tail, at).key == key)?;
        Some(row(&self.chunks, &self.tail, *at).stored)
    }

    /// Adds a row that has been admitted. `overwrites`: an older version is in files or in the
    /// memory table before this one.
    pub(super) fn insert<'a>(
        &mut self,
        new: Row,
        values: impl Iterator<Item = (u16, Value<'a>)>,
        columns: &[ValueColumn],
        overwrites: bool,
    ) {
        // A memory table is flushed long before row numbers run out.
        let at = self.len as u32;
        let (chunks, tail) = (&self.chunks, &self.tail);
        let hash = new.key.hash();
        match self.index.find_mut(hash, |&at| row(chunks, tail, at).key == new.key) {
            Some(older) => {
                *older = at;
                self.overwritten = true;
            }
            None => {
                self.index.insert_unique(hash, at, |&at| row(chunks, tail, at).key.hash());
            }
        }
        if overwrites {
            self.overwrites.push(new.key);
        }
        self.tail.push(new, values, columns);
        self.len += 1;
        if self.tail.rows.len() == CHUNK_ROWS {
            self.seal();
        }
    }

    /// Makes a chunk of the tail.
    pub(super) fn seal(&mut self) {
        if !self.tail.rows.is_empty() {
            let next = self.tail.next();
            self.chunks.push(Arc::new(std::mem::replace(&mut self.tail, next).finish()));
        }
    }

    /// All rows: the chunks, and a copy of the tail.
    pub(super) fn copy(&mut self) -> Vec<Arc<Chunk>> {
        let tail = (!self.tail.rows.is_empty()).then(|| Arc::new(self.tail.copy()));
        self.chunks.iter().cloned().chain(tail).collect()
    }

    /// The chunks of a sealed memory table.
    pub(super) fn chunks(&self) -> &[Arc<Chunk>] {
        &self.chunks
    }
}

fn row<'a>(chunks: &'a [Arc<Chunk>], tail: &'a Tail, at: u32) -> &'a Row {
    let (chunk, at) = (at as usize / CHUNK_ROWS, at as usize % CHUNK_ROWS);
    &chunks.get(chunk).map_or(&tail.rows, |chunk| &chunk.rows)[at]
}

impl Tail {
    fn push<'a>(
        &mut self,
        new: Row,
        values: impl Iterator<Item = (u16, Value<'a>)>,
        columns: &[ValueColumn],
    ) {
        let at = self.rows.len();
        for (column, value) in values {
            let column = column as usize;
            if self.values.len() <= column {
                self.values.resize_with(column + 1, || None);
            }
            self.values[column].get_or_insert_with(|| Builder::new(columns[column].kind)).set(at, value);
        }
        self.rows.push(new);
    }

    /// The tail behind this one: it will most likely hold as many rows, and memory that grows is memory
    /// that the system has to clear and the processor to copy.
    fn next(&self) -> Self {
        let room = self.rows.len();
        let column = |column: &Option<Builder>| column.as_ref().map(|column| column.next(room));
        Self { rows: Vec::with_capacity(room), values: self.values.iter().map(column).collect() }
    }

    fn copy(&mut self) -> Chunk {
        let rows = self.rows.len();
        let copy = |column: &mut Builder| column.copy(rows);
        let values = self.values.iter_mut().map(|column| column.as_mut().map(copy)).collect();
        Chunk::new(self.rows.clone(), values)
    }

    fn finish(self) -> Chunk {
        let rows = self.rows.len();
        let finish = |column: Builder| column.finish(rows);
        Chunk::new(self.rows, self.values.into_iter().map(|column| column.and_then(finish)).collect())
    }
}

impl Chunk {
    fn new(rows: Vec<Row>, values: Vec<Option<ArrayRef>>) -> Self {
        let newest = rows.iter().map(|row| row.key.time).max().unwrap_or(i64::MIN);
        Self { rows, values, newest, batch: OnceLock::new() }
    }
}
