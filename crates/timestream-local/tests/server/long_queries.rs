//! Queries that take longer than their clients should wait.

use std::time::Duration;

use aws_sdk_timestreamquery::operation::query::{QueryError, QueryOutput};
use insta::assert_snapshot;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::scheduled::{create, named, request};
use crate::support::{Local, NOW};

/// Ten to the power of fourteen rows: more than anybody waits for.
const LONG: &str = "WITH t(x) AS (VALUES (1),(2),(3),(4),(5),(6),(7),(8),(9),(10)) \
     SELECT sum(a.x * b.x + c.x) FROM t a, t b, t c, t d, t e, t f, t g, t h, t i, t j, t k, t l, t m, t n";
const SECOND: i64 = 1_000_000_000;
const SHORT: &str = "WITH t(x) AS (VALUES (1),(2),(3),(4),(5),(6),(7),(8),(9),(10)) \
     SELECT count(*) FROM t a, t b, t c, t d, t e";

/// A server that answers every query at once, with or without rows.
async fn impatient() -> Local {
    let dir = TempDir::new().unwrap();
    Local::start_with(dir, |config| config.page_wait = Duration::ZERO).await
}

async fn page(local: &Local, sql: &str, token: Option<&str>) -> Result<QueryOutput, QueryError> {
    let query = local.query.query().query_string(sql).set_next_token(token.map(Into::into));
    query.send().await.map_err(aws_sdk_timestreamquery::error::SdkError::into_service_error)
}

#[tokio::test]
async fn a_query_that_takes_long_answers_pages_without_rows() {
    let local = impatient().await;
    let first = page(&local, SHORT, None).await.unwrap();
    assert!(first.rows().is_empty(), "{first:?}");
    assert_eq!(first.column_info().len(), 1);
    // Its pages are asked for until the rows are there, once.
    assert_eq!(local.rows(SHORT).await, [["100000"]]);
}

#[tokio::test]
async fn a_token_of_a_page_without_rows_gives_it_again() {
    let local = impatient().await;
    let first = page(&local, LONG, None).await.unwrap();
    let again = |token: &QueryOutput| token.next_token().map(str::to_owned);
    let second = page(&local, LONG, again(&first).as_deref()).await.unwrap();
    let repeated = page(&local, LONG, again(&first).as_deref()).await.unwrap();
    assert_eq!(second.next_token(), repeated.next_token());
    assert_eq!(first.query_id(), second.query_id());
    assert!(second.rows().is_empty());
}

#[tokio::test]
async fn a_running_query_is_cancelled() {
    let local = impatient().await;
    let first = page(&local, LONG, None).await.unwrap();
    local.query.cancel_query().query_id(first.query_id()).send().await.unwrap();
    let next = page(&local, LONG, first.next_token()).await.unwrap_err();
    assert!(matches!(&next, QueryError::QueryExecutionException(_)), "{next:?}");
    assert!(next.to_string().contains("The query was cancelled."), "{next}");
}

#[tokio::test]
async fn whoever_waits_for_a_page_is_told_that_its_query_was_cancelled() {
    let dir = TempDir::new().unwrap();
    // The first page is there at once, and the second never comes.
    let sql = format!("SELECT 1 UNION ALL ({LONG})");
    let local = Local::start_with(dir, |config| config.page_wait = Duration::from_secs(3_600)).await;
    let first = local.query.query().query_string(&sql).max_rows(1).send().await.unwrap();
    let waits = page(&local, &sql, first.next_token());
    let cancels = async {
        // Cancelling waits for nobody, whether the page is asked for already or not.
        local.query.cancel_query().query_id(first.query_id()).send().await.unwrap();
    };
    let (waited, ()) = tokio::join!(waits, cancels);
    assert!(matches!(waited, Err(QueryError::QueryExecutionException(_))), "{waited:?}");
}

/// Pages that begin at once.
fn turns() -> usize {
    2 * std::thread::available_parallelism().unwrap().get()
}

/// A server whose clients wait for a twentieth of a second; with little memory, a single long query goes on beside the
/// others.
async fn hasty(memory: usize) -> Local {
    let set = |config: &mut timestream_local::server::Config| {
        (config.page_wait, config.memory) = (Duration::from_millis(50), memory);
    };
    Local::start_with(TempDir::new().unwrap(), set).await
}

/// What must not take long.
async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), what).await.expect("it does not take for ever")
}

