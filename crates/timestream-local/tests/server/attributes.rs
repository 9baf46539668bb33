//! What records may hold: units, types, names, and what they have in common.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};

use crate::support::{Local, NOW, Writes};

/// A record of host `a`, with these members instead of, or beside, its own; null takes one away.
pub(crate) fn record(members: Json) -> Json {
    let mut record = json!({
        "Dimensions": [{ "Name": "host", "Value": "a" }], "MeasureName": "cpu", "MeasureValue": "1",
        "Time": NOW.to_string(), "TimeUnit": "SECONDS",
    });
    let Json::Object(members) = members else { panic!("members are an object") };
    record.as_object_mut().unwrap().extend(members);
    record
}

pub(crate) fn multi(measures: Json) -> Json {
    let mut multi = record(json!({ "MeasureValue": null, "MeasureValueType": "MULTI" }));
    multi["MeasureValues"] = measures;
    multi
}

#[tokio::test]
async fn times_count_in_their_units() {
    let local = Local::start().await;
    local.create_table().await;
    for (unit, zeros) in [("SECONDS", ""), ("MILLISECONDS", "000"), ("MICROSECONDS", "000000")] {
        let at = record(json!({ "Time": format!("{NOW}{zeros}"), "TimeUnit": unit }));
        assert_eq!(local.ingested(json!([at])).await, 1, "the same record in {unit}");
    }
    let without = record(json!({ "Time": format!("{NOW}000"), "TimeUnit": null }));
    assert_eq!(local.ingested(json!([without])).await, 1, "milliseconds are the default");
    let nanoseconds =
        record(json!({ "Time": format!("{NOW}000000001"), "TimeUnit": "NANOSECONDS", "MeasureValue": "2" }));
    local.ingested(json!([nanoseconds])).await;
    let rows = local.rows("SELECT time, measure_value::double FROM fleet.metrics ORDER BY time").await;
    let expected = [["2026-01-01 00:00:00.000000000", "1.0"], ["2026-01-01 00:00:00.000000001", "2.0"]];
    assert_eq!(rows, expected);
}

