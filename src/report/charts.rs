//! The charts of a report: which there are and what they show. Not here: drawing (`chart`), adding up (`over_time`).

use minijinja::Value;

use super::bounds;
use super::over_time::{Latencies, Operation, Step, Timeline, since_start};
use super::tables::name_of;
use crate::chart::{Axis, Bound, Chart, Ink, Mark, Shade, Unit};
use crate::page;
use crate::results::Run;

/// Executions that make a chart: fewer are better told by their figures.
const ENOUGH: u64 = 10;
/// How many times what was planned is so much that a scale of magnitudes shows both better.
const FAR: f64 = 10.0;

/// A line of counts a second: its name, its ink, its figure.
type Rate = (&'static str, Ink, fn(&Step) -> f64);

/// What charts of one run share.
pub(super) struct Charts<'a> {
    run: &'a Run,
    timeline: &'a Timeline,
    shades: Vec<Shade>,
    marks: Vec<Mark>,
}

impl<'a> Charts<'a> {
    pub(super) fn new(run: &'a Run, timeline: &'a Timeline) -> Self {
        let shades = timeline.phases.iter().map(|phase| Shade {
            name: phase.name.clone(),
            from: phase.from,
            to: phase.to,
            quiet: !phase.record,
        });
        Self { run, timeline, shades: shades.collect(), marks: marks(run, timeline) }
    }

