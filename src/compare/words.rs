//! The words and figures of a comparison, which all its reports share. Not here: their layout.

use super::gate::{Outcome, State};
use super::model::{
    Against, Comparison, Count, CountFigure, Counts, Lack, Operation, Quantile, Side, Verdict,
};
use super::statistics::Estimate;
use crate::chart::Unit;
use crate::units::print_count;

/// Figures that are named at the most where there may be many.
const NAMED: usize = 3;

/// The cells that a table has of a quantile: its name, both figures, the difference and its interval, where there is one.
pub(super) fn figures(quantile: &Quantile) -> [String; 5] {
    let difference = quantile.verdict.difference();
    [
        quantile.figure.to_owned(),
        span(quantile.base),
        span(quantile.new),
        difference.map_or_else(String::new, |difference| percent(difference.value)),
        difference.map_or_else(String::new, bounds),
    ]
}

/// A difference in per cent, with its sign: `+11.2 %`.
pub(super) fn percent(fraction: f64) -> String {
    format!("{:+.1} %", tidy(100.0 * fraction))
}

/// Zero has no sign.
fn tidy(value: f64) -> f64 {
    if value.abs() < 0.05 { 0.0 } else { value }
}

/// A difference of shares, in percentage points: `+0.25 points`.
fn points(fraction: f64) -> String {
    format!("{:+.2} points", if fraction.abs() < 5e-5 { 0.0 } else { 100.0 * fraction })
}

/// `+8.1 to +14.4 %`.
pub(super) fn bounds(of: Estimate) -> String {
    format!("{:+.1} to {:+.1} %", tidy(100.0 * of.low), tidy(100.0 * of.high))
}

/// A span of time.
pub(super) fn span(seconds: f64) -> String {
    Unit::Seconds.print(seconds)
}

pub(super) fn verdict(of: Verdict) -> String {
    match of {
        Verdict::Slower { .. } => "slower".to_owned(),
        Verdict::Faster { .. } => "faster".to_owned(),
        Verdict::NoDifference { difference } => {
            let within = 100.0 * difference.low.abs().max(difference.high.abs());
            format!("no difference found within ±{within:.1} %")
        }
        Verdict::NotEnoughData { lack } => format!("not enough data: {}", lacking(lack)),
    }
}

pub(super) fn lacking(lack: Lack) -> String {
    match lack {
        Lack::Seconds { there, needed } => {
            format!("it ran in {}, {needed} are needed", seconds(there))
        }
        Lack::Executions { there, needed } => {
            format!("{} executions, about {} are needed", print_count(there), print_count(rounded(needed)))
        }
    }
}

fn seconds(count: usize) -> String {
    if count == 1 { "1 second".to_owned() } else { format!("{} seconds", print_count(count as u64)) }
}

/// Two digits of a figure that is no more exact than that.
fn rounded(count: u64) -> u64 {
    let digits = count.checked_ilog10().unwrap_or(0);
    let step = 10u64.pow(digits.saturating_sub(1));
    count.div_ceil(step) * step
}

/// `NEW takes longer in 63.0 % of pairs (60.1 to 65.8 %)`.
pub(super) fn pairs(name: &str, of: Estimate) -> String {
    let Estimate { value, low, high } = of.map(|share| 100.0 * share);
    format!("{name} takes longer in {value:.0} % of pairs ({low:.0} to {high:.0} %)")
}

pub(super) fn count(of: CountFigure, value: f64) -> String {
    match of {
        CountFigure::Rate => Unit::PerSecond.print(value),
        _ => format!("{:.2} %", 100.0 * value),
    }
}

pub(super) fn count_name(of: CountFigure) -> &'static str {
    match of {
        CountFigure::Rate => "rate",
        CountFigure::FailedShare => "failed",
        CountFigure::ThrottledShare => "throttled",
        CountFigure::Kept => "plan kept",
    }
}

/// A difference of counts: of shares in percentage points.
pub(super) fn count_difference(of: &Count) -> String {
    match of.difference() {
        None => "-".to_owned(),
        Some(difference) if of.figure.is_share() => points(difference),
        Some(difference) => percent(difference),
    }
}

/// Which run this is: `small, seed 7, tsrun 0.1.0 on local Timestream, 2026-11-23T05:00:00Z, results/small-...`.
pub(super) fn side(of: &Side) -> String {
    let Side { scenario, seed, version, target, machine, started_utc, directory, .. } = of;
    let merged = if of.parts > 0 { format!(", merged from {} runs", of.parts) } else { String::new() };
    let invalid = if of.valid { "" } else { ", INVALID" };
    let when = started_utc.get(..19).unwrap_or(started_utc);
    format!(
        "{scenario}, seed {seed}, tsrun {version} on {target}, {machine}, {when}Z, {}{merged}{invalid}",
        directory.display()
    )
}

