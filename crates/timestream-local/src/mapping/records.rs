//! The records that a row becomes. Not here: finding the columns (`super`).

use std::borrow::Cow;

use super::{Kind, Mapping, Measure, Value};
use crate::model::MeasureType;
use crate::records::{Text, WireDimension, WireMeasure, WireRecord};

/// A row of a source, which outlives the records made of it.
pub(crate) trait Row<'a>: Copy {
    /// The text of a column; none where it is null.
    fn text(self, column: usize) -> Option<&'a str>;

    /// A text of a column of times as a number, in the time unit of the source.
    ///
    /// # Errors
    /// Why it is no time.
    fn time(self, text: &'a str) -> Result<Cow<'a, str>, String>;
}

impl Mapping<usize> {
    /// Adds the records of a row to `records`, with `unit` as their TimeUnit. Null dimensions and measures are left
    /// out.
    ///
    /// # Errors
    /// Why the row is no record.
    pub(crate) fn records<'a>(
        &'a self,
        row: impl Row<'a>,
        unit: &'a str,
        version: i64,
        records: &mut Vec<WireRecord<'a>>,
    ) -> Result<(), String> {
        let measure_name = match self.measure_name.map(|column| row.text(column)) {
            Some(None) => return Err("The measure name is null.".to_owned()),
            Some(name) => name,
            None => None,
        };
        let time = row.time(row.text(self.time).ok_or("The time is null.")?)?;
        let dimension = |(column, name): &'a (usize, String)| {
            let value = Some(Text::from(row.text(*column)?));
            Some(WireDimension { name: Some(Text::from(name.as_str())), value, dimension_value_type: None })
        };
        let record = |kind: &'a Kind<usize>, value_type: &'a str| WireRecord {
            dimensions: Some(self.dimensions.iter().filter_map(dimension).collect::<Vec<_>>().into()),
            measure_name: kind.name.as_deref().or(measure_name).map(Text::from),
            measure_value_type: Some(Text::from(value_type)),
            time: Some(Text::from(time.clone())),
            time_unit: Some(Text::from(unit)),
            version: Some(version),
            ..WireRecord::default()
        };
        let (mut known, before) = (false, records.len());
        for kind in
            self.kinds.iter().filter(|kind| kind.when.is_none() || kind.when.as_deref() == measure_name)
        {
            known = true;
            match &kind.value {
                Value::Single(column, value_type) => {
                    let Some(value) = row.text(*column) else { continue };
                    let measure_value = Some(Text::from(value));
                    records.push(WireRecord { measure_value, ..record(kind, value_type.name()) });
                }
                Value::Multi(measures) => {
                    let values = measures.iter().filter_map(|measure| measure.wire(row).transpose());
                    let values = values.collect::<Result<Vec<_>, _>>()?;
                    if !values.is_empty() {
                        records.push(WireRecord { measure_values: Some(values), ..record(kind, "MULTI") });
                    }
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

impl Measure<usize> {
    /// The measure of a row; none where it is null.
    fn wire<'a>(&'a self, row: impl Row<'a>) -> Result<Option<WireMeasure<'a>>, String> {
        let Some(text) = row.text(self.column) else { return Ok(None) };
        let value = if self.kind == MeasureType::Timestamp { row.time(text)? } else { Cow::Borrowed(text) };
        Ok(Some(WireMeasure {
            name: Some(Text::from(self.name.as_str())),
            value: Some(Text::from(value)),
            kind: Some(Text::from(self.kind.name())),
        }))
    }
}
