//! Axes: where a value lies between the ends of one, and which values it names. Not here: drawing.

use super::unit::{Unit, elapsed, figure};

/// An axis.
#[derive(Debug, Clone)]
pub struct Axis {
    /// What it measures, for people: `service time`; of an x axis how it goes on: `over time`.
    pub label: String,
    /// How its values are written; of times since the start and percentiles the scale says it.
    pub unit: Unit,
    /// Where values lie.
    pub scale: Scale,
}

/// Where values lie between the ends of an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scale {
    /// In proportion.
    Linear {
        /// The value at the start.
        from: f64,
        /// The value at the end.
        to: f64,
    },
    /// By their order of magnitude; both ends are above 0.
    Log {
        /// The value at the start.
        from: f64,
        /// The value at the end.
        to: f64,
    },
    /// Seconds since the start, in proportion, written as times.
    Elapsed {
        /// The last one.
        to: f64,
    },
    /// Quantiles, each further nine as wide as the one before: 0, 90, 99, 99.9 per cent.
    Percentile {
        /// The highest quantile, below 1.
        to: f64,
    },
}

/// How far apart values may be before a scale of magnitudes shows them better.
const WIDE: f64 = 50.0;

impl Axis {
    /// An axis.
    #[must_use]
    pub fn new(label: &str, unit: Unit, scale: Scale) -> Self {
        Self { label: label.to_owned(), unit, scale }
    }

    /// An axis of seconds since the start.
    #[must_use]
    pub fn elapsed(to: f64) -> Self {
        Self::new("over time", Unit::Seconds, Scale::Elapsed { to: to.max(1.0) })
    }

    /// An axis of percentiles that ends where `count` values still say something.
    #[must_use]
    pub fn percentiles(count: u64) -> Self {
        Self::new("by percentile", Unit::Share, Scale::Percentile { to: Self::last_quantile(count) })
    }

    /// The last quantile of which so many values say something: that of the slowest one.
    #[must_use]
    pub fn last_quantile(count: u64) -> f64 {
        1.0 - 1.0 / (count.clamp(10, 10_000_000) as f64)
    }

    /// An axis from 0 to a round value above all of these.
    #[must_use]
    pub fn from_zero(label: &str, unit: Unit, values: impl IntoIterator<Item = f64>) -> Self {
        let most = values.into_iter().filter(|value| value.is_finite()).fold(0.0, f64::max);
        let most = if most > 0.0 { most } else { 1.0 };
        let step = step(most / 5.0);
        Self::new(label, unit, Scale::Linear { from: 0.0, to: (most / step - 1e-9).ceil() * step })
    }

    /// An axis for latencies: from 0, or by magnitude where they are far apart.
    #[must_use]
    pub fn fitting(label: &str, unit: Unit, values: impl IntoIterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.into_iter().filter(|value| value.is_finite() && *value > 0.0).collect();
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(0.0, f64::max);
        if values.is_empty() || most / least < WIDE {
            return Self::from_zero(label, unit, values);
        }
        Self::new(label, unit, Scale::Log { from: step_down(least), to: step(most * 0.999_999) })
    }

    /// Whether its values lie by their magnitude, which is worth saying.
    pub(super) fn is_log(&self) -> bool {
        matches!(self.scale, Scale::Log { .. })
    }

    /// A value as read-outs tell it.
    pub(super) fn print(&self, value: f64) -> String {
        match self.scale {
            Scale::Elapsed { .. } => elapsed(value),
            Scale::Percentile { .. } => {
                // A place more for each nine.
                let digits = 3 + nines(value).min(6.0) as usize;
                format!("p{}", figure(100.0 * value, digits))
            }
            _ => self.unit.print(value),
        }
    }

    /// Whether its names are so many that a phone has room for every other one only.
    pub(super) fn is_crowded(&self, ticks: usize) -> bool {
        ticks > 4 && !matches!(self.scale, Scale::Percentile { .. })
    }

