//! Where a command runs, and the commands of the place alone: the local Timestream, what a scenario left there.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::run::listen_address;
use super::{LogFormat, Overrides};
use crate::units::parse_duration;

/// Where to run, instead of where the scenario says.
#[derive(Debug, Args)]
pub struct TargetArgs {
    /// The kind of target
    #[arg(long, value_enum)]
    pub target: Option<TargetKind>,
    /// The AWS region
    #[arg(long)]
    pub region: Option<String>,
    /// The AWS profile
    #[arg(long)]
    pub profile: Option<String>,
    /// An endpoint instead of the service's own; any Timestream that answers there is used
    #[arg(long, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// Where the local target keeps its data
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

/// The kinds of target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TargetKind {
    /// The local Timestream that comes with tsrun
    Local,
    /// Amazon Timestream
    Timestream,
}

/// Drop what a scenario made.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tsrun cleanup scenarios/small.yaml
  tsrun cleanup scenarios/small.yaml --target timestream --region us-east-1 --yes")]
pub struct Cleanup {
    /// The scenario
    pub scenario: PathBuf,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// Drop what does not carry tsrun's tag, too
    #[arg(long)]
    pub force: bool,
    /// Parameters and seed.
    #[command(flatten)]
    pub overrides: Overrides,
    /// Where to run.
    #[command(flatten)]
    pub target: TargetArgs,
}

/// Run the local Timestream.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tsrun serve
  tsrun serve --listen 127.0.0.1:0 --data-dir /tmp/timestream
  tsrun serve --durability disk --memory 4GiB
  tsrun serve --buckets ./buckets --log-format json
  tsrun serve --faults faults.yaml
  tsrun serve --listen 0.0.0.0:8086 --credentials users.ini")]
pub struct Serve {
    /// The address to listen on; a port alone is this machine's, port 0 takes a free one. One that others can reach
    /// needs credentials
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8086", value_parser = listen_address)]
    pub listen: SocketAddr,
    /// Where data is kept
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// What an answered write survives
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    pub durability: Durability,
    /// The memory to stay below; queries get a half of it, rows that are not in files yet a quarter
    #[arg(long, value_name = "SIZE", default_value = "2GiB", value_parser = size)]
    pub memory: usize,
    /// What is to go wrong: a fault plan
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
    /// How long a query may take before its client is told to ask again
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = wait)]
    pub page_wait: Duration,
    /// Whose requests are answered, and nobody else's: a file of AWS credentials, each profile a user. Another user may
    /// be in TSRUN_ACCESS_KEY_ID and TSRUN_SECRET_ACCESS_KEY
    #[arg(long, value_name = "FILE")]
    pub credentials: Option<PathBuf>,
    /// How long a query may take for a page with rows, by when it is stopped
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = wait)]
    pub query_timeout: Duration,
    /// The folder whose folders are the buckets of batch loads and reports; `buckets` in the data directory if not given
    #[arg(long, value_name = "DIR")]
    pub buckets: Option<PathBuf>,
    /// How standard error is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub log_format: LogFormat,
    /// What is told there; if not given, what the variable RUST_LOG says, such as `info,timestream_local=debug`
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub log_level: Option<LogLevel>,
    /// End when the last run that holds a lease has ended
    #[arg(long, hide = true)]
    pub while_leased: bool,
    /// Rows of a table that are written to files together, for tests that want many files
    #[arg(long, hide = true, value_name = "ROWS")]
    pub flush_rows: Option<usize>,
}

/// What an answered write survives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Durability {
    /// The end of the server in any way, kill -9 included; a power cut can take the last second
    #[default]
    Process,
    /// A power cut as well: a write is answered when it is on the disk, and requests in flight share a sync
    Disk,
}

/// The least memory that a server is of use with.
const LEAST_MEMORY: usize = 512 << 20;

/// Bytes, with a unit of 1,000 or 1,024.
fn size(text: &str) -> Result<usize, String> {
    const UNITS: [(&str, usize); 7] = [
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("KB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("", 1),
    ];
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let known = UNITS.iter().find(|(name, _)| unit.trim().eq_ignore_ascii_case(name));
    let bytes = known.and_then(|(_, bytes)| number.parse::<usize>().ok()?.checked_mul(*bytes));
    match bytes {
        Some(bytes) if bytes >= LEAST_MEMORY => Ok(bytes),
        Some(_) => Err("it takes 512MiB at the least".to_owned()),
        None => Err("write a size such as 1GiB or 4GB".to_owned()),
    }
}

fn wait(text: &str) -> Result<Duration, String> {
    // No duration that is written is negative.
    parse_duration(text).map(|nanos| Duration::from_nanos(nanos.unsigned_abs()))
}

/// How much a server tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// What failed
    Error,
    /// And what should not be
    Warn,
    /// And what goes on in the background: starts, stops, flushes
    Info,
    /// And every request
    Debug,
}

/// Set, show or clear faults.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tsrun faults faults.yaml
  tsrun faults --endpoint-url http://127.0.0.1:8086
  tsrun faults --clear")]
pub struct Faults {
    /// The fault plan to set; without one, what is set is shown with what it has done
    #[arg(value_name = "FILE", conflicts_with = "clear")]
    pub file: Option<PathBuf>,
    /// Clear what is set
    #[arg(long)]
    pub clear: bool,
    /// Where the server's data is
    #[arg(long, value_name = "DIR", conflicts_with = "endpoint_url")]
    pub data_dir: Option<PathBuf>,
    /// Where the server listens
    #[arg(long, value_name = "URL")]
    pub endpoint_url: Option<String>,
}
