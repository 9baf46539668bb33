//! All scheduled queries, and what is known of them only while the server runs: when each is due, and whether it runs.
//! Not here: their files (`files`), running (`scheduler`).

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use tokio::sync::{Mutex as AsyncMutex, watch};
use uuid::Uuid;

use super::definition::{Definition, ScheduledQuery, State};
use super::files::Files;
use super::job::{Job, Trigger};
use super::summary::RunSummary;
use crate::catalog::{MAX_TAGS, Tags};
use crate::clock::Clock;
use crate::json_file::JsonFileError;

/// Scheduled queries that an account may hold.
const MAX_QUERIES: usize = 10_000;
/// How long a client token stands for its request: 8 hours.
const TOKEN_LIFE: i64 = 8 * 3_600 * 1_000_000_000;
/// Hexadecimal digits behind a name in its ARN.
const SUFFIX: usize = 12;
/// Runs that were asked for and have not begun.
const MAX_ASKED: usize = 1_000;

/// All scheduled queries, by id.
pub(crate) struct Book {
    files: Files,
    clock: Arc<dyn Clock>,
    entries: RwLock<BTreeMap<String, Entry>>,
    /// Held by whoever changes an entry.
    changes: Mutex<()>,
    /// Runs that somebody asked for.
    asked: Mutex<VecDeque<Job>>,
    /// Tells the scheduler that what is due may have changed.
    changed: watch::Sender<()>,
}

/// A scheduled query, and how it stands.
struct Entry {
    query: Arc<ScheduledQuery>,
    /// When it is due; none while it is disabled, and after its last time.
    next: Option<i64>,
    /// Set from when a run by the schedule is due to when it has ended.
    running: bool,
    /// Held by the one run that goes on.
    turn: Arc<AsyncMutex<()>>,
    /// Goes with the query, which tells those who wait for that.
    alive: watch::Sender<()>,
}

/// Why the book refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BookError {
    #[error("The scheduled query {0} does not exist.")]
    NoQuery(String),
    #[error("A scheduled query of the name '{0}' already exists; choose another name, or delete it.")]
    NameTaken(String),
    #[error("The ClientToken was used for another request within the last 8 hours; send a new one.")]
    TokenUsed,
    #[error("The scheduled query limit of {MAX_QUERIES} is reached; delete some.")]
    TooMany,
    #[error("{MAX_ASKED} runs of scheduled queries are waiting already; ask again later.")]
    TooManyRuns,
    #[error("A resource may carry at most {MAX_TAGS} tags.")]
    TooManyTags,
    #[error("the file of a scheduled query failed: {0}")]
    File(#[from] JsonFileError),
}

impl Book {
    /// Reads the files in `dir`, which is made if missing. What was due while no server ran is left out: the next
    /// time is the first from now on.
    pub(crate) fn open(dir: PathBuf, clock: Arc<dyn Clock>) -> Result<Self, BookError> {
        let files = Files::new(dir);
        let entry = |query: ScheduledQuery| (query.id(), Entry::new(Arc::new(query), clock.now()));
        let entries = RwLock::new(files.read()?.into_iter().map(entry).collect());
        let changed = watch::Sender::new(());
        Ok(Self { files, clock, entries, changes: Mutex::default(), asked: Mutex::default(), changed })
    }

    /// Adds a scheduled query; the same request with the same token, again, gives the one that it made.
    pub(crate) fn create(
        &self,
        definition: Definition,
        client_token: Option<String>,
        tags: Tags,
    ) -> Result<Arc<ScheduledQuery>, BookError> {
        let _one_at_a_time = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        if let Some(made) = self.made_with(client_token.as_deref(), now) {
            let same = made.definition == definition && made.tags == tags;
            return if same { Ok(made) } else { Err(BookError::TokenUsed) };
        }
        if self.read().values().any(|entry| entry.query.definition.name == definition.name) {
            return Err(BookError::NameTaken(definition.name));
        }
        if self.read().len() >= MAX_QUERIES {
            return Err(BookError::TooMany);
        }
        let query = ScheduledQuery {
            suffix: Uuid::new_v4().simple().to_string()[..SUFFIX].to_owned(),
            definition,
            state: State::Enabled,
            // Times are told in milliseconds.
            created: now - now.rem_euclid(1_000_000),
            client_token,
            tags,
            last_run: None,
            failed_runs: Vec::new(),
            version: 0,
        };
        self.files.save(&query)?;
        let query = Arc::new(query);
        self.write(|entries| entries.insert(query.id(), Entry::new(Arc::clone(&query), now)));
        Ok(query)
    }

    /// The scheduled query of this id.
    pub(crate) fn get(&self, id: &str) -> Result<Arc<ScheduledQuery>, BookError> {
        let entries = self.read();
        let entry = entries.get(id).ok_or_else(|| BookError::NoQuery(id.to_owned()))?;
        Ok(Arc::clone(&entry.query))
    }

    /// All of them by their ids, in order.
    pub(crate) fn list(&self) -> Vec<(String, Arc<ScheduledQuery>)> {
        self.read().iter().map(|(id, entry)| (id.clone(), Arc::clone(&entry.query))).collect()
    }

    /// When the query is due; none where it is disabled, unknown, or has had its last time.
    pub(crate) fn next_run(&self, id: &str) -> Option<i64> {
        self.read().get(id)?.next
    }

