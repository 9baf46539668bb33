//! Reading single values of the plan, with their problems. Not here: which values there are.

use std::time::Duration;

use chrono::{DateTime, Utc};

use serde_yaml::Mapping;

use crate::diagnostics::{Path, Problem, did_you_mean};
use crate::scenario::Yaml;
use crate::units::{parse_duration, parse_share, parse_time};

/// Collects problems; every read gives a value or leaves a problem behind.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub problems: Vec<Problem>,
}

impl Reader {
    /// Leaves a problem behind.
    pub(super) fn problem<T>(&mut self, problem: Problem) -> Option<T> {
        self.problems.push(problem);
        None
    }

    /// A duration, 0 included.
    pub(super) fn duration(&mut self, yaml: &Yaml, path: &Path) -> Option<Duration> {
        let read = match yaml {
            Yaml::String(text) => parse_duration(text),
            other => Err(format!("`{}` is not a duration: write 500ms, 60s, 15m, 2h or 3d", plain(other))),
        };
        match read {
            // `parse_duration` gives no negative ones.
            Ok(nanos) => Some(Duration::from_nanos(nanos.unsigned_abs())),
            Err(message) => self.problem(Problem::new(path, message)),
        }
    }

    /// A duration above 0.
    pub(super) fn span(&mut self, yaml: &Yaml, path: &Path) -> Option<Duration> {
        match self.duration(yaml, path)? {
            Duration::ZERO => self.problem(Problem::new(path, "a duration above 0 is wanted")),
            span => Some(span),
        }
    }

    /// A share such as `50%`, as a fraction.
    pub(super) fn share(&mut self, yaml: &Yaml, path: &Path) -> Option<f64> {
        let share = match yaml {
            Yaml::String(text) => parse_share(text),
            _ => None,
        };
        share.or_else(|| {
            self.problem(Problem::new(path, format!("`{}` is not a share: write 0% to 100%", plain(yaml))))
        })
    }

    /// Whole units (hours, days) from 1 to `most`, as the service counts retention.
    pub(super) fn whole_units(
        &mut self,
        yaml: &Yaml,
        (seconds, unit): (u64, &str),
        most: u32,
        path: &Path,
    ) -> Option<u32> {
        let duration = self.duration(yaml, path)?;
        let count = duration.as_secs() / seconds;
        let exact = duration.subsec_nanos() == 0 && duration.as_secs().is_multiple_of(seconds);
        match u32::try_from(count) {
            Ok(count) if exact && (1..=most).contains(&count) => Some(count),
            _ => {
                let message =
                    format!("retention {}: the service takes whole {unit}, 1 to {most}", plain(yaml));
                self.problem(Problem::new(path, message))
            }
        }
    }

    /// A point in time: `2026-01-31T12:00:00Z` or `2026-01-31`, which is midnight UTC.
    pub(super) fn time(&mut self, yaml: &Yaml, path: &Path) -> Option<DateTime<Utc>> {
        match parse_time(&plain(yaml)) {
            Ok(time) => Some(time),
            Err(message) => self.problem(Problem::new(path, message)),
        }
    }

    /// A count within a range.
    pub(super) fn count(
        &mut self,
        count: u32,
        range: std::ops::RangeInclusive<u32>,
        path: &Path,
    ) -> Option<u32> {
        if range.contains(&count) {
            return Some(count);
        }
        let message = format!("{count} is out of range: {} to {}", range.start(), range.end());
        self.problem(Problem::new(path, message))
    }

    /// Whether a map holds these keys only; the first that is another is a problem.
    pub(super) fn known_keys(&mut self, map: &Mapping, keys: &[&str], path: &Path) -> Option<()> {
        let Some(unknown) = map.keys().map(plain).find(|key| !keys.contains(&key.as_str())) else {
            return Some(());
        };
        let mut problem =
            Problem::new(&path.key(unknown.as_str()), format!("unknown key `{unknown}`")).on_key();
        problem.help = did_you_mean(&unknown, keys.iter().copied());
        self.problem(problem)
    }

    /// A name that also serves as a file's or a table's.
    pub(super) fn name(&mut self, name: &str, what: &str, least: usize, path: &Path) -> Option<String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        // Tables' names as the service has them; others are parts of files' names, with more before and after.
        let most = if least > 1 { 256 } else { 128 };
        let sound =
            name.chars().all(allowed) && (least..=most).contains(&name.len()) && !name.starts_with('.');
        if sound {
            return Some(name.to_owned());
        }
        let message = format!("{what} name `{name}`: {least} to {most} letters, digits, `_`, `.` or `-`");
        self.problem(Problem::new(path, message))
    }
}

/// A YAML value as people would write it.
pub(super) fn plain(yaml: &Yaml) -> String {
    match yaml {
        Yaml::String(text) => text.clone(),
        other => serde_yaml::to_string(other).unwrap_or_default().trim().replace('\n', " "),
    }
}
