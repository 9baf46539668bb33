//! The catalog's file: JSON, replaced whole, so that a crash leaves the old one or the new one.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Database, State};

/// Raised when older programs could no longer read the file.
const FORMAT: u32 = 1;

/// Why the file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{}: not a catalog: {source}", path.display())]
    Json { path: PathBuf, source: serde_json::Error },
    #[error("{}: written by a newer version (format {format}, this one reads {FORMAT})", path.display())]
    Newer { path: PathBuf, format: u32 },
}

#[derive(Serialize)]
struct Written<'a> {
    format: u32,
    databases: &'a BTreeMap<String, Database>,
}

#[derive(Deserialize)]
struct Header {
    format: u32,
}

/// Reads the file; none is an empty state.
pub(super) fn load(path: &Path) -> Result<State, FileError> {
    let io = |source| FileError::Io { path: path.to_owned(), source };
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(State::default()),
        Err(error) => return Err(io(error)),
    };
    let json = |source| FileError::Json { path: path.to_owned(), source };
    // The format comes first: a newer file may hold what this program cannot parse.
    let Header { format } = serde_json::from_slice(&text).map_err(json)?;
    if format > FORMAT {
        return Err(FileError::Newer { path: path.to_owned(), format });
    }
    serde_json::from_slice(&text).map_err(json)
}

/// Replaces the file; on return the new one survives a power cut.
pub(super) fn save(path: &Path, state: &State) -> Result<(), FileError> {
    let text = serde_json::to_vec_pretty(&Written { format: FORMAT, databases: &state.databases })
        .map_err(|source| FileError::Json { path: path.to_owned(), source })?;
    replace(path, &text).map_err(|source| FileError::Io { path: path.to_owned(), source })
}

/// Replaces the file at `path` by `content`: written beside it, synced, renamed, the folder synced.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("tmp");
    let mut file = File::create(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load_text(text: &str) -> Result<State, FileError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("catalog.json");
        fs::write(&path, text).unwrap();
        load(&path)
    }

    #[test]
    fn a_damaged_or_newer_file_is_named() {
        let damaged = load_text("{\"format\": 1, \"data").unwrap_err().to_string();
        assert!(damaged.contains("catalog.json: not a catalog"), "{damaged}");
        let newer = load_text("{\"format\": 9, \"else\": []}").unwrap_err().to_string();
        assert!(newer.contains("format 9"), "{newer}");
    }

    #[test]
    fn a_left_over_temporary_file_is_no_hindrance() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("catalog.json");
        fs::write(dir.path().join("catalog.tmp"), "half").unwrap();
        save(&path, &State::default()).unwrap();
        assert_eq!(load(&path).unwrap(), State::default());
    }
}
