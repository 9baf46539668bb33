//! What a comparison comes to, as reports tell it and as its JSON has it. Spans are seconds, differences fractions of BASE's
//! figure. Not here: how it is found (`figures`).

use std::path::PathBuf;

use serde::Serialize;

use super::course::Course;
use super::gate::Outcome;
use super::statistics::{Distribution, Estimate};
use crate::exit::Exit;
use crate::results::{State, Timing};

/// Runs, each against the first.
#[derive(Debug, Serialize)]
pub struct Comparison {
    /// What the others are held against.
    pub(super) base: Side,
    /// All intervals hold at once but for this share of comparisons, at the most.
    pub(super) error: f64,
    /// The intervals among which it is divided.
    pub(super) intervals: usize,
    /// The gates, as they were written.
    pub(super) gates: Vec<String>,
    /// Each of the others.
    pub(super) runs: Vec<Against>,
}

/// One run against BASE.
#[derive(Debug, Serialize)]
pub(super) struct Against {
    pub(super) new: Side,
    /// Why the difference may not be the store's.
    pub(super) warnings: Vec<String>,
    pub(super) operations: Vec<Operation>,
    pub(super) counts: Vec<Counts>,
    pub(super) gates: Vec<Outcome>,
}

/// A run, as it is called.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Side {
    /// BASE, NEW, or NEW 2 and on.
    pub(super) name: String,
    pub(super) directory: PathBuf,
    pub(super) scenario: String,
    pub(super) scenario_hash: String,
    pub(super) seed: u64,
    pub(super) version: String,
    pub(super) target: String,
    pub(super) machine: String,
    pub(super) started_utc: String,
    pub(super) state: State,
    pub(super) valid: bool,
    /// Runs that it was merged from; 0 of a run that ran.
    pub(super) parts: usize,
}

/// What both runs have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Both<T> {
    pub(super) base: T,
    pub(super) new: T,
}

/// A time of an operation in one phase.
#[derive(Debug, Serialize)]
pub(super) struct Operation {
    /// `users.do-q1`, of ingest `ingest`.
    pub(super) operation: String,
    pub(super) phase: String,
    #[serde(serialize_with = "timing")]
    pub(super) timing: Timing,
    /// Executions that were measured.
    pub(super) executions: Both<u64>,
    pub(super) quantiles: Vec<Quantile>,
    /// The share of pairs of executions in which NEW's took longer; of equal ones one half.
    pub(super) slower_pairs: Option<Estimate>,
    /// For charts.
    #[serde(skip)]
    pub(super) drawn: Both<Drawn>,
}

/// What charts show of one run.
#[derive(Debug, Clone)]
pub(super) struct Drawn {
    pub(super) distribution: Distribution,
    pub(super) course: Course,
}

/// A quantile of both runs.
#[derive(Debug, Serialize)]
pub(super) struct Quantile {
    /// p50, p90, p99.
    pub(super) figure: &'static str,
    pub(super) base: f64,
    pub(super) new: f64,
    #[serde(flatten)]
    pub(super) verdict: Verdict,
}

/// What is to be said of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub(super) enum Verdict {
    /// The whole interval is above 0.
    Slower { difference: Estimate },
    /// The whole interval is below 0.
    Faster { difference: Estimate },
    /// 0 is in the interval.
    NoDifference { difference: Estimate },
    /// There is no interval.
    NotEnoughData { lack: Lack },
}

/// What there is too little of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Lack {
    /// Seconds in which it was executed.
    Seconds { there: usize, needed: usize },
    /// Executions.
    Executions { there: u64, needed: u64 },
}

/// Counts of an operation in one phase.
#[derive(Debug, Serialize)]
pub(super) struct Counts {
    pub(super) operation: String,
    pub(super) phase: String,
    pub(super) executions: Both<u64>,
    pub(super) figures: Vec<Count>,
    /// Those that only one of the runs has.
    pub(super) lacking: Vec<CountFigure>,
}

/// A figure made of counts.
#[derive(Debug, Serialize)]
pub(super) struct Count {
    #[serde(flatten)]
    pub(super) of: Both<f64>,
    pub(super) figure: CountFigure,
}

/// Which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CountFigure {
    /// Executions that succeeded, of ingest records that were acknowledged, a second.
    Rate,
    /// Executions that failed for good.
    FailedShare,
    /// Attempts that were throttled.
    ThrottledShare,
    /// Records that were acknowledged, of those planned.
    Kept,
}

impl CountFigure {
    /// All of them.
    pub(super) const ALL: [Self; 4] = [Self::Rate, Self::FailedShare, Self::ThrottledShare, Self::Kept];

    /// Its name, as thresholds have it, too.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::FailedShare => "failed_share",
            Self::ThrottledShare => "throttled_share",
            Self::Kept => "kept",
        }
    }

    /// Whether it is a share, whose differences are told in percentage points.
    pub(super) fn is_share(self) -> bool {
        self != Self::Rate
    }
}

impl Count {
    /// NEW less BASE: of shares as it is, of rates as a fraction of BASE's; none of nothing.
    pub(super) fn difference(&self) -> Option<f64> {
        let Both { base, new } = self.of;
        if self.figure.is_share() { Some(new - base) } else { (base > 0.0).then(|| new / base - 1.0) }
    }
}

impl Verdict {
    /// The difference, where there is one to tell.
    pub(super) fn difference(self) -> Option<Estimate> {
        match self {
            Self::Slower { difference } | Self::Faster { difference } | Self::NoDifference { difference } => {
                Some(difference)
            }
            Self::NotEnoughData { .. } => None,
        }
    }
}

impl Side {
    /// Whether its figures do: an interrupted run's are those of a shorter one.
    fn counts(&self) -> bool {
        self.valid && matches!(self.state, State::Completed | State::Interrupted)
    }
}

impl Operation {
    /// What keeps all its figures from being compared, where something does.
    pub(super) fn seconds_lacking(&self) -> Option<(usize, usize)> {
        self.quantiles.iter().find_map(|quantile| match quantile.verdict {
            Verdict::NotEnoughData { lack: Lack::Seconds { there, needed } } => Some((there, needed)),
            _ => None,
        })
    }

    /// Its name with the timing, where that is not the service time.
    pub(super) fn name(&self) -> String {
        match self.timing {
            Timing::Service => self.operation.clone(),
            other => format!("{}.{}", self.operation, other.name()),
        }
    }
}

impl Comparison {
    /// How the command ends, going by the gates; `undecided` is whether not to know is a regression.
    #[must_use]
    pub fn exit(&self, undecided: bool) -> Exit {
        let fails = |run: &Against| {
            run.gates.iter().any(|outcome| outcome.fails(undecided))
                || (undecided && (run.gates.is_empty() || self.doubtful(run).is_some()))
        };
        if self.runs.iter().any(fails) { Exit::Regression } else { Exit::Good }
    }

    /// That of both runs whose figures do not count, where there is one.
    pub(super) fn doubtful<'a>(&'a self, run: &'a Against) -> Option<&'a Side> {
        [&self.base, &run.new].into_iter().find(|side| !side.counts())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde takes")]
fn timing<S: serde::Serializer>(timing: &Timing, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(timing.name())
}
