//! Metrics sent by OTLP over HTTP. Not here: what there is to measure (`instruments`).

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry_otlp::{MetricExporter, WithExportConfig as _};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{PeriodicReader, Temporality};

use super::MetricsError;
use crate::feed::{Feed, News, Remark};

/// From one export to the next, unless `OTEL_METRIC_EXPORT_INTERVAL` says otherwise: runs are short beside the minute that
/// services take.
const EVERY: Duration = Duration::from_secs(10);

/// Sends metrics now and then, in a thread of its own, where `endpoint` or the environment says where to.
pub(super) fn reader(
    endpoint: Option<&str>,
    feed: &Feed,
) -> Result<Option<(PeriodicReader<Told>, Failures)>, MetricsError> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let of_environment =
        || set("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT").or_else(|| set("OTEL_EXPORTER_OTLP_ENDPOINT"));
    let Some(place) = endpoint.map(ToOwned::to_owned).or_else(of_environment) else { return Ok(None) };
    let refused = |cause: String| MetricsError::Endpoint { endpoint: place.clone(), cause };
    if !place.starts_with("http://") && !place.starts_with("https://") {
        return Err(refused("it is no URL of HTTP".to_owned()));
    }
    let mut exporter = MetricExporter::builder().with_http();
    if let Some(endpoint) = endpoint {
        exporter = exporter.with_endpoint(format!("{}/v1/metrics", endpoint.trim_end_matches('/')));
    }
    let exporter = exporter.build().map_err(|error| refused(error.to_string()))?;
    let failures = Failures(Arc::new(Place { place, feed: feed.clone(), told: AtomicBool::new(false) }));
    let reader = PeriodicReader::builder(Told { exporter, failures: failures.clone() });
    let reader =
        if set("OTEL_METRIC_EXPORT_INTERVAL").is_none() { reader.with_interval(EVERY) } else { reader };
    Ok(Some((reader.build(), failures)))
}

/// Where failures to send are told, the first one only.
#[derive(Debug, Clone)]
pub(super) struct Failures(Arc<Place>);

#[derive(Debug)]
struct Place {
    place: String,
    feed: Feed,
    told: AtomicBool,
}

impl Failures {
    /// Tells of a failure, unless one was told before.
    pub(super) fn tell(&self, error: impl Display) {
        let Place { place, feed, told } = &*self.0;
        if !told.swap(true, Ordering::Relaxed) {
            feed.tell(News::Remark(Remark::warning(format!("metrics cannot be sent to {place}: {error}"))));
        }
    }
}

/// An exporter whose first failure is told.
#[derive(Debug)]
pub(super) struct Told {
    exporter: MetricExporter,
    failures: Failures,
}

impl PushMetricExporter for Told {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let exported = self.exporter.export(metrics).await;
        if let Err(error) = &exported {
            self.failures.tell(format_args!("{error}; the run goes on"));
        }
        exported
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn temporality(&self) -> Temporality {
        self.exporter.temporality()
    }
}
