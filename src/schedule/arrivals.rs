//! Open load: when operations arrive, whatever became of those before. Not here: who serves them.

use crate::plan::Pattern;
use crate::values::draw;

use crate::load::{Curve, Span};

/// The intended starts of a span's operations, in order; each follows from the seed and its number.
///
/// Even arrivals divide the area under the rate into equal parts and stand in the middle of each, so
/// their count is that area, rounded. Random ones are a Poisson process of that rate: the areas
/// between them are drawn from an exponential distribution (the time-rescaling theorem, which holds
/// for rates that change too).
#[derive(Debug, Clone)]
pub struct Arrivals {
    rate: Curve,
    pattern: Pattern,
    key: u64,
    end: Option<i64>,
    number: i64,
    /// Where the area was counted up to, and the area that is wanted from there.
    from: i64,
    wanted: f64,
}

impl Arrivals {
    /// The arrivals in a span, of `rate` a second; `key` is that of their draws.
    #[must_use]
    pub fn new(rate: Curve, pattern: Pattern, key: u64, span: Span) -> Self {
        let mut arrivals =
            Self { rate, pattern, key, end: span.end, number: 0, from: span.start, wanted: 0.0 };
        arrivals.wanted = match pattern {
            Pattern::Even => 0.5,
            Pattern::Poisson => arrivals.gap(),
        };
        arrivals
    }

    /// The area to the next arrival.
    fn gap(&self) -> f64 {
        match self.pattern {
            Pattern::Even => 1.0,
            Pattern::Poisson => {
                // Of [0, 1) turned to (0, 1], whose logarithm is finite.
                let unit = 1.0 - draw::unit(draw::uniform(self.key, 0, self.number));
                -libm::log(unit)
            }
        }
    }
}

impl Iterator for Arrivals {
    type Item = i64;

    fn next(&mut self) -> Option<i64> {
        let time = self.rate.reach(self.from, self.wanted)?;
        if self.end.is_some_and(|end| time >= end) {
            return None;
        }
        self.number += 1;
        // What the rounding to nanoseconds took too much is owed to the next.
        let over = self.rate.area(self.from, time) - self.wanted;
        self.from = time;
        self.wanted = (self.gap() - over).max(0.0);
        Some(time)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::load::Shape;
    use crate::units::SECOND;

    fn ramp(from: f64, to: f64, seconds: i64, pattern: Pattern, key: u64) -> Arrivals {
        let span = Span { start: 1_000, end: Some(1_000 + seconds * SECOND) };
        Arrivals::new(Curve::new(&Shape::Line { from, to }, span, 1.0), pattern, key, span)
    }

    #[test]
    fn even_arrivals_are_evenly_spaced() {
        let times: Vec<i64> = ramp(4.0, 4.0, 2, Pattern::Even, 0).collect();
        let first = 1_000 + SECOND / 8;
        let expected: Vec<i64> = (0..8).map(|i| first + i * SECOND / 4).collect();
        assert!(
            times.len() == 8 && times.iter().zip(&expected).all(|(a, b)| (a - b).abs() <= 2),
            "{times:?}"
        );
    }

    #[test]
    fn random_arrivals_are_a_poisson_process() {
        // 200 a second for 500 s: the gaps' mean is 5 ms and their deviation is the same.
        let times: Vec<i64> = ramp(200.0, 200.0, 500, Pattern::Poisson, 11).collect();
        let gaps: Vec<f64> = times.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / 1e6).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean) * (gap - mean)).sum::<f64>() / gaps.len() as f64;
        assert!((mean - 5.0).abs() < 0.1 && (variance.sqrt() / mean - 1.0).abs() < 0.02, "{mean} {variance}");
        let long = gaps.iter().filter(|gap| **gap > 5.0).count() as f64 / gaps.len() as f64;
        assert!((long - (-1.0f64).exp()).abs() < 0.01, "{long}");
    }

    #[test]
    fn a_rate_of_nothing_brings_nobody() {
        assert_eq!(ramp(0.0, 0.0, 60, Pattern::Even, 0).next(), None);
        assert_eq!(ramp(0.0, 0.0, 60, Pattern::Poisson, 0).next(), None);
    }

    proptest! {
        #[test]
        fn the_count_is_the_area(from in 0.0f64..300.0, to in 0.0f64..300.0, seconds in 1i64..30, key: u64) {
            let area = f64::midpoint(from, to) * seconds as f64;
            let even = ramp(from, to, seconds, Pattern::Even, key).count() as f64;
            prop_assert!((even - area).abs() <= 0.51, "{even} of {area}");
            let random = ramp(from, to, seconds, Pattern::Poisson, key).count() as f64;
            prop_assert!((random - area).abs() <= 6.0 * area.sqrt() + 6.0, "{random} of {area}");
        }

        #[test]
        fn arrivals_are_in_order_within_their_span_and_the_same_again(
            from in 0.0f64..100.0, to in 0.0f64..100.0, key: u64,
        ) {
            let times: Vec<i64> = ramp(from, to, 5, Pattern::Poisson, key).collect();
            prop_assert!(times.windows(2).all(|pair| pair[0] <= pair[1]));
            prop_assert!(times.iter().all(|time| (1_000..1_000 + 5 * SECOND).contains(time)));
            prop_assert_eq!(&times, &ramp(from, to, 5, Pattern::Poisson, key).collect::<Vec<_>>());
        }
    }
}
