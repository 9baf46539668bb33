//! A run's latencies of one operation as a sample: their distribution, and what each interval adds to each figure, from
//! which follows how far the figures may be from the truth. Not here: two of them against each other (`difference`).

use super::distribution::{Distribution, Place};
use super::long_run::LongRun;

/// The quantiles that are compared.
pub(crate) const QUANTILES: [f64; 3] = [0.5, 0.9, 0.99];

/// Repetitions from which on they alone say how far figures stray: then what changes from run to run is in it, too. Fewer are taken as
/// one long run.
const LEAST_REPETITIONS: usize = 5;

/// A sample, interval by interval.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    distribution: Distribution,
    /// The places of `QUANTILES`.
    places: [Option<Place>; 3],
    /// By interval: the latencies below each place, less those that are there on the whole.
    below: [Vec<f64>; 3],
    /// By interval: the sum of the shares of the other sample's latencies that each is above.
    above: Vec<f64>,
    counts: Vec<f64>,
    /// Where each further repetition begins among the intervals.
    repetitions: Vec<usize>,
}

/// A figure's standard error, and how well it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) error: f64,
    pub(crate) freedom: f64,
}

impl Sample {
    /// A sample of this distribution, to which its intervals are to be added.
    pub(crate) fn new(distribution: Distribution) -> Self {
        let places = QUANTILES.map(|quantile| distribution.place(quantile));
        Self {
            distribution,
            places,
            below: Default::default(),
            above: Vec::new(),
            counts: Vec::new(),
            repetitions: Vec::new(),
        }
    }

    /// Adds the interval that follows in time; `other` is the sample that this one is compared with.
    pub(crate) fn add(&mut self, interval: &[(u64, u64)], other: &Distribution) {
        let count = interval.iter().map(|(_, count)| count).sum::<u64>() as f64;
        for ((place, quantile), below) in self.places.iter().zip(QUANTILES).zip(&mut self.below) {
            if let Some(place) = place {
                below.push(place.counts(interval) - quantile * count);
            }
        }
        let above = interval.iter().map(|(latency, count)| other.below(*latency) * *count as f64);
        self.above.push(above.sum());
        self.counts.push(count);
    }

    /// What is added from now on is another run's, which began anew.
    pub(crate) fn repeat(&mut self) {
        if self.repetitions.last() != Some(&self.counts.len()) && !self.counts.is_empty() {
            self.repetitions.push(self.counts.len());
        }
    }

    /// Intervals in which there was something.
    pub(crate) fn intervals(&self) -> usize {
        self.counts.len()
    }

    /// How many runs it is of.
    pub(crate) fn repetitions(&self) -> usize {
        self.repetitions.len() + 1
    }

    /// Its distribution.
    pub(crate) fn distribution(&self) -> &Distribution {
        &self.distribution
    }

    /// How far the share of latencies below the place of a quantile (of `QUANTILES`) may be from it.
    pub(crate) fn spread(&self, quantile: usize) -> Spread {
        let spread = self.spread_of(&self.below[quantile]);
        if !self.is_repeated() {
            return spread;
        }
        // A few repetitions may be alike by chance. Executions stray at least as if they had nothing to do with each other.
        let share = QUANTILES[quantile];
        let least = (share * (1.0 - share) / self.distribution.count() as f64).sqrt();
        Spread { error: spread.error.max(least), ..spread }
    }

    fn is_repeated(&self) -> bool {
        self.repetitions() >= LEAST_REPETITIONS
    }

    /// The mean share of the other sample's latencies that one of this sample is above, and how well it is known.
    pub(crate) fn above(&self) -> (f64, Spread) {
        let share = self.above.iter().sum::<f64>() / self.distribution.count() as f64;
        let terms: Vec<f64> =
            self.above.iter().zip(&self.counts).map(|(above, count)| above - share * count).collect();
        (share, self.spread_of(&terms))
    }

    /// The sums of terms, repetition by repetition.
    fn by_repetition(&self, terms: &[f64]) -> Vec<f64> {
        let starts = std::iter::once(0).chain(self.repetitions.iter().copied());
        let ends = self.repetitions.iter().copied().chain([terms.len()]);
        starts.zip(ends).map(|(start, end)| terms[start..end.min(terms.len())].iter().sum()).collect()
    }

    fn spread_of(&self, terms: &[f64]) -> Spread {
        let LongRun { variance, freedom } = if self.is_repeated() {
            LongRun::of_independent(&self.by_repetition(terms))
        } else {
            LongRun::of(terms)
        };
        Spread { error: variance.sqrt() / self.distribution.count() as f64, freedom }
    }
}
