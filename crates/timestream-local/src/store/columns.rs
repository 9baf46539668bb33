//! The columns of a table as SQL and files see them. Not here: their rows (`batch`), how they come to
//! be known (`dictionary`).

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

use crate::model::{Column, ColumnKind, MeasureType};

/// The version of a row: a column that queries read but do not show.
pub(crate) const VERSION_COLUMN: &str = "__version";

/// The number of a row's dimension set: a column of files that queries do not read.
pub(super) const SET_COLUMN: &str = "__set";

/// A column of values: `measure_value::TYPE`, or a measure of MULTI records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ValueColumn {
    pub name: String,
    pub kind: MeasureType,
    pub multi: bool,
}

/// A measure name with what it fills, as `SHOW MEASURES` lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MeasureSummary {
    /// The measure name.
    pub name: String,
    /// The columns its records fill: one `measure_value::TYPE`, or the measures of MULTI records.
    pub columns: Vec<Column>,
    /// The dimensions its records have, in the table's order.
    pub dimensions: Vec<String>,
}

/// A table's columns at one moment.
#[derive(Debug)]
pub(super) struct Layout {
    /// What SQL sees, in `SELECT *` order.
    pub columns: Vec<Column>,
    pub measures: Arc<[MeasureSummary]>,
    /// `columns` and the version.
    pub schema: SchemaRef,
    /// `schema` and the number of the dimension set, which only files have.
    pub file_schema: SchemaRef,
    /// The value columns' numbers in the schema's order.
    pub values: Vec<u16>,
}

impl Layout {
    pub(super) fn new<'a>(
        dimensions: impl Iterator<Item = &'a str>,
        values: &[ValueColumn],
        measures: Arc<[MeasureSummary]>,
    ) -> Self {
        let mut order: Vec<u16> = (0..=u16::MAX).take(values.len()).collect();
        order.sort_by_key(|&id| match &values[id as usize] {
            ValueColumn { multi: false, kind, .. } => (0, *kind as u16),
            ValueColumn { multi: true, .. } => (1, id),
        });
        let column = |name: &str, kind| Column { name: name.to_owned(), kind };
        let mut columns: Vec<Column> = dimensions.map(|name| column(name, ColumnKind::Dimension)).collect();
        columns.push(column("measure_name", ColumnKind::MeasureName));
        columns.push(column("time", ColumnKind::Time));
        columns.extend(order.iter().map(|&id| values[id as usize].column()));
        let mut fields: Vec<Field> = columns.iter().map(field).collect();
        fields.push(Field::new(VERSION_COLUMN, DataType::Int64, false));
        let schema = Arc::new(Schema::new(fields.clone()));
        fields.push(Field::new(SET_COLUMN, DataType::UInt32, false));
        Self { columns, measures, schema, file_schema: Arc::new(Schema::new(fields)), values: order }
    }
}

impl ValueColumn {
    /// The name of the column that single values of a type fill.
    pub(super) fn single_name(kind: MeasureType) -> &'static str {
        match kind {
            MeasureType::Double => "measure_value::double",
            MeasureType::Bigint => "measure_value::bigint",
            MeasureType::Boolean => "measure_value::boolean",
            MeasureType::Varchar => "measure_value::varchar",
            MeasureType::Timestamp => "measure_value::timestamp",
        }
    }

    /// The column as SQL sees it.
    pub(super) fn column(&self) -> Column {
        let kind =
            if self.multi { ColumnKind::Multi(self.kind) } else { ColumnKind::MeasureValue(self.kind) };
        Column { name: self.name.clone(), kind }
    }
}

/// Whether the store keeps a column of its own by this name.
pub(super) fn is_reserved(name: &str) -> bool {
    matches!(name, "time" | "measure_name" | VERSION_COLUMN | SET_COLUMN)
        || name.starts_with("measure_value::")
}

/// A column of a table as files have it.
pub(super) fn field(column: &Column) -> Field {
    let (data_type, nullable) = match column.kind {
        ColumnKind::Dimension => (DataType::Utf8View, true),
        ColumnKind::MeasureName => (DataType::Utf8View, false),
        ColumnKind::Time => (data_type(MeasureType::Timestamp), false),
        ColumnKind::MeasureValue(kind) | ColumnKind::Multi(kind) => (data_type(kind), true),
    };
    Field::new(&column.name, data_type, nullable)
}

/// The Arrow type of a measure's values.
pub(super) fn data_type(kind: MeasureType) -> DataType {
    match kind {
        MeasureType::Double => DataType::Float64,
        MeasureType::Bigint => DataType::Int64,
        MeasureType::Boolean => DataType::Boolean,
        MeasureType::Varchar => DataType::Utf8View,
        MeasureType::Timestamp => DataType::Timestamp(TimeUnit::Nanosecond, None),
    }
}
