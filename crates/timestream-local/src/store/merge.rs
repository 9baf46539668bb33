//! Sorted batches into one sorted stream, an identity once. Not here: where the batches come from
//! (`flush`, `compaction`).

use std::cmp::Ordering;

use datafusion::arrow::array::{Array, AsArray, Int64Array, TimestampNanosecondArray, UInt32Array};
use datafusion::arrow::compute::interleave_record_batch;
use datafusion::arrow::datatypes::{Int64Type, TimestampNanosecondType, UInt32Type};
use datafusion::arrow::record_batch::RecordBatch;

use super::StoreError;
use super::columns::{SET_COLUMN, VERSION_COLUMN};
use super::dictionary::Dictionary;
use super::keys::Key;

const BATCH_ROWS: usize = 32_768;

/// Batches of all sources that are held at once: an output batch ends before there are more.
const HELD: usize = 32;

/// Bytes that a batch of a source should take.
const BATCH_BYTES: usize = 2 << 20;

/// How many rows of so many bytes each a source gives at once, `most` at the most.
pub(super) fn batch_rows(row_bytes: usize, most: usize) -> usize {
    (BATCH_BYTES / row_bytes.max(1)).clamp(1, most)
}

/// A stream of batches in the order of files, all of one schema.
pub(super) trait Source {
    /// How many rows it gives at once at the most: fewer where they are large.
    fn batch_rows(&self) -> usize;

    /// The next batch; none at the end.
    fn next(&mut self, dictionary: &Dictionary) -> Result<Option<RecordBatch>, StoreError>;
}

/// Identities and versions of a batch in the order of files.
pub(super) struct SortedRows {
    measures: Vec<u16>,
    sets: UInt32Array,
    times: TimestampNanosecondArray,
    versions: Int64Array,
}

impl SortedRows {
    /// Reads a batch that has the columns of identity; otherwise says which one it lacks.
    pub(super) fn of(batch: &RecordBatch, dictionary: &Dictionary) -> Result<Self, String> {
        let column =
            |name: &str| batch.column_by_name(name).ok_or_else(|| format!("column '{name}' is missing"));
        let typed = |name: &str| format!("column '{name}' has another type");
        let sets = column(SET_COLUMN)?.as_primitive_opt::<UInt32Type>().ok_or_else(|| typed(SET_COLUMN))?;
        let times =
            column("time")?.as_primitive_opt::<TimestampNanosecondType>().ok_or_else(|| typed("time"))?;
        let versions =
            column(VERSION_COLUMN)?.as_primitive_opt::<Int64Type>().ok_or_else(|| typed(VERSION_COLUMN))?;
        let names = column("measure_name")?.as_string_view_opt().ok_or_else(|| typed("measure_name"))?;
        if sets.values().iter().any(|&set| set as usize >= dictionary.sets().len()) {
            return Err(format!("column '{SET_COLUMN}' names a dimension set that is not in the dictionary"));
        }
        let mut measures = Vec::with_capacity(batch.num_rows());
        let mut last = None;
        for name in names.iter().flatten() {
            // Rows of one measure stand together.
            let measure = match last {
                Some((text, measure)) if text == name => measure,
                _ => dictionary
                    .measure(name)
                    .ok_or_else(|| format!("measure '{name}' is not in the dictionary"))?,
            };
            last = Some((name, measure));
            measures.push(measure);
        }
        if measures.len() < names.len() {
            return Err("a measure name is null".to_owned());
        }
        Ok(Self { measures, sets: sets.clone(), times: times.clone(), versions: versions.clone() })
    }

    pub(super) fn len(&self) -> usize {
        self.measures.len()
    }

    pub(super) fn key(&self, row: usize) -> Key {
        Key { time: self.times.value(row), set: self.sets.value(row), measure: self.measures[row] }
    }

    pub(super) fn version(&self, row: usize) -> i64 {
        self.versions.value(row)
    }

    /// The earliest and the latest time.
    pub(super) fn times(&self) -> (i64, i64) {
        let times = self.times.values().iter().copied();
        times.fold((i64::MAX, i64::MIN), |(oldest, newest), time| (oldest.min(time), newest.max(time)))
    }
}

/// Several sources as one. Of rows with one identity, that of the highest version stays.
pub(super) struct Merge {
    cursors: Vec<Cursor>,
}

