//! The run directory: its name, its files' names, and how it comes about.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::files::ResultsError;

/// A run's directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDir(PathBuf);

impl RunDir {
    /// Makes the folder that run directories are made in, where it is missing.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn make_room(out: &Path) -> Result<(), ResultsError> {
        std::fs::create_dir_all(out).map_err(|e| ResultsError::new("make", out, e))
    }

    /// Makes `out/SCENARIO-UTC time`; a number is added where another run began in the same second.
    ///
    /// # Errors
    /// The directory cannot be made.
    pub fn create(out: &Path, scenario: &str, time: DateTime<Utc>) -> Result<Self, ResultsError> {
        Self::make_room(out)?;
        let name = format!("{}-{}", plain(scenario), stamp(time));
        let mut path = out.join(&name);
        for number in 2.. {
            match std::fs::create_dir(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                    path = out.join(format!("{name}-{number}"));
                }
                Err(error) => return Err(ResultsError::new("make", &path, error)),
                Ok(()) => break,
            }
        }
        Ok(Self(path))
    }

    /// The directory of a run that is there.
    #[must_use]
    pub fn open(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// The directory itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// `manifest.json`.
    #[must_use]
    pub fn manifest(&self) -> PathBuf {
        self.0.join("manifest.json")
    }

    /// `scenario.yaml`.
    #[must_use]
    pub fn scenario(&self) -> PathBuf {
        self.0.join("scenario.yaml")
    }

    /// `queries.csv`.
    #[must_use]
    pub fn queries(&self) -> PathBuf {
        self.0.join("queries.csv")
    }

    /// `failed-writes.csv`.
    #[must_use]
    pub fn failed_writes(&self) -> PathBuf {
        self.0.join("failed-writes.csv")
    }

    /// `timeline.csv`.
    #[must_use]
    pub fn timeline(&self) -> PathBuf {
        self.0.join("timeline.csv")
    }

    /// `errors.csv`.
    #[must_use]
    pub fn errors(&self) -> PathBuf {
        self.0.join("errors.csv")
    }

    /// `thresholds.csv`; not there where the scenario has none.
    #[must_use]
    pub fn thresholds(&self) -> PathBuf {
        self.0.join("thresholds.csv")
    }

    /// `summary.csv`.
    #[must_use]
    pub fn summary(&self) -> PathBuf {
        self.0.join("summary.csv")
    }

    /// `incidents.csv`.
    #[must_use]
    pub fn incidents(&self) -> PathBuf {
        self.0.join("incidents.csv")
    }

    /// `report.html`.
    #[must_use]
    pub fn report(&self) -> PathBuf {
        self.0.join("report.html")
    }

    /// The interval log of a workload.
    #[must_use]
    pub fn histograms(&self, workload: &str) -> PathBuf {
        self.0.join(format!("{}.hlog", plain(workload)))
    }
}

/// `2026-11-13-07-04-19`.
#[must_use]
pub fn stamp(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d-%H-%M-%S").to_string()
}

/// Nanoseconds since the epoch as `2026-11-13T07:04:19.123456Z`.
pub(crate) fn utc(nanos: i64) -> String {
    DateTime::from_timestamp_nanos(nanos).to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

/// Nanoseconds as seconds, to the microsecond.
pub(crate) fn seconds(nanos: i64) -> f64 {
    round(nanos as f64 / 1e9)
}

/// Seconds to the microsecond.
pub(crate) fn round(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}

/// A name as a part of a file's name: what is not a letter, digit, `.`, `_` or `-` becomes `-`.
pub(crate) fn plain(name: &str) -> String {
    let keep = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    let text: String = name.chars().map(|c| if keep(c) { c } else { '-' }).collect();
    // `.` and `..` are directories that are there already.
    if text.trim_matches('.').is_empty() { "run".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_runs_of_one_second_get_two_directories() {
        let out = tempfile::tempdir().unwrap();
        let time = DateTime::from_timestamp(1_605_251_059, 0).unwrap();
        let first = RunDir::create(out.path(), "small", time).unwrap();
        let second = RunDir::create(out.path(), "small", time).unwrap();
        assert_eq!(first.path(), out.path().join("small-2020-11-13-07-04-19"));
        assert_eq!(second.path(), out.path().join("small-2020-11-13-07-04-19-2"));
    }

    #[test]
    fn names_stay_inside_their_directory() {
        assert_eq!(plain("../a b"), "..-a-b");
        assert_eq!(plain(".."), "run");
    }
}
