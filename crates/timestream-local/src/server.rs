//! The server: its configuration, its start, its graceful stop. Not here: what requests mean
//! (`protocol`).

mod answers;
mod auth;
mod bounds;
mod connections;
mod faults;
mod http;
mod leases;
mod metrics;
mod pace;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::clock::{Clock, SystemClock};
use crate::engine::{DataDir, Engine, EngineOptions, QueryBounds, Unavailable};
use crate::faults::{FaultPlan, Faults, Flaw};
pub(crate) use auth::Guard;
pub(crate) use faults::read as read_fault_plan;

pub use crate::model::Durability;
pub use auth::Users;
pub use bounds::Bounds;

use crate::metrics::millis;
use crate::scheduled::run_scheduled;
use answers::Answers;
use bounds::Turns;
use http::App;
use leases::Leases;

/// How long requests may take to finish after the server was told to stop.
const GRACE: Duration = Duration::from_secs(10);
/// How often idle queries are looked for.
const SWEEP: Duration = Duration::from_secs(60);
/// Well below the time after which clients give up on an answer (boto3 after a minute).
const PAGE_WAIT: Duration = Duration::from_secs(10);

/// What a server is started with.
#[derive(Clone)]
pub struct Config {
    /// Where to listen; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Where the data is; made if missing.
    pub data_dir: PathBuf,
    /// Decides which records are too old or too new, and what `now()` is.
    pub clock: Arc<dyn Clock>,
    /// The region that ARNs name, and that requests are signed for.
    pub region: String,
    /// Who may send requests; where there are none, anybody who reaches a loopback address may.
    pub users: Users,
    /// How much clients may take.
    pub bounds: Bounds,
    /// Bytes that the process should stay below. Queries get a half, rows that are not in files yet a quarter.
    pub memory: usize,
    /// What an answered write survives.
    pub durability: Durability,
    /// Rows of a table that are written to files together; small ones are for tests.
    pub flush_rows: usize,
    /// How long a query may take before its client is answered a page without rows, whose token asks again.
    pub page_wait: Duration,
    /// The folder whose folders are the buckets of S3: batch loads read there, reports are put there.
    pub buckets: PathBuf,
}

impl Config {
    /// A server on `data_dir`, on any free port of this machine, by the wall clock.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        let data_dir = data_dir.into();
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            buckets: data_dir.join("buckets"),
            data_dir,
            clock: Arc::new(SystemClock),
            region: "us-east-1".to_owned(),
            users: Users::default(),
            bounds: Bounds::default(),
            memory: 2 << 30,
            durability: Durability::default(),
            flush_rows: 2_000_000,
            page_wait: PAGE_WAIT,
        }
    }
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another server holds the data directory.
    #[error(
        "the data directory {} is in use{}; use that server, or another data directory",
        path.display(),
        address.map_or_else(|| " by another server".to_owned(), |address| format!(" by the server at {address}"))
    )]
    Held {
        /// The data directory.
        path: PathBuf,
        /// Where the other server listens, if it has told already.
        address: Option<SocketAddr>,
    },
    /// The data directory cannot be made, read or written.
    #[error("cannot use the data directory {}: {source}; choose one that you may write to", path.display())]
    DataDir {
        /// The data directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others could reach the server, and it would let anybody in.
    #[error(
        "refusing to listen on {0}: others can reach it, and without credentials to check everybody may do everything; \
         give it credentials, or listen on 127.0.0.1"
    )]
    Unguarded(SocketAddr),
    /// The address is taken or not ours.
    #[error("cannot listen on {address}: {source}; choose another port, or port 0 for any free one")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The data directory's content cannot be read.
    #[error("cannot open the data in {}: {reason}", path.display())]
    Data {
        /// The data directory.
        path: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
}

/// A server that listens; requests wait until it is served.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    engine: Arc<Engine>,
    faults: Arc<Faults>,
    leases: Leases,
    guard: Guard,
    bounds: Bounds,
}

