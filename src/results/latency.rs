//! Latencies of one kind of operation: a histogram, and the sums for what a histogram only
//! approximates. Everything here merges exactly.

use hdrhistogram::Histogram;

/// Counts latencies in microseconds, to three digits.
#[derive(Debug, Clone)]
pub struct Latencies {
    histogram: Histogram<u64>,
    sum: f64,
    squares: f64,
    logarithms: f64,
}

/// The longest latency that is told apart from longer ones, in microseconds: a day.
const LONGEST: u64 = 86_400_000_000;

/// An empty histogram of microseconds.
///
/// It grows as it must, so that a series that stays fast stays small.
pub(crate) fn histogram() -> Histogram<u64> {
    let mut histogram = Histogram::new_with_bounds(1, 2_000_000, 3).expect("the bounds are valid constants");
    histogram.auto(true);
    histogram
}

/// Counts a span of nanoseconds in a histogram of microseconds.
pub(crate) fn record(histogram: &mut Histogram<u64>, nanos: i64) -> u64 {
    let micros = u64::try_from(nanos / 1_000).unwrap_or(0).clamp(1, LONGEST);
    // Growing cannot fail: the clamp keeps every value far below what a histogram can hold.
    let _ = histogram.record(micros);
    micros
}

impl Default for Latencies {
    fn default() -> Self {
        Self { histogram: histogram(), sum: 0.0, squares: 0.0, logarithms: 0.0 }
    }
}

impl Latencies {
    /// What a histogram and statistics of the same latencies tell: so many with a mean, a standard deviation and a
    /// geometric mean, group by group.
    pub(crate) fn of(histogram: Histogram<u64>, groups: impl IntoIterator<Item = (u64, [f64; 3])>) -> Self {
        let mut all = Self { histogram, ..Self::default() };
        for (count, [mean, deviation, geometric_mean]) in groups.into_iter().filter(|(count, _)| *count > 0) {
            let count = count as f64;
            all.sum += count * mean;
            all.squares += (count - 1.0) * deviation * deviation + count * mean * mean;
            all.logarithms += count * geometric_mean.max(1e-6).ln();
        }
        all
    }

    /// Counts one latency, in nanoseconds.
    pub fn record(&mut self, nanos: i64) {
        let micros = record(&mut self.histogram, nanos);
        let seconds = micros as f64 / 1e6;
        self.sum += seconds;
        self.squares += seconds * seconds;
        self.logarithms += seconds.ln();
    }

    /// Adds the latencies of another.
    pub fn merge(&mut self, other: &Self) {
        // A histogram that grows takes whatever another of its precision holds.
        let _ = self.histogram.add(&other.histogram);
        self.sum += other.sum;
        self.squares += other.squares;
        self.logarithms += other.logarithms;
    }

    /// The histogram, in microseconds.
    #[must_use]
    pub fn histogram(&self) -> &Histogram<u64> {
        &self.histogram
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// The mean, in seconds; 0 where there are none.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.per_count(self.sum)
    }

    /// The standard deviation of the sample, in seconds; 0 for fewer than two.
    #[must_use]
    pub fn standard_deviation(&self) -> f64 {
        let n = self.count() as f64;
        if n < 2.0 {
            return 0.0;
        }
        ((self.squares - self.sum * self.sum / n) / (n - 1.0)).max(0.0).sqrt()
    }

    /// The geometric mean, in seconds; 0 where there are none.
    #[must_use]
    pub fn geometric_mean(&self) -> f64 {
        if self.count() == 0 { 0.0 } else { self.per_count(self.logarithms).exp() }
    }

    /// A quantile (0.0 to 1.0), in seconds; 0 where there are none.
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> f64 {
        quantile_seconds(&self.histogram, quantile)
    }

    fn per_count(&self, sum: f64) -> f64 {
        if self.count() == 0 { 0.0 } else { sum / self.count() as f64 }
    }
}

/// A quantile of a histogram of microseconds, in seconds; 0 where it is empty.
pub(crate) fn quantile_seconds(histogram: &Histogram<u64>, quantile: f64) -> f64 {
    if histogram.is_empty() {
        0.0
    } else {
        histogram.value_at_quantile(quantile).min(histogram.max()) as f64 / 1e6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(millis: &[i64]) -> Latencies {
        let mut latencies = Latencies::default();
        for ms in millis {
            latencies.record(ms * 1_000_000);
        }
        latencies
    }

    #[test]
    fn summary_statistics_are_those_of_the_values() {
        let latencies = of(&[1_000, 2_000, 4_000]);
        assert_eq!(latencies.count(), 3);
        assert!((latencies.mean() - 7.0 / 3.0).abs() < 1e-9);
        assert!((latencies.geometric_mean() - 2.0).abs() < 1e-9);
        assert!((latencies.standard_deviation() - 1.527_525).abs() < 1e-6);
        assert!((latencies.quantile(0.5) - 2.0).abs() < 0.002);
        assert!((latencies.quantile(1.0) - 4.0).abs() < 0.005);
    }

    #[test]
    fn merging_is_recording_together() {
        let mut parts = of(&[5, 900_000]);
        parts.merge(&of(&[70, 3]));
        let whole = of(&[5, 900_000, 70, 3]);
        for quantile in [0.0, 0.25, 0.5, 0.75, 1.0] {
            assert!((parts.quantile(quantile) - whole.quantile(quantile)).abs() < f64::EPSILON);
        }
        assert!((parts.mean() - whole.mean()).abs() < 1e-9);
    }

    #[test]
    fn nothing_measured_is_all_zero() {
        let none = Latencies::default();
        assert_eq!((none.mean(), none.quantile(0.99), none.geometric_mean()), (0.0, 0.0, 0.0));
        assert_eq!(none.standard_deviation(), 0.0);
    }
}
