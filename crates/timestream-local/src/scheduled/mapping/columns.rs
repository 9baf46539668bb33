//! The columns that mappings name: whether they are there, once, and of a type that fits. Not here: what a row becomes
//! (`super`).

use std::collections::HashSet;

use crate::model::MeasureType;
use crate::sql::{ColumnInfo, Type};

/// Why mappings do not fit each other or the query.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MappingError {
    #[error(
        "The target configuration needs either MultiMeasureMappings or MixedMeasureMappings, and not both."
    )]
    Either,
    #[error("The target configuration needs at least one dimension mapping: every record has a dimension.")]
    NoDimension,
    #[error(
        "The column '{column}', which {role} names, is not in the query's result; its columns are {columns}. Select \
         it, or give a column that alias."
    )]
    NoColumn { column: String, role: String, columns: String },
    #[error(
        "The column '{column}', which {role} names, is twice in the query's result; give one of them an alias."
    )]
    Twice { column: String, role: String },
    #[error(
        "The column '{column}', which {role} names, is of the type {found}, which is no {wanted}; cast it in \
         the query."
    )]
    WrongType { column: String, role: String, found: String, wanted: &'static str },
    #[error("The {what} '{name}' is mapped twice; each needs a name of its own.")]
    Repeated { what: &'static str, name: String },
    #[error("{0}")]
    Incomplete(String),
}

/// The columns of a query's result.
pub(super) struct Columns<'a>(&'a [ColumnInfo]);

impl<'a> Columns<'a> {
    pub(super) fn of(columns: &'a [ColumnInfo]) -> Self {
        Self(columns)
    }

    /// The place of the column `name`, whose type must be one of `types`.
    pub(super) fn find(
        &self,
        role: &str,
        name: &str,
        types: &[&str],
        wanted: &'static str,
    ) -> Result<usize, MappingError> {
        let (column, role) = (name.to_owned(), role.to_owned());
        let mut found = self.0.iter().enumerate().filter(|(_, info)| info.name.as_deref() == Some(name));
        let Some((place, info)) = found.next() else {
            let columns: Vec<_> = self.0.iter().filter_map(|info| info.name.as_deref()).collect();
            return Err(MappingError::NoColumn { column, role, columns: columns.join(", ") });
        };
        if found.next().is_some() {
            return Err(MappingError::Twice { column, role });
        }
        let scalar = match &info.r#type {
            Type::ScalarType(scalar) => *scalar,
            Type::ArrayColumnInfo(_) => "ARRAY",
            Type::RowColumnInfo(_) => "ROW",
            Type::TimeSeriesMeasureValueColumnInfo(_) => "TIMESERIES",
        };
        // A column of nothing but nulls has no type of its own.
        if scalar == "UNKNOWN" || types.contains(&scalar) {
            return Ok(place);
        }
        Err(MappingError::WrongType { column, role, found: scalar.to_owned(), wanted })
    }

    /// The place of a column whose values fit `kind`.
    pub(super) fn measure(&self, role: &str, name: &str, kind: MeasureType) -> Result<usize, MappingError> {
        let types: &[&str] = match kind {
            MeasureType::Double => &["DOUBLE", "BIGINT", "INTEGER"],
            MeasureType::Bigint => &["BIGINT", "INTEGER"],
            MeasureType::Boolean => &["BOOLEAN"],
            MeasureType::Varchar => &["VARCHAR"],
            MeasureType::Timestamp => &["TIMESTAMP"],
        };
        self.find(role, name, types, kind.name())
    }
}

/// Refuses what is mapped twice.
pub(super) fn once(what: &'static str, names: impl Iterator<Item = String>) -> Result<(), MappingError> {
    let mut seen = HashSet::new();
    for name in names {
        if let Some(name) = seen.replace(name) {
            return Err(MappingError::Repeated { what, name });
        }
    }
    Ok(())
}
