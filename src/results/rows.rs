//! The rows of a run's CSV files; their fields are the files' headers. Times are UTC, spans seconds.

use serde::{Deserialize, Serialize};

use super::Accounts;
use crate::plan::ALL_PHASES;

/// The header of a thread's `...-summary.csv`, and the first columns of `summary.csv`.
pub const THREAD_SUMMARY_HEADER: [&str; 9] = [
    "Query type",
    "Total Count",
    "Successful Count",
    "Avg. latency (in secs)",
    "Std dev latency (in secs)",
    "Median",
    "90th perc (in secs)",
    "99th Perc (in secs)",
    "Geo Mean (in secs)",
];

/// A row of `queries.csv`: one attempt of one execution.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct QueryRow {
    /// The phase in which it began.
    pub phase: String,
    /// The workload.
    pub workload: String,
    /// The user's number in the workload, from 1.
    #[serde(default)]
    pub user: u32,
    /// The query's name.
    pub query: String,
    /// From 1; retries count on.
    #[serde(default)]
    pub attempt: u32,
    /// When the user meant to send it.
    #[serde(default)]
    pub intended_utc: String,
    /// When it was sent.
    pub start_utc: String,
    /// When the first row was read; empty where there was none.
    #[serde(default)]
    pub first_row_utc: String,
    /// When the last row was read, or the failure known.
    pub end_utc: String,
    /// From start to end: the service time.
    #[serde(default)]
    pub service_seconds: f64,
    /// From the intended start to the end: the response time.
    #[serde(default)]
    pub response_seconds: f64,
    /// Rows read.
    #[serde(default)]
    pub rows: u64,
    /// Bytes that the service charges for.
    #[serde(default)]
    pub bytes_metered: u64,
    /// The service's id of the query.
    #[serde(default)]
    pub query_id: String,
    /// ok, cancelled, or the kind of failure.
    pub status: String,
}

/// A row of `failed-writes.csv`: one attempt of a write that failed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct FailedWriteRow {
    /// The phase in which it was due.
    pub phase: String,
    /// The workload.
    pub workload: String,
    /// From 1; retries count on.
    #[serde(default)]
    pub attempt: u32,
    /// Records of the write.
    #[serde(default)]
    pub records: u64,
    /// When the write was due.
    #[serde(default)]
    pub intended_utc: String,
    /// When the attempt was sent.
    pub start_utc: String,
    /// When its failure was known.
    #[serde(default)]
    pub end_utc: String,
    /// From start to end.
    #[serde(default)]
    pub service_seconds: f64,
    /// The kind of failure.
    pub status: String,
}

/// A row of `timeline.csv`: one second, or what is left of one at a phase's end.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TimelineRow {
    /// Its start.
    pub time_utc: String,
    /// The phase.
    pub phase: String,
    /// Records that live load meant to write.
    #[serde(default)]
    pub planned_records: u64,
    /// Records acknowledged.
    #[serde(default)]
    pub written_records: u64,
    /// Records rejected.
    #[serde(default)]
    pub rejected_records: u64,
    /// Records refused for good.
    #[serde(default)]
    pub refused_records: u64,
    /// Records of which nobody knows.
    #[serde(default)]
    pub unknown_records: u64,
    /// Write requests done with.
    #[serde(default)]
    pub write_requests: u64,
    /// Attempts that were throttled, of writes and queries.
    #[serde(default)]
    pub throttled: u64,
    /// Attempts that failed otherwise.
    #[serde(default)]
    pub failed_attempts: u64,
    /// How late the next operation is, of writes and of queries with a rate.
    #[serde(default)]
    pub lag_seconds: f64,
    /// Median service time of writes.
    #[serde(default)]
    pub write_p50_seconds: f64,
    /// 99th percentile of it.
    #[serde(default)]
    pub write_p99_seconds: f64,
    /// Queries that arrived, where they have a rate.
    #[serde(default)]
    pub planned_queries: u64,
    /// Queries answered.
    #[serde(default)]
    pub queries_done: u64,
    /// Queries failed for good.
    #[serde(default)]
    pub queries_failed: u64,
    /// Median service time of queries.
    #[serde(default)]
    pub query_p50_seconds: f64,
    /// 99th percentile of it.
    #[serde(default)]
    pub query_p99_seconds: f64,
    /// CPU time that tsrun used, in cores.
    #[serde(default)]
    pub cpu_cores: f64,
    /// Messages that waited for the recorder.
    #[serde(default)]
    pub recorder_queue: u64,
}

