//! Rows as Arrow batches, for queries and for files. Not here: which columns there are (`columns`).

use std::sync::{Arc, RwLock};

use datafusion::arrow::array::{
    ArrayRef, AsArray, BooleanArray, Int64Array, StringViewArray, TimestampNanosecondArray, UInt16Array,
    UInt32Array, new_null_array,
};
use datafusion::arrow::compute::{filter_record_batch, take};
use datafusion::arrow::datatypes::{Field, FieldRef, SchemaRef, TimestampNanosecondType};
use datafusion::arrow::record_batch::{RecordBatch, RecordBatchOptions};

use super::StoreError;
use super::chunk::Chunk;
use super::columns::{Layout, VERSION_COLUMN};
use super::dictionary::Dictionary;
use super::keys::Row;
use super::locks::read;

/// The rows of a chunk in the schema of a query; columns that came to be known since are null. The lock is taken for
/// each column, for writers that bring new dimension sets.
pub(super) fn of_chunk(
    chunk: &Chunk,
    schema: &SchemaRef,
    dictionary: &RwLock<Dictionary>,
) -> Result<RecordBatch, StoreError> {
    let column = |field: &FieldRef| {
        let held =
            read(dictionary).column(field.name()).and_then(|id| chunk.values.get(id as usize)?.clone());
        let make = || make_column(field, &chunk.rows, &read(dictionary));
        held.map_or_else(|| chunk.kept(field.name(), make), Ok)
    };
    let columns = schema.fields().iter().map(column).collect::<Result<_, _>>()?;
    let rows = RecordBatchOptions::new().with_row_count(Some(chunk.rows.len()));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns, &rows)?)
}

/// A column of what rows are told apart by, or one that they do not have.
fn make_column(field: &Field, rows: &[Row], dictionary: &Dictionary) -> Result<ArrayRef, StoreError> {
    match field.name().as_str() {
        "time" => Ok(times(rows)),
        "measure_name" => measure_names(rows, dictionary),
        VERSION_COLUMN => Ok(versions(rows)),
        name => match dictionary.sets().dimension(name) {
            Some(dimension) => Ok(dictionary.sets().column(dimension, set_numbers(rows))?),
            None => Ok(new_null_array(field.data_type(), rows.len())),
        },
    }
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
    let dimensions = (0..=u16::MAX).take(dictionary.sets().dimensions().len());
    let column = |dimension| dictionary.sets().column(dimension, set_numbers(rows));
    let mut columns = dimensions.map(column).collect::<Result<Vec<_>, _>>()?;
    columns.push(measure_names(rows, dictionary)?);
    columns.push(times(rows));
    for (&id, field) in layout.values.iter().zip(&layout.file_schema.fields()[columns.len()..]) {
        columns.push(value(id).unwrap_or_else(|| new_null_array(field.data_type(), rows.len())));
    }
    columns.push(versions(rows));
    columns.push(Arc::new(UInt32Array::from_iter_values(set_numbers(rows))));
    Ok(columns)
}

fn set_numbers(rows: &[Row]) -> impl Iterator<Item = u32> {
    rows.iter().map(|row| row.key.set)
}

fn times(rows: &[Row]) -> ArrayRef {
    Arc::new(TimestampNanosecondArray::from_iter_values(rows.iter().map(|row| row.key.time)))
}

fn versions(rows: &[Row]) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.stored.version)))
}

fn measure_names(rows: &[Row], dictionary: &Dictionary) -> Result<ArrayRef, StoreError> {
    let names = StringViewArray::from_iter_values(dictionary.measure_names());
    let picks = UInt16Array::from_iter_values(rows.iter().map(|row| row.key.measure));
    Ok(take(&names, &picks, None)?)
}
