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
pub(crate) struct WireRecord<'a> {
    #[serde(borrow)]
    pub(crate) dimensions: Option<Vec<WireDimension<'a>>>,
    pub(crate) measure_name: Option<Text<'a>>,
    pub(crate) measure_value: Option<Text<'a>>,
    pub(crate) measure_value_type: Option<Text<'a>>,
    pub(crate) measure_values: Option<Vec<WireMeasure<'a>>>,
    pub(crate) time: Option<Text<'a>>,
    pub(crate) time_unit: Option<Text<'a>>,
    pub(crate) version: Option<i64>,
}

/// A dimension; its type, always VARCHAR, is not read.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct WireDimension<'a> {
    #[serde(borrow)]
    pub(crate) name: Option<Text<'a>>,
    pub(crate) value: Option<Text<'a>>,
}

/// A measure of a MULTI record.
#[derive(Deserialize)]
pub(crate) struct WireMeasure<'a> {
    #[serde(borrow, rename = "Name")]
    pub(crate) name: Option<Text<'a>>,
    #[serde(rename = "Value")]
    pub(crate) value: Option<Text<'a>>,
    #[serde(rename = "Type")]
    pub(crate) kind: Option<Text<'a>>,
}

/// A text borrowed from the request wherever it holds no escapes. (serde borrows a bare `Cow` field,
/// but not one inside `Option`.)
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

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
pub(super) async fn write(
    engine: &Arc<Engine>,
    body: Bytes,
    rejects: Option<Rejects>,
) -> Result<Vec<u8>, Failure> {
    let _turn = engine.turn_to_write().await;
    let engine = Arc::clone(engine);
    blocking(move || json(&store(&engine, parse(&body)?, rejects.as_ref())?)).await
}

fn store(
    engine: &Engine,
    request: WriteRecords<'_>,
    rejects: Option<&Rejects>,
) -> Result<WriteAnswer, Failure> {
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
    let outcome = table.write(&records)?;
    engine.metrics().records.count(outcome.ingested, rejected.len() + outcome.rejected.len());
    if outcome.rejected.is_empty() && rejected.is_empty() {
        let ingested = outcome.ingested;
        let total = ingested.memory + ingested.magnetic;
        return Ok(WriteAnswer {
            records_ingested: RecordsIngested {
                total,
                memory_store: ingested.memory,
                magnetic_store: ingested.magnetic,
            },
        });
    }
    rejected.extend(outcome.rejected.into_iter().map(|mut record| {
        record.index = places.get(record.index).copied().unwrap_or(record.index);
        record
    }));
    rejected.sort_by_key(|record| record.index);
    Err(Failure::rejected(rejected))
}