/// A row of `errors.csv`: one kind of failure of one operation in one phase.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ErrorRow {
    /// The phase.
    pub phase: String,
    /// The workload.
    pub workload: String,
    /// The query's name, or `write`.
    pub operation: String,
    /// The kind; rejects by reason.
    pub kind: String,
    /// How many: records for rejects, attempts for the rest.
    pub count: u64,
    /// The first one.
    #[serde(default)]
    pub first_utc: String,
    /// The last one so far.
    #[serde(default)]
    pub last_utc: String,
    /// The first few different messages, one a line.
    #[serde(default)]
    pub samples: String,
}

/// A row of `thresholds.csv`: a threshold and how it came out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ThresholdRow {
    /// As the scenario has it.
    pub threshold: String,
    /// The phase, or `all` that count.
    pub phase: String,
    /// The figure.
    pub value: String,
    /// Whether it is within its bound.
    pub passed: bool,
}

/// A row of `summary.csv`: a query or an ingest workload in one phase, or in all that count
/// (phase `all`).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SummaryRow {
    /// The query's name, or the ingest workload's.
    #[serde(rename = "Query type")]
    pub query_type: String,
    /// Executions; of ingest, write requests.
    #[serde(rename = "Total Count")]
    pub total_count: u64,
    /// Those that succeeded.
    #[serde(rename = "Successful Count")]
    pub successful_count: u64,
    /// Mean service time of the successful.
    #[serde(default, rename = "Avg. latency (in secs)")]
    pub mean: f64,
    /// Its standard deviation.
    #[serde(default, rename = "Std dev latency (in secs)")]
    pub standard_deviation: f64,
    /// Its median.
    #[serde(default, rename = "Median")]
    pub median: f64,
    /// Its 90th percentile.
    #[serde(default, rename = "90th perc (in secs)")]
    pub p90: f64,
    /// Its 99th percentile.
    #[serde(default, rename = "99th Perc (in secs)")]
    pub p99: f64,
    /// Its geometric mean.
    #[serde(default, rename = "Geo Mean (in secs)")]
    pub geometric_mean: f64,
    /// Its 99.9th percentile.
    #[serde(default)]
    pub p999_seconds: f64,
    /// Its maximum.
    #[serde(default)]
    pub max_seconds: f64,
    /// `query` or `ingest`.
    pub kind: String,
    /// The workload.
    pub workload: String,
    /// The phase, or `all`.
    pub phase: String,
    /// Executions that failed for good.
    #[serde(default)]
    pub failed_count: u64,
    /// Attempts that were throttled.
    #[serde(default)]
    pub throttled_count: u64,
    /// Answers without a row.
    #[serde(default)]
    pub empty_count: u64,
    /// Rows read.
    #[serde(default)]
    pub rows: u64,
    /// Bytes that the service charges for.
    #[serde(default)]
    pub bytes_metered: u64,
    /// Ingest, and queries with a rate: median of the time from the intended start to the answer.
    #[serde(default)]
    pub response_median_seconds: f64,
    /// Its 99th percentile.
    #[serde(default)]
    pub response_p99_seconds: f64,
    /// 99th percentile of how late operations were sent.
    #[serde(default)]
    pub lag_p99_seconds: f64,
    /// Ingest: records due.
    #[serde(default)]
    pub planned_records: u64,
    /// Ingest: records stored.
    #[serde(default)]
    pub acknowledged_records: u64,
    /// Ingest: records left out by the service.
    #[serde(default)]
    pub rejected_records: u64,
    /// Ingest: records refused for good.
    #[serde(default)]
    pub refused_records: u64,
    /// Ingest: records of which nobody knows.
    #[serde(default)]
    pub unknown_records: u64,
    /// Ingest: records due but never sent.
    #[serde(default)]
    pub skipped_records: u64,
    /// Attempts, the first ones included.
    #[serde(default)]
    pub attempts: u64,
    /// Queries with a rate: executions due but never sent.
    #[serde(default)]
    pub skipped_count: u64,
    /// Queries: executions under way that were given up because the run ended.
    #[serde(default)]
    pub cancelled_count: u64,
    /// Of answers with rows: median of the time from sending the query to its first row.
    #[serde(default)]
    pub first_row_median_seconds: f64,
    /// Its 99th percentile.
    #[serde(default)]
    pub first_row_p99_seconds: f64,
    /// Of answers with rows: median of the time from the first row to the last.
    #[serde(default)]
    pub rest_median_seconds: f64,
    /// Its 99th percentile.
    #[serde(default)]
    pub rest_p99_seconds: f64,
}

