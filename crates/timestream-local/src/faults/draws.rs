//! Seeded draws. Each is a pure function of the seed, the rule, what it is about, and the number or
//! the bytes that it is drawn for.

use std::f64::consts::TAU;

use twox_hash::XxHash3_64;

use super::written::Latency;
use crate::model::Record;

/// The draws of one rule about one operation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draws(u64);

impl Draws {
    pub(super) fn new(seed: u64, rule: usize, about: &str) -> Self {
        Self(XxHash3_64::oneshot_with_seed(seed, format!("{rule} {about}").as_bytes()))
    }

    /// A number in 0.0..1.0 for these bytes.
    fn of(self, bytes: &[u8]) -> f64 {
        let bits = XxHash3_64::oneshot_with_seed(self.0, bytes);
        (bits >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// The number for the n-th request.
    pub(super) fn nth(self, n: u64) -> f64 {
        self.of(&n.to_le_bytes())
    }

    /// The delay of the n-th request, in nanoseconds.
    pub(super) fn delay(self, n: u64, latency: Latency) -> u64 {
        let nanos = match latency {
            Latency::Fixed(span) => span.nanos() as f64,
            Latency::Uniform(from, to) => {
                from.nanos() as f64 + (to.nanos() - from.nanos()) as f64 * self.nth(n)
            }
            Latency::Lognormal { median, sigma } => {
                // Box and Muller's way from two uniform numbers to a normal one.
                let (a, b) = (1.0 - self.nth(2 * n), self.nth(2 * n + 1));
                let normal = (-2.0 * a.ln()).sqrt() * (TAU * b).cos();
                median.nanos() as f64 * (sigma * normal).exp()
            }
        };
        nanos as u64
    }

    /// The number for a record: by its identity, so that a record sent again fares as before.
    pub(super) fn of_record(self, record: &Record<'_>) -> f64 {
        let mut identity = Vec::with_capacity(256);
        identity.extend_from_slice(&record.time.to_le_bytes());
        let names = record.dimensions.iter().flat_map(|(name, value)| [*name, *value]);
        for text in names.chain([record.measure_name]) {
            identity.extend_from_slice(text.as_bytes());
            identity.push(0);
        }
        self.of(&identity)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_share_of_many_draws_is_the_share(seed: u64, rule in 0_usize..10, share in 0.0..1.0) {
            let draws = Draws::new(seed, rule, "WriteRecords");
            let hits = (0..10_000).filter(|n| draws.nth(*n) < share).count() as f64;
            // Seven standard deviations of a binomial, and a little for the few.
            let bound = 7.0 * (10_000.0 * share * (1.0 - share)).sqrt() + 2.0;
            prop_assert!((hits - 10_000.0 * share).abs() <= bound, "{hits} of {share}");
        }

        #[test]
        fn delays_keep_to_their_distribution(seed: u64, sigma in 0.1..1.5) {
            let draws = Draws::new(seed, 0, "Query");
            let span = |text: &str| serde_json::from_str(&format!("{text:?}")).unwrap();
            let uniform = Latency::Uniform(span("10ms"), span("50ms"));
            prop_assert!((0..1_000).all(|n| (10_000_000..=50_000_000).contains(&draws.delay(n, uniform))));
            prop_assert_eq!(draws.delay(7, Latency::Fixed(span("20ms"))), 20_000_000);
            let lognormal = Latency::Lognormal { median: span("20ms"), sigma };
            let mut delays: Vec<u64> = (0..4_001).map(|n| draws.delay(n, lognormal)).collect();
            delays.sort_unstable();
            // The median, and where a standard deviation above it is: the 84.13th percentile.
            let near = |delay: u64, nanos: f64| ((delay as f64 / nanos).ln() / sigma).abs() < 0.15;
            prop_assert!(near(delays[2_000], 20e6), "{}", delays[2_000]);
            prop_assert!(near(delays[3_366], 20e6 * sigma.exp()), "{}", delays[3_366]);
        }
    }

    #[test]
    fn rules_and_operations_draw_apart() {
        let sequence = |rule, about| {
            let draws = Draws::new(7, rule, about);
            (0..64).map(|n| draws.nth(n) < 0.5).collect::<Vec<_>>()
        };
        assert_eq!(sequence(0, "Query"), sequence(0, "Query"));
        assert_ne!(sequence(0, "Query"), sequence(1, "Query"));
        assert_ne!(sequence(0, "Query"), sequence(0, "WriteRecords"));
    }
}
