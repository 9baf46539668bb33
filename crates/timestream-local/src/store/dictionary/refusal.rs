//! Which records do not fit the columns that a table has. Not here: times and versions (`admission`).

use super::{Dictionary, Measure};
use crate::model::{MeasureType, Measures, Record, Value};
use crate::store::columns::is_reserved;

/// Why a record does not fit the table's columns, in the manner of the service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(
        "The measure name '{name}' already holds {stored} values. A {given} value needs another measure name."
    )]
    OtherType { name: String, stored: &'static str, given: &'static str },
    #[error("The name '{0}' is reserved. Choose another name for the dimension or measure.")]
    Reserved(String),
    #[error("The name '{0}' is a dimension and a measure of a multi-measure record. Rename one of them.")]
    TwoUses(String),
    #[error("The measure '{0}' stands more than once in a multi-measure record.")]
    Repeated(String),
    #[error("The table has no room for another dimension, measure name or measure.")]
    TooMany,
    #[error("The table would have more than {limit} {what}.")]
    Quota { what: &'static str, limit: usize },
}

/// What a table may have, by the developer guide.
const MAX_DIMENSIONS: usize = 128;
const MAX_MEASURE_NAMES: usize = 8_192;
/// Measures of all its MULTI records together; from memory of the guide.
const MAX_MULTI_MEASURES: usize = 1_024;

impl Dictionary {
    /// Refuses what cannot become columns beside those that there are.
    pub(super) fn check(&self, record: &Record<'_>) -> Result<(), Refusal> {
        for &(name, _) in &*record.dimensions {
            if is_reserved(name) {
                return Err(Refusal::Reserved(name.to_owned()));
            }
            if self.column_ids.contains_key(name) {
                return Err(Refusal::TwoUses(name.to_owned()));
            }
        }
        self.check_quotas(record)?;
        let measure = self.measure_ids.get(record.measure_name).map(|&id| &self.measures[id as usize]);
        let stored = measure.and_then(|measure| self.type_of(measure));
        let other =
            |name: &str, stored, given| Err(Refusal::OtherType { name: name.to_owned(), stored, given });
        match (&record.measures, stored) {
            (Measures::Multi(values), None | Some("MULTI")) => self.check_multi(record, values),
            (Measures::Multi(_), Some(stored)) => other(record.measure_name, stored, "MULTI"),
            (Measures::Single(value), Some(stored)) if stored != type_name(value.measure_type()) => {
                other(record.measure_name, stored, type_name(value.measure_type()))
            }
            (Measures::Single(_), _) => Ok(()),
        }
    }

    /// Refuses what a table has no place for.
    fn check_quotas(&self, record: &Record<'_>) -> Result<(), Refusal> {
        let dimensions = record.dimensions.iter().filter(|(name, _)| !self.sets.has_dimension(name)).count();
        let names = usize::from(!self.measure_ids.contains_key(record.measure_name));
        let measures = match &record.measures {
            Measures::Single(_) => 0,
            Measures::Multi(values) => {
                values.iter().filter(|(name, _)| !self.column_ids.contains_key(*name)).count()
            }
        };
        let known = if measures > 0 { self.columns.iter().filter(|column| column.multi).count() } else { 0 };
        for (what, new, known, limit) in [
            ("dimensions", dimensions, self.sets.dimensions().len(), MAX_DIMENSIONS),
            ("measure names", names, self.measures.len(), MAX_MEASURE_NAMES),
            ("measures of MULTI records", measures, known, MAX_MULTI_MEASURES),
        ] {
            if new > 0 && known + new > limit {
                return Err(Refusal::Quota { what, limit });
            }
        }
        Ok(())
    }

    fn check_multi(&self, record: &Record<'_>, values: &[(&str, Value<'_>)]) -> Result<(), Refusal> {
        for (at, (name, value)) in values.iter().enumerate() {
            let named = |other: &&str| other == name;
            if is_reserved(name) {
                return Err(Refusal::Reserved((*name).to_owned()));
            }
            if self.sets.has_dimension(name) || record.dimensions.iter().any(|(other, _)| named(other)) {
                return Err(Refusal::TwoUses((*name).to_owned()));
            }
            if values[..at].iter().any(|(other, _)| named(other)) {
                return Err(Refusal::Repeated((*name).to_owned()));
            }
            let given = value.measure_type();
            let column = self.column_ids.get(*name).map(|&id| &self.columns[id as usize]);
            if let Some(stored) = column.map(|column| column.kind).filter(|&stored| stored != given) {
                let (stored, given) = (type_name(stored), type_name(given));
                return Err(Refusal::OtherType { name: (*name).to_owned(), stored, given });
            }
        }
        Ok(())
    }

    /// What a measure name holds, where a record of it has been seen.
    fn type_of(&self, measure: &Measure) -> Option<&'static str> {
        if measure.multi {
            return Some("MULTI");
        }
        measure.columns.first().map(|&id| type_name(self.columns[id as usize].kind))
    }
}

/// The type as the service spells it.
fn type_name(kind: MeasureType) -> &'static str {
    match kind {
        MeasureType::Double => "DOUBLE",
        MeasureType::Bigint => "BIGINT",
        MeasureType::Boolean => "BOOLEAN",
        MeasureType::Varchar => "VARCHAR",
        MeasureType::Timestamp => "TIMESTAMP",
    }
}
