//! A weighted draw. Not here: what is drawn.

use rand::{Rng, RngExt};

/// Draws an index with a probability in proportion to its weight.
#[derive(Debug, Clone, PartialEq)]
pub struct Mix {
    /// The sum of the weights up to and including each.
    cumulative: Vec<f64>,
}

/// Why weights make no mix.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum MixError {
    /// A weight that is negative, infinite or not a number.
    #[error("weight {weight} is not a number from 0 up")]
    Weight {
        /// Which of the weights, from 0.
        index: usize,
        /// What it is.
        weight: f64,
    },
    /// A sum without bounds.
    #[error("the weights add up to more than a number can hold")]
    Sum,
    /// Nothing can be drawn.
    #[error("the weights add up to 0: give one query at least a weight above 0")]
    Empty,
}

impl Mix {
    /// A mix of `weights`, relative to each other. A weight of 0 is never drawn.
    ///
    /// # Errors
    /// A weight below 0 or without bounds; weights that add up to 0 or to no number.
    pub fn new(weights: &[f64]) -> Result<Self, MixError> {
        let mut sum = 0.0;
        let mut cumulative = Vec::with_capacity(weights.len());
        for (index, &weight) in weights.iter().enumerate() {
            if !weight.is_finite() || weight < 0.0 {
                return Err(MixError::Weight { index, weight });
            }
            sum += weight;
            cumulative.push(sum);
        }
        match sum {
            0.0 => Err(MixError::Empty),
            _ if sum.is_finite() => Ok(Self { cumulative }),
            _ => Err(MixError::Sum),
        }
    }

    /// An index, by one draw of `rng`.
    pub fn draw(&self, rng: &mut impl Rng) -> usize {
        let sum = self.cumulative.last().copied().unwrap_or_default();
        // The draw is below 1, but its product may round up to the sum itself: the search is then
        // for the first index that reaches it, which has a weight.
        let point = rng.random::<f64>() * sum;
        self.cumulative.partition_point(|&up_to| up_to <= point && up_to < sum)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    #[test]
    fn draws_come_in_proportion_to_the_weights() {
        let weights = [60.0, 35.0, 2.9, 2.0, 0.05, 0.05];
        let mix = Mix::new(&weights).unwrap();
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut counts = [0_u32; 6];
        const DRAWS: u32 = 1_000_000;
        for _ in 0..DRAWS {
            counts[mix.draw(&mut rng)] += 1;
        }
        for (count, weight) in counts.iter().zip(weights) {
            let expected = weight / 100.0 * f64::from(DRAWS);
            // Five standard deviations of a Poisson count.
            assert!((f64::from(*count) - expected).abs() < 5.0 * expected.sqrt(), "{counts:?}");
        }
    }

    #[test]
    fn a_seed_fixes_the_sequence() {
        let mix = Mix::new(&[1.0, 2.0, 0.0, 1.0]).unwrap();
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(12345);
        let drawn: Vec<usize> = (0..16).map(|_| mix.draw(&mut rng)).collect();
        assert_eq!(drawn, [1, 0, 0, 0, 1, 1, 0, 3, 1, 3, 1, 0, 0, 1, 1, 3]);
    }

    #[test]
    fn weights_that_make_no_mix_are_named() {
        let message = |weights: &[f64]| Mix::new(weights).unwrap_err().to_string();
        assert_eq!(message(&[1.0, -2.5]), "weight -2.5 is not a number from 0 up");
        assert_eq!(message(&[f64::NAN]), "weight NaN is not a number from 0 up");
        assert_eq!(message(&[f64::MAX, f64::MAX]), "the weights add up to more than a number can hold");
        assert!(message(&[0.0, 0.0]).starts_with("the weights add up to 0"));
        assert_eq!(Mix::new(&[]), Err(MixError::Empty));
    }

    proptest! {
        #[test]
        fn only_what_has_a_weight_is_drawn(
            weights in proptest::collection::vec(prop_oneof![Just(0.0), 1e-300..1e300], 1..8),
            seed: u64,
        ) {
            prop_assume!(weights.iter().any(|&weight| weight > 0.0));
            let mix = Mix::new(&weights).unwrap();
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
            for _ in 0..32 {
                prop_assert!(weights[mix.draw(&mut rng)] > 0.0);
            }
        }
    }
}
