//! How latencies went over a phase, in few enough steps to be drawn. Not here: drawing (`html`).

use hdrhistogram::Histogram;

use crate::results::latency::{histogram, quantile_seconds};
use crate::units::SECOND;

/// Steps at the most.
const STEPS: i64 = 120;

/// A course, to which intervals are added in the order of time.
#[derive(Debug, Clone)]
pub(super) struct Course {
    /// Nanoseconds since the epoch.
    start: i64,
    /// Nanoseconds that a step stands for.
    step: i64,
    /// The step of now, and what was measured in it.
    current: i64,
    histogram: Histogram<u64>,
    points: Vec<Step>,
}

/// Latencies of a step, in seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    /// Its middle, in seconds since the phase began.
    pub(super) at: f64,
    pub(super) p50: f64,
    pub(super) p99: f64,
}

impl Course {
    /// Over a phase of this length.
    pub(super) fn new(start: i64, end: i64) -> Self {
        let seconds = (end.saturating_sub(start) / SECOND).max(1);
        let step = (seconds as u64).div_ceil(STEPS as u64) as i64 * SECOND;
        Self { start, step, current: 0, histogram: histogram(), points: Vec::new() }
    }

    /// Adds an interval by its first instant.
    pub(super) fn add(&mut self, from: i64, latencies: &Histogram<u64>) {
        let step = from.saturating_sub(self.start).max(0) / self.step;
        if step != self.current {
            self.close();
            self.current = step;
        }
        // A histogram that grows takes whatever another of its precision holds.
        let _ = self.histogram.add(latencies);
    }

    /// The steps in which something was measured.
    pub(super) fn steps(&self) -> Vec<Step> {
        let mut whole = self.clone();
        whole.close();
        whole.points
    }

    fn close(&mut self) {
        if self.histogram.is_empty() {
            return;
        }
        self.points.push(Step {
            at: (self.current as f64 + 0.5) * self.step as f64 / SECOND as f64,
            p50: quantile_seconds(&self.histogram, 0.5),
            p99: quantile_seconds(&self.histogram, 0.99),
        });
        self.histogram.reset();
    }
}
