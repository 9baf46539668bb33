//! Values of rows: columns that grow, and digests that tell whether two records hold the same. Not here:
//! rows (`memory`).

use datafusion::arrow::array::builder::{
    ArrayBuilder, BooleanBuilder, Float64Builder, Int64Builder, StringViewBuilder, TimestampNanosecondBuilder,
};
use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::datatypes::{Float64Type, Int64Type, TimestampNanosecondType};
use twox_hash::XxHash3_64;

use crate::model::{MeasureType, Measures, Value};

/// The values of a record, in its order.
pub(super) fn values<'a>(measures: &'a Measures<'a>) -> impl Iterator<Item = Value<'a>> {
    let (single, multi) = match measures {
        Measures::Single(value) => (Some(*value), [].as_slice()),
        Measures::Multi(values) => (None, values.as_slice()),
    };
    single.into_iter().chain(multi.iter().map(|&(_, value)| value))
}

/// A hash of values and their columns, whatever their order.
pub(super) fn digest<'a>(columns: &[u16], values: impl Iterator<Item = Value<'a>>) -> u64 {
    columns
        .iter()
        .zip(values)
        .fold(0, |sum: u64, (&column, value)| sum.wrapping_add(digest_one(column, value)))
}

fn digest_one(column: u16, value: Value<'_>) -> u64 {
    match value {
        Value::Double(value) => mix(column, value.to_bits()),
        Value::Bigint(value) | Value::Timestamp(value) => mix(column, value as u64),
        Value::Boolean(value) => mix(column, value.into()),
        Value::Varchar(text) => XxHash3_64::oneshot_with_seed(column.into(), text.as_bytes()),
    }
}

