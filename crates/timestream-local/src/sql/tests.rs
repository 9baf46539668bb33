//! What users see of SQL: texts in, typed rows out, against small tables with answers worked out by
//! hand. This file holds what the tests build their tables with.

mod clauses;
mod complex;
mod costs;
mod dashboards;
mod errors;
mod functions;
mod patterns;
mod reach;
mod statements;
mod storage;
mod values;
mod whole;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime, Utc};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, StringViewArray,
    TimestampNanosecondArray,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
use tempfile::TempDir;

use super::types::{Datum, Row};
use super::{Answer, STACK, Sql, SqlError, SqlOptions, TableName, Tables};
use crate::model::{Column, ColumnKind, MeasureType};
use crate::store::{MeasureSummary, Snapshot, SnapshotFile, SnapshotRows};

/// The day of all test data; short times are within it, and `now()` is its noon.
const DAY: &str = "2020-08-08";

/// Databases with tables, and an engine to query them.
struct Fixture {
    tables: Arc<TestTables>,
    sql: Sql,
    dir: TempDir,
}

#[derive(Default)]
struct TestTables(BTreeMap<String, BTreeMap<String, Snapshot>>);

impl Tables for TestTables {
    fn databases(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    fn tables(&self, database: &str) -> Option<Vec<String>> {
        Some(self.0.get(database)?.keys().cloned().collect())
    }

    fn snapshots(&self, names: &[TableName]) -> Vec<Option<Snapshot>> {
        let find = |(database, table): &TableName| self.0.get(database)?.get(table).cloned();
        names.iter().map(find).collect()
    }
}

impl Fixture {
    fn new() -> Self {
        Self::with_memory(256 << 20)
    }

    fn with_memory(memory_limit: usize) -> Self {
        // A home of somebody whose name is not plain ASCII, and more that URLs would write in another way.
        let dir =
            tempfile::Builder::new().prefix("jürgen %20 #1 [x]*?").tempdir().expect("a temporary directory");
        let options =
            SqlOptions { memory_limit, footers_limit: 8 << 20, spill_dir: dir.path().join("spill") };
        let sql = Sql::new(options).expect("an engine");
        Self { tables: Arc::default(), sql, dir }
    }

    /// A table `db.NAME` whose rows are all in memory.
    fn memory(self, name: &str, text: &str) -> Self {
        self.table(name, &[], &[text], false)
    }

    /// A table `db.NAME` of files and batches, each from its own text.
    fn table(mut self, name: &str, files: &[&str], memory: &[&str], overlaps: bool) -> Self {
        let mut snapshot = Snapshot { overlaps, ..Snapshot::empty() };
        for (i, text) in files.iter().enumerate() {
            let path = self.dir.path().join(format!("{name}-{i}.parquet"));
            write_parquet(&path, &parse(text, &mut snapshot.columns));
            snapshot.files.push(Arc::new(SnapshotFile::at(path)));
        }
        let memory: Vec<_> = memory.iter().map(|text| parse(text, &mut snapshot.columns)).collect();
        snapshot.measures = measures(&snapshot.columns, &memory);
        snapshot.memory = memory.iter().map(SnapshotRows::of).collect();
        self.add(name, snapshot);
        self
    }

    fn add(&mut self, name: &str, snapshot: Snapshot) {
        let tables = Arc::get_mut(&mut self.tables).expect("no query runs yet");
        tables.0.entry("db".to_owned()).or_default().insert(name.to_owned(), snapshot);
    }

    fn query(&self, text: &str) -> Result<Answer, SqlError> {
        block_on(self.sql.query(text, self.tables.clone(), time("12:00")))
    }

    /// The rows of an answer, each as its values with `|` between.
    fn rows(&self, text: &str) -> Vec<String> {
        let mut answer = self.query(text).unwrap_or_else(|error| panic!("{text}\n{error}"));
        drain(&mut answer).unwrap_or_else(|error| panic!("{text}\n{error}"))
    }

    /// The only value of an answer.
    fn value(&self, text: &str) -> String {
        let rows = self.rows(text);
        assert_eq!(rows.len(), 1, "{text}: {rows:?}");
        rows.into_iter().next().unwrap_or_default()
    }

    /// The columns of an answer as `name TYPE`.
    fn columns(&self, text: &str) -> String {
        let answer = self.query(text).unwrap_or_else(|error| panic!("{text}\n{error}"));
        let json = serde_json::to_value(answer.columns()).expect("JSON");
        let column = |column: &serde_json::Value| {
            let scalar = column["Type"]["ScalarType"].as_str();
            let data_type = scalar.map_or_else(|| column["Type"].to_string(), ToOwned::to_owned);
            format!("{} {data_type}", column["Name"].as_str().unwrap_or("-"))
        };
        json.as_array().expect("a list").iter().map(column).collect::<Vec<_>>().join(", ")
    }