/// What of a run's operations have too few seconds to be compared at all, in a line each.
pub(super) fn too_short(run: &Against) -> Vec<String> {
    let short = run.operations.iter().filter_map(|of| Some((of, of.seconds_lacking()?)));
    short
        .map(|(of, (there, needed))| {
            let there = seconds(there);
            format!("{} in {}: it ran in {there}, {needed} are needed", of.name(), of.phase)
        })
        .collect()
}

/// The operations with something to tell.
pub(super) fn compared(run: &Against) -> impl Iterator<Item = &Operation> {
    run.operations.iter().filter(|of| of.seconds_lacking().is_none())
}

/// What it comes to, and whether that counts.
pub(super) fn outcome(of: &Comparison, run: &Against) -> String {
    let differences = differences(run);
    match of.doubtful(run) {
        Some(side) => format!("{differences}, but {} does not count", side.name),
        None => differences,
    }
}

/// `NEW is slower in 2 of 12 figures (users.do-q1 p50 in steady +11.2 %)`.
fn differences(run: &Against) -> String {
    let name = &run.new.name;
    let figures: Vec<(&Operation, &Quantile)> = run
        .operations
        .iter()
        .flat_map(|of| of.quantiles.iter().map(move |quantile| (of, quantile)))
        .collect();
    let known = figures.iter().filter(|(_, quantile)| quantile.verdict.difference().is_some()).count();
    if known == 0 {
        return format!("{name} against BASE: not enough data");
    }
    let told = |is_meant: fn(&Verdict) -> bool, word: &str| {
        let mut of: Vec<_> = figures.iter().filter(|(_, quantile)| is_meant(&quantile.verdict)).collect();
        let size = |quantile: &Quantile| {
            quantile.verdict.difference().map_or(0.0, |difference| difference.value.abs())
        };
        of.sort_by(|(_, a), (_, b)| size(b).total_cmp(&size(a)));
        let named = of.iter().take(NAMED).map(|(operation, quantile)| {
            let difference = quantile.verdict.difference().map_or(0.0, |difference| difference.value);
            format!("{} {} in {} {}", operation.name(), quantile.figure, operation.phase, percent(difference))
        });
        let named: Vec<String> = named.collect();
        let more = if of.len() > NAMED { ", ..." } else { "" };
        (!of.is_empty())
            .then(|| format!("{word} in {} of {known} figures ({}{more})", of.len(), named.join(", ")))
    };
    let parts = [
        told(|verdict| matches!(verdict, Verdict::Slower { .. }), "slower"),
        told(|verdict| matches!(verdict, Verdict::Faster { .. }), "faster"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        return format!("{name} against BASE: no difference found in {known} figures");
    }
    format!("{name} is {}", parts.join(", and "))
}

/// What the gates say of a run, in a line each, the gravest first.
pub(super) fn gates(of: &Comparison, run: &Against) -> Vec<String> {
    let in_state = |state| run.gates.iter().filter(move |outcome| outcome.state == state);
    let broken = in_state(State::Broken).map(|outcome| {
        let Outcome { gate, operation, phase, difference, is_of_shares, .. } = outcome;
        let print = if *is_of_shares { points } else { percent };
        let difference = difference.map_or_else(|| "-".to_owned(), print);
        format!("REGRESSION: {operation} in {phase}: {difference}, and the gate is {gate}")
    });
    let mut lines: Vec<String> = broken.collect();
    if lines.is_empty() {
        let kept = in_state(State::Kept).count();
        let gates = of.gates.join(", ");
        lines.push(if kept == 0 {
            format!("nothing was compared: no figure has a gate and enough data ({gates})")
        } else {
            format!("no regression found: {kept} figures within the gates ({gates})")
        });
    }
    let undecided = in_state(State::Undecided).count();
    if undecided > 0 {
        lines.push(format!("figures with a gate and not enough data: {undecided}"));
    }
    lines
}

/// What all the intervals are, in a sentence.
pub(super) fn method(of: &Comparison) -> String {
    if of.intervals == 0 {
        return "there is no interval to tell; docs/compare.md says how much data one needs".to_owned();
    }
    format!(
        "all {} intervals hold at once in {} % of comparisons; they allow for seconds that are like the seconds before, but for what \
         changes from run to run only where both were merged from 5 runs or more: see docs/compare.md",
        of.intervals,
        100.0 * (1.0 - of.error)
    )
}

/// The figures of an operation's counts that say something: failures where there are some, a plan that was not kept.
pub(super) fn telling(of: &Counts) -> impl Iterator<Item = &Count> {
    of.figures.iter().filter(|count| match count.figure {
        CountFigure::Rate => true,
        CountFigure::FailedShare | CountFigure::ThrottledShare => count.of.base + count.of.new > 0.0,
        CountFigure::Kept => count.of.base.min(count.of.new) < 1.0,
    })
}
