//! From a row of a query to records of the target table: its mappings with their columns found. Not here: the checks
//! of records, which are those of WriteRecords (`protocol`), and how the mappings are written (`target`).
//!
//! What the mappings mean is told by the service model's documentation; that nulls are left out is from memory.

mod columns;

use std::borrow::Cow;

use chrono::NaiveDateTime;

use super::target::{Attribute, MixedMeasureMapping, Target};
use crate::model::MeasureType;
use crate::protocol::{Text, WireDimension, WireMeasure, WireRecord};
use crate::sql::{ColumnInfo, Datum, Row};

pub(crate) use columns::MappingError;
use columns::{Columns, once};

/// The mappings of a target over the columns of its query.
#[derive(Debug)]
pub(crate) struct Mapping {
    time: usize,
    dimensions: Vec<(usize, String)>,
    measure_name: Option<usize>,
    kinds: Vec<Kind>,
}

/// One kind of records that a row may become.
#[derive(Debug)]
struct Kind {
    /// The measure name of the rows that it is about; none is all of them.
    when: Option<String>,
    /// The measure name in the table; none is that of the row.
    name: Option<String>,
    value: Value,
}

#[derive(Debug)]
enum Value {
    Single(usize, MeasureType),
    Multi(Vec<Measure>),
}

#[derive(Debug)]
struct Measure {
    column: usize,
    name: String,
    kind: MeasureType,
}

impl Mapping {
    /// Finds the columns that `target` names.
    pub(crate) fn new(target: &Target, columns: &[ColumnInfo]) -> Result<Self, MappingError> {
        let columns = Columns::of(columns);
        let kinds = match (&target.multi_measure_mappings, &target.mixed_measure_mappings) {
            (Some(multi), None) => {
                let name = multi.target_multi_measure_name.clone();
                // The row's name comes first, as the service has it.
                let name = if target.measure_name_column.is_some() { None } else { name };
                if name.is_none() && target.measure_name_column.is_none() {
                    return Err(MappingError::Incomplete(
                        "MultiMeasureMappings need a TargetMultiMeasureName where no MeasureNameColumn is given."
                            .to_owned(),
                    ));
                }
                let value = columns.multi(&multi.multi_measure_attribute_mappings)?;
                vec![Kind { when: None, name, value }]
            }
            (None, Some(mixed)) => {
                let named_by_rows = target.measure_name_column.is_some();
                let kinds = mixed.iter().map(|mapping| columns.kind(mapping, named_by_rows));
                kinds.collect::<Result<Vec<_>, _>>()?
            }
            _ => return Err(MappingError::Either),
        };
        if target.dimension_mappings.is_empty() {
            return Err(MappingError::NoDimension);
        }
        once("dimension", target.dimension_mappings.iter().map(|dimension| dimension.name.clone()))?;
        once("measure name", kinds.iter().filter_map(Kind::identity))?;
        let dimension = |name: &String| {
            let column = columns.find("a dimension mapping", name, &["VARCHAR"], "VARCHAR")?;
            Ok((column, name.clone()))
        };
        Ok(Self {
            time: columns.find("TimeColumn", &target.time_column, &["TIMESTAMP"], "TIMESTAMP")?,
            dimensions: (target.dimension_mappings.iter())
                .map(|mapping| dimension(&mapping.name))
                .collect::<Result<_, MappingError>>()?,
            measure_name: (target.measure_name_column.as_ref())
                .map(|name| columns.find("MeasureNameColumn", name, &["VARCHAR"], "VARCHAR"))
                .transpose()?,
            kinds,
        })
    }

    /// Adds the records of a row to `records`. Null dimensions and measures are left out.
    ///
    /// # Errors
    /// Why the row is no record.
    pub(super) fn records<'a>(
        &'a self,
        row: &'a Row,
        version: i64,
        records: &mut Vec<WireRecord<'a>>,
    ) -> Result<(), String> {
        let measure_name = match self.measure_name.map(|column| text(row, column)) {
            Some(None) => return Err("The measure name is null.".to_owned()),
            Some(name) => name,
            None => None,
        };
        let time = text(row, self.time).ok_or("The time is null.")?;
        let time = nanos(time).ok_or_else(|| format!("The time '{time}' is not between 1677 and 2262."))?;
        let record = |kind: &'a Kind| WireRecord {
            dimensions: Some(
                self.dimensions.iter().filter_map(|dimension| wire_dimension(row, dimension)).collect(),
            ),
            measure_name: kind.name.as_deref().or(measure_name).map(Text::from),
            time: Some(Text::from(Cow::Owned(time.clone()))),
            time_unit: Some(Text::from("NANOSECONDS")),
            version: Some(version),
            ..WireRecord::default()
        };
        let mut known = false;
        let before = records.len();
        for kind in &self.kinds {
            if kind.when.is_some() && kind.when.as_deref() != measure_name {
                continue;
            }
            known = true;
            match &kind.value {
                Value::Single(column, value_type) => {
                    let Some(value) = text(row, *column) else { continue };
                    let value_type = Some(Text::from(value_type.name()));
                    let measure_value = Some(Text::from(value));
                    records.push(WireRecord {
                        measure_value,
                        measure_value_type: value_type,
                        ..record(kind)
                    });
                }
                Value::Multi(measures) => {
                    let values: Vec<_> = measures.iter().filter_map(|measure| measure.wire(row)).collect();
                    if values.is_empty() {
                        continue;
                    }
                    let value_type = Some(Text::from("MULTI"));
                    let measure_values = Some(values);
                    records.push(WireRecord {
                        measure_values,
                        measure_value_type: value_type,
                        ..record(kind)
                    });
                }
            }
        }
        match measure_name {
            _ if records.len() > before => Ok(()),
            Some(name) if !known => Err(format!("No mapping is about the measure name '{name}'.")),
            _ => Err("Every measure of the row is null.".to_owned()),
        }
    }
}

