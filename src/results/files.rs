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
    exhausted: Option<Resource>,
}

/// A resource of this machine that can run out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resource {
    /// No room: on the disk, in the quota, in a file.
    Disk,
    /// No more files can be open.
    OpenFiles,
}

impl ResultsError {
    pub(crate) fn new(doing: &'static str, path: &Path, cause: impl Error + 'static) -> Self {
        let exhausted = (&cause as &dyn Error).downcast_ref().and_then(Resource::that_ran_out);
        Self { doing, path: path.to_owned(), cause: cause.to_string(), exhausted }
    }

    fn of_csv(doing: &'static str, path: &Path, cause: csv::Error) -> Self {
        if !cause.is_io_error() {
            return Self::new(doing, path, cause);
        }
        match cause.into_kind() {
            csv::ErrorKind::Io(cause) => Self::new(doing, path, cause),
            // Told apart just above.
            other => Self::new(doing, path, io::Error::other(format!("{other:?}"))),
        }
    }

    /// Whether it is about a file that is there and cannot be used, not about one that is to be.
    pub(crate) fn is_of_reading(&self) -> bool {
        self.doing == "read"
    }

    /// The resource that ran out, where that is the cause.
    pub(crate) fn exhausted(&self) -> Option<Resource> {
        self.exhausted
    }
}

impl Resource {
    fn that_ran_out(error: &io::Error) -> Option<Self> {
        // The process's and the system's table of open files, on Linux and macOS alike.
        const NO_FILES: [i32; 2] = [23, 24];
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Some(Self::Disk)
            }
            _ if error.raw_os_error().is_some_and(|code| NO_FILES.contains(&code)) => Some(Self::OpenFiles),
            _ => None,
        }
    }
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
        self.writer.serialize(row).map_err(|e| ResultsError::of_csv("write", &self.path, e))
    }

    /// Hands the rows so far to the operating system.
    pub(crate) fn flush(&mut self) -> Result<(), ResultsError> {
        self.writer.flush().map_err(|e| ResultsError::new("write", &self.path, e))
    }
}

/// Replaces a CSV file by these rows.
pub(crate) fn replace_csv<R: Serialize + Default>(path: &Path, rows: &[R]) -> Result<(), ResultsError> {
    replace(path, csv_text(path, rows)?.as_bytes())
}

/// What a CSV file of these rows holds.
pub(crate) fn csv_text<R: Serialize + Default>(path: &Path, rows: &[R]) -> Result<String, ResultsError> {
    let head = header::<R>().map_err(|e| ResultsError::new("write", path, e))?;
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(head);
    for row in rows {
        writer.serialize(row).map_err(|e| ResultsError::of_csv("write", path, e))?;
    }
    let bytes = writer.into_inner().map_err(|e| ResultsError::new("write", path, e))?;
    String::from_utf8(bytes).map_err(|e| ResultsError::new("write", path, e))
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
pub(crate) fn read_csv<R: Serialize + DeserializeOwned + Default>(
    path: &Path,
) -> Result<Vec<R>, ResultsError> {
    csv_rows(path)?.collect()
}

/// The rows of a CSV file, one at a time. A header without a column that names rows was cut short: rows would tell of that, but
/// there may be none.
pub(crate) fn csv_rows<R: Serialize + DeserializeOwned + Default>(
    path: &Path,
) -> Result<impl Iterator<Item = Result<R, ResultsError>> + use<R>, ResultsError> {
    let of_csv = |cause| ResultsError::of_csv("read", path, cause);
    let mut reader = csv::Reader::from_path(path).map_err(of_csv)?;
    let text = csv_text(path, &[R::default()])?;
    if let Some(missing) = missing::<R>(&text, reader.headers().map_err(of_csv)?).map_err(of_csv)? {
        let cause = io::Error::other(format!("it has no column `{missing}`; was it cut short?"));
        return Err(ResultsError::new("read", path, cause));
    }
    let path = path.to_owned();
    Ok(reader.into_deserialize().map(move |row| row.map_err(|e| ResultsError::of_csv("read", &path, e))))
}

/// The first column that a header lacks and without which there is no row; `whole` is the file of one row.
fn missing<R: DeserializeOwned>(
    whole: &str,
    there: &csv::StringRecord,
) -> Result<Option<String>, csv::Error> {
    let mut reader = csv::Reader::from_reader(whole.as_bytes());
    let names = reader.headers()?.clone();
    let Some(row) = reader.records().next().transpose()? else { return Ok(None) };
    let is_needed = |name: &&str| {
        let others = || names.iter().zip(&row).filter(|(other, _)| other != name);
        let header: csv::StringRecord = others().map(|(name, _)| name).collect();
        let values: csv::StringRecord = others().map(|(_, value)| value).collect();
        values.deserialize::<R>(Some(&header)).is_err()
    };
    let mut lacking = names.iter().filter(|name| !there.iter().any(|there| there == *name));
    Ok(lacking.find(is_needed).map(ToOwned::to_owned))
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
