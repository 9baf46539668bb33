//! Query insights as Query takes and gives them. Not here: what was scanned (`sql`).
//!
//! Shapes are those of the service model, API version 2018-11-01. `LocalScans` is this server's own: SDKs skip it.

use serde::{Deserialize, Serialize};

use super::{Failure, checks};
use crate::catalog::{PartitionKey, Resource};
use crate::engine::Engine;
use crate::sql::{Insights, Part, ScanInsight};

/// `QueryInsights`. The service gives insights to one query a second; here each gets them.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct QueryInsights {
    mode: Option<String>,
}

impl QueryInsights {
    /// Whether they are wanted.
    pub(super) fn enabled(&self) -> Result<bool, Failure> {
        let mode = checks::required("queryInsights.mode", self.mode.as_deref())?;
        checks::one_of(
            "queryInsights.mode",
            mode,
            &[("ENABLED_WITH_RATE_CONTROL", true), ("DISABLED", false)],
        )
    }
}

/// `QueryInsightsResponse`. What tells of UNLOAD is left out, which this server does not have.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct QueryInsightsResponse {
    #[serde(skip_serializing_if = "Option::is_none")]
    query_spatial_coverage: Option<Worst<SpatialCoverage>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    query_temporal_range: Option<Worst<TemporalRange>>,
    query_table_count: usize,
    output_rows: u64,
    output_bytes: u64,
    local_scans: Vec<LocalScan>,
}

/// The table for which it is worst.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Worst<T> {
    max: T,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SpatialCoverage {
    value: f64,
    table_arn: String,
    partition_key: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TemporalRange {
    /// Nanoseconds.
    value: i64,
    table_arn: String,
}

/// What the engine read of one table's files.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct LocalScan {
    database_name: String,
    table_name: String,
    files: u64,
    files_read: u64,
    row_groups: u64,
    row_groups_read: u64,
    rows: u64,
    rows_read: u64,
    rows_in_memory: u64,
}

impl QueryInsightsResponse {
    pub(super) fn new(insights: &Insights, engine: &Engine) -> Self {
        let arn = |scan: &ScanInsight| Resource::table_arn(engine.region(), &scan.database, &scan.table);
        let widest = insights.scans.iter().max_by(|a, b| a.coverage.total_cmp(&b.coverage));
        let longest = insights.scans.iter().max_by_key(|scan| scan.temporal_range);
        Self {
            query_spatial_coverage: widest.map(|scan| Worst {
                max: SpatialCoverage {
                    value: scan.coverage,
                    table_arn: arn(scan),
                    partition_key: partition_key(engine, scan),
                },
            }),
            query_temporal_range: longest.map(|scan| Worst {
                max: TemporalRange { value: scan.temporal_range, table_arn: arn(scan) },
            }),
            query_table_count: insights.tables,
            output_rows: insights.output_rows,
            output_bytes: insights.output_bytes,
            local_scans: insights.scans.iter().map(LocalScan::of).collect(),
        }
    }
}

impl LocalScan {
    fn of(scan: &ScanInsight) -> Self {
        let Part { read: files_read, of: files } = scan.files;
        let Part { read: row_groups_read, of: row_groups } = scan.row_groups;
        let Part { read: rows_read, of: rows } = scan.rows;
        Self {
            database_name: scan.database.clone(),
            table_name: scan.table.clone(),
            files,
            files_read,
            row_groups,
            row_groups_read,
            rows,
            rows_read,
            rows_in_memory: scan.rows_in_memory,
        }
    }
}

/// What the table is partitioned by, beside time; nothing where it was dropped meanwhile.
fn partition_key(engine: &Engine, scan: &ScanInsight) -> Vec<String> {
    let state = engine.catalog().read();
    let keys = state
        .table(&scan.database, &scan.table)
        .map(|table| &table.properties.schema.composite_partition_key);
    let name = |key: &PartitionKey| key.name.clone().unwrap_or_else(|| "measure_name".to_owned());
    keys.map_or_else(|_| Vec::new(), |keys| keys.iter().map(name).collect())
}
