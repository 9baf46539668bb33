//! The files of scheduled queries: one each, so that the end of a run rewrites no other's. Not here: what is in them
//! (`definition`).

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::definition::ScheduledQuery;
use crate::json_file::{self, JsonFileError};

/// Raised when older programs could no longer read the files.
const FORMAT: u32 = 1;
const EXTENSION: &str = "json";

/// A folder of them.
pub(super) struct Files(PathBuf);

impl Files {
    /// Those in `dir`.
    pub(super) fn new(dir: PathBuf) -> Self {
        Self(dir)
    }

    /// Reads all of them; the folder is made if missing.
    pub(super) fn read(&self) -> Result<Vec<ScheduledQuery>, JsonFileError> {
        let io = |source| JsonFileError::Io { path: self.0.clone(), source };
        fs::create_dir_all(&self.0).map_err(io)?;
        let mut queries = Vec::new();
        for file in fs::read_dir(&self.0).map_err(io)? {
            let path = file.map_err(io)?.path();
            // Others are what an interrupted save left.
            if path.extension().is_some_and(|extension| extension == EXTENSION) {
                queries.extend(json_file::load(&path, FORMAT)?);
            }
        }
        Ok(queries)
    }

    /// Writes or replaces the file of a query.
    pub(super) fn save(&self, query: &ScheduledQuery) -> Result<(), JsonFileError> {
        json_file::save(&self.path(query), FORMAT, query)
    }

    /// Removes the file of a query.
    pub(super) fn remove(&self, query: &ScheduledQuery) -> Result<(), JsonFileError> {
        let path = self.path(query);
        remove(&path).map_err(|source| JsonFileError::Io { path, source })
    }

    /// The suffix is ours, so that no name ever becomes a path.
    fn path(&self, query: &ScheduledQuery) -> PathBuf {
        self.0.join(&query.suffix).with_extension(EXTENSION)
    }
}

/// Removes a file; on return it stays removed after a power cut.
fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
