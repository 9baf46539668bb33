//! What happened in the last seconds, second by second, so that the oldest can be left out. Not here: a phase's sums
//! (`series`).

use std::collections::{BTreeMap, VecDeque};

use hdrhistogram::Histogram;

use super::event::WindowWait;
use crate::feed::Recent;
use crate::results::latency::{histogram, quantile_seconds};
use crate::units::SECOND;

/// Nanoseconds that count as recent.
const RECENT: i64 = 5 * SECOND;

/// A workload, and the query where it is one.
pub(crate) type Operation = (usize, Option<usize>);

/// The last seconds of a phase.
#[derive(Debug)]
pub(crate) struct Window {
    /// Oldest first.
    seconds: VecDeque<Second>,
    /// What has not ended yet.
    now: Second,
    /// Where percentiles are read from; empty in between.
    scratch: Histogram<u64>,
}

#[derive(Debug, Default)]
struct Second {
    /// Its length.
    length: i64,
    counts: BTreeMap<Operation, Counts>,
    /// By workload: records or queries that were due.
    planned: BTreeMap<usize, f64>,
}

/// What happened to an operation.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// All but seconds and percentiles.
    pub sums: Recent,
    /// How late ones came by their places in the window of those in flight.
    pub late: WindowWait,
    /// Service times: microseconds and how many of them.
    pub latencies: Vec<(u64, u64)>,
}

impl Default for Window {
    fn default() -> Self {
        Self { seconds: VecDeque::new(), now: Second::default(), scratch: histogram() }
    }
}

impl Window {
    /// The counts of this second.
    pub(crate) fn count(&mut self, operation: Operation) -> &mut Counts {
        self.now.counts.entry(operation).or_default()
    }

    /// Counts what was due in this second.
    pub(crate) fn plan(&mut self, workload: usize, due: f64) {
        *self.now.planned.entry(workload).or_default() += due;
    }

    /// Ends a second, or whatever its length is.
    pub(crate) fn end_second(&mut self, length: i64) {
        let mut ended = std::mem::take(&mut self.now);
        ended.length = length.max(0);
        self.seconds.push_back(ended);
        let mut rest = self.length();
        while let Some(oldest) = self.seconds.front()
            && rest - oldest.length >= RECENT
        {
            rest -= oldest.length;
            self.seconds.pop_front();
        }
    }

    /// Begins anew, so that no figures mix two phases.
    pub(crate) fn clear(&mut self) {
        self.seconds.clear();
        self.now = Second::default();
    }

    /// What was due of a workload.
    pub(crate) fn planned(&self, workload: usize) -> f64 {
        self.seconds.iter().filter_map(|second| second.planned.get(&workload)).sum()
    }

    /// What happened to an operation, and how its late ones came by their places.
    pub(crate) fn recent(&mut self, operation: Operation) -> (Recent, WindowWait) {
        let mut recent = Recent { seconds: crate::results::seconds(self.length()), ..Recent::default() };
        let mut late = WindowWait::default();
        for counts in self.seconds.iter().filter_map(|second| second.counts.get(&operation)) {
            let Recent { done, failed, written, rejected, lost, throttled, broken, .. } = counts.sums;
            recent.done += done;
            recent.failed += failed;
            recent.written += written;
            recent.rejected += rejected;
            recent.lost += lost;
            recent.throttled += throttled;
            recent.broken += broken;
            late.waited += counts.late.waited;
            late.cycle += counts.late.cycle;
            for (micros, count) in &counts.latencies {
                // A histogram that grows takes whatever another one held.
                let _ = self.scratch.record_n(*micros, *count);
            }
        }
        if !self.scratch.is_empty() {
            recent.p50 = quantile_seconds(&self.scratch, 0.5);
            recent.p99 = quantile_seconds(&self.scratch, 0.99);
            self.scratch.reset();
        }
        (recent, late)
    }

    fn length(&self) -> i64 {
        self.seconds.iter().map(|second| second.length).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_older_than_five_seconds_is_left_out() {
        let mut window = Window::default();
        for second in 1..=8 {
            let counts = window.count((0, None));
            counts.sums.written = second;
            counts.latencies = vec![(second * 1_000, 1)];
            window.plan(0, 10.0);
            window.end_second(SECOND);
        }
        let (recent, _) = window.recent((0, None));
        assert_eq!((recent.seconds, recent.written), (5.0, 4 + 5 + 6 + 7 + 8));
        // Three digits of them.
        assert!((recent.p50 - 0.006).abs() < 1e-5 && (recent.p99 - 0.008).abs() < 1e-5, "{recent:?}");
        assert_eq!((window.planned(0), window.planned(1)), (50.0, 0.0));
        assert_eq!(window.recent((1, Some(0))).0, Recent { seconds: 5.0, ..Recent::default() });
        window.clear();
        assert_eq!(window.recent((0, None)).0, Recent::default());
    }

    #[test]
    fn a_long_second_counts_whole() {
        let mut window = Window::default();
        for length in [SECOND, 7 * SECOND, SECOND / 2] {
            window.count((0, None)).sums.done = 1;
            window.end_second(length);
        }
        let (recent, _) = window.recent((0, None));
        assert_eq!((recent.seconds, recent.done), (7.5, 2));
    }
}
