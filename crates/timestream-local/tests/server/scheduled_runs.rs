//! Runs of scheduled queries: when they come and what becomes of their rows. Not here: the operations (`scheduled`),
//! runs that fail (`scheduled_failures`).

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::scheduled::{create, describe, fleet, named, request};
use crate::scheduled_failures::report;
use crate::support::{Local, NOW, NOW_NANOS, record};

pub(crate) const MINUTE: i64 = 60 * 1_000_000_000;
const DERIVED: &str =
    "SELECT host, time, measure_name, mean, \"count\" FROM fleet.derived ORDER BY time, host";

/// The summary of the last run, once that is the one which stands for `invocation`, in seconds.
pub(crate) async fn summary(local: &Local, arn: &str, invocation: i64) -> Json {
    let ended = async {
        loop {
            let summary = describe(local, arn).await["LastRunSummary"].clone();
            if summary["InvocationTime"] == json!(invocation as f64) {
                return summary;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), ended).await.expect("the run has ended")
}

pub(crate) async fn execute(local: &Local, arn: &str, invocation: i64) -> Json {
    let body = json!({ "ScheduledQueryArn": arn, "InvocationTime": invocation });
    assert_eq!(local.posted("ExecuteScheduledQuery", &body.to_string()).await, "200 {}");
    summary(local, arn, invocation).await
}

pub(crate) async fn set_state(local: &Local, arn: &str, state: &str) {
    let body = json!({ "ScheduledQueryArn": arn, "State": state });
    assert_eq!(local.posted("UpdateScheduledQuery", &body.to_string()).await, "200 {}");
}

/// `request()` with another query, and its mappings.
fn mixed(sql: &str, measure_name: Option<&str>, mappings: &Json) -> Json {
    let mut request = request();
    request["QueryString"] = json!(sql);
    let target = &mut request["TargetConfiguration"]["TimestreamConfiguration"];
    target.as_object_mut().unwrap().remove("MultiMeasureMappings");
    target["MixedMeasureMappings"] = mappings.clone();
    if let Some(column) = measure_name {
        target["MeasureNameColumn"] = json!(column);
    }
    request
}

#[tokio::test]
async fn a_rate_runs_from_the_creation_on() {
    let local = fleet().await;
    let arn = create(&local, &request()).await;
    local.clock.advance(5 * MINUTE - 1_000_000);
    assert_eq!(describe(&local, &arn).await["LastRunSummary"], Json::Null);
    local.clock.advance(1_000_000);
    let first = summary(&local, &arn, NOW + 300).await;
    insta::assert_snapshot!(serde_json::to_string_pretty(&first).unwrap());
    let rows = [
        ["a", "2026-01-01 00:05:00.000000000", "means", "1.5", "1"],
        ["b", "2026-01-01 00:05:00.000000000", "means", "2.5", "1"],
    ];
    assert_eq!(local.rows(DERIVED).await, rows);

    local.clock.advance(5 * MINUTE);
    summary(&local, &arn, NOW + 600).await;
    assert_eq!(local.rows(DERIVED).await.len(), 4);
    let described = describe(&local, &arn).await;
    assert_eq!(described["PreviousInvocationTime"], json!((NOW + 600) as f64));
    assert_eq!(described["NextInvocationTime"], json!((NOW + 900) as f64));
    let (_, list) = local.post("ListScheduledQueries", "{}").await;
    assert_eq!(list["ScheduledQueries"][0]["LastRunStatus"], json!("AUTO_TRIGGER_SUCCESS"));
}

#[tokio::test]
async fn cron_runs_at_its_own_times() {
    let local = fleet().await;
    let mut request = request();
    request["ScheduleConfiguration"]["ScheduleExpression"] = json!("cron(30 6 ? * MON#1 *)");
    let arn = create(&local, &request).await;
    let monday = NOW + 4 * 86_400 + 6 * 3_600 + 1_800;
    assert_eq!(describe(&local, &arn).await["NextInvocationTime"], json!(monday as f64));
    local.clock.advance((monday - NOW) * 1_000_000_000 + 5);
    let summary = summary(&local, &arn, monday).await;
    assert_eq!(summary["RunStatus"], json!("AUTO_TRIGGER_SUCCESS"), "{summary}");
    assert_eq!(
        local.rows("SELECT DISTINCT time FROM fleet.derived").await,
        [["2026-01-05 06:30:00.000000000"]]
    );
}

#[tokio::test]
async fn of_times_that_passed_at_once_the_last_one_runs() {
    let local = fleet().await;
    let arn = create(&local, &request()).await;
    local.clock.advance(17 * MINUTE);
    summary(&local, &arn, NOW + 900).await;
    assert_eq!(
        local.rows("SELECT DISTINCT time FROM fleet.derived").await,
        [["2026-01-01 00:15:00.000000000"]]
    );
    assert_eq!(describe(&local, &arn).await["NextInvocationTime"], json!((NOW + 1_200) as f64));
}

#[tokio::test]
async fn a_later_run_replaces_what_an_earlier_one_wrote() {
    let local = fleet().await;
    let mut request = request();
    let sql = "SELECT host, bin(@scheduled_runtime, 1h) AS at, avg(measure_value::double) AS mean, count(*) AS n \
               FROM fleet.metrics GROUP BY host";
    request["QueryString"] = json!(sql);
    let arn = create(&local, &request).await;
    local.clock.advance(5 * MINUTE);
    summary(&local, &arn, NOW + 300).await;
    local.write_records().records(record("a", "4.5", NOW + 300)).send().await.unwrap();
    // Of the same instant by the clock, but later.
    let again = execute(&local, &arn, NOW + 301).await;
    assert_eq!(again["RunStatus"], json!("MANUAL_TRIGGER_SUCCESS"), "{again}");
    let rows = local.rows(DERIVED).await;
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0][3..], ["3.0", "2"]);
}

