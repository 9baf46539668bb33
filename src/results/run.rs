//! A run that is there, read from its directory. Not here: what is made of it (`report`, `compare`).

use std::path::{Path, PathBuf};

use super::files::{ResultsError, csv_rows, read_csv};
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
        if !dir.manifest().exists() {
            return Err(no_run(path));
        }
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

    /// `timeline.csv`, a row at a time: that of a long run is long.
    ///
    /// # Errors
    /// The file is missing; each row that cannot be read.
    pub fn timeline_rows(
        &self,
    ) -> Result<impl Iterator<Item = Result<TimelineRow, ResultsError>>, ResultsError> {
        csv_rows(&self.dir.timeline())
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

/// What a path is that has no manifest: often the folder that runs are made in.
fn no_run(path: &Path) -> ResultsError {
    let cause = match newest_run(path) {
        _ if !path.exists() => "there is no such folder".to_owned(),
        Ok(Some(run)) => format!("it is no run directory; its newest one is {}", run.display()),
        _ => "it is no run directory: it has no manifest.json".to_owned(),
    };
    ResultsError::new("read", path, std::io::Error::other(cause))
}

/// The run under a folder that began last; none where there is none.
///
/// # Errors
/// The folder is there and cannot be read.
pub fn newest_run(out: &Path) -> Result<Option<PathBuf>, ResultsError> {
    let entries = match std::fs::read_dir(out) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(ResultsError::new("read", out, error)),
    };
    let runs = entries.flatten().map(|entry| RunDir::open(&entry.path()));
    let began = runs.filter_map(|run| Some((Manifest::read(&run).ok()?.started_utc, run.path().to_owned())));
    Ok(began.max().map(|(_, path)| path))
}

fn optional<R: serde::Serialize + serde::de::DeserializeOwned + Default>(
    path: &Path,
) -> Result<Vec<R>, ResultsError> {
    if path.exists() { read_csv(path) } else { Ok(Vec::new()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::made_up::MadeUp;

    #[test]
    fn what_is_no_run_is_told_and_the_run_in_it_is_named() {
        let out = tempfile::tempdir().unwrap();
        let told = |path: &Path| {
            let error = Run::read(path).unwrap_err().to_string();
            error.replace(&out.path().display().to_string(), "OUT")
        };
        assert_eq!(told(&out.path().join("nowhere")), "cannot read OUT/nowhere: there is no such folder");
        assert_eq!(told(out.path()), "cannot read OUT: it is no run directory: it has no manifest.json");
        MadeUp::new(1).write(&out.path().join("first"));
        let newest = "cannot read OUT: it is no run directory; its newest one is OUT/first";
        assert_eq!(told(out.path()), newest);
    }
}
