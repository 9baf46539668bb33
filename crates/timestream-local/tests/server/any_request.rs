//! Whatever is asked, the answer is one of the service's, and never that the server failed.

use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

use crate::support::Local;

const OPERATIONS: [&str; 16] = [
    "WriteRecords",
    "WriteRecords",
    "WriteRecords",
    "WriteRecords",
    "Query",
    "CancelQuery",
    "PrepareQuery",
    "UpdateAccountSettings",
    "CreateDatabase",
    "UpdateDatabase",
    "ListDatabases",
    "CreateTable",
    "UpdateTable",
    "ListTables",
    "TagResource",
    "ListTagsForResource",
];

/// Members of a record that are texts.
const RECORD: [&str; 5] = ["MeasureName", "MeasureValue", "MeasureValueType", "Time", "TimeUnit"];

/// Members of all of their inputs, at any depth.
const MEMBERS: [&str; 45] = [
    "ClientToken",
    "CommonAttributes",
    "CompositePartitionKey",
    "ComputeMode",
    "DatabaseName",
    "Dimensions",
    "DimensionValueType",
    "EnableMagneticStoreWrites",
    "EnforcementInRecord",
    "Key",
    "KmsKeyId",
    "MagneticStoreRejectedDataLocation",
    "MagneticStoreRetentionPeriodInDays",
    "MagneticStoreWriteProperties",
    "MaxQueryTCU",
    "MaxResults",
    "MaxRows",
    "MeasureName",
    "MeasureValue",
    "MeasureValues",
    "MeasureValueType",
    "MemoryStoreRetentionPeriodInHours",
    "Mode",
    "Name",
    "NextToken",
    "ProvisionedCapacity",
    "QueryCompute",
    "QueryId",
    "QueryInsights",
    "QueryPricingModel",
    "QueryString",
    "Records",
    "ResourceARN",
    "RetentionProperties",
    "S3Configuration",
    "Schema",
    "TableName",
    "Tags",
    "TargetQueryTCU",
    "Time",
    "TimeUnit",
    "Type",
    "ValidateOnly",
    "Value",
    "Version",
];

const TEXTS: [&str; 24] = [
    "fleet",
    "metrics",
    "host",
    "cpu",
    "",
    "é\u{0}\u{10ffff}",
    "1",
    "-1",
    "1767225600000",
    "99999999999999999999",
    "1e400",
    "true",
    "DOUBLE",
    "BIGINT",
    "TIMESTAMP",
    "MULTI",
    "NANOSECONDS",
    "DIMENSION",
    "REQUIRED",
    "COMPUTE_UNITS",
    "PROVISIONED",
    "SELECT @a, * FROM fleet.metrics",
    "arn:aws:timestream:us-east-1:000000000000:database/fleet/table/metrics",
    "time",
];

fn value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        4 => proptest::sample::select(&TEXTS[..]).prop_map(Json::from),
        1 => any::<i64>().prop_map(Json::from),
        1 => (0_i64..10).prop_map(Json::from),
        1 => any::<bool>().prop_map(Json::from),
        1 => Just(Json::Null),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![proptest::collection::vec(inner.clone(), 0..3).prop_map(Json::from), object(inner)]
    })
}

fn object(value: impl Strategy<Value = Json>) -> impl Strategy<Value = Json> {
    let member = (proptest::sample::select(&MEMBERS[..]), value);
    proptest::collection::vec(member, 0..6)
        .prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
        .prop_map(|members: Map<String, Json>| members.into())
}

/// A record that is good but for some member.
fn record() -> impl Strategy<Value = Json> {
    let text = (proptest::sample::select(&RECORD[..]), proptest::sample::select(&TEXTS[..]));
    let texts = proptest::collection::vec(text, 0..3);
    let anything = prop_oneof![3 => Just(json!({})), 1 => object(value())];
    (texts, anything).prop_map(|(texts, members)| {
        let mut record = json!({
            "Dimensions": [{ "Name": "host", "Value": "a" }], "MeasureName": "cpu", "MeasureValue": "1",
            "Time": "1767225600000",
        });
        texts.into_iter().for_each(|(name, text)| record[name] = text.into());
        merge(&mut record, members);
        record
    })
}

/// A request that is good for many operations but for some member.
fn request() -> impl Strategy<Value = (&'static str, Json)> {
    let records = proptest::collection::vec(record(), 1..4);
    let anything = prop_oneof![1 => Just(json!({})), 2 => object(value())];
    (proptest::sample::select(&OPERATIONS[..]), records, anything).prop_map(
        |(operation, records, members)| {
            let mut request = json!({
                "DatabaseName": "fleet", "TableName": "metrics", "Records": records, "KmsKeyId": "key",
                "QueryString": "SELECT * FROM fleet.metrics", "ValidateOnly": true, "Tags": [],
                "ResourceARN": "arn:aws:timestream:us-east-1:000000000000:database/fleet",
            });
            merge(&mut request, members);
            (operation, request)
        },
    )
}

fn merge(into: &mut Json, members: Json) {
    if let (Json::Object(into), Json::Object(members)) = (into, members) {
        into.extend(members);
    }
}

#[test]
fn no_request_makes_the_server_fail() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let local = runtime.block_on(async {
        let local = Local::start().await;
        local.create_table().await;
        local
    });
    let config = ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |((operation, request) in request())| {
        let (status, answer) = runtime.block_on(local.post(operation, &request.to_string()));
        let told = answer["__type"].is_string() && answer["Message"].is_string();
        prop_assert!(status == 200 || (400..500).contains(&status) && told, "{operation} {status} {answer}");
        if status == 419 {
            let rejected = answer["RejectedRecords"].as_array().expect("it says which");
            let places: Vec<u64> = rejected.iter().filter_map(|one| one["RecordIndex"].as_u64()).collect();
            let sent = request["Records"].as_array().map_or(0, Vec::len) as u64;
            let once = places.windows(2).all(|pair| pair[0] < pair[1]);
            prop_assert!(once && places.len() == rejected.len() && places.iter().all(|place| *place < sent));
        }
    });
}
