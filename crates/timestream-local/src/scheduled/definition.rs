//! What a scheduled query is, spelled as the service spells it: the same shapes travel on the wire and stand in the
//! files. Not here: where its rows go (`target`), what its runs came to (`summary`).

use serde::{Deserialize, Serialize};

use super::schedule::Schedule;
use super::summary::RunSummary;
use super::target::Target;
use crate::catalog::Tags;

/// Failed runs that are remembered.
const REMEMBERED: usize = 5;

/// A scheduled query with all that is known of it. Times are nanoseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ScheduledQuery {
    /// Tells it from others that had its name before; names its file, too.
    pub(crate) suffix: String,
    pub(crate) definition: Definition,
    pub(crate) state: State,
    pub(crate) created: i64,
    pub(crate) client_token: Option<String>,
    pub(crate) tags: Tags,
    pub(crate) last_run: Option<RunSummary>,
    /// The newest first.
    pub(crate) failed_runs: Vec<RunSummary>,
    /// Of the records that the last run wrote: the next one's is higher, so that it may replace them.
    pub(crate) version: i64,
}

/// What a scheduled query was created with and keeps for its life.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Definition {
    pub(crate) name: String,
    pub(crate) query_string: String,
    pub(crate) schedule: Schedule,
    /// Where nothing is written without it, but the query runs.
    pub(crate) target: Option<Target>,
    pub(crate) error_reports: ErrorReportConfiguration,
    /// Kept and returned; nothing is sent.
    pub(crate) notifications: NotificationConfiguration,
    /// Kept and returned; nobody's role is taken.
    pub(crate) role_arn: String,
    /// Kept and returned; nothing is encrypted here.
    pub(crate) kms_key_id: Option<String>,
}

/// `ScheduledQueryState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum State {
    Enabled,
    Disabled,
}

/// `NotificationConfiguration`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct NotificationConfiguration {
    pub(crate) sns_configuration: SnsConfiguration,
}

/// `SnsConfiguration`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SnsConfiguration {
    pub(crate) topic_arn: String,
}

/// `ErrorReportConfiguration`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ErrorReportConfiguration {
    pub(crate) s3_configuration: S3Configuration,
}

/// `S3Configuration`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct S3Configuration {
    pub(crate) bucket_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) object_key_prefix: Option<String>,
    /// Kept and returned; nothing is encrypted here.
    pub(crate) encryption_option: Encryption,
}

impl S3Configuration {
    /// The key of the object at `path` below the prefix.
    pub(crate) fn key(&self, path: &str) -> String {
        let prefix = self.object_key_prefix.as_deref().map(|prefix| prefix.trim_end_matches('/'));
        prefix.map_or_else(|| path.to_owned(), |prefix| format!("{prefix}/{path}"))
    }
}

/// `S3EncryptionOption`; the first is what the service takes where none is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Encryption {
    #[serde(rename = "SSE_S3")]
    SseS3,
    #[serde(rename = "SSE_KMS")]
    SseKms,
}

impl ScheduledQuery {
    /// The name with the suffix: what its ARN ends in.
    pub(crate) fn id(&self) -> String {
        format!("{}-{}", self.definition.name, self.suffix)
    }

    /// Its next time after `after`; none while it is disabled.
    pub(crate) fn next_run(&self, after: i64) -> Option<i64> {
        match self.state {
            State::Enabled => self.definition.schedule.next(self.created, after),
            State::Disabled => None,
        }
    }

    /// Takes note of a run that has ended.
    pub(super) fn note(&mut self, run: RunSummary, version: i64) {
        if run.status.failed() {
            self.failed_runs.insert(0, run.clone());
            self.failed_runs.truncate(REMEMBERED);
        }
        self.last_run = Some(run);
        self.version = self.version.max(version);
    }
}
