//! Values as the service prints them. Not here: their types (`types`).

use std::fmt::Write as _;
use std::io;

use chrono::DateTime;
use datafusion::arrow::array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, IntervalDayTimeType,
    IntervalMonthDayNanoType, IntervalYearMonthType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, IntervalUnit, TimeUnit};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::util::display::array_value_to_string;
use serde::Serialize;

use super::types::{Datum, Row, TimeSeriesPoint, time_series_value};

const NANOS_PER_SECOND: i64 = 1_000_000_000;
const NANOS_PER_DAY: i64 = 86_400 * NANOS_PER_SECOND;

/// An array in one of the few types that `row` reads: times in nanoseconds, dictionaries unpacked.
///
/// # Errors
/// Where a time does not fit nanoseconds.
pub(super) fn normalize(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let target = match array.data_type() {
        DataType::Timestamp(unit, zone) if (*unit, zone.is_some()) != (TimeUnit::Nanosecond, false) => {
            DataType::Timestamp(TimeUnit::Nanosecond, None)
        }
        DataType::Time32(_) | DataType::Time64(TimeUnit::Microsecond) => {
            DataType::Time64(TimeUnit::Nanosecond)
        }
        DataType::Duration(unit) if *unit != TimeUnit::Nanosecond => DataType::Duration(TimeUnit::Nanosecond),
        DataType::Date64 => DataType::Date32,
        DataType::Dictionary(_, value) => value.as_ref().clone(),
        DataType::Decimal128(..) | DataType::Decimal256(..) | DataType::Float16 => DataType::Float64,
        _ => return Ok(array.clone()),
    };
    cast(array, &target)
}

/// A row has more text than there is room for.
#[derive(Debug)]
pub(super) struct TooLong;

/// What is left of the bytes of JSON that a row may take.
struct Room(usize);

impl Room {
    /// Takes as much as `json` is long, and `text` as JSON spells it.
    fn take(&mut self, json: &str, text: &str) -> Result<(), TooLong> {
        self.0 = self.0.checked_sub(json.len() + escaped(text)).ok_or(TooLong)?;
        Ok(())
    }

