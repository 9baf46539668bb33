//! Late data: a tick keeps its time and arrives later. From the grid's slots, in order of time, to
//! slots in order of arrival. Not here: the grid (`grid`), how late a record is (its expression).

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::iter::Peekable;
use std::sync::Arc;

use super::Slot;
use super::record::Catalogued;
use super::tick::Chain;
use crate::values::Expression;

/// How late the records of a tick are.
#[derive(Debug)]
pub(super) struct Delay {
    pub expression: Expression,
    /// What must be worked out for it.
    pub chain: Chain,
    /// Hash of the record; with the series' key it keys the draws.
    pub salt: u64,
    /// The longest, in milliseconds; none is below 0.
    pub longest: i64,
}

/// The slots of one late record in order of arrival, from an instant on. A slot of the grid becomes
/// one for each delay that its reporters have; those wait here, as a few numbers each.
pub(super) struct Arrivals<S: Iterator<Item = Slot>> {
    record: Arc<Catalogued>,
    number: usize,
    root: u64,
    /// The first millisecond that counts.
    from: i64,
    grid: Peekable<S>,
    waiting: BinaryHeap<Reverse<Waiting>>,
}

/// A slot that waits for its arrival; ordered by that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Waiting {
    arrival: i64,
    time: i64,
    batch: u64,
}

/// The slots of record number `number` that arrive from `from` (milliseconds, included) on, in order of arrival.
pub(super) fn arrivals(
    record: Arc<Catalogued>,
    delay: &Delay,
    number: usize,
    root: u64,
    from: i64,
) -> Arrivals<impl Iterator<Item = Slot> + Send + 'static> {
    // What is still under way then was made no longer ago than the longest delay.
    let grid = record.grid.slots_from(number, from.saturating_sub(delay.longest)).peekable();
    Arrivals { record, number, root, from, grid, waiting: BinaryHeap::new() }
}

impl<S: Iterator<Item = Slot>> Iterator for Arrivals<S> {
    type Item = Slot;

    fn next(&mut self) -> Option<Slot> {
        loop {
            let upcoming = self.grid.peek();
            let due = self.waiting.peek().is_some_and(|Reverse(waiting)| {
                // No later tick arrives before its own time.
                upcoming.is_none_or(|slot| waiting.arrival < slot.time)
            });
            if due {
                let Reverse(Waiting { arrival, time, batch }) = self.waiting.pop()?;
                return Some(Slot { record: self.number, batch, time, delay: arrival - time });
            }
            let slot = self.grid.next()?;
            for delay in self.record.delays(self.root, slot) {
                let arrival = slot.time.saturating_add(delay);
                if arrival >= self.from {
                    self.waiting.push(Reverse(Waiting { arrival, time: slot.time, batch: slot.batch }));
                }
            }
        }
    }
}
