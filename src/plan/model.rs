//! The resolved plan's types. Not here: how they are made from a scenario (`build`).

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::fleet::Generator;
use crate::queries::Templates;
use crate::values::{Expression, Value};

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
}

/// A query workload: users who think between queries (closed load).
#[derive(Debug, Clone)]
pub struct QueryLoad {
    /// Users at 100 %.
    pub users: u32,
    /// Time between an answer and the user's next query, drawn each time.
    pub think: Expression,
    /// The end of every query's window.
    pub end: EndTime,
    /// Whether the queries or their row counts are asked.
    pub mode: Mode,
    /// Where the parameters come from.
    pub pick: Pick,
    /// The mix; weights are relative.
    pub queries: Vec<Query>,
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
    /// So much history has been written, as fast as the target takes it.
    Backfill {
        /// Its length.
        history: Duration,
        /// Where it ends; now (and live load goes on from there) if not given.
        until: Option<DateTime<Utc>>,
    },
}

/// How much of a workload a phase runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// Index into [`Plan::workloads`].
    pub workload: usize,
    /// How much of it, from the phase's start to its end.
    pub amount: Amount,
}

/// An amount of load; it changes linearly from `from` to `to` over the phase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// A share of the workload, 0.0 to 1.0: of ingest its hosts, of queries its users.
    Share {
        /// At the phase's start.
        from: f64,
        /// At its end.
        to: f64,
    },
    /// So many users.
    Users {
        /// At the phase's start.
        from: u32,
        /// At its end.
        to: u32,
    },
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

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Amount::Share { from, to } if from == to => write!(f, "{}%", percent(*from)),
            Amount::Share { from, to } => write!(f, "{}%..{}%", percent(*from), percent(*to)),
            Amount::Users { from, to } if from == to => write!(f, "{from} users"),
            Amount::Users { from, to } => write!(f, "{from}..{to} users"),
        }
    }
}

/// A fraction in per cent, without the digits that binary fractions add.
fn percent(share: f64) -> f64 {
    (share * 1e8).round() / 1e6
}
