//! The shape of an answer on the wire: columns, rows, values. The names are those of the service's
//! Query operation. Not here: how a value is written as text (`print`).

use datafusion::arrow::datatypes::{DataType, Field};
use serde::Serialize;

/// A column of an answer, or the element of an array or a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ColumnInfo {
    /// The name; elements of arrays have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the values are.
    pub r#type: Type,
}

/// The type of a column; the variants are the service's member names.
#[allow(clippy::enum_variant_names)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) enum Type {
    /// A single value, by the service's name of its type.
    ScalarType(&'static str),
    /// An array of elements of one type.
    ArrayColumnInfo(Box<ColumnInfo>),
    /// A row of named values.
    RowColumnInfo(Vec<ColumnInfo>),
    /// Points in time, each with a value of this type.
    TimeSeriesMeasureValueColumnInfo(Box<ColumnInfo>),
}

/// One row of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Row {
    /// A value for each column.
    pub data: Vec<Datum>,
}

/// One value of an answer; the variants are the service's member names.
#[allow(clippy::enum_variant_names)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) enum Datum {
    /// A scalar as text.
    ScalarValue(String),
    /// The elements of an array.
    ArrayValue(Vec<Datum>),
    /// The fields of a row.
    RowValue(Row),
    /// The points of a time series.
    TimeSeriesValue(Vec<TimeSeriesPoint>),
    /// No value; always `true`.
    NullValue(bool),
}

/// A point of a time series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TimeSeriesPoint {
    /// When, in the form of a TIMESTAMP.
    pub time: String,
    /// What.
    pub value: Datum,
}

impl ColumnInfo {
    /// A column called `name` of an Arrow type.
    pub(crate) fn new(name: impl Into<String>, data_type: &DataType) -> Self {
        Self { name: Some(name.into()), r#type: Type::of(data_type) }
    }

    fn element(data_type: &DataType) -> Box<Self> {
        Box::new(Self { name: None, r#type: Type::of(data_type) })
    }
}

impl Type {
    /// The service's type for what the engine computed.
    fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
                match time_series_value(item) {
                    Some(value) => {
                        Self::TimeSeriesMeasureValueColumnInfo(ColumnInfo::element(value.data_type()))
                    }
                    None => Self::ArrayColumnInfo(ColumnInfo::element(item.data_type())),
                }
            }
            DataType::Struct(fields) => Self::RowColumnInfo(
                fields.iter().map(|field| ColumnInfo::new(field.name(), field.data_type())).collect(),
            ),
            scalar => Self::ScalarType(scalar_type(scalar)),
        }
    }
}

/// The value field of a list's element, where the list is a time series: `{time, value}` points.
pub(super) fn time_series_value(item: &Field) -> Option<&Field> {
    let DataType::Struct(fields) = item.data_type() else { return None };
    match fields.iter().as_slice() {
        [time, value]
            if time.name() == "time"
                && value.name() == "value"
                && matches!(time.data_type(), DataType::Timestamp(..)) =>
        {
            Some(value)
        }
        _ => None,
    }
}

/// The service's name of a scalar type; what it has no name for is shown as text.
pub(super) fn scalar_type(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Null => "UNKNOWN",
        DataType::Boolean => "BOOLEAN",
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::UInt8 | DataType::UInt16 => "INTEGER",
        DataType::Int64 | DataType::UInt32 | DataType::UInt64 => "BIGINT",
        DataType::Float16 | DataType::Float32 | DataType::Float64 => "DOUBLE",
        DataType::Timestamp(..) => "TIMESTAMP",
        DataType::Date32 | DataType::Date64 => "DATE",
        DataType::Time32(_) | DataType::Time64(_) => "TIME",
        DataType::Interval(datafusion::arrow::datatypes::IntervalUnit::YearMonth) => "INTERVAL_YEAR_TO_MONTH",
        DataType::Interval(_) | DataType::Duration(_) => "INTERVAL_DAY_TO_SECOND",
        _ => "VARCHAR",
    }
}
