//! The background threads of a store. Not here: what they do (`maintenance`, `sync`).

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use thread_priority::{ThreadPriority, ThreadPriorityValue, set_current_thread_priority};

use super::StoreError;
use super::common::Common;
use super::locks::lock;
use super::table::Shared;

/// How long a written record waits for its sync, and an expired one for its removal.
const INTERVAL: Duration = Duration::from_secs(1);

/// Wakes a thread, or ends it.
#[derive(Default)]
pub(super) struct Signal {
    told: Mutex<Told>,
    changed: Condvar,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Told {
    #[default]
    Nothing,
    Work,
    Stop,
}

impl Signal {
    /// Lets the thread do its job now.
    pub(super) fn wake(&self) {
        let mut told = lock(&self.told);
        if *told == Told::Nothing {
            *told = Told::Work;
            self.changed.notify_all();
        }
    }

    fn stop(&self) {
        *lock(&self.told) = Told::Stop;
        self.changed.notify_all();
    }

    /// Waits to be woken, for an interval at most; false when it is time to stop.
    fn wait(&self) -> bool {
        let told = lock(&self.told);
        let waiting = |told: &mut Told| *told == Told::Nothing;
        let woken = self.changed.wait_timeout_while(told, INTERVAL, waiting);
        let (mut told, _) = woken.unwrap_or_else(PoisonError::into_inner);
        if *told == Told::Work {
            *told = Told::Nothing;
        }
        *told != Told::Stop
    }
}

/// A thread that does a job for each table, at every interval and when it is woken. Dropping it waits for
/// the end of what it does.
pub(super) struct Worker {
    common: Arc<Common>,
    signal: fn(&Common) -> &Signal,
    thread: Option<JoinHandle<()>>,
}

/// What a thread does.
#[derive(Clone, Copy)]
pub(super) struct Job {
    pub name: &'static str,
    /// Of 99, where that is not the usual half: those who answer requests go before it, where there are fewer cores
    /// than work. Nobody waits for it as long as there is memory, and then it has the cores.
    pub priority: Option<u8>,
    /// What wakes it.
    pub signal: fn(&Common) -> &Signal,
    /// What it does for each table.
    pub run: fn(&Shared) -> Result<(), StoreError>,
    /// Told when it has been with all tables, with the last failure.
    pub ended: fn(&Common, Option<String>),
}

impl Worker {
    pub(super) fn start(common: &Arc<Common>, job: Job) -> Result<Self, StoreError> {
        let own = Arc::clone(common);
        let thread = std::thread::Builder::new().name(job.name.to_owned());
        let thread = thread.spawn(move || run(&own, job)).map_err(StoreError::Thread)?;
        Ok(Self { common: Arc::clone(common), signal: job.signal, thread: Some(thread) })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        (self.signal)(&self.common).stop();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("a background thread of the store panicked");
        }
    }
}

fn run(common: &Common, job: Job) {
    if let Some(priority) = job.priority {
        give_way(job.name, priority);
    }
    let mut failures: HashMap<u64, String> = HashMap::new();
    while (job.signal)(common).wait() {
        let mut failure = None;
        let mut still = HashMap::new();
        for table in common.tables() {
            // A panic is a bug of ours; the thread goes on, or writers would wait for it without end.
            let done = catch_unwind(AssertUnwindSafe(|| (job.run)(&table)));
            match done.unwrap_or(Err(StoreError::Panicked(job.name))) {
                Ok(()) if failures.contains_key(&table.number) => {
                    tracing::info!("{}: works again", table.folder.table.display());
                }
                Ok(()) | Err(StoreError::Closed) => {}
                Err(error) => {
                    let text = error.to_string();
                    // A failure is told once, not every second.
                    if failures.get(&table.number) != Some(&text) {
                        tracing::error!("{}: {text}", table.folder.table.display());
                    }
                    failure = Some(text.clone());
                    still.insert(table.number, text);
                }
            }
        }
        failures = still;
        (job.ended)(common, failure);
    }
}

fn give_way(name: &str, priority: u8) {
    let priority = ThreadPriorityValue::try_from(priority).map(ThreadPriority::Crossplatform);
    let set = priority.and_then(|it| set_current_thread_priority(it).map_err(|error| error.to_string()));
    if let Err(error) = set {
        tracing::debug!(name, error, "a thread keeps its priority");
    }
}
