//! What a scenario's run would cost on Amazon Timestream, by part. Not here: prices (`prices`), bytes (`metering`).

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::metering::{storage_bytes, write_bytes, write_units};
use super::model::{Load, Pace, Phase, PhaseKind, Plan, TargetKind, Work};
use crate::clock::nanos;
use crate::load::{Curve, Shape, Span, Unit};
use crate::units::{SECOND, print_count};
use crate::values::Expression;

/// Batches of each record that are made to learn their sizes; more where few of their hosts report.
const SAMPLES: u64 = 32;
const MOST_SAMPLES: u64 = 2_048;

/// What a run of all phases uses and costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cost {
    /// Which prices these are.
    pub prices: String,
    /// Their currency.
    pub currency: String,
    /// The phase that has no end and is counted as an hour.
    pub counted_as_an_hour: Option<String>,
    /// Write units of 1 KiB.
    pub write_units: u64,
    /// What they cost.
    pub writes: f64,
    /// Gigabytes that go into the memory store; older ones go past it.
    pub memory_gigabytes: f64,
    /// Hours for which it keeps them.
    pub memory_hours: u32,
    /// What that costs.
    pub memory_store: f64,
    /// Gigabytes that are written in all, and end in the magnetic store.
    pub gigabytes: f64,
    /// What the magnetic store costs a month then.
    pub magnetic_store_a_month: f64,
    /// Queries at the most: as if every answer came at once. None where users do not think.
    pub queries: Option<u64>,
    /// What they cost if each scans the least that is charged.
    pub least_for_queries: f64,
}

/// What a fleet's requests come to.
#[derive(Default)]
struct Sizes {
    units_per_second: f64,
    bytes_per_second: f64,
}

impl Plan {
    /// Whether the target charges for what it does.
    #[must_use]
    pub fn is_billed(&self) -> bool {
        self.target.kind == TargetKind::Timestream
    }

    /// What a run costs on Amazon Timestream. A phase without an end counts as an hour.
    #[must_use]
    pub fn cost(&self) -> Cost {
        let (mut units, mut live_bytes, mut old_bytes, mut queries) = (0.0, 0.0, 0.0, 0.0);
        let memory = Duration::from_secs(u64::from(self.target.retention.memory_hours) * 3_600);
        for phase in &self.phases {
            for load in &phase.loads {
                match (&self.workloads[load.workload].work, phase.kind) {
                    (Work::Ingest(_), PhaseKind::Backfill { history, .. }) => {
                        // A rate says how fast history is written, not how much of it.
                        let share =
                            if load.amount.unit == Unit::Rate { 1.0 } else { load.amount.shape.mean() };
                        let sizes = self.sizes(share);
                        let recent = history.min(memory).as_secs_f64();
                        units += sizes.units_per_second * history.as_secs_f64();
                        live_bytes += sizes.bytes_per_second * recent;
                        old_bytes += sizes.bytes_per_second * (history.as_secs_f64() - recent);
                    }
                    (Work::Ingest(_), _) => {
                        let seconds = span(phase).end.unwrap_or(0) as f64 / 1e9;
                        let sizes = self.sizes(self.mean_share(load, phase));
                        units += sizes.units_per_second * seconds;
                        live_bytes += sizes.bytes_per_second * seconds;
                    }
                    (Work::Query(of), _) => queries += expected(&of.pace, load, phase),
                }
            }
            if let PhaseKind::Once { workload } = phase.kind
                && let Work::Query(load) = &self.workloads[workload].work
            {
                queries += load.queries.len() as f64;
            }
        }
        let endless = self.phases.iter().find(|phase| phase.kind == PhaseKind::Forever);
        let prices = &self.limits.prices;
        let queries = if queries.is_finite() { Some(queries.ceil() as u64) } else { None };
        let write_units = units.ceil() as u64;
        let gigabytes = (live_bytes + old_bytes) / 1e9;
        Cost {
            prices: prices.name.clone(),
            currency: prices.currency.clone(),
            counted_as_an_hour: endless.map(|phase| phase.name.clone()),
            write_units,
            writes: prices.writes(write_units),
            memory_gigabytes: live_bytes / 1e9,
            memory_hours: self.target.retention.memory_hours,
            memory_store: live_bytes / 1e9
                * f64::from(self.target.retention.memory_hours)
                * prices.memory_gb_hour,
            gigabytes,
            magnetic_store_a_month: gigabytes * prices.magnetic_gb_month,
            queries,
            least_for_queries: prices
                .scanned(queries.unwrap_or(0).saturating_mul(prices.queries.least_bytes)),
        }
    }

