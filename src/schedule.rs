//! When things are meant to happen: phases -> the instants of slots and the spans of users. Pure:
//! no clock, nothing waits. Not here: making it so (`runner`).
//!
//! Times are nanoseconds since the Unix epoch; a span holds its start and not its end.

use crate::clock::nanos;
use crate::fleet::{Generator, Slot};
use crate::plan::{Amount, Phase, PhaseKind};

const MILLISECOND: i64 = 1_000_000;

/// A span of time; without an end it lasts until somebody ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Its first instant.
    pub start: i64,
    /// The first instant after it.
    pub end: Option<i64>,
}

impl Span {
    /// Whether an instant is in it.
    #[must_use]
    pub fn contains(&self, time: i64) -> bool {
        time >= self.start && self.end.is_none_or(|end| time < end)
    }
}

/// The span of a phase that begins at `start`.
#[must_use]
pub fn phase_span(phase: &Phase, start: i64) -> Span {
    let end = match phase.kind {
        PhaseKind::Timed(duration) => Some(start.saturating_add(nanos(duration))),
        PhaseKind::Forever | PhaseKind::Once { .. } | PhaseKind::Backfill { .. } => None,
    };
    Span { start, end }
}

/// The instant of a slot.
#[must_use]
pub fn instant(slot: &Slot) -> i64 {
    slot.time.saturating_mul(MILLISECOND)
}

/// The slots whose instants are in a span that begins at `start`, in order of time; the caller ends it. Two spans that
/// meet share no slot and leave none out.
pub fn slots_from(generator: &Generator, start: i64) -> impl Iterator<Item = Slot> + Send + 'static {
    generator.slots_from(first_millisecond(start))
}

/// The first whole millisecond that is not before an instant.
fn first_millisecond(instant: i64) -> i64 {
    instant.div_euclid(MILLISECOND) + i64::from(instant.rem_euclid(MILLISECOND) > 0)
}

/// A quantity that changes linearly over a span and stays as it began where the span has no end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ramp {
    /// When it changes.
    pub span: Span,
    /// Its value at the start.
    pub from: f64,
    /// Its value at the end.
    pub to: f64,
}

impl Ramp {
    /// The share of a workload over a phase, 0.0 to 1.0; users become a share of `users`.
    #[must_use]
    pub fn of_share(amount: Amount, span: Span, users: u32) -> Self {
        let (from, to) = match amount {
            Amount::Share { from, to } => (from, to),
            Amount::Users { from, to } => {
                let all = f64::from(users.max(1));
                (f64::from(from) / all, f64::from(to) / all)
            }
        };
        Self { span, from, to }
    }

    /// The value at an instant; outside the span, that of its nearer edge.
    #[must_use]
    pub fn at(&self, time: i64) -> f64 {
        let Some(end) = self.span.end else { return self.from };
        let length = end.saturating_sub(self.span.start);
        if length <= 0 {
            return self.to;
        }
        let passed = time.clamp(self.span.start, end) - self.span.start;
        self.from + (self.to - self.from) * (passed as f64 / length as f64)
    }

    /// Its mean from one instant to another within the span.
    #[must_use]
    pub fn mean(&self, from: i64, to: i64) -> f64 {
        f64::midpoint(self.at(from), self.at(to))
    }
}

/// How many users are there at each instant of a phase, and when each comes and goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Users {
    ramp: Ramp,
}

impl Users {
    /// The users of a workload over a phase; `users` are those at 100 %.
    #[must_use]
    pub fn new(amount: Amount, span: Span, users: u32) -> Self {
        let (from, to) = match amount {
            Amount::Share { from, to } => (from * f64::from(users), to * f64::from(users)),
            Amount::Users { from, to } => (f64::from(from), f64::from(to)),
        };
        Self { ramp: Ramp { span, from, to } }
    }

    /// Users at an instant.
    #[must_use]
    pub fn active(&self, time: i64) -> u32 {
        whole(self.ramp.at(time))
    }

    /// The most users there are at once; their numbers are 0 to one less.
    #[must_use]
    pub fn most(&self) -> u32 {
        let end = if self.ramp.span.end.is_some() { self.ramp.to } else { self.ramp.from };
        whole(self.ramp.from.max(end))
    }

    /// When a user is there: from its coming to the phase's end on the way up, from the phase's start
    /// to its going on the way down.
    #[must_use]
    pub fn span(&self, user: u32) -> Option<Span> {
        let Span { start, end } = self.ramp.span;
        let (at_start, at_end) = (user < self.active(start), end.is_some_and(|end| user < self.active(end)));
        match (end, at_start, at_end) {
            (None, true, _) | (Some(_), true, true) => Some(self.ramp.span),
            (None, false, _) | (Some(_), false, false) => None,
            (Some(end), false, true) => {
                let first = first_where(start, end, |time| user < self.active(time));
                (first < end).then_some(Span { start: first, end: Some(end) })
            }
            (Some(end), true, false) => {
                Some(Span { start, end: Some(first_where(start, end, |time| user >= self.active(time))) })
            }
        }
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
    use proptest::prelude::*;

    use super::*;

    fn span(start: i64, length: i64) -> Span {
        Span { start, end: Some(start + length) }
    }

    #[test]
    fn ten_per_cent_of_five_users_is_one() {
        let users = Users::new(Amount::Share { from: 0.1, to: 1.0 }, span(0, 1_000), 5);
        assert_eq!((users.active(0), users.active(1_000), users.most()), (1, 5, 5));
        assert_eq!(users.span(0), Some(span(0, 1_000)));
        assert_eq!(users.span(5), None);
    }

    #[test]
    fn a_phase_without_an_end_keeps_what_it_began_with() {
        let open = Span { start: 0, end: None };
        let users = Users::new(Amount::Users { from: 2, to: 9 }, open, 9);
        assert_eq!((users.active(i64::MAX), users.most()), (2, 2));
        assert_eq!(users.span(1), Some(open));
        assert_eq!(users.span(2), None);
    }

    proptest! {
        #[test]
        fn spans_agree_with_the_count(
            from in 0u32..40, to in 0u32..40, length in 1i64..10_000_000_000, part in 0.0f64..1.0
        ) {
            let users = Users::new(Amount::Users { from, to }, span(7, length), 40);
            let time = 7 + ((length as f64) * part) as i64;
            let there = (0..40).filter(|user| users.span(*user).is_some_and(|s| s.contains(time))).count();
            prop_assert_eq!(there, users.active(time) as usize);
        }

        #[test]
        fn a_slot_is_in_one_of_two_phases_that_meet(boundary in -10_000_000i64..10_000_000, time in -12i64..12) {
            let slot = Slot { record: 0, batch: 0, time };
            let before = Span { start: i64::MIN, end: Some(boundary) }.contains(instant(&slot));
            let after = slot.time >= first_millisecond(boundary);
            prop_assert!(before != after);
        }

        #[test]
        fn ramps_are_monotone(from in 0.0f64..1.0, to in 0.0f64..1.0, a in 0i64..1_000_000, b in 0i64..1_000_000) {
            let ramp = Ramp { span: span(0, 1_000_000), from, to };
            let (early, late) = (ramp.at(a.min(b)), ramp.at(a.max(b)));
            let kept = if from <= to { early <= late } else { early >= late };
            prop_assert!(kept);
            prop_assert!(early >= from.min(to) - 1e-12 && early <= from.max(to) + 1e-12);
        }
    }
}
