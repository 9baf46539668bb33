//! WriteRecords: the wire shapes, borrowed from the request's bytes, and the answer. Not here: how
//! records are checked and merged (`records`).

mod plain;

use std::sync::Arc;

use axum::body::Bytes;
use serde::{Deserialize, Serialize};

use super::parse::parse_long;
use super::{Failure, checks, json};
use crate::engine::{Engine, OpenTable};
use crate::faults::Rejects;
use crate::model::Ingested;
use crate::records::{Accepted, MAX_ENTRIES, Shapes, Text, WireRecord};
use crate::store::Position;

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WriteRecords<'a> {
    #[serde(borrow)]
    database_name: Option<Text<'a>>,
    table_name: Option<Text<'a>>,
    common_attributes: Option<WireRecord<'a>>,
    records: Option<Vec<WireRecord<'a>>>,
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

impl From<Ingested> for RecordsIngested {
    fn from(Ingested { memory, magnetic }: Ingested) -> Self {
        Self { total: memory + magnetic, memory_store: memory, magnetic_store: magnetic }
    }
}

/// WriteRecords. That is a tenth of a millisecond of work, and handing it to another thread would cost as much again:
/// only waiting goes there.
pub(super) async fn write(
    engine: &Engine,
    body: Bytes,
    rejects: Option<Rejects>,
) -> Result<Vec<u8>, Failure> {
    let Stored { table, position, answer } = store(engine, read(&body)?, rejects.as_ref()).await?;
    table.settled(position).await?;
    json(&answer?)
}

fn read(body: &[u8]) -> Result<WriteRecords<'_>, Failure> {
    plain::read(body).map_or_else(|| parse_long(body, MAX_ENTRIES), Ok)
}

/// Whether a request is a plain one, for tests and fuzzing.
///
/// # Panics
/// Where the general reader reads something else.
pub(super) fn is_plain(body: &[u8]) -> bool {
    let Some(plain) = plain::read(body) else { return false };
    let general: WriteRecords<'_> = parse_long(body, MAX_ENTRIES).expect("the general reader reads it");
    assert_eq!(plain, general);
    true
}

/// What a request's records became, and what must be durable before that is told.
struct Stored {
    table: Arc<OpenTable>,
    position: Position,
    answer: Result<WriteAnswer, Failure>,
}

async fn store(
    engine: &Engine,
    request: WriteRecords<'_>,
    rejects: Option<&Rejects>,
) -> Result<Stored, Failure> {
    let (database, name, shapes) = checks::all((
        checks::required("databaseName", request.database_name),
        checks::required("tableName", request.table_name),
        Shapes::read(request.common_attributes.as_ref(), request.records.as_deref()),
    ))?;
    let table = engine.open_table(&database, &name)?;
    let mut accepted = shapes.merge(table.required_dimension().as_deref())?;
    if let Some(rejects) = rejects {
        accepted.reject(Rejects::REASON, |record| rejects.hit(record));
    }
    let Accepted { records, places, mut rejected } = accepted;
    let outcome = table.write_async(&records).await?;
    engine.metrics().records.count(outcome.ingested, rejected.len() + outcome.rejected.len());
    rejected.extend(outcome.rejected.into_iter().map(|mut record| {
        record.index = places.get(record.index).copied().unwrap_or(record.index);
        record
    }));
    rejected.sort_by_key(|record| record.index);
    let answer = match rejected.is_empty() {
        true => Ok(WriteAnswer { records_ingested: outcome.ingested.into() }),
        false => Err(Failure::rejected(rejected)),
    };
    Ok(Stored { table, position: outcome.position, answer })
}
