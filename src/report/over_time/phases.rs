//! The phases of a run: as the manifest has them, or of a run without an end as its timeline names them.

use super::since_start;
use crate::results::Run;

/// A phase that ran.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct Phase {
    /// Its name.
    pub name: String,
    /// When it began, in seconds since the run's start.
    pub from: f64,
    /// When it ended.
    pub to: f64,
    /// Whether it counts.
    pub record: bool,
}

/// The names of phases in the rows of a timeline.
#[derive(Debug, Default)]
pub(super) struct Names(Vec<(String, f64)>);

impl Names {
    pub(super) fn add(&mut self, name: &str, at: f64) {
        if !name.is_empty() && self.0.last().is_none_or(|(last, _)| last != name) {
            self.0.push((name.to_owned(), at));
        }
    }

    pub(super) fn phases(self, run: &Run, lasted: f64) -> Vec<Phase> {
        let of_manifest = run.manifest.phases.iter().filter_map(|phase| {
            Some(Phase {
                name: phase.name.clone(),
                from: since_start(run, &phase.started_utc)?,
                to: since_start(run, &phase.ended_utc)?,
                record: phase.record,
            })
        });
        let of_manifest: Vec<Phase> = of_manifest.collect();
        if !of_manifest.is_empty() {
            return of_manifest;
        }
        let ends = self.0.iter().skip(1).map(|(_, at)| *at).chain([lasted]);
        let phases = self.0.iter().zip(ends).map(|((name, from), to)| Phase {
            name: name.clone(),
            from: *from,
            to,
            // The summary has rows of those that count.
            record: run.summary.iter().any(|row| row.phase == *name),
        });
        phases.collect()
    }
}