/// The finaliser of SplitMix64 over a value and its column.
fn mix(column: u16, bits: u64) -> u64 {
    let mut z = bits ^ (u64::from(column) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Adds a column's share to the digest of each of its rows.
pub(super) fn add_digests(column: u16, kind: MeasureType, array: &ArrayRef, digests: &mut [u64]) {
    let value_at = |row: usize| match kind {
        MeasureType::Double => Value::Double(array.as_primitive::<Float64Type>().value(row)),
        MeasureType::Bigint => Value::Bigint(array.as_primitive::<Int64Type>().value(row)),
        MeasureType::Boolean => Value::Boolean(array.as_boolean().value(row)),
        MeasureType::Varchar => Value::Varchar(array.as_string_view().value(row)),
        MeasureType::Timestamp => {
            Value::Timestamp(array.as_primitive::<TimestampNanosecondType>().value(row))
        }
    };
    for (row, digest) in digests.iter_mut().enumerate().filter(|&(row, _)| array.is_valid(row)) {
        *digest = digest.wrapping_add(digest_one(column, value_at(row)));
    }
}

/// A value column that grows; rows without a value are null.
pub(super) enum Builder {
    Double(Float64Builder),
    Bigint(Int64Builder),
    Boolean(BooleanBuilder),
    Varchar(StringViewBuilder),
    Timestamp(TimestampNanosecondBuilder),
}

/// Runs an expression on whichever builder it is.
macro_rules! on_builder {
    ($builder:expr, $inner:ident => $run:expr) => {
        match $builder {
            Builder::Double($inner) => $run,
            Builder::Bigint($inner) => $run,
            Builder::Boolean($inner) => $run,
            Builder::Varchar($inner) => $run,
            Builder::Timestamp($inner) => $run,
        }
    };
}

impl Builder {
    pub(super) fn new(kind: MeasureType) -> Self {
        // Most tables are small: what is not asked for is not taken.
        Self::with_room(kind, 0)
    }

    /// An empty column with room for `rows`.
    fn with_room(kind: MeasureType, rows: usize) -> Self {
        match kind {
            MeasureType::Double => Self::Double(Float64Builder::with_capacity(rows)),
            MeasureType::Bigint => Self::Bigint(Int64Builder::with_capacity(rows)),
            MeasureType::Boolean => Self::Boolean(BooleanBuilder::with_capacity(rows)),
            MeasureType::Varchar => Self::Varchar(StringViewBuilder::with_capacity(rows)),
            MeasureType::Timestamp => Self::Timestamp(TimestampNanosecondBuilder::with_capacity(rows)),
        }
    }

    fn kind(&self) -> MeasureType {
        match self {
            Self::Double(_) => MeasureType::Double,
            Self::Bigint(_) => MeasureType::Bigint,
            Self::Boolean(_) => MeasureType::Boolean,
            Self::Varchar(_) => MeasureType::Varchar,
            Self::Timestamp(_) => MeasureType::Timestamp,
        }
    }

    /// An empty column of the same kind with room for `rows`.
    pub(super) fn next(&self, rows: usize) -> Self {
        // A column that few rows fill is padded when the next of them comes.
        Self::with_room(self.kind(), if self.len() == 0 { 0 } else { rows })
    }

    /// Bytes that it has room for, about.
    pub(super) fn room(&self) -> usize {
        match self {
            Self::Double(builder) => 8 * builder.capacity(),
            Self::Bigint(builder) => 8 * builder.capacity(),
            Self::Boolean(builder) => builder.capacity() / 8,
            Self::Varchar(builder) => builder.allocated_size(),
            Self::Timestamp(builder) => 8 * builder.capacity(),
        }
    }

    /// Rows, those without a value before the last value among them.
    fn len(&self) -> usize {
        on_builder!(self, builder => ArrayBuilder::len(builder))
    }

    /// Sets the value of `row`, which is at or behind the end.
    pub(super) fn set(&mut self, row: usize, value: Value<'_>) {
        self.pad(row);
        match (self, value) {
            (Self::Double(builder), Value::Double(value)) => builder.append_value(value),
            (Self::Bigint(builder), Value::Bigint(value)) => builder.append_value(value),
            (Self::Boolean(builder), Value::Boolean(value)) => builder.append_value(value),
            (Self::Varchar(builder), Value::Varchar(text)) => builder.append_value(text),
            (Self::Timestamp(builder), Value::Timestamp(value)) => builder.append_value(value),
            // The dictionary gives a column one type, so no value comes here.
            (builder, _) => builder.pad(row + 1),
        }
    }

    /// Makes the column `rows` long.
    fn pad(&mut self, rows: usize) {
        on_builder!(self, builder => {
            for _ in builder.len()..rows {
                builder.append_null();
            }
        });
    }

    /// The column, `rows` long; none where no row has a value.
    pub(super) fn finish(mut self, rows: usize) -> Option<ArrayRef> {
        if self.len() == 0 {
            return None;
        }
        self.pad(rows);
        Some(on_builder!(&mut self, builder => ArrayBuilder::finish(builder)))
    }

    /// The column as it is, `rows` long.
    pub(super) fn copy(&mut self, rows: usize) -> ArrayRef {
        self.pad(rows);
        on_builder!(self, builder => ArrayBuilder::finish_cloned(builder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_a_column_is_that_of_its_values() {
        let mut builder = Builder::new(MeasureType::Varchar);
        builder.set(1, Value::Varchar("a text behind the inline length"));
        let array = builder.copy(3);
        let mut digests = [0; 3];
        add_digests(7, MeasureType::Varchar, &array, &mut digests);
        let one = digest(&[7], [Value::Varchar("a text behind the inline length")].into_iter());
        assert_eq!(digests, [0, one, 0]);
    }

    #[test]
    fn the_digest_knows_columns_but_not_their_order() {
        let (a, b) = (Value::Double(1.0), Value::Double(2.0));
        assert_eq!(digest(&[1, 2], [a, b].into_iter()), digest(&[2, 1], [b, a].into_iter()));
        assert_ne!(digest(&[1, 2], [a, b].into_iter()), digest(&[1, 2], [b, a].into_iter()));
    }
}
