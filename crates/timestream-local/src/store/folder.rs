//! A table's folder: where its parts are, and that it goes with the last user of a deleted table. Not here: what is in
//! the parts.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::StoreError;

/// Held by the table and by each of its files, which queries read for some time after a table is deleted.
#[derive(Debug)]
pub(super) struct Folder {
    /// Manifest and dictionary.
    pub table: PathBuf,
    /// Segments of the log.
    pub log: PathBuf,
    /// Parquet files.
    pub data: PathBuf,
    doomed: AtomicBool,
}

impl Folder {
    /// Makes what is missing of it.
    pub(super) fn open(table: &Path) -> Result<Self, StoreError> {
        let folder = Self::at(table);
        for dir in [&folder.log, &folder.data] {
            std::fs::create_dir_all(dir).map_err(StoreError::io(dir))?;
        }
        Ok(folder)
    }

    /// The folder of this path as it is.
    pub(super) fn at(table: &Path) -> Self {
        let (table, log, data) = (table.to_owned(), table.join("log"), table.join("data"));
        Self { table, log, data, doomed: AtomicBool::new(false) }
    }

    /// Lets the folder be removed when nothing holds it any more.
    pub(super) fn doom(&self) {
        self.doomed.store(true, Ordering::Relaxed);
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !*self.doomed.get_mut() {
            return;
        }
        // What stays is removed at the next start: the catalog no longer names this folder.
        if let Err(error) = std::fs::remove_dir_all(&self.table) {
            tracing::warn!(path = %self.table.display(), %error, "a deleted table's folder stays for now");
        }
    }
}
