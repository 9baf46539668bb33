//! Tables, through the SDK.

use aws_sdk_timestreamwrite::types::{
    MagneticStoreWriteProperties, PartitionKey, PartitionKeyEnforcementLevel, PartitionKeyType,
    RetentionProperties, Schema, TableStatus,
};

use crate::support::{Local, NOW, record};

fn retention(hours: i64, days: i64) -> RetentionProperties {
    RetentionProperties::builder()
        .memory_store_retention_period_in_hours(hours)
        .magnetic_store_retention_period_in_days(days)
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_table_has_the_services_defaults() {
    let local = Local::start().await;
    local.create_database("fleet").await;
    local.write.create_table().database_name("fleet").table_name("metrics").send().await.unwrap();

    let answer =
        local.write.describe_table().database_name("fleet").table_name("metrics").send().await.unwrap();
    let table = answer.table().unwrap();
    assert_eq!(table.arn(), Some("arn:aws:timestream:us-east-1:000000000000:database/fleet/table/metrics"));
    assert_eq!(table.table_status(), Some(&TableStatus::Active));
    assert_eq!(table.retention_properties(), Some(&retention(6, 73_000)));
    assert!(!table.magnetic_store_write_properties().unwrap().enable_magnetic_store_writes());
    let keys = table.schema().unwrap().composite_partition_key();
    assert_eq!(keys[0].r#type(), &PartitionKeyType::Measure);

    let database = local.write.describe_database().database_name("fleet").send().await.unwrap();
    assert_eq!(database.database().unwrap().table_count(), 1);
}

#[tokio::test]
async fn settings_change_one_by_one() {
    let local = Local::start().await;
    local.create_table().await;
    let update = local.write.update_table().database_name("fleet").table_name("metrics");
    let answer = update.retention_properties(retention(24, 365)).send().await.unwrap();
    let table = answer.table().unwrap();
    assert_eq!(table.retention_properties(), Some(&retention(24, 365)));
    assert!(table.magnetic_store_write_properties().unwrap().enable_magnetic_store_writes(), "kept");

    let off = MagneticStoreWriteProperties::builder().enable_magnetic_store_writes(false).build().unwrap();
    let update = local.write.update_table().database_name("fleet").table_name("metrics");
    let answer = update.magnetic_store_write_properties(off).send().await.unwrap();
    assert_eq!(answer.table().unwrap().retention_properties(), Some(&retention(24, 365)), "kept");
}

#[tokio::test]
async fn a_partition_key_keeps_its_name() {
    let local = Local::start().await;
    local.create_database("fleet").await;
    let key = |name: &str| {
        let key = PartitionKey::builder()
            .r#type(PartitionKeyType::Dimension)
            .name(name)
            .enforcement_in_record(PartitionKeyEnforcementLevel::Required)
            .build()
            .unwrap();
        Schema::builder().composite_partition_key(key).build()
    };
    let create = local.write.create_table().database_name("fleet").table_name("metrics");
    create.schema(key("host")).send().await.unwrap();
    let update = local.write.update_table().database_name("fleet").table_name("metrics");
    let refused = update.schema(key("zone")).send().await.unwrap_err();
    assert!(refused.into_service_error().is_validation_exception());
}

#[tokio::test]
async fn tables_are_listed_of_one_database_or_of_all() {
    let local = Local::start().await;
    for database in ["east", "west"] {
        local.create_database(database).await;
        for table in ["cpu", "disk", "net"] {
            local.write.create_table().database_name(database).table_name(table).send().await.unwrap();
        }
    }
    let west = local.write.list_tables().database_name("west").send().await.unwrap();
    let names: Vec<_> = west.tables().iter().map(|table| table.table_name().unwrap()).collect();
    assert_eq!(names, ["cpu", "disk", "net"]);

    let first = local.write.list_tables().max_results(4).send().await.unwrap();
    let rest = local.write.list_tables().max_results(4).set_next_token(first.next_token().map(Into::into));
    let rest = rest.send().await.unwrap();
    let names: Vec<_> = (first.tables().iter().chain(rest.tables()))
        .map(|table| format!("{}.{}", table.database_name().unwrap(), table.table_name().unwrap()))
        .collect();
    assert_eq!(names, ["east.cpu", "east.disk", "east.net", "west.cpu", "west.disk", "west.net"]);
    assert_eq!(rest.next_token(), None);

    let unknown = local.write.list_tables().database_name("north").send().await.unwrap_err();
    assert!(unknown.into_service_error().is_resource_not_found_exception());
}

#[tokio::test]
async fn a_query_reads_on_in_a_table_that_is_deleted() {
    let local = Local::start().await;
    local.create_table().await;
    for from in (0..3_000).step_by(100) {
        let records = (from..from + 100).map(|second| record("a", "1.5", NOW - second));
        local.write_records().set_records(Some(records.collect())).send().await.unwrap();
    }
    // A stop writes its rows to files.
    let local = Local::start_on(local.stop().await).await;
    let sql = "SELECT time, measure_value::double FROM fleet.metrics";
    let first = local.query.query().query_string(sql).max_rows(10).send().await.unwrap();
    local.write.delete_table().database_name("fleet").table_name("metrics").send().await.unwrap();
    let (mut rows, mut token) = (first.rows().len(), first.next_token().map(str::to_owned));
    while token.is_some() {
        let next = local.query.query().query_string(sql).set_next_token(token).send().await.unwrap();
        (rows, token) = (rows + next.rows().len(), next.next_token().map(str::to_owned));
    }
    assert_eq!(rows, 3_000);
    // And then nothing is left of it.
    assert_eq!(std::fs::read_dir(local.dir().join("tables")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_database_with_tables_is_not_deleted() {
    let local = Local::start().await;
    local.create_table().await;
    let refused = local.write.delete_database().database_name("fleet").send().await.unwrap_err();
    assert!(refused.into_service_error().is_validation_exception());

    local.write.delete_table().database_name("fleet").table_name("metrics").send().await.unwrap();
    let again = local.write.delete_table().database_name("fleet").table_name("metrics").send().await;
    assert!(again.unwrap_err().into_service_error().is_resource_not_found_exception());
    local.write.delete_database().database_name("fleet").send().await.unwrap();
    let folders = std::fs::read_dir(local.dir().join("tables")).unwrap().count();
    assert_eq!(folders, 0, "its data is gone");
}

/// Each holds file descriptors for ever: more than there are would leave none for connections, nor for the next start.
#[tokio::test]
async fn there_are_as_many_tables_as_the_server_has_room_for() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start_with(dir, |config| config.bounds.tables = 2).await;
    local.create_database("fleet").await;
    let create = async |local: &Local, name: &str| {
        let request = serde_json::json!({ "DatabaseName": "fleet", "TableName": name });
        local.posted("CreateTable", &request.to_string()).await
    };
    assert!(create(&local, "one").await.starts_with("200"));
    assert!(create(&local, "two").await.starts_with("200"));
    let told = create(&local, "three").await;
    insta::assert_snapshot!(told, @r#"402 {"Message":"The table limit of 2 is reached.","__type":"ServiceQuotaExceededException"}"#);

    let local = Local::start_with(local.stop().await, |config| config.bounds.tables = 1).await;
    assert!(
        create(&local, "three").await.starts_with("402"),
        "those that are there stay, and no other comes"
    );
    for name in ["one", "two"] {
        local.write.delete_table().database_name("fleet").table_name(name).send().await.unwrap();
    }
    assert!(create(&local, "three").await.starts_with("200"));
}
