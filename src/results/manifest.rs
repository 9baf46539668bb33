//! `manifest.json`: what ran, where, when, and whether its figures count. Written when a run begins
//! and again when it ends, so that a crash leaves one that says so.

use chrono::DateTime;
use serde::{Deserialize, Serialize};

use super::accounts::Accounts;
use super::files::{ResultsError, replace};
use super::fleet::Fleet;
use super::run_dir::RunDir;
use super::usage::Usage;
use crate::target::Place;

/// The manifest of a run. Times are UTC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The scenario's name.
    pub scenario: String,
    /// The XXH3-128 of the resolved scenario, in hexadecimal.
    pub scenario_hash: String,
    /// The seed of every draw.
    pub seed: u64,
    /// tsrun's version.
    pub version: String,
    /// The git revision it was built from, where that was known.
    pub git_revision: Option<String>,
    /// Where it ran.
    pub target: Place,
    /// The database.
    pub database: String,
    /// The table.
    pub table: String,
    /// The machine that made the load.
    #[serde(default)]
    pub machine: Machine,
    /// What was to be written.
    #[serde(default)]
    pub fleet: Fleet,
    /// When measuring began.
    pub started_utc: String,
    /// When everything was written; none while it runs, or after a crash.
    pub ended_utc: Option<String>,
    /// running, completed, interrupted or failed.
    pub state: State,
    /// Why it failed.
    pub failure: Option<String>,
    /// The phases that ran.
    pub phases: Vec<PhaseTimes>,
    /// Rows of the last 15 minutes at the start and at the end.
    #[serde(default)]
    pub recent_rows: RecentRows,
    /// Records over all phases, also those that do not count in the summary.
    #[serde(default)]
    pub records: Accounts,
    /// What the run took of the machine that made the load.
    #[serde(default)]
    pub usage: Usage,
    /// Whether the figures count.
    pub validity: Validity,
    /// Remarks of the run: threads without logs, tables with another retention.
    #[serde(default)]
    pub notes: Vec<String>,
    /// The runs that it was merged from; none of a run that ran.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

/// A run that was merged into another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its directory's name.
    pub run: String,
    /// The machine that made its load.
    pub machine: Machine,
    /// When it began.
    pub started_utc: String,
    /// When it ended.
    pub ended_utc: Option<String>,
    /// How far it came.
    pub state: State,
    /// Whether its figures count.
    pub valid: bool,
}

/// How far a run came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It runs, or it crashed.
    Running,
    /// All phases ran.
    Completed,
    /// Somebody ended it.
    Interrupted,
    /// It ended itself.
    Failed,
}

/// The machine that made the load.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Machine {
    /// Its name.
    pub host: String,
    /// Its operating system and architecture.
    pub platform: String,
    /// Cores that the run may use.
    pub cores: usize,
}

impl Machine {
    /// This machine.
    #[must_use]
    pub fn this() -> Self {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname")
            .ok()
            .or_else(|| std::env::var("HOSTNAME").ok())
            .map_or_else(|| "unknown".to_owned(), |name| name.trim().to_owned());
        Self {
            host,
            platform: format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH),
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        }
    }
}

/// A phase that ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseTimes {
    /// Its name.
    pub name: String,
    /// Whether it counts in the summary.
    pub record: bool,
    /// When it began.
    pub started_utc: String,
    /// When it ended; what was late then was still sent after.
    pub ended_utc: String,
}

/// Rows of the last 15 minutes; none where the count failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RecentRows {
    /// When the run began.
    pub at_start: Option<u64>,
    /// When it ended.
    pub at_end: Option<u64>,
}

/// Whether the load was what the plan says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Validity {
    /// False where the runner could not keep the plan.
    pub valid: bool,
    /// Why not.
    pub reasons: Vec<String>,
}

impl Manifest {
    /// Processor time over the run's length: 1.0 is one core all the time. None while it runs.
    #[must_use]
    pub fn cpu_share(&self) -> Option<f64> {
        let seconds = self.lasted()?;
        (seconds > 0.0).then(|| self.usage.cpu_seconds / seconds)
    }

    /// How long it lasted, in seconds. None while it runs.
    #[must_use]
    pub fn lasted(&self) -> Option<f64> {
        let ended = DateTime::parse_from_rfc3339(self.ended_utc.as_ref()?).ok()?;
        let lasted = ended.signed_duration_since(DateTime::parse_from_rfc3339(&self.started_utc).ok()?);
        Some(lasted.num_milliseconds() as f64 / 1e3)
    }

    /// Seconds that a phase lasted, all the times that it ran; 0 where the manifest does not know it.
    pub(crate) fn phase_seconds(&self, name: &str) -> f64 {
        let phases = self.phases.iter().filter(|phase| phase.name == name);
        let spans =
            phases.filter_map(|phase| Some(instant(&phase.ended_utc)? - instant(&phase.started_utc)?));
        spans.map(super::seconds).sum()
    }

    /// When a phase began, all the times that it ran, in nanoseconds since the epoch.
    pub(crate) fn phase_starts(&self, name: &str) -> Vec<i64> {
        let phases = self.phases.iter().filter(|phase| phase.name == name);
        phases.filter_map(|phase| instant(&phase.started_utc)).collect()
    }

    /// When a phase began first and ended last, in nanoseconds since the epoch.
    pub(crate) fn phase_span(&self, name: &str) -> Option<(i64, i64)> {
        let phases = || self.phases.iter().filter(|phase| phase.name == name);
        let start = phases().filter_map(|phase| instant(&phase.started_utc)).min()?;
        Some((start, phases().filter_map(|phase| instant(&phase.ended_utc)).max()?))
    }

    /// Writes it to its run directory.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, dir: &RunDir) -> Result<(), ResultsError> {
        let path = dir.manifest();
        let mut bytes =
            serde_json::to_vec_pretty(self).map_err(|error| ResultsError::new("write", &path, error))?;
        bytes.push(b'\n');
        replace(&path, &bytes)
    }

    /// Reads a run directory's manifest.
    ///
    /// # Errors
    /// The file is missing, unreadable or not a manifest.
    pub fn read(dir: &RunDir) -> Result<Self, ResultsError> {
        let path = dir.manifest();
        let bytes = std::fs::read(&path).map_err(|error| ResultsError::new("read", &path, error))?;
        serde_json::from_slice(&bytes).map_err(|error| ResultsError::new("read", &path, error))
    }
}

/// A time of a file of results, in nanoseconds since the epoch.
pub(crate) fn instant(utc: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(utc).ok()?.timestamp_nanos_opt()
}
