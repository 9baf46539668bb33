//! Closed load: how many users there are at each instant, and when each comes and goes. Not here:
//! what they do (`runner`).

use crate::load::{Curve, Span};

/// The users of a workload over a phase. Their numbers are from 0; the higher ones come last and go first.
#[derive(Debug, Clone, PartialEq)]
pub struct Users {
    curve: Curve,
    span: Span,
}

impl Users {
    /// Users who follow a curve over a span.
    #[must_use]
    pub fn new(curve: Curve, span: Span) -> Self {
        Self { curve, span }
    }

    /// Users at an instant.
    #[must_use]
    pub fn active(&self, time: i64) -> u32 {
        whole(self.curve.at(time))
    }

    /// The most users there are at once; their numbers are 0 to one less.
    #[must_use]
    pub fn most(&self) -> u32 {
        whole(self.curve.most(self.span))
    }

    /// When a user is there next, from `from` on.
    #[must_use]
    pub fn presence(&self, user: u32, from: i64) -> Option<Span> {
        let from = from.max(self.span.start);
        let start = if user < self.active(from) { from } else { self.change(user, from)? };
        if self.span.end.is_some_and(|end| start >= end) {
            return None;
        }
        let leaves = self.change(user, start);
        let end = [leaves, self.span.end].into_iter().flatten().min();
        Some(Span { start, end })
    }

    /// When a user who is there next goes, or one who is not next comes.
    fn change(&self, user: u32, from: i64) -> Option<i64> {
        let is_there = |time: i64| user < self.active(time);
        let now = is_there(from);
        let mut time = from;
        // Who has not come or gone within a period never does.
        let last = self.curve.period().map(|period| from.saturating_add(2 * period));
        while last.is_none_or(|last| time < last) && self.span.end.is_none_or(|end| time < end) {
            if is_there(time) != now {
                return Some(time);
            }
            let end = self.curve.piece(time).end?;
            // Within a piece the curve rises or falls, so there is one change at the most.
            if is_there(end - 1) != now {
                return Some(first_where(time, end - 1, |time| is_there(time) != now));
            }
            time = end;
        }
        None
    }
}

fn whole(users: f64) -> u32 {
    // Half a user is one: 10 % of 5 users are one user, not none.
    users.round().clamp(0.0, f64::from(u32::MAX)) as u32
}

/// The first instant in `start..=end` of which `holds` is true; it is true from there on.
fn first_where(start: i64, end: i64, holds: impl Fn(i64) -> bool) -> i64 {
    let (mut low, mut high) = (start, end);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::load::Shape;
    use crate::units::SECOND;

    fn users(shape: &Shape, span: Span, scale: f64) -> Users {
        Users::new(Curve::new(shape, span, scale), span)
    }

    fn span(start: i64, length: i64) -> Span {
        Span { start, end: Some(start + length) }
    }

    #[test]
    fn ten_per_cent_of_five_users_is_one() {
        let users = users(&Shape::Line { from: 0.1, to: 1.0 }, span(0, 1_000), 5.0);
        assert_eq!((users.active(0), users.active(1_000), users.most()), (1, 5, 5));
        assert_eq!(users.presence(0, 0), Some(span(0, 1_000)));
        assert_eq!(users.presence(5, 0), None);
    }

    #[test]
    fn a_phase_without_an_end_keeps_what_it_began_with() {
        let open = Span { start: 0, end: None };
        let users = users(&Shape::Line { from: 2.0, to: 9.0 }, open, 1.0);
        assert_eq!((users.active(i64::MAX / 2), users.most()), (2, 2));
        assert_eq!(users.presence(1, 0), Some(open));
        assert_eq!(users.presence(2, 0), None);
    }

    #[test]
    fn users_of_the_day_come_back_every_day() {
        let shape = Shape::Sine {
            low: 0.0,
            high: 10.0,
            period: Duration::from_secs(100),
            peak: Duration::from_secs(50),
        };
        let users = users(&shape, Span { start: 0, end: None }, 1.0);
        assert_eq!(users.most(), 10);
        let first = users.presence(5, 0).unwrap();
        let again = users.presence(5, first.end.unwrap()).unwrap();
        assert!((again.start - first.start - 100 * SECOND).abs() < 10, "{first:?} {again:?}");
        assert!(
            (first.start - 25 * SECOND).abs() < 3 * SECOND
                && (first.end.unwrap() - 75 * SECOND).abs() < 3 * SECOND
        );
        assert_eq!(users.presence(10, 0), None);
    }

    proptest! {
        #[test]
        fn presence_agrees_with_the_count(
            counts in proptest::collection::vec(0u32..40, 1..5),
            steps: bool, length in 10i64..10_000_000_000, part in 0.0f64..1.0,
        ) {
            let shape = if steps {
                Shape::Steps(counts.iter().copied().map(f64::from).collect())
            } else {
                Shape::Line { from: f64::from(counts[0]), to: f64::from(counts[counts.len() - 1]) }
            };
            let users = users(&shape, span(7, length), 1.0);
            let time = 7 + ((length as f64) * part) as i64;
            let there = |user: u32| {
                let mut from = 7;
                while let Some(span) = users.presence(user, from) {
                    if span.contains(time) {
                        return true;
                    }
                    match span.end {
                        Some(end) if end <= time => from = end,
                        _ => return false,
                    }
                }
                false
            };
            prop_assert_eq!((0..40).filter(|user| there(*user)).count(), users.active(time) as usize);
            prop_assert!(users.active(time) <= users.most());
        }
    }
}
