//! How far a sum of correlated terms may stray: the long-run variance. Latencies of one second are like those of the
//! second before, so sums of them vary more than sums of independent ones.
//!
//! The estimator is the equal-weighted cosine one, as Lazarus, Lewis, Stock and Watson recommend it ("HAR Inference:
//! Recommendations for Practice", Journal of Business & Economic Statistics 36, 2018): the terms are projected on the
//! slowest cosines, whose mean square is the variance at frequency zero. Its critical values are Student's, with as
//! many degrees of freedom as cosines. Not here: what the terms are (`sample`).

use std::f64::consts::PI;

/// Terms that are told apart at the most. Longer series are cut into blocks first, which leaves slow cosines as they are.
const TERMS: usize = 4_096;

/// The variance of a sum, and how well it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LongRun {
    /// Of the sum.
    pub(crate) variance: f64,
    /// Degrees of freedom of the estimate; 0 where there is none.
    pub(crate) freedom: f64,
}

impl LongRun {
    /// Of the sum of a series, in the order of time. Its mean makes no difference.
    pub(crate) fn of(series: &[f64]) -> Self {
        let mut terms = series.to_vec();
        while terms.len() > TERMS {
            terms = terms.chunks(2).map(|pair| pair.iter().sum()).collect();
        }
        Self::by_cosines(&terms, cosines(terms.len()))
    }

    /// Of the sum of terms that have nothing to do with each other: with all cosines it is their plain variance.
    pub(crate) fn of_independent(terms: &[f64]) -> Self {
        Self::by_cosines(terms, terms.len().saturating_sub(1))
    }

    fn by_cosines(terms: &[f64], cosines: usize) -> Self {
        if cosines == 0 {
            return Self { variance: 0.0, freedom: 0.0 };
        }
        let squares: f64 = (1..=cosines).map(|half_waves| projection(terms, half_waves).powi(2)).sum();
        Self { variance: 2.0 * squares / cosines as f64, freedom: cosines as f64 }
    }
}

/// How many cosines a series of so many terms is projected on.
fn cosines(terms: usize) -> usize {
    (0.4 * (terms.min(TERMS) as f64).powf(2.0 / 3.0)).round() as usize
}

/// The sum of the terms times a cosine of so many half waves, which goes on from term to term as a turning pointer.
fn projection(terms: &[f64], half_waves: usize) -> f64 {
    let turn = PI * half_waves as f64 / terms.len() as f64;
    let (sine, cosine) = turn.sin_cos();
    let (mut y, mut x) = (turn / 2.0).sin_cos();
    let mut sum = 0.0;
    for term in terms {
        sum += term * x;
        (x, y) = (x * cosine - y * sine, x * sine + y * cosine);
    }
    sum
}
