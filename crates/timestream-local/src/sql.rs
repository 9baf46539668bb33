//! Timestream's SQL over snapshots of tables.

use std::path::PathBuf;

use crate::store::Snapshot;

/// Where SQL finds its tables; the catalog implements it.
pub(crate) trait Tables: Send + Sync {
    /// Names of the databases, sorted.
    fn databases(&self) -> Vec<String>;
    /// Names of a database's tables, sorted; none where there is no such database.
    fn tables(&self, database: &str) -> Option<Vec<String>>;
    /// A table as it is now.
    fn snapshot(&self, database: &str, table: &str) -> Option<Snapshot>;
}

/// Bounds of the engine.
#[derive(Debug, Clone)]
pub(crate) struct SqlOptions {
    /// Bytes that all running queries may hold together.
    pub memory_limit: usize,
    /// Where sorts and aggregates spill what does not fit.
    pub spill_dir: PathBuf,
}
