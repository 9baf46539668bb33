//! Queries that take longer than their clients should wait.

use std::time::Duration;

use aws_sdk_timestreamquery::operation::query::{QueryError, QueryOutput};
use tempfile::TempDir;

use crate::support::Local;

/// Ten to the power of fourteen rows: more than anybody waits for.
const LONG: &str = "WITH t(x) AS (VALUES (1),(2),(3),(4),(5),(6),(7),(8),(9),(10)) \
     SELECT sum(a.x * b.x + c.x) FROM t a, t b, t c, t d, t e, t f, t g, t h, t i, t j, t k, t l, t m, t n";
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
