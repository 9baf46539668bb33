//! The settings of the account that owns everything here. Not here: changing them.

use serde::Serialize;

/// The answer of DescribeAccountSettings.
#[derive(Serialize)]
pub(super) struct Settings {
    #[serde(rename = "MaxQueryTCU")]
    max_query_tcu: u32,
    #[serde(rename = "QueryPricingModel")]
    query_pricing_model: &'static str,
}

/// DescribeAccountSettings. Queries say what they would be charged for by bytes, so that is the model.
pub(super) fn settings() -> Settings {
    Settings { max_query_tcu: 4, query_pricing_model: "BYTES_SCANNED" }
}
