//! From rows of named columns to records: what the `TimestreamConfiguration` of scheduled queries and the `DataModel`
//! of batch loads say alike. Not here: how requests spell it (`protocol`), what a row is and which columns it has
//! (`scheduled`, `batch_load`), the checks of records, which are those of WriteRecords (`records`).
//!
//! What the mappings mean is told by the service model's documentation; that nulls are left out is from memory.

mod records;

use std::collections::HashSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::MeasureType;

pub(crate) use records::Row;

/// Which columns are the time, the dimensions and the measures. Columns are named first, and places in a row once
/// they are found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mapping<Column = String> {
    time: Column,
    /// With the names that they get in the table.
    dimensions: Vec<(Column, String)>,
    /// It holds the measure name of a row.
    measure_name: Option<Column>,
    kinds: Vec<Kind<Column>>,
}

/// One kind of records that a row may become.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kind<Column = String> {
    /// The measure name of the rows that it is about; none is all of them.
    pub(crate) when: Option<String>,
    /// The measure name in the table; none is that of the row.
    pub(crate) name: Option<String>,
    pub(crate) value: Value<Column>,
}

/// What a record measures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Value<Column = String> {
    Single(Column, MeasureType),
    Multi(Vec<Measure<Column>>),
}

/// A measure of a MULTI record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Measure<Column = String> {
    pub(crate) column: Column,
    /// What it is called in the table.
    pub(crate) name: String,
    pub(crate) kind: MeasureType,
}

/// What a column is named for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Role {
    Time,
    MeasureName,
    Dimension,
    /// The value of a record.
    Single(MeasureType),
    /// One of the values of a MULTI record.
    Measure(MeasureType),
}

/// Two columns would get one name.
#[derive(Debug, thiserror::Error)]
#[error("The {what} '{name}' is mapped twice; each needs a name of its own.")]
pub(crate) struct Repeated {
    what: &'static str,
    name: String,
}

impl Mapping {
    /// A mapping whose dimensions and measures have names of their own.
    pub(crate) fn new(
        time: String,
        dimensions: Vec<(String, String)>,
        measure_name: Option<String>,
        kinds: Vec<Kind>,
    ) -> Result<Self, Repeated> {
        once("dimension", dimensions.iter().map(|(_, name)| name.clone()))?;
        once("measure name", kinds.iter().filter_map(Kind::identity))?;
        for kind in &kinds {
            if let Value::Multi(measures) = &kind.value {
                once("measure", measures.iter().map(|measure| measure.name.clone()))?;
            }
        }
        Ok(Self { time, dimensions, measure_name, kinds })
    }

    /// The mapping over places of columns. `find` tells that of a name, or why there is none for the role.
    pub(crate) fn find<E>(&self, find: impl Fn(&str, Role) -> Result<usize, E>) -> Result<Mapping<usize>, E> {
        let measure = |Measure { column, name, kind }: &Measure| {
            Ok(Measure { column: find(column, Role::Measure(*kind))?, name: name.clone(), kind: *kind })
        };
        let kind = |Kind { when, name, value }: &Kind| {
            let value = match value {
                Value::Single(column, kind) => Value::Single(find(column, Role::Single(*kind))?, *kind),
                Value::Multi(measures) => {
                    Value::Multi(measures.iter().map(measure).collect::<Result<_, E>>()?)
                }
            };
            Ok(Kind { when: when.clone(), name: name.clone(), value })
        };
        let dimension =
            |(column, name): &(String, String)| Ok((find(column, Role::Dimension)?, name.clone()));
        let measure_name = self.measure_name.as_ref();
        Ok(Mapping {
            kinds: self.kinds.iter().map(kind).collect::<Result<_, E>>()?,
            time: find(&self.time, Role::Time)?,
            dimensions: self.dimensions.iter().map(dimension).collect::<Result<_, E>>()?,
            measure_name: measure_name.map(|column| find(column, Role::MeasureName)).transpose()?,
        })
    }
}

impl Kind {
    /// What tells its records from others of the same row; none where the row does.
    fn identity(&self) -> Option<String> {
        let name = self.name.as_ref()?;
        Some(match &self.when {
            Some(when) if when != name => format!("{when} -> {name}"),
            _ => name.clone(),
        })
    }
}

/// Refuses what is mapped twice.
fn once(what: &'static str, names: impl Iterator<Item = String>) -> Result<(), Repeated> {
    let mut seen = HashSet::new();
    for name in names {
        if let Some(name) = seen.replace(name) {
            return Err(Repeated { what, name });
        }
    }
    Ok(())
}

/// As a message says who names the column.
impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Time => "TimeColumn",
            Self::MeasureName => "MeasureNameColumn",
            Self::Dimension => "a dimension mapping",
            Self::Single(_) => "a mixed measure mapping",
            Self::Measure(_) => "an attribute mapping",
        })
    }
}
