//! A chunk of the memory table: rows that no longer change, and the columns that queries have made of them. Not here: how
//! rows become columns (`batch`), rows that still come (`memory`).

use std::sync::{Arc, Mutex};

use datafusion::arrow::array::{Array, ArrayRef};
use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::StoreError;
use super::charge::Charge;
use super::keys::Row;
use super::locks::lock;

/// Few enough that a query's copy of the last ones takes the table's lock for a moment only.
pub(super) const CHUNK_ROWS: usize = 8_192;

/// Rows that no longer change; all chunks of a memory table but the last have `CHUNK_ROWS`.
pub(super) struct Chunk {
    pub rows: Vec<Row>,
    /// Value columns by number; those that no row fills are missing.
    pub values: Vec<Option<ArrayRef>>,
    /// The earliest time.
    pub oldest: i64,
    /// The latest time.
    pub newest: i64,
    /// Columns that queries have asked for, and that are not `values`; by name.
    made: Mutex<HashMap<Box<str>, ArrayRef, FixedState>>,
    /// Where they are counted; none for a copy, which goes with its query.
    charge: Option<Arc<Charge>>,
}

impl Chunk {
    /// The chunk that has row `at` of the memory table, and the row's number in it.
    pub(super) fn holding(at: u32) -> (usize, usize) {
        (at as usize / CHUNK_ROWS, at as usize % CHUNK_ROWS)
    }

    /// Rows with their value columns.
    pub(super) fn new(rows: Vec<Row>, values: Vec<Option<ArrayRef>>) -> Self {
        let times = || rows.iter().map(|row| row.key.time);
        Self {
            oldest: times().min().unwrap_or(i64::MAX),
            newest: times().max().unwrap_or(i64::MIN),
            rows,
            values,
            made: Mutex::default(),
            charge: None,
        }
    }

    /// Lets what it takes from now on be counted there.
    pub(super) fn charge_to(&mut self, charge: &Arc<Charge>) {
        self.charge = Some(Arc::clone(charge));
    }

    /// Bytes held, those among them that no row fills.
    pub(super) fn bytes(&self) -> usize {
        let values: usize = self.values.iter().flatten().map(Array::get_array_memory_size).sum();
        self.rows.capacity() * size_of::<Row>() + values
    }

    /// The same with the columns made for queries.
    pub(super) fn bytes_with_columns(&self) -> usize {
        self.bytes() + lock(&self.made).values().map(column_bytes).sum::<usize>()
    }

    /// A column that is not among `values`: made by the first query that asks for it, and kept for the next ones.
    pub(super) fn kept(
        &self,
        name: &str,
        make: impl FnOnce() -> Result<ArrayRef, StoreError>,
    ) -> Result<ArrayRef, StoreError> {
        let mut made = lock(&self.made);
        if let Some(column) = made.get(name) {
            return Ok(Arc::clone(column));
        }
        let column = make()?;
        if let Some(charge) = &self.charge {
            charge.add(column_bytes(&column));
        }
        made.insert(name.into(), Arc::clone(&column));
        Ok(column)
    }
}

#[cfg(test)]
impl Chunk {
    /// The rows of a test's batch: of its columns only the time is known to the store.
    pub(super) fn of(batch: &datafusion::arrow::record_batch::RecordBatch) -> Self {
        use datafusion::arrow::array::AsArray;
        use datafusion::arrow::datatypes::TimestampNanosecondType;

        use super::keys::{Key, Stored};

        let times = batch.column_by_name("time").map(AsArray::as_primitive::<TimestampNanosecondType>);
        let row = |at| Row {
            key: Key { time: times.map_or(0, |times| times.value(at)), set: 0, measure: 0 },
            stored: Stored { version: 1, digest: 0 },
        };
        let fields = batch.schema().fields().clone();
        let made = fields.iter().zip(batch.columns());
        let made = made.map(|(field, column)| (field.name().as_str().into(), Arc::clone(column)));
        let rows = (0..batch.num_rows()).map(row).collect();
        Self { made: Mutex::new(made.collect()), ..Self::new(rows, Vec::new()) }
    }
}

/// Bytes that a column made for queries takes. Texts are the dictionary's own; a row adds the view of one, or a number.
fn column_bytes(column: &ArrayRef) -> usize {
    column.data_type().primitive_width().unwrap_or(16) * column.len()
}
