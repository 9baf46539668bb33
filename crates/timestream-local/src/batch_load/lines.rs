//! The lines of a CSV file, read as they are needed, whatever its size. Not here: what the columns mean
//! (`mapping` of the crate).

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use csv::{ByteRecord, Position, ReaderBuilder, StringRecord, Terminator};
use serde::{Deserialize, Serialize};

/// Bytes of a line: what holds more has a quote that is never closed.
const MAX_LINE: u64 = 16 << 20;
const BUFFER: usize = 64 << 10;
/// The mark with which some programs begin a file.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How a file is written: `CsvConfiguration`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Dialect {
    pub(crate) separator: u8,
    pub(crate) quote: u8,
    /// Stands before a quote in a quoted text; a doubled quote always means one.
    pub(crate) escape: Option<u8>,
    /// The text that means null, besides none at all.
    pub(crate) null: Option<String>,
    /// Whether white space around texts is no part of them.
    pub(crate) trim: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { separator: b',', quote: b'"', escape: None, null: None, trim: false }
    }
}

/// Where a line begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(super) byte: u64,
    /// From 1; the header is the first.
    pub(super) line: u64,
    pub(super) record: u64,
}

/// A file and how far it is read.
pub(super) struct Lines {
    reader: csv::Reader<Bounded>,
    dialect: Dialect,
    header: Vec<String>,
}

/// A line: its texts by column, or why it has none.
pub(super) struct Line {
    /// From 1; the header is the first.
    pub(super) number: u64,
    pub(super) texts: Result<StringRecord, String>,
}

impl Lines {
    /// Reads the header.
    ///
    /// # Errors
    /// Why the file cannot be read.
    pub(super) fn open(mut file: File, dialect: Dialect) -> Result<Self, String> {
        if is_marked(&mut file).map_err(|error| unreadable(&error))? {
            return Err("The file begins with a byte order mark; save it as UTF-8 without one.".to_owned());
        }
        let mut reader = ReaderBuilder::new()
            .delimiter(dialect.separator)
            .quote(dialect.quote)
            .escape(dialect.escape)
            .flexible(true)
            // Lines that end in CR LF end in LF, too, and so their numbers are known.
            .terminator(Terminator::Any(b'\n'))
            .buffer_capacity(BUFFER)
            .from_reader(Bounded { file, left: MAX_LINE, ended: false });
        let header = reader.byte_headers().map_err(|error| told(&error))?.clone();
        let header = texts(header).ok_or("The header is not UTF-8.")?;
        let trimmed = |name: &str| if dialect.trim { name.trim().to_owned() } else { name.to_owned() };
        let header: Vec<String> = header.iter().map(trimmed).collect();
        if header.is_empty() {
            return Err("The file is empty; its first line must name its columns.".to_owned());
        }
        Ok(Self { reader, dialect, header })
    }

    /// The place of a column, by its name.
    ///
    /// # Errors
    /// Why it is not known.
    pub(super) fn column(&self, name: &str) -> Result<usize, String> {
        let mut found = (0..).zip(&self.header).filter(|(_, column)| *column == name).map(|(at, _)| at);
        match (found.next(), found.next()) {
            (Some(at), None) => Ok(at),
            (Some(_), Some(_)) => Err(format!("The column '{name}' stands twice in the header.")),
            (None, _) => Err(format!(
                "The header has no column '{name}', which the data model names; it has {}.",
                self.header.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
            )),
        }
    }

    /// Goes on at `place`, which [`Self::place`] has told.
    ///
    /// # Errors
    /// Why the file cannot be read on.
    pub(super) fn seek(&mut self, place: Place) -> Result<(), String> {
        let mut position = Position::new();
        position.set_byte(place.byte).set_line(place.line).set_record(place.record);
        self.reader.seek(position).map_err(|error| told(&error))
    }

    /// Where the next line begins.
    pub(super) fn place(&self) -> Place {
        let position = self.reader.position();
        Place { byte: position.byte(), line: position.line(), record: position.record() }
    }

    /// The next line; none at the end.
    ///
    /// # Errors
    /// Why nothing more can be read.
    pub(super) fn next(&mut self) -> Result<Option<Line>, String> {
        let mut record = ByteRecord::new();
        loop {
            self.reader.get_mut().left = MAX_LINE;
            if !self.reader.read_byte_record(&mut record).map_err(|error| told(&error))? {
                return Ok(None);
            }
            // The others are empty lines that end in CR LF.
            if record.len() > 1 || record.as_slice() != b"\r" {
                break;
            }
        }
        let number = self.number(&record);
        let (has, columns) = (record.len(), self.header.len());
        let texts = if has == columns {
            texts(record).ok_or_else(|| "The line is not UTF-8.".to_owned())
        } else {
            Err(format!("The number of columns is not that of the header: {has} instead of {columns}."))
        };
        Ok(Some(Line { number, texts }))
    }

