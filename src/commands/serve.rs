//! `tsrun serve`: the local Timestream alone.

mod users;

use std::net::SocketAddr;
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use timestream_local::faults::{FaultPlan, Flaw};
use timestream_local::server::{Bounds, Config, Durability, Server, StartError};
use tokio::sync::oneshot;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::{Failure, faults};
use crate::cli;
use crate::exit::Exit;
use crate::output::{remark, say};
use crate::target::{ACCESS_KEY_ID, SECRET_ACCESS_KEY, default_data_dir};

/// How long a server that has lost its last user may take to end: it writes its tables to files.
const ENDING_CHECKS: u32 = 20;
const ENDING_PAUSE: Duration = Duration::from_millis(250);

pub(super) fn run(args: cli::Serve) -> Result<Exit, Failure> {
    log(args.log_format, args.log_level)?;
    let data_dir = args.data_dir.unwrap_or_else(default_data_dir);
    let faults = args.faults.as_deref().map(faults::load).transpose()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| super::no_threads(&error))?;
    let defaults = Config::new(&data_dir);
    let exit = runtime.block_on(async {
        let config = Config {
            listen: args.listen,
            users: users::read(args.credentials.as_deref()).await?,
            bounds: Bounds { query: args.query_timeout, ..bounds() },
            page_wait: args.page_wait,
            memory: args.memory,
            durability: match args.durability {
                cli::Durability::Process => Durability::Process,
                cli::Durability::Disk => Durability::Disk,
            },
            flush_rows: args.flush_rows.unwrap_or(defaults.flush_rows),
            buckets: args.buckets.unwrap_or(defaults.buckets),
            ..Config::new(&data_dir)
        };
        serve(&config, faults, args.while_leased).await
    });
    // Whoever ends the server at once does not wait for what it still does.
    runtime.shutdown_background();
    exit
}

/// As many connections and tables as there are file descriptors for. A quarter of those is for connections and a half
/// for tables, each of which holds two, so that the next start finds room for the tables that this one takes; the rest
/// is left to files. The soft bound on descriptors is usually a small one, which may be raised.
fn bounds() -> Bounds {
    let usual = Bounds::default();
    let most = usual.connections.max(usual.tables);
    let descriptors = rlimit::increase_nofile_limit(4 * most as u64);
    let quarter = descriptors.ok().and_then(|count| usize::try_from(count / 4).ok()).unwrap_or(most).max(1);
    Bounds { connections: usual.connections.min(quarter), tables: usual.tables.min(quarter), ..usual }
}

/// What the server logs goes to standard error.
fn log(format: cli::LogFormat, level: Option<cli::LogLevel>) -> Result<(), Failure> {
    let filter = match level {
        Some(level) => at(level),
        None => match std::env::var("RUST_LOG") {
            Ok(text) if !text.is_empty() => text.parse().map_err(|error| {
                let told =
                    format!("error: RUST_LOG is `{text}`: {error}; it is like info,timestream_local=debug");
                Failure::new(Exit::Usage, told)
            })?,
            _ => at(cli::LogLevel::Info),
        },
    };
    // On a terminal, unless NO_COLOR or the like says otherwise.
    let colour = AutoStream::choice(&std::io::stderr()) != ColorChoice::Never;
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(colour).with_target(false);
    match format {
        cli::LogFormat::Text => tracing_subscriber::registry().with(lines.with_filter(filter)).init(),
        cli::LogFormat::Json => tracing_subscriber::registry().with(lines.json().with_filter(filter)).init(),
    }
    Ok(())
}

/// The server's own events of this level and above; of its libraries nothing below info.
fn at(level: cli::LogLevel) -> Targets {
    let level = match level {
        cli::LogLevel::Error => LevelFilter::ERROR,
        cli::LogLevel::Warn => LevelFilter::WARN,
        cli::LogLevel::Info => LevelFilter::INFO,
        cli::LogLevel::Debug => LevelFilter::DEBUG,
    };
    Targets::new().with_default(level.min(LevelFilter::INFO)).with_target("timestream_local", level)
}

async fn serve(config: &Config, faults: Option<FaultPlan>, while_leased: bool) -> Result<Exit, Failure> {
    let server = start(config).await?;
    let rules = faults.as_ref().map_or_else(Vec::new, |plan| plan.faults.clone());
    if let Some(plan) = faults {
        let flawed = |flaws: Vec<Flaw>| flaws.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        server.set_faults(plan).map_err(|flaws| Failure::new(Exit::Usage, flawed(flaws)))?;
    }
    say(greeting(server.address(), config));
    if !while_leased {
        rules.iter().for_each(|rule| say(format!("fault on purpose: {rule}")));
    }
    let unused = server.unused();
    let (asked, told) = oneshot::channel();
    let stop = async move {
        tokio::select! {
            () = interrupted() => {}
            () = unused, if while_leased => {}
        }
        let _ = asked.send(());
    };
    let at_once = async move {
        match told.await {
            Ok(()) => interrupted().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        served = server.serve(stop) => match served {
            Ok(()) => Ok(Exit::Good),
            Err(error) => Err(Failure::new(Exit::Failed, format!("error: the server stopped: {error}"))),
        },
        () = at_once => {
            remark("stopped at once; what was answered is in the logs and is read again at the next start");
            Ok(Exit::Interrupted)
        }
    }
}

/// All that it takes to use the server, in one line that programs read, too: the address comes first.
fn greeting(address: SocketAddr, config: &Config) -> String {
    let data = config.data_dir.display().to_string();
    let data = if data.contains(char::is_whitespace) { format!("{data:?}") } else { data };
    let region = &config.region;
    let durability = match config.durability {
        Durability::Process => "process",
        Durability::Disk => "disk",
    };
    let users = match config.users.len() {
        0 => "any".to_owned(),
        users => users.to_string(),
    };
    // boto3 and the AWS CLI read the region's second name.
    format!(
        "listening on http://{address} data={data} durability={durability} users={users} AWS_ENDPOINT_URL=http://{address} \
         AWS_REGION={region} AWS_DEFAULT_REGION={region}"
    )
}

/// Starts; where a server that a run has just left is still ending, a little later. Such a server tells no address
/// any more; one that does is there to be used.
async fn start(config: &Config) -> Result<Server, Failure> {
    for _ in 0..ENDING_CHECKS {
        match Server::start(config.clone()).await {
            Err(StartError::Held { address: None, .. }) => tokio::time::sleep(ENDING_PAUSE).await,
            other => return other.map_err(|error| refused(&error)),
        }
    }
    Server::start(config.clone()).await.map_err(|error| refused(&error))
}

fn refused(error: &StartError) -> Failure {
    let remedy = match error {
        StartError::Unguarded(_) => {
            format!(" (--credentials FILE, or {ACCESS_KEY_ID} and {SECRET_ACCESS_KEY})")
        }
        _ => String::new(),
    };
    Failure::new(Exit::Target, format!("error: {error}{remedy}"))
}

/// Done at Ctrl-C, or when the system asks the process to end.
async fn interrupted() {
    #[cfg(unix)]
    if let Ok(mut terminated) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminated.recv() => {}
        }
        return;
    }
    // Without signals the server runs until it is killed, which costs no acknowledged data.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