    /// The share of the fleet that a phase runs, on the whole.
    fn mean_share(&self, load: &Load, phase: &Phase) -> f64 {
        let makes = self.generator.records_per_second();
        match (&load.amount.shape, span(phase).end) {
            // Nobody knows at what time of its waves a phase will begin.
            (Shape::Sine { .. }, _) | (_, None | Some(0)) => {
                load.amount.shape.mean() / if load.amount.unit == Unit::Rate { makes } else { 1.0 }
            }
            (_, Some(end)) => {
                Curve::share(&load.amount, span(phase), makes).area(0, end) / (end as f64 / 1e9)
            }
        }
    }

    /// What the requests of a share of the fleet come to, from a sample spread over it.
    fn sizes(&self, share: f64) -> Sizes {
        let mut sizes = Sizes::default();
        if share <= 0.0 {
            return sizes;
        }
        for (record, summary) in self.generator.records().iter().enumerate() {
            let wanted = (SAMPLES as f64 / share).ceil() as u64;
            let samples = wanted.min(MOST_SAMPLES).min(summary.batches);
            let (mut units, mut bytes) = (0, 0);
            for sample in 0..samples {
                let batch = (u128::from(summary.batches) * u128::from(sample) / u128::from(samples)) as u64;
                // At other times too: what is reported, and how late, may depend on it.
                let time = summary.every.saturating_mul(sample as i64).saturating_mul(101);
                for slot in self.generator.slots_of(record, batch, time) {
                    let made = self.generator.batch(slot, share);
                    if made.records.is_empty() {
                        continue;
                    }
                    units += write_units(write_bytes(&made, self.target.common_attributes));
                    bytes += storage_bytes(&made);
                }
            }
            let rate = summary.batches as f64 * 1_000.0 / summary.every as f64 / samples.max(1) as f64;
            sizes.units_per_second += rate * units as f64;
            sizes.bytes_per_second += rate * bytes as f64;
        }
        sizes
    }
}

/// A phase as if it began at the epoch; without an end it lasts an hour. One that runs queries once is over at once: nobody
/// knows how long they take, but it is little beside the phases that last.
fn span(phase: &Phase) -> Span {
    let end = match phase.kind {
        PhaseKind::Timed(duration) => nanos(duration),
        PhaseKind::Forever => 3_600 * SECOND,
        PhaseKind::Once { .. } | PhaseKind::Backfill { .. } => 0,
    };
    Span { start: 0, end: Some(end) }
}

/// Queries of a load in a phase: of users, as if every answer came at once.
fn expected(pace: &Pace, load: &Load, phase: &Phase) -> f64 {
    let span = span(phase);
    let end = span.end.unwrap_or(0);
    match pace {
        Pace::Open { rate, .. } => Curve::of(&load.amount, span, *rate).area(0, end),
        Pace::Closed { users, think } => {
            let mean = mean_seconds(think);
            Curve::of(&load.amount, span, f64::from(*users)).area(0, end) / mean
        }
    }
}

/// The mean of a duration that is drawn, from a sample.
fn mean_seconds(think: &Expression) -> f64 {
    const DRAWS: i64 = 1_024;
    let drawn = (0..DRAWS).map(|number| think.span(0, number) as f64);
    drawn.sum::<f64>() / DRAWS as f64 / 1e9
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { prices, currency, memory_hours, .. } = self;
        writeln!(f, "cost on Amazon Timestream ({prices}):")?;
        if let Some(phase) = &self.counted_as_an_hour {
            writeln!(f, "  of phase `{phase}`, which has no end, an hour is counted")?;
        }
        writeln!(
            f,
            "  writes: {:.2} {currency}, {} units of 1 KiB",
            self.writes,
            print_count(self.write_units)
        )?;
        writeln!(
            f,
            "  memory store: {:.2} {currency}, {:.3} GB for {memory_hours} h",
            self.memory_store, self.memory_gigabytes
        )?;
        writeln!(
            f,
            "  magnetic store: {:.2} {currency} a month, {:.3} GB",
            self.magnetic_store_a_month, self.gigabytes
        )?;
        match self.queries {
            Some(0) => f.write_str("  queries: none"),
            Some(queries) => write!(
                f,
                "  queries: {:.2} {currency} at the least, for up to {} queries",
                self.least_for_queries,
                print_count(queries)
            ),
            None => f.write_str("  queries: as many as the target answers, since users do not think"),
        }
    }
}
