//! The manifest: which files a table has and which log segments it still needs. Replaced as a whole, so
//! that every change of both is all or nothing. Not here: what the files hold.

use std::fs::File;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::StoreError;
use super::file::FileEntry;
use crate::json_file;

const NAME: &str = "manifest.json";

/// The layout of a table's directory that this code writes.
const FORMAT: u32 = 1;

/// What counts in a table's directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// The first log segment whose rows are not in files.
    pub first_segment: u64,
    /// The number of the next file.
    pub next_file: u64,
    /// Dimension sets that files may name.
    pub sets: usize,
    pub files: Vec<FileEntry>,
}

impl Manifest {
    /// Reads the manifest of `dir`; that of an empty table where there is none.
    pub(super) fn load(dir: &Path) -> Result<Self, StoreError> {
        let empty = || Self { first_segment: 1, next_file: 1, sets: 0, files: Vec::new() };
        Ok(json_file::load(&dir.join(NAME), FORMAT)?.unwrap_or_else(empty))
    }

    /// Replaces the manifest of `dir`; on return it is on the disk.
    pub(super) fn store(&self, dir: &Path) -> Result<(), StoreError> {
        Ok(json_file::save(&dir.join(NAME), FORMAT, self)?)
    }
}

/// Returns when renamed and new files of `dir` would still be there after a power cut.
pub(super) fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(StoreError::io(dir))
}
