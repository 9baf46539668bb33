//! `greatest` and `least`: the engine's own pass over nulls; the service's do not.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{Array, BooleanArray};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::nullif;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue};
use datafusion::functions::core::{greatest, least};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature};

/// The functions of this module.
pub(super) fn functions() -> Vec<ScalarUDF> {
    [greatest(), least()].map(|function| ScalarUDF::from(NullIfAnyNull(function))).into()
}

/// A function whose value is null where any argument is.
#[derive(Debug)]
struct NullIfAnyNull(Arc<ScalarUDF>);

impl PartialEq for NullIfAnyNull {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for NullIfAnyNull {}

impl Hash for NullIfAnyNull {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl ScalarUDFImpl for NullIfAnyNull {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn signature(&self) -> &Signature {
        self.0.signature()
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        self.0.coerce_types(types)
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.0.return_type(types)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let data_type = args.return_field.data_type().clone();
        let is_null = |arg: &ColumnarValue| matches!(arg, ColumnarValue::Scalar(value) if value.is_null());
        if data_type.is_null() || args.args.iter().any(is_null) {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from(&data_type)?));
        }
        // What is not null in all of the arguments.
        let nulls = args.args.iter().fold(None, |nulls, arg| match arg {
            ColumnarValue::Array(values) => {
                NullBuffer::union(nulls.as_ref(), values.logical_nulls().as_ref())
            }
            ColumnarValue::Scalar(_) => nulls,
        });
        let value = self.0.invoke_with_args(args)?;
        match (value, nulls) {
            (ColumnarValue::Array(values), Some(nulls)) => {
                let any_null = BooleanArray::new(!nulls.inner(), None);
                Ok(ColumnarValue::Array(nullif(&values, &any_null)?))
            }
            (value, _) => Ok(value),
        }
    }
}
