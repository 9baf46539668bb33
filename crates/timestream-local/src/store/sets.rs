//! Dimension sets and their numbers: what a record's dimensions are stored as. Not here: measure names
//! (`dictionary`), how sets reach the disk (`dictionary`).

use std::cmp::Ordering;
use std::hash::BuildHasher;
use std::sync::OnceLock;

use datafusion::arrow::array::builder::StringViewBuilder;
use datafusion::arrow::array::{ArrayRef, StringViewArray, UInt32Array};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::take;
use datafusion::arrow::error::ArrowError;
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashTable};
use twox_hash::XxHash3_128;

use super::codec::{Malformed, Reader, put_text, put_varint};

/// Stands for "this set lacks the dimension".
const ABSENT: u32 = u32::MAX;

/// Every dimension set of a table, numbered in order of first sight.
///
/// A set is told from others by 128 bits of hash, so that a look-up compares no texts.
#[derive(Default, Clone)]
pub(super) struct Sets {
    dimensions: Vec<Dimension>,
    dimension_ids: HashMap<Box<str>, u16, FixedState>,
    /// The distinct lists of dimensions that sets have, each in ascending order.
    shapes: Vec<Box<[u16]>>,
    shape_ids: HashMap<Box<[u16]>, u32, FixedState>,
    sets: Vec<Set>,
    by_hash: HashTable<u32>,
    /// The value numbers of all sets, one after the other, each in its shape's order.
    values: Vec<u32>,
}

#[derive(Clone)]
struct Set {
    hash: u128,
    shape: u32,
    /// Where its values start.
    start: usize,
}

/// A dimension and its distinct values.
struct Dimension {
    name: Box<str>,
    texts: StringViewBuilder,
    len: u32,
    by_text: HashTable<u32>,
    /// The values as a column, made when asked for and dropped when a value is added.
    column: OnceLock<StringViewArray>,
}

/// A record's dimensions as they are hashed and kept on disk.
pub(super) fn encode<'a>(out: &mut Vec<u8>, dimensions: &[(&'a str, &'a str)]) {
    put_varint(out, dimensions.len() as u64);
    for (name, value) in dimensions {
        put_text(out, name);
        put_text(out, value);
    }
}

/// Reads what `encode` wrote.
pub(super) fn decode<'a>(reader: &mut Reader<'a>) -> Result<Vec<(&'a str, &'a str)>, Malformed> {
    (0..reader.varint()?).map(|_| Ok((reader.text()?, reader.text()?))).collect()
}

impl Sets {
    /// How many sets there are; they are numbered from 0.
    pub(super) fn len(&self) -> usize {
        self.sets.len()
    }

    /// Names of the dimensions in order of first sight.
    pub(super) fn dimensions(&self) -> impl ExactSizeIterator<Item = &str> {
        self.dimensions.iter().map(|dimension| &*dimension.name)
    }

    /// The number of a dimension.
    pub(super) fn dimension(&self, name: &str) -> Option<u16> {
        self.dimension_ids.get(name).copied()
    }

    pub(super) fn has_dimension(&self, name: &str) -> bool {
        self.dimension(name).is_some()
    }

    /// The number of an encoded set, where it is known.
    pub(super) fn find(&self, encoded: &[u8]) -> Option<u32> {
        let hash = XxHash3_128::oneshot(encoded);
        self.by_hash.find(hash as u64, |&set| self.sets[set as usize].hash == hash).copied()
    }

    /// The number of a set's list of dimensions.
    pub(super) fn shape(&self, set: u32) -> Option<u32> {
        self.sets.get(set as usize).map(|set| set.shape)
    }

    /// The names of a shape's dimensions.
    pub(super) fn shape_names(&self, shape: u32) -> impl Iterator<Item = &str> {
        self.shapes[shape as usize].iter().map(|&id| &*self.dimensions[id as usize].name)
    }

