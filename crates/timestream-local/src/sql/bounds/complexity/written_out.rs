//! How large the expressions of a plan become once the optimiser has put into each what its columns stand for. It does so
//! to read fewer rows, and it copies some operands besides; where copies hold copies, a short text fills any memory.
//!
//! Told before it begins, since it cannot be stopped.

use std::collections::HashMap;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, Result, ScalarValue, plan_err};
use datafusion::logical_expr::expr::{Between, Exists, InList, InSubquery, SetComparison};
use datafusion::logical_expr::{BinaryExpr, Case, Expr, LogicalPlan, Operator, Subquery};
use datafusion::optimizer::AnalyzerRule;

/// Parts of all expressions of a plan, literals left out. So many take a second or two.
const LIMIT: usize = 50_000;

/// Refuses plans whose expressions become too large.
#[derive(Debug)]
pub(in crate::sql) struct WrittenOut;

impl AnalyzerRule for WrittenOut {
    fn name(&self) -> &'static str {
        "timestream_written_out"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        Measure::default().plan(&plan)?;
        Ok(plan)
    }
}

/// Columns that stand for more than themselves, with the parts of what they stand for.
type Sizes = HashMap<Column, usize>;

/// What has been measured so far.
#[derive(Default)]
struct Measure {
    total: usize,
    /// The columns of the queries around, for subqueries.
    around: Vec<Sizes>,
}

impl Measure {
    /// Measures all expressions in `plan`, and tells what its columns stand for.
    fn plan(&mut self, plan: &LogicalPlan) -> Result<Sizes> {
        let inputs = plan.inputs();
        let measured = inputs.iter().map(|input| self.plan(input)).collect::<Result<Vec<_>>>()?;
        let from = match measured.as_slice() {
            [one] => one.clone(),
            several => several.iter().flatten().map(|(column, size)| (column.clone(), *size)).collect(),
        };
        self.around.push(from);
        let mut sizes = Vec::new();
        plan.apply_expressions(|expr| {
            let size = self.expr(expr)?;
            sizes.push(size);
            let is_column = matches!(unaliased(expr), Expr::Column(_));
            self.add(if is_column { 0 } else { size })
        })?;
        let from = self.around.pop().unwrap_or_default();
        let columns = || plan.schema().iter().map(Column::from);
        Ok(match plan {
            LogicalPlan::Projection(_) => larger(columns().zip(sizes)),
            LogicalPlan::Aggregate(aggregate) if !is_grouping_sets(&aggregate.group_expr) => {
                larger(columns().zip(sizes).take(aggregate.group_expr.len()))
            }
            // Its columns are those of its inputs by their places, under other names.
            LogicalPlan::SubqueryAlias(_) | LogicalPlan::Union(_) => {
                let of_input = |(input, sizes): (&&LogicalPlan, &Sizes)| {
                    let names = input.schema().iter().map(Column::from);
                    names.map(|name| sizes.get(&name).copied().unwrap_or(1)).collect::<Vec<_>>()
                };
                let by_place: Vec<_> = inputs.iter().zip(&measured).map(of_input).collect();
                let largest = |place: usize| by_place.iter().filter_map(|input| input.get(place)).max();
                let sizes =
                    (0..plan.schema().fields().len()).map(|place| largest(place).copied().unwrap_or(1));
                larger(columns().zip(sizes))
            }
            _ => from,
        })
    }

