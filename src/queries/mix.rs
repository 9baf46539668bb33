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
    /// Nothing can be drawn.
    #[error("the weights add up to 0: give one query at least a weight above 0")]
    Empty,
}

impl Mix {
    /// A mix of `weights`, relative to each other. A weight of 0 is never drawn.
    ///
    /// # Errors
    /// A weight below 0 or without bounds; weights that add up to 0.
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
        if sum > 0.0 { Ok(Self { cumulative }) } else { Err(MixError::Empty) }
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
