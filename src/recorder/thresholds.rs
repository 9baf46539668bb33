//! Figures of a run against its thresholds. Not here: what thresholds say (`plan`).

use super::own::OwnUse;
use super::series::Series;
use super::tally::Tally;
use crate::plan::{ALL_PHASES, Count, Figure, Threshold};
use crate::results::ThresholdRow;

/// Every threshold's figure and verdict.
pub(crate) fn rows(thresholds: &[Threshold], tally: &Tally, own: &OwnUse) -> Vec<ThresholdRow> {
    thresholds.iter().map(|threshold| row(threshold, value(threshold, tally, own))).collect()
}

/// A threshold's verdict on a figure; none is one that nobody measured.
pub(crate) fn row(threshold: &Threshold, value: Option<f64>) -> ThresholdRow {
    let phase = threshold.phase.as_deref().unwrap_or(ALL_PHASES);
    ThresholdRow {
        threshold: threshold.text.clone(),
        phase: phase.to_owned(),
        value: value.map_or_else(|| "nothing measured".to_owned(), |value| threshold.figure.print(value)),
        passed: passes(threshold, value),
    }
}

/// The first threshold that ends the run at `now`, with its figure.
pub(crate) fn broken<'a>(
    thresholds: &'a [Threshold],
    tally: &Tally,
    own: &OwnUse,
    (run, now): (i64, i64),
) -> Option<(&'a Threshold, String)> {
    thresholds.iter().find_map(|threshold| {
        let delay = i64::try_from(threshold.abort_after?.as_nanos()).unwrap_or(i64::MAX);
        let began = match &threshold.phase {
            Some(_) => own.began(phases(threshold, tally).next()?)?,
            None => run,
        };
        if now.saturating_sub(began) < delay {
            return None;
        }
        // What has not been measured yet may still be.
        let value = value(threshold, tally, own)?;
        (!passes(threshold, Some(value))).then(|| (threshold, threshold.figure.print(value)))
    })
}

/// A figure that nobody measured is within no bound.
fn passes(threshold: &Threshold, value: Option<f64>) -> bool {
    value.is_some_and(|value| threshold.comparison.holds(value, threshold.bound))
}

/// The phases that a threshold is about.
fn phases<'a>(threshold: &'a Threshold, tally: &'a Tally) -> impl Iterator<Item = usize> + 'a {
    let all = tally.names().phases.iter().enumerate();
    let wanted =
        all.filter(|(_, phase)| threshold.phase.as_ref().map_or(phase.record, |name| *name == phase.name));
    wanted.map(|(index, _)| index)
}

/// The figure; none where nothing was measured.
fn value(threshold: &Threshold, tally: &Tally, own: &OwnUse) -> Option<f64> {
    let of_workload = tally.of_workload(threshold.workload);
    let wanted = of_workload.filter(|(phase, query, _)| {
        phases(threshold, tally).any(|wanted| wanted == *phase)
            && threshold.query.is_none_or(|wanted| *query == Some(wanted))
    });
    let mut all = Series::default();
    wanted.for_each(|(.., series)| all.merge(series));
    let seconds = phases(threshold, tally).map(|phase| own.of(phase).wall).sum();
    figure(threshold.figure, &all, seconds)
}

/// A figure of operations that took place in so many seconds; none where nothing was measured.
pub(crate) fn figure(figure: Figure, all: &Series, seconds: f64) -> Option<f64> {
    match figure {
        Figure::Count(count) => Some(all.count(count) as f64),
        Figure::Share(part, whole) => {
            let whole = all.count(whole);
            // Where nothing was due, nothing was missed.
            if (part, whole) == (Count::Acknowledged, 0) {
                return Some(1.0);
            }
            (whole > 0).then(|| all.count(part) as f64 / whole as f64)
        }
        Figure::Rate(count) => (seconds > 0.0).then(|| all.count(count) as f64 / seconds),
        Figure::Latency(latency, statistic) => all.latency(latency, statistic),
    }
}
