//! `tsrun serve`: the local Timestream alone.

mod users;

use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use timestream_local::faults::{FaultPlan, Flaw};
use timestream_local::server::{Bounds, Config, Durability, Server, StartError};

use super::{Failure, faults};
use crate::cli;
use crate::exit::Exit;
use crate::output::say;
use crate::target::{ACCESS_KEY_ID, SECRET_ACCESS_KEY, default_data_dir};

/// How long a server that has lost its last user may take to end: it writes its tables to files.
const ENDING_CHECKS: u32 = 20;
const ENDING_PAUSE: Duration = Duration::from_millis(250);

pub(super) fn run(args: cli::Serve) -> Result<Exit, Failure> {
    log(args.log_format);
    let data_dir = args.data_dir.unwrap_or_else(default_data_dir);
    let faults = args.faults.as_deref().map(faults::load).transpose()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| super::no_threads(&error))?;
    let defaults = Config::new(&data_dir);
    runtime.block_on(async {
        let config = Config {
            listen: args.listen,
            users: users::read(args.credentials.as_deref()).await?,
            bounds: Bounds { query: args.query_timeout, connections: connections(), ..Bounds::default() },
            page_wait: args.page_wait,
            memory: args.memory,
            durability: match args.durability {
                cli::Durability::Process => Durability::Process,
                cli::Durability::Disk => Durability::Disk,
            },
            flush_rows: args.flush_rows.unwrap_or(defaults.flush_rows),
            ..defaults
        };
        serve(&config, faults, args.while_leased).await
    })
}

/// As many connections as there are file descriptors for, half of which are left to files; the soft bound on those is
/// usually a small one, which may be raised.
fn connections() -> usize {
    let usual = Bounds::default().connections;
    let descriptors = rlimit::increase_nofile_limit(4 * usual as u64);
    descriptors
        .ok()
        .and_then(|most| usize::try_from(most / 2).ok())
        .map_or(usual, |most| most.clamp(1, usual))
}

/// What the server logs goes to standard error.
fn log(format: cli::LogFormat) {
    // On a terminal, unless NO_COLOR or the like says otherwise.
    let colour = AutoStream::choice(&std::io::stderr()) != ColorChoice::Never;
    let log = tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(colour).with_target(false);
    match format {
        cli::LogFormat::Text => log.init(),
        cli::LogFormat::Json => log.json().init(),
    }
}

async fn serve(config: &Config, faults: Option<FaultPlan>, while_leased: bool) -> Result<Exit, Failure> {
    let server = start(config).await?;
    let rules = faults.as_ref().map_or_else(Vec::new, |plan| plan.faults.clone());
    if let Some(plan) = faults {
        let flawed = |flaws: Vec<Flaw>| flaws.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        server.set_faults(plan).map_err(|flaws| Failure::new(Exit::Usage, flawed(flaws)))?;
    }
    // One line that programs can read; what follows is for people.
    say(format!("listening on http://{}", server.address()));
    if !while_leased {
        greet(&server, config);
        rules.iter().for_each(|rule| say(format!("fault on purpose: {rule}")));
    }
    let unused = server.unused();
    let stop = async move {
        tokio::select! {
            () = interrupted() => {}
            () = unused, if while_leased => {}
        }
    };
    match server.serve(stop).await {
        Ok(()) => Ok(Exit::Good),
        Err(error) => Err(Failure::new(Exit::Failed, format!("error: the server stopped: {error}"))),
    }
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

fn greet(server: &Server, config: &Config) {
    let survives = match config.durability {
        Durability::Process => "the end of this process",
        Durability::Disk => "a power cut",
    };
    say(format!("data in {}; an answered write survives {survives}", config.data_dir.display()));
    match config.users.len() {
        0 => say("point any AWS SDK at it (any credentials will do):"),
        1 => say("point any AWS SDK at it (with the credentials of its one user):"),
        users => say(format!("point any AWS SDK at it (with the credentials of one of its {users} users):")),
    }
    say(format!(
        "  export AWS_ENDPOINT_URL=http://{} AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1",
        server.address()
    ));
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
