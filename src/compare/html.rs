//! A comparison as a page: the verdict, the figures, and the curves of both runs in one chart. Not here: its words
//! (`words`), charts (`chart`), the page (`page`).

use minijinja::context;
use minijinja::value::Value;

use super::gate::State;
use super::model::{Against, Comparison, Operation, Verdict};
use super::words;
use crate::chart::{Axis, Chart, Ink, Unit};
use crate::page;

/// Quantiles of a curve: each nine is drawn as wide as the one before, in so many steps.
const STEPS: u32 = 24;

impl Comparison {
    /// The comparison as one HTML file.
    ///
    /// # Errors
    /// A template that does not fit its values, which is a fault of this crate.
    pub fn html(&self) -> Result<String, minijinja::Error> {
        let name = &self.base.scenario;
        let runs: Vec<Value> = self.runs.iter().map(|run| against(self, run)).collect();
        let shows = context! { scenario => name, base => words::side(&self.base), runs, method => words::method(self) };
        page::render(&format!("{name}: compared"), include_str!("html/comparison.html.j2"), shows)
    }
}

fn against(comparison: &Comparison, run: &Against) -> Value {
    let broken = run.gates.iter().any(|outcome| outcome.state == State::Broken);
    let known = words::compared(run).flat_map(|of| &of.quantiles).any(|of| of.verdict.difference().is_some());
    let latencies: Vec<Value> = words::compared(run).map(|of| latency(run, of)).collect();
    let counts: Vec<Value> = run.counts.iter().map(|of| {
        let rows = words::telling(of).map(|count| {
            context! {
                name => words::count_name(count.figure),
                base => words::count(count.figure, count.of.base),
                new => words::count(count.figure, count.of.new),
                difference => words::count_difference(count),
            }
        });
        let rows: Vec<Value> = rows.collect();
        context! { operation => &of.operation, phase => &of.phase, base => of.executions.base, new => of.executions.new, rows }
    }).collect();
    context! {
        name => &run.new.name,
        side => words::side(&run.new),
        tone => if broken { "bad" } else if known && comparison.doubtful(run).is_none() { "good" } else { "doubt" },
        outcome => words::outcome(comparison, run),
        gates => words::gates(comparison, run),
        warnings => &run.warnings,
        latencies,
        short => words::too_short(run),
        counts,
    }
}

fn latency(run: &Against, of: &Operation) -> Value {
    let rows = of.quantiles.iter().map(|quantile| {
        let difference = quantile.verdict.difference();
        context! {
            figure => quantile.figure,
            base => words::span(quantile.base),
            new => words::span(quantile.new),
            difference => difference.map_or_else(String::new, |difference| words::percent(difference.value)),
            bounds => difference.map_or_else(String::new, words::bounds),
            verdict => words::verdict(quantile.verdict),
            tone => match quantile.verdict {
                Verdict::Slower { .. } => "bad",
                Verdict::Faster { .. } => "good",
                Verdict::NoDifference { .. } => "",
                Verdict::NotEnoughData { .. } => "doubt",
            },
        }
    });
    let rows: Vec<Value> = rows.collect();
    let name = of.name();
    context! {
        operation => name,
        phase => &of.phase,
        rows,
        pairs => of.slower_pairs.map(|pairs| words::pairs(&run.new.name, pairs)),
        curves => page::chart(&curves(&run.new.name, of)),
        course => page::chart(&course(&run.new.name, of)),
    }
}

/// The percentile curves of both runs.
fn curves(name: &str, of: &Operation) -> Chart {
    let sides = [("BASE", Ink::Nth(0), &of.drawn.base), (name, Ink::Nth(1), &of.drawn.new)];
    let lines = sides.map(|(name, ink, drawn)| {
        let count = drawn.distribution.count();
        let points: Vec<(f64, Option<f64>)> = quantiles(count)
            .map(|share| (share, drawn.distribution.place(share).map(|place| place.logarithm().exp() / 1e6)))
            .collect();
        (name, ink, points)
    });
    let values = lines.iter().flat_map(|(_, _, points)| points).filter_map(|(_, value)| *value);
    let y = Axis::fitting(&format!("{} time", of.timing.name()), Unit::Seconds, values);
    let most = of.executions.base.max(of.executions.new);
    lines.into_iter().fold(
        Chart::new(&format!("{} in {}", of.name(), of.phase), Axis::percentiles(most), y),
        |chart, (name, ink, points)| chart.line(name, ink, points),
    )
}

/// Quantiles up to the last one that so many values tell of, evenly on the scale of nines.
fn quantiles(count: u64) -> impl Iterator<Item = f64> {
    let last = (count.clamp(10, 10_000_000) as f64).log10();
    let steps = (last * f64::from(STEPS)) as u32;
    (0..=steps).map(move |step| 1.0 - 10f64.powf(-last * f64::from(step) / f64::from(steps)))
}

/// Median and 99th percentile of both runs over the phase.
fn course(name: &str, of: &Operation) -> Chart {
    let (base, new) = (of.drawn.base.course.steps(), of.drawn.new.course.steps());
    let all = || base.iter().chain(&new);
    let last = all().map(|step| step.at).fold(1.0, f64::max);
    let y = Axis::fitting(
        &format!("{} time", of.timing.name()),
        Unit::Seconds,
        all().flat_map(|step| [step.p50, step.p99]),
    );
    let chart = Chart::new(&format!("{} in {}", of.name(), of.phase), Axis::elapsed(last.ceil()), y);
    chart
        .line("BASE p50", Ink::Nth(0), base.iter().map(|step| (step.at, Some(step.p50))).collect())
        .line(&format!("{name} p50"), Ink::Nth(1), new.iter().map(|step| (step.at, Some(step.p50))).collect())
        .line("BASE p99", Ink::Nth(2), base.iter().map(|step| (step.at, Some(step.p99))).collect())
        .line(&format!("{name} p99"), Ink::Nth(3), new.iter().map(|step| (step.at, Some(step.p99))).collect())
}
