//! A load over time: linear pieces, with jumps where it steps, for ever again where it is a day's
//! shape. Not here: who follows it (`schedule`).

use crate::clock::nanos;

use super::{Amount, Shape, Span, Unit};

/// Pieces of one period of a sine: the curve is within 0.06 % of its height everywhere.
const SINE_PIECES: i64 = 96;

/// A quantity over time. Before its first point it is as at that point; after the last, as at that.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    points: Vec<Point>,
    /// The period after which it begins again, where it does.
    period: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Point {
    time: i64,
    value: f64,
    /// Value x seconds from the first point to this one.
    area: f64,
}

/// A part of a curve that is linear: from `start` on, up to `end` (not included).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Piece {
    pub start: i64,
    /// None where it never ends.
    pub end: Option<i64>,
    pub from: f64,
    pub to: f64,
    /// Value x seconds from the curve's first point to the start.
    area: f64,
}

impl Curve {
    /// A quantity that never changes.
    #[must_use]
    pub fn constant(value: f64) -> Self {
        Self { points: vec![Point { time: 0, value, area: 0.0 }], period: None }
    }

    /// An amount over a span, in the unit of `whole`, which is what 100 % are.
    #[must_use]
    pub fn of(amount: &Amount, span: Span, whole: f64) -> Self {
        Self::new(&amount.shape, span, if amount.unit == Unit::Share { whole } else { 1.0 })
    }

    /// An amount over a span as a share of `whole`, 0.0 to 1.0.
    #[must_use]
    pub fn share(amount: &Amount, span: Span, whole: f64) -> Self {
        Self::new(&amount.shape, span, if amount.unit == Unit::Share { 1.0 } else { 1.0 / whole })
    }

    /// A shape over a span, its values multiplied by `scale`. Where the span has no end, what would
    /// change over it stays as it began.
    #[must_use]
    pub fn new(shape: &Shape, span: Span, scale: f64) -> Self {
        let start = span.start;
        let length = span.end.map(|end| end.saturating_sub(start).max(0));
        let (points, period) = match (shape, length) {
            (Shape::Line { from, to }, Some(length)) => (vec![(start, *from), (start + length, *to)], None),
            (Shape::Line { from, .. }, None) => (vec![(start, *from)], None),
            (Shape::Steps(steps), Some(length)) => (stairs(steps, start, length), None),
            (Shape::Steps(steps), None) => {
                (steps.first().map(|step| (start, *step)).into_iter().collect(), None)
            }
            (Shape::Sine { low, high, period, peak }, _) => {
                let (period, peak) = (nanos(*period).max(SINE_PIECES), nanos(*peak));
                (sine(*low, *high, period, peak, start), Some(period))
            }
            (Shape::Points(points), _) => (
                points.iter().map(|(after, value)| (start.saturating_add(nanos(*after)), *value)).collect(),
                None,
            ),
        };
        Self::through(points.into_iter().map(|(time, value)| (time, value * scale)), period)
    }

    fn through(points: impl Iterator<Item = (i64, f64)>, period: Option<i64>) -> Self {
        let mut curve = Self { points: Vec::new(), period };
        for (time, value) in points {
            let area = curve
                .points
                .last()
                .map_or(0.0, |last| last.area + f64::midpoint(last.value, value) * seconds(time - last.time));
            curve.points.push(Point { time, value, area });
        }
        if curve.points.is_empty() {
            return Self::constant(0.0);
        }
        curve
    }

    /// Its value at an instant.
    #[must_use]
    pub fn at(&self, time: i64) -> f64 {
        self.piece(time).at(time)
    }

    /// Value x seconds from one instant to another: of a rate, how many there are in between.
    #[must_use]
    pub fn area(&self, from: i64, to: i64) -> f64 {
        if from >= to { 0.0 } else { self.area_until(to) - self.area_until(from) }
    }

    /// The greatest value within a span.
    #[must_use]
    pub fn most(&self, span: Span) -> f64 {
        let inside = |point: &&Point| self.period.is_some() || span.contains(point.time);
        // A step's upper end may be the instant that a span leaves out: nobody was ever there.
        let last = span.end.map_or(span.start, |end| end.saturating_sub(1).max(span.start));
        let edges = [self.at(span.start), self.at(last)];
        self.points.iter().filter(inside).map(|point| point.value).chain(edges).fold(0.0, f64::max)
    }

