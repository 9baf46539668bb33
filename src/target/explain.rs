//! What a query would scan: runs it once with query insights. Not here: how that is told to people (`commands::render`).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_timestreamquery::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_timestreamquery::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_timestreamquery::error::BoxError;
use aws_sdk_timestreamquery::types as wire;
use serde::Deserialize;

use super::{Target, TargetError};

/// What a query scanned, as the target says it.
#[derive(Debug, Clone, Default)]
pub struct Explanation {
    /// Bytes read.
    pub bytes_scanned: u64,
    /// Bytes that the service charges for.
    pub bytes_metered: u64,
    /// None where the target answers no insights.
    pub insights: Option<Insights>,
}

/// Query insights.
#[derive(Debug, Clone, Default)]
pub struct Insights {
    /// Rows of the answer.
    pub rows: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Tables that the query names.
    pub tables: u64,
    /// Of the partitions the share that was read, of the table for which it is greatest.
    pub coverage: Option<Coverage>,
    /// The time that was read, of the table for which it is longest.
    pub range: Option<Range>,
    /// What a local Timestream says of its own files, a scan each; none elsewhere.
    pub scans: Vec<Scan>,
}

/// How much of a table's partitions was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Coverage {
    /// 0.0 to 1.0.
    pub share: f64,
    /// The table's ARN.
    pub table: String,
    /// What it is partitioned by.
    pub keys: Vec<String>,
}

/// How much time of a table was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// From the first to the last instant.
    pub length: Duration,
    /// The table's ARN.
    pub table: String,
}

/// What one scan of a local table read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Scan {
    /// The database.
    pub database_name: String,
    /// The table.
    pub table_name: String,
    /// Files that there are.
    pub files: u64,
    /// Files of which something was read.
    pub files_read: u64,
    /// Row groups that there are.
    pub row_groups: u64,
    /// Row groups that were read.
    pub row_groups_read: u64,
    /// Rows in the files.
    pub rows: u64,
    /// Rows of the pages that were read.
    pub rows_read: u64,
    /// Rows that are in no file yet and were read.
    pub rows_in_memory: u64,
}

impl Target {
    /// Runs a query to its end and says what it scanned.
    ///
    /// # Errors
    /// Whatever the service or the way to it answers.
    pub async fn explain(&self, sql: &str) -> Result<Explanation, TargetError> {
        let mut explanation = Explanation::default();
        let mut token: Option<String> = None;
        loop {
            let mode = wire::QueryInsights::builder().mode(wire::QueryInsightsMode::EnabledWithRateControl);
            // The only member is given.
            let mode = mode.build().ok();
            let own = Own::default();
            let query = self.query.query().query_string(sql).set_query_insights(mode);
            let query = query.set_next_token(token.take()).customize().interceptor(own.clone());
            let page = query.send().await?;
            let count = |bytes: i64| u64::try_from(bytes).unwrap_or(0);
            if let Some(status) = page.query_status() {
                explanation.bytes_scanned = count(status.cumulative_bytes_scanned());
                explanation.bytes_metered = count(status.cumulative_bytes_metered());
            }
            if let Some(insights) = page.query_insights_response() {
                explanation.insights = Some(Insights { scans: own.scans(), ..Insights::from(insights) });
            }
            token = page.next_token().map(ToOwned::to_owned);
            if token.is_none() {
                return Ok(explanation);
            }
        }
    }
}

impl From<&wire::QueryInsightsResponse> for Insights {
    fn from(wire: &wire::QueryInsightsResponse) -> Self {
        let count = |count: Option<i64>| count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
        let coverage = wire.query_spatial_coverage().and_then(wire::QuerySpatialCoverage::max);
        let range = wire.query_temporal_range().and_then(wire::QueryTemporalRange::max);
        Self {
            rows: count(wire.output_rows()),
            bytes: count(wire.output_bytes()),
            tables: count(wire.query_table_count()),
            coverage: coverage.map(|max| Coverage {
                share: max.value(),
                table: max.table_arn().unwrap_or_default().to_owned(),
                keys: max.partition_key().to_vec(),
            }),
            range: range.map(|max| Range {
                length: Duration::from_nanos(u64::try_from(max.value()).unwrap_or(0)),
                table: max.table_arn().unwrap_or_default().to_owned(),
            }),
            scans: Vec::new(),
        }
    }
}

/// Keeps what the SDK's types leave out of an answer: a local Timestream's own part of the insights.
#[derive(Debug, Clone, Default)]
struct Own(Arc<Mutex<Vec<Scan>>>);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OwnAnswer {
    query_insights_response: Option<OwnInsights>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OwnInsights {
    #[serde(default)]
    local_scans: Vec<Scan>,
}

impl Own {
    fn scans(&self) -> Vec<Scan> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Intercept for Own {
    fn name(&self) -> &'static str {
        "local insights"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response().body().bytes().unwrap_or_default();
        if let Ok(OwnAnswer { query_insights_response: Some(own) }) = serde_json::from_slice(body) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = own.local_scans;
        }
        Ok(())
    }
}
