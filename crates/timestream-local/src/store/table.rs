//! A table as the engine uses it: open, write, snapshot, flush. Not here: what a lock guards (`state`),
//! what goes on in the background (`maintenance`), waiting for the disk (`sync`), settings (`retention`).

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, RwLock};
use std::time::Instant;

use super::admission::Window;
use super::batch;
use super::common::{Common, Store};
use super::dictionary::{Dictionary, Ids, Refusal};
use super::keys::{Key, Row, Stored, end_of};
use super::locks::{lock, read, write};
use super::lookup::Lookup;
use super::recovery::{self, Dirs, Opened};
use super::snapshot::Snapshot;
use super::state::{Candidate, Prepared, State, View};
use super::values::{digest, values};
use super::{StoreError, TableStats, WriteOutcome};
use crate::model::{Dimensions, Record, Rejected, Retention};

/// How many times `flush_rows` the memory table may hold while another one is on its way to files.
const ROOM: usize = 2;

/// The times that a table of this retention takes at an instant.
pub(super) type WindowAt = fn(i64, Retention) -> Window;

/// One table's log, memory table and files.
///
/// Dropping it ends what is done for it in the background and syncs the log; the memory table stays in the log.
pub(crate) struct Table {
    pub(super) shared: Arc<Shared>,
    /// Its threads work until the last table is gone.
    _store: Arc<Store>,
}

/// What writers, queries and the background threads share.
pub(super) struct Shared {
    /// Tells it from the store's other tables.
    pub number: u64,
    pub dirs: Dirs,
    pub common: Arc<Common>,
    pub retention: Mutex<Retention>,
    pub state: Mutex<State>,
    pub dictionary: RwLock<Dictionary>,
    /// The number of the next Parquet file.
    pub next_file: AtomicU64,
    /// Held by whoever changes the list of files.
    pub changing: Mutex<()>,
    /// Held by whoever merges files, which changes their list only in the end.
    pub compacting: Mutex<()>,
    /// Held by whoever syncs, so that what one has begun another does not take for done.
    pub syncing: Mutex<()>,
    /// Held by the request that syncs, while others wait for it.
    pub settling: tokio::sync::Mutex<()>,
    /// The `Position` up to which the log is on the disk.
    pub durable: AtomicU64,
    /// Set when nothing more may be done in the table's directory.
    pub closed: AtomicBool,
    pub flushes: AtomicU64,
    pub merges: AtomicU64,
    pub syncs: AtomicU64,
}

