//! WriteRecords, through the SDK.

use aws_sdk_timestreamwrite::error::SdkError;
use aws_sdk_timestreamwrite::operation::write_records::{WriteRecordsError, WriteRecordsOutput};
use aws_sdk_timestreamwrite::types::{
    MeasureValue, MeasureValueType, PartitionKey, PartitionKeyEnforcementLevel, PartitionKeyType, Record,
    RejectedRecord, Schema, TimeUnit,
};

use crate::support::{Local, NOW, dimension, record};

const OTHER_VALUE: &str = "A record already exists with the same time, dimensions, measure name, and record \
                           version. A higher record version must be specified in order to update the measure \
                           value.";

async fn write(local: &Local, records: Vec<Record>) -> Result<WriteRecordsOutput, WriteRecordsError> {
    let sent = local.write_records().set_records(Some(records)).send().await;
    sent.map_err(SdkError::into_service_error)
}

async fn rejected(local: &Local, records: Vec<Record>) -> Vec<RejectedRecord> {
    match write(local, records).await {
        Err(WriteRecordsError::RejectedRecordsException(error)) => {
            let message = "One or more records have been rejected. See RejectedRecords for details.";
            assert_eq!(error.message(), Some(message));
            error.rejected_records().to_vec()
        }
        other => panic!("not rejected: {other:?}"),
    }
}

