//! Files that grow while a run goes on, and files that are replaced whole. Not here: what is in them.

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::marker::PhantomData;
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
    full_disk: bool,
}

impl ResultsError {
    pub(crate) fn new(doing: &'static str, path: &Path, cause: impl Error + 'static) -> Self {
        Self { doing, path: path.to_owned(), cause: cause.to_string(), full_disk: is_full_disk(&cause) }
    }

    /// Whether there was no room for it.
    pub(crate) fn is_full_disk(&self) -> bool {
        self.full_disk
    }
}

/// Whether an error, or what caused it, is that of a disk, a quota or a file that can hold no more.
fn is_full_disk(error: &(dyn Error + 'static)) -> bool {
    const FULL: [io::ErrorKind; 3] =
        [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded, io::ErrorKind::FileTooLarge];
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<io::Error>().is_some_and(|error| FULL.contains(&error.kind())) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// A CSV file to which rows of one type are added; its header is their fields' names.
#[derive(Debug)]
pub(crate) struct CsvFile<R> {
    path: PathBuf,
    writer: csv::Writer<BufWriter<File>>,
    rows: PhantomData<fn(R)>,
}

impl<R: Serialize + Default> CsvFile<R> {
    /// Makes the file; it must not be there.
    pub(crate) fn create(path: PathBuf) -> Result<Self, ResultsError> {
        let made = File::create_new(&path).and_then(|mut file| {
            file.write_all(&header::<R>()?)?;
            Ok(file)
        });
        let file = made.map_err(|e| ResultsError::new("make", &path, e))?;
        let writer = csv::WriterBuilder::new().has_headers(false).from_writer(BufWriter::new(file));
        Ok(Self { path, writer, rows: PhantomData })
    }

    pub(crate) fn add(&mut self, row: &R) -> Result<(), ResultsError> {
        self.writer.serialize(row).map_err(|e| ResultsError::new("write", &self.path, e))
    }

    /// Hands the rows so far to the operating system.
    pub(crate) fn flush(&mut self) -> Result<(), ResultsError> {
        self.writer.flush().map_err(|e| ResultsError::new("write", &self.path, e))
    }
}

/// Replaces a CSV file by these rows.
pub(crate) fn replace_csv<R: Serialize + Default>(path: &Path, rows: &[R]) -> Result<(), ResultsError> {
    let head = header::<R>().map_err(|e| ResultsError::new("write", path, e))?;
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(head);
    for row in rows {
        writer.serialize(row).map_err(|e| ResultsError::new("write", path, e))?;
    }
    let bytes = writer.into_inner().map_err(|e| ResultsError::new("write", path, e))?;
    replace(path, &bytes)
}

/// The header line of a type of rows, which a file without rows has too.
fn header<R: Serialize + Default>() -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.serialize(R::default()).map_err(io::Error::other)?;
    let mut bytes = writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
    let line = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1);
    bytes.truncate(line);
    Ok(bytes)
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
