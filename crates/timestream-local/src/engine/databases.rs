//! The catalog and the open tables, changed together so that a crash at any moment leaves no table
//! without its data: a folder is made before the catalog names it, and removed after.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use super::error::EngineError;
use super::table::OpenTable;
use crate::catalog::{self, Catalog, CatalogError, TableChange, TableProperties, Tags};
use crate::clock::Clock;
use crate::sql::{TableName, Tables};
use crate::store::{Snapshot, Store, StoreError, TableStats};

/// Databases and tables with their data.
pub(crate) struct Databases {
    catalog: Catalog,
    /// By folder.
    tables: RwLock<HashMap<u64, Arc<OpenTable>>>,
    dir: PathBuf,
    clock: Arc<dyn Clock>,
    store: Arc<Store>,
    /// Held by whoever makes or deletes a table, or changes its settings: catalog and open table change together.
    changing: Mutex<()>,
}

impl Databases {
    /// Opens every table that the catalog in `data_dir` names, and removes the folders of others.
    pub(super) fn open(
        data_dir: &Path,
        most_tables: usize,
        clock: Arc<dyn Clock>,
        store: Arc<Store>,
    ) -> Result<Self, EngineError> {
        let (path, dir) = (data_dir.join("catalog.json"), data_dir.join("tables"));
        let io = |source| EngineError::Io { path: dir.clone(), source };
        fs::create_dir_all(&dir).map_err(io)?;
        // A database is in the catalog before a table has a folder. What a wrong copy lacks must not cost the rest.
        if !path.exists() && fs::read_dir(&dir).map_err(io)?.next().is_some() {
            return Err(EngineError::NoCatalog { path, tables: dir });
        }
        let catalog = Catalog::open(path, most_tables)?;

        let known: BTreeMap<u64, TableProperties> = (catalog.read().databases.values())
            .flat_map(|database| database.tables.values())
            .map(|table| (table.folder, table.properties.clone()))
            .collect();
        remove_others(&dir, &known.keys().map(u64::to_string).collect()).map_err(io)?;

        let databases =
            Self { catalog, tables: RwLock::default(), dir, clock, store, changing: Mutex::default() };
        let tables = known.len();
        for (folder, properties) in known {
            let table = databases.open_table(folder, &properties).map_err(|error| match error {
                // They were made where a process might have more of them open.
                source @ StoreError::Io { .. } if tables > most_tables => {
                    EngineError::Descriptors { tables, source }
                }
                error => error.into(),
            })?;
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
        let _one_at_a_time = self.one_at_a_time();
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

    /// Changes a table's settings; they hold from the next write and the next query on.
    pub(crate) fn update_table(
        &self,
        database: &str,
        name: &str,
        change: TableChange,
    ) -> Result<catalog::Table, EngineError> {
        let _one_at_a_time = self.one_at_a_time();
        let table = self.table(database, name)?;
        if let Some(retention) = change.retention {
            let properties = self.catalog.read().table(database, name)?.properties.clone();
            table.prepare(&TableProperties { retention, ..properties })?;
        }
        let entry = self.catalog.update_table(database, name, change, self.clock.now())?;
        table.configure(&entry.properties);
        Ok(entry)
    }

    /// Deletes a table and its data.
    pub(crate) fn delete_table(&self, database: &str, name: &str) -> Result<(), EngineError> {
        let _one_at_a_time = self.one_at_a_time();
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

    /// What each open table has, by folder.
    pub(crate) fn stats(&self) -> Vec<(u64, TableStats)> {
        self.open_tables().iter().map(|(&folder, table)| (folder, table.stats())).collect()
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

    fn one_at_a_time(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open_table(&self, folder: u64, properties: &TableProperties) -> Result<Arc<OpenTable>, StoreError> {
        let path = self.dir.join(folder.to_string());
        Ok(Arc::new(OpenTable::open(&self.store, &path, properties)?))
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

    fn snapshots(&self, names: &[TableName]) -> Vec<Option<Snapshot>> {
        let tables: Vec<_> = names.iter().map(|(database, table)| self.table(database, table).ok()).collect();
        let there: Vec<_> = tables.iter().flatten().cloned().collect();
        let mut snapshots = OpenTable::snapshots(&there).into_iter();
        tables.iter().map(|table| table.as_ref().and_then(|_| snapshots.next())).collect()
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
