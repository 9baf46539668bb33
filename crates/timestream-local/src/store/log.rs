//! The log: the rows of the memory table on disk, a frame a request. Not here: frames (`frames`), what
//! is done with the rows (`state`, `recovery`).
//!
//! A segment belongs to one memory table. Its rows name dimension sets, measures and columns by number.

use std::path::{Path, PathBuf};

use super::codec::{Malformed, Reader, put_varint};
use super::columns::ValueColumn;
use super::dictionary::Dictionary;
use super::keys::{Key, Row, Stored};
use super::values::digest;
use crate::model::{MeasureType, Value};

/// The version most rows have is not written.
const USUAL_VERSION: i64 = 1;

const OVERWRITES: u8 = 1;
const UNUSUAL_VERSION: u8 = 2;

/// The file of a segment.
pub(super) fn segment_path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:010}.log"))
}

/// The number of a segment, where the path is one.
pub(super) fn segment_number(path: &Path) -> Option<u64> {
    (path.extension()? == "log").then(|| path.file_stem()?.to_str()?.parse().ok()).flatten()
}

/// A row as it stands in the log.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LoggedRow<'a> {
    pub row: Row,
    /// Whether it overwrites a row from before its memory table.
    pub overwrites: bool,
    pub columns: Vec<u16>,
    pub values: Vec<Value<'a>>,
}

/// Appends a row to a frame.
pub(super) fn put_row<'a>(
    out: &mut Vec<u8>,
    row: &Row,
    overwrites: bool,
    columns: &[u16],
    values: impl Iterator<Item = Value<'a>>,
) {
    let Row { key, stored } = row;
    let unusual = stored.version != USUAL_VERSION;
    out.push(if overwrites { OVERWRITES } else { 0 } | if unusual { UNUSUAL_VERSION } else { 0 });
    put_varint(out, key.set.into());
    put_varint(out, key.measure.into());
    out.extend_from_slice(&key.time.to_le_bytes());
    if unusual {
        out.extend_from_slice(&stored.version.to_le_bytes());
    }
    put_varint(out, columns.len() as u64);
    for (&column, value) in columns.iter().zip(values) {
        put_varint(out, column.into());
        put_value(out, value);
    }
}

fn put_value(out: &mut Vec<u8>, value: Value<'_>) {
    match value {
        Value::Double(value) => out.extend_from_slice(&value.to_bits().to_le_bytes()),
        Value::Bigint(value) | Value::Timestamp(value) => out.extend_from_slice(&value.to_le_bytes()),
        Value::Boolean(value) => out.push(value.into()),
        Value::Varchar(text) => super::codec::put_text(out, text),
    }
}

/// The rows of a frame; malformed too where a row needs what the dictionary does not have.
pub(super) fn rows<'a>(frame: &'a [u8], dictionary: &Dictionary) -> Result<Vec<LoggedRow<'a>>, Malformed> {
    let mut reader = Reader::new(frame);
    let mut rows = Vec::new();
    while !reader.is_empty() {
        let row = read_row(&mut reader, dictionary.columns())?;
        if !dictionary.knows(row.row.key.set, row.row.key.measure) {
            return Err(Malformed);
        }
        rows.push(row);
    }
    Ok(rows)
}

fn read_row<'a>(reader: &mut Reader<'a>, known: &[ValueColumn]) -> Result<LoggedRow<'a>, Malformed> {
    let flags = reader.byte()?;
    let (set, measure) = (reader.narrow()?, reader.narrow()?);
    let time = i64::from_le_bytes(reader.word()?);
    let version =
        if flags & UNUSUAL_VERSION == 0 { USUAL_VERSION } else { i64::from_le_bytes(reader.word()?) };
    let mut columns = Vec::new();
    let mut values = Vec::new();
    for _ in 0..reader.varint()? {
        let column: u16 = reader.narrow()?;
        values.push(read_value(reader, known.get(column as usize).ok_or(Malformed)?.kind)?);
        columns.push(column);
    }
    let stored = Stored { version, digest: digest(&columns, values.iter().copied()) };
    let row = Row { key: Key { time, set, measure }, stored };
    Ok(LoggedRow { row, overwrites: flags & OVERWRITES != 0, columns, values })
}

fn read_value<'a>(reader: &mut Reader<'a>, kind: MeasureType) -> Result<Value<'a>, Malformed> {
    Ok(match kind {
        MeasureType::Double => Value::Double(f64::from_bits(u64::from_le_bytes(reader.word()?))),
        MeasureType::Bigint => Value::Bigint(i64::from_le_bytes(reader.word()?)),
        MeasureType::Boolean => Value::Boolean(reader.byte()? != 0),
        MeasureType::Varchar => Value::Varchar(reader.text()?),
        MeasureType::Timestamp => Value::Timestamp(i64::from_le_bytes(reader.word()?)),
    })
}
