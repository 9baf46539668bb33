//! Joins catalog, store and SQL into what the protocol calls. Not here: wire shapes and the checks of
//! requests (`protocol`), sockets (`server`).

mod data_dir;
pub(crate) mod databases;
pub(crate) mod error;
mod queries;
mod shares;
mod table;

use std::hash::Hash;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use crate::account::{self, Settings};
use crate::batch_load::BatchLoads;
use crate::buckets::Buckets;
use crate::catalog::Catalog;
use crate::clock::Clock;
use crate::json_file::Kept;
use crate::metrics::{Metrics, State};
use crate::model::Durability;
use crate::scheduled::Book;
use crate::sql::{Answer, Sql, SqlError, SqlOptions};
use crate::store::{Store, StoreOptions};

pub(crate) use data_dir::{DataDir, Unavailable};
pub(crate) use databases::Databases;
pub(crate) use error::EngineError;
pub(crate) use queries::{Page, QueryBounds, QueryError};
pub(crate) use table::OpenTable;

use queries::{Queries, QueryThreads, Workshop};
use shares::Shares;

/// Pages of queries that begin at once, for each core: one waits for files while another computes.
const TURNS_PER_CORE: usize = 2;

/// What an engine is opened with; see `server::Config`.
pub(crate) struct EngineOptions {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) region: String,
    pub(crate) memory: usize,
    pub(crate) durability: Durability,
    pub(crate) flush_rows: usize,
    pub(crate) query_bounds: QueryBounds,
    pub(crate) buckets: PathBuf,
    /// How many tables there may be.
    pub(crate) tables: usize,
}

/// All that is behind one data directory.
pub(crate) struct Engine {
    databases: Arc<Databases>,
    account: Kept<Settings>,
    sql: Arc<Sql>,
    queries: Queries,
    cores: usize,
    buckets: Arc<Buckets>,
    scheduled: Book,
    batch_loads: BatchLoads,
    metrics: Metrics,
    clock: Arc<dyn Clock>,
    region: String,
    /// Last, so that the lock is held until all else is closed.
    data_dir: DataDir,
}

impl Engine {
    /// Opens what is in the data directory; replays what the tables' logs hold.
    pub(crate) fn open(data_dir: DataDir, options: EngineOptions) -> Result<Self, EngineError> {
        let EngineOptions { clock, region, memory, durability, flush_rows, query_bounds, buckets, tables } =
            options;
        let metrics = Metrics::new();
        let shares = Shares::of(memory);
        let options = StoreOptions {
            durability,
            flush_rows,
            memory_bytes: shares.memory_tables,
            cache_bytes: shares.identities,
            metrics: metrics.store.clone(),
        };
        let store = Store::new(Arc::clone(&clock), options)?;
        let databases = Arc::new(Databases::open(data_dir.path(), tables, Arc::clone(&clock), store)?);
        let account = Kept::open(data_dir.path().join("account.json"), account::FORMAT)?;
        let spill_dir = data_dir.path().join("spill");
        empty(&spill_dir).map_err(|source| EngineError::Io { path: spill_dir.clone(), source })?;
        let threads = |source| EngineError::Io { path: data_dir.path().to_owned(), source };
        let (memory_limit, footers_limit) = (shares.queries, shares.footers);
        let sql = Arc::new(Sql::new(SqlOptions { memory_limit, footers_limit, spill_dir })?);
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let query_threads = QueryThreads::start(cores).map_err(threads)?;
        let turns = TURNS_PER_CORE * cores;
        let workshop =
            Workshop::new(query_threads, turns, shares.queries, query_bounds, metrics.queries.clone());
        let queries = Queries::new(workshop, shares.queries / 2, Arc::clone(&clock));
        let buckets = Arc::new(Buckets::new(buckets));
        let scheduled = Book::open(data_dir.path().join("scheduled-queries"), Arc::clone(&clock))?;
        let batch_loads = BatchLoads::start(
            &data_dir.path().join("batch-load-tasks.json"),
            Arc::clone(&databases),
            Arc::clone(&buckets),
            Arc::clone(&clock),
            metrics.records.clone(),
        )?;
        Ok(Self {
            databases,
            account,
            sql,
            queries,
            cores,
            buckets,
            scheduled,
            batch_loads,
            metrics,
            clock,
            region,
            data_dir,
        })
    }

    /// The directory that all of it is in.
    pub(crate) fn data_dir(&self) -> &DataDir {
        &self.data_dir
    }

    /// Databases and tables, and the changes to them.
    pub(crate) fn databases(&self) -> &Databases {
        &self.databases
    }

