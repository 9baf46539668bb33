//! What the server tells of itself: figures as Prometheus text. Counting costs some atomic additions; what can
//! be looked up is looked up when somebody asks. Not here: where things happen.
//!
//! `docs/local-timestream.md` lists every figure.

use std::time::{Duration, Instant};

use prometheus::core::Collector;
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

use crate::model::Ingested;

/// Seconds that requests take: from what a small write takes to what a large query does.
const REQUEST_SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0];
/// Seconds that work on files takes.
const FILE_SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0];

/// All figures of a server.
pub(crate) struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    request_seconds: HistogramVec,
    request_bytes: IntCounter,
    state: StateGauges,
    pub(crate) records: RecordMetrics,
    pub(crate) queries: QueryMetrics,
    pub(crate) connections: ConnectionMetrics,
    pub(crate) store: StoreMetrics,
}

/// Those of records, whoever writes them.
#[derive(Clone)]
pub(crate) struct RecordMetrics {
    memory: IntCounter,
    magnetic: IntCounter,
    rejected: IntCounter,
}

/// Those of queries.
#[derive(Clone)]
pub(crate) struct QueryMetrics {
    pub(crate) running: IntGauge,
    pub(crate) waiting: IntGauge,
    pub(crate) scanned_bytes: IntCounter,
}

/// Those of connections.
#[derive(Clone)]
pub(crate) struct ConnectionMetrics {
    pub(crate) open: IntGauge,
    pub(crate) accepted: IntCounter,
    pub(crate) refused: IntCounter,
}

/// Those of all tables' files.
#[derive(Debug, Clone)]
pub(crate) struct StoreMetrics {
    pub(crate) flush_seconds: Histogram,
    pub(crate) compaction_seconds: Histogram,
    pub(crate) sync_seconds: Histogram,
}

/// What is looked up when somebody asks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) tables: usize,
    pub(crate) memory_rows: u64,
    pub(crate) memory_bytes: u64,
    pub(crate) log_bytes: u64,
    pub(crate) files: u64,
    pub(crate) file_bytes: u64,
    pub(crate) loads_running: usize,
    pub(crate) loads_waiting: usize,
}

