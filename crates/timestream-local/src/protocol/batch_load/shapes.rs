//! The wire shapes of CreateBatchLoadTask, as they come and as descriptions return them.

use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateBatchLoadTask {
    #[serde(skip_serializing)]
    pub(super) client_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) data_model_configuration: Option<WireDataModelConfiguration>,
    pub(super) data_source_configuration: Option<WireDataSource>,
    pub(super) report_configuration: Option<WireReport>,
    pub(super) target_database_name: Option<String>,
    pub(super) target_table_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) record_version: Option<i64>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireDataModelConfiguration {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) data_model: Option<WireDataModel>,
    #[serde(rename = "DataModelS3Configuration", skip_serializing_if = "Option::is_none")]
    pub(super) object: Option<WireObject>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireObject {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bucket_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) object_key: Option<String>,
}

/// A data model, in a request or in an object of a bucket.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireDataModel {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) time_column: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) time_unit: Option<String>,
    pub(super) dimension_mappings: Option<Vec<WireDimensionMapping>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) multi_measure_mappings: Option<WireMultiMeasures>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mixed_measure_mappings: Option<Vec<WireMixedMeasure>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) measure_name_column: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireDimensionMapping {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source_column: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) destination_column: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireMultiMeasures {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) target_multi_measure_name: Option<String>,
    #[serde(rename = "MultiMeasureAttributeMappings")]
    pub(super) attributes: Option<Vec<WireAttribute>>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireAttribute {
    pub(super) source_column: Option<String>,
    #[serde(rename = "TargetMultiMeasureAttributeName", skip_serializing_if = "Option::is_none")]
    pub(super) target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) measure_value_type: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireMixedMeasure {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) measure_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source_column: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) target_measure_name: Option<String>,
    pub(super) measure_value_type: Option<String>,
    #[serde(rename = "MultiMeasureAttributeMappings", skip_serializing_if = "Option::is_none")]
    pub(super) attributes: Option<Vec<WireAttribute>>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireDataSource {
    #[serde(rename = "DataSourceS3Configuration")]
    pub(super) location: Option<WireSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) csv_configuration: Option<WireCsv>,
    pub(super) data_format: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireSource {
    pub(super) bucket_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) object_key_prefix: Option<String>,
}

#[derive(Deserialize, Serialize, Default)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireCsv {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) column_separator: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) escape_char: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) quote_char: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) null_value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) trim_white_space: Option<bool>,
}

#[derive(Deserialize, Serialize)]
pub(super) struct WireReport {
    #[serde(rename = "ReportS3Configuration", skip_serializing_if = "Option::is_none")]
    pub(super) location: Option<WireReportLocation>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireReportLocation {
    pub(super) bucket_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) object_key_prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) encryption_option: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kms_key_id: Option<String>,
}
