//! Scalar functions that are spelled out in terms of others, while the query is planned and before
//! types are coerced. None of them is ever run.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{Result, internal_err};
use datafusion::functions::datetime::expr_fn::{date_part, now};
use datafusion::functions::unicode::expr_fn::{character_length, strpos};
use datafusion::functions_nested::expr_fn::{cardinality, string_to_array};
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::{
    ColumnarValue, Expr, Operator, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature,
    Volatility, binary_expr, cast, lit,
};

/// A function that stands for an expression.
#[derive(Debug)]
pub(in crate::sql) struct Spelled {
    name: &'static str,
    signature: Signature,
    returns: Returns,
    spell: fn(&'static str, Vec<Expr>) -> Expr,
}

/// What a function yields, as far as the planner needs to know before it is spelled out.
#[derive(Debug)]
enum Returns {
    Type(DataType),
    /// The type of the argument at this place.
    Argument(usize),
}

impl Spelled {
    /// The expression that the function stands for.
    pub(in crate::sql) fn spell(&self, args: Vec<Expr>) -> Expr {
        (self.spell)(self.name, args)
    }
}

one_of_a_name!(Spelled);

impl ScalarUDFImpl for Spelled {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        match &self.returns {
            Returns::Type(data_type) => Ok(data_type.clone()),
            Returns::Argument(place) => Ok(arg_types.get(*place).cloned().unwrap_or(DataType::Null)),
        }
    }

    fn invoke_with_args(&self, _args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        internal_err!("{} was not spelled out", self.name)
    }
}

const BIGINT: Returns = Returns::Type(DataType::Int64);
const BOOLEAN: Returns = Returns::Type(DataType::Boolean);
const DOUBLE: Returns = Returns::Type(DataType::Float64);
const TIMESTAMP: Returns = Returns::Type(timestamp(TimeUnit::Nanosecond));

const fn timestamp(unit: TimeUnit) -> DataType {
    DataType::Timestamp(unit, None)
}

/// The functions of this module.
pub(super) fn functions() -> Vec<ScalarUDF> {
    let any = |count| Signature::any(count, Volatility::Immutable);
    let two_or_three =
        Signature::one_of(vec![TypeSignature::Any(2), TypeSignature::Any(3)], Volatility::Immutable);
    let mut functions = vec![
        spelled("ago", Signature::any(1, Volatility::Stable), TIMESTAMP, |_, args| {
            binary(now(), Operator::Minus, args)
        }),
        spelled("if", two_or_three, Returns::Argument(1), |_, args| if_then_else(args)),
        spelled("cardinality", any(1), BIGINT, |_, args| to_bigint(cardinality(first(args)))),
        spelled("split", any(2), Returns::Type(DataType::new_list(DataType::Utf8, true)), |_, args| {
            with_two(args, |text, delimiter| string_to_array(text, delimiter, null()))
        }),
        spelled("mod", any(2), Returns::Argument(0), |_, args| fold(args, Operator::Modulo)),
        spelled("length", any(1), BIGINT, |_, args| to_bigint(character_length(first(args)))),
        spelled("strpos", any(2), BIGINT, |_, args| to_bigint(with_two(args, strpos))),
        spelled("regexp_like", any(2), BOOLEAN, |_, args| fold(args, Operator::RegexMatch)),
        spelled("to_milliseconds", any(1), BIGINT, |_, args| epoch(args, TimeUnit::Millisecond)),
        spelled("to_microseconds", any(1), BIGINT, |_, args| epoch(args, TimeUnit::Microsecond)),
        spelled("to_nanoseconds", any(1), BIGINT, |_, args| epoch(args, TimeUnit::Nanosecond)),
        spelled("from_milliseconds", any(1), TIMESTAMP, |_, args| from_epoch(args, TimeUnit::Millisecond)),
        spelled("from_microseconds", any(1), TIMESTAMP, |_, args| from_epoch(args, TimeUnit::Microsecond)),
        spelled("from_nanoseconds", any(1), TIMESTAMP, |_, args| from_epoch(args, TimeUnit::Nanosecond)),
        spelled("to_unixtime", any(1), DOUBLE, |_, args| {
            cast(epoch(args, TimeUnit::Nanosecond), DataType::Float64) / lit(1e9)
        }),
        spelled("from_unixtime", any(1), TIMESTAMP, |_, args| {
            from_epoch(vec![to_bigint(cast(first(args), DataType::Float64) * lit(1e9))], TimeUnit::Nanosecond)
        }),
        spelled("from_iso8601_timestamp", any(1), TIMESTAMP, |_, args| {
            cast(first(args), timestamp(TimeUnit::Nanosecond))
        }),
        spelled("date", any(1), Returns::Type(DataType::Date32), |_, args| {
            cast(first(args), DataType::Date32)
        }),
    ];
    functions.extend(PARTS.iter().map(|(name, _)| spelled(name, any(1), BIGINT, part)));
    functions
}

