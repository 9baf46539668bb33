//! Functions that make texts and arrays, within a bound on the bytes that they make at once: the engine's own would take
//! all the memory there is for `lpad('', 2000000000)`, and it counts only what sorts and aggregates hold.

use std::hash::Hash;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::compute::kernels::length::length;
use datafusion::arrow::datatypes::{DataType, FieldRef, Int64Type};
use datafusion::common::{Result, resources_err};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};

use crate::sql::bounds::sizes;

/// Bytes of the texts or arrays of one batch: thousands for each of its rows.
const LIMIT: i64 = 64 << 20;

/// The same function, if it is one whose value is longer than its arguments.
pub(in crate::sql) fn bounded(function: Arc<ScalarUDF>) -> Arc<ScalarUDF> {
    let bytes = match function.name() {
        "lpad" | "rpad" => padded,
        "replace" => replaced,
        "make_array" | "array_concat" | "array_append" | "array_prepend" => joined,
        _ => return function,
    };
    Arc::new(ScalarUDF::from(Bounded { function, bytes }))
}

/// A function and about the bytes that it will make.
#[derive(Debug)]
struct Bounded {
    function: Arc<ScalarUDF>,
    bytes: fn(&ScalarFunctionArgs) -> Result<i64>,
}

impl PartialEq for Bounded {
    fn eq(&self, other: &Self) -> bool {
        self.function == other.function
    }
}

impl Eq for Bounded {}

impl Hash for Bounded {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.function.hash(state);
    }
}

impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        self.function.name()
    }

    fn signature(&self) -> &Signature {
        self.function.signature()
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        self.function.coerce_types(types)
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.function.return_type(types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        self.function.return_field_from_args(args)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        check((self.bytes)(&args)?, &args)?;
        self.function.invoke_with_args(args)
    }
}

/// Fails where `bytes`, of one row where all arguments are constants, are too many.
pub(super) fn check(bytes: i64, args: &ScalarFunctionArgs) -> Result<()> {
    let constant = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
    let rows = if constant { 1 } else { i64::try_from(args.number_rows).unwrap_or(i64::MAX) };
    if bytes > LIMIT {
        return resources_err!("{bytes} bytes in {rows} rows");
    }
    Ok(())
}

/// `lpad(text, length, fill)`.
fn padded(args: &ScalarFunctionArgs) -> Result<i64> {
    let args = ColumnarValue::values_to_arrays(&args.args)?;
    let Some(wanted) = args.get(1) else { return Ok(0) };
    let wanted = cast(wanted, &DataType::Int64)?;
    let wanted = wanted.as_primitive::<Int64Type>().iter().map(|length| length.unwrap_or(0).max(0));
    Ok(wanted.fold(0, i64::saturating_add))
}

/// `replace(text, from, to)`, where every text is nothing but `from`.
fn replaced(args: &ScalarFunctionArgs) -> Result<i64> {
    let args = ColumnarValue::values_to_arrays(&args.args)?;
    let mut bytes: i64 = 0;
    let (from, to) = (lengths(&args, 1)?, lengths(&args, 2)?);
    for ((text, from), to) in lengths(&args, 0)?.zip(from).zip(to) {
        bytes = bytes.saturating_add(text.max((text / from.max(1) + 1).saturating_mul(to)));
    }
    Ok(bytes)
}

/// Arrays of all that the arguments are; constants are written out for each row.
fn joined(args: &ScalarFunctionArgs) -> Result<i64> {
    let all_constant = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
    let rows = if all_constant { 1 } else { args.number_rows };
    let mut bytes: usize = 0;
    for arg in &args.args {
        bytes = bytes.saturating_add(match arg {
            ColumnarValue::Array(values) => sizes::of_array(values.as_ref()),
            ColumnarValue::Scalar(value) => sizes::of_array(value.to_array()?.as_ref()).saturating_mul(rows),
        });
    }
    Ok(i64::try_from(bytes).unwrap_or(i64::MAX))
}

/// The bytes of each text of the argument at a place; none are 0.
fn lengths(args: &[ArrayRef], place: usize) -> Result<impl Iterator<Item = i64> + use<>> {
    let lengths = match args.get(place) {
        Some(texts) if !texts.data_type().is_null() => cast(&length(texts)?, &DataType::Int64)?,
        _ => return Ok(Vec::new().into_iter()),
    };
    let lengths = lengths.as_primitive::<Int64Type>().iter().map(|length| length.unwrap_or(0));
    Ok(lengths.collect::<Vec<_>>().into_iter())
}
