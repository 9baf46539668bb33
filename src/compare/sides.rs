//! The operations of two runs, as samples: read from their interval logs, twice, so that a long run needs no more memory than
//! a short one. Not here: what the samples say (`figures`).

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::course::Course;
use super::model::{Both, Drawn};
use super::statistics::{Distribution, Sample, recorded};
use crate::results::interval_log::Interval;
use crate::results::latency::histogram;
use crate::results::{ResultsError, Run, Timing};

/// A time of an operation in one phase, as both runs have it; of what the second lacks it has nothing.
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

/// An operation in one phase: workload, query where it is one, phase.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    workload: String,
    query: Option<String>,
    phase: String,
}

/// All that the first run has in these phases (all that count where none is named), operation by operation. What neither executed
/// is left out.
pub(super) fn matched(base: &Run, new: &Run, phases: &[String]) -> Result<Vec<Matched>, ResultsError> {
    let wanted = |key: &Key| phases.is_empty() || phases.contains(&key.phase);
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
    let counted = run.summary.iter().filter(|row| !row.is_of_all());
    let keys = counted.map(|row| Key {
        workload: row.workload.clone(),
        query: row.query().map(ToOwned::to_owned),
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
                let matched = Matched {
                    operation: key
                        .query
                        .as_ref()
                        .map_or_else(|| workload.to_owned(), |query| format!("{workload}.{query}")),
                    phase: key.phase.clone(),
                    timing,
                    base: Measured::new(of_base.get(&tag), base, &key.phase),
                    new: Measured::new(of_new.get(&tag), new, &key.phase),
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
    fn new(logged: Option<&Logged>, run: &Run, phase: &str) -> Self {
        // A run that crashed has no phases in its manifest.
        let span = run.manifest.phase_span(phase).or(logged.map(|logged| (logged.from, logged.to)));
        let (start, end) = span.unwrap_or_default();
        let histogram = logged.map_or_else(histogram, |logged| logged.histogram.clone());
        let sample = Sample::new(Distribution::of(&histogram));
        let mut again = run.manifest.phase_starts(phase);
        again.reverse();
        again.pop();
        Self { histogram, sample, course: Course::new(start, end), again }
    }

    fn add(&mut self, interval: &Interval, other: &Distribution) {
        // Seconds of merged runs are cut by the first one's start, so that the first of a phase may begin before it.
        let mut began_again = false;
        // What was not executed in some repetitions leaves their starts behind.
        while self.again.pop_if(|start| interval.to > *start).is_some() {
            began_again = true;
        }
        if began_again {
            self.sample.repeat();
        }
        self.sample.add(&recorded(&interval.histogram), other);
        self.course.add(interval.from, &interval.histogram);
    }
}

/// All of a tag: its histogram, its first instant and the first one after it.
struct Logged {
    histogram: Histogram<u64>,
    from: i64,
    to: i64,
}

/// A whole workload, by tag.
fn merged(run: &Run, workload: &str) -> Result<BTreeMap<String, Logged>, ResultsError> {
    let mut all: BTreeMap<String, Logged> = BTreeMap::new();
    each(run, workload, |interval| {
        let Interval { tag, from, to, histogram: latencies } = interval;
        let logged = all.entry(tag).or_insert_with(|| Logged { histogram: histogram(), from, to });
        (logged.from, logged.to) = (logged.from.min(from), logged.to.max(to));
        // A histogram that grows takes whatever another of its precision holds.
        let _ = logged.histogram.add(latencies);
    })?;
    run.check_log(workload, |tag| all.get(tag).map_or(0, |logged| logged.histogram.len()))?;
    Ok(all)
}

/// Gives every interval in which there was something; none of a workload that a run does not have.
fn each(run: &Run, workload: &str, mut take: impl FnMut(Interval)) -> Result<(), ResultsError> {
    if !run.workloads().contains(&workload) {
        return Ok(());
    }
    for interval in run.intervals(workload)? {
        let interval = interval?;
        if !interval.histogram.is_empty() {
            take(interval);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::made_up::MadeUp;
    use crate::results::{PhaseTimes, State, instant, utc};
    use crate::units::SECOND;

    /// A run written and read.
    fn read(run: &MadeUp) -> (tempfile::TempDir, Run) {
        let folder = tempfile::tempdir().unwrap();
        run.write(folder.path());
        let run = Run::read(folder.path()).unwrap();
        (folder, run)
    }

    fn matched_with_itself(run: &MadeUp) -> Matched {
        let (_folder, run) = read(run);
        matched(&run, &run, &[]).unwrap().pop().unwrap()
    }

    #[test]
    fn a_repetition_without_an_execution_is_none() {
        // Four runs of ten seconds, the second and third of which never asked.
        let asked = (0..40).map(|second| if (10..30).contains(&second) { vec![] } else { vec![1_000] });
        let mut run = MadeUp::new(40).with(Some("do-q1"), asked.collect());
        let start = instant(&run.manifest.started_utc).unwrap();
        let phase = run.manifest.phases[0].clone();
        let at = |second: i64| utc(start + second * SECOND);
        run.manifest.phases = (0..4)
            .map(|part| PhaseTimes {
                started_utc: at(10 * part),
                ended_utc: at(10 * part + 10),
                ..phase.clone()
            })
            .collect();
        assert_eq!(matched_with_itself(&run).base.sample.repetitions(), 2);
    }

    #[test]
    fn a_crashed_run_is_drawn_from_its_first_latency_on() {
        let mut run = MadeUp::new(40).with(Some("do-q1"), vec![vec![1_000]; 40]);
        run.manifest.state = State::Running;
        run.manifest.phases.clear();
        let steps = matched_with_itself(&run).drawn().base.course.steps();
        assert_eq!((steps.len(), steps[39].at), (40, 39.5));
    }
}