    /// Adds a set unless it is known; none where there are more dimensions than the store can number.
    pub(super) fn intern(&mut self, dimensions: &[(&str, &str)]) -> Option<u32> {
        let mut encoded = Vec::new();
        encode(&mut encoded, dimensions);
        if let Some(set) = self.find(&encoded) {
            return Some(set);
        }
        let mut pairs = Vec::with_capacity(dimensions.len());
        for (name, value) in dimensions {
            let dimension = self.intern_dimension(name)?;
            pairs.push((dimension, self.dimensions[dimension as usize].intern(value)));
        }
        pairs.sort_unstable();
        let shape = self.intern_shape(pairs.iter().map(|&(dimension, _)| dimension).collect());
        let id = u32::try_from(self.sets.len()).ok()?;
        let hash = XxHash3_128::oneshot(&encoded);
        self.sets.push(Set { hash, shape, start: self.values.len() });
        self.values.extend(pairs.iter().map(|&(_, value)| value));
        self.by_hash.insert_unique(hash as u64, id, |&set| self.sets[set as usize].hash as u64);
        Some(id)
    }

    fn intern_dimension(&mut self, name: &str) -> Option<u16> {
        if let Some(&id) = self.dimension_ids.get(name) {
            return Some(id);
        }
        let id = u16::try_from(self.dimensions.len()).ok()?;
        self.dimensions.push(Dimension::new(name));
        self.dimension_ids.insert(name.into(), id);
        Some(id)
    }

    fn intern_shape(&mut self, dimensions: Box<[u16]>) -> u32 {
        if let Some(&id) = self.shape_ids.get(&dimensions) {
            return id;
        }
        // There are no more shapes than sets, and those are numbered by u32.
        let id = self.shapes.len() as u32;
        self.shapes.push(dimensions.clone());
        self.shape_ids.insert(dimensions, id);
        id
    }

    fn pairs(&self, set: u32) -> impl Iterator<Item = (u16, u32)> {
        let set = &self.sets[set as usize];
        let shape = &self.shapes[set.shape as usize];
        shape.iter().copied().zip(self.values[set.start..].iter().copied())
    }

    /// Orders sets by the values of their dimensions, in the dimensions' order, absent ones first.
    ///
    /// Dimensions are only ever added behind the others, so two sets keep their order for good.
    pub(super) fn compare(&self, a: u32, b: u32) -> Ordering {
        if a == b {
            return Ordering::Equal;
        }
        let (mut left, mut right) = (self.pairs(a), self.pairs(b));
        loop {
            match (left.next(), right.next()) {
                (Some(l), Some(r)) if l == r => {}
                (Some((l, left)), Some((r, right))) if l == r => {
                    let texts = &self.dimensions[l as usize].texts;
                    return texts.get_value(left as usize).cmp(texts.get_value(right as usize));
                }
                // The one whose next dimension comes later lacks the other's.
                (Some((l, _)), Some((r, _))) => return r.cmp(&l),
                (left, right) => return left.cmp(&right),
            }
        }
    }

    /// The values of a dimension, with a row for each of `sets`; null for those that lack it.
    pub(super) fn column(
        &self,
        dimension: u16,
        sets: impl Iterator<Item = u32>,
    ) -> Result<ArrayRef, ArrowError> {
        let places: Vec<Option<usize>> =
            self.shapes.iter().map(|shape| shape.binary_search(&dimension).ok()).collect();
        let value = |set: u32| {
            let set = &self.sets[set as usize];
            places[set.shape as usize].map_or(ABSENT, |place| self.values[set.start + place])
        };
        // Rows of one set mostly stand together.
        let mut last = (u32::MAX, ABSENT);
        let picks = sets.map(|set| {
            if last.0 != set {
                last = (set, value(set));
            }
            last.1
        });
        self.dimensions[dimension as usize].pick(picks.collect())
    }
}

