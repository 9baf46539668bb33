//! From a row of named columns to records: the data model with its columns found. It knows nothing of where
//! rows come from: they give a column's text by its place. Not here: the checks of records (`protocol`).

use super::data_model::{Attribute, DataModel, Measures, Mixed, MixedValue, Named};
use crate::model::MeasureType;
use crate::protocol::{Text, WireDimension, WireMeasure, WireRecord};

/// A data model over the columns of one source.
pub(super) struct Mapping {
    time: usize,
    time_unit: String,
    version: i64,
    dimensions: Vec<(usize, String)>,
    measure_name: Option<usize>,
    records: Vec<Kind>,
}

/// One kind of records that a row may become.
struct Kind {
    /// The measure name of the rows that it is about; none is all of them.
    when: Option<String>,
    /// The measure name in the table; none is that of the row.
    name: Option<String>,
    value: Value,
}

enum Value {
    Single(usize, MeasureType),
    Multi(Vec<Measure>),
}

struct Measure {
    column: usize,
    name: String,
    kind: MeasureType,
}

impl Mapping {
    /// Finds the columns of `model`; `find` tells a column's place by its name, or why there is none.
    pub(super) fn new(
        model: &DataModel,
        version: i64,
        find: impl Fn(&str) -> Result<usize, String>,
    ) -> Result<Self, String> {
        let find = |name: &String| find(name);
        let measures = |attributes: &[Attribute]| {
            let measure = |Attribute { column, name, kind }: &Attribute| {
                Ok(Measure { column: find(column)?, name: name.clone(), kind: *kind })
            };
            attributes.iter().map(measure).collect::<Result<Vec<_>, String>>()
        };
        let records = match &model.measures {
            Measures::Multi { name, attributes } => {
                vec![Kind { when: None, name: name.clone(), value: Value::Multi(measures(attributes)?) }]
            }
            Measures::Mixed(mixed) => {
                let kind = |mixed: &Mixed| {
                    let value = match &mixed.value {
                        MixedValue::Single { column, kind } => Value::Single(find(column)?, *kind),
                        MixedValue::Multi(attributes) => Value::Multi(measures(attributes)?),
                    };
                    Ok(Kind { when: mixed.when.clone(), name: Some(mixed.name.clone()), value })
                };
                mixed.iter().map(kind).collect::<Result<_, String>>()?
            }
        };
        let dimension = |Named { column, name }: &Named| Ok((find(column)?, name.clone()));
        Ok(Self {
            time: find(&model.time_column)?,
            time_unit: model.time_unit.clone(),
            version,
            dimensions: model.dimensions.iter().map(dimension).collect::<Result<_, String>>()?,
            measure_name: model.measure_name_column.as_ref().map(find).transpose()?,
            records,
        })
    }

    /// Adds the records of a row to `records`. `text` gives a column's text, none where it is null: null
    /// dimensions and measures are left out.
    ///
    /// # Errors
    /// Why the row is no record.
    pub(super) fn records<'a>(
        &'a self,
        text: impl Fn(usize) -> Option<&'a str>,
        records: &mut Vec<WireRecord<'a>>,
    ) -> Result<(), String> {
        let measure_name = match self.measure_name.map(&text) {
            Some(None) => return Err("The measure name is null.".to_owned()),
            Some(name) => name,
            None => None,
        };
        let before = records.len();
        let mut known = false;
        for kind in
            self.records.iter().filter(|kind| kind.when.is_none() || kind.when.as_deref() == measure_name)
        {
            known = true;
            let record = || self.record(kind.name.as_deref().or(measure_name), &text);
            match &kind.value {
                Value::Single(column, kind) => {
                    if let Some(value) = text(*column) {
                        records.push(WireRecord {
                            measure_value: Some(Text::from(value)),
                            measure_value_type: Some(Text::from(kind.name())),
                            ..record()
                        });
                    }
                }
                Value::Multi(measures) => {
                    let values: Vec<_> = measures.iter().filter_map(|measure| measure.wire(&text)).collect();
                    if !values.is_empty() {
                        records.push(WireRecord {
                            measure_values: Some(values),
                            measure_value_type: Some(Text::from("MULTI")),
                            ..record()
                        });
                    }
                }
            }
        }
        if records.len() > before {
            return Ok(());
        }
        Err(match measure_name {
            Some(name) if !known => format!("No mapping is about the measure name '{name}'."),
            _ => "Every measure of the row is null.".to_owned(),
        })
    }

    /// A record that measures nothing yet.
    fn record<'a>(
        &'a self,
        measure_name: Option<&'a str>,
        text: &impl Fn(usize) -> Option<&'a str>,
    ) -> WireRecord<'a> {
        let dimension = |(column, name): &'a (usize, String)| {
            let value = Some(Text::from(text(*column)?));
            Some(WireDimension { name: Some(Text::from(name.as_str())), value, dimension_value_type: None })
        };
        WireRecord {
            dimensions: Some(self.dimensions.iter().filter_map(dimension).collect()),
            measure_name: measure_name.map(Text::from),
            time: text(self.time).map(Text::from),
            time_unit: Some(Text::from(self.time_unit.as_str())),
            version: Some(self.version),
            ..WireRecord::default()
        }
    }
}

impl Measure {
    fn wire<'a>(&'a self, text: &impl Fn(usize) -> Option<&'a str>) -> Option<WireMeasure<'a>> {
        let value = Some(Text::from(text(self.column)?));
        Some(WireMeasure {
            name: Some(Text::from(self.name.as_str())),
            value,
            kind: Some(Text::from(self.kind.name())),
        })
    }
}
