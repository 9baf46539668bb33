//! From two run directories to what is to be said of them. Not here: the arithmetic (`statistics`), reading (`sides`), saying it
//! (`text`, `markdown`, `html`, `json`).

use std::path::{Path, PathBuf};

use super::gate::{self, Gate};
use super::model::{
    Against, Both, Comparison, Count, CountFigure, Counts, Lack, Operation, Quantile, Side, Verdict,
};
use super::sides::{Matched, matched};
use super::statistics::{Finding, LEAST_INTERVALS, QUANTILES, pairs, quantile};
use super::{CompareError, concerns};
use crate::results::latency::quantile_seconds;
use crate::results::{Run, SummaryRow};

/// In this share of comparisons, at the most, is anything called a difference where there is none. Half of the
/// hundredth that is promised: the rest is for what approximations cost.
const ERROR: f64 = 0.005;

/// Intervals that are told of each operation: its quantiles' and that of its pairs.
const INTERVALS: usize = QUANTILES.len() + 1;

/// The names of `QUANTILES`.
pub(super) const NAMES: [&str; QUANTILES.len()] = ["p50", "p90", "p99"];

impl Comparison {
    /// Compares each of the others with the first; of these phases only, where some are named.
    ///
    /// # Errors
    /// A run that cannot be read; a phase or a gate that is about nothing that the runs have.
    pub fn of(
        base: &Path,
        others: &[PathBuf],
        phases: &[String],
        gates: &[Gate],
    ) -> Result<Self, CompareError> {
        let first = Run::read(base)?;
        let runs = others.iter().map(|path| Run::read(path)).collect::<Result<Vec<Run>, _>>()?;
        check_phases(&first, phases)?;
        let mut found = Vec::new();
        for run in &runs {
            found.push(matched(&first, run, phases)?);
        }
        // Whether a figure is judged depends on how much there is of it, never on what it shows, so that this is no choice
        // among results.
        let intervals = INTERVALS * found.iter().flatten().filter(|of| is_long_enough(of)).count();
        let error = ERROR / intervals.max(1) as f64;
        let of_base = side("BASE", &first);
        let against = |((number, run), found): ((usize, &Run), Vec<Matched>)| {
            let name = if number == 0 { "NEW".to_owned() } else { format!("NEW {}", number + 1) };
            let mut against = Against {
                new: side(&name, run),
                warnings: concerns::of(&first, run, &name),
                operations: found.iter().map(|of| operation(of, error)).collect(),
                counts: counts(&first, run, phases),
                gates: Vec::new(),
            };
            against.gates = gates.iter().flat_map(|gate| gate.judge(&against)).collect();
            against
        };
        let runs = runs.iter().enumerate().zip(found).map(against).collect();
        let comparison = Self {
            base: of_base,
            error: ERROR,
            intervals,
            gates: gates.iter().map(ToString::to_string).collect(),
            runs,
        };
        gate::check(gates, &comparison.runs)?;
        Ok(comparison)
    }
}

fn check_phases(base: &Run, phases: &[String]) -> Result<(), CompareError> {
    let known: Vec<&str> =
        base.summary.iter().filter(|row| !row.is_of_all()).map(|row| row.phase.as_str()).collect();
    let unknown = phases.iter().find(|phase| !known.contains(&phase.as_str()));
    unknown.map_or(Ok(()), |phase| Err(CompareError::unknown("phase", phase, known)))
}

fn is_long_enough(of: &Matched) -> bool {
    of.base.sample.intervals().min(of.new.sample.intervals()) >= LEAST_INTERVALS
}

fn side(name: &str, run: &Run) -> Side {
    let manifest = &run.manifest;
    let version = match &manifest.git_revision {
        Some(revision) => format!("{} ({revision})", manifest.version),
        None => manifest.version.clone(),
    };
    Side {
        name: name.to_owned(),
        directory: run.dir.path().to_owned(),
        scenario: manifest.scenario.clone(),
        scenario_hash: manifest.scenario_hash.clone(),
        seed: manifest.seed,
        version,
        target: concerns::place(&manifest.target),
        machine: manifest.machine.host.clone(),
        started_utc: manifest.started_utc.clone(),
        state: manifest.state,
        valid: manifest.validity.valid,
        parts: manifest.parts.len(),
    }
}

