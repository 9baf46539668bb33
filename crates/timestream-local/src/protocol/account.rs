//! DescribeAccountSettings and UpdateAccountSettings.

use serde::{Deserialize, Serialize};

use super::{Failure, Nothing, checks};
use crate::account::{AccountError, Change, ComputeMode, Notification, PricingModel, Provisioned, Settings};
use crate::engine::Engine;

/// Compute units come in fours.
const TCU_STEP: u32 = 4;
const MAX_TCU: i64 = 1_000;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UpdateAccountSettings {
    #[serde(rename = "MaxQueryTCU")]
    max_query_tcu: Option<i64>,
    query_pricing_model: Option<String>,
    query_compute: Option<WireCompute>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireCompute {
    compute_mode: Option<String>,
    provisioned_capacity: Option<WireCapacity>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireCapacity {
    #[serde(rename = "TargetQueryTCU")]
    target_query_tcu: Option<i64>,
    notification_configuration: Option<WireNotification>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct WireNotification {
    #[serde(skip_serializing_if = "Option::is_none")]
    sns_configuration: Option<WireSns>,
    role_arn: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct WireSns {
    topic_arn: Option<String>,
}

/// The answer of both operations.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AccountSettings {
    #[serde(rename = "MaxQueryTCU")]
    max_query_tcu: u32,
    query_pricing_model: PricingModel,
    query_compute: Compute,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Compute {
    compute_mode: ComputeMode,
    #[serde(skip_serializing_if = "Option::is_none")]
    provisioned_capacity: Option<Capacity>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Capacity {
    #[serde(rename = "ActiveQueryTCU")]
    active_query_tcu: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    notification_configuration: Option<WireNotification>,
    last_update: LastUpdate,
}

/// The last change, which here has succeeded at once.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct LastUpdate {
    #[serde(rename = "TargetQueryTCU")]
    target_query_tcu: u32,
    status: &'static str,
}

impl AccountSettings {
    fn new(settings: &Settings) -> Self {
        Self {
            max_query_tcu: settings.max_query_tcu,
            query_pricing_model: settings.pricing_model,
            query_compute: Compute {
                compute_mode: settings.compute_mode(),
                provisioned_capacity: settings.provisioned.as_ref().map(Capacity::new),
            },
        }
    }
}

impl Capacity {
    fn new(provisioned: &Provisioned) -> Self {
        // The role is told where there is a topic, by the API's documentation.
        let told = |notification: &Notification| {
            let sns = WireSns { topic_arn: Some(notification.topic_arn.clone()?) };
            Some(WireNotification {
                sns_configuration: Some(sns),
                role_arn: Some(notification.role_arn.clone()),
            })
        };
        Self {
            active_query_tcu: provisioned.tcu,
            notification_configuration: provisioned.notification.as_ref().and_then(told),
            last_update: LastUpdate { target_query_tcu: provisioned.tcu, status: "SUCCEEDED" },
        }
    }
}

pub(super) fn describe(engine: &Engine, _request: Nothing) -> Result<AccountSettings, Failure> {
    Ok(AccountSettings::new(&engine.account().read()))
}

pub(super) fn update(engine: &Engine, request: UpdateAccountSettings) -> Result<AccountSettings, Failure> {
    use PricingModel::*;
    let model = request.query_pricing_model.map(|model| {
        let models = [("BYTES_SCANNED", BytesScanned), ("COMPUTE_UNITS", ComputeUnits)];
        checks::one_of("queryPricingModel", &model, &models)
    });
    let compute = request.query_compute.map(read_compute);
    let (max_query_tcu, pricing_model, compute) = checks::all((
        request.max_query_tcu.map(|tcu| read_tcu("maxQueryTCU", tcu)).transpose(),
        model.transpose(),
        compute.transpose(),
    ))?;
    let (compute_mode, provisioned) = compute.unwrap_or_default();
    let change = Change { max_query_tcu, pricing_model, compute_mode, provisioned };
    let settings = engine.account().change(|settings| {
        settings.apply(change)?;
        Ok::<_, AccountError>(settings.clone())
    })?;
    Ok(AccountSettings::new(&settings))
}

fn read_compute(wire: WireCompute) -> Result<(Option<ComputeMode>, Option<Provisioned>), Failure> {
    let mode = wire.compute_mode.map(|mode| {
        let modes = [("ON_DEMAND", ComputeMode::OnDemand), ("PROVISIONED", ComputeMode::Provisioned)];
        checks::one_of("queryCompute.computeMode", &mode, &modes)
    });
    checks::all((mode.transpose(), wire.provisioned_capacity.map(read_capacity).transpose()))
}

fn read_capacity(wire: WireCapacity) -> Result<Provisioned, Failure> {
    let member = "queryCompute.provisionedCapacity.targetQueryTCU";
    let tcu = checks::required(member, wire.target_query_tcu).and_then(|tcu| read_tcu(member, tcu));
    let notification = wire.notification_configuration.map(read_notification).transpose();
    let (tcu, notification) = checks::all((tcu, notification))?;
    Ok(Provisioned { tcu, notification })
}

fn read_notification(wire: WireNotification) -> Result<Notification, Failure> {
    let arn = |member: &str, arn| {
        let arn: String = checks::required(member, arn)?;
        checks::length(member, &arn, 1..=2_048)?;
        Ok(arn)
    };
    let parent = "queryCompute.provisionedCapacity.notificationConfiguration";
    let topic =
        wire.sns_configuration.map(|sns| arn(&format!("{parent}.snsConfiguration.topicArn"), sns.topic_arn));
    let (role_arn, topic_arn) =
        checks::all((arn(&format!("{parent}.roleArn"), wire.role_arn), topic.transpose()))?;
    Ok(Notification { role_arn, topic_arn })
}

/// Compute units: a multiple of four up to a thousand, by the API's documentation; the model has no bound.
fn read_tcu(member: &str, tcu: i64) -> Result<u32, Failure> {
    let tcu = checks::within(member, tcu, i64::from(TCU_STEP)..=MAX_TCU)?;
    let tcu = u32::try_from(tcu).expect("the checked range fits");
    if tcu.is_multiple_of(TCU_STEP) {
        return Ok(tcu);
    }
    Err(checks::constraint(member, tcu, "Member must be a multiple of 4"))
}