struct StateGauges {
    tables: IntGauge,
    memory_rows: IntGauge,
    memory_bytes: IntGauge,
    log_bytes: IntGauge,
    files: IntGauge,
    file_bytes: IntGauge,
    loads_running: IntGauge,
    loads_waiting: IntGauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let registry = Registry::new();
        let new = Builder(&registry);
        let build = IntGaugeVec::new(options("build_info", "The version that runs; always 1."), &["version"]);
        new.keep(build).with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let stored = IntCounterVec::new(
            options(
                "records_ingested_total",
                "Records accepted, by the store that their time sends them to.",
            ),
            &["store"],
        );
        let stored = new.keep(stored);
        let requests = IntCounterVec::new(
            options(
                "requests_total",
                "Requests answered, by operation and outcome: ok, or the error's type.",
            ),
            &["operation", "outcome"],
        );
        let seconds =
            HistogramOpts::from(options("request_duration_seconds", "Time from a request to its answer."));
        let seconds = HistogramVec::new(seconds.buckets(REQUEST_SECONDS.to_vec()), &["operation"]);
        Self {
            requests: new.keep(requests),
            request_seconds: new.keep(seconds),
            request_bytes: new.counter("request_bytes_total", "Bytes of the bodies of requests."),
            records: RecordMetrics {
                memory: stored.with_label_values(&["memory"]),
                magnetic: stored.with_label_values(&["magnetic"]),
                rejected: new
                    .counter("records_rejected_total", "Records that were rejected, each by itself."),
            },
            state: StateGauges {
                tables: new.gauge("tables", "Tables."),
                memory_rows: new.gauge("memory_table_rows", "Rows in memory tables."),
                memory_bytes: new.gauge("memory_table_bytes", "Bytes that memory tables take, about."),
                log_bytes: new.gauge("log_bytes", "Bytes of the tables' logs and dictionaries."),
                files: new.gauge("files", "Parquet files."),
                file_bytes: new.gauge("file_bytes", "Bytes of Parquet files."),
                loads_running: new.gauge("batch_loads_running", "Batch load tasks that run."),
                loads_waiting: new.gauge("batch_loads_waiting", "Batch load tasks that wait for their turn."),
            },
            queries: QueryMetrics {
                running: new.gauge("queries_running", "Queries of which a page is being made."),
                waiting: new.gauge("queries_waiting", "Queries that wait until others are done."),
                scanned_bytes: new.counter("query_scanned_bytes_total", "Bytes that queries have scanned."),
            },
            connections: ConnectionMetrics {
                open: new.gauge("connections", "Open connections."),
                accepted: new.counter("connections_total", "Connections taken since the start."),
                refused: new.counter("connections_refused_total", "Connections for which there was no room."),
            },
            store: StoreMetrics::new(&new),
            registry,
        }
    }

    /// Counts a request that has been answered.
    pub(crate) fn request(&self, operation: &str, outcome: &str, bytes: u64, took: Duration) {
        self.request_bytes.inc_by(bytes);
        self.requests.with_label_values(&[operation, outcome]).inc();
        self.request_seconds.with_label_values(&[operation]).observe(took.as_secs_f64());
    }

    /// All figures as Prometheus text, with what was just looked up.
    pub(crate) fn text(&self, state: State) -> Result<String, prometheus::Error> {
        let gauges = &self.state;
        for (gauge, value) in [
            (&gauges.tables, state.tables as u64),
            (&gauges.memory_rows, state.memory_rows),
            (&gauges.memory_bytes, state.memory_bytes),
            (&gauges.log_bytes, state.log_bytes),
            (&gauges.files, state.files),
            (&gauges.file_bytes, state.file_bytes),
            (&gauges.loads_running, state.loads_running as u64),
            (&gauges.loads_waiting, state.loads_waiting as u64),
        ] {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        }
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

impl RecordMetrics {
    /// Counts the records of a write.
    pub(crate) fn count(&self, ingested: Ingested, rejected: usize) {
        self.memory.inc_by(ingested.memory);
        self.magnetic.inc_by(ingested.magnetic);
        self.rejected.inc_by(rejected as u64);
    }

    /// Counts a record that was rejected before there was a write.
    pub(crate) fn count_rejected(&self) {
        self.rejected.inc();
    }
}

impl StoreMetrics {
    fn new(new: &Builder<'_>) -> Self {
        Self {
            flush_seconds: new.histogram("flush_duration_seconds", "Time to write a memory table to files."),
            compaction_seconds: new
                .histogram("compaction_duration_seconds", "Time to merge files of an hour."),
            sync_seconds: new.histogram("sync_duration_seconds", "Time to bring a log to the disk."),
        }
    }
}

impl Default for StoreMetrics {
    /// Figures that nobody asks for.
    fn default() -> Self {
        Self::new(&Builder(&Registry::new()))
    }
}

/// Something that counts as long as it lives.
pub(crate) struct Counted(IntGauge);

impl Counted {
    pub(crate) fn new(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Whole milliseconds since `began`, for logs.
pub(crate) fn millis(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Makes figures that a registry knows.
struct Builder<'a>(&'a Registry);

impl Builder<'_> {
    fn keep<C: Collector + Clone + 'static>(&self, made: prometheus::Result<C>) -> C {
        let made = made.expect("names and labels are valid");
        self.0.register(Box::new(made.clone())).expect("no name is given twice");
        made
    }

    fn counter(&self, name: &str, help: &str) -> IntCounter {
        self.keep(IntCounter::with_opts(options(name, help)))
    }

    fn gauge(&self, name: &str, help: &str) -> IntGauge {
        self.keep(IntGauge::with_opts(options(name, help)))
    }

    fn histogram(&self, name: &str, help: &str) -> Histogram {
        let options = HistogramOpts::from(options(name, help)).buckets(FILE_SECONDS.to_vec());
        self.keep(Histogram::with_opts(options))
    }
}

fn options(name: &str, help: &str) -> Opts {
    Opts::new(name, help).namespace("timestream_local")
}
