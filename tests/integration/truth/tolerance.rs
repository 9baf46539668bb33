//! How near an answer's number has to be. Not here: which numbers are asked for.

use std::ops::RangeInclusive;

/// Sums of the same numbers in another order differ in their last digits.
const SUMMATION: f64 = 1e-11;

/// How far an approximate percentile may be off.
const PERCENTILE: f64 = 0.01;

/// What a cell should hold.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Want {
    /// This whole number.
    Count(usize),
    /// A number from here to there.
    Within(RangeInclusive<f64>),
    /// A number from here to there, then rounded to two decimals.
    Rounded(RangeInclusive<f64>),
}

impl Want {
    /// A number as the fleet made it.
    pub(super) fn exactly(value: f64) -> Self {
        Self::Within(value..=value)
    }

    /// A number that comes of a sum.
    pub(super) fn computed(value: f64) -> Self {
        Self::Within(around(value, value, SUMMATION))
    }

    /// An approximate percentile.
    pub(super) fn percentile(values: &[f64], p: f64) -> Self {
        Self::Within(percentile(values, p))
    }

    /// The same, rounded to two decimals.
    pub(super) fn rounded(self) -> Self {
        match self {
            Self::Within(range) => Self::Rounded(range),
            other => other,
        }
    }

    /// Whether a cell, as the service prints it, holds that.
    pub(super) fn is_met_by(&self, cell: &str) -> bool {
        let number = cell.parse::<f64>();
        match (self, number) {
            (Self::Count(count), _) => cell == count.to_string(),
            (Self::Within(range), Ok(number)) => range.contains(&number),
            (Self::Rounded(range), Ok(number)) => {
                let half = 0.005 + SUMMATION;
                (range.start() - half..=range.end() + half).contains(&number)
                    && (number * 100.0).round() / 100.0 == number
            }
            (_, Err(_)) => false,
        }
    }
}

/// Where an approximate percentile may lie: 1 % around the sample's.
///
/// Of a small sample a percentile is a matter of definition. All those in use lie between the values
/// of rank `n p` and `n p + max(p, 1 - p)`, the ends rounded outwards, so nothing else is asked for.
pub(super) fn percentile(values: &[f64], p: f64) -> RangeInclusive<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = sorted.len() as f64 * p;
    let value = |rank: f64| sorted[(rank as usize).clamp(1, sorted.len()) - 1];
    around(value(rank.floor()), value((rank + p.max(1.0 - p)).ceil()), PERCENTILE)
}

/// The mean.
pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The standard deviation of a sample.
pub(super) fn deviation(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / (values.len() - 1) as f64).sqrt()
}

/// The least.
pub(super) fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

/// The greatest.
pub(super) fn greatest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

fn around(low: f64, high: f64, share: f64) -> RangeInclusive<f64> {
    low - low.abs() * share..=high + high.abs() * share
}

#[test]
fn a_percentile_lies_between_its_definitions() {
    let tens: Vec<f64> = (1..=10).map(|n| f64::from(n * 10)).collect();
    let (low, high) = percentile(&tens, 0.5).into_inner();
    // The fifth and the sixth of ten, and 1 % more.
    assert!((low - 49.5).abs() < 1e-9 && (high - 60.6).abs() < 1e-9, "{low} {high}");
    let (low, high) = percentile(&[7.0], 0.99).into_inner();
    assert!(low < 7.0 && high > 7.0 && high < 7.08, "{low} {high}");
    let many: Vec<f64> = (1..=10_000).map(f64::from).collect();
    assert!(percentile(&many, 0.95).contains(&9_500.0));
    assert!(!percentile(&many, 0.95).contains(&9_400.0));
}

#[test]
fn a_cell_is_held_to_what_is_wanted() {
    assert!(Want::Count(4).is_met_by("4") && !Want::Count(4).is_met_by("4.0"));
    assert!(Want::exactly(0.1 + 0.2).is_met_by("0.30000000000000004"));
    assert!(!Want::exactly(0.1 + 0.2).is_met_by("0.3"));
    assert!(Want::computed(0.1 + 0.2).is_met_by("0.3") && !Want::computed(0.3).is_met_by("0.3001"));
    let rounded = Want::computed(2.0 / 3.0).rounded();
    assert!(rounded.is_met_by("0.67") && !rounded.is_met_by("0.66") && !rounded.is_met_by("0.668"));
    assert!(!Want::exactly(1.0).is_met_by("NULL"));
}

#[test]
fn deviations_are_those_of_a_sample() {
    assert!((deviation(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]) - (32.0_f64 / 7.0).sqrt()).abs() < 1e-12);
}
