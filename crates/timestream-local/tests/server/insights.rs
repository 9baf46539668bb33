//! Query insights: what the service's answer tells of a scan, and this server's own part of it.

use aws_sdk_timestreamquery::types::{QueryInsights, QueryInsightsMode, QueryInsightsResponse};
use serde_json::Value as Json;

use crate::support::{Local, NOW, record};

const HOURS: i64 = 3;
const HOUR_NANOS: i64 = 3_600_000_000_000;
const ARN: &str = "arn:aws:timestream:us-east-1:000000000000:database/fleet/table/metrics";

/// Three whole hours of two measures of 50 hosts, a minute apart: 18,000 rows in memory.
async fn in_memory() -> Local {
    let local = Local::start().await;
    local.create_table().await;
    for minute in 1..=HOURS * 60 {
        let host = |host: i64| format!("host-{host:02}");
        let records = |measure: &str| {
            let record = |number| {
                let mut record = record(&host(number), "0.5", NOW - minute * 60);
                record.measure_name = Some(measure.to_owned());
                record
            };
            (0..50).map(record).collect::<Vec<_>>()
        };
        let records = [records("cpu"), records("memory")].concat();
        local.write_records().set_records(Some(records)).send().await.unwrap();
    }
    local
}

/// The same in files, one an hour.
async fn in_files() -> Local {
    let dir = in_memory().await.stop().await;
    Local::start_on(dir).await
}

async fn ask(local: &Local, sql: &str) -> QueryInsightsResponse {
    let mode = QueryInsights::builder().mode(QueryInsightsMode::EnabledWithRateControl).build().unwrap();
    let answer = local.query.query().query_string(sql).query_insights(mode).send().await.unwrap();
    answer.query_insights_response().unwrap().clone()
}

/// The share of what could be read that was, and for how many hours.
fn coverage_and_hours(insights: &QueryInsightsResponse) -> (f64, f64) {
    let coverage = insights.query_spatial_coverage().unwrap().max().unwrap();
    let range = insights.query_temporal_range().unwrap().max().unwrap();
    assert_eq!((coverage.table_arn(), range.table_arn()), (Some(ARN), Some(ARN)));
    (coverage.value(), range.value() as f64 / HOUR_NANOS as f64)
}

#[tokio::test]
async fn a_whole_table_is_covered() {
    let local = in_files().await;
    let insights = ask(&local, "SELECT host, time FROM fleet.metrics ORDER BY time").await;
    let (coverage, hours) = coverage_and_hours(&insights);
    assert!((coverage - 1.0).abs() < f64::EPSILON, "{coverage}");
    assert!((hours - (HOURS as f64 - 1.0 / 60.0)).abs() < 1e-9, "{hours}");
    assert_eq!(insights.query_spatial_coverage().unwrap().max().unwrap().partition_key(), ["measure_name"]);
    assert_eq!(insights.query_table_count(), Some(1));
    let rows = insights.output_rows().unwrap();
    assert!((1..=18_000).contains(&rows) && insights.output_bytes().unwrap() > rows * 20, "{insights:?}");
    assert_eq!(insights.unload_written_rows(), None);
}

#[tokio::test]
async fn a_window_reads_its_hours_alone() {
    let local = in_files().await;
    for (window, hours) in [("time >= ago(30m)", 0.5), ("time BETWEEN ago(90m) AND ago(61m)", 29.0 / 60.0)] {
        let insights = ask(&local, &format!("SELECT count(*) FROM fleet.metrics WHERE {window}")).await;
        let (_, read) = coverage_and_hours(&insights);
        assert!(read > 0.0 && read <= hours, "{window}: {read}");
        let scan = scan(&local, &format!("SELECT count(*) FROM fleet.metrics WHERE {window}")).await;
        assert_eq!(
            (&scan["Files"], &scan["FilesRead"]),
            (&Json::from(3), &Json::from(1)),
            "{window}: {scan}"
        );
    }
}

#[tokio::test]
async fn a_time_without_files_reads_none() {
    let local = in_files().await;
    let sql = "SELECT count(*) FROM fleet.metrics WHERE time < ago(1d)";
    let scan = scan(&local, sql).await;
    assert_eq!((&scan["Files"], &scan["FilesRead"]), (&Json::from(3), &Json::from(0)), "{scan}");
    assert_eq!(local.rows(sql).await, [["0"]]);
}