#[tokio::test]
async fn a_disabled_query_waits_until_it_is_enabled() {
    let local = fleet().await;
    let arn = create(&local, &request()).await;
    set_state(&local, &arn, "DISABLED").await;
    assert_eq!(describe(&local, &arn).await["NextInvocationTime"], Json::Null);
    local.clock.advance(12 * MINUTE);
    // Asked for, it runs all the same; and nothing ran before it.
    execute(&local, &arn, NOW).await;
    assert_eq!(
        local.rows("SELECT DISTINCT time FROM fleet.derived").await,
        [["2026-01-01 00:00:00.000000000"]]
    );

    set_state(&local, &arn, "ENABLED").await;
    assert_eq!(describe(&local, &arn).await["NextInvocationTime"], json!((NOW + 900) as f64));
    local.clock.advance(3 * MINUTE);
    summary(&local, &arn, NOW + 900).await;
}

#[tokio::test]
async fn a_run_that_is_asked_for_stands_for_its_invocation_time() {
    let local = fleet().await;
    let arn = create(&local, &request()).await;
    let (past, insights) = (NOW - 86_400 * 30, json!({ "Mode": "ENABLED_WITH_RATE_CONTROL" }));
    let body = json!({ "ScheduledQueryArn": arn, "InvocationTime": past, "QueryInsights": insights });
    assert_eq!(local.posted("ExecuteScheduledQuery", &body.to_string()).await, "200 {}");
    let summary = summary(&local, &arn, past).await;
    assert_eq!(summary["RunStatus"], json!("MANUAL_TRIGGER_SUCCESS"), "{summary}");
    assert_eq!(summary["TriggerTime"], json!(NOW as f64));
    assert_eq!(summary["QueryInsightsResponse"]["QueryTableCount"], json!(1));
    assert_eq!(summary["QueryInsightsResponse"]["OutputRows"], json!(2));
    assert_eq!(local.rows(DERIVED).await[0][1], "2025-12-02 00:00:00.000000000");
    let unknown = json!({ "ScheduledQueryArn": format!("{arn}x"), "InvocationTime": NOW }).to_string();
    assert!(local.posted("ExecuteScheduledQuery", &unknown).await.starts_with("404"));
}

#[tokio::test]
async fn each_row_becomes_a_record_for_each_mixed_mapping() {
    let local = fleet().await;
    let sql = "SELECT 'a' AS host, time AS at, 1.5 AS cpu, 7 AS disk, true AS up, 'ok' AS state, \
               CAST(NULL AS double) AS gone FROM fleet.metrics WHERE host = 'a'";
    let mappings = json!([
        { "SourceColumn": "cpu", "MeasureValueType": "DOUBLE" },
        { "SourceColumn": "disk", "TargetMeasureName": "disk_used", "MeasureValueType": "BIGINT" },
        { "SourceColumn": "up", "MeasureValueType": "BOOLEAN" },
        { "SourceColumn": "state", "MeasureName": "status", "MeasureValueType": "VARCHAR" },
        { "SourceColumn": "gone", "MeasureValueType": "DOUBLE" },
        { "TargetMeasureName": "all", "MeasureValueType": "MULTI", "MultiMeasureAttributeMappings": [
            { "SourceColumn": "cpu", "MeasureValueType": "DOUBLE" },
            { "SourceColumn": "at", "TargetMultiMeasureAttributeName": "seen", "MeasureValueType": "TIMESTAMP" },
            { "SourceColumn": "gone", "MeasureValueType": "DOUBLE" },
        ] },
    ]);
    let arn = create(&local, &mixed(sql, None, &mappings)).await;
    let summary = execute(&local, &arn, NOW).await;
    assert_eq!(summary["RunStatus"], json!("MANUAL_TRIGGER_SUCCESS"), "{summary}");
    assert_eq!(summary["ExecutionStats"]["RecordsIngested"], json!(5));
    assert_eq!(summary["ExecutionStats"]["QueryResultRows"], json!(1));
    let sql = "SELECT measure_name, measure_value::double, measure_value::bigint, measure_value::boolean, \
               measure_value::varchar, cpu, seen FROM fleet.derived ORDER BY measure_name";
    let rows: Vec<_> = local.rows(sql).await.iter().map(|row| row.join(" ")).collect();
    insta::assert_snapshot!(rows.join("\n"));
}

