//! A run that is there, read from its directory. Not here: what is made of it (`report`, `compare`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::files::{ResultsError, csv_rows, read_csv};
use super::interval_log::Intervals;
use super::{ErrorRow, IncidentRow, Manifest, RunDir, State, SummaryRow, ThresholdRow, TimelineRow, Timing};

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
        self.timeline_rows()?.collect()
    }

    /// `timeline.csv`, a row at a time: that of a long run is long.
    ///
    /// # Errors
    /// The file is missing; each row that cannot be read.
    pub fn timeline_rows(
        &self,
    ) -> Result<impl Iterator<Item = Result<TimelineRow, ResultsError>>, ResultsError> {
        self.rows(&self.dir.timeline())
    }

    /// The rows of one of its files, a row at a time; of a run without an end those before what a crash cut short.
    pub(crate) fn rows<R: serde::Serialize + serde::de::DeserializeOwned + Default>(
        &self,
        path: &Path,
    ) -> Result<impl Iterator<Item = Result<R, ResultsError>> + use<R>, ResultsError> {
        let is_cut = self.manifest.state == State::Running;
        Ok(csv_rows(path)?.take_while(move |row| row.is_ok() || !is_cut))
    }

    /// The histograms of a workload.
    pub(crate) fn intervals(&self, workload: &str) -> Result<Intervals, ResultsError> {
        Intervals::open(&self.dir.histograms(workload))
    }

    /// Holds a workload's interval log against the summary: `measured` is how many latencies it has of a tag. Of a run that was
    /// cut short either may lack its last seconds.
    ///
    /// # Errors
    /// The log of a run that came to its end lacks some, or has too many.
    pub(crate) fn check_log(
        &self,
        workload: &str,
        measured: impl Fn(&str) -> u64,
    ) -> Result<(), ResultsError> {
        if matches!(self.manifest.state, State::Running | State::Failed) {
            return Ok(());
        }
        let mut counted: BTreeMap<String, u64> = BTreeMap::new();
        for row in self.summary.iter().filter(|row| row.workload == workload && !row.is_of_all()) {
            let tag = Timing::Service.tag(&row.phase, row.query());
            *counted.entry(tag).or_default() += row.successful_count;
        }
        let Some((tag, count)) = counted.iter().find(|(tag, count)| measured(tag) != **count) else {
            return Ok(());
        };
        let there = measured(tag);
        let cause = format!(
            "it has {there} executions in {tag}, and summary.csv has {count}: it is cut, or another run's"
        );
        Err(ResultsError::new("read", &self.dir.histograms(workload), std::io::Error::other(cause)))
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
