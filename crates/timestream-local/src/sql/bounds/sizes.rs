//! How many bytes values take, each by itself: of a slice what it shows, of a text what it says. Not here: what an answer
//! takes on the wire (`answer`).

use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::record_batch::RecordBatch;

/// Bytes of all values in `batch`.
pub(in crate::sql) fn of_batch(batch: &RecordBatch) -> usize {
    batch.columns().iter().map(|column| of_array(column.as_ref())).sum()
}

/// Bytes of all values in `array`.
pub(in crate::sql) fn of_array(array: &dyn Array) -> usize {
    match array.data_type() {
        DataType::Utf8View => {
            // The low half of a view is the length of its text, which is within the view itself where it is short.
            let lengths = array.as_string_view().views().iter().map(|view| (*view as u32) as usize);
            lengths.map(|length| if length > 12 { 16 + length } else { 16 }).sum()
        }
        DataType::List(_) => {
            let lists = array.as_list::<i32>();
            let offsets = lists.value_offsets();
            let (first, last) = (offsets.first().copied().unwrap_or(0), offsets.last().copied().unwrap_or(0));
            let (first, last) = (usize::try_from(first).unwrap_or(0), usize::try_from(last).unwrap_or(0));
            size_of_val(offsets) + of_array(lists.values().slice(first, last - first).as_ref())
        }
        DataType::Struct(_) => {
            array.as_struct().columns().iter().map(|column| of_array(column.as_ref())).sum()
        }
        _ => array.to_data().get_slice_memory_size().unwrap_or_else(|_| array.get_array_memory_size()),
    }
}
