//! What reads bytes from outside, as functions for fuzzing: no bytes may make them panic. `fuzz/` runs them
//! on made-up inputs, `tests/server/corpus.rs` on those that are kept. No part of the crate's interface.
//!
//! An input is bytes of a form that is easy to keep in a file and to mutate; each function says which.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::Request;
use tokio::runtime::{Builder, Runtime};

use crate::clock::{Clock, ManualClock};
use crate::engine::{DataDir, Engine, EngineOptions, QueryBounds};
use crate::model::{Column, ColumnKind, Durability, MeasureType};
use crate::protocol::{self, Call};
use crate::server::{self, Guard, Users};
use crate::sql::{Sql, SqlOptions, TableName, Tables};
use crate::store::{self, Snapshot};

/// 2026-01-01 00:00:00 UTC, where the clock stands.
const NOW: i64 = 1_767_225_600_000_000_000;
/// What the requests find.
const DATABASE: &str = r#"{"DatabaseName":"fleet"}"#;
const TABLE: &str = r#"{"DatabaseName":"fleet","TableName":"metrics"}"#;

/// Bodies of requests, against an engine that is the same before each of them.
///
/// An input is an operation's name, a new line, and the body. Queries are checked and not run.
pub struct Requests {
    runtime: Runtime,
    dir: PathBuf,
    clock: Arc<dyn Clock>,
    engine: Option<Arc<Engine>>,
}

impl Requests {
    /// An engine with a table, in `dir`, whose content goes.
    ///
    /// # Panics
    /// Where `dir` cannot be used.
    #[must_use]
    pub fn open(dir: &Path) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("threads");
        let clock = Arc::new(ManualClock::at(NOW));
        Self { runtime, dir: dir.to_owned(), clock, engine: None }
    }

    /// Answers one request.
    ///
    /// # Panics
    /// Where two readers of one body differ.
    pub fn answer(&mut self, input: &[u8]) {
        let Some(end) = input.iter().position(|&byte| byte == b'\n') else { return };
        let Ok(operation) = std::str::from_utf8(&input[..end]) else { return };
        let body = Bytes::copy_from_slice(&input[end + 1..]);
        match operation {
            "faults" => drop(server::read_fault_plan(&body).map(|plan| plan.flaws())),
            // The text is for `sql`.
            "Query" | "PrepareQuery" => drop(protocol::check_query(&body)),
            _ => {
                if operation == "WriteRecords" {
                    protocol::is_plain_write(&body);
                }
                let engine = self.engine();
                let done = self.runtime.block_on(call(&engine, operation, body));
                if done && !operation.starts_with("List") && !operation.starts_with("Describe") {
                    self.engine = None;
                }
            }
        }
    }

    fn engine(&mut self) -> Arc<Engine> {
        let Self { runtime, dir, clock, engine } = self;
        Arc::clone(engine.get_or_insert_with(|| {
            let engine = Arc::new(open(dir, clock));
            for (operation, body) in [("CreateDatabase", DATABASE), ("CreateTable", TABLE)] {
                let made = runtime.block_on(call(&engine, operation, body.into()));
                assert!(made, "{operation} in {}", dir.display());
            }
            engine
        }))
    }
}

/// Whether the operation was carried out.
async fn call(engine: &Arc<Engine>, operation: &str, body: Bytes) -> bool {
    let target = format!("Timestream_20181101.{operation}");
    let call = Call { target: &target, user_agent: "", authority: "127.0.0.1", body, rejects: None };
    protocol::answer(engine, call).await.is_ok()
}

fn open(dir: &Path, clock: &Arc<dyn Clock>) -> Engine {
    let _ = fs::remove_dir_all(dir);
    let data_dir = DataDir::open(dir).expect("a data directory");
    let options = EngineOptions {
        clock: Arc::clone(clock),
        region: "us-east-1".to_owned(),
        memory: 512 << 20,
        durability: Durability::Process,
        flush_rows: 1000,
        query_bounds: QueryBounds { page_wait: Duration::from_secs(10), page_time: Duration::from_secs(10) },
        buckets: dir.join("buckets"),
        tables: 1_000,
    };
    Engine::open(data_dir, options).expect("an engine")
}

