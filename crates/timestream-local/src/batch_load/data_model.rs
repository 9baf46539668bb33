//! How the columns of a source become records: the data model of a load, checked. Not here: how it is
//! written in requests (`protocol`), where the columns are (`mapping`).

use serde::{Deserialize, Serialize};

use crate::model::MeasureType;

/// Which columns are the time, the dimensions and the measures.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct DataModel {
    pub(crate) time_column: String,
    /// As `TimeUnit` names it.
    pub(crate) time_unit: String,
    /// At least one.
    pub(crate) dimensions: Vec<Named>,
    /// The column that holds the measure name.
    pub(crate) measure_name_column: Option<String>,
    pub(crate) measures: Measures,
}

/// A column and the name that its values get in the table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Named {
    pub(crate) column: String,
    pub(crate) name: String,
}

/// The records that a row becomes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Measures {
    /// One MULTI record: `MultiMeasureMappings`. Its name is this one, where no column holds it.
    Multi { name: Option<String>, attributes: Vec<Attribute> },
    /// A record for each mapping that fits the row: `MixedMeasureMappings`.
    Mixed(Vec<Mixed>),
}

impl Default for Measures {
    fn default() -> Self {
        Self::Mixed(Vec::new())
    }
}

/// A measure of a MULTI record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Attribute {
    pub(crate) column: String,
    pub(crate) name: String,
    pub(crate) kind: MeasureType,
}

/// One of several kinds of records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Mixed {
    /// The rows that it is about, by their measure name; all where no column holds one.
    pub(crate) when: Option<String>,
    /// The measure name in the table.
    pub(crate) name: String,
    pub(crate) value: MixedValue,
}

/// What a record of a mixed mapping measures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum MixedValue {
    Single { column: String, kind: MeasureType },
    Multi(Vec<Attribute>),
}
