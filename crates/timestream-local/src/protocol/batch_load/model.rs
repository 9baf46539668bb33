//! The rules of data models. Not here: what records become of them (`batch_load` of the crate).

use super::super::{Failure, checks};
use super::shapes::{WireAttribute, WireDataModel, WireMixedMeasure, WireMultiMeasures};
use crate::batch_load::{Attribute, DataModel, Measures, Mixed, MixedValue, Named};
use crate::model::MeasureType;

const UNITS: [(&str, ()); 4] =
    [("MILLISECONDS", ()), ("SECONDS", ()), ("MICROSECONDS", ()), ("NANOSECONDS", ())];
const TYPES: [(&str, MeasureType); 5] = [
    ("DOUBLE", MeasureType::Double),
    ("BIGINT", MeasureType::Bigint),
    ("BOOLEAN", MeasureType::Boolean),
    ("VARCHAR", MeasureType::Varchar),
    ("TIMESTAMP", MeasureType::Timestamp),
];

/// Checks the data model that stands at the member `at`.
pub(super) fn read_model(at: &str, wire: WireDataModel) -> Result<DataModel, Failure> {
    let member = |name: &str| format!("{at}.{name}");
    let time_column = checks::required(member("timeColumn"), wire.time_column)?;
    checks::length(member("timeColumn"), &time_column, 1..=256)?;
    let time_unit = wire.time_unit.unwrap_or_else(|| "MILLISECONDS".to_owned());
    checks::one_of(member("timeUnit"), &time_unit, &UNITS)?;
    if let Some(column) = &wire.measure_name_column {
        checks::length(member("measureNameColumn"), column, 1..=256)?;
    }
    let dimensions = checks::required(member("dimensionMappings"), wire.dimension_mappings)?;
    checks::count(member("dimensionMappings"), &dimensions, 1..=usize::MAX)?;
    let dimension = |(index, mapping): (usize, super::shapes::WireDimensionMapping)| {
        let at = format!("{at}.dimensionMappings.{}.member", index + 1);
        let (source, destination) = (mapping.source_column, mapping.destination_column);
        let column = checks::required(format!("{at}.sourceColumn"), source)?;
        checks::length(format!("{at}.sourceColumn"), &column, 1..=usize::MAX)?;
        let name = destination.unwrap_or_else(|| column.clone());
        checks::length(format!("{at}.destinationColumn"), &name, 1..=usize::MAX)?;
        Ok(Named { column, name })
    };
    let dimensions =
        dimensions.into_iter().enumerate().map(dimension).collect::<Result<Vec<_>, Failure>>()?;
    let named = wire.measure_name_column.is_some();
    let measures = match (wire.multi_measure_mappings, wire.mixed_measure_mappings) {
        (Some(multi), None) => read_multi(&member("multiMeasureMappings"), multi, named)?,
        (None, Some(mixed)) => read_mixed(&member("mixedMeasureMappings"), mixed, named)?,
        _ => {
            return Err(Failure::validation(
                "The data model must have either MultiMeasureMappings or MixedMeasureMappings.",
            ));
        }
    };
    Ok(DataModel {
        time_column,
        time_unit,
        dimensions,
        measure_name_column: wire.measure_name_column,
        measures,
    })
}

fn read_multi(at: &str, wire: WireMultiMeasures, named: bool) -> Result<Measures, Failure> {
    let name = wire.target_multi_measure_name;
    if let Some(name) = &name {
        checks::length(format!("{at}.targetMultiMeasureName"), name, 1..=usize::MAX)?;
    }
    if name.is_none() && !named {
        return Err(Failure::validation(
            "The measure name is missing: the data model needs a MeasureNameColumn or a TargetMultiMeasureName.",
        ));
    }
    let attributes = read_attributes(&format!("{at}.multiMeasureAttributeMappings"), wire.attributes)?;
    // The column says more than the name for all.
    Ok(Measures::Multi { name: name.filter(|_| !named), attributes })
}

