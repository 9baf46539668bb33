//! From a plan's target to clients of the SDK. Not here: starting the local server (`local`).

use std::path::PathBuf;
use std::sync::Arc;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use tokio::sync::Semaphore;

use super::send::Sender;
use super::{ErrorKind, Place, Target, TargetError, credentials, local};
use crate::plan::{TargetKind, TargetPlan, Timeouts};

/// What the command line says about the target; it goes before the scenario and the environment.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// The AWS profile.
    pub profile: Option<String>,
    /// The AWS region.
    pub region: Option<String>,
    /// An endpoint instead of the service's own.
    pub endpoint_url: Option<String>,
    /// The local server's data directory.
    pub data_dir: Option<PathBuf>,
}

/// Connects to a plan's target; a local server is started or joined first.
///
/// # Errors
/// No region, no credentials, no way to the endpoint, or a local server that does not start.
pub async fn connect(plan: &TargetPlan, overrides: &Overrides) -> Result<Target, TargetError> {
    match plan.kind {
        TargetKind::Local => connect_local(plan, overrides).await,
        TargetKind::Timestream => connect_aws(plan, overrides).await,
    }
}

async fn connect_local(plan: &TargetPlan, overrides: &Overrides) -> Result<Target, TargetError> {
    let data_dir = overrides.data_dir.clone().unwrap_or_else(local::default_data_dir);
    let (endpoint, lease) = match overrides.endpoint_url.as_ref().or(plan.endpoint_url.as_ref()) {
        // Somebody runs a local Timestream there already.
        Some(url) => (url.clone(), None),
        None => {
            let (address, lease) = local::join_or_start(&data_dir).await?;
            (format!("http://{address}"), Some(lease))
        }
    };
    let credentials = credentials::local()?;
    let config = loader(&plan.timeouts)
        .region(Region::from_static(local::REGION))
        .endpoint_url(&endpoint)
        .credentials_provider(credentials)
        .load()
        .await;
    let place = Place {
        kind: "local".to_owned(),
        region: local::REGION.to_owned(),
        endpoint: Some(endpoint),
        data_dir: lease.is_some().then_some(data_dir),
    };
    let config = Configuration { sdk: config, discover: false, timeouts: plan.timeouts };
    Ok(target(plan, config, place, lease))
}

async fn connect_aws(plan: &TargetPlan, overrides: &Overrides) -> Result<Target, TargetError> {
    let mut loader = loader(&plan.timeouts);
    if let Some(profile) = overrides.profile.as_ref().or(plan.profile.as_ref()) {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = overrides.region.as_ref().or(plan.region.as_ref()) {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(url) = overrides.endpoint_url.as_ref().or(plan.endpoint_url.as_ref()) {
        loader = loader.endpoint_url(url);
    }
    let config = loader.load().await;
    let Some(region) = config.region().map(ToString::to_string) else {
        let message = "no AWS region; set AWS_REGION, a region in the profile, or --region";
        return Err(TargetError::new(ErrorKind::Local, message));
    };
    let endpoint = explicit_endpoint(&config);
    let discover = endpoint.is_none();
    let place = Place { kind: "timestream".to_owned(), region, endpoint, data_dir: None };
    let config = Configuration { sdk: config, discover, timeouts: plan.timeouts };
    with_discovery(target(plan, config, place, None)).await
}

/// What a target's clients are made from.
#[derive(Debug, Clone)]
pub(super) struct Configuration {
    sdk: SdkConfig,
    /// Whether the service is asked for its endpoints.
    discover: bool,
    timeouts: Timeouts,
}

impl Target {
    /// The same target with connections of its own, as many threads need that have a runtime each: a
    /// connection belongs to the runtime that opened it. Together they open no more than one would.
    ///
    /// # Errors
    /// A service that does not tell its endpoints.
    pub async fn another(&self) -> Result<Self, TargetError> {
        let Configuration { sdk, timeouts, .. } = &self.config;
        with_discovery(Self {
            write: aws_sdk_timestreamwrite::Client::new(sdk),
            query: aws_sdk_timestreamquery::Client::new(sdk),
            database: self.database.clone(),
            table: self.table.clone(),
            common_attributes: self.common_attributes,
            sender: Sender::new(&self.place.region, *timeouts),
            place: self.place.clone(),
            config: self.config.clone(),
            connections: Arc::clone(&self.connections),
            faults: super::faults::Held::default(),
            _lease: None,
        })
        .await
    }
}

fn loader(timeouts: &Timeouts) -> ConfigLoader {
    // No operation timeout: the runner's own retries are the operation, the SDK's are off.
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(timeouts.connect)
        .operation_attempt_timeout(timeouts.attempt)
        .build();
    aws_config::defaults(BehaviorVersion::latest())
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
}

fn target(plan: &TargetPlan, config: Configuration, place: Place, lease: Option<local::Lease>) -> Target {
    Target {
        write: aws_sdk_timestreamwrite::Client::new(&config.sdk),
        query: aws_sdk_timestreamquery::Client::new(&config.sdk),
        database: plan.database.clone(),
        table: plan.table.clone(),
        common_attributes: plan.common_attributes,
        sender: Sender::new(&place.region, plan.timeouts),
        place,
        config,
        connections: Arc::new(Semaphore::new(plan.connections.clamp(1, Semaphore::MAX_PERMITS))),
        faults: super::faults::Held::default(),
        _lease: lease,
    }
}

/// The endpoint that somebody named, if anybody did; the clients find the same by themselves.
fn explicit_endpoint(config: &SdkConfig) -> Option<String> {
    let of_service = ["AWS_ENDPOINT_URL_TIMESTREAM_WRITE", "AWS_ENDPOINT_URL_TIMESTREAM_QUERY"];
    config
        .endpoint_url()
        .map(ToOwned::to_owned)
        .or_else(|| of_service.iter().find_map(|name| std::env::var(name).ok().filter(|url| !url.is_empty())))
}

/// Amazon Timestream gives each account an endpoint of its own, which changes: the clients have to
/// ask for it, and go on asking for as long as they live. An explicit endpoint stays what it is.
async fn with_discovery(target: Target) -> Result<Target, TargetError> {
    if !target.config.discover {
        return Ok(target);
    }
    let failed = |error: &(dyn std::error::Error + Send + Sync)| {
        let error = super::error::discovery(error);
        error.context("endpoint discovery failed")
    };
    let (write, reload) =
        target.write.with_endpoint_discovery_enabled().await.map_err(|error| failed(error.as_ref()))?;
    tokio::spawn(reload.reload_task());
    let (query, reload) =
        target.query.with_endpoint_discovery_enabled().await.map_err(|error| failed(error.as_ref()))?;
    tokio::spawn(reload.reload_task());
    Ok(Target { write, query, ..target })
}
