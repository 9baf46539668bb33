//! What a text may reach: the tables of the catalog and the functions of the service, nothing else.
//! Names are resolved here, and what is missing is named with its place. Not here: which clauses there are
//! (`clauses`), what a function does (`functions`), how a table is read (`table`).

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::{Result, TableReference, plan_err};
use datafusion::logical_expr::planner::{ContextProvider, ExprPlanner};
use datafusion::logical_expr::{AggregateUDF, HigherOrderUDF, ScalarUDF, TableSource, WindowUDF};
use datafusion::sql::sqlparser::ast::{Expr, Function, Ident, ObjectName, Query, Spanned, Visit, Visitor};
use datafusion::sql::sqlparser::tokenizer::Location;

use super::dialect::Name;
use super::error::SqlError;
use super::functions::Functions;
use super::insights::Scans;
use super::{TableName, Tables, table};
use crate::store::Snapshot;

/// The tables and functions of one query.
pub(super) struct Scope<'a> {
    functions: &'a Functions,
    planners: &'a [Arc<dyn ExprPlanner>],
    options: &'a ConfigOptions,
    /// By the name as the planner asks for it; with that of the catalog.
    sources: HashMap<TableName, (TableName, Arc<dyn TableSource>)>,
    columns: Vec<String>,
    scans: Arc<Scans>,
}

impl<'a> Scope<'a> {
    /// Resolves every table and function that `query` names; the tables' scans are noted in `scans`.
    pub(super) fn resolve(
        query: &Query,
        tables: &dyn Tables,
        functions: &'a Functions,
        planners: &'a [Arc<dyn ExprPlanner>],
        options: &'a ConfigOptions,
        scans: Arc<Scans>,
    ) -> Result<Self, SqlError> {
        let (sources, columns) = (HashMap::new(), Vec::new());
        let mut scope = Self { functions, planners, options, sources, columns, scans };
        let mut names = References { functions, relations: Vec::new(), cte_names: Vec::new() };
        if let ControlFlow::Break(error) = query.visit(&mut names) {
            return Err(error);
        }
        let is_cte = |name: &Name| names.cte_names.iter().any(|cte| cte.eq_ignore_ascii_case(&name.value));
        names.relations.retain(|relation| !matches!(relation.as_slice(), [name] if is_cte(name)));
        for (parts, (name, snapshot)) in names.relations.iter().zip(find_tables(&names.relations, tables)?) {
            scope.add(parts, name, snapshot)?;
        }
        Ok(scope)
    }

    /// The column that an unquoted `name` means, where only its case differs.
    pub(super) fn canonical(&self, name: &str) -> Option<String> {
        let exact = name.to_lowercase();
        if self.columns.contains(&exact) {
            return None;
        }
        self.columns.iter().find(|column| column.eq_ignore_ascii_case(name)).cloned()
    }

    /// Whether any column needs `canonical`.
    pub(super) fn has_mixed_case(&self) -> bool {
        self.columns.iter().any(|column| column.chars().any(char::is_uppercase))
    }

    /// The catalog's name of a table, by the planner's.
    pub(super) fn table_name(&self, name: &TableReference) -> Option<TableName> {
        self.sources.get(&key(name)).map(|(name, _)| name.clone())
    }

    fn add(&mut self, parts: &[Name], name: TableName, snapshot: Snapshot) -> Result<(), SqlError> {
        self.scans.name(name.clone());
        self.columns.extend(snapshot.columns.iter().map(|column| column.name.clone()));
        let source = table::source(snapshot, name.clone(), &self.scans);
        let source = source.map_err(|error| SqlError::planning(&error, &|_| None))?;
        if let [.., database, table] = parts {
            self.sources.insert((normalize(database), normalize(table)), (name, source));
        }
        Ok(())
    }
}

/// The tables that `relations` name, and their state at one instant. Of a name the last two parts count.
pub(super) fn find_tables(
    relations: &[Vec<Name>],
    tables: &dyn Tables,
) -> Result<Vec<(TableName, Snapshot)>, SqlError> {
    let find = |parts: &Vec<Name>| find_table(parts, tables);
    let names = relations.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    let snapshots = tables.snapshots(&names);
    let found = relations.iter().zip(names).zip(snapshots);
    found.map(|((parts, name), snapshot)| Ok((name, snapshot.ok_or_else(|| missing(parts))?))).collect()
}

/// The state of the table that `parts` name.
pub(super) fn find_one(parts: &[Name], tables: &dyn Tables) -> Result<Snapshot, SqlError> {
    let found = find_tables(&[parts.to_vec()], tables)?.pop();
    found.map(|(_, snapshot)| snapshot).ok_or_else(|| missing(parts))
}