impl Dimension {
    fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            texts: StringViewBuilder::new(),
            len: 0,
            by_text: HashTable::new(),
            column: OnceLock::new(),
        }
    }

    fn intern(&mut self, text: &str) -> u32 {
        let hasher = FixedState::default();
        let hash = hasher.hash_one(text.as_bytes());
        let texts = &mut self.texts;
        if let Some(&id) = self.by_text.find(hash, |&id| texts.get_value(id as usize) == text.as_bytes()) {
            return id;
        }
        // There are no more values than sets, and those are numbered by u32.
        let id = self.len;
        texts.append_value(text);
        self.len += 1;
        self.by_text.insert_unique(hash, id, |&id| hasher.hash_one(texts.get_value(id as usize)));
        self.column = OnceLock::new();
        id
    }

    fn pick(&self, picks: Vec<u32>) -> Result<ArrayRef, ArrowError> {
        let nulls =
            picks.contains(&ABSENT).then(|| picks.iter().map(|&pick| pick != ABSENT).collect::<NullBuffer>());
        let column = self.column.get_or_init(|| self.texts.finish_cloned());
        take(column, &UInt32Array::new(picks.into(), nulls), None)
    }
}

impl Clone for Dimension {
    /// Shares the texts, all but the last few.
    fn clone(&self) -> Self {
        let column = self.column.get_or_init(|| self.texts.finish_cloned());
        let mut texts = StringViewBuilder::new();
        texts.append_array(column);
        Self {
            name: self.name.clone(),
            texts,
            len: self.len,
            by_text: self.by_text.clone(),
            column: OnceLock::from(column.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{Array, AsArray};

    use super::*;

    #[test]
    fn sets_come_back_as_columns() {
        let mut sets = Sets::default();
        let a = sets.intern(&[("cell", "1"), ("host", "a host with a long name")]).unwrap();
        let b = sets.intern(&[("host", "b"), ("zone", "z")]).unwrap();
        assert_eq!(sets.intern(&[("cell", "1"), ("host", "a host with a long name")]), Some(a));
        assert_eq!(sets.dimensions().collect::<Vec<_>>(), ["cell", "host", "zone"]);
        let column = |name| sets.column(sets.dimension(name).unwrap(), [b, a, b].into_iter()).unwrap();
        assert_eq!(column("cell").as_string_view().iter().collect::<Vec<_>>(), [None, Some("1"), None]);
        assert_eq!(column("host").as_string_view().value(1), "a host with a long name");
        assert_eq!(column("zone").null_count(), 1);
    }

    #[test]
    fn a_copy_goes_its_own_way() {
        let mut sets = Sets::default();
        let a = sets.intern(&[("host", "a host with a long name")]).unwrap();
        let mut copy = sets.clone();
        let b = sets.intern(&[("host", "another host with a long name")]).unwrap();
        assert_eq!(copy.len(), 1);
        assert_eq!(copy.intern(&[("host", "a host with a long name")]), Some(a));
        assert_eq!(copy.intern(&[("host", "a third host with a long name")]), Some(b));
        let text = |sets: &Sets, set| {
            sets.column(0, [set].into_iter()).unwrap().as_string_view().value(0).to_owned()
        };
        assert_eq!(text(&sets, b), "another host with a long name");
        assert_eq!(text(&copy, b), "a third host with a long name");
        assert_eq!(text(&copy, a), "a host with a long name");
    }

    #[test]
    fn an_absent_dimension_sorts_first() {
        let mut sets = Sets::default();
        let both = sets.intern(&[("a", "1"), ("b", "1")]).unwrap();
        let first = sets.intern(&[("a", "1")]).unwrap();
        let second = sets.intern(&[("b", "2")]).unwrap();
        let larger = sets.intern(&[("a", "2")]).unwrap();
        let mut order = [larger, both, second, first];
        order.sort_by(|&a, &b| sets.compare(a, b));
        assert_eq!(order, [second, first, both, larger]);
    }
}
