//! Files that grow while a run goes on, and files that are replaced whole. Not here: what is in them.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A file of results that could not be written or read.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} {}: {cause}", path.display())]
pub struct ResultsError {
    doing: &'static str,
    path: PathBuf,
    cause: String,
}

impl ResultsError {
    #[expect(clippy::needless_pass_by_value, reason = "the form that map_err takes")]
    pub(crate) fn new(doing: &'static str, path: &Path, cause: impl ToString) -> Self {
        Self { doing, path: path.to_owned(), cause: cause.to_string() }
    }
}

/// A CSV file to which rows of one type are added; its header comes from the first.
#[derive(Debug)]
pub(crate) struct CsvFile {
    path: PathBuf,
    writer: csv::Writer<BufWriter<File>>,
}

impl CsvFile {
    /// Makes the file; it must not be there.
    pub(crate) fn create(path: PathBuf) -> Result<Self, ResultsError> {
        let file = File::create_new(&path).map_err(|e| ResultsError::new("make", &path, e))?;
        Ok(Self { path, writer: csv::Writer::from_writer(BufWriter::new(file)) })
    }

    pub(crate) fn add<R: Serialize>(&mut self, row: &R) -> Result<(), ResultsError> {
        self.writer.serialize(row).map_err(|e| ResultsError::new("write", &self.path, e))
    }

    /// Hands the rows so far to the operating system.
    pub(crate) fn flush(&mut self) -> Result<(), ResultsError> {
        self.writer.flush().map_err(|e| ResultsError::new("write", &self.path, e))
    }
}

/// Replaces a CSV file by these rows.
pub(crate) fn replace_csv<R: Serialize>(path: &Path, rows: &[R]) -> Result<(), ResultsError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).map_err(|e| ResultsError::new("write", path, e))?;
    }
    let bytes = writer.into_inner().map_err(|e| ResultsError::new("write", path, e))?;
    replace(path, &bytes)
}

/// The rows of a CSV file.
pub(crate) fn read_csv<R: DeserializeOwned>(path: &Path) -> Result<Vec<R>, ResultsError> {
    let mut reader = csv::Reader::from_path(path).map_err(|e| ResultsError::new("read", path, e))?;
    reader.deserialize().collect::<Result<_, _>>().map_err(|e| ResultsError::new("read", path, e))
}

/// Replaces a file at once: a reader sees the old bytes or the new ones.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), ResultsError> {
    let fresh = path.with_extension("tmp");
    std::fs::write(&fresh, bytes)
        .and_then(|()| std::fs::rename(&fresh, path))
        .map_err(|e| ResultsError::new("write", path, e))
}

/// Adds bytes to a file and closes it again, so that any number of files need one descriptor.
pub(crate) fn append(path: &Path, bytes: &[u8]) -> Result<(), ResultsError> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .and_then(|mut file| file.write_all(bytes))
        .map_err(|e| ResultsError::new("write", path, e))
}
