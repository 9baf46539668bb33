//! Why the engine refused or failed. Not here: what clients are told (`protocol::errors`).

use std::io;
use std::path::PathBuf;

use crate::catalog::CatalogError;
use crate::json_file::JsonFileError;
use crate::scheduled::BookError;
use crate::sql::SqlError;
use crate::store::StoreError;

/// Why the engine refused or failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Sql(#[from] SqlError),
    #[error(transparent)]
    File(#[from] JsonFileError),
    #[error(transparent)]
    Scheduled(#[from] BookError),
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error(
        "{} is missing, which names the tables in {}: restore it, or remove that folder and all its data",
        path.display(),
        tables.display()
    )]
    NoCatalog { path: PathBuf, tables: PathBuf },
    #[error(
        "{source}; there are {tables} tables, each of which holds two file descriptors: raise the limit on open files \
         (`ulimit -n`), {} are enough for them",
        4 * tables
    )]
    Descriptors { tables: usize, source: StoreError },
}
