//! Query, its paging, and CancelQuery, through the SDK. Not here: what SQL means (the engine's own tests).

use std::sync::Arc;

use aws_sdk_timestreamquery::operation::query::QueryError;
use aws_sdk_timestreamquery::types::ScalarType;
use aws_sdk_timestreamwrite::types::MeasureValueType;
use insta::assert_snapshot;
use serde_json::{Value as Json, json};

use crate::support::{Local, NOW, dimension, record};

const SQL: &str = "SELECT host, measure_value::double FROM fleet.metrics ORDER BY host";
const HOUR: i64 = 3_600 * 1_000_000_000;

/// A server with `count` records, one a host.
async fn with_records(count: usize) -> Local {
    let local = Local::start().await;
    fill(&local, count).await;
    local
}

async fn fill(local: &Local, count: usize) {
    local.create_table().await;
    let hosts: Vec<_> = (0..count).map(|number| format!("host-{number:04}")).collect();
    for batch in hosts.chunks(100) {
        let records = batch.iter().map(|host| record(host, "0.5", NOW)).collect();
        local.write_records().set_records(Some(records)).send().await.unwrap();
    }
}

/// 1.4 MB in 700 records.
async fn fill_with_texts(local: &Local) {
    local.create_table().await;
    let text = "x".repeat(2_000);
    for batch in 0..7 {
        let records = (0..100).map(|number| {
            let mut record = record(&format!("host-{batch}-{number}"), &text, NOW);
            record.measure_value_type = Some(MeasureValueType::Varchar);
            record
        });
        local.write_records().set_records(Some(records.collect())).send().await.unwrap();
    }
}

