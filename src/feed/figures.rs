//! A run's figures at one instant. Times are nanoseconds since the Unix epoch. Not here: what they are made of
//! (`recorder`), what they look like (`watch`).

use std::sync::Arc;

use crate::results::{ErrorRow, SummaryRow};

/// What a run has come to at one instant.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    /// The instant.
    pub time: i64,
    /// When the run began.
    pub start: i64,
    /// Whether none follow: all that was sent is counted.
    pub last: bool,
    /// The names of all phases.
    pub phases: Arc<[String]>,
    /// The phase of now, or the last one.
    pub phase: PhaseFigures,
    /// By workload, as the scenario has them.
    pub workloads: Vec<WorkloadFigures>,
    /// The rows of `errors.csv`.
    pub errors: Vec<ErrorRow>,
    /// What the runner itself takes.
    pub runner: Runner,
}

/// A phase under way.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PhaseFigures {
    /// Its name.
    pub name: String,
    /// Whether it counts in the summary.
    pub record: bool,
    /// Which it is, from 1.
    pub number: usize,
    /// Of how many.
    pub of: usize,
    /// When it began.
    pub start: i64,
    /// When it was over; none while it runs.
    pub ended: Option<i64>,
    /// What will end it.
    pub extent: Extent,
}

/// What ends a phase, and how far that is.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Extent {
    /// Ctrl-C.
    #[default]
    Forever,
    /// An instant.
    Until(i64),
    /// All its history is written: the share that is, 0.0 to 1.0.
    History(f64),
    /// Each query of a workload has been asked once.
    Once {
        /// Queries that are done with.
        done: u64,
        /// All of them.
        of: u64,
    },
}

impl PhaseFigures {
    /// Seconds since it began, at `now` or its end.
    #[must_use]
    pub fn elapsed(&self, now: i64) -> f64 {
        let until = self.ended.unwrap_or(now);
        crate::results::seconds(until.saturating_sub(self.start).max(0))
    }

    /// Seconds that it will still take, where that is known.
    #[must_use]
    pub fn left(&self, now: i64) -> Option<f64> {
        match self.extent {
            _ if self.ended.is_some() => Some(0.0),
            Extent::Until(end) => Some(crate::results::seconds(end.saturating_sub(now).max(0))),
            Extent::Forever | Extent::History(_) | Extent::Once { .. } => None,
        }
    }

    /// How much of it is over, 0.0 to 1.0, where that is known.
    #[must_use]
    pub fn share(&self, now: i64) -> Option<f64> {
        match self.extent {
            Extent::Forever => None,
            Extent::Until(end) => {
                let length = end.saturating_sub(self.start).max(1) as f64;
                let over = self.ended.unwrap_or(now).saturating_sub(self.start) as f64;
                Some((over / length).clamp(0.0, 1.0))
            }
            Extent::History(share) => Some(share),
            Extent::Once { done, of } => Some((done as f64 / of.max(1) as f64).clamp(0.0, 1.0)),
        }
    }
}

/// A workload.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WorkloadFigures {
    /// Its name.
    pub name: String,
    /// What it does.
    pub work: Work,
    /// How late its next operation is, in seconds; none where nothing is due at an instant.
    pub lag: Option<f64>,
    /// What would help it to keep up, where it does not.
    pub advice: Option<String>,
    /// What its plan had due of late, in records or queries; 0 where nothing is due at an instant.
    pub recent_planned: f64,
    /// The same in each phase that had any of it, so far: the phase, from 1, and how many.
    pub planned: Vec<(usize, f64)>,
    /// Its writes, or each of its queries.
    pub operations: Vec<Operation>,
}

impl WorkloadFigures {
    /// What its plan had due in a phase so far, by the phase's number.
    #[must_use]
    pub fn planned_in(&self, phase: usize) -> f64 {
        self.planned.iter().filter(|(of, _)| *of == phase).map(|(_, due)| due).sum()
    }

    /// Whether a phase has anything of it.
    #[must_use]
    pub fn is_active(&self, phase: usize) -> bool {
        self.lag.is_some()
            || self.planned_in(phase) > 0.0
            || self.operations.iter().any(|one| !one.recent.is_empty() || one.total(phase).is_some())
    }
}

/// What a workload does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Work {
    /// Writes.
    #[default]
    Ingest,
    /// Asks, as users who think do.
    Users,
    /// Asks, at a rate.
    Rate,
}

/// Writes, or a query.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Operation {
    /// The query's name; none of writes.
    pub query: Option<String>,
    /// What it came to of late, over phases.
    pub recent: Recent,
    /// What it has come to in each phase that ran it, in their order.
    pub totals: Vec<Totals>,
}

impl Operation {
    /// What it has come to in a phase, by the phase's number.
    #[must_use]
    pub fn total(&self, phase: usize) -> Option<&SummaryRow> {
        self.totals.iter().find(|total| total.phase == phase).map(|total| &*total.row)
    }
}

/// What an operation has come to in a phase.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Totals {
    /// The phase, from 1.
    pub phase: usize,
    /// The row of `summary.csv`, so far; of phases that do not count, too.
    pub row: Arc<SummaryRow>,
}

/// What an operation came to in the last seconds of the phase: five, fewer where it has not lasted as long.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Recent {
    /// How many seconds these were.
    pub seconds: f64,
    /// Executions, of ingest write requests, that succeeded.
    pub done: u64,
    /// Those that failed for good.
    pub failed: u64,
    /// Records acknowledged.
    pub written: u64,
    /// Records that the service left out.
    pub rejected: u64,
    /// Records refused for good, or of which nobody knows.
    pub lost: u64,
    /// Attempts that were throttled.
    pub throttled: u64,
    /// Attempts that failed otherwise.
    pub broken: u64,
    /// Median of the service time, in seconds; 0 where nothing succeeded.
    pub p50: f64,
    /// 99th percentile of it.
    pub p99: f64,
}

impl Recent {
    /// A count as a rate a second.
    #[must_use]
    pub fn rate(&self, count: f64) -> f64 {
        if self.seconds > 0.0 { count / self.seconds } else { 0.0 }
    }

    /// Whether nothing happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.done + self.failed + self.written + self.rejected + self.lost + self.throttled + self.broken == 0
    }
}

/// What the runner takes of its machine.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Runner {
    /// Cores that it kept busy in the last second.
    pub cpu_cores: f64,
    /// Cores that it may use.
    pub cores: usize,
    /// Processor time of the process so far, in seconds.
    pub cpu_seconds: f64,
    /// Messages that wait to be recorded.
    pub queue: u64,
}