fn operation(of: &Matched, error: f64) -> Operation {
    let quantiles = QUANTILES.iter().enumerate().map(|(which, share)| Quantile {
        figure: NAMES[which],
        base: quantile_seconds(&of.base.histogram, *share),
        new: quantile_seconds(&of.new.histogram, *share),
        verdict: verdict(quantile(which, &of.base.sample, &of.new.sample, error)),
    });
    Operation {
        operation: of.operation.clone(),
        phase: of.phase.clone(),
        timing: of.timing,
        executions: Both { base: of.base.histogram.len(), new: of.new.histogram.len() },
        quantiles: quantiles.collect(),
        slower_pairs: pairs(&of.base.sample, &of.new.sample, error),
        drawn: of.drawn(),
    }
}

fn verdict(finding: Finding) -> Verdict {
    match finding {
        Finding::Known(logarithm) => {
            let difference = logarithm.map(f64::exp_m1);
            match difference {
                difference if difference.low > 0.0 => Verdict::Slower { difference },
                difference if difference.high < 0.0 => Verdict::Faster { difference },
                difference => Verdict::NoDifference { difference },
            }
        }
        Finding::FewIntervals(there) => {
            Verdict::NotEnoughData { lack: Lack::Seconds { there, needed: LEAST_INTERVALS } }
        }
        Finding::FewExecutions { there, needed } => {
            Verdict::NotEnoughData { lack: Lack::Executions { there, needed } }
        }
    }
}

/// The counts of every operation of the first run.
fn counts(base: &Run, new: &Run, phases: &[String]) -> Vec<Counts> {
    let mut all = Vec::new();
    for ours in &base.summary {
        let same = |row: &&SummaryRow| {
            (&row.workload, &row.query_type, &row.phase) == (&ours.workload, &ours.query_type, &ours.phase)
        };
        let wanted = !ours.is_of_all() && (phases.is_empty() || phases.contains(&ours.phase));
        let theirs = new.summary.iter().find(same);
        let executions = Both { base: ours.total_count, new: theirs.map_or(0, |theirs| theirs.total_count) };
        if wanted && executions.base + executions.new > 0 {
            // Asked once each, as before a load, a query has no rate.
            let once = ran_once(base, ours) && theirs.is_none_or(|theirs| ran_once(new, theirs));
            let (mut figures, mut lacking) = (Vec::new(), Vec::new());
            for figure in CountFigure::ALL.into_iter().filter(|figure| !once || *figure != CountFigure::Rate)
            {
                match (count(figure, base, ours), theirs.and_then(|theirs| count(figure, new, theirs))) {
                    (Some(base), Some(new)) => figures.push(Count { of: Both { base, new }, figure }),
                    (None, None) => {}
                    _ => lacking.push(figure),
                }
            }
            all.push(Counts {
                operation: ours.operation(),
                phase: ours.phase.clone(),
                executions,
                figures,
                lacking,
            });
        }
    }
    all
}

/// Whether it was executed once at the most, by each run that was merged and each time that its phase ran.
fn ran_once(run: &Run, row: &SummaryRow) -> bool {
    let times = run.manifest.phase_starts(&row.phase).len().max(run.manifest.parts.len());
    row.total_count <= times as u64
}

/// A figure of a row; none where it makes no sense, or there is nothing of which it would be a share.
fn count(figure: CountFigure, run: &Run, row: &SummaryRow) -> Option<f64> {
    let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
    let is_ingest = row.kind == "ingest";
    match figure {
        CountFigure::Rate => {
            let seconds = run.manifest.phase_seconds(&row.phase);
            let done = if is_ingest { row.acknowledged_records } else { row.successful_count };
            (seconds > 0.0).then(|| done as f64 / seconds)
        }
        CountFigure::FailedShare => share(row.failed_count, row.total_count),
        CountFigure::ThrottledShare => share(row.throttled_count, row.attempts),
        CountFigure::Kept if is_ingest => share(row.acknowledged_records, row.planned_records),
        CountFigure::Kept => None,
    }
}
