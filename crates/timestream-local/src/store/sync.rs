//! The log's way to the disk. Requests that wait for it share a sync: while one is under way others append,
//! and the next one is for all of them. Not here: files that can no longer be synced (`frames`).

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::StoreError;
use super::frames::SyncHandle;
use super::locks::lock;
use super::table::{Shared, Table};
use crate::model::Durability;

/// How much a table's log held at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Position(pub(super) u64);

impl Table {
    /// Returns when what was written up to `position` survives what the server promises.
    pub(crate) async fn settled(&self, position: Position) -> Result<(), StoreError> {
        if self.shared.common.options.durability == Durability::Process {
            return Ok(());
        }
        // The first to come syncs; the others wait here, and mostly find themselves covered.
        let _first = self.shared.settling.lock().await;
        if self.shared.durable.load(Ordering::Acquire) >= position.0 {
            return Ok(());
        }
        let shared = Arc::clone(&self.shared);
        let done = tokio::task::spawn_blocking(move || shared.sync()).await;
        done.unwrap_or_else(|error| Err(StoreError::Thread(error.into())))
    }
}

impl Table {
    /// The same for all that was written, for those who may block.
    pub(crate) fn settle(&self) -> Result<(), StoreError> {
        match self.shared.common.options.durability {
            Durability::Process => Ok(()),
            Durability::Disk => self.shared.sync(),
        }
    }
}

impl Shared {
    /// Returns when what has been written is on the disk.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        let _syncing = lock(&self.syncing);
        let (files, position) = {
            let state = lock(&self.state);
            (state.log_files(), state.position())
        };
        if self.durable.load(Ordering::Acquire) >= position.0 {
            return Ok(());
        }
        let began = Instant::now();
        // The dictionary comes first, since rows of the log need it.
        let synced = files.iter().try_for_each(SyncHandle::sync);
        if synced.is_err() {
            // What the log may have lost is still in memory: in files it is safe.
            self.common.flusher.wake();
            return synced;
        }
        self.syncs.fetch_add(1, Ordering::Relaxed);
        self.told_sync(began);
        self.durable.store(position.0, Ordering::Release);
        Ok(())
    }

    /// Returns when the definitions that rows need are on the disk. A file that can no longer be synced is
    /// written anew.
    pub(super) fn sync_definitions(&self) -> Result<(), StoreError> {
        let _syncing = lock(&self.syncing);
        let file = {
            let mut state = lock(&self.state);
            state.renew_definitions()?;
            state.definitions()
        };
        file.sync()
    }
}
