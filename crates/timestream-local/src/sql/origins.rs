//! Which column of which table each column of an answer is. Not here: what the answer's columns are called (`names`).

use datafusion::common::{Column, TableReference};
use datafusion::logical_expr::{Distinct, Expr, JoinType, LogicalPlan};

use super::TableName;
use super::names;
use super::scope::Scope;

/// What is known of where a column of an answer comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The database and the table that have the column; none where it is computed.
    pub(crate) table: Option<TableName>,
    /// Whether the text gives it a name.
    pub(crate) aliased: bool,
}

/// The origins of the columns of `plan`.
pub(super) fn of(plan: &LogicalPlan, scope: &Scope<'_>) -> Vec<Origin> {
    let origin = |position| Origin {
        table: table(plan, position).and_then(|name| scope.table_name(name)),
        aliased: selected(plan, position).is_some_and(is_aliased),
    };
    (0..plan.schema().fields().len()).map(origin).collect()
}

/// The expression that SELECT has at `position`.
fn selected(plan: &LogicalPlan, position: usize) -> Option<&Expr> {
    match plan {
        LogicalPlan::Projection(projection) => projection.expr.get(position),
        _ => selected(same_columns(plan)?, position),
    }
}

fn is_aliased(expr: &Expr) -> bool {
    let Expr::Alias(alias) = expr else { return false };
    match (names::visible(&alias.name), alias.expr.as_ref()) {
        ("", _) => false,
        // Selected twice, and told apart by an alias of ours.
        (name, Expr::Column(column)) if name != alias.name => name != column.name,
        _ => true,
    }
}

/// The table whose column stands at `position` of the plan's, as the planner spells it.
fn table(plan: &LogicalPlan, position: usize) -> Option<&TableReference> {
    match plan {
        LogicalPlan::TableScan(scan) => Some(&scan.table_name),
        // Names of tables have their database with them, aliases have not.
        LogicalPlan::SubqueryAlias(alias) if alias.alias.schema().is_some() => Some(&alias.alias),
        LogicalPlan::SubqueryAlias(alias) => table(&alias.input, position),
        LogicalPlan::Projection(projection) => {
            let column = plain(projection.expr.get(position)?)?;
            table(&projection.input, projection.input.schema().maybe_index_of_column(column)?)
        }
        LogicalPlan::Aggregate(aggregate) => {
            let column = plain(aggregate.group_expr.get(position)?)?;
            table(&aggregate.input, aggregate.input.schema().maybe_index_of_column(column)?)
        }
        LogicalPlan::Window(window) => {
            (position < window.input.schema().fields().len()).then(|| table(&window.input, position))?
        }
        LogicalPlan::Join(join) => {
            let left = join.left.schema().fields().len();
            match join.join_type {
                JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => {
                    table(&join.right, position)
                }
                _ if position < left => table(&join.left, position),
                _ => table(&join.right, position - left),
            }
        }
        _ => table(same_columns(plan)?, position),
    }
}

/// The input of a step that passes its columns on.
fn same_columns(plan: &LogicalPlan) -> Option<&LogicalPlan> {
    match plan {
        LogicalPlan::Filter(filter) => Some(&filter.input),
        LogicalPlan::Sort(sort) => Some(&sort.input),
        LogicalPlan::Limit(limit) => Some(&limit.input),
        LogicalPlan::Distinct(Distinct::All(input)) => Some(input),
        _ => None,
    }
}

/// The column that an expression is, whatever it is called.
fn plain(expr: &Expr) -> Option<&Column> {
    match expr {
        Expr::Column(column) => Some(column),
        Expr::Alias(alias) => plain(&alias.expr),
        _ => None,
    }
}
