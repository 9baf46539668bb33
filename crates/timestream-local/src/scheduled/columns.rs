//! The columns of a query's result: whether those that a mapping names are there, once, and of a type that fits; and
//! its rows, as mappings read them. Not here: what a row becomes (`mapping` of the crate).

use std::borrow::Cow;

use chrono::NaiveDateTime;

use crate::mapping::{Role, Row};
use crate::model::MeasureType;
use crate::sql::{self, ColumnInfo, Datum, Type};

/// The unit of the times of rows.
pub(super) const TIME_UNIT: &str = "NANOSECONDS";

/// Why a mapping does not fit a query.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ColumnError {
    #[error(
        "The column '{column}', which {role} names, is not in the query's result; its columns are {columns}. Select \
         it, or give a column that alias."
    )]
    NoColumn { column: String, role: Role, columns: String },
    #[error(
        "The column '{column}', which {role} names, is twice in the query's result; give one of them an alias."
    )]
    Twice { column: String, role: Role },
    #[error(
        "The column '{column}', which {role} names, is of the type {found}, which is no {wanted}; cast it in \
         the query."
    )]
    WrongType { column: String, role: Role, found: String, wanted: &'static str },
}

/// The place of the column `name`, whose type must fit its role.
pub(super) fn find(columns: &[ColumnInfo], name: &str, role: Role) -> Result<usize, ColumnError> {
    let column = name.to_owned();
    let mut found = columns.iter().enumerate().filter(|(_, info)| info.name.as_deref() == Some(name));
    let Some((place, info)) = found.next() else {
        let columns: Vec<_> = columns.iter().filter_map(|info| info.name.as_deref()).collect();
        return Err(ColumnError::NoColumn { column, role, columns: columns.join(", ") });
    };
    if found.next().is_some() {
        return Err(ColumnError::Twice { column, role });
    }
    let scalar = match &info.r#type {
        Type::ScalarType(scalar) => *scalar,
        Type::ArrayColumnInfo(_) => "ARRAY",
        Type::RowColumnInfo(_) => "ROW",
        Type::TimeSeriesMeasureValueColumnInfo(_) => "TIMESERIES",
    };
    let kind = match role {
        Role::Time => MeasureType::Timestamp,
        Role::MeasureName | Role::Dimension => MeasureType::Varchar,
        Role::Single(kind) | Role::Measure(kind) => kind,
    };
    let narrower: &[&str] = match kind {
        MeasureType::Double => &["BIGINT", "INTEGER"],
        MeasureType::Bigint => &["INTEGER"],
        _ => &[],
    };
    // A column of nothing but nulls has no type of its own.
    if scalar == "UNKNOWN" || scalar == kind.name() || narrower.contains(&scalar) {
        return Ok(place);
    }
    Err(ColumnError::WrongType { column, role, found: scalar.to_owned(), wanted: kind.name() })
}

impl<'a> Row<'a> for &'a sql::Row {
    fn text(self, column: usize) -> Option<&'a str> {
        match self.data.get(column) {
            Some(Datum::ScalarValue(text)) => Some(text),
            _ => None,
        }
    }

    fn time(self, text: &'a str) -> Result<Cow<'a, str>, String> {
        let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok();
        let nanos = time.and_then(|time| time.and_utc().timestamp_nanos_opt());
        let nanos = nanos.ok_or_else(|| format!("The time '{text}' is not between 1677 and 2262."))?;
        Ok(Cow::Owned(nanos.to_string()))
    }
}
