//! Functions of a double that are defined for a part of them: elsewhere they give NaN or an infinity, where the
//! engine's own fail.

use std::sync::Arc;

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::{DataType, Float64Type};
use datafusion::common::utils::take_function_args;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// The functions of this module.
pub(super) fn functions() -> Vec<ScalarUDF> {
    let double = |name, compute| {
        let signature = Signature::exact(vec![DataType::Float64], Volatility::Immutable);
        ScalarUDF::from(Double { name, signature, compute })
    };
    vec![
        double("acos", f64::acos),
        double("asin", f64::asin),
        double("ln", f64::ln),
        double("log10", f64::log10),
        double("log2", f64::log2),
        double("sqrt", f64::sqrt),
    ]
}

#[derive(Debug)]
struct Double {
    name: &'static str,
    signature: Signature,
    compute: fn(f64) -> f64,
}

one_of_a_name!(Double);

impl ScalarUDFImpl for Double {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [numbers] = take_function_args(self.name, args.args)?;
        match numbers {
            ColumnarValue::Scalar(ScalarValue::Float64(number)) => {
                Ok(ColumnarValue::Scalar(ScalarValue::Float64(number.map(self.compute))))
            }
            other => {
                let numbers = other.into_array(args.number_rows)?;
                let computed = numbers.as_primitive::<Float64Type>().unary::<_, Float64Type>(self.compute);
                Ok(ColumnarValue::Array(Arc::new(computed)))
            }
        }
    }
}
