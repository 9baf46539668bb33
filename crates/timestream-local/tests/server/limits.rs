//! The limits of the developer guide, and what a table asks of its records.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};

use crate::attributes::{multi, record};
use crate::support::{Local, Writes};

#[tokio::test]
async fn limits_of_the_developer_guide_reject_a_record() {
    let local = Local::start().await;
    local.create_table().await;
    let named = |name: &str| json!([{ "Name": name, "Value": "v" }]);
    let measures = |count: usize| -> Json {
        (0..count).map(|n| json!({ "Name": format!("m{n}"), "Value": "1", "Type": "DOUBLE" })).collect()
    };
    let good = json!([
        record(json!({ "Dimensions": named(&"d".repeat(60)) })),
        record(json!({ "Dimensions": [{ "Name": "empty", "Value": "" }] })),
        record(json!({ "Dimensions": [{ "Name": "d", "Value": "v".repeat(2_047) }] })),
        record(json!({ "MeasureName": "é".repeat(128) })),
        record(
            json!({ "MeasureValue": "é".repeat(2_048), "MeasureValueType": "VARCHAR", "MeasureName": "text" })
        ),
        multi(measures(256)).as_object_mut().map(|multi| {
            multi.insert("MeasureName".to_owned(), json!("many"));
            multi.clone()
        }),
    ]);
    assert_eq!(local.ingested(good).await, 6);
    assert_eq!(local.rows("SELECT empty FROM fleet.metrics WHERE empty IS NOT NULL").await, [[""]]);

    let bad = json!([
        record(json!({ "Dimensions": named(&"d".repeat(61)) })),
        record(json!({ "Dimensions": [{ "Name": "d", "Value": "v".repeat(2_048) }] })),
        record(json!({ "MeasureName": "é".repeat(129) })),
        multi(measures(257)),
        multi(json!([{ "Name": "m".repeat(257), "Value": "1", "Type": "DOUBLE" }])),
        record(json!({ "Dimensions": named("ts_own") })),
        record(json!({ "Dimensions": named("measure_name") })),
    ]);
    let rejected = local.rejected(bad).await;
    let reasons: Vec<_> = rejected.iter().map(|(index, reason, _)| format!("{index} {reason}")).collect();
    assert_snapshot!(reasons.join("\n"), @r"
    0 A dimension name has at most 60 bytes; this one has 61: dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd...
    1 The dimension names and values of the record are longer than 2048 bytes together.
    2 A measure name has at most 256 bytes; this one has 258: éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé...
    3 A MULTI record has at most 256 measures.
    4 A measure name has at most 256 bytes; this one has 257: mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm...
    5 The name ts_own is reserved by the system.
    6 The name measure_name is reserved by the system.
    ");
}

#[tokio::test]
async fn a_record_has_128_dimensions_with_those_in_common_and_so_has_its_table() {
    let local = Local::start().await;
    local.create_table().await;
    let dimensions = |count: usize| -> Json {
        (0..count).map(|n| json!({ "Name": format!("d{n}"), "Value": "v" })).collect()
    };
    let common = json!({ "Dimensions": dimensions(127) });
    let one_more = json!([
        record(json!({})),
        record(json!({ "Dimensions": [
        { "Name": "host", "Value": "a" }, { "Name": "zone", "Value": "z" }] }))
    ]);
    assert_eq!(
        local.rejected_of(common, one_more).await,
        [(1, "A record has at most 128 dimensions.".to_owned(), None)]
    );
    let another = record(json!({ "Dimensions": [{ "Name": "zone", "Value": "z" }] }));
    let reason = "The table would have more than 128 dimensions.".to_owned();
    assert_eq!(local.rejected(json!([record(json!({})), another])).await, [(1, reason, None)]);
}

#[tokio::test]
async fn a_partition_key_is_enforced_as_long_as_the_table_says_so() {
    let local = Local::start().await;
    local.create_database("fleet").await;
    let table = |enforcement: &str| {
        let key = json!({ "Type": "DIMENSION", "Name": "host", "EnforcementInRecord": enforcement });
        let schema = json!({ "CompositePartitionKey": [key] });
        json!({ "DatabaseName": "fleet", "TableName": "metrics", "Schema": schema }).to_string()
    };
    local.post("CreateTable", &table("OPTIONAL")).await;
    let zone = |value: &str| {
        let zone = json!([{ "Name": "zone", "Value": "z" }]);
        json!([record(json!({ "Dimensions": zone, "MeasureName": value }))])
    };
    assert_eq!(local.ingested(zone("first")).await, 1);
    local.post("UpdateTable", &table("REQUIRED")).await;
    let reason = "The partition key host is required in every record of the table.".to_owned();
    assert_eq!(local.rejected(zone("second")).await, [(0, reason, None)]);
    let host = json!({ "Dimensions": [{ "Name": "host", "Value": "a" }] });
    assert_eq!(local.sent(Some(host), zone("third")).await.0, 200, "in the common attributes it counts");

    let local = Local::start_on(local.stop().await).await;
    assert_eq!(local.rejected(zone("second")).await.len(), 1, "also after a restart");
    local.post("UpdateTable", &table("OPTIONAL")).await;
    assert_eq!(local.ingested(zone("second")).await, 1);

    let key = |key: Json| {
        json!({ "DatabaseName": "fleet", "TableName": "other", "Schema": { "CompositePartitionKey": [key] } })
            .to_string()
    };
    let refused = [
        local.posted("CreateTable", &key(json!({ "Type": "MEASURE", "Name": "host" }))).await,
        local.posted("CreateTable", &key(json!({ "Type": "DIMENSION", "Name": "host" }))).await,
        local.posted("UpdateTable", &table("OPTIONAL").replace("\"host\"", "\"zone\"")).await,
    ];
    assert_snapshot!(refused.join("\n"), @r#"
    400 {"Message":"A MEASURE partition key takes no Name and no EnforcementInRecord.","__type":"ValidationException"}
    400 {"Message":"A DIMENSION partition key needs a Name and an EnforcementInRecord.","__type":"ValidationException"}
    400 {"Message":"The partition key may not change in name, type or order; only its enforcement may.","__type":"ValidationException"}
    "#);
}
