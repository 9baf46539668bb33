//! Create, describe, update, delete and list tables.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::checks::Pattern;
use super::databases::{KMS_KEY_ID, MAX_RESULTS};
use super::paging::{max_results, page};
use super::tags::{WireTag, read_tags};
use super::{Failure, Nothing, checks, epoch_seconds};
use crate::catalog::{
    Enforcement, MagneticStoreWrites, PartitionKey, PartitionKeyType, RejectedDataLocation, Resource,
    RetentionProperties, S3Configuration, Schema, Table, TableChange, TableProperties,
};
use crate::engine::Engine;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateTable {
    database_name: Option<String>,
    table_name: Option<String>,
    retention_properties: Option<WireRetention>,
    magnetic_store_write_properties: Option<WireMagneticWrites>,
    schema: Option<WireSchema>,
    tags: Option<Vec<WireTag>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UpdateTable {
    database_name: Option<String>,
    table_name: Option<String>,
    retention_properties: Option<WireRetention>,
    magnetic_store_write_properties: Option<WireMagneticWrites>,
    schema: Option<WireSchema>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NamedTable {
    database_name: Option<String>,
    table_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListTables {
    database_name: Option<String>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

#[derive(Deserialize, Clone, Copy)]
struct WireRetention {
    #[serde(rename = "MemoryStoreRetentionPeriodInHours")]
    memory_hours: Option<i64>,
    #[serde(rename = "MagneticStoreRetentionPeriodInDays")]
    magnetic_days: Option<i64>,
}

#[derive(Deserialize)]
struct WireMagneticWrites {
    #[serde(rename = "EnableMagneticStoreWrites")]
    enabled: Option<bool>,
    #[serde(rename = "MagneticStoreRejectedDataLocation")]
    rejected_data: Option<RejectedDataLocation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireSchema {
    composite_partition_key: Option<Vec<WirePartitionKey>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WirePartitionKey {
    #[serde(rename = "Type")]
    kind: Option<String>,
    name: Option<String>,
    enforcement_in_record: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OneTable {
    table: WireTable,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ManyTables {
    tables: Vec<WireTable>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WireTable {
    arn: String,
    table_name: String,
    database_name: String,
    table_status: &'static str,
    retention_properties: RetentionProperties,
    creation_time: f64,
    last_updated_time: f64,
    magnetic_store_write_properties: MagneticStoreWrites,
    schema: Schema,
}

impl WireTable {
    fn new(engine: &Engine, database: &str, name: &str, table: &Table) -> Self {
        Self {
            arn: Resource::table_arn(engine.region(), database, name),
            table_name: name.to_owned(),
            database_name: database.to_owned(),
            table_status: "ACTIVE",
            retention_properties: table.properties.retention,
            creation_time: epoch_seconds(table.created),
            last_updated_time: epoch_seconds(table.updated),
            magnetic_store_write_properties: table.properties.magnetic_writes.clone(),
            schema: table.properties.schema.clone(),
        }
    }
}

pub(super) fn create(engine: &Engine, request: CreateTable) -> Result<OneTable, Failure> {
    let magnetic_writes = request.magnetic_store_write_properties;
    let (database, name, retention, magnetic_writes, schema, tags) = checks::all((
        checks::new_name("databaseName", request.database_name),
        checks::new_name("tableName", request.table_name),
        request.retention_properties.map(read_retention).transpose(),
        magnetic_writes.map(read_magnetic_writes).transpose(),
        request.schema.map(read_schema).transpose(),
        read_tags(request.tags.unwrap_or_default()),
    ))?;
    let properties = TableProperties {
        retention: retention.unwrap_or_default(),
        magnetic_writes: magnetic_writes.unwrap_or_default(),
        schema: schema.unwrap_or_default(),
    };
    let table = engine.databases().create_table(&database, &name, properties, tags)?;
    Ok(OneTable { table: WireTable::new(engine, &database, &name, &table) })
}

pub(super) fn describe(engine: &Engine, request: NamedTable) -> Result<OneTable, Failure> {
    let (database, name) = names(request.database_name, request.table_name)?;
    let state = engine.catalog().read();
    Ok(OneTable { table: WireTable::new(engine, &database, &name, state.table(&database, &name)?) })
}

pub(super) fn update(engine: &Engine, request: UpdateTable) -> Result<OneTable, Failure> {
    let ((database, name), retention, magnetic_writes, schema) = checks::all((
        names(request.database_name, request.table_name),
        request.retention_properties.map(read_retention).transpose(),
        request.magnetic_store_write_properties.map(read_magnetic_writes).transpose(),
        request.schema.map(read_schema).transpose(),
    ))?;
    let change = TableChange { retention, magnetic_writes, schema };
    let table = engine.databases().update_table(&database, &name, change)?;
    Ok(OneTable { table: WireTable::new(engine, &database, &name, &table) })
}

pub(super) fn delete(engine: &Engine, request: NamedTable) -> Result<Nothing, Failure> {
    let (database, name) = names(request.database_name, request.table_name)?;
    engine.databases().delete_table(&database, &name)?;
    Ok(Nothing {})
}

/// ListTables: of one database, or of all where none is named.
pub(super) fn list(engine: &Engine, request: ListTables) -> Result<ManyTables, Failure> {
    let most = max_results(request.max_results, MAX_RESULTS)?;
    let state = engine.catalog().read();
    if let Some(name) = &request.database_name {
        state.database(name)?;
    }
    let wanted = |name: &str| request.database_name.as_deref().is_none_or(|wanted| wanted == name);
    let databases = state.databases.iter().filter(|(name, _)| wanted(name));
    // No name holds a NUL, and none sorts before it: keys sort as the pairs do.
    let all = databases.flat_map(|(database, entry)| {
        let tables = entry.tables.iter();
        tables.map(move |(name, table)| (format!("{database}\0{name}"), (database, name, table)))
    });
    let list = format!("ListTables {}", request.database_name.as_deref().unwrap_or_default());
    let (page, next_token) = page(&list, all, request.next_token, most)?;
    let tables = page
        .iter()
        .map(|(_, (database, name, table))| WireTable::new(engine, database, name, table))
        .collect();
    Ok(ManyTables { tables, next_token })
}

fn names(database: Option<String>, table: Option<String>) -> Result<(String, String), Failure> {
    checks::all((checks::required("databaseName", database), checks::required("tableName", table)))
}

fn read_retention(wire: WireRetention) -> Result<RetentionProperties, Failure> {
    let period = |member: &str, value, most| {
        let value = checks::required(member, value)?;
        checks::within(member, value, 1..=most)
    };
    let (memory, magnetic) = checks::all((
        period("retentionProperties.memoryStoreRetentionPeriodInHours", wire.memory_hours, 8_766),
        period("retentionProperties.magneticStoreRetentionPeriodInDays", wire.magnetic_days, 73_000),
    ))?;
    let small = |checked: i64| u32::try_from(checked).expect("the checked ranges fit");
    Ok(RetentionProperties { memory_hours: small(memory), magnetic_days: small(magnetic) })
}

fn read_magnetic_writes(wire: WireMagneticWrites) -> Result<MagneticStoreWrites, Failure> {
    let s3 = wire.rejected_data.as_ref().and_then(|location| location.s3_configuration.as_ref());
    let (enabled, _) = checks::all((
        checks::required("magneticStoreWriteProperties.enableMagneticStoreWrites", wire.enabled),
        s3.map_or(Ok(()), check_s3),
    ))?;
    Ok(MagneticStoreWrites { enabled, rejected_data: wire.rejected_data })
}

/// Where the service reports magnetic store writes that failed later. Here none does: it is kept and returned.
fn check_s3(s3: &S3Configuration) -> Result<(), Failure> {
    let at = |name| {
        let parent = "magneticStoreWriteProperties.magneticStoreRejectedDataLocation.s3Configuration";
        fmt::from_fn(move |f| write!(f, "{parent}.{name}"))
    };
    let checked = |name, value: &Option<String>, range, pattern: Option<&Pattern>| {
        let Some(text) = value else { return Ok(()) };
        let form = pattern.map_or(Ok(()), |pattern| checks::matches(at(name), text, pattern));
        checks::all((checks::length(at(name), text, range), form)).map(|_| ())
    };
    let option = s3.encryption_option.as_deref().map_or(Ok(()), |text| {
        checks::one_of(at("encryptionOption"), text, &[("SSE_S3", ()), ("SSE_KMS", ())])
    });
    checks::all((
        checked("bucketName", &s3.bucket_name, 3..=63, Some(&checks::BUCKET)),
        checked("objectKeyPrefix", &s3.object_key_prefix, 1..=928, Some(&checks::OBJECT_KEY)),
        option,
        checked("kmsKeyId", &s3.kms_key_id, KMS_KEY_ID, None),
    ))
    .map(|_| ())
}

fn read_schema(wire: WireSchema) -> Result<Schema, Failure> {
    let Some(keys) = wire.composite_partition_key else { return Ok(Schema::default()) };
    let (_, composite_partition_key) = checks::all((
        // One at the most, by the developer guide; the model has no bound.
        checks::count("schema.compositePartitionKey", &keys, 1..=1),
        checks::each(keys.into_iter().enumerate().map(read_partition_key)),
    ))?;
    Ok(Schema { composite_partition_key })
}

fn read_partition_key((index, wire): (usize, WirePartitionKey)) -> Result<PartitionKey, Failure> {
    use {Enforcement::*, PartitionKeyType::*};
    let at = |name| checks::of_entry("schema.compositePartitionKey", index, name);
    let kind = checks::required(at("type"), wire.kind).and_then(|kind| {
        checks::one_of(at("type"), &kind, &[("DIMENSION", Dimension), ("MEASURE", Measure)])
    });
    let enforcement = wire.enforcement_in_record.map(|text| {
        checks::one_of(at("enforcementInRecord"), &text, &[("REQUIRED", Required), ("OPTIONAL", Optional)])
    });
    let (kind, name, enforcement_in_record) = checks::all((
        kind,
        checks::optional(at("name"), wire.name, 1..=usize::MAX),
        enforcement.transpose(),
    ))?;
    let key = PartitionKey { kind, name, enforcement_in_record };
    match kind {
        Measure if key.name.is_some() || key.enforcement_in_record.is_some() => {
            Err(Failure::validation("A MEASURE partition key takes no Name and no EnforcementInRecord."))
        }
        Dimension if key.name.is_none() || key.enforcement_in_record.is_none() => {
            Err(Failure::validation("A DIMENSION partition key needs a Name and an EnforcementInRecord."))
        }
        _ => Ok(key),
    }
}
