//! Where the service's SQL means something else than the engine's: types of literals, casts, and
//! functions that are spelled out. Runs before the engine coerces types.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result, ScalarValue, plan_err};
use datafusion::functions::math::expr_fn::round;
use datafusion::logical_expr::expr::BinaryExpr;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    Cast, Expr, ExprSchemable, Like, LogicalPlan, Operator, TryCast, Union, WindowFunctionDefinition,
    binary_expr, cast, lit,
};
use datafusion::optimizer::AnalyzerRule;

use super::functions::{Spelled, SpelledAggregate, joined, to_varchar};
use super::whole;

/// Gives expressions the service's meaning.
#[derive(Debug)]
pub(super) struct Semantics;

impl AnalyzerRule for Semantics {
    fn name(&self) -> &'static str {
        "timestream_semantics"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        Ok(plan.transform_up_with_subqueries(rewrite_plan)?.data)
    }
}

fn rewrite_plan(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    // LIMIT counts rows and VALUES has a schema of its own.
    if matches!(plan, LogicalPlan::Limit(_) | LogicalPlan::Values(_)) {
        return Ok(Transformed::no(plan));
    }
    let schema = match plan.inputs().as_slice() {
        [] => plan.schema().as_ref().clone(),
        inputs => merge_schema(inputs),
    };
    let names = NamePreserver::new(&plan);
    let rewritten = plan.map_expressions(|expr| {
        let name = names.save(&expr);
        let expr = expr.transform_up(|expr| rewrite(expr, &schema))?;
        Ok(expr.update_data(|expr| name.restore(expr)))
    })?;
    rewritten.map_data(|plan| match plan {
        // Its types follow its inputs', which recomputing leaves as they were.
        LogicalPlan::Union(union) => Ok(LogicalPlan::Union(Union::try_new_with_loose_types(union.inputs)?)),
        plan => whole::totals(plan.recompute_schema()?),
    })
}

fn rewrite(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    Ok(match expr {
        Expr::Literal(value, metadata) => match literal(&value) {
            Some(value) => Transformed::yes(Expr::Literal(value, metadata)),
            None => Transformed::no(Expr::Literal(value, metadata)),
        },
        // The engine counts without a sign; BIGINT has one.
        Expr::Column(_) if expr.get_type(schema).is_ok_and(|data_type| data_type == DataType::UInt64) => {
            Transformed::yes(cast(expr, DataType::Int64))
        }
        Expr::BinaryExpr(binary) if binary.op == Operator::StringConcat => {
            Transformed::yes(joined(*binary.left, *binary.right))
        }
        Expr::BinaryExpr(binary) => Transformed::yes(operation(binary, schema)?),
        Expr::Negative(number) => Transformed::yes(whole::negated(*number, schema)),
        Expr::Like(like) => Transformed::yes(Expr::Like(like_of_the_service(like)?)),
        Expr::Cast(Cast { expr, field }) => {
            let (expr, to) = (*expr, field.data_type().clone());
            let inner = cast_input(expr, &to, schema)?;
            inner.update_data(|expr| Expr::Cast(Cast { expr: Box::new(expr), field }))
        }
        Expr::TryCast(TryCast { expr, field }) => {
            let (expr, to) = (*expr, field.data_type().clone());
            let inner = cast_input(expr, &to, schema)?;
            inner.update_data(|expr| Expr::TryCast(TryCast { expr: Box::new(expr), field }))
        }
        Expr::ScalarFunction(call) => match call.func.inner().downcast_ref::<Spelled>() {
            Some(spelled) => Transformed::yes(spelled.spell(call.args)),
            None => Transformed::yes(whole::kept(call, schema)?),
        },
        Expr::AggregateFunction(mut call) => match call.func.inner().downcast_ref::<SpelledAggregate>() {
            Some(_) if call.params.distinct => {
                return plan_err!("DISTINCT is not supported in {}", call.func.name());
            }
            Some(spelled) => Transformed::yes(spelled.spell(call.params)),
            None => {
                call.params.args = aggregated(call.func.name(), call.params.args, schema);
                Transformed::yes(Expr::AggregateFunction(call))
            }
        },
        Expr::WindowFunction(call) => match &call.fun {
            WindowFunctionDefinition::AggregateUDF(function)
                if function.inner().downcast_ref::<SpelledAggregate>().is_some() =>
            {
                return plan_err!("{} is not supported as a window function", function.name());
            }
            function => {
                let mut call = call.clone();
                call.params.args = aggregated(function.name(), call.params.args, schema);
                Transformed::yes(Expr::WindowFunction(call))
            }
        },
        other => Transformed::no(other),
    })
}

