//! What the tables of one server share: options, the sum of their memory tables, the cache of identities,
//! and the threads that work behind them. Not here: what is done for a table (`maintenance`, `sync`).

use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::locks::lock;
use super::lookup::KeyCache;
use super::table::{Shared, Table};
use super::worker::{Job, Signal, Worker};
use super::{StoreError, StoreOptions};
use crate::clock::Clock;
use crate::model::Retention;

/// The priorities of the threads that write files: on Linux a niceness of 9 and of 4.
///
/// Merges go before flushes. Where records come faster than both can take, writers wait for flushes, in the end; nobody
/// ever waits for merges, and files that nobody merges cost every query.
const FLUSHER: u8 = 25;
const COMPACTOR: u8 = 37;

/// The tables of a server. Dropping it, and the last of its tables, ends the threads.
pub(crate) struct Store {
    common: Arc<Common>,
    _workers: [Worker; 3],
}

/// What tables and threads see of it.
pub(super) struct Common {
    pub clock: Arc<dyn Clock>,
    pub options: StoreOptions,
    pub cache: KeyCache,
    /// The bytes of all memory tables.
    pub in_memory: Arc<AtomicUsize>,
    /// Flushes, and removes what has expired.
    pub flusher: Signal,
    /// Syncs. A thread of its own: a long flush must not hold it up.
    pub syncer: Signal,
    /// Merges files. A thread of its own, too: a long merge must not hold up flushes.
    pub compactor: Signal,
    tables: Mutex<Vec<Weak<Shared>>>,
    opened: AtomicU64,
    /// Why the flusher's last round failed, if it did: what writers without room are told.
    failure: Mutex<Option<String>>,
    ended: Condvar,
}

impl Store {
    /// A store without tables.
    pub(crate) fn new(clock: Arc<dyn Clock>, mut options: StoreOptions) -> Result<Arc<Self>, StoreError> {
        options.flush_rows = options.flush_rows.max(1);
        let common = Arc::new(Common {
            clock,
            cache: KeyCache::new(options.cache_bytes),
            options,
            in_memory: Arc::default(),
            flusher: Signal::default(),
            syncer: Signal::default(),
            compactor: Signal::default(),
            tables: Mutex::default(),
            opened: AtomicU64::new(0),
            failure: Mutex::default(),
            ended: Condvar::new(),
        });
        let flusher = Job {
            name: "store-flusher",
            priority: Some(FLUSHER),
            signal: |common| &common.flusher,
            run: Shared::maintain,
            ended: Common::end_round,
        };
        let syncer = Job {
            name: "store-syncer",
            priority: None,
            signal: |common| &common.syncer,
            run: Shared::sync,
            ended: |_, _| {},
        };
        let compactor = Job {
            name: "store-compactor",
            priority: Some(COMPACTOR),
            signal: |common| &common.compactor,
            run: Shared::compact,
            ended: |_, _| {},
        };
        let start = |job| Worker::start(&common, job);
        let _workers = [start(flusher)?, start(syncer)?, start(compactor)?];
        Ok(Arc::new(Self { common, _workers }))
    }

    /// Opens the table in `dir`, which is made if missing; what its log holds is replayed.
    pub(crate) fn open_table(
        self: &Arc<Self>,
        dir: &Path,
        retention: Retention,
    ) -> Result<Table, StoreError> {
        Table::open(self, dir, retention)
    }

    pub(super) fn common(&self) -> &Arc<Common> {
        &self.common
    }
}

impl Common {
    /// The number of a table that is being opened.
    pub(super) fn new_number(&self) -> u64 {
        self.opened.fetch_add(1, Ordering::Relaxed)
    }

    /// From now on the threads work for the table, until it is dropped.
    pub(super) fn add(&self, table: &Arc<Shared>) {
        let mut tables = lock(&self.tables);
        tables.retain(|table| table.strong_count() > 0);
        tables.push(Arc::downgrade(table));
    }

    /// The tables, the one with the largest memory table first.
    pub(super) fn tables(&self) -> Vec<Arc<Shared>> {
        let mut tables: Vec<_> = lock(&self.tables).iter().filter_map(Weak::upgrade).collect();
        tables.sort_by_cached_key(|table| std::cmp::Reverse(table.bytes_in_memory()));
        tables
    }

    /// Whether memory tables should be flushed for their sum: the other half is for what comes meanwhile.
    pub(super) fn is_crowded(&self) -> bool {
        self.in_memory.load(Ordering::Relaxed) > self.options.memory_bytes / 2
    }

    /// Whether writers must wait.
    pub(super) fn is_full(&self) -> bool {
        self.in_memory.load(Ordering::Relaxed) > self.options.memory_bytes
    }

    /// Why the last round of flushes failed, if it did.
    pub(super) fn failure(&self) -> Option<String> {
        lock(&self.failure).clone()
    }

    /// Ends a round of flushes.
    pub(super) fn end_round(&self, failure: Option<String>) {
        *lock(&self.failure) = failure;
        self.flush_ended();
    }

    /// Lets writers see whether there is room now.
    pub(super) fn flush_ended(&self) {
        self.ended.notify_all();
    }

    /// Asks for flushes and waits until some are done, but not for long.
    pub(super) fn wait_for_flush(&self) {
        let failure = lock(&self.failure);
        self.flusher.wake();
        let waited = self.ended.wait_timeout(failure, Duration::from_millis(100));
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}
