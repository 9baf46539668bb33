//! How much a syntax tree asks of the planner: tables, queries on top of one another, and lists. In the tree they stand
//! side by side; in a plan each is stacked on those before, or multiplied by them.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArguments, GroupByExpr, ObjectName, OrderByKind, Query, Select, SetExpr, Spanned,
    TableFactor, Visit, Visitor,
};
use datafusion::sql::sqlparser::tokenizer::Span;

use crate::sql::error::SqlError;

/// Tables and subqueries that a query reads when those of its WITH are written out.
const TABLES: usize = 500;

/// Queries that read from one another.
const DEPTH: usize = 100;

/// Expressions of a SELECT, of a row of VALUES, of GROUP BY, of ORDER BY, or of a call.
const ITEMS: usize = 1000;

/// Sets of columns that rows are grouped by at once.
const GROUPING_SETS: usize = 4096;

/// Fails where `query` asks for too much.
pub(in crate::sql) fn check_tree(query: &Query) -> Result<(), SqlError> {
    match query.visit(&mut Bounds::default()) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

/// The queries around the place where the visit is.
#[derive(Default)]
struct Bounds {
    levels: Vec<Level>,
}

/// A query, and what is known of it so far.
#[derive(Default)]
struct Level {
    reads: Reads,
    /// The tables that its WITH names, with what each reads.
    named: Vec<(String, Reads)>,
    /// The names of those that are still to come.
    to_come: VecDeque<String>,
}

/// What a query reads.
#[derive(Clone, Copy, Default)]
struct Reads {
    /// Tables and subqueries.
    tables: usize,
    /// Queries that read from one another, to the last of them.
    depth: usize,
}

impl Level {
    /// Takes in a table or a query that it reads, at a place.
    fn read(&mut self, other: Reads, span: Span) -> ControlFlow<SqlError> {
        let tables = self.reads.tables.saturating_add(other.tables).saturating_add(1);
        self.reads = Reads { tables, depth: self.reads.depth.max(other.depth + 1) };
        if self.reads.tables > TABLES {
            return too_complex(span, format!("it reads more than {TABLES} tables and subqueries"));
        }
        if self.reads.depth > DEPTH {
            return too_complex(span, format!("more than {DEPTH} queries read from one another"));
        }
        ControlFlow::Continue(())
    }
}

impl Visitor for Bounds {
    type Break = SqlError;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<SqlError> {
        let named = query.with.iter().flat_map(|with| &with.cte_tables);
        let to_come = named.map(|table| table.alias.name.value.to_lowercase()).collect();
        self.levels.push(Level { to_come, ..Level::default() });
        if let Some(OrderByKind::Expressions(items)) = query.order_by.as_ref().map(|order| &order.kind) {
            list("ORDER BY", items)?;
        }
        if let SetExpr::Values(values) = query.body.as_ref() {
            for row in &values.rows {
                list("a row of VALUES", row)?;
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<SqlError> {
        list("SELECT", &select.projection)?;
        match &select.group_by {
            GroupByExpr::Expressions(items, _) => {
                list("GROUP BY", items)?;
                grouping_sets(items)
            }
            GroupByExpr::All(_) => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<SqlError> {
        match expr {
            Expr::Function(call) => match &call.args {
                FunctionArguments::List(arguments) => list("a call", &arguments.args),
                _ => ControlFlow::Continue(()),
            },
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<SqlError> {
        // Subqueries count where they end, and names where they stand.
        match (factor, self.levels.last_mut()) {
            (TableFactor::Derived { .. } | TableFactor::Table { .. }, _) | (_, None) => {
                ControlFlow::Continue(())
            }
            (_, Some(level)) => level.read(Reads::default(), factor.span()),
        }
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<SqlError> {
        let name = relation.to_string().trim_matches('"').to_lowercase();
        let mut named = self.levels.iter().rev().flat_map(|level| level.named.iter().rev());
        let reads = named.find(|(known, _)| *known == name).map_or(Reads::default(), |(_, reads)| *reads);
        match self.levels.last_mut() {
            Some(level) => level.read(reads, relation.span()),
            None => ControlFlow::Continue(()),
        }
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<SqlError> {
        let Some(done) = self.levels.pop() else { return ControlFlow::Continue(()) };
        // The tables of a WITH are visited in their order, before what follows it.
        match self.levels.last_mut() {
            Some(Level { named, to_come, .. }) if !to_come.is_empty() => {
                named.extend(to_come.pop_front().map(|name| (name, done.reads)));
                ControlFlow::Continue(())
            }
            Some(around) => around.read(done.reads, start(query)),
            None => ControlFlow::Continue(()),
        }
    }
}

/// Fails where there are too many `items`, and names the first that is.
fn list<T: Spanned>(of: &str, items: &[T]) -> ControlFlow<SqlError> {
    match items.get(ITEMS) {
        Some(item) => too_complex(item.span(), format!("more than {ITEMS} expressions in {of}")),
        None => ControlFlow::Continue(()),
    }
}

/// Fails where the elements of a GROUP BY, each combined with each, are too many sets of columns.
fn grouping_sets(items: &[Expr]) -> ControlFlow<SqlError> {
    let mut sets: usize = 1;
    for item in items {
        let more = match item {
            Expr::Cube(columns) => u32::try_from(columns.len()).ok().and_then(|n| 2usize.checked_pow(n)),
            Expr::Rollup(columns) => Some(columns.len() + 1),
            Expr::GroupingSets(sets) => Some(sets.len()),
            _ => Some(1),
        };
        sets = sets.saturating_mul(more.unwrap_or(usize::MAX));
        if sets > GROUPING_SETS {
            let message = format!("CUBE, ROLLUP and GROUPING SETS make more than {GROUPING_SETS} sets");
            return too_complex(item.span(), message);
        }
    }
    ControlFlow::Continue(())
}

/// Where a query begins, if it is a SELECT; else that of the text.
fn start(query: &Query) -> Span {
    match query.body.as_ref() {
        SetExpr::Select(select) => select.select_token.0.span,
        _ => Span::empty(),
    }
}

fn too_complex(span: Span, why: impl std::fmt::Display) -> ControlFlow<SqlError> {
    ControlFlow::Break(SqlError::at(span.start, format!("statement is too complex: {why}")))
}
