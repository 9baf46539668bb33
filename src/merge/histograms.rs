//! Interval logs of several runs as one: histograms of the same second, and of the same phase, are merged. Logs are read side by
//! side, so that long ones need no more memory than short ones. Not here: counts (`summary`).

use std::collections::BTreeMap;
use std::iter::Peekable;

use hdrhistogram::Histogram;

use crate::results::interval_log::{Interval, IntervalLog, Intervals};
use crate::results::latency::{histogram, quantile_seconds};
use crate::results::{ResultsError, Run, RunDir, Timing};
use crate::units::SECOND;

/// What the logs came to.
#[derive(Debug, Default)]
pub(super) struct Histograms {
    /// By workload and tag, over all time.
    whole: BTreeMap<(String, String), Histogram<u64>>,
    /// By second of the merged run.
    seconds: BTreeMap<i64, Percentiles>,
}

/// Service times of a second, in seconds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Percentiles {
    pub(super) write_p50: f64,
    pub(super) write_p99: f64,
    pub(super) query_p50: f64,
    pub(super) query_p99: f64,
}

/// A log that is being read.
struct Head {
    /// Index into the parts.
    part: usize,
    /// Index into the workloads.
    workload: usize,
    intervals: Peekable<Intervals>,
    /// Latencies that were read, by tag.
    read: BTreeMap<String, u64>,
}

/// A workload's name, whether it writes, and its merged log.
struct Workload {
    name: String,
    is_ingest: bool,
    log: IntervalLog,
}

/// A histogram with its first instant and the first one after it.
type Spanned = (i64, i64, Histogram<u64>);

impl Histograms {
    /// Merges the logs of runs into a directory; `start` is the first one's.
    pub(super) fn merge(parts: &[Run], start: i64, dir: &RunDir) -> Result<Self, ResultsError> {
        let mut workloads = workloads(parts, start, dir)?;
        let mut heads = Vec::new();
        for (number, part) in parts.iter().enumerate() {
            for name in part.workloads() {
                let Some(workload) = workloads.iter().position(|workload| workload.name == name) else {
                    continue;
                };
                let intervals = part.intervals(name)?.peekable();
                heads.push(Head { part: number, workload, intervals, read: BTreeMap::new() });
            }
        }
        let mut all = Self::default();
        let mut phases: BTreeMap<(usize, String), Spanned> = BTreeMap::new();
        loop {
            let mut next: Option<i64> = None;
            for head in &mut heads {
                while let Some(interval) = head.take_if(|interval| is_of_phase(&interval.tag))? {
                    let at = phases
                        .entry((head.workload, interval.tag))
                        .or_insert_with(|| (interval.from, interval.to, histogram()));
                    (at.0, at.1) = (at.0.min(interval.from), at.1.max(interval.to));
                    add(&mut at.2, &interval.histogram);
                }
                let second = head.peek()?.map(|interval| second(interval.from, start));
                next = next.into_iter().chain(second).min();
            }
            let Some(now) = next else { break };
            let mut merged: BTreeMap<(usize, String), Histogram<u64>> = BTreeMap::new();
            for head in &mut heads {
                while let Some(interval) = head
                    .take_if(|interval| second(interval.from, start) == now && !is_of_phase(&interval.tag))?
                {
                    add(
                        merged.entry((head.workload, interval.tag)).or_insert_with(histogram),
                        &interval.histogram,
                    );
                }
            }
            let from = start + now * SECOND;
            for ((workload, tag), histogram) in &merged {
                workloads[*workload].log.add(tag, from, from + SECOND, histogram)?;
            }
            for workload in &mut workloads {
                workload.log.flush()?;
            }
            all.seconds.insert(now, percentiles(&merged, &workloads));
            for ((workload, tag), histogram) in merged {
                all.add_whole(&workloads[workload].name, tag, &histogram);
            }
        }
        for Head { part, workload, read, .. } in heads {
            parts[part].check_log(&workloads[workload].name, |tag| read.get(tag).copied().unwrap_or(0))?;
        }
        for ((workload, tag), (from, to, histogram)) in phases {
            let workload = &mut workloads[workload];
            workload.log.add(&tag, from, to, &histogram)?;
            workload.log.flush()?;
            all.add_whole(&workload.name, tag, &histogram);
        }
        Ok(all)
    }

