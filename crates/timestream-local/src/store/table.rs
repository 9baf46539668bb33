//! A table as the engine uses it: open, write, snapshot, flush. Not here: what a lock guards (`state`),
//! what goes on in the background (`worker`).

use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};

use super::admission::{Window, oldest_kept};
use super::batch;
use super::dictionary::{Dictionary, Ids, Refusal};
use super::keys::{Key, Row, Stored, end_of};
use super::locks::{lock, read, write};
use super::lookup::KeyCache;
use super::recovery::{self, Dirs};
use super::snapshot::Snapshot;
use super::state::{Candidate, Prepared, State};
use super::values::{digest, values};
use super::worker::Worker;
use super::{StoreError, StoreOptions, WriteOutcome};
use crate::clock::Clock;
use crate::model::{Dimensions, Record, Rejected, Retention};

/// How many times `flush_rows` the memory table may hold while another one is on its way to files.
const ROOM: usize = 2;

/// What becomes of a write to a memory table that is full, because files are written more slowly than rows come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// It waits for the end of a flush, which blocks its thread for seconds.
    Wait,
    /// It is left undone.
    Leave,
}

/// One table's log, memory table and files.
///
/// Dropping it stops its background threads and syncs the log; the memory table stays in the log.
pub(crate) struct Table {
    shared: Arc<Shared>,
    keeper: Worker,
    /// A thread of its own: a long flush must not hold up the syncs.
    _syncer: Worker,
}

/// What writers, queries and the background thread share.
pub(super) struct Shared {
    pub dirs: Dirs,
    pub clock: Arc<dyn Clock>,
    pub options: StoreOptions,
    pub retention: Mutex<Retention>,
    pub state: Mutex<State>,
    pub dictionary: RwLock<Dictionary>,
    pub cache: Mutex<KeyCache>,
    /// Held by whoever changes the list of files.
    pub changing: Mutex<()>,
    /// Held by whoever syncs, so that what one has begun another does not take for done.
    pub syncing: Mutex<()>,
    /// Told when a flush has ended, well or not.
    pub flushed: Condvar,
}

impl Table {
    /// Opens the table in `dir`, which is made if missing; what the log holds is replayed.
    pub(crate) fn open(
        dir: &Path,
        retention: Retention,
        clock: Arc<dyn Clock>,
        mut options: StoreOptions,
    ) -> Result<Self, StoreError> {
        let (dirs, dictionary, state) = recovery::open(dir)?;
        options.flush_rows = options.flush_rows.max(1);
        let shared = Arc::new(Shared {
            dirs,
            clock,
            options,
            retention: Mutex::new(retention),
            state: Mutex::new(state),
            dictionary: RwLock::new(dictionary),
            cache: Mutex::default(),
            changing: Mutex::default(),
            syncing: Mutex::default(),
            flushed: Condvar::new(),
        });
        let keeper = Worker::start("store-keeper", &shared, Shared::maintain)?;
        let syncer = Worker::start("store-syncer", &shared, Shared::sync)?;
        Ok(Self { shared, keeper, _syncer: syncer })
    }

    /// Stores the valid ones of `records`, and returns when they would survive a kill of the process.
    ///
    /// On an error none of them is stored, and nor where it gives none: the memory table is full then.
    pub(crate) fn write(
        &self,
        records: &[Record<'_>],
        full: Full,
    ) -> Result<Option<WriteOutcome>, StoreError> {
        let shared = &*self.shared;
        let prepared = shared.prepare(records);
        let Some(mut state) = shared.state_with_room(&self.keeper, full)? else { return Ok(None) };
        let outcome = state.store(records, prepared, &shared.dictionary, &shared.cache)?;
        if state.memory.len() >= shared.options.flush_rows {
            self.keeper.wake();
        }
        Ok(Some(outcome))
    }

    /// What queries see from now on until they drop it.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let shared = &*self.shared;
        let oldest = shared.oldest_kept();
        let (chunks, files, overlaps) = {
            let mut state = lock(&shared.state);
            let files =
                state.hours.files().filter(|file| end_of(file.entry.hour) > oldest).cloned().collect();
            (state.chunks(), files, state.overlaps())
        };
        let chunks = chunks.iter().filter(|chunk| chunk.newest >= oldest);
        // The lock is taken for each chunk, for writers that bring new dimension sets.
        let memory = chunks.map(|chunk| {
            batch::of_chunk(chunk, &read(&shared.dictionary))
                .expect("the columns of a chunk have its length and the types of the dictionary")
        });
        let memory = memory.collect();
        let layout = read(&shared.dictionary).layout();
        let (columns, measures) = (layout.columns.clone(), Arc::clone(&layout.measures));
        Snapshot { columns, measures, files, memory, overlaps }
    }

    /// Takes new retention settings.
    pub(crate) fn set_retention(&self, retention: Retention) {
        *lock(&self.shared.retention) = retention;
    }

    /// Writes the memory table to files; on return the log is short.
    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        self.shared.flush()
    }

    /// Does at once what the background thread does from time to time.
    #[cfg(test)]
    pub(super) fn maintain(&self) -> Result<(), StoreError> {
        self.shared.maintain()
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        if let Err(error) = self.shared.sync() {
            tracing::error!("the last records may not be on the disk: {error}");
        }
    }
}

impl Shared {
    /// The earliest time that the table keeps now.
    pub(super) fn oldest_kept(&self) -> i64 {
        oldest_kept(self.clock.now(), *lock(&self.retention))
    }

    /// Checks what needs no lock, and gives the rest of the records their numbers.
    fn prepare(&self, records: &[Record<'_>]) -> Prepared {
        let window = Window::at(self.clock.now(), *lock(&self.retention));
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

    /// The state, when the memory table can take another request.
    fn state_with_room(
        &self,
        keeper: &Worker,
        full: Full,
    ) -> Result<Option<MutexGuard<'_, State>>, StoreError> {
        let mut state = lock(&self.state);
        while state.memory.len() >= ROOM * self.options.flush_rows {
            if let Some(failure) = &state.flush_failure {
                return Err(StoreError::Full(failure.clone()));
            }
            keeper.wake();
            if full == Full::Leave {
                return Ok(None);
            }
            state = self.flushed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        Ok(Some(state))
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
