//! An open table: its store, and the settings that the store does not know.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use super::error::EngineError;
use crate::catalog::TableProperties;
use crate::model::Record;
use crate::store::{self, Position, Snapshot, Store, StoreError, TableStats, WriteOutcome};

/// A table that takes writes and gives snapshots.
pub(crate) struct OpenTable {
    store: store::Table,
    required_dimension: RwLock<Option<Arc<str>>>,
}

impl OpenTable {
    /// Opens the table in `folder`, which is made if missing.
    pub(super) fn open(
        store: &Arc<Store>,
        folder: &Path,
        properties: &TableProperties,
    ) -> Result<Self, StoreError> {
        let store = store.open_table(folder, properties.store_retention())?;
        let required_dimension = RwLock::new(properties.required_dimension().map(Arc::from));
        Ok(Self { store, required_dimension })
    }

    /// The dimension without which a record must be rejected.
    pub(crate) fn required_dimension(&self) -> Option<Arc<str>> {
        self.required_dimension.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stores the valid ones of `records`; waits for room, which may block its thread for seconds. `settled` says when
    /// to answer.
    pub(crate) fn write(&self, records: &[Record<'_>]) -> Result<WriteOutcome, EngineError> {
        Ok(self.store.write(records)?)
    }

    /// The same without blocking its thread for that.
    pub(crate) async fn write_async(&self, records: &[Record<'_>]) -> Result<WriteOutcome, EngineError> {
        Ok(self.store.write_async(records).await?)
    }

    /// Stores records of a batch load, which may be of any time that the table keeps.
    pub(crate) fn load(&self, records: &[Record<'_>]) -> Result<WriteOutcome, EngineError> {
        Ok(self.store.load(records)?)
    }

    /// Returns when all that was written is as durable as an answer promises; blocks for as long as that takes.
    pub(crate) fn settle(&self) -> Result<(), EngineError> {
        Ok(self.store.settle()?)
    }

    /// Returns when what was written up to `position` is as durable as an answer promises.
    pub(crate) async fn settled(&self, position: Position) -> Result<(), EngineError> {
        Ok(self.store.settled(position).await?)
    }

    /// Removes for good what settings that live longer would show again.
    pub(super) fn prepare(&self, properties: &TableProperties) -> Result<(), StoreError> {
        self.store.prepare_retention(properties.store_retention())
    }

    /// Takes new settings.
    pub(super) fn configure(&self, properties: &TableProperties) {
        self.store.set_retention(properties.store_retention());
        let key = properties.required_dimension().map(Arc::from);
        *self.required_dimension.write().unwrap_or_else(PoisonError::into_inner) = key;
    }

    /// What a query sees of these tables, as of one instant.
    pub(super) fn snapshots(tables: &[Arc<Self>]) -> Vec<Snapshot> {
        store::Table::snapshots(&tables.iter().map(|table| &table.store).collect::<Vec<_>>())
    }

    pub(super) fn stats(&self) -> TableStats {
        self.store.stats()
    }

    /// How many rows it wrote to files.
    pub(super) fn flush(&self) -> Result<u64, StoreError> {
        self.store.flush()
    }

    /// The folder is removed when the last user lets go of the table, and of its files.
    pub(super) fn doom(&self) {
        self.store.doom();
    }
}
