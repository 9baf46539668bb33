//! The same operations of two runs, as samples: read from their interval logs, twice, so that a long run needs no more memory than
//! a short one. Not here: what the samples say (`figures`).

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::course::Course;
use super::model::{Both, Drawn};
use super::statistics::{Distribution, Sample, recorded};
use crate::results::interval_log::Interval;
use crate::results::latency::histogram;
use crate::results::{ResultsError, Run, Timing};

/// A time of an operation in one phase, as both runs have it.
pub(super) struct Matched {
    pub(super) operation: String,
    pub(super) phase: String,
    pub(super) timing: Timing,
    pub(super) base: Measured,
    pub(super) new: Measured,
}

/// As one run has it.
pub(super) struct Measured {
    pub(super) histogram: Histogram<u64>,
    pub(super) sample: Sample,
    course: Course,
    /// When its phase began again, the last time first: a merged run may have several.
    again: Vec<i64>,
}

impl Matched {
    /// What charts show of it.
    pub(super) fn drawn(&self) -> Both<Drawn> {
        let of = |side: &Measured| Drawn {
            distribution: side.sample.distribution().clone(),
            course: side.course.clone(),
        };
        Both { base: of(&self.base), new: of(&self.new) }
    }
}

/// An operation in one phase that both runs have: workload, query where it is one, phase.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    workload: String,
    query: Option<String>,
    phase: String,
}

/// All that both runs have in these phases (all that count where none is named), operation by operation. What neither executed is
/// left out.
pub(super) fn matched(base: &Run, new: &Run, phases: &[String]) -> Result<Vec<Matched>, ResultsError> {
    let theirs = keys(new);
    let wanted = |key: &Key| theirs.contains(key) && (phases.is_empty() || phases.contains(&key.phase));
    let keys: Vec<Key> = keys(base).into_iter().filter(wanted).collect();
    let mut all = Vec::new();
    for workload in base.workloads() {
        let keys: Vec<&Key> = keys.iter().filter(|key| key.workload == workload).collect();
        if !keys.is_empty() {
            all.extend(of_workload(base, new, workload, &keys)?);
        }
    }
    Ok(all)
}

/// The operations of the phases that count, each operation's phases together.
fn keys(run: &Run) -> Vec<Key> {
    let counted = run.summary.iter().filter(|row| row.phase != "all");
    let keys = counted.map(|row| Key {
        workload: row.workload.clone(),
        query: (row.kind == "query").then(|| row.query_type.clone()),
        phase: row.phase.clone(),
    });
    let mut keys: Vec<Key> = keys.collect();
    let firsts: Vec<Option<String>> = keys.iter().map(|key| key.query.clone()).collect();
    keys.sort_by_key(|key| firsts.iter().position(|query| *query == key.query));
    keys
}

fn of_workload(base: &Run, new: &Run, workload: &str, keys: &[&Key]) -> Result<Vec<Matched>, ResultsError> {
    let (of_base, of_new) = (merged(base, workload)?, merged(new, workload)?);
    let mut all = BTreeMap::new();
    for (number, key) in keys.iter().enumerate() {
        for timing in [Timing::Service, Timing::Response] {
            let tag = timing.tag(&key.phase, key.query.as_deref());
            if of_base.contains_key(&tag) || of_new.contains_key(&tag) {
                let histogram = |of: &Merged| of.get(&tag).cloned().unwrap_or_else(histogram);
                let matched = Matched {
                    operation: key
                        .query
                        .as_ref()
                        .map_or_else(|| workload.to_owned(), |query| format!("{workload}.{query}")),
                    phase: key.phase.clone(),
                    timing,
                    base: Measured::new(histogram(&of_base), base, &key.phase),
                    new: Measured::new(histogram(&of_new), new, &key.phase),
                };
                all.insert(tag, (number, matched));
            }
        }
    }
    each(base, workload, |interval| {
        if let Some((_, of)) = all.get_mut(&interval.tag) {
            of.base.add(&interval, of.new.sample.distribution());
        }
    })?;
    each(new, workload, |interval| {
        if let Some((_, of)) = all.get_mut(&interval.tag) {
            of.new.add(&interval, of.base.sample.distribution());
        }
    })?;
    let mut all: Vec<(usize, Matched)> = all.into_values().collect();
    all.sort_by_key(|(number, matched)| (*number, matched.timing));
    Ok(all.into_iter().map(|(_, matched)| matched).collect())
}

impl Measured {
    fn new(histogram: Histogram<u64>, run: &Run, phase: &str) -> Self {
        // A run that crashed has no phases in its manifest.
        let (start, end) = run.manifest.phase_span(phase).unwrap_or_default();
        let sample = Sample::new(Distribution::of(&histogram));
        let mut again = run.manifest.phase_starts(phase);
        again.reverse();
        again.pop();
        Self { histogram, sample, course: Course::new(start, end), again }
    }

    fn add(&mut self, interval: &Interval, other: &Distribution) {
        // Seconds of merged runs are cut by the first one's start, so that the first of a phase may begin before it.
        if self.again.pop_if(|start| interval.to > *start).is_some() {
            self.sample.repeat();
        }
        self.sample.add(&recorded(&interval.histogram), other);
        self.course.add(interval.from, &interval.histogram);
    }
}

/// Histograms by tag.
type Merged = BTreeMap<String, Histogram<u64>>;

/// The histograms of a whole workload.
fn merged(run: &Run, workload: &str) -> Result<Merged, ResultsError> {
    let mut all = Merged::new();
    each(run, workload, |interval| {
        // A histogram that grows takes whatever another of its precision holds.
        let _ = all.entry(interval.tag).or_insert_with(histogram).add(interval.histogram);
    })?;
    Ok(all)
}

/// Gives every interval in which there was something.
fn each(run: &Run, workload: &str, mut take: impl FnMut(Interval)) -> Result<(), ResultsError> {
    for interval in run.intervals(workload)? {
        let interval = interval?;
        if !interval.histogram.is_empty() {
            take(interval);
        }
    }
    Ok(())
}
