//! A task: what it is to do, how far it is. Not here: doing it (`run`).

use serde::{Deserialize, Serialize};

use super::lines::{Dialect, Place};
use super::report::Report;
use crate::mapping::Mapping;

/// What a task loads, from where, to where.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Load {
    pub(crate) database: String,
    pub(crate) table: String,
    /// The version of all its records.
    pub(crate) version: i64,
    /// The objects of this bucket whose keys begin with the prefix.
    pub(crate) bucket: String,
    pub(crate) prefix: String,
    pub(crate) dialect: Dialect,
    pub(crate) mapping: Mapping,
    /// Of the time, and of measures that are times; as `TimeUnit` names it.
    pub(crate) time_unit: String,
    /// Where the report goes; nowhere if nobody asked for one.
    pub(crate) report: Option<ReportLocation>,
}

/// A folder of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReportLocation {
    pub(crate) bucket: String,
    pub(crate) prefix: Option<String>,
}

/// `BatchLoadStatus`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Status {
    /// It waits for its turn.
    #[default]
    Created,
    InProgress,
    /// It came to the end, and something went wrong on the way.
    Failed,
    Succeeded,
    /// It could not go on; somebody may resume it.
    ProgressStopped,
    /// It will go on where it stopped when its turn comes.
    PendingResume,
}

impl Status {
    pub(crate) const ALL: [(&'static str, Self); 6] = [
        ("CREATED", Self::Created),
        ("IN_PROGRESS", Self::InProgress),
        ("FAILED", Self::Failed),
        ("SUCCEEDED", Self::Succeeded),
        ("PROGRESS_STOPPED", Self::ProgressStopped),
        ("PENDING_RESUME", Self::PendingResume),
    ];

    /// Its name in the protocol.
    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, status)| *status == self).map_or("", |(name, _)| name)
    }

    /// Whether the task will go on by itself.
    pub(super) fn is_active(self) -> bool {
        matches!(self, Self::Created | Self::InProgress | Self::PendingResume)
    }
}

/// `BatchLoadProgressReport`. Each record processed is ingested or one of the failures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Progress {
    pub(crate) records_processed: u64,
    pub(crate) records_ingested: u64,
    /// Lines that are no records.
    pub(crate) parse_failures: u64,
    /// Records that the table rejected.
    pub(crate) record_ingestion_failures: u64,
    /// Files that could not be read to their end.
    pub(crate) file_failures: u64,
    /// Bytes read.
    pub(crate) bytes_metered: u64,
}

/// How far a task has come: files are read in the order of their keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reached {
    /// The last file that it read from.
    pub(super) key: String,
    /// Where it goes on; none where the file is done.
    pub(super) place: Option<Place>,
}

/// A task as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Task {
    pub(crate) id: String,
    pub(crate) client_token: Option<String>,
    /// The request as it was made, for whoever describes the task.
    pub(crate) asked: serde_json::Value,
    pub(crate) load: Load,
    pub(crate) status: Status,
    /// Why it stopped, or what went wrong.
    pub(crate) error: Option<String>,
    /// Nanoseconds since the epoch.
    pub(crate) created: i64,
    pub(crate) updated: i64,
    pub(crate) progress: Progress,
    pub(super) reached: Option<Reached>,
    /// Empty once it is in its bucket.
    pub(super) report: Report,
}

impl Task {
    /// The object that its report is put into.
    pub(super) fn report_key(&self, location: &ReportLocation) -> String {
        let prefix = location.prefix.as_deref().unwrap_or_default().trim_end_matches('/');
        let between = if prefix.is_empty() { "" } else { "/" };
        format!("{prefix}{between}{}/error_report.json", self.id)
    }
}
