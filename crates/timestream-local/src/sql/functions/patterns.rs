//! Regular expressions, and LIKE: what a pattern may cost. The engine bounds neither how large it compiles a pattern, nor
//! how many it keeps, nor how long it looks for one; a text of a few megabytes takes days.
//!
//! A pattern is a literal here, compiled once, and what it is compiled to is small. Not here: where they stand
//! (`bounds::costs`).

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use datafusion::arrow::array::{AsArray, BooleanArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::utils::take_function_args;
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use regex::{Regex, RegexBuilder};

/// Bytes that a pattern may take once it is compiled, and again while it is looked for.
const COMPILED: usize = 256 << 10;

/// The sizes that are told apart: what a text costs is its length times that of the pattern, where it is worst.
const SIZES: [usize; 4] = [4 << 10, 16 << 10, 64 << 10, COMPILED];

/// What one text may cost: a tenth of a second or so.
const COST: usize = 1 << 28;

/// How long a batch of texts may take.
const TIME: Duration = Duration::from_secs(2);

/// Bytes and wildcards of a pattern of LIKE.
const LIKE_BYTES: usize = 4096;
const LIKE_WILDCARDS: usize = 100;

/// Whether `text` has what `pattern` says.
pub(in crate::sql) fn matching(text: Expr, pattern: &Expr, negated: bool, any_case: bool) -> Result<Expr> {
    let pattern = match pattern {
        Expr::Literal(value, _) if value.is_null() => {
            return Ok(Expr::Literal(ScalarValue::Boolean(None), None));
        }
        Expr::Literal(value, _) => value.try_as_str().flatten(),
        _ => None,
    };
    let Some(pattern) = pattern else {
        return plan_err!("The pattern of a regular expression must be a literal text");
    };
    let matches = ScalarUDF::from(Matches::compile(pattern, any_case)?).call(vec![text]);
    Ok(if negated { !matches } else { matches })
}

/// The function that looks for one regular expression.
#[derive(Debug)]
struct Matches {
    regex: Regex,
    any_case: bool,
    /// Bytes, of those in `SIZES`.
    size: usize,
    signature: Signature,
}

impl Matches {
    fn compile(pattern: &str, any_case: bool) -> Result<Self> {
        for size in SIZES {
            let mut builder = RegexBuilder::new(pattern);
            match builder.case_insensitive(any_case).size_limit(size).dfa_size_limit(COMPILED).build() {
                Ok(regex) => {
                    let signature = Signature::user_defined(Volatility::Immutable);
                    return Ok(Self { regex, any_case, size, signature });
                }
                Err(regex::Error::CompiledTooBig(_)) => {}
                Err(error) => {
                    // The last line says what is wrong; those before repeat the pattern.
                    let error = error.to_string();
                    let why = error.lines().next_back().unwrap_or_default().trim_start_matches("error: ");
                    return plan_err!("'{}' is not a regular expression: {why}", start(pattern));
                }
            }
        }
        plan_err!(
            "The regular expression '{}' is too large: write shorter repetitions or fewer alternatives",
            start(pattern)
        )
    }
}

impl PartialEq for Matches {
    fn eq(&self, other: &Self) -> bool {
        (self.regex.as_str(), self.any_case) == (other.regex.as_str(), other.any_case)
    }
}

impl Eq for Matches {}

impl Hash for Matches {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.regex.as_str(), self.any_case).hash(state);
    }
}

impl ScalarUDFImpl for Matches {
    fn name(&self) -> &'static str {
        "regexp_like"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        types.iter().map(|of| text_type(self.name(), of)).collect()
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let begun = Instant::now();
        by_text(args, |text| {
            if text.len().saturating_mul(self.size) > COST || begun.elapsed() > TIME {
                return exec_err!(
                    "The regular expression '{}' takes too long on texts of {} bytes: make it simpler, or the \
                     texts shorter",
                    start(self.regex.as_str()),
                    text.len()
                );
            }
            Ok(self.regex.is_match(text))
        })
    }
}

/// `pattern`, which fails where it is too large.
pub(in crate::sql) fn bounded_pattern(pattern: Expr) -> Result<Expr> {
    if let Expr::Literal(value, _) = &pattern {
        if let Some(Some(pattern)) = value.try_as_str() {
            check_like(pattern)?;
        }
        return Ok(pattern);
    }
    let signature = Signature::user_defined(Volatility::Immutable);
    Ok(ScalarUDF::from(BoundedPattern { signature }).call(vec![pattern]))
}

/// Fails where a pattern of LIKE is too large.
pub(in crate::sql) fn check_like(pattern: &str) -> Result<()> {
    let wildcards = pattern.bytes().filter(|byte| matches!(byte, b'%' | b'_')).count();
    if pattern.len() > LIKE_BYTES || wildcards > LIKE_WILDCARDS {
        return plan_err!(
            "The pattern '{}' of LIKE has more than {LIKE_BYTES} bytes or {LIKE_WILDCARDS} wildcards",
            start(pattern)
        );
    }
    Ok(())
}

/// The function that fails where a pattern of LIKE is too large.
#[derive(Debug, PartialEq, Eq, Hash)]
struct BoundedPattern {
    signature: Signature,
}

impl ScalarUDFImpl for BoundedPattern {
    fn name(&self) -> &'static str {
        "like"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        types.iter().map(|of| text_type(self.name(), of)).collect()
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let pattern = args.args.first().cloned();
        by_text(args, |pattern| check_like(pattern).map(|()| true))?;
        Ok(pattern.unwrap_or(ColumnarValue::Scalar(ScalarValue::Utf8View(None))))
    }
}

/// What an argument of a type is made.
fn text_type(function: &str, of: &DataType) -> Result<DataType> {
    match of {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => Ok(DataType::Utf8View),
        DataType::Dictionary(_, values) => text_type(function, values),
        _ => plan_err!("Failed to coerce arguments of '{function}'"),
    }
}

/// What `test` says of each text of the only argument; nulls are null.
fn by_text(args: ScalarFunctionArgs, test: impl Fn(&str) -> Result<bool>) -> Result<ColumnarValue> {
    let [texts] = take_function_args("texts", args.args)?;
    match texts {
        ColumnarValue::Scalar(text) => {
            let test = text.try_as_str().flatten().map(test).transpose()?;
            Ok(ColumnarValue::Scalar(ScalarValue::Boolean(test)))
        }
        ColumnarValue::Array(texts) => {
            let texts = texts.as_string_view().iter();
            let tests: BooleanArray = texts.map(|text| text.map(&test).transpose()).collect::<Result<_>>()?;
            Ok(ColumnarValue::Array(Arc::new(tests)))
        }
    }
}

/// The start of a pattern, for messages.
fn start(pattern: &str) -> String {
    const SHOWN: usize = 40;
    match pattern.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &pattern[..end]),
        None => pattern.to_owned(),
    }
}