/// Whole numbers are INTEGER where they fit; months and years are an interval type of their own.
fn literal(value: &ScalarValue) -> Option<ScalarValue> {
    match value {
        ScalarValue::Int64(Some(number)) => {
            i32::try_from(*number).ok().map(|number| ScalarValue::Int32(Some(number)))
        }
        ScalarValue::IntervalMonthDayNano(Some(interval))
            if interval.months != 0 && interval.days == 0 && interval.nanoseconds == 0 =>
        {
            Some(ScalarValue::IntervalYearMonth(Some(interval.months)))
        }
        _ => None,
    }
}

/// An operation between two values, where the service's differs.
fn operation(binary: BinaryExpr, schema: &DFSchema) -> Result<Expr> {
    let types = (binary.left.get_type(schema), binary.right.get_type(schema));
    match types {
        // Days, as an interval.
        (Ok(DataType::Date32), Ok(DataType::Date32)) if binary.op == Operator::Minus => {
            let midnight = |date: Box<Expr>| cast(*date, DataType::Timestamp(TimeUnit::Nanosecond, None));
            Ok(binary_expr(midnight(binary.left), Operator::Minus, midnight(binary.right)))
        }
        (Ok(DataType::Interval(left)), Ok(DataType::Interval(right))) if left != right => {
            plan_err!("Months and days cannot be added or compared: add each to a time")
        }
        _ => whole::checked(binary, schema),
    }
}

/// A LIKE in which the backslash is a character like others, unless it is the one to ESCAPE with.
fn like_of_the_service(mut like: Like) -> Result<Like> {
    let Expr::Literal(pattern, _) = like.pattern.as_ref() else { return Ok(like) };
    let Some(Some(pattern)) = pattern.try_as_str() else { return Ok(like) };
    let mut spelled = String::with_capacity(pattern.len());
    let mut rest = pattern.chars();
    while let Some(character) = rest.next() {
        let escaped = if like.escape_char == Some(character) {
            match rest.next() {
                Some(next) if ['%', '_', character].contains(&next) => Some(next),
                _ => {
                    return plan_err!(
                        "Escape character must be followed by '%', '_' or the escape character itself"
                    );
                }
            }
        } else {
            Some(character).filter(|character| *character == '\\')
        };
        spelled.extend(escaped.map(|_| '\\'));
        spelled.push(escaped.unwrap_or(character));
    }
    like.escape_char = None;
    *like.pattern = lit(spelled);
    Ok(like)
}

/// The arguments of an aggregate of the engine, called `name` there.
fn aggregated(name: &str, args: Vec<Expr>, schema: &DFSchema) -> Vec<Expr> {
    match name {
        "sum" => whole::summands(args, schema),
        // It counts with BIGINT alone.
        "nth_value" => {
            let bigint = |arg| match arg {
                Expr::Literal(ScalarValue::Int32(Some(place)), _) => lit(i64::from(place)),
                other => other,
            };
            let mut args = args.into_iter();
            args.next().into_iter().chain(args.map(bigint)).collect()
        }
        _ => args,
    }
}

/// What a cast starts from: doubles are rounded to whole numbers, and values print as in answers.
fn cast_input(expr: Expr, to: &DataType, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let from = expr.get_type(schema)?;
    let is_text =
        |data_type: &DataType| matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    Ok(if from.is_floating() && to.is_integer() {
        Transformed::yes(round(vec![expr]))
    } else if is_text(to) && !is_text(&from) && !from.is_null() && !from.is_nested() {
        Transformed::yes(to_varchar(expr))
    } else {
        Transformed::no(expr)
    })
}
