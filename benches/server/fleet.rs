//! The fleet of `benches/scenarios/server.yaml`: its records as requests, and the queries about it. Not here: sending them.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};
use tsrun::fleet::{Batch, Measures};
use tsrun::plan::{Plan, QueryLoad, Work};
use tsrun::queries::QuerySet;
use tsrun::scenario;
use tsrun::values::Value;

use crate::Failure;
use crate::client::request;

/// How often a host reports, in milliseconds.
const INTERVAL: i64 = 60_000;
/// Different intervals in a load of few hosts; after them values come again.
const INTERVALS: i64 = 4;

pub(crate) struct Fleet {
    plan: Plan,
    pub(crate) hosts: u64,
    /// As the scenario's parameters.
    pub(crate) params: [(String, String); 2],
}

/// A write whose time is set again and again.
pub(crate) struct Write {
    request: Vec<u8>,
    /// Where the time stands.
    digits: Range<usize>,
    time: i64,
    pub(crate) records: u64,
}

pub(crate) fn scenario_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/scenarios/server.yaml")
}

impl Fleet {
    pub(crate) fn new(hosts: u64, hours: f64) -> Result<Self, Failure> {
        let minutes = (hours * 60.0).round();
        let params = [
            ("scale".to_owned(), (hosts / 1_000).to_string()),
            ("history".to_owned(), format!("{minutes}m")),
        ];
        let path = scenario_path();
        let loaded = scenario::load(&path, &params).map_err(|error| format!("{error:?}"))?;
        let scenario = loaded.scenario.as_ref().ok_or("the bench's scenario does not load")?;
        let plan = Plan::resolve(scenario, &loaded.params, &path, loaded.resolved_yaml.clone());
        Ok(Self { plan: plan.map_err(|problems| format!("{problems:?}"))?, hosts, params })
    }

    pub(crate) fn database(&self) -> &str {
        &self.plan.target.database
    }

    pub(crate) fn table(&self) -> &str {
        &self.plan.target.table
    }

    /// The records of the intervals from `from` (milliseconds since the epoch) on, for `table`.
    pub(crate) fn writes(&self, table: &str, from: i64) -> Vec<Write> {
        let intervals = if self.hosts > 10_000 { 1 } else { INTERVALS };
        let slots = self.plan.generator.slots_from(from);
        let slots = slots.take_while(|slot| slot.time < from + intervals * INTERVAL);
        slots.map(|slot| Write::new(self.database(), table, &self.plan.generator.batch(slot, 1.0))).collect()
    }

    /// How far the times of a write move on when all writes have been sent, in milliseconds.
    pub(crate) fn lap(&self) -> i64 {
        if self.hosts > 10_000 { INTERVAL } else { INTERVALS * INTERVAL }
    }

    /// Names and texts of the queries, for the host that a number draws.
    pub(crate) fn queries(&self, end: DateTime<Utc>, draw: u64) -> Result<Vec<(String, String)>, Failure> {
        let load = self.query_load().ok_or("the bench's scenario has no queries")?;
        let set = QuerySet::new(load, Arc::clone(&self.plan.templates)).map_err(|error| error.to_string())?;
        let then = end.timestamp_nanos_opt().ok_or("the data is of another age")?;
        let host = draw.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11;
        let attributes = self.plan.generator.attributes(host, host, then);
        let one = |(at, query): (usize, &tsrun::plan::Query)| {
            let sql = set.render(at, &attributes, end).map_err(|error| error.to_string())?;
            Ok((query.name.clone(), sql))
        };
        load.queries.iter().enumerate().map(one).collect()
    }

    fn query_load(&self) -> Option<&QueryLoad> {
        self.plan.workloads.iter().find_map(|workload| match &workload.work {
            Work::Query(load) => Some(load),
            Work::Ingest(_) => None,
        })
    }
}

impl Write {
    fn new(database: &str, table: &str, batch: &Batch) -> Self {
        let dimensions = |list: &[(Arc<str>, Arc<str>)]| {
            list.iter().map(|(name, value)| json!({ "Name": &**name, "Value": &**value })).collect::<Vec<_>>()
        };
        let record = |record: &tsrun::fleet::Record| {
            let (value, kind) = match &record.measures {
                Measures::Single(Value::Bigint(value)) => (value.to_string(), "BIGINT"),
                Measures::Single(Value::Text(text)) => (text.to_string(), "VARCHAR"),
                Measures::Single(value) => (value.to_string(), "DOUBLE"),
                Measures::Multi { .. } => unreachable!("the bench's layout is single"),
            };
            let mut json =
                json!({ "Dimensions": dimensions(&record.dimensions), "MeasureName": &*record.measure_name });
            json["MeasureValue"] = value.into();
            if kind != "DOUBLE" {
                json["MeasureValueType"] = kind.into();
            }
            json
        };
        let records: Vec<Json> = batch.records.iter().map(record).collect();
        let time = batch.time.to_string();
        let body = json!({
            "DatabaseName": database,
            "TableName": table,
            "CommonAttributes": { "Dimensions": dimensions(&batch.common), "Time": time },
            "Records": records,
        });
        let request = request("WriteRecords", &body.to_string());
        let place = format!("\"Time\":\"{time}\"");
        let start = request.windows(place.len()).position(|window| window == place.as_bytes());
        let start = start.expect("the time was just written") + "\"Time\":\"".len();
        Self {
            digits: start..start + time.len(),
            time: batch.time,
            records: batch.records.len() as u64,
            request,
        }
    }

    /// The request, its time so many milliseconds later.
    pub(crate) fn later(&self, by: i64, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(&self.request);
        // Times of this century have 13 digits, here as there.
        out[self.digits.clone()].copy_from_slice((self.time + by).to_string().as_bytes());
    }
}
