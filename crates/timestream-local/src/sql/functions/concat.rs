//! Texts put together: `concat`, and `||`. The engine's own is of two texts at a time, so that many are a deep tree; and
//! each may double what it is given, without a bound.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringViewArray, StringViewBuilder};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::bounded;

/// `concat(text, ...)`.
pub(super) fn concat() -> ScalarUDF {
    ScalarUDF::from(Concat { signature: Signature::user_defined(Volatility::Immutable) })
}

/// `left || right`; a chain of them is one call.
pub(in crate::sql) fn joined(left: Expr, right: Expr) -> Expr {
    match left {
        Expr::ScalarFunction(ScalarFunction { func, mut args }) if func.inner().is::<Concat>() => {
            args.push(right);
            Expr::ScalarFunction(ScalarFunction { func, args })
        }
        left => concat().call(vec![left, right]),
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Concat {
    signature: Signature,
}

impl ScalarUDFImpl for Concat {
    fn name(&self) -> &'static str {
        "concat"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let is_text = |of: &DataType| of.is_string() || of.is_null();
        if !types.iter().any(is_text) || types.iter().any(DataType::is_nested) {
            return plan_err!("Failed to coerce arguments of 'concat'");
        }
        Ok(vec![DataType::Utf8View; types.len()])
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let is_constant = |arg: &ColumnarValue| matches!(arg, ColumnarValue::Scalar(_));
        let (one, rows) =
            if args.args.iter().all(is_constant) { (true, 1) } else { (false, args.number_rows) };
        let parts = args.args.iter().map(Part::of).collect::<Result<Vec<_>>>()?;
        bounded::check(parts.iter().map(|part| part.bytes(rows)).fold(0, i64::saturating_add), &args)?;
        let mut texts = StringViewBuilder::with_capacity(rows);
        let mut text = String::new();
        for row in 0..rows {
            text.clear();
            let all = parts.iter().all(|part| part.at(row).map(|part| text.push_str(part)).is_some());
            texts.append_option(all.then_some(&text));
        }
        let texts = texts.finish();
        if one {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&texts, 0)?));
        }
        Ok(ColumnarValue::Array(Arc::new(texts)))
    }
}

/// An argument.
enum Part {
    /// The same for all rows.
    Constant(Option<String>),
    Texts(ArrayRef),
}

impl Part {
    fn of(arg: &ColumnarValue) -> Result<Self> {
        match arg {
            ColumnarValue::Array(texts) => Ok(Self::Texts(Arc::clone(texts))),
            ColumnarValue::Scalar(text) => match text.try_as_str() {
                Some(text) => Ok(Self::Constant(text.map(ToOwned::to_owned))),
                None => plan_err!("Failed to coerce arguments of 'concat'"),
            },
        }
    }

    fn texts(texts: &ArrayRef) -> &StringViewArray {
        texts.as_string_view()
    }

    fn at(&self, row: usize) -> Option<&str> {
        match self {
            Self::Constant(text) => text.as_deref(),
            Self::Texts(texts) if texts.is_valid(row) => Some(Self::texts(texts).value(row)),
            Self::Texts(_) => None,
        }
    }

    /// Bytes of so many rows.
    fn bytes(&self, rows: usize) -> i64 {
        let bytes = match self {
            Self::Constant(text) => text.as_ref().map_or(0, String::len).saturating_mul(rows),
            Self::Texts(texts) => Self::texts(texts).lengths().map(|length| length as usize).sum(),
        };
        i64::try_from(bytes).unwrap_or(i64::MAX)
    }
}
