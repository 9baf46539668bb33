//! A run as JSON, for programs. Its form is documented in `docs/reports.md` and stable: fields are only ever added, else
//! `schema_version` is raised.

use serde::Serialize;

use super::verdict::{Verdict, verdicts};
use crate::results::{
    Accounts, ErrorRow, IncidentRow, Manifest, ResultsError, Run, SummaryRow, ThresholdRow,
};

/// The version of the form.
const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    schema_version: u32,
    verdicts: Vec<Verdict>,
    operations: Vec<Operation<'a>>,
    thresholds: &'a [ThresholdRow],
    failures: &'a [ErrorRow],
    incidents: &'a [IncidentRow],
    manifest: &'a Manifest,
}

/// A query, or the writes of an ingest workload, in a phase or in all that count.
#[derive(Serialize)]
struct Operation<'a> {
    kind: &'a str,
    workload: &'a str,
    name: &'a str,
    phase: &'a str,
    total: u64,
    succeeded: u64,
    failed: u64,
    attempts: u64,
    throttled_attempts: u64,
    skipped: u64,
    cancelled: u64,
    empty_answers: u64,
    rows: u64,
    bytes_metered: u64,
    /// Of ingest.
    records: Option<Accounts>,
    service_seconds: Service,
    /// Of ingest and of queries with a rate.
    response_seconds: Option<Percentiles>,
    first_row_seconds: Option<Percentiles>,
    rest_seconds: Option<Percentiles>,
    lag_p99_seconds: f64,
}

#[derive(Serialize)]
struct Service {
    mean: f64,
    standard_deviation: f64,
    geometric_mean: f64,
    p50: f64,
    p90: f64,
    p99: f64,
    p999: f64,
    max: f64,
}

#[derive(Serialize)]
struct Percentiles {
    p50: f64,
    p99: f64,
}

impl Percentiles {
    /// None where nothing was measured: a span that was is never 0.
    fn of(p50: f64, p99: f64) -> Option<Self> {
        (p99 > 0.0).then_some(Self { p50, p99 })
    }
}

impl<'a> Operation<'a> {
    fn of(row: &'a SummaryRow) -> Self {
        Self {
            kind: &row.kind,
            workload: &row.workload,
            name: &row.query_type,
            phase: &row.phase,
            total: row.total_count,
            succeeded: row.successful_count,
            failed: row.failed_count,
            attempts: row.attempts,
            throttled_attempts: row.throttled_count,
            skipped: row.skipped_count,
            cancelled: row.cancelled_count,
            empty_answers: row.empty_count,
            rows: row.rows,
            bytes_metered: row.bytes_metered,
            records: (row.kind == "ingest").then(|| row.accounts()),
            service_seconds: Service {
                mean: row.mean,
                standard_deviation: row.standard_deviation,
                geometric_mean: row.geometric_mean,
                p50: row.median,
                p90: row.p90,
                p99: row.p99,
                p999: row.p999_seconds,
                max: row.max_seconds,
            },
            response_seconds: Percentiles::of(row.response_median_seconds, row.response_p99_seconds),
            first_row_seconds: Percentiles::of(row.first_row_median_seconds, row.first_row_p99_seconds),
            rest_seconds: Percentiles::of(row.rest_median_seconds, row.rest_p99_seconds),
            lag_p99_seconds: row.lag_p99_seconds,
        }
    }
}

/// The run as JSON.
pub(super) fn json(run: &Run) -> Result<String, ResultsError> {
    let report = Report {
        schema_version: SCHEMA_VERSION,
        verdicts: verdicts(run),
        operations: run.summary.iter().map(Operation::of).collect(),
        thresholds: &run.thresholds,
        failures: &run.errors,
        incidents: &run.incidents,
        manifest: &run.manifest,
    };
    let text = serde_json::to_string_pretty(&report);
    text.map(|text| text + "\n").map_err(|error| ResultsError::new("report on", run.dir.path(), error))
}
