//! Timestream's SQL over snapshots of tables.
//!
//! ```text
//! text -> dialect   tokens, Timestream's own spellings, syntax tree
//!      -> bounds    how deep it may nest, how much it may list, how large its expressions may become
//!      -> clauses   what a query may have
//!      -> names     what the result columns are called
//!      -> scope     tables and functions that the text may reach
//!      -> semantics where the service differs from the engine: types, casts, `whole` numbers
//!      -> bounds    what a call may cost
//!      -> origins   which tables have the result columns; `parameters` are what PrepareQuery tells
//!      -> table     a snapshot as a scan of Parquet files and memory
//!      -> answer    rows in the service's shape (`types`, `print`), as they are asked for
//! ```
//!
//! `insights` tells what was read of what there was, `bounds` keeps what runs in its bounds. `show` answers SHOW and DESCRIBE;
//! `functions` holds what SQL can call; `error` puts what went wrong into the service's words. Not here: page tokens and
//! query ids (`engine`), wire requests (`protocol`), how data is kept (`store`).

mod answer;
mod bounds;
mod clauses;
mod dialect;
mod error;
mod functions;
mod insights;
mod names;
mod origins;
mod parameters;
mod print;
mod scope;
mod semantics;
mod session;
mod show;
mod table;
#[cfg(test)]
mod tests;
mod types;
mod whole;

use std::path::PathBuf;

pub(crate) use self::answer::{Answer, Progress};
pub(crate) use self::bounds::{Footprint, HeldRows, STACK};
pub(crate) use self::error::SqlError;
pub(crate) use self::insights::{Insights, Part, ScanInsight};
pub(crate) use self::origins::Origin;
pub(crate) use self::session::Sql;
pub(crate) use self::types::{ColumnInfo, Datum, Row, Type};

use crate::store::Snapshot;

/// A database and a table in it, as the catalog spells them.
pub(crate) type TableName = (String, String);

/// Where SQL finds its tables; the catalog implements it.
pub(crate) trait Tables: Send + Sync {
    /// Names of the databases, sorted.
    fn databases(&self) -> Vec<String>;
    /// Names of a database's tables, sorted; none where there is no such database.
    fn tables(&self, database: &str) -> Option<Vec<String>>;
    /// Tables as they are now, all as of one instant; none for one that is gone.
    fn snapshots(&self, names: &[TableName]) -> Vec<Option<Snapshot>>;
}

/// Bounds of the engine.
#[derive(Debug, Clone)]
pub(crate) struct SqlOptions {
    /// Bytes that all running queries may hold together.
    pub memory_limit: usize,
    /// Bytes that footers and page statistics of files may take, which are as long to read as a page of each column.
    pub footers_limit: usize,
    /// Where sorts and aggregates spill what does not fit.
    pub spill_dir: PathBuf,
}