    /// What is known of them.
    pub(crate) fn catalog(&self) -> &Catalog {
        self.databases.catalog()
    }

    /// The account that owns all of it.
    pub(crate) fn account(&self) -> &Kept<Settings> {
        &self.account
    }

    /// Where batch loads read and reports are put.
    pub(crate) fn buckets(&self) -> &Buckets {
        &self.buckets
    }

    /// The queries that run by a schedule.
    pub(crate) fn scheduled(&self) -> &Book {
        &self.scheduled
    }

    /// The tasks that load files.
    pub(crate) fn batch_loads(&self) -> &BatchLoads {
        &self.batch_loads
    }

    /// What the server tells of itself.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The figures of the moment; looks at every table.
    pub(crate) fn state(&self) -> State {
        let (loads_running, loads_waiting) = self.batch_loads.active();
        let tables = self.databases.stats();
        let mut state = State { tables: tables.len(), loads_running, loads_waiting, ..State::default() };
        for (_, table) in tables {
            state.memory_rows += table.memory_rows;
            state.memory_bytes += table.memory_bytes;
            state.log_bytes += table.log_bytes;
            state.files += table.files;
            state.file_bytes += table.file_bytes;
        }
        state
    }

    /// The region that ARNs name.
    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// Nanoseconds since the epoch.
    pub(crate) fn now(&self) -> i64 {
        self.clock.now()
    }

    /// The table of this name, for writing.
    pub(crate) fn open_table(&self, database: &str, table: &str) -> Result<Arc<OpenTable>, EngineError> {
        Ok(self.databases.table(database, table)?)
    }

    /// Plans `text`; nothing is read yet.
    pub(crate) async fn plan(&self, text: &str) -> Result<Answer, SqlError> {
        self.planned(text, None).await
    }

    /// Plans `text`, in which `@scheduled_runtime` is the time `runtime`.
    pub(crate) async fn plan_scheduled(&self, text: &str, runtime: i64) -> Result<Answer, SqlError> {
        self.planned(text, Some(runtime)).await
    }

    async fn planned(&self, text: &str, runtime: Option<i64>) -> Result<Answer, SqlError> {
        let (sql, tables) = (Arc::clone(&self.sql), Arc::clone(&self.databases));
        let (text, now) = (text.to_owned(), self.now());
        let planned = self.queries.plan(async move {
            match runtime {
                None => sql.query(&text, tables, now).await,
                Some(runtime) => sql.scheduled(&text, tables, now, runtime).await,
            }
        });
        planned.await
    }

    /// How many runs of scheduled queries may go on at once: half of the turns of queries, so that the others are for
    /// those that somebody waits for.
    pub(crate) fn runs_at_once(&self) -> usize {
        TURNS_PER_CORE * self.cores / 2
    }

    /// Runs a scheduled query up to its first page.
    pub(crate) async fn query_scheduled(&self, text: &str, runtime: i64) -> Result<Arc<Page>, QueryError> {
        let answer = self.plan_scheduled(text, runtime).await?;
        self.queries.start(text, answer, None).await
    }

    /// Runs a query up to its first page.
    pub(crate) async fn query(&self, text: &str, max_rows: Option<usize>) -> Result<Arc<Page>, QueryError> {
        let answer = self.plan(text).await?;
        self.queries.start(text, answer, max_rows).await
    }

    /// The same for a request that carries a client token, and whatever else is in it that it must not be sent with
    /// otherwise.
    pub(crate) async fn query_once(
        &self,
        client_token: &str,
        others: impl Hash,
        text: &str,
        max_rows: Option<usize>,
    ) -> Result<Arc<Page>, QueryError> {
        self.queries.once(client_token, (text, max_rows, others), self.query(text, max_rows)).await
    }

    /// The page that `token` stands for; `text` must be the query's own.
    pub(crate) async fn next_page(
        &self,
        text: &str,
        token: &str,
        max_rows: Option<usize>,
    ) -> Result<Arc<Page>, QueryError> {
        self.queries.next(text, token, max_rows).await
    }

    /// Stops a query that still has pages; false where there is none of this id.
    pub(crate) fn cancel(&self, query_id: &str) -> bool {
        self.queries.cancel(query_id)
    }

    /// Drops queries that nobody has asked for in an hour.
    pub(crate) fn drop_idle_queries(&self) {
        self.queries.drop_idle();
    }
}

/// Makes `dir` an empty folder: what a killed server spilled there is of no use.
fn empty(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::create_dir_all(dir)
}
