//! `bin(timestamp, interval)`: the start of the interval that a time falls into.

use std::sync::Arc;

use datafusion::arrow::array::AsArray;
use datafusion::arrow::array::types::{IntervalMonthDayNano, TimestampNanosecondType};
use datafusion::arrow::datatypes::{DataType, IntervalUnit, TimeUnit};
use datafusion::common::utils::take_function_args;
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::sort_properties::{ExprProperties, SortProperties};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

const NANOS_PER_DAY: i64 = 86_400_000_000_000;

/// The function `bin`.
pub(super) fn bin() -> ScalarUDF {
    let timestamp = DataType::Timestamp(TimeUnit::Nanosecond, None);
    let interval = DataType::Interval(IntervalUnit::MonthDayNano);
    let signature = Signature::exact(vec![timestamp, interval], Volatility::Immutable);
    ScalarUDF::from(Bin { signature })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Bin {
    signature: Signature,
}

impl ScalarUDFImpl for Bin {
    fn name(&self) -> &str {
        "bin"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Timestamp(TimeUnit::Nanosecond, None))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [times, step] = take_function_args("bin", args.args)?;
        let ColumnarValue::Scalar(ScalarValue::IntervalMonthDayNano(Some(step))) = step else {
            return exec_err!("bin needs a constant interval, such as 15m");
        };
        let step = nanoseconds(step)?;
        let floor = |time: i64| time.wrapping_sub(time.rem_euclid(step));
        match times {
            ColumnarValue::Scalar(ScalarValue::TimestampNanosecond(time, zone)) => {
                Ok(ColumnarValue::Scalar(ScalarValue::TimestampNanosecond(time.map(floor), zone)))
            }
            other => {
                let times = other.into_array(args.number_rows)?;
                let bins = times
                    .as_primitive::<TimestampNanosecondType>()
                    .unary::<_, TimestampNanosecondType>(floor);
                Ok(ColumnarValue::Array(Arc::new(bins)))
            }
        }
    }

    /// Sorted times have sorted bins.
    fn output_ordering(&self, input: &[ExprProperties]) -> Result<SortProperties> {
        Ok(match input {
            [time, step] if step.sort_properties == SortProperties::Singleton => time.sort_properties,
            _ => SortProperties::Unordered,
        })
    }
}

fn nanoseconds(interval: IntervalMonthDayNano) -> Result<i64> {
    let days = i64::from(interval.days).checked_mul(NANOS_PER_DAY);
    match days.and_then(|days| days.checked_add(interval.nanoseconds)) {
        Some(nanos) if nanos > 0 && interval.months == 0 => Ok(nanos),
        _ => exec_err!("bin needs an interval above zero, in days or less"),
    }
}
