//! The resolved plan's types. Not here: how they are made from a scenario (`build`).

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::prices::Prices;
use super::thresholds::Threshold;
use crate::fleet::Generator;
use crate::load::Amount;
use crate::queries::Templates;
use crate::values::{Expression, Value};

/// Records a second that one thread sends, with some of its time left (`cargo bench --bench load`).
const RECORDS_A_SENDER: f64 = 1_000_000.0;

/// Everything a run needs; all cross-checks are behind it.
#[derive(Debug)]
pub struct Plan {
    /// The scenario's name; the run directory starts with it.
    pub name: String,
    /// The seed of every draw.
    pub seed: u64,
    /// Fleet and metrics: batch number and tick -> records.
    pub generator: Arc<Generator>,
    /// The query templates, loaded and checked.
    pub templates: Arc<Templates>,
    /// Where it runs.
    pub target: TargetPlan,
    /// What can run, by name.
    pub workloads: Vec<Workload>,
    /// What does run, in order.
    pub phases: Vec<Phase>,
    /// Whether each user and worker writes logs of its own.
    pub thread_logs: ThreadLogs,
    /// What the run is judged by.
    pub limits: Limits,
    /// The scenario with its parameters resolved, as YAML, for the run directory.
    pub resolved_yaml: String,
}

/// One record a measure, or one MULTI record for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// A record a measure; `measure_value::TYPE` columns.
    Single,
    /// A MULTI record; a column a measure.
    Multi,
}

/// Where a scenario runs.
#[derive(Debug, Clone)]
pub struct TargetPlan {
    /// Local or AWS.
    pub kind: TargetKind,
    /// The database's name.
    pub database: String,
    /// The table's name.
    pub table: String,
    /// What tsrun gives the table where it creates it.
    pub retention: Retention,
    /// Limits of every request.
    pub timeouts: Timeouts,
    /// Connections at the most, kept open between requests.
    pub connections: usize,
    /// Whether what the records of a write have in common is sent once, or in each of them.
    pub common_attributes: bool,
    /// The AWS region, where the scenario gives one.
    pub region: Option<String>,
    /// The AWS profile, where the scenario gives one.
    pub profile: Option<String>,
    /// An endpoint instead of the service's own.
    pub endpoint_url: Option<String>,
}

/// The kinds of target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetKind {
    /// The local Timestream that comes with tsrun.
    Local,
    /// Amazon Timestream for LiveAnalytics.
    Timestream,
}

/// What a run is judged by.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// What makes it invalid.
    pub bounds: Bounds,
    /// What makes it fail.
    pub thresholds: Vec<Threshold>,
    /// What it costs on a billed target.
    pub prices: Prices,
    /// What it may cost there.
    pub max_cost: Option<f64>,
}

/// What the runner may use of its machine; past it the figures are not the target's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// 99th percentile of how late operations are sent.
    pub lag: Duration,
    /// Share of the cores, 0.0 to 1.0, on the whole of a phase.
    pub cpu: f64,
    /// Messages that wait for the recorder at once.
    pub queue: u64,
}

/// How long a table keeps data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Hours in the memory store, 1 to 8766.
    pub memory_hours: u32,
    /// Days in the magnetic store, 1 to 73000.
    pub magnetic_days: u32,
    /// Whether late records are taken into the magnetic store.
    pub magnetic_writes: bool,
}

/// Limits of a request. The SDK itself has no read timeout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// To open a connection.
    pub connect: Duration,
    /// One attempt of an operation.
    pub attempt: Duration,
    /// An operation with all its attempts.
    pub operation: Duration,
}

/// A named workload.
#[derive(Debug, Clone)]
pub struct Workload {
    /// Its name in the scenario.
    pub name: String,
    /// What it does.
    pub work: Work,
}

/// What a workload does.
#[derive(Debug, Clone)]
pub enum Work {
    /// Writes the fleet's records on the time grid.
    Ingest(IngestLoad),
    /// Runs a mix of queries as users would.
    Query(QueryLoad),
}

/// An ingest workload.
#[derive(Debug, Clone)]
pub struct IngestLoad {
    /// Requests under way at the most.
    pub in_flight: usize,
    /// Threads that send; as many as the fleet's rate needs if not given.
    pub senders: Option<usize>,
    /// Time between an answer and the same sender's next request; none by default.
    pub think: Option<Expression>,
    /// What becomes of batches that are late.
    pub behind: Behind,
}

/// A query workload.
#[derive(Debug, Clone)]
pub struct QueryLoad {
    /// Who asks, and when.
    pub pace: Pace,
    /// The end of every query's window.
    pub end: EndTime,
    /// Whether the queries or their row counts are asked.
    pub mode: Mode,
    /// Where the parameters come from.
    pub pick: Pick,
    /// The mix; weights are relative.
    pub queries: Vec<Query>,
}

