//! The memory table: rows in chunks of columns, with an index by identity. Not here: the chunks (`chunk`), whether a row may
//! be stored (`admission`).

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::charge::Charge;
use super::chunk::{CHUNK_ROWS, Chunk};
use super::columns::ValueColumn;
use super::keys::{Key, Row, Stored};
use super::values::Builder;
use crate::model::Value;

/// The index is in parts, which grow one by one: a whole one of millions of rows would stop writers for long.
const INDEX_PARTS: usize = 64;

/// What a row takes in the index, about.
const INDEX_BYTES: usize = 10;

/// What a row takes while it is sorted for its file: that must be there, too, when the time comes.
pub(super) const FLUSH_BYTES: usize = 16;

/// Rows that are in the log and not yet in files.
pub(super) struct Memory {
    chunks: Vec<Arc<Chunk>>,
    tail: Tail,
    len: usize,
    /// Row numbers by identity; of several rows of one identity, that of the highest version.
    index: Vec<HashTable<u32>>,
    /// How many rows the index makes room for at the first one.
    expected: usize,
    /// Rows that overwrite one that is not in this memory table.
    overwrites: Vec<Key>,
    /// Whether a row overwrites one that is in this memory table.
    overwritten: bool,
    /// The earliest time.
    oldest: i64,
    /// The latest time.
    newest: i64,
    charge: Arc<Charge>,
    /// Bytes of rows that are still to be charged.
    uncharged: usize,
}

/// The rows behind the last chunk.
#[derive(Default)]
struct Tail {
    rows: Vec<Row>,
    values: Vec<Option<Builder>>,
    /// What the rows take, about.
    bytes: usize,
    /// What there was room for from the start.
    room: usize,
}

impl Memory {
    /// An empty memory table, counted in `sum`, that will hold about `expected` rows.
    pub(super) fn new(sum: &Arc<AtomicUsize>, expected: usize) -> Self {
        Self {
            chunks: Vec::new(),
            tail: Tail::default(),
            len: 0,
            index: (0..INDEX_PARTS).map(|_| HashTable::new()).collect(),
            expected,
            overwrites: Vec::new(),
            overwritten: false,
            oldest: i64::MAX,
            newest: i64::MIN,
            charge: Arc::new(Charge::new(sum)),
            uncharged: 0,
        }
    }

    /// An empty memory table that is expected to become what this one is.
    pub(super) fn successor(&self) -> Self {
        Self::new(self.charge.sum(), self.len)
    }

    /// Rows held, overwritten ones too.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes held, about, and those that a flush takes.
    pub(super) fn bytes(&self) -> usize {
        self.charge.bytes()
    }

    /// The earliest time; the end of time where there is no row.
    pub(super) fn oldest(&self) -> i64 {
        self.oldest
    }

    /// Whether an identity may stand more than once, here or here and in what was there before.
    pub(super) fn overlaps(&self) -> bool {
        self.overwritten || !self.overwrites.is_empty()
    }

    /// Identities that overwrite rows that were there before this memory table.
    pub(super) fn overwrites(&self) -> &[Key] {
        &self.overwrites
    }

    /// Whether it may have rows of this time.
    pub(super) fn spans(&self, time: i64) -> bool {
        (self.oldest..=self.newest).contains(&time)
    }

    /// The row of the highest version of an identity.
    pub(super) fn find(&self, key: Key) -> Option<Stored> {
        let hash = key.hash();
        let at = self.index[part(hash)].find(hash, |&at| row(&self.chunks, &self.tail, at).key == key)?;
        Some(row(&self.chunks, &self.tail, *at).stored)
    }

    /// Adds a row that has been admitted. `overwrites`: an older version is in files or in the
    /// memory table before this one. What it takes is charged by `charge_rows`.
    pub(super) fn insert<'a>(
        &mut self,
        new: Row,
        values: impl Iterator<Item = (u16, Value<'a>)>,
        columns: &[ValueColumn],
        overwrites: bool,
    ) {
        if self.len == 0 {
            self.make_room();
        }
        // A memory table is flushed long before row numbers run out.
        let at = self.len as u32;
        let (chunks, tail) = (&self.chunks, &self.tail);
        let hash = new.key.hash();
        let index = &mut self.index[part(hash)];
        let entry = index.entry(
            hash,
            |&at| row(chunks, tail, at).key == new.key,
            |&at| row(chunks, tail, at).key.hash(),
        );
        match entry {
            Entry::Occupied(mut older) => {
                *older.get_mut() = at;
                self.overwritten = true;
            }
            Entry::Vacant(free) => {
                free.insert(at);
            }
        }
        if overwrites {
            self.overwrites.push(new.key);
        }
        self.oldest = self.oldest.min(new.key.time);
        self.newest = self.newest.max(new.key.time);
        self.len += 1;
        let index_bytes = if self.len > self.expected { INDEX_BYTES } else { 0 };
        self.uncharged += self.tail.push(new, values, columns) + index_bytes + FLUSH_BYTES;
        if self.tail.rows.len() == CHUNK_ROWS {
            self.seal_full();
        }
    }