    /// The instant at which the area from `from` on has reached `area`; none where it never does.
    #[must_use]
    pub fn reach(&self, from: i64, area: f64) -> Option<i64> {
        let base = self.area_until(from);
        let mut piece = self.piece(from);
        let mut skipped = 0.0;
        if let Some(period) = self.period {
            // Whole periods at once, so that a rare arrival of a long run is found as quickly.
            let whole = (area / self.period_area()).floor() - 1.0;
            if !whole.is_finite() {
                return None;
            }
            if whole > 0.0 {
                let later = (whole as i64).checked_mul(period).and_then(|after| from.checked_add(after))?;
                (piece, skipped) =
                    (self.piece(later), base + whole * self.period_area() - self.area_until(later));
            }
        }
        loop {
            let wanted = base + area - skipped - piece.area;
            if let Some(after) = piece.reach(wanted) {
                return piece.start.checked_add(after).map(|time| time.max(from));
            }
            piece = self.piece(piece.end?);
        }
    }

    fn period_area(&self) -> f64 {
        self.points.last().map_or(0.0, |last| last.area)
    }

    fn area_until(&self, time: i64) -> f64 {
        let piece = self.piece(time);
        piece.area + f64::midpoint(piece.from, piece.at(time)) * seconds(time - piece.start)
    }

    /// The period after which it begins again.
    pub(crate) fn period(&self) -> Option<i64> {
        self.period
    }

    /// The piece that holds an instant.
    pub(crate) fn piece(&self, time: i64) -> Piece {
        let first = self.points[0];
        let (turn, time) = match self.period {
            Some(period) => {
                let turn = (time - first.time).div_euclid(period);
                (turn, time - turn * period)
            }
            None => (0, time),
        };
        let next = self.points.partition_point(|point| point.time <= time);
        let shift = turn * self.period.unwrap_or(0);
        let area = turn as f64 * if turn == 0 { 0.0 } else { self.period_area() };
        match (next.checked_sub(1).map(|i| self.points[i]), self.points.get(next)) {
            (Some(point), Some(next)) => Piece {
                start: point.time + shift,
                end: Some(next.time + shift),
                from: point.value,
                to: next.value,
                area: point.area + area,
            },
            (Some(point), None) => {
                Piece { start: point.time, end: None, from: point.value, to: point.value, area: point.area }
            }
            // Before the first point; only areas from there on are asked for.
            (None, _) => Piece {
                start: time,
                end: Some(first.time),
                from: first.value,
                to: first.value,
                area: -first.value * seconds(first.time - time),
            },
        }
    }
}

impl Piece {
    /// The value at an instant of the piece.
    fn at(&self, time: i64) -> f64 {
        let Some(end) = self.end.filter(|end| *end > self.start) else { return self.from };
        let passed = (time - self.start) as f64 / (end - self.start) as f64;
        self.from + (self.to - self.from) * passed
    }

    /// Nanoseconds into the piece until it holds so much area; none where it never does.
    fn reach(&self, area: f64) -> Option<i64> {
        if area <= 0.0 {
            return Some(0);
        }
        let length = self.end.map_or(f64::INFINITY, |end| seconds(end - self.start));
        let slope = if length.is_finite() && length > 0.0 { (self.to - self.from) / length } else { 0.0 };
        // Of `from x t + slope x t^2 / 2 = area` the root that is exact for small slopes too.
        let root = self.from.mul_add(self.from, 2.0 * slope * area);
        let after = 2.0 * area / (self.from + root.max(0.0).sqrt());
        // Rounded up: at the instant itself the area is there.
        (root >= 0.0 && after <= length).then(|| (after * 1e9).ceil() as i64)
    }
}

/// Equal steps over a span.
fn stairs(steps: &[f64], start: i64, length: i64) -> Vec<(i64, f64)> {
    let count = steps.len().max(1) as i128;
    let edge = |i: usize| start + (i128::from(length) * i as i128 / count) as i64;
    steps.iter().enumerate().flat_map(|(i, value)| [(edge(i), *value), (edge(i + 1), *value)]).collect()
}

/// One period of a sine that is highest at `peak` of every period since the epoch, from its low
/// before `start` to the next.
fn sine(low: f64, high: f64, period: i64, peak: i64, start: i64) -> Vec<(i64, f64)> {
    let trough = peak - period / 2;
    let first = start - (start - trough).rem_euclid(period);
    let point = |i: i64| {
        let angle = 2.0 * std::f64::consts::PI * i as f64 / SINE_PIECES as f64;
        let time = first + (i128::from(period) * i128::from(i) / i128::from(SINE_PIECES)) as i64;
        (time, low + (high - low) * f64::midpoint(1.0, -libm::cos(angle)))
    };
    (0..=SINE_PIECES).map(point).collect()
}