/// What sets the pace of a query workload.
#[derive(Debug, Clone)]
pub enum Pace {
    /// Users who wait for each answer and think (closed load).
    Closed {
        /// Users at 100 %.
        users: u32,
        /// Time between an answer and the user's next query, drawn each time.
        think: Expression,
    },
    /// Queries that arrive whatever became of those before (open load).
    Open {
        /// Queries a second at 100 %.
        rate: f64,
        /// How they follow each other.
        pattern: Pattern,
        /// Queries under way at the most; who finds none free is late.
        in_flight: usize,
        /// What becomes of queries that are late.
        behind: Behind,
    },
}

/// How arrivals follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pattern {
    /// Evenly spaced.
    Even,
    /// At random and independently, as those of many users do.
    Poisson,
}

/// What becomes of operations that are late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behind {
    /// All are sent, however late.
    CatchUp,
    /// Those later than this are counted as skipped.
    Skip(Duration),
    /// The run ends once one is later than this.
    Stop(Duration),
}

/// The end of a query's window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndTime {
    /// The moment the query is sent.
    Now,
    /// The newest time in the table, read at the start of each phase.
    Latest,
    /// A fixed time.
    At(DateTime<Utc>),
}

/// What is asked of each query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The query itself.
    Regular,
    /// `SELECT COUNT(*)` over it.
    RowCount,
}

/// Where a query's parameters come from.
#[derive(Debug, Clone)]
pub enum Pick {
    /// A host drawn for each execution.
    Request,
    /// A host drawn once a user.
    User,
    /// The columns of one row that a look-up template's query returns, once a user.
    Table {
        /// The template's file.
        sql: PathBuf,
    },
    /// Fixed values by name.
    Fixed(Vec<(String, Value)>),
}

/// One query of a mix.
#[derive(Debug, Clone)]
pub struct Query {
    /// Its name: files and summaries carry it.
    pub name: String,
    /// Its share of the mix, relative to the others.
    pub weight: f64,
    /// The template's file.
    pub sql: PathBuf,
    /// The length of its window.
    pub window: Duration,
    /// Variables of its own for the template.
    pub vars: Vec<(String, Value)>,
}

/// What is to go wrong on a local target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults {
    /// The fault plan as the local Timestream takes it.
    pub json: String,
    /// Its rules, for people.
    pub rules: Vec<String>,
}

/// One phase of a run.
#[derive(Debug, Clone)]
pub struct Phase {
    /// Its name: `--phase NAME`, and in every row of the results.
    pub name: String,
    /// When it ends.
    pub kind: PhaseKind,
    /// The workloads it runs.
    pub loads: Vec<Load>,
    /// Whether its latencies count in the summary.
    pub record: bool,
    /// What is to go wrong; a plan shared with the phase before goes on.
    pub faults: Option<Arc<Faults>>,
}

impl Phase {
    /// The workloads that it runs.
    pub fn workloads(&self) -> impl Iterator<Item = usize> + '_ {
        let once = match self.kind {
            PhaseKind::Once { workload } => Some(workload),
            PhaseKind::Timed(_) | PhaseKind::Forever | PhaseKind::Backfill { .. } => None,
        };
        self.loads.iter().map(|load| load.workload).chain(once)
    }
}

/// What ends a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhaseKind {
    /// A span of time.
    Timed(Duration),
    /// Ctrl-C.
    Forever,
    /// Every query of a workload has run once.
    Once {
        /// Index into [`Plan::workloads`].
        workload: usize,
    },
    /// So much history has been written, at its rate or as fast as the target takes it.
    Backfill {
        /// Its length.
        history: Duration,
        /// Where it ends; now (and live load goes on from there) if not given.
        until: Option<DateTime<Utc>>,
    },
}

/// How much of a workload a phase runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    /// Index into [`Plan::workloads`].
    pub workload: usize,
    /// How much of it, from the phase's start to its end.
    pub amount: Amount,
}

impl Plan {
    /// Threads that send writes: as many as the scenario wants, else as the fleet's rate needs, at the
    /// most one for each of `cores`.
    #[must_use]
    pub fn senders(&self, cores: usize) -> usize {
        let wanted = self.workloads.iter().filter_map(|workload| match &workload.work {
            Work::Ingest(load) => Some(load.senders.unwrap_or_else(|| {
                let needed = self.generator.records_per_second() / RECORDS_A_SENDER;
                (needed.ceil() as usize).clamp(1, cores.max(1))
            })),
            Work::Query(_) => None,
        });
        wanted.max().unwrap_or(1)
    }
}

/// Whether per-thread directories are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThreadLogs {
    /// Up to 100 threads; past them it is said once that they are left out.
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}
