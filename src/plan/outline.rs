//! What a plan comes to, as data: levels, records, phases, cost, warnings; `tsrun plan --format json` prints it as it
//! is. Not here: how it looks to people (`text`, `tree`, `timeline`).

use std::time::Duration;

use serde::Serialize;

use super::cost::Cost;
use super::model::{Phase, PhaseKind, Plan, Work};
use super::model_summary::{ModelSummary, row_bytes};
use crate::clock::nanos;
use crate::fleet::{LevelSummary, RecordSummary};
use crate::units::print_duration;

/// A plan's outline.
#[derive(Debug, Clone, Serialize)]
pub struct Outline {
    /// The scenario's name.
    pub name: String,
    /// The seed of every draw.
    pub seed: u64,
    /// The levels of the fleet, outermost first; the last is the host.
    pub levels: Vec<Level>,
    /// What they add up to.
    pub model: ModelSummary,
    /// The records of the metric catalog.
    pub records: Vec<Record>,
    /// What runs, in order.
    pub phases: Vec<PhaseOutline>,
    /// What is to go wrong on purpose.
    pub faults: Vec<String>,
    /// What it costs on Amazon Timestream.
    pub cost: Cost,
    /// What a reader should know before it runs.
    pub warnings: Vec<String>,
}

/// A level.
#[derive(Debug, Clone, Serialize)]
pub struct Level {
    /// Its name.
    pub level: String,
    /// Its nodes in the whole fleet.
    pub nodes: u64,
    /// The fewest that stand under one node of the level above.
    pub fewest: u64,
    /// The most.
    pub most: u64,
    /// How long a node stands there before another takes its place.
    pub lifetime: Option<String>,
    /// The attributes that are drawn for each node.
    pub drawn: Vec<Drawn>,
}

/// An attribute that is drawn for each node.
#[derive(Debug, Clone, Serialize)]
pub struct Drawn {
    /// Its name.
    pub name: String,
    /// Of how many members; none where that differs from node to node.
    pub members: Option<u64>,
}

/// A record of the metric catalog. What is said of one with a condition is the most that it can come to.
#[derive(Debug, Clone, Serialize)]
pub struct Record {
    /// Its name.
    pub record: String,
    /// The level that reports it.
    pub per: String,
    /// How many levels of the fleet stand above its own.
    #[serde(skip)]
    pub depth: usize,
    /// Its own levels below that.
    pub each: Vec<Level>,
    /// Its interval.
    pub every: String,
    /// Sets of dimensions.
    pub dimension_sets: u64,
    /// Time series.
    pub series: u64,
    /// Records a second.
    pub records_per_second: f64,
    /// Bytes a second, by the mean size of a row.
    pub bytes_per_second: f64,
    /// Write requests a second.
    pub requests_per_second: f64,
    /// Whether a condition may leave some out.
    pub conditional: bool,
    /// How late it can arrive.
    pub late: Option<String>,
}

/// A phase.
#[derive(Debug, Clone, Serialize)]
pub struct PhaseOutline {
    /// Its name.
    pub phase: String,
    /// When it ends, in words.
    pub ends: String,
    /// How long it lasts, in seconds, where it lasts for a span of time.
    pub seconds: Option<f64>,
    /// How much of each workload it runs.
    pub load: Vec<LoadOutline>,
    /// Whether it counts in the summary.
    pub record: bool,
}

/// How much of a workload a phase runs.
#[derive(Debug, Clone, Serialize)]
pub struct LoadOutline {
    /// The workload's name.
    pub workload: String,
    /// How much of it, in words.
    pub amount: String,
}

impl Plan {
    /// What the plan comes to.
    #[must_use]
    pub fn outline(&self) -> Outline {
        let levels: Vec<Level> = self.generator.levels().iter().map(Level::of).collect();
        let records = self.generator.records().iter().map(|record| Record::of(record, &levels)).collect();
        Outline {
            name: self.name.clone(),
            seed: self.seed,
            model: ModelSummary::of(&self.generator),
            records,
            levels,
            phases: self.phases.iter().map(|phase| PhaseOutline::of(phase, self)).collect(),
            faults: self.fault_notes(),
            cost: self.cost(),
            warnings: self.warnings(),
        }
    }
}

impl Level {
    fn of(summary: &LevelSummary) -> Self {
        let drawn = |(name, members): &(std::sync::Arc<str>, Option<u64>)| Drawn {
            name: name.to_string(),
            members: *members,
        };
        Self {
            level: summary.name.to_string(),
            nodes: summary.nodes,
            fewest: summary.members.0,
            most: summary.members.1,
            lifetime: summary.lifetime.map(print_duration),
            drawn: summary.draws.iter().map(drawn).collect(),
        }
    }
}

impl Record {
    fn of(summary: &RecordSummary, levels: &[Level]) -> Self {
        let rate = summary.records_per_second();
        let late = summary.longest_delay.saturating_mul(1_000_000);
        Self {
            record: summary.name.to_string(),
            per: levels
                .get(summary.depth.wrapping_sub(1))
                .map_or_else(String::new, |level| level.level.clone()),
            depth: summary.depth,
            each: summary.each.iter().map(Level::of).collect(),
            every: print_duration(summary.every.saturating_mul(1_000_000)),
            dimension_sets: summary.dimension_sets,
            series: summary.series(),
            records_per_second: rate,
            bytes_per_second: rate * row_bytes(summary),
            requests_per_second: summary.batches as f64 * 1_000.0 / summary.every as f64,
            conditional: summary.conditional,
            late: (late > 0).then(|| print_duration(late)),
        }
    }
}

impl PhaseOutline {
    fn of(phase: &Phase, plan: &Plan) -> Self {
        let load = |load: &super::Load| LoadOutline {
            workload: plan.workloads[load.workload].name.clone(),
            amount: load.amount.to_string(),
        };
        Self {
            phase: phase.name.clone(),
            ends: ends(phase, plan),
            seconds: match phase.kind {
                PhaseKind::Timed(duration) => Some(duration.as_secs_f64()),
                PhaseKind::Forever | PhaseKind::Once { .. } | PhaseKind::Backfill { .. } => None,
            },
            load: phase.loads.iter().map(load).collect(),
            record: phase.record,
        }
    }
}

fn ends(phase: &Phase, plan: &Plan) -> String {
    let span = |duration: Duration| print_duration(nanos(duration));
    match phase.kind {
        PhaseKind::Timed(duration) => span(duration),
        PhaseKind::Forever => "until Ctrl-C".to_owned(),
        PhaseKind::Once { workload } => {
            let queries = match &plan.workloads[workload].work {
                Work::Query(load) => load.queries.len(),
                Work::Ingest(_) => 0,
            };
            format!("every query of {} once ({queries})", plan.workloads[workload].name)
        }
        PhaseKind::Backfill { history, until: None } => format!("{} of history up to now", span(history)),
        PhaseKind::Backfill { history, until: Some(until) } => {
            format!("{} of history up to {}", span(history), until.format("%Y-%m-%dT%H:%M:%SZ"))
        }
    }
}