    /// The number of the line that `record`, just read, begins with.
    fn number(&self, record: &ByteRecord) -> u64 {
        let inside = record.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
        // Counted back from the line after it, since empty lines before it are skipped without a word; but a
        // quote that is not closed has no line after it.
        let counted_back = self.reader.position().line().saturating_sub(1 + inside);
        counted_back.max(record.position().map_or(0, Position::line))
    }

    /// A column's text; none where it is null.
    pub(super) fn text<'a>(&self, texts: &'a StringRecord, column: usize) -> Option<&'a str> {
        let whole = texts.get(column)?;
        let text = if self.dialect.trim { whole.trim() } else { whole };
        let null = self.dialect.null.as_deref();
        (!text.is_empty() && null != Some(whole) && null != Some(text)).then_some(text)
    }
}

/// The texts of a record, without the CR before the LF that ended it; none where they are not UTF-8.
fn texts(mut record: ByteRecord) -> Option<StringRecord> {
    let last = record.len().checked_sub(1).and_then(|last| record.get(last));
    if let Some(text) = last.and_then(|text| text.strip_suffix(b"\r")).map(<[u8]>::to_vec) {
        record.truncate(record.len() - 1);
        record.push_field(&text);
    }
    StringRecord::from_byte_record(record).ok()
}

fn told(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Io(error) => unreadable(error),
        _ => format!("The file cannot be read: {error}."),
    }
}

fn unreadable(error: &io::Error) -> String {
    format!("The file cannot be read: {error}.")
}

/// Whether the file begins with the mark.
fn is_marked(file: &mut File) -> io::Result<bool> {
    let mut begin = Vec::new();
    file.take(BYTE_ORDER_MARK.len() as u64).read_to_end(&mut begin)?;
    file.rewind()?;
    Ok(begin == BYTE_ORDER_MARK)
}

/// A file of which only so much is read before somebody allows more, and whose last line is ended.
struct Bounded {
    file: File,
    left: u64,
    ended: bool,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            let told =
                format!("a line is longer than {MAX_LINE} bytes, maybe for a quote that is not closed");
            return Err(io::Error::other(told));
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let mut read = self.file.read(&mut buffer[..most])?;
        if let (0, false, Some(first)) = (read, self.ended, buffer.first_mut()) {
            (*first, read, self.ended) = (b'\n', 1, true);
        }
        self.left -= read as u64;
        Ok(read)
    }
}

impl Seek for Bounded {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.ended = false;
        self.file.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a file: their numbers and texts, with `!` for a line that has none.
    fn lines(content: &str, dialect: &Dialect) -> Vec<(u64, String)> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.csv");
        std::fs::write(&path, content).unwrap();
        let mut lines = Lines::open(File::open(&path).unwrap(), dialect.clone()).unwrap();
        let mut all = Vec::new();
        loop {
            // Each line is the same for a reader that begins with it.
            let mut other = Lines::open(File::open(&path).unwrap(), dialect.clone()).unwrap();
            other.seek(lines.place()).unwrap();
            let texts = |line: Line| {
                let texts = line.texts.map(|texts| texts.iter().collect::<Vec<_>>().join("|"));
                (line.number, texts.unwrap_or_else(|_| "!".to_owned()))
            };
            let line = lines.next().unwrap().map(texts);
            assert_eq!(other.next().unwrap().map(texts), line);
            match line {
                Some(line) => all.push(line),
                None => return all,
            }
        }
    }

    #[test]
    fn lines_are_numbered_as_people_see_them() {
        let expected = [(2, "1|2"), (4, "a\nb|"), (7, "3|4"), (8, "!"), (10, "5|6")];
        let expected = expected.map(|(number, texts)| (number, texts.to_owned()));
        let content = "x,y\n1,2\n\n\"a\nb\",\n\n3,4\n7\n\n5,6";
        assert_eq!(lines(content, &Dialect::default()), expected);
        assert_eq!(lines(&format!("{content}\n"), &Dialect::default()), expected);
        let expected = expected.map(|(number, texts)| (number, texts.replace('\n', "\r\n")));
        assert_eq!(lines(&content.replace('\n', "\r\n"), &Dialect::default()), expected);
    }

    #[test]
    fn a_quote_that_is_not_closed_begins_where_it_stands() {
        let found = lines("x,y\n1,2\n\"3,4\n5,6\n", &Dialect::default());
        assert_eq!(found, [(2, "1|2".to_owned()), (3, "!".to_owned())]);
    }

    #[test]
    fn doubled_and_escaped_quotes_are_quotes() {
        let dialect = Dialect { escape: Some(b'\\'), ..Dialect::default() };
        assert_eq!(lines("x,y\n\"a\"\"b\",\"c\\\"d\"", &dialect), [(2, "a\"b|c\"d".to_owned())]);
    }
}