/// The table that `parts` name, of which the last two count.
fn find_table(parts: &[Name], tables: &dyn Tables) -> Result<TableName, SqlError> {
    let [.., database, table] = parts else {
        let location = parts.first().map_or(Location { line: 1, column: 1 }, |name| name.location);
        return Err(SqlError::at(location, "Schema must be specified when session schema is not set"));
    };
    let found = find_database(database, tables).and_then(|known_database| {
        let known_table = pick(table, tables.tables(&known_database)?)?;
        Some((known_database, known_table))
    });
    found.ok_or_else(|| missing(parts))
}

fn missing(parts: &[Name]) -> SqlError {
    let location = parts.iter().rev().nth(1).map_or(Location { line: 1, column: 1 }, |name| name.location);
    let names: Vec<&str> = parts.iter().rev().take(2).rev().map(|name| name.value.as_str()).collect();
    SqlError::at(location, format!("Table '{}' does not exist", names.join(".")))
}

/// The database that `name` means.
pub(super) fn find_database(name: &Name, tables: &dyn Tables) -> Option<String> {
    pick(name, tables.databases())
}

/// The one of `known` that `name` means: as it is written, else, without quotes, whatever its case.
fn pick(name: &Name, known: Vec<String>) -> Option<String> {
    if known.contains(&name.value) {
        return Some(name.value.clone());
    }
    known.into_iter().find(|known| !name.quoted && known.eq_ignore_ascii_case(&name.value))
}

fn key(name: &TableReference) -> TableName {
    (name.schema().unwrap_or_default().to_owned(), name.table().to_owned())
}

/// A name as the planner spells it.
fn normalize(name: &Name) -> String {
    if name.quoted { name.value.clone() } else { name.value.to_lowercase() }
}

/// Collects what a syntax tree refers to, and stops at what it must not.
struct References<'a> {
    functions: &'a Functions,
    relations: Vec<Vec<Name>>,
    cte_names: Vec<String>,
}

impl Visitor for References<'_> {
    type Break = SqlError;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<SqlError> {
        let ctes = query.with.iter().flat_map(|with| &with.cte_tables);
        self.cte_names.extend(ctes.map(|cte| cte.alias.name.value.clone()));
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<SqlError> {
        let name = |ident: &Ident| Name {
            value: ident.value.clone(),
            quoted: ident.quote_style.is_some(),
            location: ident.span.start,
        };
        self.relations.push(relation.0.iter().filter_map(|part| part.as_ident()).map(name).collect());
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<SqlError> {
        match expr {
            Expr::Function(Function { name, .. }) if !self.functions.contains(&function_name(name)) => {
                let written = name.to_string();
                let message = format!("Function '{}' not registered", written.to_lowercase());
                ControlFlow::Break(SqlError::at(name.span().start, message))
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

fn function_name(name: &ObjectName) -> String {
    name.to_string().trim_matches('"').to_lowercase()
}

impl ContextProvider for Scope<'_> {
    fn get_table_source(&self, name: TableReference) -> Result<Arc<dyn TableSource>> {
        match self.sources.get(&key(&name)) {
            Some((_, source)) => Ok(source.clone()),
            None => plan_err!("Table '{name}' does not exist"),
        }
    }

    fn get_expr_planners(&self) -> &[Arc<dyn ExprPlanner>] {
        self.planners
    }

    fn get_function_meta(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        // `trim(BOTH ..)` is `trim`, which the planner asks for by another name.
        let name = if name == "btrim" { "trim" } else { name };
        self.functions.scalar.get(name).cloned()
    }

    fn get_higher_order_meta(&self, _name: &str) -> Option<Arc<HigherOrderUDF>> {
        None
    }

    fn get_aggregate_meta(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        self.functions.aggregate.get(name).cloned()
    }

    fn get_window_meta(&self, name: &str) -> Option<Arc<WindowUDF>> {
        self.functions.window.get(name).cloned()
    }

    fn get_variable_type(&self, _names: &[String]) -> Option<DataType> {
        None
    }

    fn options(&self) -> &ConfigOptions {
        self.options
    }

    fn udf_names(&self) -> Vec<String> {
        self.functions.scalar.keys().cloned().collect()
    }

    fn higher_order_function_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn udaf_names(&self) -> Vec<String> {
        self.functions.aggregate.keys().cloned().collect()
    }

    fn udwf_names(&self) -> Vec<String> {
        self.functions.window.keys().cloned().collect()
    }
}
