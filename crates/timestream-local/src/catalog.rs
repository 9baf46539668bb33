//! Databases and tables: their names, settings, tags and times, kept in one file. Not here: a table's
//! data (`store`), wire shapes (`protocol`).

mod arn;
mod properties;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::RwLockReadGuard;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

pub(crate) use arn::{Resource, scheduled_query_arn, scheduled_query_id};
pub(crate) use properties::{
    Change as TableChange, Enforcement, MagneticStoreWrites, PartitionKey, PartitionKeyType,
    RejectedDataLocation, RetentionProperties, S3Configuration, Schema, TableProperties,
};

use crate::json_file::{JsonFileError, Kept};

/// Of the catalog's file; raised when older programs could no longer read it.
const FORMAT: u32 = 2;

/// Databases an account may hold.
const MAX_DATABASES: usize = 500;
/// Tags a resource may carry.
pub(crate) const MAX_TAGS: usize = 200;

/// Tags by key.
pub(crate) type Tags = BTreeMap<String, String>;

/// A database. Times are nanoseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Database {
    pub(crate) created: i64,
    pub(crate) updated: i64,
    /// Kept and returned; nothing is encrypted here.
    pub(crate) kms_key_id: Option<String>,
    pub(crate) tags: Tags,
    pub(crate) tables: BTreeMap<String, Table>,
}

/// A table. Times are nanoseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Table {
    /// Names the table's folder, so that no table name ever becomes a path.
    pub(crate) folder: u64,
    pub(crate) created: i64,
    pub(crate) updated: i64,
    pub(crate) properties: TableProperties,
    pub(crate) tags: Tags,
}

/// Why the catalog refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CatalogError {
    #[error("The database {0} does not exist.")]
    NoDatabase(String),
    #[error("The table {0} does not exist.")]
    NoTable(String),
    #[error("The database {0} already exists.")]
    DatabaseExists(String),
    #[error("The table {0} already exists.")]
    TableExists(String),
    #[error("The database {0} still has tables; delete them first.")]
    DatabaseNotEmpty(String),
    #[error("The {what} limit of {limit} is reached.")]
    Quota { what: &'static str, limit: usize },
    #[error("The partition key may not change in name, type or order; only its enforcement may.")]
    PartitionKeyChanged,
    #[error("A resource may carry at most {MAX_TAGS} tags.")]
    TooManyTags,
    #[error("the catalog file failed: {0}")]
    File(#[from] JsonFileError),
}

/// Everything the catalog file holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) databases: BTreeMap<String, Database>,
}

impl State {
    pub(crate) fn database(&self, name: &str) -> Result<&Database, CatalogError> {
        self.databases.get(name).ok_or_else(|| CatalogError::NoDatabase(name.to_owned()))
    }

    pub(crate) fn table(&self, database: &str, name: &str) -> Result<&Table, CatalogError> {
        let tables = &self.database(database)?.tables;
        tables.get(name).ok_or_else(|| CatalogError::NoTable(name.to_owned()))
    }

    pub(crate) fn tags(&self, resource: &Resource) -> Result<&Tags, CatalogError> {
        match &resource.table {
            None => Ok(&self.database(&resource.database)?.tags),
            Some(table) => Ok(&self.table(&resource.database, table)?.tags),
        }
    }

    fn database_mut(&mut self, name: &str) -> Result<&mut Database, CatalogError> {
        self.databases.get_mut(name).ok_or_else(|| CatalogError::NoDatabase(name.to_owned()))
    }

    fn table_mut(&mut self, database: &str, name: &str) -> Result<&mut Table, CatalogError> {
        let tables = &mut self.database_mut(database)?.tables;
        tables.get_mut(name).ok_or_else(|| CatalogError::NoTable(name.to_owned()))
    }
}

/// The catalog: what its file holds is what it answers, also after a crash.
pub(crate) struct Catalog {
    kept: Kept<State>,
    next_folder: AtomicU64,
    /// How many tables there may be in all databases together.
    most_tables: usize,
}

impl Catalog {
    /// Reads the catalog file at `path`; none is an empty catalog. It may have more than `most_tables`, and takes no
    /// new ones then.
    pub(crate) fn open(path: PathBuf, most_tables: usize) -> Result<Self, CatalogError> {
        let kept: Kept<State> = Kept::open(path, FORMAT)?;
        let last_folder = |state: &State| {
            let tables = state.databases.values().flat_map(|database| database.tables.values());
            tables.map(|table| table.folder).max()
        };
        let last = last_folder(&kept.read()).unwrap_or(0);
        Ok(Self { kept, next_folder: AtomicU64::new(last + 1), most_tables })
    }

