//! The engine of one server: its bounds, its rules, and the way from a text to an answer.

use std::sync::Arc;

use chrono::DateTime;
use datafusion::common::{DataFusionError, Result};
use datafusion::config::ConfigOptions;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::execution::{SessionState, SessionStateDefaults, TaskContext};
use datafusion::logical_expr::LogicalPlan;
use datafusion::logical_expr::planner::ExprPlanner;
use datafusion::optimizer::analyzer::Analyzer;
use datafusion::optimizer::optimizer::Optimizer;
use datafusion::prelude::SessionConfig;
use datafusion::sql::planner::{NullOrdering, ParserOptions, SqlToRel};
use datafusion::sql::sqlparser::ast::{Query, Statement as Tree};

use super::answer::Description;
use super::bounds::{Costs, Footprint, OwnPool, WrittenOut, check_tree, within_bounds};
use super::dialect::{Statement, Tokens};
use super::functions::{Functions, Syntax};
use super::insights::Scans;
use super::scope::Scope;
use super::semantics::Semantics;
use super::{Answer, ColumnInfo, SqlError, SqlOptions, Tables, clauses, names, origins, parameters, show};

/// Bytes that all queries may have spilled to disk at once.
const SPILLED: u64 = 20 << 30;

/// Tasks that share the work of one query.
const PARTITIONS: usize = 2;

/// The SQL engine of one server.
pub(crate) struct Sql {
    state: SessionState,
    functions: Functions,
}

