//! CAST(... AS VARCHAR): values as answers print them.

use std::sync::Arc;

use datafusion::arrow::array::{Array, StringViewArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::common::utils::take_function_args;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::sql::print;

/// `value` as text.
pub(in crate::sql) fn to_varchar(value: Expr) -> Expr {
    let function = ScalarUDF::from(ToVarchar { signature: Signature::any(1, Volatility::Immutable) });
    function.call(vec![value])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ToVarchar {
    signature: Signature,
}

impl ScalarUDFImpl for ToVarchar {
    fn name(&self) -> &str {
        "to_varchar"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [values] = take_function_args("to_varchar", args.args)?;
        let is_scalar = matches!(values, ColumnarValue::Scalar(_));
        let values = print::normalize(&values.into_array(if is_scalar { 1 } else { args.number_rows })?)?;
        let text = |row| (!values.is_null(row)).then(|| print::text(&values, row));
        let texts: StringViewArray = (0..values.len()).map(text).collect();
        if is_scalar {
            return Ok(ColumnarValue::Scalar(datafusion::common::ScalarValue::try_from_array(&texts, 0)?));
        }
        Ok(ColumnarValue::Array(Arc::new(texts)))
    }
}
