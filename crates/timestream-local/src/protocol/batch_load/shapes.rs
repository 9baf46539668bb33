//! The wire shapes of CreateBatchLoadTask, as they come and as descriptions return them.

use serde::{Deserialize, Serialize};

use super::super::mappings::{WireMixedMeasure, WireMultiMeasures};

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateBatchLoadTask {
    #[serde(skip_serializing)]
    pub(super) client_token: Option<String>,
    pub(super) data_model_configuration: Option<WireDataModelConfiguration>,
    pub(super) data_source_configuration: Option<WireDataSource>,
    pub(super) report_configuration: Option<WireReport>,
    pub(super) target_database_name: Option<String>,
    pub(super) target_table_name: Option<String>,
    pub(super) record_version: Option<i64>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireDataModelConfiguration {
    pub(super) data_model: Option<WireDataModel>,
    #[serde(rename = "DataModelS3Configuration")]
    pub(super) object: Option<WireObject>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireObject {
    pub(super) bucket_name: Option<String>,
    pub(super) object_key: Option<String>,
}

/// A data model, in a request or in an object of a bucket.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireDataModel {
    pub(super) time_column: Option<String>,
    pub(super) time_unit: Option<String>,
    pub(super) dimension_mappings: Option<Vec<WireDimension>>,
    pub(super) multi_measure_mappings: Option<WireMultiMeasures>,
    pub(super) mixed_measure_mappings: Option<Vec<WireMixedMeasure>>,
    pub(super) measure_name_column: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireDimension {
    pub(super) source_column: Option<String>,
    pub(super) destination_column: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireDataSource {
    #[serde(rename = "DataSourceS3Configuration")]
    pub(super) location: Option<WireSource>,
    pub(super) csv_configuration: Option<WireCsv>,
    pub(super) data_format: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireSource {
    pub(super) bucket_name: Option<String>,
    pub(super) object_key_prefix: Option<String>,
}

#[derive(Deserialize, Serialize, Default)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireCsv {
    pub(super) column_separator: Option<String>,
    pub(super) escape_char: Option<String>,
    pub(super) quote_char: Option<String>,
    pub(super) null_value: Option<String>,
    pub(super) trim_white_space: Option<bool>,
}

#[derive(Deserialize, Serialize)]
pub(super) struct WireReport {
    #[serde(rename = "ReportS3Configuration")]
    pub(super) location: Option<WireReportLocation>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireReportLocation {
    pub(super) bucket_name: Option<String>,
    pub(super) object_key_prefix: Option<String>,
    pub(super) encryption_option: Option<String>,
    pub(super) kms_key_id: Option<String>,
}
