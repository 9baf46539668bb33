//! The account's settings of queries, and the rules of their change. Nothing here runs by them: they are kept and
//! told. Not here: wire shapes and bounds (`protocol`).

use serde::{Deserialize, Serialize};

use crate::json_file::JsonFileError;

/// Of the settings' file; raised when older programs could no longer read it.
pub(crate) const FORMAT: u32 = 1;

/// What DescribeAccountSettings tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// Compute units that queries may take on demand.
    pub(crate) max_query_tcu: u32,
    pub(crate) pricing_model: PricingModel,
    /// None where queries take compute units on demand.
    pub(crate) provisioned: Option<Provisioned>,
}

impl Default for Settings {
    /// 200 compute units, as the service gives new accounts. Queries say what they would be charged for by
    /// bytes, so that is the model until it is changed.
    fn default() -> Self {
        Self { max_query_tcu: 200, pricing_model: PricingModel::BytesScanned, provisioned: None }
    }
}

/// `QueryPricingModel`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum PricingModel {
    BytesScanned,
    ComputeUnits,
}

/// `ComputeMode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ComputeMode {
    OnDemand,
    Provisioned,
}

/// Compute units that are there all the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Provisioned {
    pub(crate) tcu: u32,
    pub(crate) notification: Option<Notification>,
}

/// Who is told when they change; nobody is told here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Notification {
    pub(crate) role_arn: String,
    pub(crate) topic_arn: Option<String>,
}

/// What an update asks for; what is none stays as it is.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub(crate) max_query_tcu: Option<u32>,
    pub(crate) pricing_model: Option<PricingModel>,
    pub(crate) compute_mode: Option<ComputeMode>,
    pub(crate) provisioned: Option<Provisioned>,
}

/// Why settings do not change.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AccountError {
    #[error("The QueryPricingModel can only be changed to COMPUTE_UNITS.")]
    BytesScanned,
    #[error("The ComputeMode PROVISIONED needs a ProvisionedCapacity with its TargetQueryTCU.")]
    NoCapacity,
    #[error("A ProvisionedCapacity needs the ComputeMode PROVISIONED.")]
    NotProvisioned,
    #[error("the settings were not saved: {0}")]
    File(#[from] JsonFileError),
}

impl Settings {
    pub(crate) fn compute_mode(&self) -> ComputeMode {
        if self.provisioned.is_some() { ComputeMode::Provisioned } else { ComputeMode::OnDemand }
    }

    /// Takes the change. Whatever it asks for, the account is charged by compute units from then on, and for
    /// good: so the API's documentation.
    pub(crate) fn apply(&mut self, change: Change) -> Result<(), AccountError> {
        let Change { max_query_tcu, pricing_model, compute_mode, provisioned } = change;
        if pricing_model == Some(PricingModel::BytesScanned) {
            return Err(AccountError::BytesScanned);
        }
        let asked = max_query_tcu.is_some() || pricing_model.is_some() || compute_mode.is_some();
        if asked || provisioned.is_some() {
            self.pricing_model = PricingModel::ComputeUnits;
        }
        self.provisioned = match (compute_mode.unwrap_or(self.compute_mode()), provisioned) {
            (ComputeMode::OnDemand, Some(_)) => return Err(AccountError::NotProvisioned),
            (ComputeMode::OnDemand, None) => None,
            (ComputeMode::Provisioned, None) => {
                Some(self.provisioned.take().ok_or(AccountError::NoCapacity)?)
            }
            (ComputeMode::Provisioned, given) => given,
        };
        self.max_query_tcu = max_query_tcu.unwrap_or(self.max_query_tcu);
        Ok(())
    }
}
