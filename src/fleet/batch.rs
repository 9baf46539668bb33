//! What a batch carries to a store. Not here: how its values come about.

use std::sync::Arc;

use crate::values::Value;

/// The records that a batch's hosts report at one instant; one write request.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    /// The instant, in milliseconds since the Unix epoch.
    pub time: i64,
    /// Dimensions that all records share, name and value.
    pub common: Vec<(Arc<str>, Arc<str>)>,
    /// Up to 100 records.
    pub records: Vec<Record>,
}

/// One record of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The dimensions that differ within the batch, name and value; one list for all records of a host.
    pub dimensions: Arc<[(Arc<str>, Arc<str>)]>,
    /// The measure name.
    pub measure_name: Arc<str>,
    /// The value or values.
    pub measures: Measures,
}

/// What a record measures.
#[derive(Debug, Clone, PartialEq)]
pub enum Measures {
    /// Layout single: one value a record.
    Single(Value),
    /// Layout multi: named values in one MULTI record.
    Multi {
        /// The names; one list for all records of a batch.
        names: Arc<[Arc<str>]>,
        /// A value for each name.
        values: Vec<Value>,
    },
}