impl Local {
    /// Waits until so many queries are at work.
    async fn until_running(&self, count: f64) {
        let running = async {
            while self.metrics().await.1["timestream_local_queries_running"] != count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        soon(running).await;
    }
}

#[tokio::test]
async fn a_short_query_passes_long_ones() {
    let local = hasty(2 << 30).await;
    for _ in 0..turns() {
        assert!(page(&local, LONG, None).await.unwrap().next_token().is_some());
    }
    assert_eq!(soon(local.rows("SELECT 1")).await, [["1"]]);
}

#[tokio::test]
async fn long_queries_that_nobody_asks_for_make_room_and_metadata_needs_none() {
    let local = hasty(144 << 20).await;
    local.create_table().await;
    let mut left = Vec::new();
    for _ in 0..=turns() {
        left.push(page(&local, LONG, None).await.unwrap());
    }
    local.until_running(turns() as f64 + 1.0).await;
    for sql in [
        "SHOW DATABASES",
        "SHOW TABLES FROM fleet",
        "DESCRIBE fleet.metrics",
        "SHOW MEASURES FROM fleet.metrics",
    ] {
        let answer = soon(page(&local, sql, None)).await.unwrap();
        assert!(answer.next_token().is_none(), "{sql}");
    }
    let waiting = page(&local, "SELECT 1", None).await.unwrap();
    assert!(waiting.rows().is_empty() && waiting.next_token().is_some());

    // One of them is asked for after half a minute, the others are not.
    local.clock.advance(30 * SECOND);
    let asked = left.pop().unwrap();
    let going_on = page(&local, LONG, asked.next_token()).await.unwrap();
    local.clock.advance(30 * SECOND);
    local.until_running(1.0).await;
    assert_eq!(soon(local.rows("SELECT 1")).await, [["1"]]);
    assert!(page(&local, LONG, going_on.next_token()).await.unwrap().next_token().is_some());
    let ended = async || {
        let ended = page(&local, LONG, left[0].next_token()).await.unwrap_err();
        assert!(matches!(&ended, QueryError::ValidationException(_)), "{ended:?}");
        ended.meta().message().unwrap().to_owned()
    };
    let told = ended().await;
    assert_eq!(told, ended().await);
    assert_snapshot!(told, @"The NextToken is not valid: nobody asked for its page for 60 s while it was being made, so the query was ended; run the query again, and ask for each page until there is no NextToken.");
}

/// A scheduled query that takes long.
async fn long_scheduled(local: &Local, name: &str) -> String {
    let mut long = request();
    long["Name"] = json!(name);
    long["QueryString"] = json!(LONG);
    long.as_object_mut().unwrap().remove("TargetConfiguration");
    create(local, &long).await
}

async fn execute(local: &Local, arn: &str) {
    let body = json!({ "ScheduledQueryArn": arn, "InvocationTime": NOW });
    assert_eq!(local.posted("ExecuteScheduledQuery", &body.to_string()).await, "200 {}");
}

#[tokio::test]
async fn scheduled_runs_leave_turns_to_others() {
    let local = hasty(144 << 20).await;
    let mut runs = Vec::new();
    for number in 0..=turns() {
        let arn = long_scheduled(&local, &format!("long-{number}")).await;
        execute(&local, &arn).await;
        runs.push(arn);
    }
    local.until_running((turns() / 2).min(4) as f64).await;
    assert_eq!(soon(local.rows("SELECT 1")).await, [["1"]]);

    // Nothing of a run is left once its query is deleted.
    for arn in runs {
        let (status, answer) = local.post("DeleteScheduledQuery", &named(&arn).to_string()).await;
        assert_eq!((status, answer), (200, json!({})));
    }
    local.until_running(0.0).await;
}

#[tokio::test]
async fn insights_of_a_page_without_rows_tell_what_was_given_before() {
    let local = hasty(2 << 30).await;
    let sql = format!("SELECT 1 UNION ALL ({LONG})");
    let page = async |token: &Json| {
        let body = json!({
            "QueryString": sql, "MaxRows": 1, "NextToken": token, "QueryInsights": { "Mode": "ENABLED_WITH_RATE_CONTROL" },
        });
        local.post("Query", &body.to_string()).await.1
    };
    let mut given = page(&Json::Null).await;
    while given["Rows"] == json!([]) {
        given = page(&given["NextToken"]).await;
    }
    let waiting = page(&given["NextToken"]).await;
    let output = |page: &Json| {
        let insights = &page["QueryInsightsResponse"];
        (insights["OutputRows"].clone(), insights["OutputBytes"].clone())
    };
    assert_eq!((output(&given).0, &waiting["Rows"]), (json!(1), &json!([])));
    assert_eq!(output(&waiting), output(&given));
}