impl Server {
    /// Locks the data directory, opens what is in it and listens.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let address = config.listen;
        if config.users.is_empty() && !address.ip().to_canonical().is_loopback() {
            return Err(StartError::Unguarded(address));
        }
        let refused = |source| StartError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let path = config.data_dir.clone();
        let faults = Arc::new(Faults::new(Arc::clone(&config.clock)));
        let guard = Guard::new(config.users.clone(), config.region.clone(), Arc::clone(&config.clock));
        let bounds = config.bounds.clone();
        let opened = tokio::task::spawn_blocking(move || open(config, address)).await;
        let engine = opened.unwrap_or_else(|error| {
            Err(StartError::Data { path: path.clone(), reason: error.to_string() })
        })?;
        tracing::info!(%address, data_dir = %path.display(), "local Timestream listens");
        let (engine, leases) = (Arc::new(engine), Leases::new());
        Ok(Self { listener, address, engine, faults, leases, guard, bounds })
    }

    /// Where it listens; the port is a real one.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sets what is to go wrong from now on; `PUT /faults` does the same while the server runs.
    ///
    /// # Errors
    /// What is wrong with the plan.
    pub fn set_faults(&self, plan: FaultPlan) -> Result<(), Vec<Flaw>> {
        self.faults.set(plan).map(drop)
    }

    /// Done when the last of those who held a lease on this server (`GET /lease`, kept open) has let
    /// go of it, or when nobody took one for half a minute after the start.
    pub fn unused(&self) -> impl Future<Output = ()> + Send + 'static {
        let leases = self.leases.clone();
        async move { leases.unused().await }
    }

    /// Serves until `shutdown` is done; then finishes the requests it has and writes its data to files.
    ///
    /// # Errors
    /// Where the data could not be written to files. Acknowledged data is safe in any case.
    pub async fn serve(self, shutdown: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let Self { listener, address, engine, faults, leases, guard, bounds } = self;
        let (told, stopping) = oneshot::channel();
        let (end_runs, runs_end) = oneshot::channel::<()>();
        let mut runs = JoinSet::new();
        runs.spawn(run_scheduled(Arc::clone(&engine), async { drop(runs_end.await) }));
        let (turns, answers) = (Turns::new(), Answers::new(bounds.answers));
        let router = http::router(App {
            engine: Arc::clone(&engine),
            faults,
            leases: leases.clone(),
            guard,
            bounds: bounds.clone(),
            turns,
            answers,
            address,
        });
        let shutdown = async move {
            shutdown.await;
            leases.close();
            let _ = told.send(());
        };
        let connections = engine.metrics().connections.clone();
        tokio::select! {
            () = connections::serve(listener, router, &bounds, connections, shutdown) => {}
            () = grace(stopping) => {
                tracing::warn!("requests were cut off: they were not done {GRACE:?} after the stop");
            }
            () = sweep(&engine) => {}
        }
        engine.data_dir().withdraw();
        drop(end_runs);
        end(runs).await;
        let close = move || {
            engine.batch_loads().stop();
            engine.databases().flush()
        };
        let began = Instant::now();
        let rows = tokio::task::spawn_blocking(close).await.map_err(io::Error::other)?;
        tracing::info!(rows, ms = millis(began), "local Timestream stopped: its rows are written to files");
        Ok(())
    }
}

/// The address of the server that holds `data_dir`, if one does and listens already.
///
/// # Errors
/// Where the directory cannot be read.
pub fn find(data_dir: &Path) -> io::Result<Option<SocketAddr>> {
    DataDir::find(data_dir)
}

fn open(config: Config, address: SocketAddr) -> Result<Engine, StartError> {
    let Config {
        data_dir: path,
        clock,
        region,
        bounds,
        memory,
        durability,
        flush_rows,
        page_wait,
        buckets,
        ..
    } = config;
    let query_bounds = QueryBounds { page_wait, page_time: bounds.query };
    let data_dir = DataDir::open(&path).map_err(|error| match error {
        Unavailable::Held(address) => StartError::Held { path: path.clone(), address },
        Unavailable::Io(source) => StartError::DataDir { path: path.clone(), source },
    })?;
    let tables = bounds.tables;
    let options =
        EngineOptions { clock, region, memory, durability, flush_rows, query_bounds, buckets, tables };
    let engine = Engine::open(data_dir, options)
        .map_err(|error| StartError::Data { path: path.clone(), reason: error.to_string() })?;
    engine.data_dir().publish(address).map_err(|source| StartError::DataDir { path, source })?;
    Ok(engine)
}

/// Waits for the runs of scheduled queries that have begun, for as long as requests are waited for.
async fn end(mut runs: JoinSet<()>) {
    if tokio::time::timeout(GRACE, runs.join_next()).await.is_err() {
        tracing::warn!("runs of scheduled queries were cut off: they were not done {GRACE:?} after the stop");
        runs.shutdown().await;
    }
}

/// Done when the server has been told to stop and its time for that is over.
async fn grace(stopping: oneshot::Receiver<()>) {
    if stopping.await.is_err() {
        // The server ended without being told.
        return std::future::pending().await;
    }
    tokio::time::sleep(GRACE).await;
}

/// Drops idle queries for ever.
async fn sweep(engine: &Engine) {
    loop {
        tokio::time::sleep(SWEEP).await;
        engine.drop_idle_queries();
    }
}
