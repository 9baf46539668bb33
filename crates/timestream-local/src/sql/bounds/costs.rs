//! What a call may cost, where its arguments decide that: regular expressions, arrays that are put together, and how
//! finely percentiles are told. Runs once calls have their meaning (`semantics`), and before the engine coerces types.

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::expr::{AggregateFunction, ScalarFunction};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{BinaryExpr, Expr, Like, LogicalPlan, Operator, WindowFunctionDefinition};
use datafusion::optimizer::AnalyzerRule;

use crate::sql::functions::{bounded, bounded_pattern, matching};

/// How finely a percentile may be told: bytes for each of its groups are some forty times that.
const CENTROIDS: i64 = 10_000;

/// How many rows away a window function may look: all between are kept.
const ROWS: u64 = 100_000;

/// Puts bounds into calls, and refuses those that have no bound.
#[derive(Debug)]
pub(in crate::sql) struct Costs;

impl AnalyzerRule for Costs {
    fn name(&self) -> &'static str {
        "timestream_costs"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        let rewritten = plan.transform_up_with_subqueries(|plan| {
            let names = NamePreserver::new(&plan);
            plan.map_expressions(|expr| {
                let name = names.save(&expr);
                Ok(expr.transform_up(rewrite)?.update_data(|expr| name.restore(expr)))
            })
        })?;
        Ok(rewritten.data)
    }
}

fn rewrite(expr: Expr) -> Result<Transformed<Expr>> {
    Ok(match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match regex_operator(op) {
            Some((negated, any_case)) => Transformed::yes(matching(*left, &right, negated, any_case)?),
            None => Transformed::no(Expr::BinaryExpr(BinaryExpr { left, op, right })),
        },
        Expr::SimilarTo(Like { negated, expr, pattern, case_insensitive, .. }) => {
            Transformed::yes(matching(*expr, &pattern, negated, case_insensitive)?)
        }
        Expr::Like(Like { negated, expr, pattern, escape_char, case_insensitive }) => {
            let pattern = Box::new(bounded_pattern(*pattern)?);
            Transformed::yes(Expr::Like(Like { negated, expr, pattern, escape_char, case_insensitive }))
        }
        Expr::ScalarFunction(ScalarFunction { func, args }) if makes_arrays(func.name()) => {
            Transformed::yes(Expr::ScalarFunction(ScalarFunction { func: bounded(func), args }))
        }
        Expr::AggregateFunction(AggregateFunction { func, params }) => {
            check_centroids(func.name(), &params.args)?;
            Transformed::no(Expr::AggregateFunction(AggregateFunction { func, params }))
        }
        Expr::WindowFunction(call) => {
            match &call.fun {
                WindowFunctionDefinition::AggregateUDF(function) => {
                    check_centroids(function.name(), &call.params.args)?;
                    check_rows(function.name(), &call.params.args)?;
                }
                WindowFunctionDefinition::WindowUDF(function) => {
                    check_rows(function.name(), &call.params.args)?;
                }
            }
            Transformed::no(Expr::WindowFunction(call))
        }
        other => Transformed::no(other),
    })
}

/// Whether it is negated, and whether it knows no case.
fn regex_operator(operator: Operator) -> Option<(bool, bool)> {
    match operator {
        Operator::RegexMatch => Some((false, false)),
        Operator::RegexIMatch => Some((false, true)),
        Operator::RegexNotMatch => Some((true, false)),
        Operator::RegexNotIMatch => Some((true, true)),
        _ => None,
    }
}

/// Whether its value is as long as all of its arguments.
fn makes_arrays(function: &str) -> bool {
    matches!(function, "make_array" | "array_concat" | "array_append" | "array_prepend")
}

/// `approx_percentile(x, p, centroids)` sets their memory aside before the first row.
fn check_centroids(function: &str, args: &[Expr]) -> Result<()> {
    let centroids = match args.get(2) {
        Some(centroids) if function == "approx_percentile_cont" => centroids,
        _ => return Ok(()),
    };
    match whole(centroids) {
        Some(count) if (1..=CENTROIDS).contains(&count) => Ok(()),
        _ => plan_err!(
            "The third argument of approx_percentile must be a whole number from 1 to {CENTROIDS}, not {centroids}"
        ),
    }
}

/// `lag(x, rows)` and its like.
fn check_rows(function: &str, args: &[Expr]) -> Result<()> {
    let rows = match args.get(1) {
        Some(rows) if matches!(function, "lag" | "lead" | "nth_value") => rows,
        _ => return Ok(()),
    };
    match whole(rows) {
        Some(count) if count.unsigned_abs() > ROWS => {
            plan_err!("The second argument of {function} must be at most {ROWS}, not {rows}")
        }
        _ => Ok(()),
    }
}

/// The whole number that a literal is.
fn whole(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Negative(inner) => whole(inner)?.checked_neg(),
        Expr::Literal(ScalarValue::Int32(Some(number)), _) => Some(i64::from(*number)),
        Expr::Literal(ScalarValue::Int64(Some(number)), _) => Some(*number),
        Expr::Literal(ScalarValue::UInt64(Some(number)), _) => i64::try_from(*number).ok(),
        _ => None,
    }
}