/// Parts of a time: the service's name and the engine's.
const PARTS: &[(&str, &str)] = &[
    ("year", "year"),
    ("quarter", "quarter"),
    ("month", "month"),
    ("week", "week"),
    ("week_of_year", "week"),
    ("day", "day"),
    ("day_of_month", "day"),
    ("day_of_week", "isodow"),
    ("dow", "isodow"),
    ("day_of_year", "doy"),
    ("doy", "doy"),
    ("hour", "hour"),
    ("minute", "minute"),
    ("second", "second"),
    ("year_of_week", "isoyear"),
    ("yow", "isoyear"),
];

fn spelled(
    name: &'static str,
    signature: Signature,
    returns: Returns,
    spell: fn(&'static str, Vec<Expr>) -> Expr,
) -> ScalarUDF {
    ScalarUDF::from(Spelled { name, signature, returns, spell })
}

fn part(name: &'static str, args: Vec<Expr>) -> Expr {
    part_of_time(name, first(args)).unwrap_or_else(null)
}

/// The part of `time` that the service calls `name`, if it is one.
pub(super) fn part_of_time(name: &str, time: Expr) -> Option<Expr> {
    let (_, engine) = PARTS.iter().find(|(part, _)| *part == name)?;
    Some(to_bigint(date_part(lit(*engine), time)))
}

/// The first argument; the signature has counted them.
fn first(args: Vec<Expr>) -> Expr {
    args.into_iter().next().unwrap_or_else(null)
}

fn null() -> Expr {
    lit(datafusion::common::ScalarValue::Null)
}

pub(super) fn with_two(args: Vec<Expr>, function: fn(Expr, Expr) -> Expr) -> Expr {
    let mut args = args.into_iter();
    function(args.next().unwrap_or_else(null), args.next().unwrap_or_else(null))
}

fn binary(left: Expr, operator: Operator, right: Vec<Expr>) -> Expr {
    binary_expr(left, operator, first(right))
}

fn fold(args: Vec<Expr>, operator: Operator) -> Expr {
    args.into_iter().reduce(|left, right| binary_expr(left, operator, right)).unwrap_or_else(null)
}

pub(super) fn to_bigint(value: Expr) -> Expr {
    cast(value, DataType::Int64)
}

fn epoch(args: Vec<Expr>, unit: TimeUnit) -> Expr {
    to_bigint(cast(first(args), timestamp(unit)))
}

fn from_epoch(args: Vec<Expr>, unit: TimeUnit) -> Expr {
    cast(cast(to_bigint(first(args)), timestamp(unit)), timestamp(TimeUnit::Nanosecond))
}

fn if_then_else(args: Vec<Expr>) -> Expr {
    let mut args = args.into_iter().map(Box::new);
    let when_then = args.next().zip(args.next()).into_iter().collect();
    Expr::Case(Case { expr: None, when_then_expr: when_then, else_expr: args.next() })
}
