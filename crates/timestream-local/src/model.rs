//! The vocabulary that protocol, store and SQL share: records, values, columns. Not here: wire
//! shapes (`protocol`), files (`store`), Arrow types (`store` and `sql`).

use std::sync::Arc;

/// The type of a measure, as `MeasureValueType` names it (without `MULTI`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum MeasureType {
    /// 64-bit floating point.
    Double,
    /// 64-bit signed integer.
    Bigint,
    /// True or false.
    Boolean,
    /// UTF-8 text.
    Varchar,
    /// Nanoseconds since the Unix epoch; inside MULTI records only.
    Timestamp,
}

impl MeasureType {
    /// Its name in the protocol.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Double => "DOUBLE",
            Self::Bigint => "BIGINT",
            Self::Boolean => "BOOLEAN",
            Self::Varchar => "VARCHAR",
            Self::Timestamp => "TIMESTAMP",
        }
    }
}

/// One measure's value.
// In whole words: a tag of one byte has values moved in pieces that straddle each other, and each move wait for the one
// before.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(u64)]
pub enum Value<'a> {
    /// 64-bit floating point.
    Double(f64),
    /// 64-bit signed integer.
    Bigint(i64),
    /// True or false.
    Boolean(bool),
    /// UTF-8 text.
    Varchar(&'a str),
    /// Nanoseconds since the Unix epoch.
    Timestamp(i64),
}

impl Value<'_> {
    /// The type of this value.
    #[must_use]
    pub fn measure_type(&self) -> MeasureType {
        match self {
            Value::Double(_) => MeasureType::Double,
            Value::Bigint(_) => MeasureType::Bigint,
            Value::Boolean(_) => MeasureType::Boolean,
            Value::Varchar(_) => MeasureType::Varchar,
            Value::Timestamp(_) => MeasureType::Timestamp,
        }
    }
}

/// What a record measures.
#[derive(Debug, Clone, PartialEq)]
pub enum Measures<'a> {
    /// One value; its column is `measure_value::TYPE`.
    Single(Value<'a>),
    /// Named values; each is a column of its own.
    Multi(Vec<(&'a str, Value<'a>)>),
}

/// Name and value of each dimension of a series, sorted by name, without repeats.
pub type Dimensions<'a> = Arc<[(&'a str, &'a str)]>;

/// A record as the store takes it: common attributes merged in, types parsed, limits checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Record<'a> {
    /// Its series; records of one series may share them.
    pub dimensions: Dimensions<'a>,
    /// The measure name; with the dimensions and the time it is the record's identity.
    pub measure_name: &'a str,
    /// The value or values.
    pub measures: Measures<'a>,
    /// Nanoseconds since the Unix epoch.
    pub time: i64,
    /// A higher version overwrites a lower one of the same identity.
    pub version: i64,
}

/// How long a table keeps its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Retention {
    /// Hours in the memory store: 1 to 8766.
    pub memory_hours: u32,
    /// Days in the magnetic store, after the memory store: 1 to 73000.
    pub magnetic_days: u32,
    /// Whether records older than the memory store are taken into the magnetic store.
    pub magnetic_writes: bool,
}

/// What an answered write survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// A kill of the process at any moment. A power cut, or a crash of the system, can take the last second.
    #[default]
    Process,
    /// A power cut as well: a write is answered when it is on the disk. Requests in flight share a sync.
    Disk,
}

/// Where the records of an accepted write went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ingested {
    /// Records in the memory store's window.
    pub memory: u64,
    /// Older ones.
    pub magnetic: u64,
}

/// A record that was not stored, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Its place in the request, from 0.
    pub index: usize,
    /// The reason, in the service's words.
    pub reason: String,
    /// The stored version, where that is the reason.
    pub existing_version: Option<i64>,
}

/// What a column of a table is, as `DESCRIBE` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColumnKind {
    /// A dimension, VARCHAR.
    Dimension,
    /// The column `measure_name`.
    MeasureName,
    /// The column `time`, TIMESTAMP.
    Time,
    /// `measure_value::TYPE`, the values of single-measure records.
    MeasureValue(MeasureType),
    /// A measure of MULTI records.
    Multi(MeasureType),
}

/// A column that SQL sees.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Column {
    /// The name as SQL spells it; `measure_value::double` is one name.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
}