    fn add_whole(&mut self, workload: &str, tag: String, latencies: &Histogram<u64>) {
        add(self.whole.entry((workload.to_owned(), tag)).or_insert_with(histogram), latencies);
    }

    /// All that was measured of a time of an operation in a phase.
    pub(super) fn of(
        &self,
        workload: &str,
        phase: &str,
        query: Option<&str>,
        timing: Timing,
    ) -> Histogram<u64> {
        let key = (workload.to_owned(), timing.tag(phase, query));
        self.whole.get(&key).cloned().unwrap_or_else(histogram)
    }

    /// Service times in a second of the merged run.
    pub(super) fn in_second(&self, second: i64) -> Percentiles {
        self.seconds.get(&second).copied().unwrap_or_default()
    }
}

/// The second of a run that an instant lies in.
pub(super) fn second(instant: i64, start: i64) -> i64 {
    instant.saturating_sub(start).max(0) / SECOND
}

/// Whether there is one histogram of it a phase, and not one a second.
fn is_of_phase(tag: &str) -> bool {
    [Timing::Lag, Timing::FirstRow, Timing::Rest]
        .iter()
        .any(|timing| tag.strip_suffix(timing.name()).is_some_and(|rest| rest.ends_with('/')))
}

/// Every workload of the runs, with a log that begins.
fn workloads(parts: &[Run], start: i64, dir: &RunDir) -> Result<Vec<Workload>, ResultsError> {
    let mut all: Vec<Workload> = Vec::new();
    for row in parts.iter().flat_map(|part| &part.summary) {
        if all.iter().all(|workload| workload.name != row.workload) {
            let log = IntervalLog::create(dir.histograms(&row.workload), start)?;
            all.push(Workload { name: row.workload.clone(), is_ingest: row.kind == "ingest", log });
        }
    }
    Ok(all)
}

fn percentiles(merged: &BTreeMap<(usize, String), Histogram<u64>>, workloads: &[Workload]) -> Percentiles {
    let (mut writes, mut queries) = (histogram(), histogram());
    for ((workload, tag), latencies) in merged {
        if tag.ends_with("/service") {
            add(if workloads[*workload].is_ingest { &mut writes } else { &mut queries }, latencies);
        }
    }
    Percentiles {
        write_p50: quantile_seconds(&writes, 0.5),
        write_p99: quantile_seconds(&writes, 0.99),
        query_p50: quantile_seconds(&queries, 0.5),
        query_p99: quantile_seconds(&queries, 0.99),
    }
}

fn add(to: &mut Histogram<u64>, latencies: &Histogram<u64>) {
    // A histogram that grows takes whatever another of its precision holds.
    let _ = to.add(latencies);
}

impl Head {
    /// The interval that comes next; an error is taken out, so that it can be given on.
    fn peek(&mut self) -> Result<Option<&Interval>, ResultsError> {
        if let Some(Err(error)) = self.intervals.next_if(Result::is_err) {
            return Err(error);
        }
        Ok(self.intervals.peek().and_then(|interval| interval.as_ref().ok()))
    }

    /// The next interval, if it is one that is wanted.
    fn take_if(&mut self, wanted: impl Fn(&Interval) -> bool) -> Result<Option<Interval>, ResultsError> {
        if !self.peek()?.is_some_and(wanted) {
            return Ok(None);
        }
        let taken = self.intervals.next().transpose()?;
        if let Some(interval) = &taken {
            *self.read.entry(interval.tag.clone()).or_default() += interval.histogram.len();
        }
        Ok(taken)
    }
}
