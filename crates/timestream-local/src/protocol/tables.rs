//! Create, describe, update, delete and list tables.

use serde::{Deserialize, Serialize};

use super::databases::{max_results, page};
use super::tags::{WireTag, read_tags};
use super::{Failure, Nothing, checks, epoch_seconds};
use crate::catalog::{
    Enforcement, MagneticStoreWrites, PartitionKey, PartitionKeyType, RejectedDataLocation, Resource,
    RetentionProperties, Schema, Table, TableChange, TableProperties,
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
    let (database, name) = names(request.database_name, request.table_name)?;
    checks::name("tableName", &name)?;
    let properties = TableProperties {
        retention: request.retention_properties.map(read_retention).transpose()?.unwrap_or_default(),
        magnetic_writes: (request.magnetic_store_write_properties.map(read_magnetic_writes))
            .transpose()?
            .unwrap_or_default(),
        schema: request.schema.map(read_schema).transpose()?.unwrap_or_default(),
    };
    let tags = read_tags(request.tags.unwrap_or_default())?;
    let table = engine.databases().create_table(&database, &name, properties, tags)?;
    Ok(OneTable { table: WireTable::new(engine, &database, &name, &table) })
}

pub(super) fn describe(engine: &Engine, request: NamedTable) -> Result<OneTable, Failure> {
    let (database, name) = names(request.database_name, request.table_name)?;
    let state = engine.catalog().read();
    Ok(OneTable { table: WireTable::new(engine, &database, &name, state.table(&database, &name)?) })
}

pub(super) fn update(engine: &Engine, request: UpdateTable) -> Result<OneTable, Failure> {
    let (database, name) = names(request.database_name, request.table_name)?;
    let change = TableChange {
        retention: request.retention_properties.map(read_retention).transpose()?,
        magnetic_writes: request.magnetic_store_write_properties.map(read_magnetic_writes).transpose()?,
        schema: request.schema.map(read_schema).transpose()?,
    };
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
    let most = max_results(request.max_results)?;
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
    let after = request.next_token.unwrap_or_default().replace('/', "\0");
    let (page, next_token) = page(all, &after, most);
    let tables = page
        .iter()
        .map(|(_, (database, name, table))| WireTable::new(engine, database, name, table))
        .collect();
    Ok(ManyTables { tables, next_token: next_token.map(|token| token.replace('\0', "/")) })
}

fn names(database: Option<String>, table: Option<String>) -> Result<(String, String), Failure> {
    Ok((checks::required("databaseName", database)?, checks::required("tableName", table)?))
}

fn read_retention(wire: WireRetention) -> Result<RetentionProperties, Failure> {
    let member = "retentionProperties.memoryStoreRetentionPeriodInHours";
    let memory = checks::within(member, checks::required(member, wire.memory_hours)?, 1..=8_766)?;
    let member = "retentionProperties.magneticStoreRetentionPeriodInDays";
    let magnetic = checks::within(member, checks::required(member, wire.magnetic_days)?, 1..=73_000)?;
    let small = |checked: i64| u32::try_from(checked).expect("the checked ranges fit");
    Ok(RetentionProperties { memory_hours: small(memory), magnetic_days: small(magnetic) })
}

fn read_magnetic_writes(wire: WireMagneticWrites) -> Result<MagneticStoreWrites, Failure> {
    let member = "magneticStoreWriteProperties.enableMagneticStoreWrites";
    let enabled = checks::required(member, wire.enabled)?;
    Ok(MagneticStoreWrites { enabled, rejected_data: wire.rejected_data })
}

fn read_schema(wire: WireSchema) -> Result<Schema, Failure> {
    let Some(keys) = wire.composite_partition_key else { return Ok(Schema::default()) };
    checks::count("schema.compositePartitionKey", &keys, 1..=1)?;
    let composite_partition_key = keys.into_iter().map(read_partition_key).collect::<Result<_, _>>()?;
    Ok(Schema { composite_partition_key })
}

fn read_partition_key(wire: WirePartitionKey) -> Result<PartitionKey, Failure> {
    use {Enforcement::*, PartitionKeyType::*};
    let member = "schema.compositePartitionKey.1.member.type";
    let kind = checks::required(member, wire.kind)?;
    let kind = checks::one_of(member, &kind, &[("DIMENSION", Dimension), ("MEASURE", Measure)])?;
    let member = "schema.compositePartitionKey.1.member.enforcementInRecord";
    let enforcement = wire
        .enforcement_in_record
        .map(|text| checks::one_of(member, &text, &[("REQUIRED", Required), ("OPTIONAL", Optional)]));
    let key = PartitionKey { kind, name: wire.name, enforcement_in_record: enforcement.transpose()? };
    match kind {
        Measure if key.name.is_some() || key.enforcement_in_record.is_some() => {
            Err(Failure::validation("A MEASURE partition key takes no Name and no EnforcementInRecord."))
        }
        Dimension if key.name.as_deref().is_none_or(str::is_empty) || key.enforcement_in_record.is_none() => {
            Err(Failure::validation("A DIMENSION partition key needs a Name and an EnforcementInRecord."))
        }
        _ => Ok(key),
    }
}
