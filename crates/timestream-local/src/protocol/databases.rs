//! Create, describe, update, delete and list databases.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::paging::{max_results, page};
use super::tags::{WireTag, read_tags};
use super::{Failure, Nothing, checks, epoch_seconds};
use crate::catalog::{Database, Resource};
use crate::engine::Engine;

/// How many a page of databases or tables may list, and lists where nothing is asked for.
pub(super) const MAX_RESULTS: i64 = 20;

/// Characters of a key's id, ARN or alias.
pub(super) const KMS_KEY_ID: RangeInclusive<usize> = 1..=2_048;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateDatabase {
    database_name: Option<String>,
    kms_key_id: Option<String>,
    tags: Option<Vec<WireTag>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NamedDatabase {
    database_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UpdateDatabase {
    database_name: Option<String>,
    kms_key_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListDatabases {
    next_token: Option<String>,
    max_results: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OneDatabase {
    database: WireDatabase,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ManyDatabases {
    databases: Vec<WireDatabase>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WireDatabase {
    arn: String,
    database_name: String,
    table_count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_id: Option<String>,
    creation_time: f64,
    last_updated_time: f64,
}

impl WireDatabase {
    fn new(engine: &Engine, name: &str, database: &Database) -> Self {
        Self {
            arn: Resource::database_arn(engine.region(), name),
            database_name: name.to_owned(),
            table_count: database.tables.len(),
            kms_key_id: database.kms_key_id.clone(),
            creation_time: epoch_seconds(database.created),
            last_updated_time: epoch_seconds(database.updated),
        }
    }
}

pub(super) fn create(engine: &Engine, request: CreateDatabase) -> Result<OneDatabase, Failure> {
    let (name, key, tags) = checks::all((
        checks::new_name("databaseName", request.database_name),
        checks::optional("kmsKeyId", request.kms_key_id, KMS_KEY_ID),
        read_tags(request.tags.unwrap_or_default()),
    ))?;
    let database = engine.catalog().create_database(&name, key, tags, engine.now())?;
    Ok(OneDatabase { database: WireDatabase::new(engine, &name, &database) })
}

pub(super) fn describe(engine: &Engine, request: NamedDatabase) -> Result<OneDatabase, Failure> {
    let name = checks::required("databaseName", request.database_name)?;
    let state = engine.catalog().read();
    Ok(OneDatabase { database: WireDatabase::new(engine, &name, state.database(&name)?) })
}

pub(super) fn update(engine: &Engine, request: UpdateDatabase) -> Result<OneDatabase, Failure> {
    let key = checks::required("kmsKeyId", request.kms_key_id);
    let (name, key) = checks::all((
        checks::required("databaseName", request.database_name),
        key.and_then(|key| checks::length("kmsKeyId", &key, KMS_KEY_ID).map(|()| key)),
    ))?;
    let database = engine.catalog().update_database(&name, key, engine.now())?;
    Ok(OneDatabase { database: WireDatabase::new(engine, &name, &database) })
}

pub(super) fn delete(engine: &Engine, request: NamedDatabase) -> Result<Nothing, Failure> {
    let name = checks::required("databaseName", request.database_name)?;
    engine.catalog().delete_database(&name)?;
    Ok(Nothing {})
}

pub(super) fn list(engine: &Engine, request: ListDatabases) -> Result<ManyDatabases, Failure> {
    let most = max_results(request.max_results, MAX_RESULTS)?;
    let state = engine.catalog().read();
    let all = state.databases.iter().map(|(name, database)| (name.clone(), database));
    let (page, next_token) = page("ListDatabases", all, request.next_token, most)?;
    let databases = page.iter().map(|(name, database)| WireDatabase::new(engine, name, database)).collect();
    Ok(ManyDatabases { databases, next_token })
}