#[tokio::test]
async fn an_answer_has_types_and_status() {
    let local = with_records(2).await;
    let sql = "SELECT host, count(*) AS n, max(measure_value::double), max(time) FROM fleet.metrics \
               GROUP BY host ORDER BY host";
    let answer = local.query.query().query_string(sql).send().await.unwrap();
    let columns: Vec<_> = answer
        .column_info()
        .iter()
        .map(|column| (column.name().unwrap(), column.r#type().unwrap().scalar_type().unwrap().clone()))
        .collect();
    let expected = [
        ("host", ScalarType::Varchar),
        ("n", ScalarType::Bigint),
        ("_col2", ScalarType::Double),
        ("_col3", ScalarType::Timestamp),
    ];
    assert_eq!(columns, expected);
    let status = answer.query_status().unwrap();
    assert!((status.progress_percentage() - 100.0).abs() < f64::EPSILON);
    assert_eq!(status.cumulative_bytes_metered(), 10_000_000);
    assert_eq!(answer.next_token(), None);
    assert!(answer.query_id().bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let row = ["host-0000", "1", "0.5", "2026-01-01 00:00:00.000000000"];
    assert_eq!(local.rows(sql).await[0], row);
}

#[tokio::test]
async fn metadata_is_not_charged_for() {
    let local = with_records(1).await;
    for sql in
        ["SHOW DATABASES", "DESCRIBE fleet.metrics", "/* c */ SHOW DATABASES", "-- c\nDESC fleet.metrics"]
    {
        let answer = local.query.query().query_string(sql).send().await.unwrap();
        assert_eq!(answer.query_status().unwrap().cumulative_bytes_metered(), 0, "{sql}");
        assert!(!answer.rows().is_empty(), "{sql}");
    }
}

#[tokio::test]
async fn pages_join_to_the_whole() {
    let local = with_records(250).await;
    let whole = local.rows(SQL).await;
    assert_eq!(whole.len(), 250);

    let mut sizes = Vec::new();
    let mut hosts = Vec::new();
    let mut token = None;
    loop {
        let page = local.query.query().query_string(SQL).max_rows(100).set_next_token(token);
        let page = page.send().await.unwrap();
        sizes.push(page.rows().len());
        hosts.extend(page.rows().iter().map(|row| row.data()[0].scalar_value().unwrap().to_owned()));
        token = page.next_token().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    assert_eq!(sizes.iter().sum::<usize>(), 250);
    assert!(sizes.iter().all(|size| *size <= 100), "{sizes:?}");
    assert!(hosts.iter().eq(whole.iter().map(|row| &row[0])));
}

#[tokio::test]
async fn a_token_gives_its_page_five_times() {
    let local = with_records(30).await;
    let first = local.query.query().query_string(SQL).max_rows(10).send().await.unwrap();
    let token = first.next_token().unwrap();
    let next = || local.query.query().query_string(SQL).max_rows(10).next_token(token).send();
    let page = next().await.unwrap();
    for _ in 1..5 {
        let again = next().await.unwrap();
        assert_eq!((again.rows(), again.next_token()), (page.rows(), page.next_token()));
    }
    let sixth = next().await.unwrap_err().into_service_error();
    assert!(sixth.is_validation_exception(), "{sixth:?}");
}

#[tokio::test]
async fn a_token_serves_its_query_for_an_hour() {
    let local = with_records(30).await;
    let first = local.query.query().query_string(SQL).max_rows(10).send().await.unwrap();
    let token = first.next_token().unwrap();

    let other = local.query.query().query_string("SELECT 1").next_token(token).send().await;
    let other = other.unwrap_err().into_service_error();
    assert_eq!(
        other.meta().message(),
        Some("The NextToken is not valid: it belongs to another query string.")
    );

    local.clock.advance(HOUR);
    let second = local.query.query().query_string(SQL).max_rows(10).next_token(token).send().await.unwrap();
    let used = local.query.query().query_string(SQL).next_token(second.next_token().unwrap());
    local.clock.advance(HOUR + 1);
    let late = used.send().await.unwrap_err().into_service_error();
    assert!(late.is_validation_exception(), "{late:?}");

    let made_up = local.query.query().query_string(SQL).next_token("ABC-1").send().await;
    assert!(made_up.unwrap_err().into_service_error().is_validation_exception());
}

#[tokio::test]
async fn a_newer_token_ends_an_older_one() {
    let local = with_records(40).await;
    let page = |token: Option<&str>| {
        local.query.query().query_string(SQL).max_rows(10).set_next_token(token.map(Into::into)).send()
    };
    let first = page(None).await.unwrap();
    let second = page(first.next_token()).await.unwrap();
    page(second.next_token()).await.unwrap();
    let old = page(first.next_token()).await.unwrap_err().into_service_error();
    assert!(old.is_validation_exception(), "{old:?}");
}

/// A server with little memory: 8 MiB for all queries.
async fn small() -> Local {
    let dir = tempfile::tempdir().unwrap();
    Local::start_with(dir, |config| config.memory = 144 << 20).await
}

#[tokio::test]
async fn answers_that_nobody_reads_on_give_way_to_others() {
    let local = small().await;
    fill(&local, 1_000).await;
    let page = |token: Option<&str>| {
        local.query.query().query_string(SQL).max_rows(10).set_next_token(token.map(Into::into)).send()
    };
    let first = page(None).await.unwrap();
    let mut last = None;
    // Each holds its own copy of the newest rows.
    for _ in 0..150 {
        local.clock.advance(1);
        last = page(None).await.unwrap().next_token;
    }
    assert_eq!(page(last.as_deref()).await.unwrap().rows().len(), 10, "the last one goes on");
    let gone = page(first.next_token()).await.unwrap_err().into_service_error();
    assert_snapshot!(gone.meta().message().unwrap(), @"The NextToken is not valid: no query has it. It may be older than an hour, or memory was short and other queries were asked for since; run the query again.");
}

#[tokio::test]
async fn pages_that_can_be_asked_for_again_take_memory_too() {
    let local = small().await;
    fill_with_texts(&local).await;
    let sql = "SELECT host, measure_value::varchar FROM fleet.metrics";
    let page = |token: Option<String>| local.query.query().query_string(sql).set_next_token(token).send();
    let first = page(None).await.unwrap();
    local.clock.advance(1);
    let second = page(None).await.unwrap();
    assert!(page(first.next_token).await.is_err(), "a megabyte of it was kept");
    assert!(page(second.next_token).await.is_ok());
}

#[tokio::test]
async fn answers_that_nobody_reads_on_leave_others_their_memory() {
    let local = small().await;
    let sql = "WITH d AS (SELECT * FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS t(x)) \
               SELECT a.x, rank() OVER (ORDER BY b.x, a.x), rank() OVER (ORDER BY c.x, b.x) \
               FROM d AS a CROSS JOIN d AS b CROSS JOIN d AS c ORDER BY 3, 2, 1";
    for _ in 0..200 {
        let page = local.query.query().query_string(sql).max_rows(1).send().await.unwrap();
        assert!(page.next_token().is_some());
    }
}

#[tokio::test]
async fn a_cancelled_query_has_no_more_pages() {
    let local = with_records(30).await;
    let first = local.query.query().query_string(SQL).max_rows(10).send().await.unwrap();
    for _ in 0..2 {
        let cancelled = local.query.cancel_query().query_id(first.query_id()).send().await.unwrap();
        assert!(cancelled.cancellation_message().unwrap().contains(first.query_id()));
    }
    let next = local.query.query().query_string(SQL).set_next_token(first.next_token().map(Into::into));
    let next = next.send().await.unwrap_err().into_service_error();
    assert!(matches!(next, QueryError::QueryExecutionException(_)), "{next:?}");

    let unknown = local.query.cancel_query().query_id("NONE").send().await.unwrap_err();
    assert!(unknown.into_service_error().is_validation_exception());
}

#[tokio::test]
async fn a_query_is_prepared_without_running() {
    let local = with_records(1).await;
    let prepared = local.query.prepare_query().query_string(SQL).validate_only(true).send().await.unwrap();
    let names: Vec<_> = prepared.columns().iter().map(|column| column.name().unwrap()).collect();
    assert_eq!(names, ["host", "measure_value::double"]);
    let wrong = local.query.prepare_query().query_string("SELECT x FROM fleet.metrics").validate_only(true);
    assert!(wrong.send().await.unwrap_err().into_service_error().is_validation_exception());
}

/// The pages of a query, each as the JSON that came.
async fn pages(local: &Local, sql: &str) -> Vec<Json> {
    let mut pages: Vec<Json> = Vec::new();
    loop {
        let token = pages.last().map_or(Json::Null, |page| page["NextToken"].clone());
        let insights = json!({ "Mode": "ENABLED_WITH_RATE_CONTROL" });
        let body = json!({ "QueryString": sql, "NextToken": token, "QueryInsights": insights });
        let (status, page) = local.post("Query", &body.to_string()).await;
        assert_eq!(status, 200, "{page}");
        let more = page["NextToken"].is_string();
        pages.push(page);
        if !more {
            return pages;
        }
    }
}

#[tokio::test]
async fn a_page_ends_at_a_megabyte() {
    let local = Local::start().await;
    fill_with_texts(&local).await;
    let wide: Vec<_> = (0..1_000).map(|number| format!("host AS \"{number:0>200}\"")).collect();
    for (sql, rows) in [
        ("SELECT host, measure_value::varchar FROM fleet.metrics", 700),
        // Each character takes six bytes, or two.
        ("SELECT host, lpad('', 500, chr(1)) FROM fleet.metrics", 700),
        ("SELECT host, lpad('', 1500, '\"') FROM fleet.metrics", 700),
        // The columns take a quarter.
        (&*format!("SELECT {} FROM fleet.metrics LIMIT 50", wide.join(", ")), 50),
    ] {
        let pages = pages(&local, sql).await;
        let sizes: Vec<_> = pages.iter().map(|page| page.to_string().len()).collect();
        let (_, full) = sizes.split_last().unwrap();
        assert!(
            !full.is_empty() && full.iter().all(|bytes| (900_000..=1_000_000).contains(bytes)),
            "{sizes:?}"
        );
        assert!(sizes.iter().all(|bytes| *bytes <= 1_000_000), "{sizes:?}");
        assert_eq!(pages.iter().map(|page| page["Rows"].as_array().unwrap().len()).sum::<usize>(), rows);
    }
}

#[tokio::test]
async fn a_page_of_metadata_ends_at_a_megabyte_too() {
    let local = Local::start().await;
    local.create_table().await;
    for batch in 0..5 {
        let records = (0..100).map(|number| {
            let mut record = record("host", "1", NOW);
            record.measure_name = Some(format!("measure-{batch}-{number}"));
            let dimensions = (0..30).map(|number| dimension(&format!("dimension-{number}"), "x"));
            record.dimensions = Some(dimensions.collect());
            record
        });
        local.write_records().set_records(Some(records.collect())).send().await.unwrap();
    }
    let pages = pages(&local, "SHOW MEASURES FROM fleet.metrics").await;
    let sizes: Vec<_> = pages.iter().map(|page| page.to_string().len()).collect();
    assert!(sizes.len() == 2 && (900_000..=1_000_000).contains(&sizes[0]), "{sizes:?}");
    assert_eq!(pages.iter().map(|page| page["Rows"].as_array().unwrap().len()).sum::<usize>(), 500);
    let bytes = pages[1]["QueryInsightsResponse"]["OutputBytes"].as_u64().unwrap();
    assert!(bytes > 1_000_000, "{bytes}");
}

#[tokio::test]
async fn a_row_that_no_page_has_room_for_fails_its_query() {
    let local = Local::start().await;
    assert_eq!(local.rows("SELECT lpad('', 990000, 'x')").await.len(), 1);
    let digits =
        "WITH d AS (SELECT * FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS t(x))";
    let mut told = Vec::new();
    for long in [
        "SELECT lpad('', 1000000, 'x')".to_owned(),
        "SELECT lpad('', 200000, chr(1))".to_owned(),
        format!("{digits} SELECT array_agg(a.x) FROM d AS a, d AS b, d AS c, d AS e, d AS f"),
    ] {
        let error = local.query.query().query_string(long).send().await.unwrap_err().into_service_error();
        assert!(matches!(error, QueryError::QueryExecutionException(_)), "{error:?}");
        told.push(error.meta().message().unwrap().to_owned());
    }
    told.dedup();
    assert_snapshot!(told.join("\n"), @"Query aborted as max page response size has been exceeded by the output result row");
}

/// A request with a client token.
fn once(token: &str, others: &Json) -> String {
    let mut body = json!({ "QueryString": SQL, "ClientToken": token, "MaxRows": 10 });
    body.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
    body.to_string()
}

#[tokio::test]
async fn a_request_that_comes_again_is_answered_the_same() {
    let local = with_records(30).await;
    let (token, other) = ("a".repeat(32), "b".repeat(32));
    let ask = async |token: &str, others: Json| local.post("Query", &once(token, &others)).await;
    let same = json!({});
    let (_, first) = ask(&token, same.clone()).await;
    local.write_records().records(record("another", "0.5", NOW)).send().await.unwrap();
    assert_eq!(ask(&token, same.clone()).await, (200, first.clone()));
    let (_, fresh) = ask(&other, same.clone()).await;
    assert_ne!(fresh["QueryId"], first["QueryId"]);
    // With a NextToken, the other means nothing.
    let (status, second) = ask(&other, json!({ "NextToken": first["NextToken"] })).await;
    assert_eq!((status, &second["QueryId"]), (200, &first["QueryId"]));

    let both = once(&"c".repeat(32), &same);
    let (one, two) = tokio::join!(local.post("Query", &both), local.post("Query", &both));
    assert_eq!(one, two, "two at the same time");

    let mut told = Vec::new();
    for change in [json!({ "QueryString": "SELECT 1" }), json!({ "MaxRows": 11 })] {
        let (status, answer) = ask(&token, change).await;
        assert_eq!((status, &answer["__type"]), (400, &json!("ValidationException")));
        told.push(answer["Message"].as_str().unwrap().to_owned());
    }
    told.dedup();
    assert_snapshot!(told.join("\n"), @"The ClientToken is not valid: it was sent with another request within the last 4 hours; send a new one.");
    local.clock.advance(HOUR / 12 + 1);
    let (status, answer) = ask(&token, same.clone()).await;
    assert_eq!(status, 400, "{answer}");
    assert_snapshot!(answer["Message"].as_str().unwrap(), @"The ClientToken is not valid: its request was sent first more than 5 minutes ago; send a new one.");
    local.clock.advance(4 * HOUR);
    let (status, answer) = ask(&token, json!({ "QueryString": "SELECT 1" })).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn a_request_that_failed_is_tried_again() {
    let local = Local::start().await;
    let body = once(&"a".repeat(32), &json!({}));
    assert_eq!(local.post("Query", &body).await.0, 400);
    fill(&local, 30).await;
    assert_eq!(local.post("Query", &body).await.0, 200);
}

#[tokio::test]
async fn queries_and_writes_go_on_side_by_side() {
    let local = Arc::new(with_records(100).await);
    let writers = (0..4).map(|writer| {
        let local = Arc::clone(&local);
        tokio::spawn(async move {
            for batch in 0..10 {
                let hosts = (0..100).map(|number| format!("w{writer}-{batch}-{number}"));
                let records = hosts.map(|host| record(&host, "1", NOW)).collect();
                local.write_records().set_records(Some(records)).send().await.unwrap();
                // What was acknowledged is seen at once.
                let sql = format!("SELECT count(*) FROM fleet.metrics WHERE host LIKE 'w{writer}-{batch}-%'");
                assert_eq!(local.rows(&sql).await, [["100"]]);
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    assert_eq!(local.rows("SELECT count(*) FROM fleet.metrics").await, [["4100"]]);
}
