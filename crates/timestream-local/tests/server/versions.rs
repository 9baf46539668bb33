//! Which of several records of one identity counts.

use serde_json::{Value as Json, json};

use crate::support::{Local, NOW, Writes};

const OTHER_VALUE: &str = "A record already exists with the same time, dimensions, measure name, and record \
                           version. A higher record version must be specified in order to update the measure \
                           value.";

fn cpu(value: &str, version: i64) -> Json {
    json!({
        "Dimensions": [{ "Name": "host", "Value": "a" }, { "Name": "zone", "Value": "z" }],
        "MeasureName": "cpu", "MeasureValue": value, "Time": NOW.to_string(), "TimeUnit": "SECONDS",
        "Version": version,
    })
}

fn multi(version: i64, values: &[(&str, &str)]) -> Json {
    let values: Vec<_> = values
        .iter()
        .map(|(name, value)| json!({ "Name": name, "Value": value, "Type": "BIGINT" }))
        .collect();
    json!({
        "Dimensions": [{ "Name": "host", "Value": "a" }], "MeasureName": "all", "MeasureValueType": "MULTI",
        "MeasureValues": values, "Time": NOW.to_string(), "TimeUnit": "SECONDS", "Version": version,
    })
}

async fn stored(local: &Local) -> Vec<Vec<String>> {
    local.rows("SELECT measure_value::double FROM fleet.metrics").await
}

#[tokio::test]
async fn within_a_request_the_rules_are_those_between_requests() {
    let local = Local::start().await;
    local.create_table().await;
    assert_eq!(local.ingested(json!([cpu("1", 1), cpu("1", 1)])).await, 2, "twice the same is a retry");
    assert_eq!(stored(&local).await, [["1.0"]]);

    let rejected = local.rejected(json!([cpu("2", 2), cpu("3", 2), cpu("4", 4), cpu("5", 3)])).await;
    assert_eq!(
        rejected,
        [
            (1, OTHER_VALUE.to_owned(), Some(2)),
            (
                3,
                "The record version 3 is lower than the existing version 4. A higher version is required to \
                 update the measure value."
                    .to_owned(),
                Some(4)
            ),
        ]
    );
    assert_eq!(stored(&local).await, [["4.0"]], "the accepted ones are stored in their order");
}

#[tokio::test]
async fn the_order_of_dimensions_is_no_part_of_the_identity() {
    let local = Local::start().await;
    local.create_table().await;
    let mut other = cpu("2", 1);
    other["Dimensions"].as_array_mut().unwrap().reverse();
    let rejected = local.rejected(json!([cpu("1", 1), other])).await;
    assert_eq!(rejected, [(1, OTHER_VALUE.to_owned(), Some(1))]);
}

#[tokio::test]
async fn the_same_value_raises_the_version_and_never_lowers_it() {
    let local = Local::start().await;
    local.create_table().await;
    for (version, what) in [(1, "new"), (5, "higher"), (5, "again"), (3, "an old retry")] {
        assert_eq!(local.ingested(json!([cpu("1", version)])).await, 1, "{what}");
    }
    let rejected = local.rejected(json!([cpu("2", 4)])).await;
    assert_eq!((rejected[0].0, rejected[0].2), (0, Some(5)));

    let local = Local::start_on(local.stop().await).await;
    let rejected = local.rejected(json!([cpu("2", 5)])).await;
    assert_eq!(rejected, [(0, OTHER_VALUE.to_owned(), Some(5))], "versions survive a restart");
    assert_eq!(local.ingested(json!([cpu("2", i64::MAX)])).await, 1);
    assert_eq!(stored(&local).await, [["2.0"]]);
}

#[tokio::test]
async fn multi_records_are_replaced_as_a_whole() {
    let local = Local::start().await;
    local.create_table().await;
    local.ingested(json!([multi(1, &[("x", "1"), ("y", "2")])])).await;
    local.ingested(json!([multi(1, &[("y", "2"), ("x", "1")])])).await;

    let partial = local.rejected(json!([multi(1, &[("x", "1")])])).await;
    assert_eq!(partial, [(0, OTHER_VALUE.to_owned(), Some(1))], "less is another value");
    local.ingested(json!([multi(2, &[("x", "7"), ("z", "9")])])).await;
    assert_eq!(local.rows("SELECT x, y, z FROM fleet.metrics").await, [["7", "NULL", "9"]]);
}
