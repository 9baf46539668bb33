//! The time grid: batch b of a record reports at `k x every + offset(b)` from the Unix epoch, for
//! every whole k. A run only chooses which k. Not here: what is reported (`record`), which part of
//! the grid a phase covers (`schedule`).

use super::Slot;

/// The grid of one record: its batches, evenly spread over its interval.
///
/// Neighbouring batches are far apart in time, so that every part of the fleet has been heard of
/// early in an interval: position p of the interval holds batch `p x stride mod batches`, with a
/// stride near the golden section that shares no factor with the number of batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grid {
    every: i64,
    batches: u64,
    stride: u64,
}

impl Grid {
    /// A grid of `every` milliseconds (above 0) and so many batches (above 0).
    pub(super) fn new(every: i64, batches: u64) -> Self {
        let golden = (u128::from(batches) * 618_034 / 1_000_000) as u64;
        let stride = (golden.max(1)..).find(|stride| gcd(*stride, batches) == 1).unwrap_or(1);
        Self { every, batches, stride }
    }

    /// The interval in milliseconds.
    pub(super) fn every(&self) -> i64 {
        self.every
    }

    /// Batches in an interval.
    pub(super) fn batches(&self) -> u64 {
        self.batches
    }

    /// The slots of record number `record` from `time` (milliseconds, included) on, in order.
    pub(super) fn slots_from(self, record: usize, time: i64) -> impl Iterator<Item = Slot> + Send + 'static {
        let tick = time.div_euclid(self.every);
        let within = time.rem_euclid(self.every);
        // The first position whose offset is at least `within`.
        let first = (within as u128 * u128::from(self.batches)).div_ceil(self.every as u128) as u64;
        (tick..).flat_map(move |k| {
            let start = if k == tick { first } else { 0 };
            (start..self.batches).map(move |position| Slot {
                record,
                batch: (u128::from(position) * u128::from(self.stride) % u128::from(self.batches)) as u64,
                time: k.saturating_mul(self.every).saturating_add(self.offset(position)),
                delay: 0,
            })
        })
    }

    fn offset(&self, position: u64) -> i64 {
        (u128::from(position) * self.every as u128 / u128::from(self.batches)) as i64
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The slots of one record, in order of arrival.
pub(super) type Slots = Box<dyn Iterator<Item = Slot> + Send>;

/// The slots of several records as one, in order of arrival; ties in the order of the records.
pub(super) fn merge(streams: Vec<Slots>) -> impl Iterator<Item = Slot> + Send + 'static {
    let mut streams: Vec<_> = streams.into_iter().map(Iterator::peekable).collect();
    std::iter::from_fn(move || {
        let next = (0..streams.len()).min_by_key(|i| streams[*i].peek().map_or(i64::MAX, Slot::arrival))?;
        streams[next].next()
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_batch_reports_once_an_interval(
            every in 1i64..100_000, batches in 1u64..3_000, start in -1_000_000i64..1_000_000,
        ) {
            let grid = Grid::new(every, batches);
            let slots: Vec<Slot> = grid.slots_from(0, start).take(2 * batches as usize).collect();
            prop_assert!(slots.windows(2).all(|pair| pair[0].time <= pair[1].time));
            prop_assert!(slots[0].time >= start);
            let first: HashSet<u64> = slots.iter().take(batches as usize).map(|slot| slot.batch).collect();
            prop_assert_eq!(first.len() as u64, batches);
            let by_batch = |range: &[Slot]| {
                let mut times: Vec<(u64, i64)> = range.iter().map(|slot| (slot.batch, slot.time)).collect();
                times.sort_unstable();
                times
            };
            let (one, two) = slots.split_at(batches as usize);
            for ((batch, time), (again, later)) in by_batch(one).into_iter().zip(by_batch(two)) {
                prop_assert_eq!((batch, time + every), (again, later));
            }
        }

        #[test]
        fn a_later_start_is_the_same_grid(every in 1i64..5_000, batches in 1u64..500, skip in 0usize..800) {
            let grid = Grid::new(every, batches);
            let all: Vec<Slot> = grid.slots_from(0, 0).take(skip + 50).collect();
            let from = all[skip].time;
            let tail: Vec<Slot> = all.into_iter().filter(|slot| slot.time >= from).collect();
            let again: Vec<Slot> = grid.slots_from(0, from).take(tail.len()).collect();
            prop_assert_eq!(tail, again);
        }
    }

    #[test]
    fn grids_merge_in_order_of_time() {
        let stream = |record, grid: Grid| Box::new(grid.slots_from(record, 10)) as Slots;
        let streams = vec![stream(0, Grid::new(1_000, 7)), stream(1, Grid::new(250, 3))];
        let slots: Vec<Slot> = merge(streams).take(100).collect();
        assert!(slots.windows(2).all(|pair| pair[0].time <= pair[1].time));
        assert!(slots.iter().filter(|slot| slot.record == 1).count() > 50);
    }
}
