//! What runs came to, spelled as the service spells it but for times, which are nanoseconds since the epoch. Not here:
//! running (`run`).

use serde::{Deserialize, Serialize};

use super::job::Trigger;
use crate::sql::Insights;

/// A run that has ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunSummary {
    /// The time that it stood for.
    pub(crate) invocation: i64,
    /// When it began.
    pub(crate) trigger: i64,
    pub(crate) status: Status,
    pub(crate) stats: ExecutionStats,
    /// What was scanned, where that was asked for.
    pub(crate) insights: Option<Insights>,
    /// Where the report is of what was not written.
    pub(crate) report: Option<S3ReportLocation>,
    pub(crate) failure: Option<String>,
}

/// `ScheduledQueryRunStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Status {
    AutoTriggerSuccess,
    AutoTriggerFailure,
    ManualTriggerSuccess,
    ManualTriggerFailure,
}

/// `ExecutionStats`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ExecutionStats {
    pub(crate) execution_time_in_millis: i64,
    /// Bytes of what was written, in whole kilobytes for each hundred records, as writes are metered.
    pub(crate) data_writes: u64,
    pub(crate) bytes_metered: u64,
    pub(crate) cumulative_bytes_scanned: u64,
    pub(crate) records_ingested: u64,
    pub(crate) query_result_rows: u64,
}

/// `S3ReportLocation`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct S3ReportLocation {
    pub(crate) bucket_name: String,
    pub(crate) object_key: String,
}

impl Status {
    pub(super) fn of(trigger: Trigger, failed: bool) -> Self {
        match (trigger, failed) {
            (Trigger::Auto, false) => Self::AutoTriggerSuccess,
            (Trigger::Auto, true) => Self::AutoTriggerFailure,
            (Trigger::Manual, false) => Self::ManualTriggerSuccess,
            (Trigger::Manual, true) => Self::ManualTriggerFailure,
        }
    }

    pub(super) fn failed(self) -> bool {
        matches!(self, Self::AutoTriggerFailure | Self::ManualTriggerFailure)
    }
}
