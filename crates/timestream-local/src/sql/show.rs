//! SHOW and DESCRIBE. They read the catalog and what snapshots know of themselves, never rows.

use datafusion::arrow::array::StringArray;
use datafusion::arrow::compute::like;
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::DataFusionError;

use super::dialect::Name;
use super::functions::check_like;
use super::scope::{find_database, find_one};
use super::types::{ColumnInfo, Datum, Row, scalar_type};
use super::{Answer, SqlError, Tables, table};
use crate::model::{Column, ColumnKind};
use crate::store::MeasureSummary;

/// SHOW DATABASES.
pub(super) fn databases(tables: &dyn Tables, like: Option<&str>) -> Result<Answer, SqlError> {
    names_answer("Database", tables.databases(), like)
}

/// SHOW TABLES; of all databases where none is named.
pub(super) fn tables(
    tables: &dyn Tables,
    database: Option<&Name>,
    like: Option<&str>,
) -> Result<Answer, SqlError> {
    let databases = match database {
        None => tables.databases(),
        Some(name) => vec![find_database(name, tables).ok_or_else(|| {
            SqlError::at(name.location, format!("Database '{}' does not exist", name.value))
        })?],
    };
    let names = databases.iter().filter_map(|database| tables.tables(database)).flatten().collect();
    names_answer("Table", names, like)
}

/// DESCRIBE.
pub(super) fn columns(tables: &dyn Tables, table: &[Name]) -> Result<Answer, SqlError> {
    let snapshot = find_one(table, tables)?;
    let row = |column: &Column| {
        let values = [column.name.as_str(), &type_name(column.kind), attribute(column.kind)];
        Row { data: values.map(|value| Datum::ScalarValue(value.to_owned())).into() }
    };
    let rows = snapshot.columns.iter().map(row).collect();
    let names = ["Column", "Type", "Timestream attribute type"];
    Ok(Answer::ready(names.map(|name| ColumnInfo::new(name, &DataType::Utf8)).into(), rows))
}

/// SHOW MEASURES: each measure name with the type of its values and the dimensions it has.
pub(super) fn measures(tables: &dyn Tables, table: &[Name], like: Option<&str>) -> Result<Answer, SqlError> {
    let snapshot = find_one(table, tables)?;
    let names = snapshot.measures.iter().map(|measure| measure.name.as_str()).collect();
    let matches = matches_like(names, like)?;
    let measures = snapshot.measures.iter().zip(matches).filter(|(_, matches)| *matches);
    let mut measures: Vec<&MeasureSummary> = measures.map(|(measure, _)| measure).collect();
    measures.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Answer::ready(measure_columns(), measures.into_iter().map(measure).collect()))
}

fn measure(measure: &MeasureSummary) -> Row {
    let scalar = |text: &str| Datum::ScalarValue(text.to_owned());
    let single = measure.columns.iter().find(|column| matches!(column.kind, ColumnKind::MeasureValue(_)));
    let data_type = single.map_or_else(|| "multi".to_owned(), |column| type_name(column.kind));
    let dimension = |name: &String| Datum::RowValue(Row { data: vec![scalar(name), scalar("varchar")] });
    let dimensions = measure.dimensions.iter().map(dimension).collect();
    Row { data: vec![scalar(&measure.name), scalar(&data_type), Datum::ArrayValue(dimensions)] }
}

fn measure_columns() -> Vec<ColumnInfo> {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let dimension = DataType::Struct(Fields::from(vec![text("dimension_name"), text("data_type")]));
    let dimensions = DataType::new_list(dimension, true);
    vec![
        ColumnInfo::new("measure_name", &DataType::Utf8),
        ColumnInfo::new("data_type", &DataType::Utf8),
        ColumnInfo::new("dimensions", &dimensions),
    ]
}

fn names_answer(title: &str, names: Vec<String>, like: Option<&str>) -> Result<Answer, SqlError> {
    let matches = matches_like(names.iter().map(String::as_str).collect(), like)?;
    let names = names.into_iter().zip(matches).filter(|(_, matches)| *matches);
    let rows = names.map(|(name, _)| Row { data: vec![Datum::ScalarValue(name)] }).collect();
    Ok(Answer::ready(vec![ColumnInfo::new(title, &DataType::Utf8)], rows))
}

fn type_name(kind: ColumnKind) -> String {
    scalar_type(&table::data_type(kind)).to_lowercase()
}

fn attribute(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Dimension => "DIMENSION",
        ColumnKind::MeasureName => "MEASURE_NAME",
        ColumnKind::Time => "TIMESTAMP",
        ColumnKind::MeasureValue(_) => "MEASURE_VALUE",
        ColumnKind::Multi(_) => "MULTI",
    }
}

/// Which of `names` are LIKE the pattern: `%` is any text, `_` any character.
fn matches_like(names: Vec<&str>, pattern: Option<&str>) -> Result<Vec<bool>, SqlError> {
    let Some(pattern) = pattern else { return Ok(vec![true; names.len()]) };
    let failed = |error: DataFusionError| SqlError::planning(&error, &|_| None);
    check_like(pattern).map_err(failed)?;
    let matches = like(&StringArray::from(names), &StringArray::new_scalar(pattern));
    let matches = matches.map_err(|error| failed(error.into()))?;
    Ok(matches.iter().map(|matches| matches == Some(true)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_knows_its_wildcards() {
        for (name, pattern, expected) in [
            ("cpu_user", "cpu%", true),
            ("cpu_user", "cpu_user", true),
            ("cpu-user", "cpu_user", true),
            ("cpu_user", "%user%", true),
            ("cpu_user", "CPU%", false),
            ("cpu_user", "cpu", false),
            ("", "%", true),
            ("", "_", false),
        ] {
            assert_eq!(matches_like(vec![name], Some(pattern)), Ok(vec![expected]), "{name} LIKE {pattern}");
        }
    }
}
