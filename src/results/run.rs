//! A run that is there, read from its directory. Not here: what is made of it (`report`, `compare`).

use std::path::Path;

use super::files::{ResultsError, read_csv};
use super::interval_log::Intervals;
use super::{ErrorRow, IncidentRow, Manifest, RunDir, SummaryRow, ThresholdRow, TimelineRow};

/// The files of a run that are small; the long ones are read when they are asked for.
#[derive(Debug, Clone)]
pub struct Run {
    /// Where it is.
    pub dir: RunDir,
    /// `manifest.json`.
    pub manifest: Manifest,
    /// `summary.csv`.
    pub summary: Vec<SummaryRow>,
    /// `errors.csv`.
    pub errors: Vec<ErrorRow>,
    /// `thresholds.csv`; empty where the scenario has none.
    pub thresholds: Vec<ThresholdRow>,
    /// `incidents.csv`; empty where the scenario has none.
    pub incidents: Vec<IncidentRow>,
}

impl Run {
    /// Reads a run directory.
    ///
    /// # Errors
    /// A file that is missing or cannot be read.
    pub fn read(path: &Path) -> Result<Self, ResultsError> {
        let dir = RunDir::open(path);
        Ok(Self {
            manifest: Manifest::read(&dir)?,
            summary: read_csv(&dir.summary())?,
            errors: read_csv(&dir.errors())?,
            thresholds: optional(&dir.thresholds())?,
            incidents: optional(&dir.incidents())?,
            dir,
        })
    }

    /// `timeline.csv`.
    ///
    /// # Errors
    /// The file is missing or cannot be read.
    pub fn timeline(&self) -> Result<Vec<TimelineRow>, ResultsError> {
        read_csv(&self.dir.timeline())
    }

    /// The histograms of a workload.
    pub(crate) fn intervals(&self, workload: &str) -> Result<Intervals, ResultsError> {
        Intervals::open(&self.dir.histograms(workload))
    }

    /// The workloads, in the order of the scenario.
    #[must_use]
    pub fn workloads(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for row in &self.summary {
            if !names.contains(&row.workload.as_str()) {
                names.push(&row.workload);
            }
        }
        names
    }
}

fn optional<R: serde::de::DeserializeOwned>(path: &Path) -> Result<Vec<R>, ResultsError> {
    if path.exists() { read_csv(path) } else { Ok(Vec::new()) }
}
