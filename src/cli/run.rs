//! Running a scenario, and watching it run.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::TargetArgs;

/// Run a scenario.
#[derive(Debug, Args)]
pub struct Run {
    /// The scenario
    #[arg(value_name = "SCENARIO", required = true)]
    pub scenario: Option<PathBuf>,
    /// Run this phase only; may be given several times
    #[arg(long = "phase", value_name = "NAME")]
    pub phases: Vec<String>,
    /// Parameters and seed.
    #[command(flatten)]
    pub overrides: Overrides,
    /// Where to run.
    #[command(flatten)]
    pub target: TargetArgs,
    /// The folder that run directories are made in
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub out: PathBuf,
    /// The first word of per-thread directories, instead of the region or `local`
    #[arg(long, value_name = "WORD")]
    pub prefix: Option<String>,
    /// What is told as it goes on.
    #[command(flatten)]
    pub watch: Watching,
}

/// A scenario and the values of its parameters.
#[derive(Debug, Args)]
pub struct Overrides {
    /// Set a parameter that the scenario declares
    #[arg(short = 'P', long = "param", value_name = "NAME=VALUE", value_parser = assignment)]
    pub params: Vec<(String, String)>,
    /// The seed of every draw, instead of the scenario's
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
}

/// What is told while a run goes on.
#[derive(Debug, Args)]
pub struct Watching {
    /// Tell nothing but the summary and errors
    #[arg(short, long)]
    pub quiet: bool,
    /// How standard error is written: a live view or lines for people, or JSON lines for programs
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub log_format: LogFormat,
    /// Serve the run's figures as Prometheus text at http://ADDR/metrics; a port alone is this machine's
    #[arg(long, value_name = "ADDR", value_parser = listen_address)]
    pub metrics_listen: Option<SocketAddr>,
    /// Send the run's figures by OTLP over HTTP to URL/v1/metrics, instead of where OTEL_EXPORTER_OTLP_ENDPOINT says
    #[arg(long, value_name = "URL")]
    pub otlp_endpoint: Option<String>,
}

/// How standard error is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    #[default]
    Text,
    /// A JSON object a line
    Json,
}

/// A `NAME=VALUE`.
pub(super) fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}

/// An address, or a port of this machine alone.
pub(super) fn listen_address(text: &str) -> Result<SocketAddr, String> {
    let local = text.strip_prefix("localhost:").or_else(|| text.strip_prefix(':')).unwrap_or(text);
    if let Ok(port) = local.parse() {
        return Ok(SocketAddr::from(([127, 0, 0, 1], port)));
    }
    text.parse().map_err(|_| "write a port, or an address such as 127.0.0.1:PORT or 0.0.0.0:PORT".to_owned())
}