#[tokio::test]
async fn times_that_no_table_takes_reject_their_records() {
    let local = Local::start().await;
    local.create_database("fleet").await;
    let create = json!({
        "DatabaseName": "fleet", "TableName": "metrics",
        "RetentionProperties": {
            "MemoryStoreRetentionPeriodInHours": 1, "MagneticStoreRetentionPeriodInDays": 73_000
        },
        "MagneticStoreWriteProperties": { "EnableMagneticStoreWrites": true },
    });
    local.post("CreateTable", &create.to_string()).await;
    let at = |time: &str| record(json!({ "Time": time }));
    let records = ["-1", "9223372036854775807", "99999999999999999999", "-99999999999999999999", "0", "+7"];
    let rejected = local.rejected(records.iter().map(|time| at(time)).collect()).await;
    let places: Vec<_> = rejected.iter().map(|(index, ..)| *index).collect();
    assert_eq!(places, [0, 1, 2, 3]);
    for (_, reason, _) in rejected {
        let window = "[1970-01-01T00:00:00.000Z, 2026-01-01T00:15:00.000Z)";
        assert!(reason.contains(window), "{reason}");
    }
    assert_eq!(local.rows("SELECT count(*) FROM fleet.metrics").await, [["2"]]);
    let mut refused = String::new();
    for time in ["1.5", "", "now", "0x7"] {
        refused.push_str(&local.refused(json!([at(time)])).await);
        refused.push('\n');
    }
    assert_snapshot!(refused, @r"
    1 validation error detected: Value '1.5' at 'records.1.member.time' failed to satisfy constraint: Member must be an integer, in its TimeUnit since the epoch
    1 validation error detected: Value '' at 'records.1.member.time' failed to satisfy constraint: Member must have length greater than or equal to 1
    1 validation error detected: Value 'now' at 'records.1.member.time' failed to satisfy constraint: Member must be an integer, in its TimeUnit since the epoch
    1 validation error detected: Value '0x7' at 'records.1.member.time' failed to satisfy constraint: Member must be an integer, in its TimeUnit since the epoch
    ");
}

#[tokio::test]
async fn the_window_ends_a_quarter_of_an_hour_ahead_and_moves_with_settings() {
    let local = Local::start().await;
    local.create_table().await;
    let at = |seconds: i64, millis: i64| {
        let time = (NOW + seconds) * 1_000 + millis;
        record(json!({ "Time": time.to_string(), "TimeUnit": "MILLISECONDS" }))
    };
    let rejected = local.rejected(json!([at(900, -1), at(900, 0)])).await;
    assert_eq!(rejected.iter().map(|(index, ..)| *index).collect::<Vec<_>>(), [1]);

    let update = |enabled: bool, hours: i64| {
        json!({
            "DatabaseName": "fleet", "TableName": "metrics",
            "MagneticStoreWriteProperties": { "EnableMagneticStoreWrites": enabled },
            "RetentionProperties": {
                "MemoryStoreRetentionPeriodInHours": hours, "MagneticStoreRetentionPeriodInDays": 10
            },
        })
        .to_string()
    };
    let late = || json!([at(-3 * 3_600, 0)]);
    assert_eq!(local.stores(late()).await, (0, 1), "two hours in memory");
    local.post("UpdateTable", &update(true, 4)).await;
    assert_eq!(local.stores(late()).await, (1, 0), "four hours in memory");
    local.post("UpdateTable", &update(false, 2)).await;
    let rejected = local.rejected(late()).await;
    assert_snapshot!(rejected[0].1, @r"The record timestamp is outside the time range [2025-12-31T22:00:00.000Z, 2026-01-01T00:15:00.000Z) of the memory store.");
}

#[tokio::test]
async fn what_records_have_in_common_is_put_together() {
    let local = Local::start().await;
    local.create_table().await;
    let common = json!({
        "Dimensions": [{ "Name": "region", "Value": "eu" }], "MeasureName": "all", "MeasureValueType": "MULTI",
        "MeasureValues": [{ "Name": "x", "Value": "1", "Type": "BIGINT" }],
        "Time": NOW.to_string(), "TimeUnit": "SECONDS", "Version": 3,
    });
    let records = json!([
        { "Dimensions": [{ "Name": "host", "Value": "a" }] },
        { "MeasureValues": [{ "Name": "y", "Value": "2", "Type": "BIGINT" }], "Time": (NOW - 1).to_string() },
        { "MeasureValues": [{ "Name": "x", "Value": "2", "Type": "BIGINT" }] },
        { "MeasureName": "one", "MeasureValueType": "MULTI", "Version": 1 },
    ]);
    let rejected = local.rejected_of(common.clone(), records.clone()).await;
    assert_eq!(rejected, [(2, "The measure name x stands twice in the record.".to_owned(), None)]);
    let rows = local
        .rows("SELECT region, host, measure_name, x, y FROM fleet.metrics ORDER BY host, measure_name, time")
        .await;
    let expected = [
        ["eu", "a", "all", "1", "NULL"],
        ["eu", "NULL", "all", "1", "2"],
        ["eu", "NULL", "one", "1", "NULL"],
    ];
    assert_eq!(rows, expected);
    let lower = json!([{ "Dimensions": [{ "Name": "host", "Value": "a" }], "Version": 2,
        "MeasureValues": [{ "Name": "z", "Value": "2", "Type": "BIGINT" }] }]);
    assert_eq!(local.rejected_of(common.clone(), lower).await[0].2, Some(3), "its version is common, too");

    let both = json!([{ "Dimensions": [{ "Name": "region", "Value": "us" }] }]);
    let nothing = json!([{ "MeasureName": "cpu", "MeasureValue": "1", "Time": "1" }]);
    let single = json!([{ "MeasureValueType": "DOUBLE" }]);
    let refused = [
        local.refused_of(common.clone(), both).await,
        local.refused_of(json!({}), nothing).await,
        local.refused_of(common, single).await,
    ];
    assert_snapshot!(refused.join("\n"), @r"
    The dimension name region stands twice in a record, or in a record and in the common attributes.
    At least one dimension is required for a record.
    MeasureValues need the MeasureValueType MULTI.
    ");
}

#[tokio::test]
async fn values_are_of_their_types() {
    let local = Local::start().await;
    local.create_table().await;
    let value = |kind: &str, value: &str| json!({ "Name": kind, "Value": value, "Type": kind });
    let good = multi(json!([
        value("DOUBLE", "-1e-3"),
        value("BIGINT", "-9223372036854775808"),
        value("BOOLEAN", "TRUE"),
        value("VARCHAR", " "),
        value("TIMESTAMP", &NOW.to_string()),
    ]));
    assert_eq!(local.ingested(json!([good])).await, 1);
    let rows = local.rows("SELECT double, bigint, boolean, varchar, timestamp FROM fleet.metrics").await;
    let expected = ["-0.001", "-9223372036854775808", "true", " ", "2026-01-01 00:00:00.000000000"];
    assert_eq!(rows, [expected]);

    let bad = [
        ("DOUBLE", "inf"),
        ("DOUBLE", "1e999"),
        ("DOUBLE", "1,5"),
        ("BIGINT", "9223372036854775808"),
        ("BIGINT", "1e3"),
        ("BOOLEAN", "1"),
        ("TIMESTAMP", "-1"),
        ("TIMESTAMP", "9999999999999"),
        ("TIMESTAMP", "2026-01-01 00:00:00"),
    ];
    let records = bad.iter().map(|(kind, text)| multi(json!([value(kind, text)]))).collect();
    let reasons: Vec<_> = local.rejected(records).await.into_iter().map(|(_, reason, _)| reason).collect();
    assert_snapshot!(reasons.join("\n"), @r"
    The measure value 'inf' is not a valid DOUBLE.
    The measure value '1e999' is not a valid DOUBLE.
    The measure value '1,5' is not a valid DOUBLE.
    The measure value '9223372036854775808' is not a valid BIGINT.
    The measure value '1e3' is not a valid BIGINT.
    The measure value '1' is not a valid BOOLEAN.
    The measure value '-1' is not a valid TIMESTAMP.
    The measure value '9999999999999' is not a valid TIMESTAMP.
    The measure value '2026-01-01 00:00:00' is not a valid TIMESTAMP.
    ");

    let refused = [
        local.refused(json!([record(json!({ "MeasureValueType": "TIMESTAMP" }))])).await,
        local.refused(json!([multi(json!([value("MULTI", "1")]))])).await,
        local.refused(json!([multi(json!([value("DOUBLE", "")]))])).await,
        local.refused(json!([multi(json!([]))])).await,
        local.refused(json!([record(json!({ "MeasureValue": "" }))])).await,
        local.refused(json!([record(json!({ "MeasureName": "" }))])).await,
    ];
    assert_snapshot!(refused.join("\n"), @r"
    TIMESTAMP is an invalid measure value type.
    MULTI is an invalid measure value type in MeasureValues.
    1 validation error detected: Value '' at 'records.1.member.measureValues.1.member.value' failed to satisfy constraint: Member must have length greater than or equal to 1
    A record of the MeasureValueType MULTI needs MeasureValues.
    1 validation error detected: Value '' at 'records.1.member.measureValue' failed to satisfy constraint: Member must have length greater than or equal to 1
    1 validation error detected: Value '' at 'records.1.member.measureName' failed to satisfy constraint: Member must have length greater than or equal to 1
    ");
}

#[tokio::test]
async fn a_name_keeps_its_type() {
    let local = Local::start().await;
    local.create_table().await;
    let x = |kind: &str| json!([{ "Name": "x", "Value": "1", "Type": kind }]);
    let all = |kind: &str| {
        let mut all = multi(x(kind));
        all["MeasureName"] = json!("all");
        all
    };
    let mut host_as_a_measure = all("BIGINT");
    host_as_a_measure["MeasureValues"][0]["Name"] = json!("host");
    local.ingested(json!([record(json!({})), all("BIGINT")])).await;
    let records = json!([
        record(json!({ "MeasureValueType": "BIGINT" })),
        multi(x("BIGINT")),
        all("DOUBLE"),
        record(json!({ "MeasureName": "all" })),
        record(json!({ "Dimensions": [{ "Name": "x", "Value": "1" }] })),
        host_as_a_measure,
        record(json!({ "MeasureName": "other" })),
    ]);
    let rejected = local.rejected(records).await;
    let reasons: Vec<_> = rejected.iter().map(|(index, reason, _)| format!("{index} {reason}")).collect();
    assert_snapshot!(reasons.join("\n"), @r"
    0 The measure name 'cpu' already holds DOUBLE values. A BIGINT value needs another measure name.
    1 The measure name 'cpu' already holds DOUBLE values. A MULTI value needs another measure name.
    2 The measure name 'x' already holds BIGINT values. A DOUBLE value needs another measure name.
    3 The measure name 'all' already holds MULTI values. A DOUBLE value needs another measure name.
    4 The name 'x' is a dimension and a measure of a multi-measure record. Rename one of them.
    5 The name 'host' is a dimension and a measure of a multi-measure record. Rename one of them.
    ");
    assert_eq!(local.rows("SELECT count(*) FROM fleet.metrics").await, [["3"]], "the last one is stored");
}
