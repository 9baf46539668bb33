//! A table as the engine uses it: open, snapshot, flush. Not here: writes (`write`), what a lock guards (`state`),
//! what goes on in the background (`maintenance`), waiting for the disk (`sync`), settings (`retention`).

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Instant;

use super::chunk::Chunk;
use super::common::{Common, Store};
use super::dictionary::Dictionary;
use super::folder::Folder;
use super::keys::end_of;
use super::locks::{lock, read};
use super::recovery::{self, Opened};
use super::snapshot::{Snapshot, SnapshotRows};
use super::state::{State, View};
use super::{StoreError, TableStats};
use crate::model::Retention;

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
    pub folder: Arc<Folder>,
    pub common: Arc<Common>,
    pub retention: Mutex<Retention>,
    pub state: Mutex<State>,
    pub dictionary: Arc<RwLock<Dictionary>>,
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
        let Opened { folder, dictionary, state, next_file } = recovery::open(dir, &common.in_memory)?;
        let shared = Arc::new(Shared {
            number: common.new_number(),
            folder,
            common: Arc::clone(common),
            retention: Mutex::new(retention),
            state: Mutex::new(state),
            dictionary: Arc::new(RwLock::new(dictionary)),
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

    /// What a query sees of these tables from now on until it drops it: all of them as of one instant.
    pub(crate) fn snapshots(tables: &[&Self]) -> Vec<Snapshot> {
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
    pub(crate) fn snapshot(&self) -> Snapshot {
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

    /// The folder is removed when the table and the last of its snapshots are dropped.
    pub(crate) fn doom(&self) {
        self.shared.folder.doom();
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

    fn snapshot(&self, view: &View) -> Snapshot {
        let oldest = self.oldest_kept();
        let kept = |file: &&Arc<super::SnapshotFile>| end_of(file.entry.hour) > oldest;
        let files: Vec<_> = view.hours.files().filter(kept).cloned().collect();
        let cut = files.iter().any(|file| file.entry.oldest < oldest);
        let chunks = view.chunks.iter().filter(|chunk| chunk.newest >= oldest);
        let rows = |chunk: &Arc<Chunk>| SnapshotRows::new(Arc::clone(chunk), &self.dictionary, oldest);
        let memory = chunks.map(rows).collect();
        let layout = read(&self.dictionary).layout();
        let (columns, measures) = (layout.columns.clone(), Arc::clone(&layout.measures));
        let oldest = cut.then_some(oldest);
        Snapshot { columns, measures, files, memory, oldest, overlaps: view.overlaps }
    }
}