impl Sql {
    /// An engine within the bounds of `options`.
    ///
    /// # Errors
    /// `Internal` where the spill directory cannot be used.
    pub(crate) fn new(options: SqlOptions) -> Result<Self, SqlError> {
        let disk = DiskManagerBuilder::default()
            .with_mode(DiskManagerMode::Directories(vec![options.spill_dir]))
            .with_max_temp_directory_size(SPILLED);
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(options.memory_limit)))
            .with_disk_manager_builder(disk)
            .with_metadata_cache_limit(options.footers_limit)
            .build_arc()
            .map_err(|error| SqlError::Internal(error.to_string()))?;
        let state = SessionStateBuilder::new()
            .with_config(config(options.memory_limit))
            .with_runtime_env(runtime)
            .with_analyzer_rules(analyzer_rules())
            .with_optimizer_rules(optimizer_rules())
            .with_expr_planners(expr_planners())
            .build();
        Ok(Self { state, functions: Functions::new() })
    }

    /// Plans and starts `text`; nothing is read before the first `next_rows`. `now` is nanoseconds
    /// since the epoch.
    ///
    /// # Errors
    /// `Validation` for a text that is not valid against `tables`.
    pub(crate) async fn query(
        &self,
        text: &str,
        tables: Arc<dyn Tables>,
        now: i64,
    ) -> Result<Answer, SqlError> {
        self.answer(&Tokens::read(text)?, tables, now).await
    }

    /// The same of a text in which `@scheduled_runtime` stands for the time `runtime`.
    ///
    /// # Errors
    /// As of `query`.
    pub(crate) async fn scheduled(
        &self,
        text: &str,
        tables: Arc<dyn Tables>,
        now: i64,
        runtime: i64,
    ) -> Result<Answer, SqlError> {
        let tokens = Tokens::read(text)?.with_scheduled_runtime(runtime);
        let answer = self.answer(&tokens, tables, now).await?;
        // Nobody gives values to others.
        match answer.parameters().first() {
            Some(other) => Err(other.refused()),
            None => Ok(answer),
        }
    }

    async fn answer(&self, tokens: &Tokens, tables: Arc<dyn Tables>, now: i64) -> Result<Answer, SqlError> {
        match tokens.parse()? {
            Statement::Query(query) => self.select(*query, tokens, tables.as_ref(), now).await,
            Statement::ShowDatabases { like } => show::databases(tables.as_ref(), like.as_deref()),
            Statement::ShowTables { database, like } => {
                show::tables(tables.as_ref(), database.as_ref(), like.as_deref())
            }
            Statement::Describe { table } => show::columns(tables.as_ref(), &table),
            Statement::ShowMeasures { table, like } => {
                show::measures(tables.as_ref(), &table, like.as_deref())
            }
        }
    }

    /// Reads `text` and finds out what it means, with nothing optimised, run or answered: all that there is before
    /// the engine, for fuzzing.
    ///
    /// # Errors
    /// `Validation` for a text that is not valid against `tables`.
    pub(crate) fn check(&self, text: &str, tables: &dyn Tables, now: i64) -> Result<(), SqlError> {
        let tokens = Tokens::read(text)?;
        let Statement::Query(query) = tokens.parse()? else { return Ok(()) };
        let state = self.state_at(now);
        let Planned { plan, .. } = self.plan(&state, *query, &tokens, tables)?;
        let analysed = state.analyzer().execute_and_check(plan, state.config_options(), |_, _| {});
        analysed.map(drop).map_err(|error| SqlError::planning(&error, &|name| tokens.locate(name)))
    }

    async fn select(
        &self,
        query: Query,
        tokens: &Tokens,
        tables: &dyn Tables,
        now: i64,
    ) -> Result<Answer, SqlError> {
        let state = self.state_at(now);
        let Planned { plan, written, scans, description } = self.plan(&state, query, tokens, tables)?;
        let failed = |error: DataFusionError| SqlError::planning(&error, &|name| tokens.locate(name));
        let plan = state.create_physical_plan(&plan).await;
        let plan = plan.and_then(within_bounds).map_err(failed)?;
        let columns = columns(&plan.schema(), written.as_deref());
        let (context, own) = OwnPool::context(TaskContext::from(&state));
        let footprint = Footprint::new(own, scans.held_rows());
        Ok(Answer::planned(columns, plan, context, scans).described(description).holding(footprint))
    }

    /// The state of a query that starts at `now`.
    fn state_at(&self, now: i64) -> SessionState {
        let mut state = self.state.clone();
        state.mark_start_execution();
        state.execution_props_mut().query_execution_start_time = Some(DateTime::from_timestamp_nanos(now));
        state
    }

    fn plan(
        &self,
        state: &SessionState,
        query: Query,
        tokens: &Tokens,
        tables: &dyn Tables,
    ) -> Result<Planned, SqlError> {
        check_tree(&query)?;
        clauses::check(&query, tokens, &self.functions)?;
        let planners = state.expr_planners();
        let options: &ConfigOptions = state.config_options();
        let scans = Arc::new(Scans::default());
        let scope = Scope::resolve(&query, tables, &self.functions, planners, options, Arc::clone(&scans))?;
        let mut query = query;
        if scope.has_mixed_case() {
            let respelled = tokens.respell(&|name| scope.canonical(name)).parse()?;
            if let Statement::Query(tree) = respelled {
                query = *tree;
            }
        }
        let written = names::written_names(&query);
        names::name_expressions(&mut query);
        let failed = |error: DataFusionError| SqlError::planning(&error, &|name| tokens.locate(name));
        let plan = logical_plan(&scope, query).map_err(failed)?;
        let origins = origins::of(&plan, &scope);
        let (plan, parameters) = parameters::settle(plan, tokens).map_err(failed)?;
        Ok(Planned { plan, written, scans, description: Description { origins, parameters } })
    }
}

/// What a query means.
struct Planned {
    plan: LogicalPlan,
    /// The names of its columns, where the text says them all.
    written: Option<Vec<Option<String>>>,
    scans: Arc<Scans>,
    description: Description,
}

fn logical_plan(scope: &Scope<'_>, query: Query) -> Result<LogicalPlan> {
    let options =
        ParserOptions::new().with_collect_spans(true).with_default_null_ordering(NullOrdering::NullsLast);
    let plan =
        SqlToRel::new_with_options(scope, options).sql_statement_to_plan(Tree::Query(Box::new(query)))?;
    let reading = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    reading.verify_plan(&plan)?;
    Ok(plan)
}

/// The result columns: named as written, where the planner changed no more than the case.
fn columns(
    schema: &datafusion::arrow::datatypes::Schema,
    written: Option<&[Option<String>]>,
) -> Vec<ColumnInfo> {
    let name = |(position, field): (usize, &Arc<datafusion::arrow::datatypes::Field>)| {
        let label = names::label(field.name(), position);
        let as_written = written.and_then(|names| names.get(position)?.as_ref());
        match as_written {
            Some(name) if name.eq_ignore_ascii_case(&label) => ColumnInfo::new(name, field.data_type()),
            _ => ColumnInfo::new(label, field.data_type()),
        }
    };
    schema.fields().iter().enumerate().map(name).collect()
}

