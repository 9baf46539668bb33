//! What a reader should know before a phase, though nothing is wrong: windows longer than the data
//! that there will be. Not here: problems, which keep a scenario from running (`build`).

use std::time::Duration;

use super::model::{Phase, PhaseKind, Plan, Query, Work};
use crate::diagnostics::{Path, Problem};
use crate::units::print_duration;

/// What a reader should know of a phase.
struct Warning {
    /// Which phase.
    phase: usize,
    message: String,
    remedy: &'static str,
}

impl Plan {
    /// The warnings of every phase, in their order.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        (0..self.phases.len()).filter_map(|phase| self.warning(phase)).collect()
    }

    /// The same as problems of the scenario, at their places.
    #[must_use]
    pub fn caveats(&self) -> Vec<Problem> {
        let path = Path::root().key("phases");
        let problem = |Warning { phase, message, remedy }| {
            Problem::new(&path.index(phase).key("name"), message).help(remedy).warning()
        };
        (0..self.phases.len()).filter_map(|phase| self.look(phase)).map(problem).collect()
    }

    /// The warning of one phase, in a sentence.
    #[must_use]
    pub fn warning(&self, phase: usize) -> Option<String> {
        let Warning { phase, message, remedy } = self.look(phase)?;
        Some(format!("phase `{}`: {message}; {remedy}", self.phases[phase].name))
    }

    /// The queries that a phase is the first to run and whose windows are longer than what this run has written by its end. None
    /// where it has written nothing: then the data is that of earlier runs.
    fn look(&self, phase: usize) -> Option<Warning> {
        let (earlier, rest) = self.phases.split_at_checked(phase)?;
        let this = rest.first()?;
        let written =
            self.phases[..=phase].iter().map(|phase| self.writes(phase)).sum::<Option<Duration>>()?;
        let queries = self.workloads_asked(this).filter(|workload| {
            !earlier.iter().any(|phase| self.workloads_asked(phase).any(|other| other == *workload))
        });
        let long: Vec<&str> = queries
            .flat_map(|workload| self.queries(workload))
            .filter(|query| query.window > written)
            .map(|query| query.name.as_str())
            .collect();
        if long.is_empty() || written.is_zero() {
            return None;
        }
        let message = format!(
            "the windows of {} are longer than the {} of data that this run has written by its end",
            long.join(", "),
            print_duration(i64::try_from(written.as_nanos()).unwrap_or(i64::MAX))
        );
        let remedy = "they see less than they ask for unless earlier runs wrote more (a phase with `backfill` \
                      writes history first)";
        Some(Warning { phase, message, remedy })
    }

    /// How much time the data of a phase spans; none where nobody knows.
    fn writes(&self, phase: &Phase) -> Option<Duration> {
        let ingests =
            phase.loads.iter().any(|load| matches!(self.workloads[load.workload].work, Work::Ingest(_)));
        match phase.kind {
            PhaseKind::Timed(duration) if ingests => Some(duration),
            PhaseKind::Backfill { history, .. } => Some(history),
            PhaseKind::Forever if ingests => None,
            // However long its queries take, that is little beside their windows.
            PhaseKind::Timed(_) | PhaseKind::Forever | PhaseKind::Once { .. } => Some(Duration::ZERO),
        }
    }

    /// The query workloads of a phase.
    fn workloads_asked<'a>(&'a self, phase: &'a Phase) -> impl Iterator<Item = usize> + 'a {
        phase.workloads().filter(|workload| matches!(self.workloads[*workload].work, Work::Query(_)))
    }

    fn queries(&self, workload: usize) -> &[Query] {
        match &self.workloads[workload].work {
            Work::Query(load) => &load.queries,
            Work::Ingest(_) => &[],
        }
    }
}
