//! Starts runs: those that are due by the clock, and those that somebody asks for. Not here: what is due (`book`),
//! what a run does (`run`).

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};

use super::run::run;
use crate::engine::Engine;

/// Runs that have begun or wait for their turn.
const MAX_RUNS: usize = 1_000;
/// Runs at once, where the engine allows them; more would only take the memory of queries from each other.
const AT_ONCE: usize = 4;

/// Runs scheduled queries until `stopping` is done; then waits for the runs that have begun.
pub(crate) async fn run_scheduled(engine: Arc<Engine>, stopping: impl Future<Output = ()>) {
    let mut stopping = pin!(stopping);
    let mut changes = engine.scheduled().changes();
    let places = Arc::new(Semaphore::new(engine.runs_at_once().min(AT_ONCE)));
    let mut runs = JoinSet::new();
    loop {
        changes.mark_unchanged();
        for job in engine.scheduled().take_jobs(MAX_RUNS - runs.len()) {
            runs.spawn(run(Arc::clone(&engine), job, Arc::clone(&places)));
        }
        tokio::select! {
            () = &mut stopping => break,
            () = engine.scheduled().due(), if runs.len() < MAX_RUNS => {}
            Ok(()) = changes.changed() => {}
            Some(ended) = runs.join_next() => tell(ended),
        }
    }
    places.close();
    while let Some(ended) = runs.join_next().await {
        tell(ended);
    }
}

fn tell(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "the run of a scheduled query failed unexpectedly");
    }
}
