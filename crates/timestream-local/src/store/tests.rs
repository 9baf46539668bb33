//! Behaviour of a table over writes, flushes, kills and time. Not here: its parts, which have their own
//! tests.

mod concurrency;
#[cfg(unix)]
mod durability;
mod model;
mod recovery;
mod retention;
mod writes;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::datatypes::{
    DataType, Field, Float64Type, Int64Type, Schema, TimestampNanosecondType,
};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tempfile::TempDir;

use super::StoreError;
use super::{Snapshot, Store, StoreOptions, Table, VERSION_COLUMN, WriteOutcome};
use crate::clock::ManualClock;
use crate::metrics::StoreMetrics;
use crate::model::{ColumnKind, Durability, MeasureType, Measures, Record, Retention, Value};

const MINUTE: i64 = 60_000_000_000;
const HOUR: i64 = 60 * MINUTE;

/// Where the clock of a test starts.
const NOW: i64 = 500_000 * HOUR + 30 * MINUTE;

const RETENTION: Retention = Retention { memory_hours: 6, magnetic_days: 1, magnetic_writes: true };

fn options() -> StoreOptions {
    let (memory_bytes, cache_bytes) = (512 << 20, 128 << 20);
    StoreOptions {
        durability: Durability::Process,
        flush_rows: 1_000_000,
        memory_bytes,
        cache_bytes,
        metrics: StoreMetrics::default(),
    }
}

/// A table in a directory of its own.
struct Fixture {
    dir: TempDir,
    clock: Arc<ManualClock>,
    options: StoreOptions,
    retention: Retention,
    table: Option<Table>,
}

impl Fixture {
    fn new() -> Self {
        Self::flushing_at(1_000_000)
    }

    fn flushing_at(flush_rows: usize) -> Self {
        Self::with(StoreOptions { flush_rows, ..options() })
    }

    fn with(options: StoreOptions) -> Self {
        let (dir, clock) = (tempfile::tempdir().unwrap(), Arc::new(ManualClock::at(NOW)));
        let mut fixture = Self { dir, clock, options, retention: RETENTION, table: None };
        fixture.reopen();
        fixture
    }

    /// Drops the table without a flush, as a kill would leave it, and opens it again.
    fn reopen(&mut self) {
        self.table = None;
        self.table = Some(self.open().unwrap());
    }

    fn open(&self) -> Result<Table, StoreError> {
        let clock = Arc::clone(&self.clock) as Arc<dyn crate::clock::Clock>;
        Store::new(clock, self.options.clone())?.open_table(self.dir.path(), self.retention)
    }

    /// Changes the settings as `UpdateTable` does.
    fn retain(&mut self, retention: Retention) {
        self.table().prepare_retention(retention).unwrap();
        self.retention = retention;
        self.table().set_retention(retention);
    }

    fn snapshot(&self) -> Snapshot {
        self.table().snapshot()
    }

    fn table(&self) -> &Table {
        self.table.as_ref().unwrap()
    }

    fn write(&self, records: &[Record<'_>]) -> WriteOutcome {
        self.table().write(records).unwrap()
    }

    fn flush(&self) {
        self.table().flush().unwrap();
    }

    fn stored(&self) -> Stored {
        stored(&self.snapshot())
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }
}

/// Names of a directory's files, sorted.
fn names(dir: &Path) -> Vec<String> {
    let names =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// A record of one value.
fn record<'a>(host: &'a str, name: &'a str, time: i64, value: f64) -> Record<'a> {
    let measures = Measures::Single(Value::Double(value));
    Record { dimensions: [("host", host)].into(), measure_name: name, measures, time, version: 1 }
}

fn version<'a>(version: i64, record: Record<'a>) -> Record<'a> {
    Record { version, ..record }
}

/// Identity (dimensions, measure name, time) to version and values, all as text.
type Stored = BTreeMap<(BTreeMap<String, String>, String, i64), (i64, BTreeMap<String, String>)>;

/// The rows of a snapshot, of one identity that of the highest version.
fn stored(snapshot: &Snapshot) -> Stored {
    let mut stored = Stored::new();
    let files = snapshot.files.iter().flat_map(|file| {
        let file = std::fs::File::open(&file.path).unwrap();
        ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap().map(Result::unwrap)
    });
    let files = files.map(|batch| match snapshot.oldest {
        Some(oldest) => super::batch::since(&batch, oldest).unwrap(),
        None => batch,
    });
    let fields = snapshot.columns.iter().map(super::columns::field);
    let version = Field::new(VERSION_COLUMN, DataType::Int64, false);
    let schema = Arc::new(Schema::new(fields.chain([version]).collect::<Vec<_>>()));
    let memory = snapshot.memory.iter().map(|rows| rows.batch(&schema).unwrap());
    for batch in memory.chain(files) {
        for row in 0..batch.num_rows() {
            add(&mut stored, snapshot, &batch, row);
        }
    }
    stored
}

fn add(stored: &mut Stored, snapshot: &Snapshot, batch: &RecordBatch, row: usize) {
    let (mut dimensions, mut values) = (BTreeMap::new(), BTreeMap::new());
    let (mut name, mut time) = (String::new(), 0);
    for column in &snapshot.columns {
        let array = batch.column_by_name(&column.name);
        let Some(array) = array.filter(|array| array.is_valid(row)) else { continue };
        match column.kind {
            ColumnKind::Dimension => {
                dimensions.insert(column.name.clone(), text(array, MeasureType::Varchar, row));
            }
            ColumnKind::MeasureName => name = text(array, MeasureType::Varchar, row),
            ColumnKind::Time => time = array.as_primitive::<TimestampNanosecondType>().value(row),
            ColumnKind::MeasureValue(kind) | ColumnKind::Multi(kind) => {
                values.insert(column.name.clone(), text(array, kind, row));
            }
        }
    }
    let version = batch.column_by_name(VERSION_COLUMN).unwrap().as_primitive::<Int64Type>().value(row);
    let identity = (dimensions, name, time);
    match stored.get(&identity) {
        Some((other, _)) => {
            assert!(snapshot.overlaps, "{identity:?} stands twice and the snapshot does not say so");
            assert_ne!(*other, version, "{identity:?} stands twice with one version");
            if *other < version {
                stored.insert(identity, (version, values));
            }
        }
        None => {
            stored.insert(identity, (version, values));
        }
    }
}

fn text(array: &ArrayRef, kind: MeasureType, row: usize) -> String {
    match kind {
        MeasureType::Double => array.as_primitive::<Float64Type>().value(row).to_string(),
        MeasureType::Bigint => array.as_primitive::<Int64Type>().value(row).to_string(),
        MeasureType::Boolean => array.as_boolean().value(row).to_string(),
        MeasureType::Varchar => array.as_string_view().value(row).to_owned(),
        MeasureType::Timestamp => array.as_primitive::<TimestampNanosecondType>().value(row).to_string(),
    }
}
