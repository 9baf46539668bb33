//! Batch loads: tasks that read CSV files of a bucket into a table, in the background. Not here: what a
//! line becomes (`mapping` of the crate), the wire shapes of requests (`protocol`).
//!
//! ```text
//! CREATED -> IN_PROGRESS -> SUCCEEDED, or FAILED where something of it was refused
//!                        -> PROGRESS_STOPPED (no bucket, no table) -> resumed -> PENDING_RESUME -> IN_PROGRESS
//! ```
//!
//! How far a task is, and what it has counted, are saved together. A task that a stop or a kill of the server
//! interrupted is PENDING_RESUME at the next start and goes on by itself from what was saved: what it had
//! written beyond is written again, which changes nothing, and counted once.

mod lines;
mod report;
mod run;
mod task;
mod worker;

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use lines::Dialect;
pub(crate) use task::{Load, Progress, ReportLocation, Status, Task};

use crate::buckets::Buckets;
use crate::clock::Clock;
use crate::engine::databases::Databases;
use crate::engine::error::EngineError;
use crate::json_file::{JsonFileError, Kept};
use crate::metrics::RecordMetrics;
use run::World;
use worker::{Queue, Shared};

/// Tasks that run at once.
const WORKERS: usize = 2;
/// Tasks that may wait for their turn.
const MAX_ACTIVE: usize = 100;
/// Nanoseconds for which a stopped task may be resumed, and for which a task is known at all.
const RESUMABLE: i64 = 7 * DAY;
const KNOWN: i64 = 90 * DAY;
const DAY: i64 = 86_400 * 1_000_000_000;
/// The layout of the file of tasks.
const FORMAT: u32 = 1;

/// Why a task cannot be made or resumed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BatchLoadError {
    #[error("The batch load task {0} does not exist.")]
    NoTask(String),
    #[error("The ClientToken was used for another request, which made the batch load task {0}.")]
    TokenUsed(String),
    #[error("{MAX_ACTIVE} batch load tasks run or wait; wait until some of them are done.")]
    Quota,
    #[error(
        "The batch load task {id} cannot be resumed: its status is {}; only one that is PROGRESS_STOPPED can be.",
        status.name()
    )]
    NotStopped { id: String, status: Status },
    #[error("The batch load task {0} cannot be resumed any more: it stopped more than seven days ago.")]
    TooLate(String),
    #[error(transparent)]
    File(#[from] JsonFileError),
}

/// All tasks, in the order in which they were made.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Tasks {
    tasks: Vec<Task>,
}

/// The tasks and the threads that run them.
pub(crate) struct BatchLoads {
    shared: Arc<Shared>,
    workers: Mutex<Vec<JoinHandle<()>>>,
}

impl BatchLoads {
    /// Reads the tasks that the file at `path` keeps; those that were not done go on.
    pub(crate) fn start(
        path: &Path,
        databases: Arc<Databases>,
        buckets: Arc<Buckets>,
        clock: Arc<dyn Clock>,
        metrics: RecordMetrics,
    ) -> Result<Self, EngineError> {
        let tasks: Kept<Tasks> = Kept::open(path.to_owned(), FORMAT)?;
        let interrupted = |task: &Task| task.status == Status::InProgress;
        if tasks.read().tasks.iter().any(interrupted) {
            tasks.change(|state| {
                for task in state.tasks.iter_mut().filter(|task| interrupted(task)) {
                    task.status = Status::PendingResume;
                }
                Ok::<(), JsonFileError>(())
            })?;
        }
        let active = |task: &&Task| task.status.is_active();
        let waiting = tasks.read().tasks.iter().filter(active).map(|task| task.id.clone()).collect();
        let queue = Mutex::new(Queue { waiting, ..Queue::default() });
        let world = World { databases, buckets, metrics };
        let shared = Arc::new(Shared { tasks, world, clock, queue, changed: Condvar::new() });
        let worker = |number| {
            let shared = Arc::clone(&shared);
            let thread = std::thread::Builder::new().name(format!("batch-load-{number}"));
            let spawned = thread.spawn(move || shared.work());
            spawned.map_err(|source| EngineError::Io { path: path.to_owned(), source })
        };
        let workers = (0..WORKERS).map(worker).collect::<Result<_, _>>()?;
        Ok(Self { shared, workers: Mutex::new(workers) })
    }

