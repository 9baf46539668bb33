//! Counts over time.

use super::{MOST_STEPS, Phase, phases, since_start, step_length};
use crate::results::{ResultsError, Run, TimelineRow};

/// A run over time.
#[derive(Debug, Clone, Default)]
pub(in crate::report) struct Timeline {
    /// When it ended, or was heard of last, in seconds since its start.
    pub lasted: f64,
    /// Its phases, those without an end too.
    pub phases: Vec<Phase>,
    /// Its steps, from first to last.
    pub steps: Vec<Step>,
}

/// What happened in a step. Counts are a second, so that steps of any length compare.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(in crate::report) struct Step {
    /// Its middle, in seconds since the run's start.
    pub at: f64,
    /// Whether nothing is known of a while before it: runs of different hours were merged.
    pub after_silence: bool,
    pub planned_records: f64,
    pub written_records: f64,
    pub rejected_records: f64,
    pub refused_records: f64,
    pub unknown_records: f64,
    pub throttled: f64,
    pub failed_attempts: f64,
    pub planned_queries: f64,
    pub queries_done: f64,
    pub queries_failed: f64,
    /// The most, in seconds.
    pub lag: f64,
    /// Cores that were busy, the mean.
    pub cpu_cores: f64,
}

impl Timeline {
    /// Reads the timeline of a run.
    pub(in crate::report) fn read(run: &Run) -> Result<Self, ResultsError> {
        let known_end = run.manifest.lasted();
        let lasted = match known_end {
            Some(lasted) => lasted,
            None => last_row(run)?,
        };
        let mut adder = Adder::new(step_length(lasted, MOST_STEPS));
        let mut names = phases::Names::default();
        for row in run.timeline_rows()? {
            let row = row?;
            let Some(at) = since_start(run, &row.time_utc) else { continue };
            names.add(&row.phase, at);
            adder.add(at, row);
        }
        Ok(Self { lasted, phases: names.phases(run, lasted), steps: adder.finish(lasted) })
    }

    /// Whether anything happened that a figure tells.
    pub(in crate::report) fn any(&self, figure: impl Fn(&Step) -> f64) -> bool {
        self.steps.iter().any(|step| figure(step) > 0.0)
    }
}

/// When a run without an end was heard of last: the end of its last row.
fn last_row(run: &Run) -> Result<f64, ResultsError> {
    let rows = run.timeline_rows()?.map_while(Result::ok);
    let times = rows.filter_map(|row| since_start(run, &row.time_utc));
    Ok(times.fold(0.0, f64::max) + 1.0)
}

/// Adds up rows to steps. A step begins and ends with a row: rows are about a second long, so any other grid would
/// find two of them in one step and none in the next.
struct Adder {
    length: f64,
    steps: Vec<Step>,
    /// The row of now, whose length the next one tells.
    row: Option<(f64, TimelineRow)>,
    /// The step of now: where it begins, how long it is so far, and its sums.
    from: f64,
    covered: f64,
    sums: Step,
}

/// The longest that a row may be: a machine that is too busy writes none for some seconds. After more than that
/// nothing is known of the time between.
const LONGEST_ROW: f64 = 60.0;

impl Adder {
    fn new(length: f64) -> Self {
        Self { length, steps: Vec::new(), row: None, from: 0.0, covered: 0.0, sums: Step::default() }
    }

    fn add(&mut self, at: f64, row: TimelineRow) {
        if let Some((from, row)) = self.row.replace((at, row)) {
            let silence = at - from > LONGEST_ROW;
            self.sum(from, if silence { 1.0 } else { (at - from).max(1e-3) }, &row);
            if silence {
                self.close();
                self.sums.after_silence = true;
            }
        }
    }

    fn finish(mut self, end: f64) -> Vec<Step> {
        if let Some((from, row)) = self.row.take() {
            self.sum(from, (end - from).clamp(1e-3, 1.5), &row);
        }
        // What is left of a step says little: it is but the run's own end.
        if self.steps.is_empty() || self.covered >= self.length / 2.0 {
            self.close();
        }
        self.steps
    }

    fn sum(&mut self, from: f64, length: f64, row: &TimelineRow) {
        if self.covered == 0.0 {
            self.from = from;
        }
        self.covered += length;
        let sums = &mut self.sums;
        for (sum, count) in [
            (&mut sums.planned_records, row.planned_records),
            (&mut sums.written_records, row.written_records),
            (&mut sums.rejected_records, row.rejected_records),
            (&mut sums.refused_records, row.refused_records),
            (&mut sums.unknown_records, row.unknown_records),
            (&mut sums.throttled, row.throttled),
            (&mut sums.failed_attempts, row.failed_attempts),
            (&mut sums.planned_queries, row.planned_queries),
            (&mut sums.queries_done, row.queries_done),
            (&mut sums.queries_failed, row.queries_failed),
        ] {
            *sum += count as f64;
        }
        sums.lag = sums.lag.max(row.lag_seconds);
        sums.cpu_cores += row.cpu_cores * length;
        // What is left of a second at a phase's end goes with the next one.
        if self.covered >= self.length - 0.3 {
            self.close();
        }
    }

    fn close(&mut self) {
        if self.covered == 0.0 {
            return;
        }
        let Step { lag, after_silence, .. } = self.sums;
        let rate = |sum: f64| sum / self.covered;
        self.steps.push(Step {
            at: self.from + self.covered / 2.0,
            after_silence,
            planned_records: rate(self.sums.planned_records),
            written_records: rate(self.sums.written_records),
            rejected_records: rate(self.sums.rejected_records),
            refused_records: rate(self.sums.refused_records),
            unknown_records: rate(self.sums.unknown_records),
            throttled: rate(self.sums.throttled),
            failed_attempts: rate(self.sums.failed_attempts),
            planned_queries: rate(self.sums.planned_queries),
            queries_done: rate(self.sums.queries_done),
            queries_failed: rate(self.sums.queries_failed),
            lag,
            cpu_cores: rate(self.sums.cpu_cores),
        });
        (self.sums, self.covered) = (Step::default(), 0.0);
    }
}