    fn datum(&mut self, array: &dyn Array, row: usize) -> Result<Datum, TooLong> {
        if array.is_null(row) {
            return self.null();
        }
        match array.data_type() {
            DataType::Null => self.null(),
            DataType::List(item) => self.elements(&array.as_list::<i32>().value(row), item),
            DataType::LargeList(item) => self.elements(&array.as_list::<i64>().value(row), item),
            DataType::FixedSizeList(item, _) => self.elements(&array.as_fixed_size_list().value(row), item),
            DataType::Struct(_) => {
                self.take(r#"{"RowValue":{"Data":[]}},"#, "")?;
                let columns = array.as_struct().columns().iter();
                let data = columns.map(|column| self.datum(column, row)).collect::<Result<_, _>>()?;
                Ok(Datum::RowValue(Row { data }))
            }
            _ => Ok(Datum::ScalarValue(self.text(r#"{"ScalarValue":""},"#, array, row)?)),
        }
    }

    fn null(&mut self) -> Result<Datum, TooLong> {
        self.take(r#"{"NullValue":true},"#, "")?;
        Ok(Datum::NullValue(true))
    }

    fn elements(&mut self, values: &ArrayRef, item: &Field) -> Result<Datum, TooLong> {
        if time_series_value(item).is_none() {
            self.take(r#"{"ArrayValue":[]},"#, "")?;
            let elements = (0..values.len()).map(|i| self.datum(values, i));
            return Ok(Datum::ArrayValue(elements.collect::<Result<_, _>>()?));
        }
        self.take(r#"{"TimeSeriesValue":[]},"#, "")?;
        let points = values.as_struct();
        let (times, values) = (points.column(0), points.column(1));
        let points = (0..points.len()).map(|i| {
            let time = self.text(r#"{"Time":"","Value":},"#, times, i)?;
            Ok(TimeSeriesPoint { time, value: self.datum(values, i)? })
        });
        Ok(Datum::TimeSeriesValue(points.collect::<Result<_, _>>()?))
    }

    fn text(&mut self, json: &str, array: &dyn Array, row: usize) -> Result<String, TooLong> {
        let text = text(array, row);
        self.take(json, &text)?;
        Ok(text)
    }
}

/// How long a text is between the quotes of JSON.
fn escaped(text: &str) -> usize {
    let more = |byte| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 1,
        // `\u0001`
        0x00..0x20 => 5,
        _ => 0,
    };
    text.len() + text.bytes().map(more).sum::<usize>()
}

/// How long something is as JSON.
pub(super) fn json_bytes(value: &impl Serialize) -> usize {
    struct Count(usize);

    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let mut count = Count(0);
    serde_json::to_writer(&mut count, value).expect("texts and numbers are JSON");
    count.0
}

/// A row of normalized columns, and how many bytes of JSON it takes with the commas, one too many for each list; they
/// are `most` at the most.
pub(super) fn row(columns: &[ArrayRef], row: usize, most: usize) -> Result<(Row, usize), TooLong> {
    let mut room = Room(most);
    room.take(r#"{"Data":[]},"#, "")?;
    let data = columns.iter().map(|column| room.datum(column, row)).collect::<Result<_, _>>()?;
    Ok((Row { data }, most - room.0))
}

/// A scalar that is not null, as text; the array is normalized.
pub(super) fn text(array: &dyn Array, row: usize) -> String {
    match array.data_type() {
        DataType::Utf8View => array.as_string_view().value(row).to_owned(),
        DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
        DataType::LargeUtf8 => array.as_string::<i64>().value(row).to_owned(),
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        DataType::Float64 => double(array.as_primitive::<Float64Type>().value(row)),
        DataType::Float32 => double(f64::from(array.as_primitive::<Float32Type>().value(row))),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).to_string(),
        DataType::Int16 => array.as_primitive::<Int16Type>().value(row).to_string(),
        DataType::Int8 => array.as_primitive::<Int8Type>().value(row).to_string(),
        DataType::UInt64 => array.as_primitive::<UInt64Type>().value(row).to_string(),
        DataType::UInt32 => array.as_primitive::<UInt32Type>().value(row).to_string(),
        DataType::UInt16 => array.as_primitive::<UInt16Type>().value(row).to_string(),
        DataType::UInt8 => array.as_primitive::<UInt8Type>().value(row).to_string(),
        _ => temporal(array, row),
    }
}

fn temporal(array: &dyn Array, row: usize) -> String {
    use datafusion::arrow::array::types::{
        Date32Type, DurationNanosecondType, Time64NanosecondType, TimestampNanosecondType,
    };
    match array.data_type() {
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            timestamp(array.as_primitive::<TimestampNanosecondType>().value(row))
        }
        DataType::Date32 => date(array.as_primitive::<Date32Type>().value(row)),
        DataType::Time64(TimeUnit::Nanosecond) => {
            time(array.as_primitive::<Time64NanosecondType>().value(row))
        }
        DataType::Duration(TimeUnit::Nanosecond) => {
            day_to_second(i128::from(array.as_primitive::<DurationNanosecondType>().value(row)))
        }
        DataType::Interval(IntervalUnit::YearMonth) => {
            year_to_month(array.as_primitive::<IntervalYearMonthType>().value(row))
        }
        DataType::Interval(IntervalUnit::DayTime) => {
            let value = array.as_primitive::<IntervalDayTimeType>().value(row);
            let millis = i128::from(value.days) * 86_400_000 + i128::from(value.milliseconds);
            day_to_second(millis * 1_000_000)
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            let value = array.as_primitive::<IntervalMonthDayNanoType>().value(row);
            let days = i128::from(value.months) * 30 + i128::from(value.days);
            day_to_second(days * i128::from(NANOS_PER_DAY) + i128::from(value.nanoseconds))
        }
        _ => array_value_to_string(array, row).unwrap_or_default(),
    }
}

/// `2020-08-08 01:00:00.000000000`.
pub(super) fn timestamp(nanos: i64) -> String {
    DateTime::from_timestamp_nanos(nanos).format("%Y-%m-%d %H:%M:%S%.9f").to_string()
}

/// `2020-08-08`.
fn date(days: i32) -> String {
    DateTime::from_timestamp(i64::from(days) * 86_400, 0)
        .map(|day| day.format("%Y-%m-%d").to_string())
        .unwrap_or_default()
}

/// `01:00:00.000000000`.
fn time(nanos: i64) -> String {
    let seconds = nanos / NANOS_PER_SECOND;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}.{:09}", seconds % 60, nanos % NANOS_PER_SECOND)
}

/// `1 21:00:00.000000000`; the sign stands before the days.
fn day_to_second(nanos: i128) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let nanos = nanos.unsigned_abs();
    let day = u128::from(NANOS_PER_DAY.unsigned_abs());
    let within_day = i64::try_from(nanos % day).expect("less than a day of nanoseconds fits");
    format!("{sign}{} {}", nanos / day, time(within_day))
}

/// `2-7`; the sign stands before the years.
fn year_to_month(months: i32) -> String {
    let sign = if months < 0 { "-" } else { "" };
    let months = months.unsigned_abs();
    format!("{sign}{}-{}", months / 12, months % 12)
}

/// The shortest digits that read back as the same number, in Java's form: `1.0`, `1.0E7`, `NaN`.
pub(super) fn double(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let magnitude = value.abs();
    if value == 0.0 || (1e-3..1e7).contains(&magnitude) {
        return format!("{value:?}");
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let mut out = digits.to_owned();
    if !digits.contains('.') {
        out.push_str(".0");
    }
    // Writing to a String cannot fail.
    let _ = write!(out, "E{exponent}");
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::StringArray;

    use super::*;

    #[test]
    fn doubles_are_printed_as_java_does() {
        let cases = [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1 + 0.2, "0.30000000000000004"),
            (9_999_999.0, "9999999.0"),
            (1e7, "1.0E7"),
            (12_345_678.9, "1.23456789E7"),
            (0.001, "0.001"),
            (0.000_99, "9.9E-4"),
            (-2.5e-10, "-2.5E-10"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "Infinity"),
            (f64::NEG_INFINITY, "-Infinity"),
        ];
        for (value, expected) in cases {
            assert_eq!(double(value), expected);
        }
    }

    #[test]
    fn rows_are_as_long_as_their_json() {
        let texts =
            ["plain", "caf\u{e9} \u{1f980}", "\"quoted\" \\ \n\r\t", "\u{1}\u{8}\u{c}\u{1f}\u{7f}\0", ""];
        for text in texts {
            let columns: [ArrayRef; 2] =
                [Arc::new(StringArray::from(vec![text])), Arc::new(StringArray::from(vec![None::<&str>]))];
            let (made, bytes) = row(&columns, 0, 1_000).expect("there is room");
            let comma_of_the_list = 1;
            assert_eq!(bytes, json_bytes(&made) + 1 + comma_of_the_list, "{text:?}");
            assert_eq!(json_bytes(&made), serde_json::to_string(&made).expect("JSON").len());
            assert!(row(&columns, 0, bytes).is_ok() && row(&columns, 0, bytes - 1).is_err(), "{text:?}");
        }
    }

    #[test]
    fn times_and_intervals_have_nine_digits() {
        let hour = 3600 * NANOS_PER_SECOND;
        assert_eq!(timestamp(1_596_848_400 * NANOS_PER_SECOND), "2020-08-08 01:00:00.000000000");
        assert_eq!(timestamp(-1), "1969-12-31 23:59:59.999999999");
        assert_eq!(date(18_482), "2020-08-08");
        assert_eq!(time(hour + 5), "01:00:00.000000005");
        assert_eq!(day_to_second(i128::from(45 * hour)), "1 21:00:00.000000000");
        assert_eq!(day_to_second(-1), "-0 00:00:00.000000001");
        assert_eq!(year_to_month(31), "2-7");
        assert_eq!(year_to_month(-13), "-1-1");
    }
}