    /// Charges the rows added since the last time: once for many, since all threads count in one place.
    pub(super) fn charge_rows(&mut self) {
        self.charge.add(std::mem::take(&mut self.uncharged));
    }

    fn make_room(&mut self) {
        for index in &mut self.index {
            index.reserve(self.expected / INDEX_PARTS, |_| 0);
        }
        self.charge.add(self.expected * INDEX_BYTES);
    }

    /// Makes a chunk of the tail; no more rows come.
    pub(super) fn seal(&mut self) {
        if !self.tail.rows.is_empty() {
            let mut tail = std::mem::take(&mut self.tail);
            // A copy has no room to spare.
            let chunk = tail.copy();
            self.push(chunk, tail.charged());
        }
    }

    /// Makes a chunk of the tail, which is full, and goes on in the next one.
    fn seal_full(&mut self) {
        let next = self.tail.next();
        self.charge.add(next.charged());
        let tail = std::mem::replace(&mut self.tail, next);
        let charged = tail.charged();
        self.push(tail.finish(), charged);
    }

    /// Adds a chunk, for which something has been charged already.
    fn push(&mut self, mut chunk: Chunk, charged: usize) {
        // Rows are found by their number.
        debug_assert!(self.chunks.last().is_none_or(|last| last.rows.len() == CHUNK_ROWS));
        chunk.charge_to(&self.charge);
        self.charge.add(chunk.bytes().saturating_sub(charged));
        self.chunks.push(Arc::new(chunk));
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

/// The part of the index that a hash belongs to. The table in it uses the highest and the lowest bits.
fn part(hash: u64) -> usize {
    (hash >> 40) as usize % INDEX_PARTS
}

fn row<'a>(chunks: &'a [Arc<Chunk>], tail: &'a Tail, at: u32) -> &'a Row {
    let (chunk, at) = Chunk::holding(at);
    &chunks.get(chunk).map_or(&tail.rows, |chunk| &chunk.rows)[at]
}

impl Tail {
    /// Adds a row and returns the bytes that it takes, about, where there was no room for it from the start.
    fn push<'a>(
        &mut self,
        new: Row,
        values: impl Iterator<Item = (u16, Value<'a>)>,
        columns: &[ValueColumn],
    ) -> usize {
        let (at, before) = (self.rows.len(), self.charged());
        let mut bytes = size_of::<Row>();
        for (column, value) in values {
            let column = column as usize;
            if self.values.len() <= column {
                self.values.resize_with(column + 1, || None);
            }
            self.values[column].get_or_insert_with(|| Builder::new(columns[column].kind)).set(at, value);
            bytes += if let Value::Varchar(text) = value { 16 + text.len() } else { 8 };
        }
        self.rows.push(new);
        self.bytes += bytes;
        self.charged() - before
    }

    /// What it has been charged.
    fn charged(&self) -> usize {
        self.bytes.max(self.room)
    }

    /// The tail behind this one: it will most likely hold as many rows, and memory that grows is memory
    /// that the system has to clear and the processor to copy.
    fn next(&self) -> Self {
        let rows = self.rows.len();
        let column = |column: &Option<Builder>| column.as_ref().map(|column| column.next(rows));
        let values: Vec<_> = self.values.iter().map(column).collect();
        let room = rows * size_of::<Row>() + values.iter().flatten().map(Builder::room).sum::<usize>();
        Self { rows: Vec::with_capacity(rows), values, bytes: 0, room }
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;
    use crate::model::MeasureType;

    fn column(name: &str, kind: MeasureType) -> ValueColumn {
        ValueColumn { name: name.to_owned(), kind, multi: true }
    }

    #[test]
    fn what_is_held_is_charged_and_given_back() {
        let columns = [column("load", MeasureType::Double), column("state", MeasureType::Varchar)];
        let sum = Arc::default();
        let mut memory = Memory::new(&sum, 0);
        for at in 0..2 * CHUNK_ROWS + CHUNK_ROWS / 2 {
            let key = Key { time: at as i64, set: 0, measure: 0 };
            let row = Row { key, stored: Stored { version: 1, digest: 0 } };
            let values = [Value::Double(1.0), Value::Varchar("a text behind the inline length")];
            memory.insert(row, (0..).zip(values), &columns, false);
            memory.charge_rows();
            if (at + 1) % (CHUNK_ROWS / 4) == 0 {
                let chunks: usize = memory.chunks.iter().map(|chunk| chunk.bytes()).sum();
                let tail = memory.tail.rows.capacity() * size_of::<Row>();
                let tail = tail + memory.tail.values.iter().flatten().map(Builder::room).sum::<usize>();
                let held = chunks + tail + memory.len() * (INDEX_BYTES + FLUSH_BYTES);
                assert!(memory.bytes() <= held, "{} bytes for {held}", memory.bytes());
                // The first rows' columns grow, and have more room than is known here.
                assert!(memory.bytes() * 4 >= held * 3, "{} bytes for {held}", memory.bytes());
            }
        }
        memory.seal();
        assert_eq!(sum.load(Ordering::Relaxed), memory.bytes());
        drop(memory);
        assert_eq!(sum.load(Ordering::Relaxed), 0);
    }
}
