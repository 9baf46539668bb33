//! Latencies over time and as a whole, from the interval logs.

use std::collections::HashMap;

use hdrhistogram::Histogram;

use super::{MOST_STEPS, Timeline, start, step_length};
use crate::chart::Axis;
use crate::results::latency::{histogram, quantile_seconds};
use crate::results::{ResultsError, Run, SummaryRow, Timing};

/// The latencies of a query, or of an ingest workload's writes.
pub(in crate::report) struct Operation<'a> {
    /// Its row of all phases that count.
    pub row: &'a SummaryRow,
    /// From sending to the answer.
    pub service: Latencies,
    /// From the intended start to the answer; of ingest and of queries with a rate.
    pub response: Latencies,
}

/// Latencies of one kind.
pub(in crate::report) struct Latencies {
    /// Median and 99th percentile of steps, in seconds; none where nothing was measured.
    pub steps: Vec<(f64, Option<Quantiles>)>,
    /// How many there are, over all phases.
    pub count: u64,
    /// Those of all phases that count.
    pub whole: Histogram<u64>,
    length: f64,
    open: Histogram<u64>,
    index: u64,
}

/// What is drawn of a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::report) struct Quantiles {
    pub p50: f64,
    pub p99: f64,
}

/// Steps of all operations together, so that a page with many of them stays small.
const MOST_TOGETHER: usize = 2_400;
/// Executions in a step on average, for its 99th percentile to be more than a single one.
const ENOUGH: f64 = 10.0;
/// Steps that are worth drawing however few executions there were.
const LEAST_STEPS: f64 = 12.0;

/// A tag's operation, timing, and whether its phase counts.
type Place = (usize, Timing, bool);

/// The latencies of every operation, in the order of the scenario.
pub(in crate::report) fn read<'a>(
    run: &'a Run,
    timeline: &Timeline,
) -> Result<Vec<Operation<'a>>, ResultsError> {
    let rows: Vec<&SummaryRow> = run.summary.iter().filter(|row| row.phase == crate::report::ALL).collect();
    let most = (MOST_TOGETHER / rows.len().max(1)) as f64;
    let new =
        |row: &&'a SummaryRow| Operation::new(row, timeline.lasted, most.clamp(LEAST_STEPS, MOST_STEPS));
    let mut operations: Vec<Operation<'a>> = rows.iter().map(new).collect();
    let start = start(run);
    for workload in run.workloads() {
        let places = places(&rows, workload, timeline);
        for interval in run.intervals(workload)? {
            let interval = interval?;
            let Some((index, timing, counts)) = places.get(&interval.tag) else { continue };
            let operation = &mut operations[*index];
            let latencies = match timing {
                Timing::Service => &mut operation.service,
                Timing::Response => &mut operation.response,
                Timing::Lag | Timing::FirstRow | Timing::Rest => continue,
            };
            let middle = i64::midpoint(interval.from, interval.to);
            latencies.add((middle - start) as f64 / 1e9, &interval.histogram, *counts);
        }
    }
    operations.iter_mut().for_each(|operation| {
        operation.service.finish();
        operation.response.finish();
    });
    Ok(operations)
}

/// The tags of a workload, with what they are of.
fn places(rows: &[&SummaryRow], workload: &str, timeline: &Timeline) -> HashMap<String, Place> {
    let mut places = HashMap::new();
    for (index, row) in rows.iter().enumerate().filter(|(_, row)| row.workload == workload) {
        let query = row.query();
        for phase in &timeline.phases {
            for timing in [Timing::Service, Timing::Response] {
                places.insert(timing.tag(&phase.name, query), (index, timing, phase.record));
            }
        }
    }
    places
}

impl<'a> Operation<'a> {
    fn new(row: &'a SummaryRow, lasted: f64, most: f64) -> Self {
        let steps = (row.successful_count as f64 / ENOUGH).clamp(LEAST_STEPS, most);
        let length = step_length(lasted, steps);
        Self { row, service: Latencies::new(length), response: Latencies::new(length) }
    }
}

impl Latencies {
    fn new(length: f64) -> Self {
        Self { steps: Vec::new(), count: 0, whole: histogram(), length, open: histogram(), index: 0 }
    }

    /// Adds an interval, which lies after those before it.
    fn add(&mut self, at: f64, of_interval: &Histogram<u64>, counts: bool) {
        let index = (at / self.length).max(0.0) as u64;
        if index != self.index {
            self.close();
            self.index = index;
        }
        // A histogram that grows takes whatever another of its precision holds.
        let _ = self.open.add(of_interval);
        self.count += of_interval.len();
        if counts {
            let _ = self.whole.add(of_interval);
        }
    }

    /// Ends the step of now.
    fn close(&mut self) {
        if self.open.is_empty() {
            return;
        }
        let quantiles =
            Quantiles { p50: quantile_seconds(&self.open, 0.5), p99: quantile_seconds(&self.open, 0.99) };
        self.steps.push(((self.index as f64 + 0.5) * self.length, Some(quantiles)));
        self.open.reset();
    }

    /// Ends the last step. What is much longer than the usual distance between steps with anything in them is a gap: some
    /// operations come every few seconds, and seconds of the log drift against steps of a second.
    fn finish(&mut self) {
        self.close();
        let distance = |pair: &[(f64, Option<Quantiles>)]| pair[1].0 - pair[0].0;
        let mut distances: Vec<f64> = self.steps.windows(2).map(distance).collect();
        distances.sort_by(f64::total_cmp);
        let Some(usual) = distances.get(distances.len() / 2) else { return };
        let gaps = self.steps.windows(2).filter(|pair| distance(pair) > 2.5 * usual);
        let gaps: Vec<_> = gaps.map(|pair| (f64::midpoint(pair[0].0, pair[1].0), None)).collect();
        self.steps.extend(gaps);
        self.steps.sort_by(|one, other| one.0.total_cmp(&other.0));
    }

    /// One of the figures of each step, as a line of a chart.
    pub(in crate::report) fn line(&self, figure: impl Fn(Quantiles) -> f64) -> Vec<(f64, Option<f64>)> {
        self.steps.iter().map(|(at, quantiles)| (*at, quantiles.map(&figure))).collect()
    }

    /// The curve of percentiles of all that count, finer towards its end, where the slowest is.
    pub(in crate::report) fn percentiles(&self) -> Vec<(f64, Option<f64>)> {
        const A_NINE: u32 = 12;
        let count = self.whole.len();
        if count == 0 {
            return Vec::new();
        }
        let last = Axis::last_quantile(count);
        let steps = (0..).map(|step| 1.0 - 10f64.powf(-f64::from(step) / f64::from(A_NINE)));
        let before = steps.take_while(|quantile| *quantile < last - 1e-12);
        let points = before.map(|quantile| (quantile, quantile_seconds(&self.whole, quantile)));
        // What only the slowest one passed: it ends the curve.
        let slowest = (last, quantile_seconds(&self.whole, 1.0));
        points.chain([slowest]).map(|(quantile, seconds)| (quantile, Some(seconds))).collect()
    }
}
