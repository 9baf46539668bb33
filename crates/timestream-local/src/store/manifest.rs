//! The manifest: which files a table has and which log segments it still needs. Replaced as a whole, so
//! that every change of both is all or nothing. Not here: what the files hold.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::StoreError;
use super::file::FileEntry;
use crate::json_file;

const NAME: &str = "manifest.json";

/// The layout of a table's directory that this code writes.
const FORMAT: u32 = 2;

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
    /// That of a table without files.
    pub(super) fn empty() -> Self {
        Self { first_segment: 1, next_file: 1, sets: 0, files: Vec::new() }
    }

    /// Where the manifest of `dir` is.
    pub(super) fn path(dir: &Path) -> PathBuf {
        dir.join(NAME)
    }

    /// Reads the manifest of `dir`, if there is one.
    pub(super) fn load(dir: &Path) -> Result<Option<Self>, StoreError> {
        Ok(json_file::load(&Self::path(dir), FORMAT)?)
    }

    /// Replaces the manifest of `dir`; on return it is on the disk.
    pub(super) fn store(&self, dir: &Path) -> Result<(), StoreError> {
        Ok(json_file::save(&Self::path(dir), FORMAT, self)?)
    }
}
