//! The steps of a write, in their order: the numbers of its records, what files hold of them, room, the lock. Not here:
//! the step under the lock (`state`), what is admitted (`admission`), when it is durable (`sync`).
//!
//! No step but the last holds the table's lock, and no thread that serves connections reads a file or waits for room.

use std::sync::{Arc, MutexGuard, RwLock};

use super::admission::Window;
use super::dictionary::{Dictionary, Ids, Refusal};
use super::keys::{Key, Row, Stored};
use super::locks::{lock, read, write};
use super::lookup::{Known, Lookup};
use super::state::{Candidate, Prepared, State};
use super::table::{Shared, Table};
use super::values::{digest, values};
use super::{StoreError, WriteOutcome};
use crate::model::{Dimensions, Record, Rejected, Retention};

/// How many times `flush_rows` the memory table may hold while another one is on its way to files.
const ROOM: usize = 2;

/// The times that a table of this retention takes at an instant.
type WindowAt = fn(i64, Retention) -> Window;

/// What became of a try to store records.
enum Tried {
    Stored(WriteOutcome),
    /// Memory is full, and nothing is stored.
    Full,
    /// Other files hold the rows now than those that were read, and nothing is stored.
    Outdated,
}

impl Table {
    /// Stores the valid ones of `records`, and returns when they would survive a kill of the process. Where memory is
    /// full it waits for a flush, which may take seconds.
    ///
    /// On an error none of them is stored.
    pub(crate) fn write(&self, records: &[Record<'_>]) -> Result<WriteOutcome, StoreError> {
        self.write_within(Window::at, records)
    }

    /// The same for records of a batch load, which may be of any time that the table keeps.
    pub(crate) fn load(&self, records: &[Record<'_>]) -> Result<WriteOutcome, StoreError> {
        self.write_within(Window::of_load, records)
    }

    fn write_within(&self, window: WindowAt, records: &[Record<'_>]) -> Result<WriteOutcome, StoreError> {
        let shared = &*self.shared;
        loop {
            let prepared = shared.prepare(window, records);
            let known = shared.read_known(prepared.keys())?;
            match shared.try_store(records, prepared, &known)? {
                Tried::Stored(outcome) => return Ok(outcome),
                Tried::Full => shared.common.wait_for_flush(),
                Tried::Outdated => {}
            }
        }
    }

    /// As `write`, for callers that must not block: only where it has to wait does that go to another thread.
    pub(crate) async fn write_async(&self, records: &[Record<'_>]) -> Result<WriteOutcome, StoreError> {
        loop {
            let prepared = self.shared.prepare(Window::at, records);
            let known = match self.shared.cached_known(prepared.keys()) {
                Some(known) => known,
                None => {
                    let keys: Vec<Key> = prepared.keys().collect();
                    self.elsewhere(move |shared| shared.read_known(keys.into_iter())).await??
                }
            };
            match self.shared.try_store(records, prepared, &known)? {
                Tried::Stored(outcome) => return Ok(outcome),
                Tried::Full => self.elsewhere(|shared| shared.common.wait_for_flush()).await?,
                Tried::Outdated => {}
            }
        }
    }

    /// Does what may block on a thread that may.
    async fn elsewhere<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = Arc::clone(&self.shared);
        let done = tokio::task::spawn_blocking(move || work(&shared)).await;
        done.map_err(|error| StoreError::Thread(error.into()))
    }
}

impl Shared {
    /// Checks what needs no lock, and gives the rest of the records their numbers.
    fn prepare(&self, window: WindowAt, records: &[Record<'_>]) -> Prepared {
        let window = window(self.common.clock.now(), *lock(&self.retention));
        let mut prepared = Prepared::default();
        let mut numbering = Numbering::default();
        for (index, record) in records.iter().enumerate() {
            let start = prepared.columns.len();
            let ids = window.tier(record.time).and_then(|tier| {
                let ids = numbering.ids(record, &self.dictionary, &mut prepared.columns);
                Ok((tier, ids.map_err(|refusal| refusal.to_string())?))
            });
            let (tier, Ids { set, measure }) = match ids {
                Ok(ids) => ids,
                Err(reason) => {
                    prepared.rejected.push(Rejected { index, reason, existing_version: None });
                    continue;
                }
            };
            let columns = start..prepared.columns.len();
            let digest = digest(&prepared.columns[columns.clone()], values(&record.measures));
            let key = Key { time: record.time, set, measure };
            let row = Row { key, stored: Stored { version: record.version, digest } };
            prepared.candidates.push(Candidate { index, row, columns, tier });
        }
        prepared
    }

    fn lookup(&self) -> Lookup<'_> {
        let hours = Arc::clone(&lock(&self.state).hours);
        Lookup { table: self.number, cache: &self.common.cache, hours, dictionary: &self.dictionary }
    }

    /// What files hold of identities, read from them.
    fn read_known(&self, keys: impl Iterator<Item = Key>) -> Result<Known, StoreError> {
        self.lookup().read(keys)
    }

    /// The same where no file has to be read for it; mostly files hold none of them.
    fn cached_known(&self, keys: impl Iterator<Item = Key>) -> Option<Known> {
        self.lookup().cached(keys)
    }

    /// Stores records, if there is room and `known` is true still.
    fn try_store(
        &self,
        records: &[Record<'_>],
        prepared: Prepared,
        known: &Known,
    ) -> Result<Tried, StoreError> {
        let Some(mut state) = self.state_with_room()? else { return Ok(Tried::Full) };
        if !known.is_of(&state.hours) {
            return Ok(Tried::Outdated);
        }
        let outcome = state.store(records, prepared, &self.dictionary, known)?;
        let full = state.memory.len() >= self.common.options.flush_rows;
        drop(state);
        if full || self.common.is_crowded() {
            self.common.flusher.wake();
        }
        Ok(Tried::Stored(outcome))
    }

    /// The state, where there is room for another request.
    fn state_with_room(&self) -> Result<Option<MutexGuard<'_, State>>, StoreError> {
        let state = lock(&self.state);
        let own = state.memory.len() < ROOM * self.common.options.flush_rows;
        if own && !self.common.is_full() {
            return Ok(Some(state));
        }
        let failure = if own { self.common.failure() } else { state.flush_failure.clone() };
        drop(state);
        let Some(failure) = failure else { return Ok(None) };
        self.common.flusher.wake();
        Err(StoreError::Full(failure))
    }
}

/// Gives the records of a request their numbers.
#[derive(Default)]
struct Numbering<'a> {
    /// The dimensions of the record before: the next one mostly shares them.
    last: Option<(&'a Dimensions<'a>, u32)>,
    scratch: Vec<u8>,
}

impl<'a> Numbering<'a> {
    fn ids(
        &mut self,
        record: &'a Record<'a>,
        dictionary: &RwLock<Dictionary>,
        columns: &mut Vec<u16>,
    ) -> Result<Ids, Refusal> {
        let known = {
            let dictionary = read(dictionary);
            let set = match self.last {
                Some((last, set)) if Arc::ptr_eq(last, &record.dimensions) => Some(set),
                _ => dictionary.find_set(record, &mut self.scratch),
            };
            set.and_then(|set| dictionary.find(set, record, columns))
        };
        let ids = match known {
            Some(ids) => ids,
            None => write(dictionary).define(record, columns)?,
        };
        self.last = Some((&record.dimensions, ids.set));
        Ok(ids)
    }
}
