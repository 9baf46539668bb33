//! Where the rows of a scheduled query go. Not here: how requests spell it (`protocol`), what a row becomes (`mapping`
//! of the crate).

use serde::{Deserialize, Serialize};

use super::columns::{self, ColumnError};
use crate::mapping::Mapping;
use crate::sql::ColumnInfo;

/// A table, and what rows become in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Target {
    pub(crate) database: String,
    pub(crate) table: String,
    pub(crate) mapping: Mapping,
    /// The `TargetConfiguration` as it was asked for, for whoever describes the query.
    pub(crate) asked: serde_json::Value,
}

impl Target {
    /// The mapping over the columns of the query's result, which must have those that it names, of types that fit.
    pub(crate) fn over(&self, columns: &[ColumnInfo]) -> Result<Mapping<usize>, ColumnError> {
        self.mapping.find(|name, role| columns::find(columns, name, role))
    }
}
