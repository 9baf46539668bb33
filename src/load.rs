//! Amounts of load over time: what a phase runs of a workload, and how much that is at an instant.
//! Pure. Not here: reading them from a scenario (`plan`), who follows them (`schedule`).
//!
//! Times are nanoseconds since the Unix epoch; a span holds its start and not its end.

mod curve;

use std::fmt;
use std::time::Duration;

pub use curve::Curve;

use crate::clock::nanos;
use crate::units::{print_duration, print_rate};

/// A span of time; without an end it lasts until somebody ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its first instant.
    pub start: i64,
    /// The first instant after it.
    pub end: Option<i64>,
}

impl Span {
    /// Whether an instant is in it.
    #[must_use]
    pub fn contains(&self, time: i64) -> bool {
        time >= self.start && self.end.is_none_or(|end| time < end)
    }
}

/// An amount of load over a phase.
#[derive(Debug, Clone, PartialEq)]
pub struct Amount {
    /// What its values are.
    pub unit: Unit,
    /// How it changes over the phase.
    pub shape: Shape,
}

/// What an amount of load counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A share of the workload, 0.0 to 1.0: of ingest its hosts, of queries its users or its rate.
    Share,
    /// Users.
    Users,
    /// Queries or records a second.
    Rate,
}

/// How a load changes over a phase.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// In a straight line.
    Line {
        /// At the phase's start.
        from: f64,
        /// At its end.
        to: f64,
    },
    /// In steps of equal length.
    Steps(Vec<f64>),
    /// Up and down again, in every period since the Unix epoch (so that a period of a day is UTC's).
    Sine {
        /// The least.
        low: f64,
        /// The most.
        high: f64,
        /// From one peak to the next.
        period: Duration,
        /// When in a period it is highest.
        peak: Duration,
    },
    /// Through points: the time since the phase's start and the value there.
    Points(Vec<(Duration, f64)>),
}

impl Shape {
    /// Its mean; of a curve through points, as if they were evenly spaced.
    #[must_use]
    pub fn mean(&self) -> f64 {
        let of =
            |values: &mut dyn Iterator<Item = f64>, count: usize| values.sum::<f64>() / count.max(1) as f64;
        match self {
            Self::Line { from, to } => f64::midpoint(*from, *to),
            Self::Steps(steps) => of(&mut steps.iter().copied(), steps.len()),
            Self::Sine { low, high, .. } => f64::midpoint(*low, *high),
            Self::Points(points) => of(&mut points.iter().map(|(_, value)| *value), points.len()),
        }
    }

    /// Its greatest value.
    #[must_use]
    pub fn most(&self) -> f64 {
        match self {
            Self::Line { from, to } => from.max(*to),
            Self::Steps(steps) => steps.iter().copied().fold(0.0, f64::max),
            Self::Sine { high, .. } => *high,
            Self::Points(points) => points.iter().map(|(_, value)| *value).fold(0.0, f64::max),
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = |value: f64| match self.unit {
            // Without the digits that binary fractions add.
            Unit::Share => format!("{}%", (value * 1e8).round() / 1e6),
            Unit::Users => format!("{value}"),
            Unit::Rate => print_rate(value),
        };
        match &self.shape {
            Shape::Line { from, to } if from == to => f.write_str(&one(*from))?,
            Shape::Line { from, to } => write!(f, "{}..{}", one(*from), one(*to))?,
            Shape::Steps(steps) => {
                f.write_str(&steps.iter().map(|step| one(*step)).collect::<Vec<_>>().join(" then "))?;
            }
            Shape::Sine { low, high, period, .. } => {
                write!(f, "{}..{} in waves of {}", one(*low), one(*high), print_duration(nanos(*period)))?;
            }
            Shape::Points(points) => {
                let values = points.iter().map(|(_, value)| *value);
                let (low, high) =
                    values.fold((f64::INFINITY, 0.0f64), |(low, high), v| (low.min(v), high.max(v)));
                write!(f, "{}..{} along a curve", one(low), one(high))?;
            }
        }
        match self.unit {
            Unit::Users => f.write_str(" users"),
            Unit::Share | Unit::Rate => Ok(()),
        }
    }
}
