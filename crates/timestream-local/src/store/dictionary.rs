//! The names of a table and their numbers: dimension sets, measure names, value columns, and which
//! measure is seen with what. Not here: how dimension sets are kept (`sets`), rows (`memory`).
//!
//! The file `dictionary` holds every definition in order, so that reading it again gives the same numbers. A
//! definition is in that file before a row that needs it is in the log.

use std::cmp::Ordering;
use std::sync::{Arc, OnceLock};

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::codec::{Malformed, Reader};
use super::columns::{Layout, MeasureSummary, ValueColumn};
use super::keys::Key;
use super::sets::{self, Sets};
use crate::model::{MeasureType, Measures, Record};

mod definition;
mod refusal;

use definition::Definition;
pub(super) use refusal::Refusal;

/// A record's numbers. Those of its value columns go to a list that many records share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ids {
    pub set: u32,
    pub measure: u16,
}

/// Everything a table has names for. A copy costs some ten milliseconds for a hundred thousand sets.
#[derive(Default, Clone)]
pub(super) struct Dictionary {
    sets: Sets,
    measures: Vec<Measure>,
    measure_ids: HashMap<Box<str>, u16, FixedState>,
    columns: Vec<ValueColumn>,
    /// Measures of MULTI records by name; `measure_value::TYPE` columns are among them under that name.
    column_ids: HashMap<Box<str>, u16, FixedState>,
    /// Definitions that the file does not hold yet.
    unsaved: Vec<u8>,
    /// Dimension sets whose definitions it holds.
    saved_sets: usize,
    layout: OnceLock<Arc<Layout>>,
}

#[derive(Clone)]
struct Measure {
    name: Box<str>,
    multi: bool,
    /// The columns its records fill, in order of first sight.
    columns: Vec<u16>,
    /// The dimension lists it is seen with, by the number of the list.
    shapes: Vec<bool>,
}

impl Dictionary {
    /// Takes in what a frame of the dictionary's file holds.
    pub(super) fn restore(&mut self, frame: &[u8]) -> Result<(), Malformed> {
        let mut reader = Reader::new(frame);
        while !reader.is_empty() {
            self.apply(&Definition::decode(&mut reader)?)?;
        }
        self.saved_sets = self.sets.len();
        Ok(())
    }

    /// The definitions that the file lacks; `saved` forgets them.
    pub(super) fn unsaved(&self) -> &[u8] {
        &self.unsaved
    }

    /// Says that the file holds everything.
    pub(super) fn saved(&mut self) {
        self.unsaved.clear();
        self.saved_sets = self.sets.len();
    }

    /// How many dimension sets the file holds. Rows name no others: those whose requests wait for room, or failed, are
    /// not among them.
    pub(super) fn saved_sets(&self) -> usize {
        self.saved_sets
    }

    /// The number of a record's dimension set, where it is known.
    pub(super) fn find_set(&self, record: &Record<'_>, scratch: &mut Vec<u8>) -> Option<u32> {
        scratch.clear();
        sets::encode(scratch, &record.dimensions);
        self.sets.find(scratch)
    }

    /// The numbers of a record of `set`, with its columns appended to `columns`; none (and no columns)
    /// where something about it is new.
    pub(super) fn find(&self, set: u32, record: &Record<'_>, columns: &mut Vec<u16>) -> Option<Ids> {
        let &id = self.measure_ids.get(record.measure_name)?;
        let measure = &self.measures[id as usize];
        if !*measure.shapes.get(self.sets.shape(set)? as usize)? {
            return None;
        }
        let start = columns.len();
        let known = match &record.measures {
            Measures::Single(value) => {
                let column = measure.columns.first().copied();
                columns.extend(column);
                !measure.multi
                    && column.is_some_and(|id| self.columns[id as usize].kind == value.measure_type())
            }
            Measures::Multi(values) => {
                // Records of one measure mostly list the same values in the same order.
                let guesses = measure.columns.iter().copied().map(Some).chain(std::iter::repeat(None));
                let named = values.iter().zip(guesses).all(|((name, value), guess)| {
                    let fits = |&id: &u16| {
                        let column = &self.columns[id as usize];
                        column.name == *name && column.kind == value.measure_type()
                    };
                    let id = guess.filter(fits).or_else(|| {
                        let id = self.column_ids.get(*name).copied().filter(fits)?;
                        measure.columns.contains(&id).then_some(id)
                    });
                    id.is_some_and(|id| {
                        let repeated = columns[start..].contains(&id);
                        columns.push(id);
                        !repeated
                    })
                });
                named && measure.multi
            }
        };
        if !known {
            columns.truncate(start);
        }
        known.then_some(Ids { set, measure: id })
    }

    /// Like `find`, and defines what is new. A refused record defines nothing.
    pub(super) fn define(&mut self, record: &Record<'_>, columns: &mut Vec<u16>) -> Result<Ids, Refusal> {
        self.check(record)?;
        let multi = matches!(record.measures, Measures::Multi(_));
        let mut scratch = Vec::new();
        if self.find_set(record, &mut scratch).is_none() {
            self.add(&Definition::Set(record.dimensions.to_vec()))?;
        }
        let set = self.find_set(record, &mut scratch).ok_or(Refusal::TooMany)?;
        if !self.measure_ids.contains_key(record.measure_name) {
            self.add(&Definition::Measure { name: record.measure_name, multi })?;
        }
        let &measure = self.measure_ids.get(record.measure_name).ok_or(Refusal::TooMany)?;
        for (name, kind) in named_values(&record.measures) {
            let known = self
                .column_ids
                .get(name)
                .is_some_and(|id| self.measures[measure as usize].columns.contains(id));
            if !known {
                self.add(&Definition::Fills { measure, column: name, kind })?;
            }
        }
        let shape = self.sets.shape(set).map(|shape| shape as usize).unwrap_or_default();
        if self.measures[measure as usize].shapes.get(shape) != Some(&true) {
            self.add(&Definition::Seen { measure, set })?;
        }
        self.find(set, record, columns).ok_or(Refusal::TooMany)
    }

