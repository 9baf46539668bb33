//! Small state that is kept in a JSON file, which is replaced whole, so that a crash leaves the old one or the
//! new one. Not here: what the state is.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::disk;

/// Why the file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JsonFileError {
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{}: not what this program wrote: {source}", path.display())]
    Json { path: PathBuf, source: serde_json::Error },
    #[error("{}: written by another version (format {format}, this one reads {known})", path.display())]
    Other { path: PathBuf, format: u32, known: u32 },
}

/// A state and its file, which change together.
pub(crate) struct Kept<T> {
    path: PathBuf,
    format: u32,
    state: RwLock<T>,
    /// Held by whoever changes the state.
    changes: Mutex<()>,
}

impl<T: Clone + Default + Serialize + DeserializeOwned> Kept<T> {
    /// Reads the file at `path`, whose format is `format`; none is the default state.
    pub(crate) fn open(path: PathBuf, format: u32) -> Result<Self, JsonFileError> {
        let state = load(&path, format)?.unwrap_or_default();
        Ok(Self { path, format, state: RwLock::new(state), changes: Mutex::new(()) })
    }

    /// The state as of now; hold it briefly, changes wait.
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, T> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes a copy of the state, saves it, and only then shows it.
    pub(crate) fn change<R, E: From<JsonFileError>>(
        &self,
        change: impl FnOnce(&mut T) -> Result<R, E>,
    ) -> Result<R, E> {
        let _one_at_a_time = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = self.read().clone();
        let result = change(&mut next)?;
        save(&self.path, self.format, &next)?;
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(result)
    }
}

#[derive(Serialize)]
struct Written<'a, T> {
    /// Raised when the file, or what it tells of, is written otherwise.
    format: u32,
    #[serde(flatten)]
    state: &'a T,
}

#[derive(Deserialize)]
struct Header {
    format: u32,
}

/// Reads the file, whose format is `known`; none is no state.
pub(crate) fn load<T: DeserializeOwned>(path: &Path, known: u32) -> Result<Option<T>, JsonFileError> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(JsonFileError::Io { path: path.to_owned(), source }),
    };
    let json = |source| JsonFileError::Json { path: path.to_owned(), source };
    // The format comes first: another one may hold what this program cannot parse.
    let Header { format } = serde_json::from_slice(&text).map_err(json)?;
    if format != known {
        return Err(JsonFileError::Other { path: path.to_owned(), format, known });
    }
    serde_json::from_slice(&text).map(Some).map_err(json)
}

/// Replaces the file; on return the new one survives a power cut.
pub(crate) fn save<T: Serialize>(path: &Path, format: u32, state: &T) -> Result<(), JsonFileError> {
    let text = serde_json::to_vec_pretty(&Written { format, state })
        .map_err(|source| JsonFileError::Json { path: path.to_owned(), source })?;
    disk::replace(path, &[&text]).map_err(|source| JsonFileError::Io { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct State {
        names: Vec<String>,
    }

    fn state() -> State {
        State { names: vec!["fleet".to_owned()] }
    }

    fn load_text(text: &str) -> Result<Option<State>, JsonFileError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state.json");
        fs::write(&path, text).unwrap();
        load(&path, 1)
    }

    #[test]
    fn a_damaged_file_or_one_of_another_version_is_named() {
        let damaged = load_text("{\"format\": 1, \"na").unwrap_err().to_string();
        assert!(damaged.contains("state.json: not what this program wrote"), "{damaged}");
        let newer = load_text("{\"format\": 9, \"else\": []}").unwrap_err().to_string();
        assert!(newer.contains("format 9, this one reads 1"), "{newer}");
    }

    #[test]
    fn what_is_saved_is_loaded_whatever_an_interrupted_save_left() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state.json");
        assert_eq!(load::<State>(&path, 1).unwrap(), None);
        fs::write(dir.path().join("state.tmp"), "half").unwrap();
        save(&path, 1, &state()).unwrap();
        assert_eq!(load(&path, 1).unwrap(), Some(state()));
    }
}
