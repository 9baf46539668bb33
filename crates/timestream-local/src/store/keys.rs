//! A record's identity in numbers, and the hour it belongs to. Not here: where identities are looked up
//! (`memory`, `lookup`).

use std::hash::BuildHasher;

use foldhash::fast::FixedState;

const HOUR: i64 = 3_600_000_000_000;

/// From a measure's hash to the next one's: the place beside it, and another tag.
const NEIGHBOUR: u64 = 1 | 37 << 57;

/// Dimension set, measure name and time: the identity of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub time: i64,
    pub set: u32,
    pub measure: u16,
}

impl Key {
    /// A hash for hashbrown's tables, whose place is in its lowest bits and whose tag in its highest seven.
    ///
    /// The measures of a dimension set at one instant mostly come together, and by neighbouring numbers. Their places
    /// are neighbours, too, so that they wait for memory once for all of them.
    pub(super) fn hash(&self) -> u64 {
        let moment = FixedState::default().hash_one((self.time, self.set));
        moment.wrapping_add(u64::from(self.measure).wrapping_mul(NEIGHBOUR))
    }
}

/// What is known of a stored row of some identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stored {
    pub version: i64,
    /// See `values::digest`.
    pub digest: u64,
}

/// A row of the memory table without its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    pub key: Key,
    pub stored: Stored,
}

/// Hours since the Unix epoch.
pub(super) fn hour_of(time: i64) -> i64 {
    time.div_euclid(HOUR)
}

/// The first nanosecond of an hour.
pub(super) fn start_of(hour: i64) -> i64 {
    hour.saturating_mul(HOUR)
}

/// The first nanosecond after an hour.
pub(super) fn end_of(hour: i64) -> i64 {
    hour.saturating_add(1).saturating_mul(HOUR)
}