#[tokio::test]
async fn a_measure_reads_less_than_all() {
    let local = in_files().await;
    let insights = ask(&local, "SELECT count(*) FROM fleet.metrics WHERE measure_name = 'nothing'").await;
    assert_eq!(coverage_and_hours(&insights), (0.0, 0.0));
    // Rows are in the order of the measure: of two measures one is half of a file, and a part of a page.
    let half = coverage_and_hours(
        &ask(&local, "SELECT count(*) FROM fleet.metrics WHERE measure_name = 'cpu'").await,
    );
    assert!((0.5..0.9).contains(&half.0), "{half:?}");
    let all = coverage_and_hours(&ask(&local, "SELECT avg(measure_value::double) FROM fleet.metrics").await);
    assert!((all.0 - 1.0).abs() < f64::EPSILON);
}

#[tokio::test]
async fn of_what_is_in_memory_other_times_are_not_read() {
    let local = in_memory().await;
    let scan = scan(&local, "SELECT count(*) FROM fleet.metrics WHERE measure_name = 'cpu'").await;
    assert_eq!((&scan["Files"], &scan["RowsInMemory"]), (&Json::from(0), &Json::from(18_000)), "{scan}");
    // Rows are kept by the thousands as they come; those of the last hour came first.
    for (window, rows) in
        [("time > ago(1h)", 8_192), ("time < ago(2h)", 18_000 - 8_192), ("time < ago(1d)", 0)]
    {
        let text = format!("SELECT count(*) FROM fleet.metrics WHERE {window}");
        assert_eq!(self::scan(&local, &text).await["RowsInMemory"], Json::from(rows), "{window}");
    }
    assert_eq!(local.rows("SELECT count(*) FROM fleet.metrics WHERE time >= ago(1h)").await, [["6000"]]);
    let (coverage, hours) =
        coverage_and_hours(&ask(&local, "SELECT 1 FROM fleet.metrics WHERE time > ago(1h)").await);
    assert!((coverage - 1.0).abs() < f64::EPSILON && hours < 1.0, "{coverage} {hours}");
}

#[tokio::test]
async fn every_table_is_counted_and_the_worst_told() {
    let local = in_files().await;
    let insights = ask(
        &local,
        "WITH late AS (SELECT host FROM fleet.metrics WHERE time >= ago(20m)) \
         SELECT count(*) FROM late JOIN fleet.metrics m ON late.host = m.host WHERE m.time < ago(61m)",
    )
    .await;
    assert_eq!(insights.query_table_count(), Some(1));
    let (_, hours) = coverage_and_hours(&insights);
    assert!(hours > 1.5, "the wider of both scans: {hours}");
    let none = ask(&local, "SELECT 1").await;
    assert_eq!(none.query_table_count(), Some(0));
    assert!(none.query_spatial_coverage().is_none() && none.query_temporal_range().is_none());
}

#[tokio::test]
async fn insights_are_for_those_who_ask() {
    let local = in_memory().await;
    let answer = local.query.query().query_string("SELECT 1 FROM fleet.metrics").send().await.unwrap();
    assert!(answer.query_insights_response().is_none());
    let told = |insights: &str| {
        let body = format!(r#"{{"QueryString":"SELECT 1 AS one","QueryInsights":{insights}}}"#);
        let local = &local;
        async move { local.post("Query", &body).await }
    };
    assert!(told(r#"{"Mode":"DISABLED"}"#).await.1["QueryInsightsResponse"].is_null());
    for wrong in [r#"{"Mode":"ENABLED"}"#, "{}"] {
        let (status, json) = told(wrong).await;
        assert_eq!((status, &json["__type"]), (400, &Json::from("ValidationException")), "{json}");
        insta::assert_snapshot!(json["Message"].as_str().unwrap());
    }
    insta::assert_snapshot!(told(r#"{"Mode":"ENABLED_WITH_RATE_CONTROL"}"#).await.1["QueryInsightsResponse"]);
}

/// What this server says of the one scan of a query.
async fn scan(local: &Local, sql: &str) -> Json {
    let insights = r#"{"Mode":"ENABLED_WITH_RATE_CONTROL"}"#;
    let body = format!(r#"{{"QueryString":{},"QueryInsights":{insights}}}"#, Json::from(sql));
    let (status, json) = local.post("Query", &body).await;
    assert_eq!(status, 200, "{json}");
    let scans = json["QueryInsightsResponse"]["LocalScans"].as_array().unwrap();
    assert_eq!(scans.len(), 1, "{json}");
    scans[0].clone()
}
