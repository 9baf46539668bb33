//! WriteRecords: the wire shapes, borrowed from the request's bytes, and the answer. Not here: how
//! records are checked and merged (`records`).

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::Bytes;
use serde::{Deserialize, Serialize};

use super::records::{self, Accepted};
use super::{Failure, blocking, checks, json, parse};
use crate::engine::Engine;
use crate::faults::Rejects;
use crate::store::Full;

/// The most records of a request.
const MAX_RECORDS: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WriteRecords<'a> {
    #[serde(borrow)]
    database_name: Option<Text<'a>>,
    table_name: Option<Text<'a>>,
    common_attributes: Option<WireRecord<'a>>,
    records: Option<Vec<WireRecord<'a>>>,
}

/// A record, or the attributes common to all of a request.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireRecord<'a> {
    #[serde(borrow)]
    pub(super) dimensions: Option<Vec<WireDimension<'a>>>,
    pub(super) measure_name: Option<Text<'a>>,
    pub(super) measure_value: Option<Text<'a>>,
    pub(super) measure_value_type: Option<Text<'a>>,
    pub(super) measure_values: Option<Vec<WireMeasure<'a>>>,
    pub(super) time: Option<Text<'a>>,
    pub(super) time_unit: Option<Text<'a>>,
    pub(super) version: Option<i64>,
}

/// A dimension; its type, always VARCHAR, is not read.
#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireDimension<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    pub(super) value: Option<Text<'a>>,
}

/// A measure of a MULTI record.
#[derive(Deserialize)]
pub(super) struct WireMeasure<'a> {
    #[serde(borrow, rename = "Name")]
    pub(super) name: Option<Text<'a>>,
    #[serde(rename = "Value")]
    pub(super) value: Option<Text<'a>>,
    #[serde(rename = "Type")]
    pub(super) kind: Option<Text<'a>>,
}

/// A text borrowed from the request wherever it holds no escapes. (serde borrows a bare `Cow` field,
/// but not one inside `Option`.)
#[derive(Deserialize, PartialEq)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WriteAnswer {
    records_ingested: RecordsIngested,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RecordsIngested {
    total: u64,
    memory_store: u64,
    magnetic_store: u64,
}

/// WriteRecords. The request is parsed where it is stored, so that its texts need no copies.
///
/// That is a tenth of a millisecond of work, and handing it to another thread would cost as much again: only a
/// write that has to wait for room goes there.
pub(super) async fn write(
    engine: &Arc<Engine>,
    body: Bytes,
    rejects: Option<Rejects>,
) -> Result<Vec<u8>, Failure> {
    let _turn = engine.turn_to_write().await;
    if let Some(answer) = store(engine, parse(&body)?, rejects.as_ref(), Full::Leave)? {
        return json(&answer);
    }
    let engine = Arc::clone(engine);
    blocking(move || json(&store(&engine, parse(&body)?, rejects.as_ref(), Full::Wait)?)).await
}

/// Stores what is valid; none, and nothing is stored, where a table is full and that is not waited for.
fn store(
    engine: &Engine,
    request: WriteRecords<'_>,
    rejects: Option<&Rejects>,
    full: Full,
) -> Result<Option<WriteAnswer>, Failure> {
    let database = checks::required("databaseName", request.database_name)?;
    let name = checks::required("tableName", request.table_name)?;
    let wire = checks::required("records", request.records)?;
    checks::count("records", &wire, 1..=MAX_RECORDS)?;

    let table = engine.open_table(&database, &name)?;
    let common = request.common_attributes.unwrap_or_default();
    let mut accepted = records::merge(&common, &wire, table.required_dimension().as_deref())?;
    if let Some(rejects) = rejects {
        accepted.reject(Rejects::REASON, |record| rejects.hit(record));
    }
    let Accepted { records, places, mut rejected } = accepted;
    let Some(outcome) = table.write(&records, full)? else { return Ok(None) };
    if outcome.rejected.is_empty() && rejected.is_empty() {
        let ingested = outcome.ingested;
        let total = ingested.memory + ingested.magnetic;
        return Ok(Some(WriteAnswer {
            records_ingested: RecordsIngested {
                total,
                memory_store: ingested.memory,
                magnetic_store: ingested.magnetic,
            },
        }));
    }
    rejected.extend(outcome.rejected.into_iter().map(|mut record| {
        record.index = places.get(record.index).copied().unwrap_or(record.index);
        record
    }));
    rejected.sort_by_key(|record| record.index);
    Err(Failure::rejected(rejected))
}
