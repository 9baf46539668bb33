//! The rows of a memory table by hour and in the order of files. Not here: their columns, and the files (`flush`).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::chunk::Chunk;
use super::dictionary::Dictionary;
use super::keys::{Key, hour_of, start_of};
use super::memory::FLUSH_BYTES;

/// A row of an hour as one number that sorts as files do: from the highest bits on its measure's place among the
/// measure names (16), its set's among the dimension sets (32), its time in the hour (48), and where it is (32).
///
/// What is compared is in the number, so that sorting waits for no memory and takes no branches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(u128);

// What sorting takes is charged for when a row comes.
const _: () = assert!(size_of::<Place>() == FLUSH_BYTES);

impl Place {
    fn new(measure: u16, set: u32, time: u64, at: u32) -> Self {
        let series = u128::from(measure) << 112 | u128::from(set) << 80;
        // The latest first: of several rows with one identity, the highest version came last.
        Self(series | u128::from(time) << 32 | u128::from(!at))
    }

    /// Where the row is: its chunk, and its number in it.
    pub(super) fn row(self) -> (usize, usize) {
        Chunk::holding(!(self.0 as u32))
    }

    fn set(self) -> usize {
        (self.0 >> 80) as u32 as usize
    }

    fn time(self) -> i64 {
        (self.0 >> 32) as i64 & 0xffff_ffff_ffff
    }

    fn identity(self) -> u128 {
        self.0 >> 32
    }
}

/// The order of files, of a memory table's measures and sets.
pub(super) struct Order {
    /// The places of measure names, by number.
    measures: Vec<u16>,
    /// The places of dimension sets, by number; of those that have rows.
    sets: Vec<u32>,
    /// The numbers of the sets, by place.
    sorted: Vec<u32>,
}

impl Order {
    pub(super) fn of(chunks: &[Arc<Chunk>], dictionary: &Dictionary) -> Self {
        let mut names: Vec<u16> = (0..=u16::MAX).take(dictionary.measure_names().count()).collect();
        names.sort_unstable_by_key(|&measure| dictionary.measure_name(measure));
        let mut measures = vec![0; names.len()];
        for (measure, place) in names.into_iter().zip(0..=u16::MAX) {
            measures[measure as usize] = place;
        }
        let mut present = vec![false; dictionary.sets().len()];
        for row in chunks.iter().flat_map(|chunk| &chunk.rows) {
            present[row.key.set as usize] = true;
        }
        let mut sorted: Vec<u32> =
            (0..).zip(&present).filter(|&(_, &here)| here).map(|(set, _)| set).collect();
        sorted.sort_unstable_by(|&a, &b| dictionary.sets().compare(a, b));
        let mut sets = vec![0; present.len()];
        for (place, &set) in (0..).zip(&sorted) {
            sets[set as usize] = place;
        }
        Self { measures, sets, sorted }
    }

    /// The rows that are not before `oldest`, by hour.
    pub(super) fn by_hour(&self, chunks: &[Arc<Chunk>], oldest: i64) -> BTreeMap<i64, Vec<Place>> {
        let keys = || {
            let rows = (0..).zip(chunks.iter().flat_map(|chunk| &chunk.rows));
            rows.map(|(at, row)| (at, row.key)).filter(|(_, key)| key.time >= oldest)
        };
        // Counted first: lists of millions that grow are copied, and touch twice the memory.
        let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
        for (_, key) in keys() {
            *counts.entry(hour_of(key.time)).or_default() += 1;
        }
        let room = |(hour, rows)| (hour, Vec::with_capacity(rows));
        let mut hours: BTreeMap<i64, Vec<Place>> = counts.into_iter().map(room).collect();
        for (at, Key { time, set, measure }) in keys() {
            let hour = hour_of(time);
            let (measure, set) = (self.measures[measure as usize], self.sets[set as usize]);
            let place = Place::new(measure, set, time.abs_diff(start_of(hour)), at);
            hours.entry(hour).or_default().push(place);
        }
        hours
    }

    /// The dimension sets of an hour's rows, and their times.
    pub(super) fn moments(&self, hour: i64, rows: &[Place]) -> impl Iterator<Item = (u32, i64)> {
        rows.iter().map(move |row| (self.sorted[row.set()], start_of(hour).saturating_add(row.time())))
    }
}

/// Sorts the rows of an hour; of several with one identity, that of the highest version stays.
pub(super) fn sort(rows: &mut Vec<Place>) {
    rows.sort_unstable();
    rows.dedup_by_key(|row| row.identity());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_sort_by_measure_then_set_then_time() {
        let hour = 3_600_000_000_000;
        let sorted = [
            Place::new(0, u32::MAX, hour - 1, 0),
            Place::new(1, 0, 5, 7),
            Place::new(1, 0, hour - 1, 3),
            Place::new(1, 1, 0, 2),
            Place::new(u16::MAX, 0, 0, u32::MAX),
        ];
        assert!(sorted.is_sorted());
        assert_eq!(sorted[2].time(), hour as i64 - 1);
        assert_eq!(sorted.map(Place::set), [u32::MAX as usize, 0, 0, 1, 0]);
        assert_eq!(sorted.map(Place::row), [0, 7, 3, 2, u32::MAX].map(Chunk::holding));
    }

    #[test]
    fn of_one_identity_the_row_that_came_last_stays() {
        let mut rows: Vec<_> = [4, 9, 2].map(|at| Place::new(3, 5, 11, at)).into();
        rows.push(Place::new(3, 5, 12, 1));
        sort(&mut rows);
        assert_eq!(rows, [Place::new(3, 5, 11, 9), Place::new(3, 5, 12, 1)]);
    }
}
