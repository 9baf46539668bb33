//! Where the service's SQL means something else than the engine's: types of literals, casts, and
//! functions that are spelled out. Runs before the engine coerces types.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result, ScalarValue, plan_err};
use datafusion::functions::math::expr_fn::round;
use datafusion::logical_expr::expr::BinaryExpr;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    Cast, Expr, ExprSchemable, LogicalPlan, Operator, TryCast, Union, WindowFunctionDefinition, cast,
};
use datafusion::optimizer::AnalyzerRule;

use super::functions::{Spelled, SpelledAggregate, joined, to_varchar};

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
        plan => plan.recompute_schema(),
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
        Expr::BinaryExpr(binary) => constant(binary)?,
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
            None => Transformed::no(Expr::ScalarFunction(call)),
        },
        Expr::AggregateFunction(call) => match call.func.inner().downcast_ref::<SpelledAggregate>() {
            Some(spelled) => Transformed::yes(spelled.spell(call.params)),
            None => Transformed::no(Expr::AggregateFunction(call)),
        },
        Expr::WindowFunction(call) => match &call.fun {
            WindowFunctionDefinition::AggregateUDF(function)
                if function.inner().downcast_ref::<SpelledAggregate>().is_some() =>
            {
                return plan_err!("{} is not supported as a window function", function.name());
            }
            _ => Transformed::no(Expr::WindowFunction(call)),
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

/// Arithmetic of two whole literals, which must not wrap around.
fn constant(binary: BinaryExpr) -> Result<Transformed<Expr>> {
    let (Some((left, left_is_bigint)), Some((right, right_is_bigint))) =
        (whole_literal(&binary.left), whole_literal(&binary.right))
    else {
        return Ok(Transformed::no(Expr::BinaryExpr(binary)));
    };
    let value = match binary.op {
        Operator::Plus => left.checked_add(right),
        Operator::Minus => left.checked_sub(right),
        Operator::Multiply => left.checked_mul(right),
        _ => return Ok(Transformed::no(Expr::BinaryExpr(binary))),
    };
    let value = match value {
        Some(value) if left_is_bigint || right_is_bigint => Some(ScalarValue::from(value)),
        Some(value) => i32::try_from(value).ok().map(ScalarValue::from),
        None => None,
    };
    match value {
        Some(value) => Ok(Transformed::yes(Expr::Literal(value, None))),
        None => plan_err!("integer overflow: {left} {} {right}", binary.op),
    }
}

/// A whole literal, and whether it is a BIGINT.
fn whole_literal(expr: &Expr) -> Option<(i64, bool)> {
    match expr {
        Expr::Literal(ScalarValue::Int32(Some(value)), _) => Some((i64::from(*value), false)),
        Expr::Literal(ScalarValue::Int64(Some(value)), _) => Some((*value, true)),
        _ => None,
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