impl Table {
    /// Opens the table in `dir`, which is made if missing; what the log holds is replayed.
    pub(super) fn open(store: &Arc<Store>, dir: &Path, retention: Retention) -> Result<Self, StoreError> {
        let (began, common) = (Instant::now(), store.common());
        let Opened { dirs, dictionary, state, next_file } = recovery::open(dir, &common.in_memory)?;
        let shared = Arc::new(Shared {
            number: common.new_number(),
            dirs,
            common: Arc::clone(common),
            retention: Mutex::new(retention),
            state: Mutex::new(state),
            dictionary: RwLock::new(dictionary),
            next_file: next_file.into(),
            changing: Mutex::default(),
            compacting: Mutex::default(),
            syncing: Mutex::default(),
            settling: tokio::sync::Mutex::default(),
            durable: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            flushes: AtomicU64::new(0),
            merges: AtomicU64::new(0),
            syncs: AtomicU64::new(0),
        });
        shared.told_recovery(began);
        common.add(&shared);
        Ok(Self { shared, _store: Arc::clone(store) })
    }

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
        loop {
            if let Some(outcome) = self.try_write(window, records)? {
                return Ok(outcome);
            }
            self.shared.common.wait_for_flush();
        }
    }

    /// As `write`, for callers that must not block: only where it has to wait does that go to another thread.
    pub(crate) async fn write_async(&self, records: &[Record<'_>]) -> Result<WriteOutcome, StoreError> {
        loop {
            if let Some(outcome) = self.try_write(Window::at, records)? {
                return Ok(outcome);
            }
            let common = Arc::clone(&self.shared.common);
            let waited = tokio::task::spawn_blocking(move || common.wait_for_flush()).await;
            waited.map_err(|error| StoreError::Thread(error.into()))?;
        }
    }

    /// Writes without waiting: none, and nothing is stored, where memory is full.
    pub(super) fn try_write(
        &self,
        window: WindowAt,
        records: &[Record<'_>],
    ) -> Result<Option<WriteOutcome>, StoreError> {
        let shared = &*self.shared;
        let window = window(shared.common.clock.now(), *lock(&shared.retention));
        let prepared = shared.prepare(window, records);
        shared.look_up(&prepared)?;
        let Some(mut state) = shared.state_with_room()? else { return Ok(None) };
        let outcome = state.store(records, prepared, &shared.dictionary, &shared.lookup())?;
        let full = state.memory.len() >= shared.common.options.flush_rows;
        drop(state);
        if full || shared.common.is_crowded() {
            shared.common.flusher.wake();
        }
        Ok(Some(outcome))
    }

    /// What a query sees of these tables from now on until it drops it: all of them as of one instant.
    pub(crate) fn snapshots(tables: &[&Self]) -> Result<Vec<Snapshot>, StoreError> {
        let mut each: Vec<&Shared> = tables.iter().map(|table| &*table.shared).collect();
        // In one order, so that no two queries wait for each other; and none twice.
        each.sort_unstable_by_key(|shared| shared.number);
        each.dedup_by_key(|shared| shared.number);
        let mut states: Vec<_> = each.iter().map(|shared| (shared.number, lock(&shared.state))).collect();
        let views: HashMap<u64, View> =
            states.iter_mut().map(|(number, state)| (*number, state.view())).collect();
        drop(states);
        tables.iter().map(|table| table.shared.snapshot(&views[&table.shared.number])).collect()
    }

    /// What a query sees of this table.
    #[cfg(test)]
    pub(crate) fn snapshot(&self) -> Result<Snapshot, StoreError> {
        self.shared.snapshot(&lock(&self.shared.state).view())
    }

    /// What the table has now.
    pub(crate) fn stats(&self) -> TableStats {
        let shared = &*self.shared;
        let (mut stats, hours) = {
            let state = lock(&shared.state);
            (state.stats(), state.hours.clone())
        };
        for file in hours.files() {
            stats.files += 1;
            stats.file_rows += file.rows();
            stats.file_bytes += file.bytes();
        }
        stats.flushes = shared.flushes.load(Ordering::Relaxed);
        stats.merges = shared.merges.load(Ordering::Relaxed);
        stats.syncs = shared.syncs.load(Ordering::Relaxed);
        stats
    }

    /// Writes the memory table to files, and gives how many rows that were; on return the log is short.
    pub(crate) fn flush(&self) -> Result<u64, StoreError> {
        self.shared.flush()
    }

    /// Does at once what the background threads do from time to time.
    #[cfg(test)]
    pub(super) fn maintain(&self) -> Result<(), StoreError> {
        self.shared.maintain()?;
        self.shared.compact()
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        let shared = &*self.shared;
        shared.closed.store(true, Ordering::Release);
        // Whoever works in the directory ends first.
        drop((lock(&shared.compacting), lock(&shared.changing)));
        if let Err(error) = shared.sync() {
            tracing::error!("the last records may not be on the disk: {error}");
        }
    }
}

impl Shared {
    /// Bytes of the rows that are not in files.
    pub(super) fn bytes_in_memory(&self) -> usize {
        lock(&self.state).memory.bytes()
    }

    fn lookup(&self) -> Lookup<'_> {
        Lookup { table: self.number, cache: &self.common.cache }
    }

    fn snapshot(&self, view: &View) -> Result<Snapshot, StoreError> {
        let oldest = self.oldest_kept();
        let kept = |file: &&Arc<super::SnapshotFile>| end_of(file.entry.hour) > oldest;
        let files: Vec<_> = view.hours.files().filter(kept).cloned().collect();
        let cut = files.iter().any(|file| file.entry.oldest < oldest);
        let mut memory = Vec::with_capacity(view.chunks.len());
        for chunk in view.chunks.iter().filter(|chunk| chunk.newest >= oldest) {
            // The lock is taken for each chunk, for writers that bring new dimension sets.
            let rows = batch::of_chunk(chunk, &read(&self.dictionary))?;
            memory.push(if chunk.oldest < oldest { batch::since(&rows, oldest)? } else { rows });
        }
        let layout = read(&self.dictionary).layout();
        let (columns, measures) = (layout.columns.clone(), Arc::clone(&layout.measures));
        let oldest = cut.then_some(oldest);
        Ok(Snapshot { columns, measures, files, memory, oldest, overlaps: view.overlaps })
    }

    /// Checks what needs no lock, and gives the rest of the records their numbers.
    fn prepare(&self, window: Window, records: &[Record<'_>]) -> Prepared {
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

    /// Reads what files hold of the identities, so that it is in the cache when the lock is held.
    fn look_up(&self, prepared: &Prepared) -> Result<(), StoreError> {
        let hours = Arc::clone(&lock(&self.state).hours);
        let mut late = prepared.candidates.iter().map(|candidate| candidate.row.key);
        late.try_for_each(|key| match hours.candidates(key).next() {
            None => Ok(()),
            Some(_) => self.lookup().find(&hours, key, &read(&self.dictionary)).map(drop),
        })
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
