//! Where the rows of a scheduled query go, spelled as the service spells it: the same shapes travel on the wire and
//! stand in the files. Not here: what the mappings do to a row (`mapping`).

use serde::{Deserialize, Serialize};

use crate::model::MeasureType;

/// `TargetConfiguration`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TargetConfiguration {
    pub(crate) timestream_configuration: Target,
}

/// `TimestreamConfiguration`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Target {
    pub(crate) database_name: String,
    pub(crate) table_name: String,
    pub(crate) time_column: String,
    pub(crate) dimension_mappings: Vec<DimensionMapping>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) multi_measure_mappings: Option<MultiMeasureMappings>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mixed_measure_mappings: Option<Vec<MixedMeasureMapping>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) measure_name_column: Option<String>,
}

/// `DimensionMapping`: a column, which the dimension is called after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DimensionMapping {
    pub(crate) name: String,
    pub(crate) dimension_value_type: DimensionValueType,
}

/// `DimensionValueType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum DimensionValueType {
    Varchar,
}

/// `MultiMeasureMappings`: each row becomes one MULTI record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MultiMeasureMappings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) target_multi_measure_name: Option<String>,
    pub(crate) multi_measure_attribute_mappings: Vec<Attribute>,
}

/// `MultiMeasureAttributeMapping`: a measure of a MULTI record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Attribute {
    pub(crate) source_column: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) target_multi_measure_attribute_name: Option<String>,
    pub(crate) measure_value_type: MeasureType,
}

/// `MixedMeasureMapping`: each row becomes a record for each of them that is about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MixedMeasureMapping {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) measure_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source_column: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) target_measure_name: Option<String>,
    pub(crate) measure_value_type: MeasureValueType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) multi_measure_attribute_mappings: Option<Vec<Attribute>>,
}

/// `MeasureValueType` of a mixed mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum MeasureValueType {
    Bigint,
    Boolean,
    Double,
    Varchar,
    Multi,
}

impl MeasureValueType {
    /// The type of a single value; none of a MULTI record.
    pub(super) fn single(self) -> Option<MeasureType> {
        match self {
            Self::Bigint => Some(MeasureType::Bigint),
            Self::Boolean => Some(MeasureType::Boolean),
            Self::Double => Some(MeasureType::Double),
            Self::Varchar => Some(MeasureType::Varchar),
            Self::Multi => None,
        }
    }
}

impl Attribute {
    /// What the measure is called in the table.
    pub(super) fn name(&self) -> &str {
        self.target_multi_measure_attribute_name.as_ref().unwrap_or(&self.source_column)
    }
}