impl Kind {
    /// What tells its records from those of others of the same row; none where the row does.
    fn identity(&self) -> Option<String> {
        let name = self.name.as_ref()?;
        Some(match &self.when {
            Some(when) if when != name => format!("{when} -> {name}"),
            _ => name.clone(),
        })
    }
}

impl Measure {
    fn wire<'a>(&'a self, row: &'a Row) -> Option<WireMeasure<'a>> {
        let value = text(row, self.column)?;
        let value = match self.kind {
            // In the record's unit; what does not fit is told by the check of its value.
            MeasureType::Timestamp => nanos(value).map_or(Cow::Borrowed(value), Cow::Owned),
            _ => Cow::Borrowed(value),
        };
        Some(WireMeasure {
            name: Some(Text::from(self.name.as_str())),
            value: Some(Text::from(value)),
            kind: Some(Text::from(self.kind.name())),
        })
    }
}

impl Columns<'_> {
    fn multi(&self, attributes: &[Attribute]) -> Result<Value, MappingError> {
        once("measure", attributes.iter().map(|attribute| attribute.name().to_owned()))?;
        let measure = |attribute: &Attribute| {
            let kind = attribute.measure_value_type;
            let column = self.measure("an attribute mapping", &attribute.source_column, kind)?;
            Ok(Measure { column, name: attribute.name().to_owned(), kind })
        };
        attributes.iter().map(measure).collect::<Result<_, _>>().map(Value::Multi)
    }

    fn kind(&self, mapping: &MixedMeasureMapping, named_by_rows: bool) -> Result<Kind, MappingError> {
        let incomplete = |what: &str| Err(MappingError::Incomplete(what.to_owned()));
        if named_by_rows && mapping.measure_name.is_none() {
            return incomplete(
                "Each of the MixedMeasureMappings needs a MeasureName where a MeasureNameColumn is given.",
            );
        }
        let value = match (
            mapping.measure_value_type.single(),
            &mapping.source_column,
            mapping.multi_measure_attribute_mappings.as_deref(),
        ) {
            (Some(kind), Some(column), None) => {
                Value::Single(self.measure("a mixed measure mapping", column, kind)?, kind)
            }
            (None, _, Some(attributes)) => self.multi(attributes)?,
            (Some(_), ..) => {
                return incomplete(
                    "A mixed measure mapping of a single type needs a SourceColumn, and no \
                     MultiMeasureAttributeMappings.",
                );
            }
            (None, ..) => {
                return incomplete(
                    "A mixed measure mapping of the type MULTI needs MultiMeasureAttributeMappings.",
                );
            }
        };
        let name = mapping.target_measure_name.as_ref().or(mapping.measure_name.as_ref());
        let Some(name) = name.or(mapping.source_column.as_ref()).cloned() else {
            return incomplete("A mixed measure mapping of the type MULTI needs a TargetMeasureName.");
        };
        Ok(Kind { when: mapping.measure_name.clone().filter(|_| named_by_rows), name: Some(name), value })
    }
}

fn wire_dimension<'a>(row: &'a Row, (column, name): &'a (usize, String)) -> Option<WireDimension<'a>> {
    let value = Some(Text::from(text(row, *column)?));
    Some(WireDimension { name: Some(Text::from(name.as_str())), value, dimension_value_type: None })
}

/// A value of a row; none where it is null.
fn text(row: &Row, column: usize) -> Option<&str> {
    match row.data.get(column) {
        Some(Datum::ScalarValue(text)) => Some(text),
        _ => None,
    }
}

/// A timestamp of an answer as nanoseconds since the epoch.
fn nanos(timestamp: &str) -> Option<String> {
    let time = NaiveDateTime::parse_from_str(timestamp, "%Y-%m-%d %H:%M:%S%.f").ok()?;
    Some(time.and_utc().timestamp_nanos_opt()?.to_string())
}