    /// Enables or disables a query; once enabled its next time is the first from now on.
    pub(crate) fn set_state(&self, id: &str, state: State) -> Result<(), BookError> {
        self.change(id, |query| {
            query.state = state;
            Ok(())
        })
    }

    /// Changes a query's tags.
    pub(crate) fn change_tags(&self, id: &str, change: impl FnOnce(&mut Tags)) -> Result<(), BookError> {
        self.change(id, |query| {
            change(&mut query.tags);
            if query.tags.len() > MAX_TAGS { Err(BookError::TooManyTags) } else { Ok(()) }
        })
    }

    /// Removes a query; a run that goes on ends at once and leaves no word.
    pub(crate) fn delete(&self, id: &str) -> Result<(), BookError> {
        let _one_at_a_time = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        self.files.remove(&*self.get(id)?)?;
        self.write(|entries| entries.remove(id));
        Ok(())
    }

    /// Asks for a run now, which stands for the time `invocation`.
    pub(crate) fn ask(&self, id: &str, invocation: i64, insights: bool) -> Result<(), BookError> {
        self.get(id)?;
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.len() >= MAX_ASKED {
            return Err(BookError::TooManyRuns);
        }
        asked.push_back(Job { id: id.to_owned(), invocation, trigger: Trigger::Manual, insights });
        self.changed.send_replace(());
        Ok(())
    }

    /// Takes up to `most` runs that were asked for or are due. A query that is due counts as running until it has
    /// `ended`; it runs for the last time that has come, and those before it are left out.
    pub(super) fn take_jobs(&self, most: usize) -> Vec<Job> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let count = asked.len().min(most);
        let mut jobs: Vec<Job> = asked.drain(..count).collect();
        let now = self.clock.now();
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        for (id, entry) in entries.iter_mut() {
            if jobs.len() >= most {
                break;
            }
            if let Some(invocation) = entry.take_due(now) {
                jobs.push(Job { id: id.clone(), invocation, trigger: Trigger::Auto, insights: false });
            }
        }
        jobs
    }

    /// Done when the next query is due that does not run already.
    pub(super) async fn due(&self) {
        let entries =
            || self.read().values().filter(|entry| !entry.running).filter_map(|entry| entry.next).min();
        match entries() {
            Some(next) => self.clock.reached(next).await,
            None => std::future::pending().await,
        }
    }

    /// What the one run of a query that goes on must hold; none where the query is gone.
    pub(super) fn turn(&self, id: &str) -> Option<Arc<AsyncMutex<()>>> {
        Some(Arc::clone(&self.read().get(id)?.turn))
    }

    /// Done once the query is deleted.
    pub(super) async fn deleted(&self, id: &str) {
        let alive = self.read().get(id).map(|entry| entry.alive.subscribe());
        if let Some(mut alive) = alive {
            while alive.changed().await.is_ok() {}
        }
    }

    /// Takes note of a run that has ended, and of the version that it wrote with; disables the query where
    /// running it again would be of no use.
    pub(super) fn note(
        &self,
        id: &str,
        run: RunSummary,
        version: i64,
        disable: bool,
    ) -> Result<(), BookError> {
        self.change(id, |query| {
            query.note(run, version);
            if disable {
                query.state = State::Disabled;
            }
            Ok(())
        })
    }

    /// A run by the schedule has ended.
    pub(super) fn ended(&self, id: &str) {
        self.write(|entries| entries.get_mut(id).map(|entry| entry.running = false));
    }

    /// Tells of changes to what is to be run.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    fn made_with(&self, token: Option<&str>, now: i64) -> Option<Arc<ScheduledQuery>> {
        let token = token?;
        let entries = self.read();
        let made = entries.values().map(|entry| &entry.query).find(|query| {
            query.client_token.as_deref() == Some(token) && now.saturating_sub(query.created) < TOKEN_LIFE
        });
        made.cloned()
    }

    /// Changes a copy of a query, saves it, and only then shows it.
    fn change(
        &self,
        id: &str,
        change: impl FnOnce(&mut ScheduledQuery) -> Result<(), BookError>,
    ) -> Result<(), BookError> {
        let _one_at_a_time = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut query = ScheduledQuery::clone(&*self.get(id)?);
        change(&mut query)?;
        self.files.save(&query)?;
        let now = self.clock.now();
        self.write(|entries| entries.get_mut(id).map(|entry| entry.show(query, now)));
        Ok(())
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<String, Entry>> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write<R>(&self, change: impl FnOnce(&mut BTreeMap<String, Entry>) -> R) {
        change(&mut self.entries.write().unwrap_or_else(PoisonError::into_inner));
        self.changed.send_replace(());
    }
}

impl Entry {
    fn new(query: Arc<ScheduledQuery>, now: i64) -> Self {
        Self {
            next: query.next_run(now),
            query,
            running: false,
            turn: Arc::default(),
            alive: watch::Sender::new(()),
        }
    }

    fn show(&mut self, query: ScheduledQuery, now: i64) {
        if query.state != self.query.state {
            self.next = query.next_run(now);
        }
        self.query = Arc::new(query);
    }

    fn take_due(&mut self, now: i64) -> Option<i64> {
        let next = self.next.filter(|next| *next <= now && !self.running)?;
        let last = self.query.definition.schedule.last(self.query.created, now);
        self.next = self.query.next_run(now);
        self.running = true;
        Some(last.map_or(next, |last| last.max(next)))
    }
}

#[cfg(test)]
mod tests;
