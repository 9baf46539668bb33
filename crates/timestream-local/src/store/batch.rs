//! Rows as Arrow batches, for queries and for files. Not here: which columns there are (`columns`).

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, AsArray, BooleanArray, Int64Array, StringViewArray, TimestampNanosecondArray, UInt16Array,
    UInt32Array, new_null_array,
};
use datafusion::arrow::compute::{filter_record_batch, take};
use datafusion::arrow::datatypes::{FieldRef, SchemaRef, TimestampNanosecondType};
use datafusion::arrow::record_batch::RecordBatch;

use super::StoreError;
use super::columns::Layout;
use super::dictionary::Dictionary;
use super::keys::Row;
use super::memory::Chunk;

/// The batch of a chunk as queries see it; columns that came to be known since are not in it.
pub(super) fn of_chunk(chunk: &Chunk, dictionary: &Dictionary) -> Result<RecordBatch, StoreError> {
    if let Some(batch) = chunk.batch.get() {
        return Ok(batch.clone());
    }
    let value = |column: u16| chunk.values.get(column as usize).cloned().flatten();
    let mut columns = columns(&chunk.rows, &value, dictionary, &dictionary.layout())?;
    // The number of the dimension set, which only files have.
    columns.pop();
    let batch = RecordBatch::try_new(Arc::clone(&dictionary.layout().schema), columns)?;
    if let (Ok(()), Some(charge)) = (chunk.batch.set(batch.clone()), &chunk.charge) {
        charge.add(row_bytes(&batch));
    }
    Ok(batch)
}

/// Bytes that the rows of a batch take. Texts are the dictionary's own; what a row adds are the views of them, and
/// the numbers.
pub(crate) fn row_bytes(batch: &RecordBatch) -> usize {
    let widths = batch.columns().iter().map(|column| column.data_type().primitive_width().unwrap_or(16));
    widths.sum::<usize>() * batch.num_rows()
}

/// The rows that are not before `oldest`.
pub(super) fn since(batch: &RecordBatch, oldest: i64) -> Result<RecordBatch, StoreError> {
    let times =
        batch.column_by_name("time").and_then(|times| times.as_primitive_opt::<TimestampNanosecondType>());
    let Some(times) = times else { return Ok(batch.clone()) };
    let kept: BooleanArray = times.values().iter().map(|&time| Some(time >= oldest)).collect();
    Ok(filter_record_batch(batch, &kept)?)
}

/// A batch of rows in `schema`. `value` gives the values of a column, one for each of `rows`.
pub(super) fn of_rows(
    rows: &[Row],
    value: &dyn Fn(u16) -> Option<ArrayRef>,
    dictionary: &Dictionary,
    schema: &SchemaRef,
) -> Result<RecordBatch, StoreError> {
    let layout = dictionary.layout();
    let columns = columns(rows, value, dictionary, &layout)?;
    conform(&RecordBatch::try_new(Arc::clone(&layout.file_schema), columns)?, schema)
}

/// The same rows in another schema: columns that the batch lacks are null, others are left out.
pub(super) fn conform(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, StoreError> {
    if batch.schema_ref() == schema {
        return Ok(batch.clone());
    }
    let column = |field: &FieldRef| match batch.column_by_name(field.name()) {
        Some(column) => Arc::clone(column),
        None => new_null_array(field.data_type(), batch.num_rows()),
    };
    let columns = schema.fields().iter().map(column).collect();
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

/// The columns of `layout.file_schema`.
fn columns(
    rows: &[Row],
    value: &dyn Fn(u16) -> Option<ArrayRef>,
    dictionary: &Dictionary,
    layout: &Layout,
) -> Result<Vec<ArrayRef>, StoreError> {
    let keys = || rows.iter().map(|row| row.key);
    let mut columns = dictionary.sets().columns(keys().map(|key| key.set))?;
    columns.push(measure_names(rows, dictionary)?);
    columns.push(Arc::new(TimestampNanosecondArray::from_iter_values(keys().map(|key| key.time))));
    for (&id, field) in layout.values.iter().zip(&layout.file_schema.fields()[columns.len()..]) {
        columns.push(value(id).unwrap_or_else(|| new_null_array(field.data_type(), rows.len())));
    }
    columns.push(Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.stored.version))));
    columns.push(Arc::new(UInt32Array::from_iter_values(keys().map(|key| key.set))));
    Ok(columns)
}

fn measure_names(rows: &[Row], dictionary: &Dictionary) -> Result<ArrayRef, StoreError> {
    let names = StringViewArray::from_iter_values(dictionary.measure_names());
    let picks = UInt16Array::from_iter_values(rows.iter().map(|row| row.key.measure));
    Ok(take(&names, &picks, None)?)
}