#[tokio::test]
async fn a_rows_own_measure_name_chooses_the_mapping() {
    let local = fleet().await;
    let sql = "SELECT host, time AS at, name, value FROM fleet.metrics CROSS JOIN \
               (VALUES ('load', 1.0), ('heat', 2.0), ('noise', 3.0)) AS t(name, value) WHERE host = 'a'";
    let mappings = json!([
        { "MeasureName": "load", "SourceColumn": "value", "MeasureValueType": "DOUBLE" },
        { "MeasureName": "heat", "TargetMeasureName": "celsius", "SourceColumn": "value", "MeasureValueType": "DOUBLE" },
    ]);
    let arn = create(&local, &mixed(sql, Some("name"), &mappings)).await;
    let summary = execute(&local, &arn, NOW).await;
    let rows = local.rows("SELECT measure_name, measure_value::double FROM fleet.derived ORDER BY 1").await;
    assert_eq!(rows, [["celsius", "2.0"], ["load", "1.0"]]);
    let report = report(&local, &summary);
    assert_eq!(report["errors"][0]["reason"], json!("No mapping is about the measure name 'noise'."));
    assert!(report["errors"][0]["rawLine"].as_str().unwrap().contains("noise"), "{report}");
}

#[tokio::test]
async fn a_measure_name_column_names_multi_records() {
    let local = fleet().await;
    let mut request = request();
    request["QueryString"] =
        json!("SELECT host, time AS at, measure_name AS name, 1.5 AS mean, 2 AS n FROM fleet.metrics");
    let target = &mut request["TargetConfiguration"]["TimestreamConfiguration"];
    target["MeasureNameColumn"] = json!("name");
    let arn = create(&local, &request).await;
    execute(&local, &arn, NOW).await;
    assert_eq!(local.rows("SELECT DISTINCT measure_name FROM fleet.derived").await, [["cpu"]]);
}

#[tokio::test]
async fn a_deleted_query_runs_no_more() {
    let local = fleet().await;
    let (first, mut other) = (create(&local, &request()).await, request());
    other["Name"] = json!("other");
    other["TargetConfiguration"]["TimestreamConfiguration"]["MultiMeasureMappings"]["TargetMultiMeasureName"] =
        json!("other");
    let other = create(&local, &other).await;
    local.post("DeleteScheduledQuery", &named(&first).to_string()).await;
    local.clock.advance(5 * MINUTE);
    summary(&local, &other, NOW + 300).await;
    assert_eq!(local.rows("SELECT DISTINCT measure_name FROM fleet.derived").await, [["other"]]);
}

#[tokio::test]
async fn a_restart_keeps_queries_and_leaves_out_what_was_missed() {
    let local = fleet().await;
    let arn = create(&local, &request()).await;
    local.clock.advance(5 * MINUTE);
    let first = summary(&local, &arn, NOW + 300).await;
    let before = describe(&local, &arn).await;

    // Its clock stands at the start again: the time of the first run is to come once more.
    let local = Local::start_on(local.stop().await).await;
    let mut after = describe(&local, &arn).await;
    assert_eq!(after["NextInvocationTime"], json!((NOW + 300) as f64));
    after["NextInvocationTime"] = before["NextInvocationTime"].clone();
    assert_eq!(after, before);
    assert_eq!(after["LastRunSummary"], first);

    let dir = local.stop().await;
    let local = Local::start_at(dir, NOW_NANOS + 12 * MINUTE, |_| {}).await;
    assert_eq!(describe(&local, &arn).await["LastRunSummary"], first, "nothing is made up for");
    local.clock.advance(3 * MINUTE);
    summary(&local, &arn, NOW + 900).await;
    let times = local.rows("SELECT DISTINCT time FROM fleet.derived ORDER BY time").await;
    assert_eq!(times, [["2026-01-01 00:05:00.000000000"], ["2026-01-01 00:15:00.000000000"]]);
}

#[tokio::test]
async fn a_query_of_many_rows_is_written_page_by_page() {
    let local = fleet().await;
    let numbers: Vec<_> = (0..175).map(|number| format!("({number})")).collect();
    let numbers = format!("(VALUES {})", numbers.join(", "));
    let mut request = request();
    request["QueryString"] = json!(format!(
        "SELECT CAST(1000 * a + b AS varchar) AS host, @scheduled_runtime AS at, 1.0 AS mean, b AS n \
         FROM {numbers} AS t(a) CROSS JOIN {numbers} AS u(b)"
    ));
    let arn = create(&local, &request).await;
    let stats = execute(&local, &arn, NOW).await["ExecutionStats"].clone();
    assert_eq!(stats["RecordsIngested"], json!(30_625));
    assert_eq!(stats["QueryResultRows"], json!(30_625));
    assert_eq!(local.rows("SELECT count(*) FROM fleet.derived").await, [["30625"]]);
}