/// A source and the place in its current batch, which is never past its end.
struct Cursor {
    source: Box<dyn Source>,
    batch: RecordBatch,
    rows: SortedRows,
    at: usize,
    /// Where the batch is among those of the output that is being made.
    slot: usize,
}

impl Merge {
    pub(super) fn new(sources: Vec<Box<dyn Source>>, dictionary: &Dictionary) -> Result<Self, StoreError> {
        let mut cursors = Vec::with_capacity(sources.len());
        for mut source in sources {
            if let Some((batch, rows)) = next_rows(source.as_mut(), dictionary)? {
                cursors.push(Cursor { source, batch, rows, at: 0, slot: 0 });
            }
        }
        Ok(Self { cursors })
    }

    /// Copies rows of several sources, row by row, until there is a batch or one source is left.
    fn interleave(&mut self, dictionary: &Dictionary) -> Result<RecordBatch, StoreError> {
        let mut held: Vec<RecordBatch> = Vec::new();
        for cursor in &mut self.cursors {
            cursor.slot = held.len();
            held.push(cursor.batch.clone());
        }
        let mut picks = Vec::with_capacity(BATCH_ROWS);
        while picks.len() < BATCH_ROWS
            && held.len() < HELD.max(2 * self.cursors.len())
            && self.cursors.len() > 1
        {
            let least = self.least(dictionary);
            let cursor = &self.cursors[least];
            picks.push((cursor.slot, cursor.at));
            let key = cursor.key();
            for at in (0..self.cursors.len()).rev() {
                if self.cursors[at].key() == key && !self.cursors[at].advance(dictionary, &mut held)? {
                    self.cursors.remove(at);
                }
            }
        }
        let held: Vec<&RecordBatch> = held.iter().collect();
        Ok(interleave_record_batch(&held, &picks)?)
    }

    /// The cursor whose row comes next; of several, the one with the highest version.
    fn least(&self, dictionary: &Dictionary) -> usize {
        let before = |a: &Cursor, b: &Cursor| {
            let versions = || b.rows.version(b.at).cmp(&a.rows.version(a.at));
            dictionary.compare(a.key(), b.key()).then_with(versions) == Ordering::Less
        };
        (1..self.cursors.len())
            .fold(0, |least, at| if before(&self.cursors[at], &self.cursors[least]) { at } else { least })
    }
}

impl Source for Merge {
    fn batch_rows(&self) -> usize {
        self.cursors.iter().map(|cursor| cursor.source.batch_rows()).min().unwrap_or(BATCH_ROWS)
    }

    fn next(&mut self, dictionary: &Dictionary) -> Result<Option<RecordBatch>, StoreError> {
        let [cursor] = self.cursors.as_mut_slice() else {
            return if self.cursors.is_empty() { Ok(None) } else { self.interleave(dictionary).map(Some) };
        };
        let rest = cursor.batch.slice(cursor.at, cursor.rows.len() - cursor.at);
        cursor.at = cursor.rows.len() - 1;
        if !cursor.advance(dictionary, &mut Vec::new())? {
            self.cursors.clear();
        }
        Ok(Some(rest))
    }
}

impl Cursor {
    fn key(&self) -> Key {
        self.rows.key(self.at)
    }

    /// Goes to the next row; a batch that is begun is added to `held`. False at the end.
    fn advance(&mut self, dictionary: &Dictionary, held: &mut Vec<RecordBatch>) -> Result<bool, StoreError> {
        self.at += 1;
        if self.at < self.rows.len() {
            return Ok(true);
        }
        let Some((batch, rows)) = next_rows(self.source.as_mut(), dictionary)? else {
            return Ok(false);
        };
        self.slot = held.len();
        held.push(batch.clone());
        (self.batch, self.rows, self.at) = (batch, rows, 0);
        Ok(true)
    }
}

/// The next batch that has rows.
fn next_rows(
    source: &mut dyn Source,
    dictionary: &Dictionary,
) -> Result<Option<(RecordBatch, SortedRows)>, StoreError> {
    while let Some(batch) = source.next(dictionary)? {
        if batch.num_rows() > 0 {
            let damaged = |what| StoreError::Damaged { path: "a file of the table".into(), what };
            let rows = SortedRows::of(&batch, dictionary).map_err(damaged)?;
            return Ok(Some((batch, rows)));
        }
    }
    Ok(None)
}
