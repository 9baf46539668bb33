//! Stores that never were: latencies whose distribution and autocorrelation are known.

use std::f64::consts::TAU;

use hdrhistogram::Histogram;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};

use crate::compare::statistics::{Distribution, Sample};
use crate::results::latency::histogram;

/// A store: its logarithms of latencies are an AR(1) series, from execution to execution.
#[derive(Debug, Clone, Copy)]
pub(super) struct Store {
    pub(super) executions: usize,
    /// Executions a second, at random instants.
    pub(super) rate: f64,
    /// Standard deviation of the logarithm.
    pub(super) dispersion: f64,
    /// Between one execution and the next.
    pub(super) correlation: f64,
    /// The share of executions that take longer, by factors with a tail as 1/x, up to 1,000.
    pub(super) slow: f64,
}

/// The recorded latencies of a run: in all, and second by second for each repetition.
struct Run {
    whole: Histogram<u64>,
    repetitions: Vec<Vec<Vec<(u64, u64)>>>,
}

impl Store {
    /// Two runs, the second of which takes so many times as long.
    pub(super) fn pair(self, seed: u64, factor: f64) -> (Sample, Sample) {
        let mut random = Random::new(seed);
        let (base, new) = (self.run(&mut random, 1.0), self.run(&mut random, factor));
        (base.against(&new), new.against(&base))
    }

    /// Two runs that do not differ, each repeated so many times; from time to time the logarithm strays by `shift`.
    pub(super) fn repeated(self, seed: u64, repetitions: usize, shift: f64) -> (Sample, Sample) {
        let mut random = Random::new(seed);
        let mut many = || {
            let mut all = Run { whole: histogram(), repetitions: Vec::new() };
            for _ in 0..repetitions {
                let factor = (shift * random.normal()).exp();
                let run = self.run(&mut random, factor);
                all.whole.add(&run.whole).unwrap();
                all.repetitions.extend(run.repetitions);
            }
            all
        };
        let (base, new) = (many(), many());
        (base.against(&new), new.against(&base))
    }

    fn run(self, random: &mut Random, factor: f64) -> Run {
        let mut whole = histogram();
        let mut seconds: Vec<Vec<(u64, u64)>> = Vec::new();
        let (mut state, mut time, mut end) = (random.normal(), 0.0, 0.0);
        for _ in 0..self.executions {
            state = self.correlation * state + (1.0 - self.correlation.powi(2)).sqrt() * random.normal();
            let slow = if random.uniform() < self.slow { 1.0 / random.uniform().max(1e-3) } else { 1.0 };
            let micros = (10_000.0 * factor * slow * (self.dispersion * state).exp()) as u64;
            time -= random.uniform().ln() / self.rate;
            if time >= end {
                end = time.floor() + 1.0;
                seconds.push(Vec::new());
            }
            whole.record(micros.max(1)).unwrap();
            if let Some(second) = seconds.last_mut() {
                second.push((whole.highest_equivalent(micros.max(1)), 1));
            }
        }
        Run { whole, repetitions: vec![seconds] }
    }
}

impl Run {
    fn against(&self, other: &Self) -> Sample {
        let mut sample = Sample::new(Distribution::of(&self.whole));
        let other = Distribution::of(&other.whole);
        for repetition in &self.repetitions {
            sample.repeat();
            repetition.iter().for_each(|second| sample.add(second, &other));
        }
        sample
    }
}

/// An AR(1) series of variance 1.
pub(super) fn noise(seed: u64, length: usize, correlation: f64) -> Vec<f64> {
    let mut random = Random::new(seed);
    let mut state = random.normal();
    let mut next = || {
        state = correlation * state + (1.0 - correlation * correlation).sqrt() * random.normal();
        state
    };
    (0..length).map(|_| next()).collect()
}

struct Random(Xoshiro256PlusPlus);

impl Random {
    fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// Above 0 and below 1.
    fn uniform(&mut self) -> f64 {
        ((self.0.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (TAU * self.uniform()).cos()
    }
}