    /// The values that it names, with their names.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        match self.scale {
            Scale::Linear { from, to } => {
                let step = step((to - from) / 5.0);
                multiples(from, to, step).map(|value| (value, self.unit.tick(value))).collect()
            }
            Scale::Log { from, to } => {
                let values: Vec<f64> = magnitudes(from, to).collect();
                // Beyond two decades there is room for their own values only.
                let few = to / from <= 100.5;
                let named = values.into_iter().filter(|value| few || is_decade(*value));
                named.map(|value| (value, self.unit.tick(value))).collect()
            }
            Scale::Elapsed { to } => {
                multiples(0.0, to, time_step(to / 7.0)).map(|value| (value, elapsed(value))).collect()
            }
            Scale::Percentile { to } => {
                let nines = (1..=7).map(|nines| 1.0 - 10f64.powi(-nines));
                let half = (to <= 0.999).then_some(0.5);
                let named =
                    [0.0].into_iter().chain(half).chain(nines).filter(|quantile| *quantile <= to + 1e-12);
                named.map(|quantile| (quantile, figure_of_quantile(quantile))).collect()
            }
        }
    }
}

impl Scale {
    /// Where a value lies: 0 is the start, 1 the end; what is beyond lies at the end.
    #[must_use]
    pub fn position(self, value: f64) -> f64 {
        let (value, from, to) = match self {
            Self::Linear { from, to } => (value, from, to),
            Self::Log { from, to } => (value.max(f64::MIN_POSITIVE).ln(), from.ln(), to.ln()),
            Self::Elapsed { to } => (value, 0.0, to),
            Self::Percentile { to } => (nines(value), 0.0, nines(to)),
        };
        let share = (value - from) / (to - from);
        if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// How many nines a quantile has: 0.9 has one, 0.99 two.
fn nines(quantile: f64) -> f64 {
    -(1.0 - quantile).max(1e-9).log10()
}

fn figure_of_quantile(quantile: f64) -> String {
    figure((quantile * 1e9).round() / 1e7, 9)
}

/// The least of 1, 2, 5, 10, ... (at any magnitude) that is not below this.
fn step(least: f64) -> f64 {
    let magnitude = 10f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .map(|digit| digit * magnitude)
        .into_iter()
        .find(|step| *step >= least * 0.999_999)
        .unwrap_or(least)
}

/// The most of them that is not above this.
fn step_down(most: f64) -> f64 {
    let magnitude = 10f64.powf(most.log10().floor());
    [5.0, 2.0, 1.0]
        .map(|digit| digit * magnitude)
        .into_iter()
        .find(|step| *step <= most * 1.000_001)
        .unwrap_or(most)
}

/// A step of times that clocks count by, not below this, in seconds.
fn time_step(least: f64) -> f64 {
    const STEPS: [f64; 19] = [
        1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0,
        10_800.0, 21_600.0, 43_200.0, 86_400.0, 172_800.0,
    ];
    STEPS.into_iter().find(|step| *step >= least).unwrap_or_else(|| (least / 86_400.0).ceil() * 86_400.0)
}

/// The multiples of a step from one value to another.
fn multiples(from: f64, to: f64, step: f64) -> impl Iterator<Item = f64> {
    let first = (from / step - 1e-9).ceil();
    let count = ((to / step + 1e-9).floor() - first).clamp(0.0, 50.0) as u32;
    (0..=count).map(move |index| (first + f64::from(index)) * step)
}

/// 1, 2, 5, 10, 20, ... from one value to another.
fn magnitudes(from: f64, to: f64) -> impl Iterator<Item = f64> {
    let lowest = from.log10().floor() as i32;
    let highest = to.log10().ceil() as i32;
    let all = (lowest..=highest.min(lowest + 20))
        .flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10f64.powi(power)));
    all.filter(move |value| *value >= from * 0.999_999 && *value <= to * 1.000_001)
}

fn is_decade(value: f64) -> bool {
    let power = value.log10();
    (power - power.round()).abs() < 1e-6
}