    /// Makes a task, and gives its id: that of the first one where the request is made again with its token.
    pub(crate) fn create(
        &self,
        load: Load,
        asked: serde_json::Value,
        client_token: Option<String>,
    ) -> Result<String, BatchLoadError> {
        let now = self.shared.clock.now();
        let (id, new) = self.shared.tasks.change(|state| {
            state.tasks.retain(|task| task.status.is_active() || now.saturating_sub(task.created) < KNOWN);
            let same = |task: &&Task| client_token.is_some() && task.client_token == client_token;
            match state.tasks.iter().find(same) {
                Some(task) if task.asked == asked => return Ok((task.id.clone(), false)),
                Some(task) => return Err(BatchLoadError::TokenUsed(task.id.clone())),
                None => {}
            }
            if state.tasks.iter().filter(|task| task.status.is_active()).count() >= MAX_ACTIVE {
                return Err(BatchLoadError::Quota);
            }
            let id = Uuid::new_v4().simple().to_string().to_ascii_uppercase();
            let times = Task { created: now, updated: now, ..Task::default() };
            state.tasks.push(Task { id: id.clone(), client_token, asked, load, ..times });
            Ok((id, true))
        })?;
        if new {
            self.shared.enqueue(&id);
        }
        Ok(id)
    }

    /// A task as it was last saved.
    pub(crate) fn describe(&self, id: &str) -> Result<Task, BatchLoadError> {
        let state = self.shared.tasks.read();
        let task = state.tasks.iter().find(|task| task.id == id);
        task.cloned().ok_or_else(|| BatchLoadError::NoTask(id.to_owned()))
    }

    /// What `view` makes of each task, in the order in which they were made.
    pub(crate) fn list<T>(&self, view: impl Fn(&Task) -> Option<T>) -> Vec<T> {
        self.shared.tasks.read().tasks.iter().filter_map(view).collect()
    }

    /// Lets a task that was stopped go on.
    pub(crate) fn resume(&self, id: &str) -> Result<(), BatchLoadError> {
        let now = self.shared.clock.now();
        self.shared.change(id, |task| {
            if task.status != Status::ProgressStopped {
                return Err(BatchLoadError::NotStopped { id: id.to_owned(), status: task.status });
            }
            if task.resumable_until().is_some_and(|until| now > until) {
                return Err(BatchLoadError::TooLate(id.to_owned()));
            }
            (task.status, task.error, task.updated) = (Status::PendingResume, None, now);
            task.report.forget_task();
            Ok(())
        })?;
        self.shared.enqueue(id);
        Ok(())
    }

    /// How many tasks run, and how many wait.
    pub(crate) fn active(&self) -> (usize, usize) {
        let queue = self.shared.queue();
        (queue.running, queue.waiting.len())
    }

    /// Interrupts the tasks that run, and returns when they have saved how far they are.
    pub(crate) fn stop(&self) {
        self.shared.queue().stopping = true;
        self.shared.changed.notify_all();
        let workers = std::mem::take(&mut *self.workers.lock().unwrap_or_else(PoisonError::into_inner));
        for worker in workers {
            if worker.join().is_err() {
                tracing::error!("a thread of batch loads panicked");
            }
        }
    }
}

impl Drop for BatchLoads {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Task {
    /// Until when the task may be resumed, where it can be.
    pub(crate) fn resumable_until(&self) -> Option<i64> {
        (self.status == Status::ProgressStopped).then(|| self.updated.saturating_add(RESUMABLE))
    }
}