    /// The state as of now; hold it briefly, changes wait.
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.kept.read()
    }

    /// A folder number that no table has had since the start.
    pub(crate) fn new_folder(&self) -> u64 {
        self.next_folder.fetch_add(1, Ordering::Relaxed)
    }

    /// Adds a database.
    pub(crate) fn create_database(
        &self,
        name: &str,
        kms_key_id: Option<String>,
        tags: Tags,
        now: i64,
    ) -> Result<Database, CatalogError> {
        self.kept.change(|state| {
            if state.databases.contains_key(name) {
                return Err(CatalogError::DatabaseExists(name.to_owned()));
            }
            if state.databases.len() >= MAX_DATABASES {
                return Err(CatalogError::Quota { what: "database", limit: MAX_DATABASES });
            }
            let database = Database { created: now, updated: now, kms_key_id, tags, tables: BTreeMap::new() };
            state.databases.insert(name.to_owned(), database.clone());
            Ok(database)
        })
    }

    /// Changes a database's key.
    pub(crate) fn update_database(
        &self,
        name: &str,
        kms_key_id: String,
        now: i64,
    ) -> Result<Database, CatalogError> {
        self.kept.change(|state| {
            let database = state.database_mut(name)?;
            database.kms_key_id = Some(kms_key_id);
            database.updated = now;
            Ok(database.clone())
        })
    }

    /// Removes a database, which must have no tables.
    pub(crate) fn delete_database(&self, name: &str) -> Result<(), CatalogError> {
        self.kept.change(|state| {
            if !state.database(name)?.tables.is_empty() {
                return Err(CatalogError::DatabaseNotEmpty(name.to_owned()));
            }
            state.databases.remove(name);
            Ok(())
        })
    }

    /// Whether a table of this name may be made now; `create_table` decides again.
    pub(crate) fn check_new_table(&self, database: &str, name: &str) -> Result<(), CatalogError> {
        check_new_table(&self.read(), database, name, self.most_tables)
    }

    /// Adds a table, whose folder must be there already.
    pub(crate) fn create_table(&self, database: &str, name: &str, table: Table) -> Result<(), CatalogError> {
        self.kept.change(|state| {
            check_new_table(state, database, name, self.most_tables)?;
            state.database_mut(database)?.tables.insert(name.to_owned(), table);
            Ok(())
        })
    }

    /// Changes the settings that are given and keeps the others.
    pub(crate) fn update_table(
        &self,
        database: &str,
        name: &str,
        change: TableChange,
        now: i64,
    ) -> Result<Table, CatalogError> {
        self.kept.change(|state| {
            let table = state.table_mut(database, name)?;
            if !table.properties.apply(change) {
                return Err(CatalogError::PartitionKeyChanged);
            }
            table.updated = now;
            Ok(table.clone())
        })
    }

    /// Removes a table and returns it; its folder is the caller's to remove, after this.
    pub(crate) fn delete_table(&self, database: &str, name: &str) -> Result<Table, CatalogError> {
        self.kept.change(|state| {
            let tables = &mut state.database_mut(database)?.tables;
            tables.remove(name).ok_or_else(|| CatalogError::NoTable(name.to_owned()))
        })
    }

    /// Changes a resource's tags.
    pub(crate) fn change_tags(
        &self,
        resource: &Resource,
        change: impl FnOnce(&mut Tags),
    ) -> Result<(), CatalogError> {
        self.kept.change(|state| {
            let tags = match &resource.table {
                None => &mut state.database_mut(&resource.database)?.tags,
                Some(table) => &mut state.table_mut(&resource.database, table)?.tags,
            };
            change(tags);
            if tags.len() > MAX_TAGS { Err(CatalogError::TooManyTags) } else { Ok(()) }
        })
    }
}

fn check_new_table(state: &State, database: &str, name: &str, most: usize) -> Result<(), CatalogError> {
    if state.database(database)?.tables.contains_key(name) {
        return Err(CatalogError::TableExists(name.to_owned()));
    }
    let tables: usize = state.databases.values().map(|database| database.tables.len()).sum();
    if tables >= most {
        return Err(CatalogError::Quota { what: "table", limit: most });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog() -> (tempfile::TempDir, Catalog) {
        let dir = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(dir.path().join("catalog.json"), 2).unwrap();
        (dir, catalog)
    }

    fn table(folder: u64) -> Table {
        Table { folder, created: 1, updated: 1, properties: TableProperties::default(), tags: Tags::new() }
    }

    #[test]
    fn what_is_saved_is_found_again() {
        let (dir, catalog) = catalog();
        catalog.create_database("fleet", None, Tags::new(), 5).unwrap();
        let folder = catalog.new_folder();
        catalog.create_table("fleet", "metrics", table(folder)).unwrap();

        let again = Catalog::open(dir.path().join("catalog.json"), 2).unwrap();
        assert_eq!(*again.read(), *catalog.read());
        assert!(again.new_folder() > folder, "a folder in use is not given out again");
    }

    #[test]
    fn a_database_with_tables_stays() {
        let (_dir, catalog) = catalog();
        catalog.create_database("fleet", None, Tags::new(), 5).unwrap();
        catalog.create_table("fleet", "metrics", table(1)).unwrap();
        assert!(matches!(catalog.delete_database("fleet"), Err(CatalogError::DatabaseNotEmpty(_))));
        catalog.delete_table("fleet", "metrics").unwrap();
        catalog.delete_database("fleet").unwrap();
        assert!(catalog.read().databases.is_empty());
    }

    #[test]
    fn a_change_that_cannot_be_saved_is_not_shown() {
        let (dir, catalog) = catalog();
        drop(dir);
        let error = catalog.create_database("fleet", None, Tags::new(), 5).unwrap_err();
        assert!(matches!(error, CatalogError::File(_)), "{error}");
        assert!(catalog.read().databases.is_empty());
    }
}
