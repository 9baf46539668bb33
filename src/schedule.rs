//! When things are meant to happen: phases -> the instants of slots and arrivals, the spans of
//! users. Pure: no clock, nothing waits. Not here: making it so (`runner`).
//!
//! Times are nanoseconds since the Unix epoch; a span holds its start and not its end.

mod arrivals;
mod users;

pub use arrivals::Arrivals;
pub use users::Users;

use crate::clock::nanos;
use crate::fleet::{Generator, Slot};
use crate::load::Span;
use crate::plan::{Phase, PhaseKind};

const MILLISECOND: i64 = 1_000_000;

/// The span of a phase that begins at `start`.
#[must_use]
pub fn phase_span(phase: &Phase, start: i64) -> Span {
    let end = match phase.kind {
        PhaseKind::Timed(duration) => Some(start.saturating_add(nanos(duration))),
        PhaseKind::Forever | PhaseKind::Once { .. } | PhaseKind::Backfill { .. } => None,
    };
    Span { start, end }
}

/// The instant of a slot: when it arrives.
#[must_use]
pub fn instant(slot: &Slot) -> i64 {
    slot.arrival().saturating_mul(MILLISECOND)
}

/// The slots whose instants are in a span that begins at `start`, in that order; the caller ends it. Two spans that
/// meet share no slot and leave none out.
pub fn slots_from(generator: &Generator, start: i64) -> impl Iterator<Item = Slot> + Send + 'static {
    generator.slots_from(first_millisecond(start))
}

/// The first whole millisecond that is not before an instant.
fn first_millisecond(instant: i64) -> i64 {
    instant.div_euclid(MILLISECOND) + i64::from(instant.rem_euclid(MILLISECOND) > 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_slot_is_in_one_of_two_phases_that_meet(
            boundary in -10_000_000i64..10_000_000, time in -12i64..12, delay in 0i64..9
        ) {
            let slot = Slot { record: 0, batch: 0, time, delay };
            let before = Span { start: i64::MIN, end: Some(boundary) }.contains(instant(&slot));
            let after = slot.arrival() >= first_millisecond(boundary);
            prop_assert!(before != after);
        }
    }
}
