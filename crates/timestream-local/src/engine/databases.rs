//! The catalog and the open tables, changed together so that a crash at any moment leaves no table
//! without its data: a folder is made before the catalog names it, and removed after.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use super::EngineError;
use super::table::OpenTable;
use crate::catalog::{self, Catalog, CatalogError, TableChange, TableProperties, Tags};
use crate::clock::Clock;
use crate::metrics::StoreMetrics;
use crate::sql::Tables;
use crate::store::{Snapshot, StoreOptions, TableStats};

/// Databases and tables with their data.
pub(crate) struct Databases {
    catalog: Catalog,
    /// By folder.
    tables: RwLock<HashMap<u64, Arc<OpenTable>>>,
    dir: PathBuf,
    clock: Arc<dyn Clock>,
    metrics: StoreMetrics,
}

impl Databases {
    /// Opens every table that the catalog in `data_dir` names, and removes the folders of others.
    pub(super) fn open(
        data_dir: &Path,
        clock: Arc<dyn Clock>,
        metrics: StoreMetrics,
    ) -> Result<Self, EngineError> {
        let catalog = Catalog::open(data_dir.join("catalog.json"))?;
        let dir = data_dir.join("tables");
        let io = |source| EngineError::Io { path: dir.clone(), source };
        fs::create_dir_all(&dir).map_err(io)?;

        let known: BTreeMap<u64, TableProperties> = (catalog.read().databases.values())
            .flat_map(|database| database.tables.values())
            .map(|table| (table.folder, table.properties.clone()))
            .collect();
        remove_others(&dir, &known.keys().map(u64::to_string).collect()).map_err(io)?;

        let databases = Self { catalog, tables: RwLock::default(), dir, clock, metrics };
        for (folder, properties) in known {
            let table = databases.open_table(folder, &properties)?;
            databases.keep(folder, table);
        }
        Ok(databases)
    }

    pub(crate) fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Makes a table; it survives a crash once this returns.
    pub(crate) fn create_table(
        &self,
        database: &str,
        name: &str,
        properties: TableProperties,
        tags: Tags,
    ) -> Result<catalog::Table, EngineError> {
        self.catalog.check_new_table(database, name)?;
        let folder = self.catalog.new_folder();
        let table = self.open_table(folder, &properties)?;
        self.keep(folder, Arc::clone(&table));
        let now = self.clock.now();
        let entry = catalog::Table { folder, created: now, updated: now, properties, tags };
        if let Err(error) = self.catalog.create_table(database, name, entry.clone()) {
            table.doom();
            self.let_go(folder);
            return Err(error.into());
        }
        Ok(entry)
    }

    /// Changes a table's settings; they hold from the next write on.
    pub(crate) fn update_table(
        &self,
        database: &str,
        name: &str,
        change: TableChange,
    ) -> Result<catalog::Table, EngineError> {
        let entry = self.catalog.update_table(database, name, change, self.clock.now())?;
        if let Some(table) = self.open_tables().get(&entry.folder) {
            table.configure(&entry.properties);
        }
        Ok(entry)
    }

    /// Deletes a table and its data.
    pub(crate) fn delete_table(&self, database: &str, name: &str) -> Result<(), EngineError> {
        let entry = self.catalog.delete_table(database, name)?;
        if let Some(table) = self.let_go(entry.folder) {
            table.doom();
        }
        Ok(())
    }

    /// The open table of this name.
    pub(crate) fn table(&self, database: &str, name: &str) -> Result<Arc<OpenTable>, CatalogError> {
        let folder = self.catalog.read().table(database, name)?.folder;
        // A table may be deleted between the two look-ups.
        let gone = || CatalogError::NoTable(name.to_owned());
        self.open_tables().get(&folder).cloned().ok_or_else(gone)
    }

    /// Writes every memory table to files, so that the next start is quick; how many rows that were.
    pub(crate) fn flush(&self) -> u64 {
        let tables: Vec<_> = self.open_tables().values().cloned().collect();
        let flush = |table: Arc<OpenTable>| {
            table.flush().unwrap_or_else(|error| {
                tracing::warn!(%error, "a table was not flushed; its log keeps the data");
                0
            })
        };
        tables.into_iter().map(flush).sum()
    }

    /// What each open table has, by folder.
    pub(crate) fn stats(&self) -> Vec<(u64, TableStats)> {
        self.open_tables().iter().map(|(&folder, table)| (folder, table.stats())).collect()
    }

    fn open_table(&self, folder: u64, properties: &TableProperties) -> Result<Arc<OpenTable>, EngineError> {
        let path = self.dir.join(folder.to_string());
        let clock = Arc::clone(&self.clock);
        let options = StoreOptions { metrics: self.metrics.clone(), ..StoreOptions::default() };
        Ok(Arc::new(OpenTable::open(&path, properties, clock, options)?))
    }

    fn keep(&self, folder: u64, table: Arc<OpenTable>) {
        self.tables.write().unwrap_or_else(PoisonError::into_inner).insert(folder, table);
    }

    fn let_go(&self, folder: u64) -> Option<Arc<OpenTable>> {
        self.tables.write().unwrap_or_else(PoisonError::into_inner).remove(&folder)
    }

    fn open_tables(&self) -> impl std::ops::Deref<Target = HashMap<u64, Arc<OpenTable>>> + '_ {
        self.tables.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables for Databases {
    fn databases(&self) -> Vec<String> {
        self.catalog.read().databases.keys().cloned().collect()
    }

    fn tables(&self, database: &str) -> Option<Vec<String>> {
        let state = self.catalog.read();
        let database = state.database(database).ok()?;
        Some(database.tables.keys().cloned().collect())
    }

    fn snapshot(&self, database: &str, table: &str) -> Option<Snapshot> {
        Some(self.table(database, table).ok()?.snapshot())
    }
}

/// Removes what a crash left in `dir`: folders of tables half made or half deleted.
fn remove_others(dir: &Path, known: &HashSet<String>) -> std::io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if !known.contains(entry.file_name().to_string_lossy().as_ref()) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}
