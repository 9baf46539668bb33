//! What result columns are called, and that any two may be called the same.
//!
//! The engine wants every expression of a SELECT to have a name of its own. So expressions without
//! an alias, and plain columns that are selected twice, get one here that ends in a mark no user can
//! type by accident; `label` takes it off again. Not here: what names refer to (`scope`).

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, Query, Select, SelectItem, SetExpr, VisitMut, VisitorMut,
};

const MARK: char = '\u{1}';

/// Gives every selected expression in `query` a name of its own.
pub(super) fn name_expressions(query: &mut Query) {
    // The visitor never breaks.
    let _ = query.visit(&mut Namer { count: 0 });
}

/// What the user sees of a column's name at `position`.
pub(super) fn label(name: &str, position: usize) -> String {
    match visible(name) {
        "" => format!("_col{position}"),
        visible => visible.to_owned(),
    }
}

/// A name without what this module added to it.
pub(super) fn visible(name: &str) -> &str {
    name.split(MARK).next().unwrap_or_default()
}

/// The names of the result columns as they were written, where the text says them all.
pub(super) fn written_names(query: &Query) -> Option<Vec<Option<String>>> {
    fn first_select(body: &SetExpr) -> Option<&Select> {
        match body {
            SetExpr::Select(select) => Some(select),
            SetExpr::Query(query) => first_select(&query.body),
            SetExpr::SetOperation { left, .. } => first_select(left),
            _ => None,
        }
    }
    let written = |item: &SelectItem| match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(Some(alias.value.clone())),
        SelectItem::UnnamedExpr(expr) => Some(column_name(expr).map(|name| name.value.clone())),
        _ => None,
    };
    first_select(&query.body)?.projection.iter().map(written).collect()
}

struct Namer {
    count: usize,
}

impl VisitorMut for Namer {
    type Break = ();

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        let wildcard = select.projection.iter().any(|item| matches!(item, SelectItem::Wildcard(_)));
        let mut seen: Vec<String> = Vec::new();
        for item in &mut select.projection {
            match item {
                SelectItem::UnnamedExpr(expr) => {
                    let name = column_name(expr).map(|name| name.value.clone());
                    let again = name.as_ref().is_some_and(|name| seen.contains(name));
                    let visible = name.clone().unwrap_or_default();
                    if name.is_none() || again || wildcard {
                        *item =
                            SelectItem::ExprWithAlias { expr: expr.clone(), alias: self.marked(&visible) };
                    }
                    seen.push(visible);
                }
                SelectItem::ExprWithAlias { alias, .. } => {
                    if seen.contains(&alias.value) {
                        *alias = self.marked(&alias.value);
                    }
                    seen.push(alias.value.clone());
                }
                _ => {}
            }
        }
        ControlFlow::Continue(())
    }
}

impl Namer {
    fn marked(&mut self, visible: &str) -> Ident {
        self.count += 1;
        Ident::with_quote('"', format!("{visible}{MARK}{}", self.count))
    }
}

/// The name that a plain column gives its result column.
fn column_name(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Identifier(name) => Some(name),
        Expr::CompoundIdentifier(parts) => parts.last(),
        _ => None,
    }
}
