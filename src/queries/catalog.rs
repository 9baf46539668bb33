//! What the SQL may name: the table, its dimensions and its measures. Not here: how a fleet comes
//! to them (`fleet`).

use crate::plan::Layout;
use crate::values::Type;

/// The table that templates ask, as data.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// The database's name.
    pub database: String,
    /// The table's name.
    pub table: String,
    /// One record a measure, or one MULTI record for all.
    pub layout: Layout,
    /// The records written to it.
    pub records: Vec<RecordColumns>,
}

/// One record of the metric catalog.
#[derive(Debug, Clone)]
pub struct RecordColumns {
    /// Its name; the MULTI layout's `measure_name`.
    pub name: String,
    /// Its dimensions.
    pub dimensions: Vec<String>,
    /// Its measures and their types.
    pub measures: Vec<(String, Type)>,
}
