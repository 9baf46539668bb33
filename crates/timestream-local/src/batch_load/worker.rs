//! Whose turn it is, and how a task's end is told. Not here: the run itself (`run`).

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::run::{End, Run, World};
use super::task::{Progress, Status, Task};
use super::{BatchLoadError, Tasks, report};
use crate::clock::Clock;
use crate::engine::error::EngineError;
use crate::json_file::{JsonFileError, Kept};

/// What requests and workers share.
pub(super) struct Shared {
    pub(super) tasks: Kept<Tasks>,
    pub(super) world: World,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) queue: Mutex<Queue>,
    pub(super) changed: Condvar,
}

/// The tasks whose turn it will be.
#[derive(Default)]
pub(super) struct Queue {
    pub(super) waiting: VecDeque<String>,
    pub(super) running: usize,
    pub(super) stopping: bool,
}

impl Shared {
    pub(super) fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn enqueue(&self, id: &str) {
        self.queue().waiting.push_back(id.to_owned());
        self.changed.notify_one();
    }

    /// Runs one task after the other until it is told to stop.
    pub(super) fn work(&self) {
        let mut queue = self.queue();
        while !queue.stopping {
            let Some(id) = queue.waiting.pop_front() else {
                queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            queue.running += 1;
            drop(queue);
            if let Err(error) = self.run(&id) {
                tracing::error!(task = id, %error, "a batch load could not save how far it is");
            }
            queue = self.queue();
            queue.running -= 1;
        }
    }

    fn run(&self, id: &str) -> Result<(), BatchLoadError> {
        let mut task = self.change(id, |task| {
            (task.status, task.updated) = (Status::InProgress, self.clock.now());
            Ok(task.clone())
        })?;
        tracing::info!(task = id, table = task.load.table, bucket = task.load.bucket, "batch load begins");
        let save = |task: &Task| self.save(task);
        let stopping = || self.queue().stopping;
        let mut run = Run { world: &self.world, task: &mut task, stopping: &stopping, save: &save };
        // A panic is a bug of ours; it must not take the thread, and whoever asks is told.
        let ended = std::panic::catch_unwind(AssertUnwindSafe(|| run.run()));
        task.status = match ended {
            Ok(Ok(End::Interrupted)) => Status::PendingResume,
            Ok(Ok(End::Done)) if task.report.is_empty() => Status::Succeeded,
            Ok(Ok(End::Done)) => {
                task.error = Some(summary(&task.progress));
                Status::Failed
            }
            Ok(Err(trouble)) => stopped(&mut task, &trouble.to_string()),
            Err(_) => stopped(&mut task, "The task panicked; the server's log says where."),
        };
        if matches!(task.status, Status::Failed | Status::ProgressStopped) {
            self.put_report(&mut task);
        }
        let Progress { records_ingested, records_processed, .. } = task.progress;
        let status = task.status.name();
        tracing::info!(task = id, status, records_processed, records_ingested, "batch load ends");
        Ok(self.keep(&task)?)
    }

    /// Puts the report into its bucket, and says where.
    fn put_report(&self, task: &mut Task) {
        let Some(location) = &task.load.report else { return };
        let key = task.report_key(location);
        let put = self.world.buckets.put(&location.bucket, &key, &task.report.to_json(&task.id));
        let told = match put {
            Ok(()) => format!("The report is the object {key} of the bucket {}.", location.bucket),
            Err(error) => format!("The report could not be written: {error}"),
        };
        let error = task.error.take().unwrap_or_default();
        task.error = Some(format!("{error} {told}"));
        if task.status == Status::Failed {
            task.report = report::Report::default();
        }
    }

    fn save(&self, task: &Task) -> Result<(), EngineError> {
        Ok(self.keep(task)?)
    }

    /// Keeps a task as it is now.
    fn keep(&self, task: &Task) -> Result<(), JsonFileError> {
        let mut task = task.clone();
        task.updated = self.clock.now();
        self.tasks.change(|state| {
            if let Some(kept) = state.tasks.iter_mut().find(|kept| kept.id == task.id) {
                *kept = task;
            }
            Ok(())
        })
    }

    pub(super) fn change<R>(
        &self,
        id: &str,
        change: impl FnOnce(&mut Task) -> Result<R, BatchLoadError>,
    ) -> Result<R, BatchLoadError> {
        self.tasks.change(|state| {
            let task = state.tasks.iter_mut().find(|task| task.id == id);
            change(task.ok_or_else(|| BatchLoadError::NoTask(id.to_owned()))?)
        })
    }
}

fn stopped(task: &mut Task, reason: &str) -> Status {
    task.report.task(reason);
    task.error = Some(reason.to_owned());
    Status::ProgressStopped
}

/// What went wrong, in a sentence.
fn summary(progress: &Progress) -> String {
    let Progress { parse_failures, record_ingestion_failures, file_failures, .. } = progress;
    format!(
        "{parse_failures} lines were no records, {record_ingestion_failures} records were rejected, \
         {file_failures} files could not be read."
    )
}