fn read_mixed(at: &str, wire: Vec<WireMixedMeasure>, named: bool) -> Result<Measures, Failure> {
    checks::count(at, &wire, 1..=usize::MAX)?;
    let mixed = wire.into_iter().enumerate();
    let mixed = mixed.map(|(index, wire)| read_mixed_one(&format!("{at}.{}.member", index + 1), wire, named));
    Ok(Measures::Mixed(mixed.collect::<Result<_, _>>()?))
}

fn read_mixed_one(at: &str, wire: WireMixedMeasure, named: bool) -> Result<Mixed, Failure> {
    let member = |name: &str| format!("{at}.{name}");
    for (name, text) in [
        ("measureName", &wire.measure_name),
        ("sourceColumn", &wire.source_column),
        ("targetMeasureName", &wire.target_measure_name),
    ] {
        if let Some(text) = text {
            checks::length(member(name), text, 1..=usize::MAX)?;
        }
    }
    if named && wire.measure_name.is_none() {
        return Err(Failure::validation(format!(
            "The mapping at '{at}' needs a MeasureName: the MeasureNameColumn tells which mapping a line is for."
        )));
    }
    let kind = checks::required(member("measureValueType"), wire.measure_value_type)?;
    let known: Vec<_> =
        TYPES.iter().map(|(name, kind)| (*name, Some(*kind))).chain([("MULTI", None)]).collect();
    let kind = checks::one_of(member("measureValueType"), &kind, &known)?;
    let name = wire.target_measure_name.or_else(|| wire.measure_name.clone());
    let when = wire.measure_name.filter(|_| named);
    match (kind, wire.source_column, wire.attributes) {
        (Some(MeasureType::Timestamp), ..) => Err(Failure::validation(format!(
            "The mapping at '{at}' is of the MeasureValueType TIMESTAMP, which only measures of MULTI records can have."
        ))),
        (Some(kind), column, None) => {
            let column = checks::required(member("sourceColumn"), column)?;
            let name = name.unwrap_or_else(|| column.clone());
            Ok(Mixed { when, name, value: MixedValue::Single { column, kind } })
        }
        (None, None, attributes) => {
            let attributes = read_attributes(&member("multiMeasureAttributeMappings"), attributes)?;
            let name = name.ok_or_else(|| {
                Failure::validation(format!(
                    "The mapping at '{at}' needs a TargetMeasureName or a MeasureName."
                ))
            })?;
            Ok(Mixed { when, name, value: MixedValue::Multi(attributes) })
        }
        (Some(_), _, Some(_)) => Err(Failure::validation(format!(
            "The mapping at '{at}' has MultiMeasureAttributeMappings, which need the MeasureValueType MULTI."
        ))),
        (None, Some(_), _) => Err(Failure::validation(format!(
            "The mapping at '{at}' is of the MeasureValueType MULTI, whose SourceColumns stand in its \
             MultiMeasureAttributeMappings."
        ))),
    }
}

fn read_attributes(at: &str, wire: Option<Vec<WireAttribute>>) -> Result<Vec<Attribute>, Failure> {
    let wire = checks::required(at, wire)?;
    checks::count(at, &wire, 1..=usize::MAX)?;
    let attribute = |(index, wire): (usize, WireAttribute)| {
        let member = |name: &str| format!("{at}.{}.member.{name}", index + 1);
        let column = checks::required(member("sourceColumn"), wire.source_column)?;
        checks::length(member("sourceColumn"), &column, 1..=usize::MAX)?;
        let name = wire.target.unwrap_or_else(|| column.clone());
        checks::length(member("targetMultiMeasureAttributeName"), &name, 1..=usize::MAX)?;
        // As for the values of records, where no type is given.
        let kind = wire.measure_value_type.as_deref().unwrap_or("DOUBLE");
        let kind = checks::one_of(member("measureValueType"), kind, &TYPES)?;
        Ok(Attribute { column, name, kind })
    };
    wire.into_iter().enumerate().map(attribute).collect()
}
