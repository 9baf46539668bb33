//! SHOW and DESCRIBE. They read the catalog; only SHOW MEASURES has to look at rows.

use std::sync::Arc;

use datafusion::arrow::array::StringArray;
use datafusion::arrow::compute::like;
use datafusion::arrow::datatypes::{DataType, Field, Fields};

use super::dialect::Name;
use super::scope::{find_database, find_table};
use super::types::{ColumnInfo, Datum, Row, scalar_type};
use super::{Answer, Sql, SqlError, Tables, table};
use crate::model::{Column, ColumnKind};

/// SHOW DATABASES.
pub(super) fn databases(tables: &dyn Tables, like: Option<&str>) -> Answer {
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
    Ok(names_answer("Table", names, like))
}

/// DESCRIBE.
pub(super) fn columns(tables: &dyn Tables, table: &[Name]) -> Result<Answer, SqlError> {
    let (_, snapshot) = find_table(table, tables)?;
    let row = |column: &Column| {
        let values = [column.name.as_str(), &type_name(column.kind), attribute(column.kind)];
        Row { data: values.map(|value| Datum::ScalarValue(value.to_owned())).into() }
    };
    let rows = snapshot.columns.iter().map(row).collect();
    let names = ["Column", "Type", "Timestream attribute type"];
    Ok(Answer::ready(names.map(|name| ColumnInfo::new(name, &DataType::Utf8)).into(), rows))
}

/// SHOW MEASURES: each measure name with the type of its values and the dimensions it has.
pub(super) async fn measures(
    sql: &Sql,
    tables: Arc<dyn Tables>,
    table: &[Name],
    like: Option<&str>,
    now: i64,
) -> Result<Answer, SqlError> {
    let ((database, table), snapshot) = find_table(table, tables.as_ref())?;
    let kind = |wanted: fn(ColumnKind) -> bool| {
        snapshot.columns.iter().filter(move |column| wanted(column.kind)).cloned().collect::<Vec<_>>()
    };
    let dimensions = kind(|kind| kind == ColumnKind::Dimension);
    let singles = kind(|kind| matches!(kind, ColumnKind::MeasureValue(_)));
    let used = |column: &Column| format!(", count({}) > 0", quote(&column.name));
    let tests: String = dimensions.iter().chain(&singles).map(used).collect();
    let text = format!(
        "SELECT measure_name{tests} FROM {}.{} GROUP BY measure_name ORDER BY measure_name",
        quote(&database),
        quote(&table)
    );
    // Boxed, since it is a query inside a query.
    let mut answer = Box::pin(sql.query(&text, tables, now)).await?;
    let mut rows = Vec::new();
    while !answer.finished() {
        rows.extend(answer.next_rows(usize::MAX, usize::MAX).await?);
    }
    let rows = rows.iter().filter_map(|row| measure(row, &dimensions, &singles, like)).collect();
    Ok(Answer::ready(measure_columns(), rows))
}

/// A row of SHOW MEASURES from a measure name and which columns it fills.
fn measure(row: &Row, dimensions: &[Column], singles: &[Column], like: Option<&str>) -> Option<Row> {
    let (Datum::ScalarValue(name), used) = row.data.split_first()? else { return None };
    if !matches_like(name, like) {
        return None;
    }
    let is_used = |datum: &&Datum| matches!(datum, Datum::ScalarValue(text) if text == "true");
    let (used_dimensions, used_singles) = used.split_at_checked(dimensions.len())?;
    let scalar = |text: &str| Datum::ScalarValue(text.to_owned());
    let dimension = |column: &Column| {
        Datum::RowValue(Row { data: vec![scalar(&column.name), scalar(&type_name(column.kind))] })
    };
    let present = dimensions.iter().zip(used_dimensions).filter(|(_, used)| is_used(used));
    let mut types = singles.iter().zip(used_singles).filter(|(_, used)| is_used(used));
    let data_type = types.next().map_or_else(|| "multi".to_owned(), |(column, _)| type_name(column.kind));
    let dimensions = present.map(|(column, _)| dimension(column)).collect();
    Some(Row { data: vec![scalar(name), scalar(&data_type), Datum::ArrayValue(dimensions)] })
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

fn names_answer(title: &str, names: Vec<String>, like: Option<&str>) -> Answer {
    let names = names.into_iter().filter(|name| matches_like(name, like));
    let rows = names.map(|name| Row { data: vec![Datum::ScalarValue(name)] }).collect();
    Answer::ready(vec![ColumnInfo::new(title, &DataType::Utf8)], rows)
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

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// SQL's LIKE: `%` is any text, `_` any character.
fn matches_like(name: &str, pattern: Option<&str>) -> bool {
    let Some(pattern) = pattern else { return true };
    let (name, pattern) = (StringArray::from(vec![name]), StringArray::new_scalar(pattern));
    like(&name, &pattern).is_ok_and(|matches| matches.value(0))
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
            assert_eq!(matches_like(name, Some(pattern)), expected, "{name} LIKE {pattern}");
        }
    }
}