/// SQL up to the plan of what it means, over a few tables; nothing is optimised or run.
///
/// An input is the text of a query; true where it is a good one.
pub fn sql(input: &[u8]) -> bool {
    static SQL: LazyLock<Sql> = LazyLock::new(|| {
        let options =
            SqlOptions { memory_limit: 64 << 20, footers_limit: 8 << 20, spill_dir: std::env::temp_dir() };
        Sql::new(options).expect("an engine")
    });
    let text = std::str::from_utf8(input).ok().filter(|text| text.chars().count() <= 262_144);
    text.is_some_and(|text| SQL.check(text, &Catalog, NOW).is_ok())
}

/// Requests that say who signed them, to a server that knows one user.
///
/// An input is a line with method and path, a line for each header, an empty line, and the body.
pub fn signature(input: &[u8]) {
    static GUARD: LazyLock<Guard> = LazyLock::new(|| {
        let mut users = Users::default();
        users.add("AKIDANNA", "anna's secret");
        Guard::new(users, "us-east-1".to_owned(), Arc::new(ManualClock::at(NOW)))
    });
    let end = input.windows(2).position(|two| two == b"\n\n").unwrap_or(input.len());
    let (head, body) = input.split_at(end);
    let mut lines = head.split(|&byte| byte == b'\n');
    let mut words = lines.next().unwrap_or_default().split(|&byte| byte == b' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut request = Request::builder().method(method).uri(path);
    for line in lines {
        let colon = line.iter().position(|&byte| byte == b':').unwrap_or(line.len());
        let (name, value) = line.split_at(colon);
        request = request.header(name, value.get(1..).unwrap_or_default().trim_ascii());
    }
    // What HTTP itself refuses is not ours.
    let Ok(request) = request.body(()) else { return };
    let (head, ()) = request.into_parts();
    if let Ok(Some(claim)) = GUARD.claim(&head) {
        let _ = GUARD.verify(&claim, &head, body.get(2..).unwrap_or_default());
    }
}

/// The files of a table that are read again at the start: frames, definitions, rows.
///
/// An input is taken as a file of frames, and then as the content of frames: a length (two bytes, little
/// endian), so many bytes of definitions, and rows.
pub fn frames(input: &[u8]) {
    store::recover_frames(input);
    if let Some((length, rest)) = input.split_first_chunk() {
        let length = usize::from(u16::from_le_bytes(*length)).min(rest.len());
        let (definitions, rows) = rest.split_at(length);
        store::recover_rows(definitions, rows);
    }
}

/// `fleet.metrics`, whose columns are of all kinds, and `"Sea"."Buoys"`, whose names need quotes.
struct Catalog;

impl Tables for Catalog {
    fn databases(&self) -> Vec<String> {
        vec!["Sea".to_owned(), "fleet".to_owned()]
    }

    fn tables(&self, database: &str) -> Option<Vec<String>> {
        match database {
            "Sea" => Some(vec!["Buoys".to_owned()]),
            "fleet" => Some(vec!["metrics".to_owned()]),
            _ => None,
        }
    }

    fn snapshots(&self, names: &[TableName]) -> Vec<Option<Snapshot>> {
        names.iter().map(|(database, table)| snapshot(database, table)).collect()
    }
}

/// The table of these names, without a row.
fn snapshot(database: &str, table: &str) -> Option<Snapshot> {
    use ColumnKind::{Dimension, MeasureName, MeasureValue, Multi, Time};
    let columns: &[(&str, ColumnKind)] = match (database, table) {
        ("Sea", "Buoys") => &[("Name", Dimension), ("measure_name", MeasureName), ("time", Time)],
        ("fleet", "metrics") => &[
            ("host", Dimension),
            ("region", Dimension),
            ("measure_name", MeasureName),
            ("time", Time),
            ("measure_value::double", MeasureValue(MeasureType::Double)),
            ("measure_value::bigint", MeasureValue(MeasureType::Bigint)),
            ("measure_value::varchar", MeasureValue(MeasureType::Varchar)),
            ("ok", Multi(MeasureType::Boolean)),
            ("load", Multi(MeasureType::Double)),
            ("seen", Multi(MeasureType::Timestamp)),
        ],
        _ => return None,
    };
    let column = |&(name, kind): &(&str, ColumnKind)| Column { name: name.to_owned(), kind };
    Some(Snapshot {
        columns: columns.iter().map(column).collect(),
        measures: Arc::default(),
        files: Vec::new(),
        memory: Vec::new(),
        oldest: None,
        overlaps: database == "Sea",
    })
}