    fn add(&mut self, definition: &Definition<'_>) -> Result<(), Refusal> {
        self.apply(definition).map_err(|Malformed| Refusal::TooMany)?;
        definition.encode(&mut self.unsaved);
        Ok(())
    }

    /// Takes a definition in; the same ones in the same order give the same numbers.
    fn apply(&mut self, definition: &Definition<'_>) -> Result<(), Malformed> {
        match *definition {
            Definition::Set(ref dimensions) => {
                let before = self.sets.dimensions().len();
                self.sets.intern(dimensions).ok_or(Malformed)?;
                if before == self.sets.dimensions().len() {
                    return Ok(());
                }
            }
            Definition::Measure { name, multi } => {
                let id = u16::try_from(self.measures.len()).map_err(|_| Malformed)?;
                self.measures.push(Measure {
                    name: name.into(),
                    multi,
                    columns: Vec::new(),
                    shapes: Vec::new(),
                });
                self.measure_ids.insert(name.into(), id);
            }
            Definition::Fills { measure, column, kind } => {
                let multi = self.measures.get(measure as usize).ok_or(Malformed)?.multi;
                let column = self.intern_column(column, kind, multi)?;
                self.measures[measure as usize].columns.push(column);
            }
            Definition::Seen { measure, set } => {
                let shape = self.sets.shape(set).ok_or(Malformed)? as usize;
                let shapes = &mut self.measures.get_mut(measure as usize).ok_or(Malformed)?.shapes;
                shapes.resize(shapes.len().max(shape + 1), false);
                shapes[shape] = true;
            }
        }
        self.layout = OnceLock::new();
        Ok(())
    }

    fn intern_column(&mut self, name: &str, kind: MeasureType, multi: bool) -> Result<u16, Malformed> {
        if let Some(&id) = self.column_ids.get(name) {
            return Ok(id);
        }
        let id = u16::try_from(self.columns.len()).map_err(|_| Malformed)?;
        self.columns.push(ValueColumn { name: name.to_owned(), kind, multi });
        self.column_ids.insert(name.into(), id);
        Ok(id)
    }

    /// The dimension sets.
    pub(super) fn sets(&self) -> &Sets {
        &self.sets
    }

    /// The value columns, by number.
    pub(super) fn columns(&self) -> &[ValueColumn] {
        &self.columns
    }

    /// The number of a value column.
    pub(super) fn column(&self, name: &str) -> Option<u16> {
        self.column_ids.get(name).copied()
    }

    /// The number of a measure name.
    pub(super) fn measure(&self, name: &str) -> Option<u16> {
        self.measure_ids.get(name).copied()
    }

    /// The measure name of a number.
    pub(super) fn measure_name(&self, measure: u16) -> &str {
        &self.measures[measure as usize].name
    }

    /// All measure names, by number.
    pub(super) fn measure_names(&self) -> impl Iterator<Item = &str> {
        self.measures.iter().map(|measure| &*measure.name)
    }

    /// Whether a row with these numbers can be read.
    pub(super) fn knows(&self, set: u32, measure: u16) -> bool {
        (set as usize) < self.sets.len() && (measure as usize) < self.measures.len()
    }

    /// The order of files: measure name, dimensions, time.
    pub(super) fn compare(&self, a: Key, b: Key) -> Ordering {
        let names = if a.measure == b.measure {
            Ordering::Equal
        } else {
            self.measure_name(a.measure).cmp(self.measure_name(b.measure))
        };
        names.then_with(|| self.sets.compare(a.set, b.set)).then(a.time.cmp(&b.time))
    }

    /// The table's columns as they are now.
    pub(super) fn layout(&self) -> Arc<Layout> {
        let make = || {
            let measures = self.measures.iter().map(|measure| self.summary(measure)).collect();
            Arc::new(Layout::new(self.sets.dimensions(), &self.columns, measures))
        };
        Arc::clone(self.layout.get_or_init(make))
    }

    fn summary(&self, measure: &Measure) -> MeasureSummary {
        let shapes = (0..).zip(&measure.shapes).filter_map(|(shape, &seen)| seen.then_some(shape));
        let named: Vec<&str> = shapes.flat_map(|shape| self.sets.shape_names(shape)).collect();
        MeasureSummary {
            name: measure.name.to_string(),
            columns: measure.columns.iter().map(|&id| self.columns[id as usize].column()).collect(),
            dimensions: self
                .sets
                .dimensions()
                .filter(|name| named.contains(name))
                .map(str::to_owned)
                .collect(),
        }
    }
}

/// The values of a record with the names of their columns.
fn named_values<'a>(measures: &'a Measures<'a>) -> Vec<(&'a str, MeasureType)> {
    match measures {
        Measures::Single(value) => {
            vec![(ValueColumn::single_name(value.measure_type()), value.measure_type())]
        }
        Measures::Multi(values) => values.iter().map(|(name, value)| (*name, value.measure_type())).collect(),
    }
}

#[cfg(test)]
mod tests;