fn seconds(nanos: i64) -> f64 {
    nanos as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::units::SECOND;

    fn over(shape: &Shape, seconds: i64) -> Curve {
        Curve::new(shape, Span { start: 0, end: Some(seconds * SECOND) }, 1.0)
    }

    #[test]
    fn a_line_and_its_area() {
        let curve = over(&Shape::Line { from: 10.0, to: 20.0 }, 10);
        assert_eq!(
            (curve.at(-1), curve.at(0), curve.at(5 * SECOND), curve.at(11 * SECOND)),
            (10.0, 10.0, 15.0, 20.0)
        );
        assert_eq!(curve.area(0, 10 * SECOND), 150.0);
        assert_eq!(curve.area(5 * SECOND, 5 * SECOND), 0.0);
        assert_eq!(curve.most(Span { start: 0, end: Some(10 * SECOND) }).round(), 20.0);
    }

    #[test]
    fn steps_are_equal_and_jump() {
        let curve = over(&Shape::Steps(vec![1.0, 5.0, 2.0]), 30);
        let at = |second: i64| curve.at(second * SECOND);
        assert_eq!(
            (at(0), curve.at(10 * SECOND - 1), at(10), at(19), at(20), at(29)),
            (1.0, 1.0, 5.0, 5.0, 2.0, 2.0)
        );
        assert_eq!(curve.area(0, 30 * SECOND), 80.0);
    }

    #[test]
    fn a_days_shape_is_highest_at_its_peak_every_day() {
        let hour = Duration::from_secs(3_600);
        let shape = Shape::Sine { low: 1.0, high: 3.0, period: 24 * hour, peak: 14 * hour };
        // Some day, begun at noon.
        let start = 20_000 * 24 * 3_600 * SECOND + 12 * 3_600 * SECOND;
        let curve = Curve::new(&shape, Span { start, end: None }, 10.0);
        for day in 0..3 {
            let at = |hours: i64| curve.at(start + (day * 24 + hours) * 3_600 * SECOND);
            assert!(
                (at(2) - 30.0).abs() < 1e-9 && (at(14) - 10.0).abs() < 1e-9 && (at(8) - 20.0).abs() < 0.02
            );
        }
        assert!((curve.area(start, start + 7 * 24 * 3_600 * SECOND) - 20.0 * 7.0 * 86_400.0).abs() < 1.0);
    }

    fn shapes() -> impl Strategy<Value = Shape> {
        let value = || 0.0f64..50.0;
        prop_oneof![
            (value(), value()).prop_map(|(from, to)| Shape::Line { from, to }),
            proptest::collection::vec(value(), 1..6).prop_map(Shape::Steps),
            (value(), value(), 1u64..60, 0u64..60).prop_map(|(low, high, period, peak)| Shape::Sine {
                low,
                high,
                period: Duration::from_secs(period),
                peak: Duration::from_secs(peak),
            }),
            proptest::collection::vec((0u64..20_000, value()), 1..6).prop_map(|mut points| {
                points.sort_by_key(|(after, _)| *after);
                points[0].0 = 0;
                Shape::Points(
                    points.into_iter().map(|(after, value)| (Duration::from_millis(after), value)).collect(),
                )
            }),
        ]
    }

    proptest! {
        #[test]
        fn areas_add_up(shape in shapes(), cuts in proptest::collection::vec(0i64..20 * SECOND, 3)) {
            let curve = over(&shape, 20);
            let mut cuts = cuts;
            cuts.sort_unstable();
            let (a, b, c) = (cuts[0], cuts[1], cuts[2]);
            prop_assert!((curve.area(a, b) + curve.area(b, c) - curve.area(a, c)).abs() < 1e-6);
            let most = curve.most(Span { start: a, end: Some(c + 1) });
            prop_assert!(curve.area(a, c) <= most * seconds(c - a) + 1e-6);
        }

        #[test]
        fn reaching_an_area_is_the_inverse(shape in shapes(), from in 0i64..20 * SECOND, area in 0.0f64..200.0) {
            let curve = over(&shape, 20);
            if let Some(time) = curve.reach(from, area) {
                prop_assert!(time >= from);
                prop_assert!(curve.area(from, time) >= area - 1e-6, "{} at {time}", curve.area(from, time));
                // A nanosecond's worth early it is not there yet.
                prop_assert!(curve.area(from, (time - 3).max(from)) <= area + 1e-6);
            } else {
                prop_assert!(curve.area(from, from + 200_000 * SECOND) < area + 1e-6);
            }
        }
    }
}