async fn refused(local: &Local, records: Vec<Record>) -> String {
    match write(local, records).await {
        Err(WriteRecordsError::ValidationException(error)) => error.message().to_owned(),
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn records_go_where_their_time_says() {
    let local = Local::start().await;
    local.create_table().await;
    let records = vec![
        record("a", "1.5", NOW),
        record("a", "2.5", NOW - 3_600),
        record("a", "3.5", NOW - 5 * 3_600),
        record("b", "4.5", NOW + 14 * 60),
    ];
    let answer = write(&local, records).await.unwrap();
    let ingested = answer.records_ingested().unwrap();
    assert_eq!((ingested.total(), ingested.memory_store(), ingested.magnetic_store()), (4, 3, 1));

    let rows = local.rows("SELECT host, measure_value::double FROM fleet.metrics ORDER BY time").await;
    assert_eq!(rows, [["a", "3.5"], ["a", "2.5"], ["a", "1.5"], ["b", "4.5"]]);
}

#[tokio::test]
async fn records_outside_the_window_are_rejected_and_the_others_stored() {
    let local = Local::start().await;
    local.create_table().await;
    let records =
        vec![record("a", "1", NOW - 30 * 86_400), record("a", "2", NOW), record("a", "3", NOW + 3_600)];
    let rejected = rejected(&local, records).await;
    let indices: Vec<_> = rejected.iter().map(RejectedRecord::record_index).collect();
    assert_eq!(indices, [0, 2]);
    for record in &rejected {
        let reason = record.reason().unwrap();
        assert!(reason.starts_with("The record timestamp is outside the time range ["), "{reason}");
    }
    assert_eq!(local.rows("SELECT measure_value::double FROM fleet.metrics").await, [["2.0"]]);
}

#[tokio::test]
async fn a_higher_version_overwrites_and_a_retry_is_accepted() {
    let local = Local::start().await;
    local.create_table().await;
    write(&local, vec![record("a", "1", NOW)]).await.unwrap();
    write(&local, vec![record("a", "1", NOW)]).await.unwrap();

    let refused = rejected(&local, vec![record("b", "5", NOW), record("a", "2", NOW)]).await;
    assert_eq!(refused.len(), 1);
    assert_eq!((refused[0].record_index(), refused[0].existing_version()), (1, Some(1)));
    assert!(refused[0].reason().unwrap().starts_with(OTHER_VALUE), "{refused:?}");

    let mut newer = record("a", "2", NOW);
    newer.version = Some(7);
    write(&local, vec![newer]).await.unwrap();
    let rows = local.rows("SELECT host, measure_value::double FROM fleet.metrics ORDER BY host").await;
    assert_eq!(rows, [["a", "2.0"], ["b", "5.0"]]);
}

#[tokio::test]
async fn common_attributes_are_merged_in() {
    let local = Local::start().await;
    local.create_table().await;
    let common = Record::builder()
        .dimensions(dimension("region", "eu"))
        .measure_value_type(MeasureValueType::Bigint)
        .time((NOW * 1_000).to_string())
        .build();
    let own = |host: &str, name: &str, value: &str| {
        Record::builder().dimensions(dimension("host", host)).measure_name(name).measure_value(value)
    };
    let write = local.write_records().common_attributes(common.clone());
    let write = write.records(own("a", "load", "7").build());
    let boolean = own("b", "up", "true").measure_value_type(MeasureValueType::Boolean);
    let write = write.records(boolean.time((NOW - 1).to_string()).time_unit(TimeUnit::Seconds).build());
    write.send().await.unwrap();
    let sql = "SELECT region, host, measure_name, measure_value::bigint, measure_value::boolean, time \
               FROM fleet.metrics ORDER BY host";
    let expected = [
        ["eu", "a", "load", "7", "NULL", "2026-01-01 00:00:00.000000000"],
        ["eu", "b", "up", "NULL", "true", "2025-12-31 23:59:59.000000000"],
    ];
    assert_eq!(local.rows(sql).await, expected);

    let both = local.write_records().common_attributes(common);
    let both = both.records(own("a", "load", "7").dimensions(dimension("region", "us")).build());
    let error = both.send().await.unwrap_err().into_service_error();
    assert!(error.is_validation_exception());
    assert!(error.meta().message().unwrap().contains("region"), "{error:?}");
}

#[tokio::test]
async fn multi_records_fill_columns_of_their_own() {
    let local = Local::start().await;
    local.create_table().await;
    let measure = |name: &str, value: &str, kind| {
        MeasureValue::builder().name(name).value(value).r#type(kind).build().unwrap()
    };
    let multi = Record::builder()
        .dimensions(dimension("host", "a"))
        .measure_name("metrics")
        .measure_value_type(MeasureValueType::Multi)
        .measure_values(measure("cpu", "12.5", MeasureValueType::Double))
        .measure_values(measure("threads", "-3", MeasureValueType::Bigint))
        .measure_values(measure("state", "busy \"now\"", MeasureValueType::Varchar))
        .measure_values(measure("up", "false", MeasureValueType::Boolean))
        .measure_values(measure("booted", &(NOW * 1_000).to_string(), MeasureValueType::Timestamp))
        .time((NOW * 1_000).to_string())
        .build();
    write(&local, vec![multi.clone()]).await.unwrap();
    let rows = local.rows("SELECT cpu, threads, state, up, booted FROM fleet.metrics").await;
    assert_eq!(rows, [["12.5", "-3", "busy \"now\"", "false", "2026-01-01 00:00:00.000000000"]]);

    let mut twice = multi;
    twice.measure_values.as_mut().unwrap().push(measure("cpu", "1", MeasureValueType::Double));
    let rejected = rejected(&local, vec![twice]).await;
    assert_eq!(rejected[0].reason(), Some("The measure name cpu stands twice in the record."));
}

#[tokio::test]
async fn a_bad_value_rejects_its_record_alone() {
    let local = Local::start().await;
    local.create_table().await;
    let typed = |host: &str, value: &str, kind| {
        let mut record = record(host, value, NOW);
        record.measure_value_type = Some(kind);
        record
    };
    let mut reserved = record("e", "1", NOW);
    reserved.dimensions.as_mut().unwrap().push(dimension("time", "x"));
    let mut long = record("f", "1", NOW);
    long.dimensions.as_mut().unwrap().push(dimension("note", &"x".repeat(2_048)));
    let records = vec![
        typed("a", "twelve", MeasureValueType::Double),
        typed("b", "NaN", MeasureValueType::Double),
        typed("c", "1.5", MeasureValueType::Bigint),
        typed("d", "maybe", MeasureValueType::Boolean),
        reserved,
        long,
        record("good", "8", NOW),
    ];
    let reasons: Vec<_> = rejected(&local, records)
        .await
        .iter()
        .map(|record| format!("{} {}", record.record_index(), record.reason().unwrap()))
        .collect();
    insta::assert_snapshot!(reasons.join("\n"), @r"
    0 The measure value 'twelve' is not a valid DOUBLE.
    1 The measure value 'NaN' is not a valid DOUBLE.
    2 The measure value '1.5' is not a valid BIGINT.
    3 The measure value 'maybe' is not a valid BOOLEAN.
    4 The name time is reserved by the system.
    5 The dimension names and values of the record are longer than 2048 bytes together.
    ");
    assert_eq!(local.rows("SELECT host FROM fleet.metrics").await, [["good"]]);
}

#[tokio::test]
async fn a_misshapen_request_stores_nothing() {
    let local = Local::start().await;
    local.create_table().await;
    let good = || record("a", "1", NOW);
    let with = |change: fn(&mut Record)| {
        let mut record = record("b", "1", NOW);
        change(&mut record);
        vec![good(), record]
    };
    let requests = [
        Vec::new(),
        vec![good(); 101],
        with(|record| record.dimensions = None),
        with(|record| record.measure_name = None),
        with(|record| record.measure_value = None),
        with(|record| record.time = None),
        with(|record| record.time = Some("now".into())),
        with(|record| record.version = Some(0)),
        with(|record| record.measure_value = Some("9".repeat(2_049))),
        with(|record| record.measure_value_type = Some(MeasureValueType::Timestamp)),
        with(|record| record.measure_value_type = Some("FLOAT".into())),
        with(|record| record.measure_value_type = Some(MeasureValueType::Multi)),
        with(|record| record.dimensions.as_mut().unwrap().push(dimension("host", "c"))),
    ];
    let mut texts = Vec::new();
    for records in requests {
        texts.push(refused(&local, records).await);
    }
    insta::assert_snapshot!(texts.join("\n"), @r"
    1 validation error detected: Value '[0 members]' at 'records' failed to satisfy constraint: Member must have length greater than or equal to 1
    1 validation error detected: Value '[101 members]' at 'records' failed to satisfy constraint: Member must have length less than or equal to 100
    At least one dimension is required for a record.
    1 validation error detected: Value null at 'records.2.member.measureName' failed to satisfy constraint: Member must not be null
    1 validation error detected: Value null at 'records.2.member.measureValue' failed to satisfy constraint: Member must not be null
    1 validation error detected: Value null at 'records.2.member.time' failed to satisfy constraint: Member must not be null
    1 validation error detected: Value 'now' at 'records.2.member.time' failed to satisfy constraint: Member must be an integer, in its TimeUnit since the epoch
    1 validation error detected: Value '0' at 'records.2.member.version' failed to satisfy constraint: Member must have value greater than or equal to 1
    1 validation error detected: Value '999999999999999999999999999999999999999999999999999999999999...' at 'records.2.member.measureValue' failed to satisfy constraint: Member must have length less than or equal to 2048
    TIMESTAMP is an invalid measure value type.
    1 validation error detected: Value 'FLOAT' at 'records.2.member.measureValueType' failed to satisfy constraint: Member must satisfy enum value set: [DOUBLE, BIGINT, VARCHAR, BOOLEAN, TIMESTAMP, MULTI]
    A record of the MeasureValueType MULTI takes no MeasureValue.
    The dimension name host stands twice in a record, or in a record and in the common attributes.
    ");
    assert_eq!(local.rows("SELECT count(*) FROM fleet.metrics").await, [["0"]]);
}

#[tokio::test]
async fn a_required_partition_key_is_required() {
    let local = Local::start().await;
    local.create_database("fleet").await;
    let key = PartitionKey::builder()
        .r#type(PartitionKeyType::Dimension)
        .name("host")
        .enforcement_in_record(PartitionKeyEnforcementLevel::Required)
        .build()
        .unwrap();
    let schema = Schema::builder().composite_partition_key(key).build();
    let create = local.write.create_table().database_name("fleet").table_name("metrics").schema(schema);
    create.send().await.unwrap();
    let mut without = record("a", "1", NOW);
    without.dimensions = Some(vec![dimension("zone", "z")]);
    let rejected = rejected(&local, vec![record("a", "1", NOW), without]).await;
    assert_eq!(rejected.len(), 1);
    assert_eq!(rejected[0].record_index(), 1);
    assert!(rejected[0].reason().unwrap().contains("host"));
}

#[tokio::test]
async fn an_unknown_table_is_told() {
    let local = Local::start().await;
    local.create_database("fleet").await;
    let error = write(&local, vec![record("a", "1", NOW)]).await.unwrap_err();
    assert!(error.is_resource_not_found_exception());
    assert_eq!(error.meta().message(), Some("The table metrics does not exist."));
}