    fn expr(&mut self, expr: &Expr) -> Result<usize> {
        let size = match expr {
            Expr::Literal(..) => 0,
            Expr::Column(column) => {
                self.around.last().and_then(|sizes| sizes.get(column)).copied().unwrap_or(1)
            }
            Expr::OuterReferenceColumn(_, column) => {
                self.around.iter().rev().find_map(|sizes| sizes.get(column)).copied().unwrap_or(1)
            }
            Expr::Alias(alias) => self.expr(&alias.expr)?,
            Expr::ScalarSubquery(subquery)
            | Expr::Exists(Exists { subquery, .. })
            | Expr::InSubquery(InSubquery { subquery, .. })
            | Expr::SetComparison(SetComparison { subquery, .. }) => {
                self.subquery(subquery)?;
                self.children(expr, &|_| 1)?
            }
            // x >= low AND x <= high
            Expr::Between(Between { expr: value, .. }) => {
                self.children(expr, &|child| if std::ptr::eq(child, value.as_ref()) { 2 } else { 1 })?
            }
            // Up to three comparisons, each of which may be two.
            Expr::InList(InList { expr: value, list, .. }) if list.len() <= 3 => {
                self.children(expr, &|child| {
                    if std::ptr::eq(child, value.as_ref()) { 2 * list.len() } else { 1 }
                })?
            }
            // x >= first AND x < last, of what the function makes the value
            Expr::BinaryExpr(BinaryExpr { op, .. }) if is_equality(*op) => {
                self.children(expr, &|child| if matches!(child, Expr::ScalarFunction(_)) { 2 } else { 1 })?
            }
            Expr::Case(case) => self.case(expr, case)?,
            // CASE WHEN x IS NOT NULL THEN x WHEN y IS NOT NULL THEN y ELSE z END
            Expr::ScalarFunction(call) if call.name() == "coalesce" => {
                let last = call.args.last();
                self.children(expr, &|child| {
                    if last.is_some_and(|last| std::ptr::eq(child, last)) { 1 } else { 2 }
                })?
            }
            _ => self.children(expr, &|_| 1)?,
        };
        if size > LIMIT {
            return too_complex();
        }
        Ok(size)
    }

    /// `(c1 AND x) OR (NOT c1 AND c2 AND y) OR ...`, where there are few, or all but few are false.
    fn case(&mut self, expr: &Expr, case: &Case) -> Result<usize> {
        let is_boolean = |(_, then): &(_, Box<Expr>)| {
            matches!(then.as_ref(), Expr::Literal(ScalarValue::Boolean(Some(_)), _))
        };
        let count = case.when_then_expr.len();
        let times = if case.expr.is_some() {
            1
        } else if count < 3 {
            4
        } else if case.when_then_expr.iter().all(is_boolean) {
            2 * count
        } else {
            1
        };
        let whens = case.when_then_expr.iter().map(|(when, _)| when.as_ref());
        let times = |child: &Expr| {
            let is_when = times > 1 && whens.clone().any(|when| std::ptr::eq(when, child));
            if is_when { times } else { 1 }
        };
        self.children(expr, &times)
    }

    /// The parts of an expression whose operands count as often as told.
    fn children(&mut self, expr: &Expr, times: &dyn Fn(&Expr) -> usize) -> Result<usize> {
        let mut size: usize = 1;
        expr.apply_children(|child| {
            size = size.saturating_add(self.expr(child)?.saturating_mul(times(child)));
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(size)
    }

    fn subquery(&mut self, subquery: &Subquery) -> Result<()> {
        self.plan(&subquery.subquery).map(drop)
    }

    fn add(&mut self, size: usize) -> Result<TreeNodeRecursion> {
        self.total = self.total.saturating_add(size);
        if self.total > LIMIT { too_complex() } else { Ok(TreeNodeRecursion::Continue) }
    }
}

fn too_complex<T>() -> Result<T> {
    plan_err!(
        "statement is too complex: its expressions, with what their columns stand for, have more than {LIMIT} \
         parts; use each column of a subquery fewer times"
    )
}

/// The columns that stand for more than themselves.
fn larger(sizes: impl Iterator<Item = (Column, usize)>) -> Sizes {
    sizes.filter(|(_, size)| *size > 1).collect()
}

fn unaliased(expr: &Expr) -> &Expr {
    match expr {
        Expr::Alias(alias) => unaliased(&alias.expr),
        other => other,
    }
}

fn is_grouping_sets(group: &[Expr]) -> bool {
    group.iter().any(|expr| matches!(expr, Expr::GroupingSet(_)))
}

fn is_equality(operator: Operator) -> bool {
    matches!(
        operator,
        Operator::Eq | Operator::NotEq | Operator::IsDistinctFrom | Operator::IsNotDistinctFrom
    )
}
