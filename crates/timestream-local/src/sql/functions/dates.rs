//! `date_add(unit, count, time)` and `date_diff(unit, from, to)`.

use std::sync::Arc;

use chrono::{DateTime, Datelike, Months, Utc};
use datafusion::arrow::array::types::{Int64Type, TimestampNanosecondType};
use datafusion::arrow::array::{ArrayRef, AsArray, Int64Array, TimestampNanosecondArray};
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::utils::take_function_args;
use datafusion::common::{Result, ScalarValue, exec_datafusion_err, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// The functions of this module.
pub(super) fn functions() -> Vec<ScalarUDF> {
    let timestamp = DataType::Timestamp(TimeUnit::Nanosecond, None);
    let add = vec![DataType::Utf8, DataType::Int64, timestamp.clone()];
    let diff = vec![DataType::Utf8, timestamp.clone(), timestamp];
    vec![
        ScalarUDF::from(DateAdd { signature: Signature::exact(add, Volatility::Immutable) }),
        ScalarUDF::from(DateDiff { signature: Signature::exact(diff, Volatility::Immutable) }),
    ]
}

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Nanoseconds(i64),
    Months(i32),
}

impl Unit {
    fn parse(argument: &ColumnarValue) -> Result<Self> {
        let ColumnarValue::Scalar(scalar) = argument else {
            return exec_err!("the unit must be a constant, such as 'minute'");
        };
        let name = scalar.try_as_str().flatten().unwrap_or_default();
        const SECOND: i64 = 1_000_000_000;
        Ok(match name.to_lowercase().as_str() {
            "nanosecond" => Self::Nanoseconds(1),
            "microsecond" => Self::Nanoseconds(1_000),
            "millisecond" => Self::Nanoseconds(1_000_000),
            "second" => Self::Nanoseconds(SECOND),
            "minute" => Self::Nanoseconds(60 * SECOND),
            "hour" => Self::Nanoseconds(3_600 * SECOND),
            "day" => Self::Nanoseconds(86_400 * SECOND),
            "week" => Self::Nanoseconds(7 * 86_400 * SECOND),
            "month" => Self::Months(1),
            "quarter" => Self::Months(3),
            "year" => Self::Months(12),
            _ => return exec_err!("'{name}' is not a valid TIMESTAMP field"),
        })
    }

    /// `time` and `count` of this unit.
    fn add(self, time: i64, count: i64) -> Option<i64> {
        match self {
            Self::Nanoseconds(unit) => time.checked_add(unit.checked_mul(count)?),
            Self::Months(unit) => {
                let months = count.checked_mul(i64::from(unit))?;
                let size = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
                let time = DateTime::from_timestamp_nanos(time);
                let moved =
                    if months < 0 { time.checked_sub_months(size) } else { time.checked_add_months(size) };
                moved?.timestamp_nanos_opt()
            }
        }
    }

    /// Whole units between two times.
    fn between(self, from: i64, to: i64) -> Option<i64> {
        match self {
            Self::Nanoseconds(unit) => Some(to.checked_sub(from)? / unit),
            Self::Months(unit) => {
                let (earlier, later, sign) = if from <= to { (from, to, 1) } else { (to, from, -1) };
                Some(sign * (whole_months(earlier, later) / i64::from(unit)))
            }
        }
    }
}

fn whole_months(earlier: i64, later: i64) -> i64 {
    let month = |time: DateTime<Utc>| i64::from(time.year()) * 12 + i64::from(time.month0());
    let (from, to) = (DateTime::from_timestamp_nanos(earlier), DateTime::from_timestamp_nanos(later));
    let months = month(to) - month(from);
    // The last month counts only if it is whole.
    let reached = Unit::Months(1).add(earlier, months).is_some_and(|time| time <= later);
    if reached { months } else { months - 1 }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct DateAdd {
    signature: Signature,
}

impl ScalarUDFImpl for DateAdd {
    fn name(&self) -> &str {
        "date_add"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Timestamp(TimeUnit::Nanosecond, None))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [unit, counts, times] = take_function_args("date_add", args.args)?;
        let unit = Unit::parse(&unit)?;
        let (is_scalar, arrays) = arrays([counts, times], args.number_rows)?;
        let counts = arrays[0].as_primitive::<Int64Type>();
        let times = arrays[1].as_primitive::<TimestampNanosecondType>();
        let moved = counts.iter().zip(times).map(|(count, time)| match (count, time) {
            (Some(count), Some(time)) => unit
                .add(time, count)
                .map(Some)
                .ok_or_else(|| exec_datafusion_err!("date_add leaves the range of TIMESTAMP")),
            _ => Ok(None),
        });
        let moved = moved.collect::<Result<TimestampNanosecondArray>>()?;
        finish(is_scalar, Arc::new(moved))
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct DateDiff {
    signature: Signature,
}

impl ScalarUDFImpl for DateDiff {
    fn name(&self) -> &str {
        "date_diff"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [unit, from, to] = take_function_args("date_diff", args.args)?;
        let unit = Unit::parse(&unit)?;
        let (is_scalar, arrays) = arrays([from, to], args.number_rows)?;
        let from = arrays[0].as_primitive::<TimestampNanosecondType>();
        let to = arrays[1].as_primitive::<TimestampNanosecondType>();
        let between = |(from, to): (Option<i64>, Option<i64>)| unit.between(from?, to?);
        let counts: Int64Array = from.iter().zip(to).map(between).collect();
        finish(is_scalar, Arc::new(counts))
    }
}

/// Two arguments as arrays, and whether both were scalars.
fn arrays(args: [ColumnarValue; 2], rows: usize) -> Result<(bool, Vec<ArrayRef>)> {
    let is_scalar = args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
    let rows = if is_scalar { 1 } else { rows };
    let arrays = args.into_iter().map(|arg| arg.into_array(rows)).collect::<Result<_>>()?;
    Ok((is_scalar, arrays))
}

fn finish(is_scalar: bool, array: ArrayRef) -> Result<ColumnarValue> {
    if is_scalar {
        return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?));
    }
    Ok(ColumnarValue::Array(array))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        let time: DateTime<Utc> = format!("{text}Z").parse().expect("a time");
        time.timestamp_nanos_opt().expect("in range")
    }

    #[test]
    fn differences_count_whole_units() {
        let (from, to) = (at("2020-01-31T12:00:00"), at("2020-03-01T11:59:59"));
        assert_eq!(Unit::Months(1).between(from, to), Some(1));
        assert_eq!(Unit::Months(1).between(to, from), Some(-1));
        assert_eq!(Unit::Months(12).between(from, to), Some(0));
        assert_eq!(Unit::Nanoseconds(86_400_000_000_000).between(from, to), Some(29));
    }

    #[test]
    fn adding_months_stays_in_the_month() {
        assert_eq!(Unit::Months(1).add(at("2020-01-31T00:00:00"), 1), Some(at("2020-02-29T00:00:00")));
        assert_eq!(Unit::Months(12).add(at("2020-02-29T00:00:00"), -1), Some(at("2019-02-28T00:00:00")));
        assert_eq!(Unit::Nanoseconds(1).add(i64::MAX, 1), None);
        assert_eq!(Unit::Months(12).add(0, i64::MAX), None);
    }
}
