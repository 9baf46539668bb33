//! A run's figures as metrics: to be read as Prometheus text, and sent by OTLP. Not here: what there is to measure
//! (`instruments`).

mod instruments;
mod otlp;
mod scrape;

use std::io;
use std::net::SocketAddr;

#[cfg(test)]
pub(crate) use instruments::INSTRUMENTS;
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry_prometheus::PrometheusExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{Instrument, MeterProviderBuilder, SdkMeterProvider, Stream};
use prometheus::Registry;
use scrape::Server;

use super::{Options, Subject};
use crate::feed::Feed;
use otlp::Failures;

/// Series of an instrument at the most, phases times queries times what labels they have; the rest would be summed up. The
/// usual 2,000 are not enough for a plan of twenty phases and queries.
const SERIES: usize = 20_000;

/// Why there are no metrics.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// Somebody else has the port, or there is no such address.
    #[error(
        "cannot serve metrics on {address}: {source}; give --metrics-listen another address, or port 0 for a free one"
    )]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// Nothing can be sent there.
    #[error("cannot send metrics to `{endpoint}`: {cause}; write it as http://localhost:4318")]
    Endpoint {
        /// What was given.
        endpoint: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The libraries refuse.
    #[error("cannot make metrics: {0}")]
    Instruments(String),
    /// The system gives no threads.
    #[error("cannot start threads: {0}")]
    Threads(io::Error),
}

/// The metrics of a run; dropped, they are sent a last time.
#[derive(Debug)]
pub(crate) struct Metrics {
    provider: SdkMeterProvider,
    /// Where a last export that fails is told.
    failures: Option<Failures>,
    /// Stops after the last export, so that what is served is whole as long as it can be.
    _server: Option<Server>,
}

impl Metrics {
    /// Begins to serve and to send them, where that was asked for.
    pub(crate) fn start(
        options: &Options,
        subject: &Subject,
        feed: &Feed,
    ) -> Result<Option<Self>, MetricsError> {
        let pushed = otlp::reader(options.otlp_endpoint.as_deref(), feed)?;
        if pushed.is_none() && options.metrics_listen.is_none() {
            return Ok(None);
        }
        let mut provider = provider(subject);
        let mut failures = None;
        if let Some((reader, of_reader)) = pushed {
            provider = provider.with_reader(reader);
            failures = Some(of_reader);
        }
        let mut server = None;
        if let Some(address) = options.metrics_listen {
            let registry = Registry::new();
            provider = provider.with_reader(exporter(&registry)?);
            let started = Server::start(address, registry)?;
            feed.remark(format!("metrics at http://{}/metrics", started.address()));
            server = Some(started);
        }
        let provider = provider.build();
        instruments::register(&provider.meter("tsrun"), feed);
        Ok(Some(Self { provider, failures, _server: server }))
    }
}

/// What measures, of whom.
fn provider(subject: &Subject) -> MeterProviderBuilder {
    let all = |_: &Instrument| Stream::builder().with_cardinality_limit(SERIES).build().ok();
    SdkMeterProvider::builder().with_resource(resource(subject)).with_view(all)
}

/// What fills a registry whenever it is read.
fn exporter(registry: &Registry) -> Result<PrometheusExporter, MetricsError> {
    let exporter = opentelemetry_prometheus::exporter().with_registry(registry.clone());
    let exporter = exporter.scope_info_enabled(false).build();
    exporter.map_err(|error| MetricsError::Instruments(error.to_string()))
}

impl Drop for Metrics {
    fn drop(&mut self) {
        // It gives a receiver that hangs less time than the exporter does.
        if let (Err(error), Some(failures)) = (self.provider.shutdown(), &self.failures) {
            failures.tell(error);
        }
    }
}

/// What is served of a feed.
#[cfg(test)]
pub(crate) fn exposition(feed: &Feed, subject: &Subject) -> String {
    let registry = Registry::new();
    let exporter = exporter(&registry).expect("it is new");
    let provider = provider(subject).with_reader(exporter).build();
    instruments::register(&provider.meter("tsrun"), feed);
    scrape::text(&registry).expect("it can be written")
}

/// Who measures: what `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` say, and the run.
fn resource(subject: &Subject) -> Resource {
    let mut resource = Resource::builder().with_attributes([
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        KeyValue::new("tsrun.scenario", subject.scenario.clone()),
        KeyValue::new("tsrun.seed", subject.seed.to_string()),
    ]);
    if std::env::var_os("OTEL_SERVICE_NAME").is_none_or(|name| name.is_empty()) {
        resource = resource.with_service_name("tsrun");
    }
    resource.build()
}
