//! Runs of scheduled queries that fail, and their reports. Not here: those that do not (`scheduled_runs`).

use serde_json::{Value as Json, json};

use crate::scheduled::{create, create_derived, describe, fleet, request, scrubbed};
use crate::scheduled_runs::{MINUTE, set_state, summary};
use crate::support::{Local, NOW};

/// The error report of a run.
pub(crate) fn report(local: &Local, summary: &Json) -> Json {
    let location = &summary["ErrorReportLocation"]["S3ReportLocation"];
    let (bucket, key) = (location["BucketName"].as_str().unwrap(), location["ObjectKey"].as_str().unwrap());
    let path = local.dir().join("buckets").join(bucket).join(key);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[tokio::test]
async fn rejected_records_are_reported_and_the_others_are_stored() {
    let local = fleet().await;
    let sql = "SELECT host, CASE WHEN host = 'a' THEN @scheduled_runtime ELSE @scheduled_runtime + 1h END AS at, \
               1.5 AS mean, 2 AS n FROM fleet.metrics \
               UNION ALL SELECT 'c', CAST(NULL AS timestamp), 1.0, 1 \
               UNION ALL SELECT 'd', @scheduled_runtime, 0.0 / 0.0, 1";
    let mut request = request();
    request["QueryString"] = json!(sql);
    request["ErrorReportConfiguration"]["S3Configuration"]["ObjectKeyPrefix"] = json!("sq/reports/");
    let arn = create(&local, &request).await;
    local.clock.advance(5 * MINUTE);
    let summary = summary(&local, &arn, NOW + 300).await;
    insta::assert_snapshot!("rejected_summary", scrubbed(&arn, &summary));
    let mut report = report(&local, &summary);
    let id = report["reportId"].as_str().unwrap();
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    report["reportId"] = json!("ID");
    report["errors"].as_array_mut().unwrap().sort_by_key(Json::to_string);
    insta::assert_snapshot!("rejected_report", serde_json::to_string_pretty(&report).unwrap());
    assert_eq!(local.rows("SELECT host FROM fleet.derived").await, [["a"]]);
    let described = describe(&local, &arn).await;
    assert_eq!((&described["State"], &described["RecentlyFailedRuns"][0]), (&json!("ENABLED"), &summary));
}

#[tokio::test]
async fn a_query_that_fails_on_its_data_is_tried_again() {
    let local = fleet().await;
    let mut request = request();
    request["QueryString"] = json!(
        "SELECT host, @scheduled_runtime AS at, 1.0 AS mean, 1 / (length(host) - 1) AS n FROM fleet.metrics"
    );
    let arn = create(&local, &request).await;
    for run in 1..=6 {
        local.clock.advance(5 * MINUTE);
        let summary = summary(&local, &arn, NOW + 300 * run).await;
        assert_eq!(summary["RunStatus"], json!("AUTO_TRIGGER_FAILURE"));
        assert_eq!(summary["FailureReason"], json!("Division by zero"));
        assert_eq!(report(&local, &summary)["errors"], json!([{ "reason": "Division by zero" }]));
    }
    let described = describe(&local, &arn).await;
    assert_eq!(described["State"], json!("ENABLED"));
    let failed = described["RecentlyFailedRuns"].as_array().unwrap();
    let times: Vec<_> =
        failed.iter().map(|run| run["InvocationTime"].as_f64().unwrap() as i64 - NOW).collect();
    assert_eq!(times, [1_800, 1_500, 1_200, 900, 600]);
}

#[tokio::test]
async fn a_query_that_would_always_fail_is_disabled() {
    let local = fleet().await;
    let arn = create(&local, &request()).await;
    let table = json!({ "DatabaseName": "fleet", "TableName": "derived" }).to_string();
    local.post("DeleteTable", &table).await;
    local.clock.advance(5 * MINUTE);
    let summary = summary(&local, &arn, NOW + 300).await;
    insta::assert_snapshot!(serde_json::to_string_pretty(&summary).unwrap());
    assert_eq!(describe(&local, &arn).await["State"], json!("DISABLED"));

    create_derived(&local).await;
    set_state(&local, &arn, "ENABLED").await;
    local.clock.advance(5 * MINUTE);
    assert_eq!(self::summary(&local, &arn, NOW + 600).await["RunStatus"], json!("AUTO_TRIGGER_SUCCESS"));
}