impl SummaryRow {
    /// Its operation as thresholds and gates name it: `users.do-q1`, of ingest `ingest`.
    #[must_use]
    pub fn operation(&self) -> String {
        match self.query() {
            Some(query) => format!("{}.{query}", self.workload),
            None => self.workload.clone(),
        }
    }

    /// Whether it stands for all phases that count.
    #[must_use]
    pub fn is_of_all(&self) -> bool {
        self.phase == ALL_PHASES
    }

    /// What became of its records.
    #[must_use]
    pub fn accounts(&self) -> Accounts {
        Accounts {
            planned: self.planned_records,
            acknowledged: self.acknowledged_records,
            rejected: self.rejected_records,
            refused: self.refused_records,
            unknown: self.unknown_records,
            skipped: self.skipped_records,
        }
    }

    /// Its query; none of ingest.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        (self.kind == "query").then_some(&self.query_type)
    }
}

/// A row of `incidents.csv`: an incident that came over a node.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct IncidentRow {
    /// Its name in the scenario.
    pub incident: String,
    /// The level of the node.
    pub level: String,
    /// The node: the attributes that tell it apart, outermost first, as `name=value` joined by `/`.
    pub node: String,
    /// Its first instant.
    pub start_utc: String,
    /// The first one after it.
    pub end_utc: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_begins_with_a_threads_summary() {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.serialize(SummaryRow::default()).unwrap();
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        assert!(text.starts_with(&THREAD_SUMMARY_HEADER.join(",")), "{text}");
    }

    /// The names of a type's columns.
    fn columns<R: Serialize + Default>() -> Vec<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.serialize(R::default()).unwrap();
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        text.lines().next().unwrap().split(',').map(ToOwned::to_owned).collect()
    }

    #[test]
    fn files_without_later_columns_are_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let read = |text: &str| {
            std::fs::write(file.path(), text).unwrap();
            crate::results::files::read_csv::<SummaryRow>(file.path())
        };
        let rows =
            read("Query type,Total Count,Successful Count,kind,workload,phase\ndo-q1,2,1,query,users,all\n");
        let row = &rows.unwrap()[0];
        assert_eq!((row.total_count, row.skipped_count, row.phase.as_str()), (2, 0, "all"));
        let refused =
            read("Query type,Total Count,Successful Count,kind,workload\n").unwrap_err().to_string();
        assert!(refused.ends_with("it has no column `phase`; was it cut short?"), "{refused}");
    }

    #[test]
    fn every_column_is_explained() {
        let docs = include_str!("../../docs/results.md");
        let all = [
            columns::<SummaryRow>(),
            columns::<QueryRow>(),
            columns::<FailedWriteRow>(),
            columns::<TimelineRow>(),
            columns::<ErrorRow>(),
            columns::<ThresholdRow>(),
            columns::<IncidentRow>(),
        ];
        for column in all.concat() {
            assert!(docs.contains(&format!("`{column}`")), "docs/results.md does not tell of {column}");
        }
    }
}
