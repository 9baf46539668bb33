//! The target configuration as requests carry it, and its checks. Not here: whether it fits the query
//! (`crate::scheduled`).

use std::fmt::Display;

use serde::Deserialize;

use super::super::{Failure, checks};
use crate::model::MeasureType;
use crate::scheduled::{
    Attribute, DimensionMapping, DimensionValueType, MeasureValueType, MixedMeasureMapping,
    MultiMeasureMappings, Target,
};

const HERE: &str = "targetConfiguration.timestreamConfiguration";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireTargetConfiguration {
    timestream_configuration: Option<WireTarget>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireTarget {
    database_name: Option<String>,
    table_name: Option<String>,
    time_column: Option<String>,
    dimension_mappings: Option<Vec<WireDimensionMapping>>,
    multi_measure_mappings: Option<WireMultiMeasureMappings>,
    mixed_measure_mappings: Option<Vec<WireMixedMeasureMapping>>,
    measure_name_column: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireDimensionMapping {
    name: Option<String>,
    dimension_value_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireMultiMeasureMappings {
    target_multi_measure_name: Option<String>,
    multi_measure_attribute_mappings: Option<Vec<WireAttribute>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireAttribute {
    source_column: Option<String>,
    target_multi_measure_attribute_name: Option<String>,
    measure_value_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireMixedMeasureMapping {
    measure_name: Option<String>,
    source_column: Option<String>,
    target_measure_name: Option<String>,
    measure_value_type: Option<String>,
    multi_measure_attribute_mappings: Option<Vec<WireAttribute>>,
}

impl WireTargetConfiguration {
    pub(super) fn check(self) -> Result<Target, Failure> {
        let wire = checks::required(HERE, self.timestream_configuration)?;
        let required = |name: &str, value| checks::required(format_args!("{HERE}.{name}"), value);
        let dimensions = checks::required(format_args!("{HERE}.dimensionMappings"), wire.dimension_mappings);
        let (
            (database_name, table_name, time_column),
            dimension_mappings,
            multi_measure_mappings,
            mixed_measure_mappings,
        ) = checks::all((
            checks::all((
                required("databaseName", wire.database_name),
                required("tableName", wire.table_name),
                required("timeColumn", wire.time_column),
            )),
            dimensions.and_then(|wire| each(&format!("{HERE}.dimensionMappings"), wire, read_dimension)),
            wire.multi_measure_mappings.map(read_multi).transpose(),
            wire.mixed_measure_mappings.map(read_mixed).transpose(),
        ))?;
        Ok(Target {
            database_name,
            table_name,
            time_column,
            dimension_mappings,
            multi_measure_mappings,
            mixed_measure_mappings,
            measure_name_column: wire.measure_name_column,
        })
    }
}

/// Reads the entries of a list, each told its place.
fn each<W, T>(
    list: &str,
    entries: Vec<W>,
    read: fn(&str, W) -> Result<T, Failure>,
) -> Result<Vec<T>, Failure> {
    let entries = entries.into_iter().enumerate();
    checks::each(entries.map(|(index, entry)| read(&format!("{list}.{}.member", index + 1), entry)))
}

fn read_dimension(at: &str, wire: WireDimensionMapping) -> Result<DimensionMapping, Failure> {
    let types = [("VARCHAR", DimensionValueType::Varchar)];
    let (name, dimension_value_type) = checks::all((
        checks::required(format_args!("{at}.name"), wire.name),
        one_of(format_args!("{at}.dimensionValueType"), wire.dimension_value_type, &types),
    ))?;
    Ok(DimensionMapping { name, dimension_value_type })
}

fn read_multi(wire: WireMultiMeasureMappings) -> Result<MultiMeasureMappings, Failure> {
    let list = format!("{HERE}.multiMeasureMappings.multiMeasureAttributeMappings");
    let attributes = checks::required(&list, wire.multi_measure_attribute_mappings)?;
    Ok(MultiMeasureMappings {
        target_multi_measure_name: wire.target_multi_measure_name,
        multi_measure_attribute_mappings: read_attributes(&list, attributes)?,
    })
}

fn read_mixed(wire: Vec<WireMixedMeasureMapping>) -> Result<Vec<MixedMeasureMapping>, Failure> {
    let list = format!("{HERE}.mixedMeasureMappings");
    checks::count(&list, &wire, 1..=usize::MAX)?;
    each(&list, wire, |at, wire| {
        use MeasureValueType::{Bigint, Boolean, Double, Multi, Varchar};
        let types = [
            ("BIGINT", Bigint),
            ("BOOLEAN", Boolean),
            ("DOUBLE", Double),
            ("VARCHAR", Varchar),
            ("MULTI", Multi),
        ];
        let attributes = wire.multi_measure_attribute_mappings;
        let attributes = attributes
            .map(|attributes| read_attributes(&format!("{at}.multiMeasureAttributeMappings"), attributes));
        let (measure_value_type, multi_measure_attribute_mappings) = checks::all((
            one_of(format_args!("{at}.measureValueType"), wire.measure_value_type, &types),
            attributes.transpose(),
        ))?;
        Ok(MixedMeasureMapping {
            measure_name: wire.measure_name,
            source_column: wire.source_column,
            target_measure_name: wire.target_measure_name,
            measure_value_type,
            multi_measure_attribute_mappings,
        })
    })
}

fn read_attributes(list: &str, wire: Vec<WireAttribute>) -> Result<Vec<Attribute>, Failure> {
    /// Measures of a MULTI record; the model has no bound, WriteRecords has.
    const MOST: usize = 256;
    checks::count(list, &wire, 1..=MOST)?;
    each(list, wire, |at, wire| {
        let types = [
            MeasureType::Bigint,
            MeasureType::Boolean,
            MeasureType::Double,
            MeasureType::Varchar,
            MeasureType::Timestamp,
        ]
        .map(|kind| (kind.name(), kind));
        let (source_column, measure_value_type) = checks::all((
            checks::required(format_args!("{at}.sourceColumn"), wire.source_column),
            one_of(format_args!("{at}.measureValueType"), wire.measure_value_type, &types),
        ))?;
        Ok(Attribute {
            source_column,
            target_multi_measure_attribute_name: wire.target_multi_measure_attribute_name,
            measure_value_type,
        })
    })
}

fn one_of<T: Copy>(member: impl Display, text: Option<String>, values: &[(&str, T)]) -> Result<T, Failure> {
    let text = checks::required(&member, text)?;
    checks::one_of(&member, &text, values)
}