    /// The operations that succeeded too seldom for charts, with how often.
    pub(super) fn too_few(&self, operations: &[Operation<'_>]) -> Vec<String> {
        let few = operations.iter().filter(|operation| operation.service.count < ENOUGH);
        few.map(|operation| format!("{} ({})", name_of(self.run, operation.row), operation.service.count))
            .collect()
    }

    fn over_time(&self, title: &str, y: Axis) -> Chart {
        Chart::new(title, Axis::elapsed(self.timeline.lasted), y)
            .shades(self.shades.iter().cloned())
            .marks(self.marks.iter().cloned())
    }

    /// Latencies of an operation over time; none where there are too few.
    pub(super) fn latency(&self, operation: &Operation<'_>) -> Option<Value> {
        if operation.service.count < ENOUGH {
            return None;
        }
        let Operation { row, service, response } = operation;
        let lines = [
            ("service p50", Ink::Nth(0), service.line(|step| step.p50)),
            ("service p99", Ink::Nth(1), service.line(|step| step.p99)),
            ("response p50", Ink::Nth(2), response.line(|step| step.p50)),
            ("response p99", Ink::Nth(3), response.line(|step| step.p99)),
        ];
        let values = || lines.iter().flat_map(|(.., points)| points).filter_map(|(_, value)| *value);
        values().next()?;
        let mut chart =
            self.over_time(&name_of(self.run, row), Axis::fitting("latency", Unit::Seconds, values()));
        let most = values().fold(0.0, f64::max);
        let bounds = self.run.thresholds.iter().filter_map(|bound| {
            let (figure, at) = bounds::of_latency(bound, row)?;
            let drawn = figure.starts_with("service.") || figure.starts_with("response.");
            let name = format!("{} < {}", figure.replace('.', " "), Unit::Seconds.print(at));
            (drawn && at <= 10.0 * most).then_some(Bound { name, at, kept: bound.passed })
        });
        chart = chart.bounds(bounds);
        for (name, ink, points) in lines.into_iter().filter(|(.., points)| !points.is_empty()) {
            chart = chart.line(name, ink, points);
        }
        Some(page::chart(&chart))
    }

    /// The curves of an operation's percentiles; none where too few are in phases that count.
    pub(super) fn percentiles(&self, operation: &Operation<'_>) -> Option<Value> {
        if operation.service.whole.len() < ENOUGH {
            return None;
        }
        let Operation { row, service, response } = operation;
        // Inks of their own: they are of all percentiles, and the chart beside them has lines of some.
        let curves = [("service", Ink::Nth(5), service), ("response", Ink::Nth(6), response)];
        let curves = curves.map(|(name, ink, latencies)| (name, ink, Latencies::percentiles(latencies)));
        let values = || curves.iter().flat_map(|(.., points)| points).filter_map(|(_, value)| *value);
        values().next()?;
        let axis = Axis::percentiles(service.whole.len().max(response.whole.len()));
        let y = Axis::fitting("latency", Unit::Seconds, values());
        let mut chart = Chart::new(&name_of(self.run, row), axis, y);
        for (name, ink, points) in curves.into_iter().filter(|(.., points)| !points.is_empty()) {
            chart = chart.line(name, ink, points);
        }
        Some(page::chart(&chart))
    }

    /// Records planned and what became of them.
    pub(super) fn records(&self) -> Option<Value> {
        self.rates(
            "Records a second",
            "",
            &[
                ("planned", Ink::Planned, |step| step.planned_records),
                ("acknowledged", Ink::Nth(0), |step| step.written_records),
            ],
        )
    }

    /// Queries planned, where they have a rate, and answered.
    pub(super) fn queries(&self) -> Option<Value> {
        self.rates(
            "Queries a second",
            "",
            &[
                ("planned", Ink::Planned, |step| step.planned_queries),
                ("answered", Ink::Nth(0), |step| step.queries_done),
            ],
        )
    }

    /// What went wrong; none where nothing did.
    pub(super) fn failures(&self) -> Option<Value> {
        self.rates(
            "Attempts and queries that failed, a second",
            "",
            &[
                ("throttled attempts", Ink::Nth(4), |step| step.throttled),
                ("other failed attempts", Ink::Nth(1), |step| step.failed_attempts),
                ("queries failed for good", Ink::Bad, |step| step.queries_failed),
            ],
        )
    }

    /// Records that were not stored for sure; none where all were.
    pub(super) fn lost_records(&self) -> Option<Value> {
        self.rates(
            "Records not stored, a second",
            "by what became of them,",
            &[
                ("rejected", Ink::Nth(3), |step| step.rejected_records),
                ("refused", Ink::Bad, |step| step.refused_records),
                ("unknown", Ink::Nth(4), |step| step.unknown_records),
            ],
        )
    }

    /// How late the next operation was; none where none ever was.
    pub(super) fn lag(&self) -> Option<Value> {
        let points = self.points(|step| step.lag);
        if !self.timeline.any(|step| step.lag) {
            return None;
        }
        let values = points.iter().filter_map(|(_, value)| *value);
        let axis = Axis::from_zero("the most that the next operation was late,", Unit::Seconds, values);
        Some(page::chart(&self.over_time("Lag", axis).line("lag", Ink::Nth(1), points)))
    }

    /// The runner's use of its machine.
    pub(super) fn cpu(&self) -> Option<Value> {
        let points = self.points(|step| step.cpu_cores);
        if !self.timeline.any(|step| step.cpu_cores) {
            return None;
        }
        let cores = self.run.manifest.machine.cores as f64;
        let label = format!("cores that tsrun used, of {cores},");
        let axis = Axis::from_zero(&label, Unit::Count, points.iter().filter_map(|(_, value)| *value));
        Some(page::chart(&self.over_time("Runner", axis).line("cores", Ink::Nth(5), points)))
    }

    /// Counts a second; those of which there are none anywhere are left out.
    fn rates(&self, title: &str, label: &str, lines: &[Rate]) -> Option<Value> {
        let lines: Vec<_> = lines.iter().filter(|(.., figure)| self.timeline.any(figure)).collect();
        if lines.is_empty() {
            return None;
        }
        let steps = &self.timeline.steps;
        let values = || lines.iter().flat_map(|(.., figure)| steps.iter().map(figure));
        let planned = lines.iter().filter(|(_, ink, _)| *ink == Ink::Planned);
        let planned = planned.flat_map(|(.., figure)| steps.iter().map(figure)).fold(0.0, f64::max);
        // History has no plan at an instant and is written as fast as it goes: beside it a live load would be a line at 0.
        let dwarfed = planned > 0.0 && values().fold(0.0, f64::max) > FAR * planned;
        let axis = if dwarfed { Axis::fitting } else { Axis::from_zero };
        let mut chart = self.over_time(title, axis(label, Unit::PerSecond, values()));
        for (name, ink, figure) in lines {
            let points = self.points(figure).into_iter().map(|(at, value)| {
                // What history or a closed load plans at an instant is not known, rather than nothing.
                (at, value.filter(|value| *ink != Ink::Planned || *value > 0.0))
            });
            chart = chart.line(name, *ink, points.collect());
        }
        Some(page::chart(&chart))
    }

    fn points(&self, figure: impl Fn(&Step) -> f64) -> Vec<(f64, Option<f64>)> {
        let mut points = Vec::new();
        for step in &self.timeline.steps {
            if let Some((before, _)) = points.last()
                && step.after_silence
            {
                points.push((f64::midpoint(*before, step.at), None));
            }
            points.push((step.at, Some(figure(step))));
        }
        points
    }
}

/// The incidents of a run; those of one name that overlap are one mark.
fn marks(run: &Run, timeline: &Timeline) -> Vec<Mark> {
    let spans = run.incidents.iter().filter_map(|incident| {
        let from = since_start(run, &incident.start_utc)?;
        let to = since_start(run, &incident.end_utc)?;
        // Those of history were never met by this clock.
        (to > 0.0 && from < timeline.lasted).then_some((incident, from.max(0.0), to))
    });
    let mut spans: Vec<_> = spans.collect();
    spans.sort_by(|one, other| one.0.incident.cmp(&other.0.incident).then(one.1.total_cmp(&other.1)));
    let mut marks: Vec<Mark> = Vec::new();
    let mut nodes = 0;
    for (at, (incident, from, to)) in spans.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| &spans[before].0.incident);
        match marks.last_mut() {
            Some(last) if before == Some(&incident.incident) && *from <= last.to => {
                nodes += 1;
                last.to = last.to.max(*to);
                last.name = format!("{} at {nodes} nodes", incident.incident);
            }
            _ => {
                nodes = 1;
                let name = format!("{} at {}", incident.incident, incident.node);
                marks.push(Mark { name, from: *from, to: *to });
            }
        }
    }
    marks
}