    /// Why a text has no answer, be it at once or while it is read.
    fn error(&self, text: &str) -> SqlError {
        let outcome = self.query(text).and_then(|mut answer| drain(&mut answer));
        outcome.err().unwrap_or_else(|| panic!("no error: {text}"))
    }
}

/// What the rows in memory measure, in no order.
fn measures(columns: &[Column], memory: &[RecordBatch]) -> Arc<[MeasureSummary]> {
    let mut measures: BTreeMap<String, MeasureSummary> = BTreeMap::new();
    for batch in memory {
        let names = batch.column_by_name("measure_name").map(AsArray::as_string_view);
        for (row, name) in names.into_iter().flatten().flatten().enumerate() {
            let filled: Vec<&Column> = columns
                .iter()
                .filter(|column| {
                    batch.column_by_name(&column.name).is_some_and(|values| values.is_valid(row))
                })
                .collect();
            let of = |kind: fn(ColumnKind) -> bool| filled.iter().filter(move |column| kind(column.kind));
            let values = of(|kind| matches!(kind, ColumnKind::MeasureValue(_) | ColumnKind::Multi(_)));
            let summary = MeasureSummary {
                name: name.to_owned(),
                columns: values.map(|column| (*column).clone()).collect(),
                dimensions: of(|kind| kind == ColumnKind::Dimension)
                    .map(|column| column.name.clone())
                    .collect(),
            };
            measures.insert(name.to_owned(), summary);
        }
    }
    measures.into_values().collect()
}

fn drain(answer: &mut Answer) -> Result<Vec<String>, SqlError> {
    let mut rows = Vec::new();
    while !answer.finished() {
        rows.extend(block_on(answer.next_rows(1000, 1 << 20))?.iter().map(show));
    }
    Ok(rows)
}

fn show(row: &Row) -> String {
    let value = |datum: &Datum| match datum {
        Datum::ScalarValue(text) => text.clone(),
        Datum::NullValue(_) => "NULL".to_owned(),
        nested => serde_json::to_string(nested).expect("JSON"),
    };
    row.data.iter().map(value).collect::<Vec<_>>().join("|")
}

/// Runs a future on a thread with the stack that queries have.
fn block_on<F: Future<Output: Send> + Send>(future: F) -> F::Output {
    static RUNTIME: std::sync::LazyLock<tokio::runtime::Runtime> = std::sync::LazyLock::new(|| {
        let mut threads = tokio::runtime::Builder::new_multi_thread();
        threads.worker_threads(2).thread_stack_size(STACK).enable_all().build().expect("a runtime")
    });
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK);
        let thread = thread.spawn_scoped(scope, || RUNTIME.block_on(future)).expect("a thread");
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Nanoseconds of `HH:MM`, `HH:MM:SS` or a full timestamp.
fn time(text: &str) -> i64 {
    let full = if text.contains('-') { text.to_owned() } else { format!("{DAY} {text}") };
    let full = if full.matches(':').count() == 1 { format!("{full}:00") } else { full };
    let parsed = NaiveDateTime::parse_from_str(&full, "%Y-%m-%d %H:%M:%S%.f").expect("a time");
    DateTime::<Utc>::from_naive_utc_and_offset(parsed, Utc).timestamp_nanos_opt().expect("in range")
}

/// A batch from a text: a line of column names, then a line a row, with `|` between; `-` is null.
/// `NAME:double` and the like are MULTI measures, `#` is the hidden version. New columns are added to
/// `columns`.
fn parse(text: &str, columns: &mut Vec<Column>) -> RecordBatch {
    let cells = |line: &'static str| line.split('|').map(str::trim).collect::<Vec<_>>();
    let text: &'static str = Box::leak(text.to_owned().into_boxed_str());
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(cells);
    let header = lines.next().expect("a header");
    let rows: Vec<_> = lines.collect();
    let mut fields = Vec::new();
    let mut arrays = Vec::new();
    for (i, name) in header.iter().enumerate() {
        let values: Vec<Option<&str>> =
            rows.iter().map(|row| Some(row[i]).filter(|cell| *cell != "-")).collect();
        if *name == "#" {
            fields.push(Field::new("__version", DataType::Int64, true));
            arrays.push(array(&DataType::Int64, &values));
            continue;
        }
        let column = column(name);
        let data_type = super::table::data_type(column.kind);
        fields.push(Field::new(&column.name, data_type.clone(), true));
        arrays.push(array(&data_type, &values));
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).expect("columns of one height")
}

fn column(header: &str) -> Column {
    let measure = |name: &str| match name {
        "bigint" => MeasureType::Bigint,
        "varchar" => MeasureType::Varchar,
        "boolean" => MeasureType::Boolean,
        "timestamp" => MeasureType::Timestamp,
        _ => MeasureType::Double,
    };
    let (name, kind) = match (header, header.split_once(':')) {
        ("measure_name", _) => (header, ColumnKind::MeasureName),
        ("time", _) => (header, ColumnKind::Time),
        (_, Some(("measure_value", data_type))) => {
            (header, ColumnKind::MeasureValue(measure(data_type.trim_start_matches(':'))))
        }
        (_, Some((name, data_type))) => (name, ColumnKind::Multi(measure(data_type))),
        _ => (header, ColumnKind::Dimension),
    };
    Column { name: name.to_owned(), kind }
}

fn array(data_type: &DataType, values: &[Option<&str>]) -> ArrayRef {
    fn read<T: std::str::FromStr>(text: &str) -> T {
        text.parse().unwrap_or_else(|_| panic!("a value: {text}"))
    }
    let values = values.iter();
    match data_type {
        DataType::Float64 => Arc::new(values.map(|v| v.map(read::<f64>)).collect::<Float64Array>()),
        DataType::Int64 => Arc::new(values.map(|v| v.map(read::<i64>)).collect::<Int64Array>()),
        DataType::Boolean => Arc::new(values.map(|v| v.map(read::<bool>)).collect::<BooleanArray>()),
        DataType::Timestamp(..) => {
            Arc::new(values.map(|v| v.map(time)).collect::<TimestampNanosecondArray>())
        }
        _ => Arc::new(values.copied().collect::<StringViewArray>()),
    }
}

/// Writes a file as the store does: small pages with statistics.
fn write_parquet(path: &Path, batch: &RecordBatch) {
    let properties = WriterProperties::builder()
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_max_row_group_row_count(Some(4096))
        .set_data_page_row_count_limit(512)
        .set_write_batch_size(512)
        .build();
    let file = File::create(path).expect("a file");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).expect("a writer");
    writer.write(batch).expect("rows to be written");
    writer.close().expect("a footer");
}
