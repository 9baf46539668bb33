//! The manifest: which files a table has and which log segments it still needs. Replaced as a whole, so
//! that every change of both is all or nothing. Not here: what the files hold.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::StoreError;
use super::file::FileEntry;

const NAME: &str = "manifest.json";

/// The layout of a table's directory that this code writes.
const FORMAT: u32 = 1;

/// What counts in a table's directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    format: u32,
    /// The first log segment whose rows are not in files.
    pub first_segment: u64,
    /// The number of the next file.
    pub next_file: u64,
    /// Dimension sets that files may name.
    pub sets: usize,
    pub files: Vec<FileEntry>,
}

impl Manifest {
    pub(super) fn new(first_segment: u64, next_file: u64, sets: usize, files: Vec<FileEntry>) -> Self {
        Self { format: FORMAT, first_segment, next_file, sets, files }
    }

    /// Reads the manifest of `dir`; that of an empty table where there is none.
    pub(super) fn load(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(NAME);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::new(1, 1, 0, Vec::new()));
            }
            Err(error) => return Err(StoreError::io(&path)(error)),
        };
        let damaged = |what: String| StoreError::Damaged { path: path.clone(), what };
        let manifest: Self = serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        if manifest.format != FORMAT {
            return Err(damaged(format!(
                "format {} is not the {FORMAT} that this version reads",
                manifest.format
            )));
        }
        Ok(manifest)
    }

    /// Replaces the manifest of `dir`; on return it is on the disk.
    pub(super) fn store(&self, dir: &Path) -> Result<(), StoreError> {
        let path = dir.join(NAME);
        let partial = dir.join("manifest.json.tmp");
        let store = || -> std::io::Result<()> {
            let mut file = File::create(&partial)?;
            file.write_all(&serde_json::to_vec(self)?)?;
            file.sync_all()?;
            std::fs::rename(&partial, &path)
        };
        store().map_err(StoreError::io(&path))?;
        sync_dir(dir)
    }
}

/// Returns when renamed and new files of `dir` would still be there after a power cut.
pub(super) fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(StoreError::io(dir))
}