fn config(memory_limit: usize) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_target_partitions(PARTITIONS)
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(false);
    let options = config.options_mut();
    options.execution.parquet.pushdown_filters = true;
    options.execution.parquet.reorder_filters = true;
    // What a sort sets aside for merging what it spilled must leave room for sorting.
    let reservation = memory_limit / (8 * PARTITIONS);
    options.execution.sort_spill_reservation_bytes =
        reservation.min(options.execution.sort_spill_reservation_bytes);
    // Files are dealt to partitions by hand, so that a short window is read by more than one.
    options.optimizer.repartition_file_scans = false;
    config
}

/// The engine's planners of expressions, and before them the service's.
fn expr_planners() -> Vec<Arc<dyn ExprPlanner>> {
    let mut planners = SessionStateDefaults::default_expr_planners();
    planners.insert(0, Arc::new(Syntax));
    planners
}

fn analyzer_rules() -> Vec<Arc<dyn datafusion::optimizer::AnalyzerRule + Send + Sync>> {
    let mut rules = Analyzer::new().rules;
    rules.insert(0, Arc::new(Semantics));
    rules.insert(1, Arc::new(Costs));
    rules.insert(2, Arc::new(WrittenOut));
    rules
}

/// The engine's rules but one: after GROUP BY k and unnest, `eliminate_duplicated_expr` takes the
/// second key of ORDER BY k, x for a duplicate of the first and drops it.
fn optimizer_rules() -> Vec<Arc<dyn datafusion::optimizer::OptimizerRule + Send + Sync>> {
    let mut rules = Optimizer::new().rules;
    rules.retain(|rule| rule.name() != "eliminate_duplicated_expr");
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    struct NoTables;

    impl Tables for NoTables {
        fn databases(&self) -> Vec<String> {
            Vec::new()
        }

        fn tables(&self, _database: &str) -> Option<Vec<String>> {
            None
        }

        fn snapshots(&self, names: &[crate::sql::TableName]) -> Vec<Option<crate::store::Snapshot>> {
            vec![None; names.len()]
        }
    }

    fn tree(text: &str) -> Query {
        match Tokens::read(text).and_then(|tokens| tokens.parse()) {
            Ok(Statement::Query(query)) => *query,
            other => panic!("not a query: {other:?}"),
        }
    }

    #[tokio::test]
    async fn both_sort_keys_count_after_unnest() {
        let dir = tempfile::tempdir().expect("a directory");
        let options =
            SqlOptions { memory_limit: 64 << 20, footers_limit: 8 << 20, spill_dir: dir.path().to_owned() };
        let sql = Sql::new(options).expect("an engine");
        let options: &ConfigOptions = sql.state.config_options();
        let planners = sql.state.expr_planners();
        let scans = Arc::new(Scans::default());
        let functions = &sql.functions;
        let scope =
            Scope::resolve(&tree("SELECT 1"), &NoTables, functions, planners, options, Arc::clone(&scans));
        let query = tree(
            "SELECT k, unnest(xs) AS x FROM (SELECT k, array_agg(x) AS xs FROM \
             (VALUES ('b', 2), ('a', 3), ('a', 1), ('b', 1), ('a', 2)) AS t(k, x) GROUP BY k) ORDER BY k, x",
        );
        let plan = logical_plan(&scope.expect("a scope"), query).expect("a plan");
        let plan = sql.state.create_physical_plan(&plan).await.expect("a physical plan");
        let mut answer = Answer::planned(columns(&plan.schema(), None), plan, sql.state.task_ctx(), scans);
        let rows = answer.next_rows(10, 1 << 20).await.expect("rows");
        let text = |row: &crate::sql::Row| serde_json::to_string(row).expect("JSON");
        let expected = [("a", 1), ("a", 2), ("a", 3), ("b", 1), ("b", 2)]
            .map(|(k, x)| format!(r#"{{"Data":[{{"ScalarValue":"{k}"}},{{"ScalarValue":"{x}"}}]}}"#));
        assert_eq!(rows.iter().map(text).collect::<Vec<_>>(), expected);
    }
}
