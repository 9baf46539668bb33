//! A query, page by page to its last row. Not here: its text (`queries`), when it runs (`runner`).

use aws_sdk_timestreamquery::types::{Datum, QueryStatus, Row};

use super::{Target, TargetError};
use crate::clock::Clock;

/// The answer to a query, read to its end; rows are counted, not kept.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The service's id of the query.
    pub query_id: String,
    /// Rows over all pages.
    pub rows: u64,
    /// Bytes that the service charges for.
    pub bytes_metered: u64,
    /// When the first page with a row was there, in nanoseconds since the epoch; none where the answer is empty.
    pub first_row: Option<i64>,
    /// The first row: each column's name and its value as text; none for null and nested values.
    pub first: Vec<(String, Option<String>)>,
}

/// A query that failed, with its id where the service had given one.
#[derive(Debug, Clone)]
pub struct QueryFailure {
    /// The service's id of the query; empty if it never got one.
    pub query_id: String,
    /// What went wrong.
    pub error: TargetError,
}

impl Target {
    /// Runs a query and reads every page.
    ///
    /// Dropping the future after its first page cancels the query at the service.
    ///
    /// # Errors
    /// Whatever the service or the way to it answers.
    pub async fn query(&self, sql: &str, clock: &dyn Clock) -> Result<Answer, QueryFailure> {
        let mut answer = Answer::default();
        let mut abandoned = Abandoned { target: self, query_id: None };
        let mut token: Option<String> = None;
        loop {
            let connection = self.connection().await;
            let page = self.query.query().query_string(sql).set_next_token(token.take()).send().await;
            drop(connection);
            let page = match page {
                Ok(page) => page,
                Err(error) => {
                    return Err(QueryFailure { query_id: answer.query_id, error: error.into() });
                }
            };
            if answer.first_row.is_none() && !page.rows().is_empty() {
                answer.first_row = Some(clock.now());
                answer.first = first_row(&page);
            }
            answer.rows += page.rows().len() as u64;
            let metered = page.query_status().map_or(0, QueryStatus::cumulative_bytes_metered);
            answer.bytes_metered = u64::try_from(metered).unwrap_or(0);
            page.query_id().clone_into(&mut answer.query_id);
            token = page.next_token().map(ToOwned::to_owned);
            if token.is_none() {
                abandoned.query_id = None;
                return Ok(answer);
            }
            abandoned.query_id = Some(answer.query_id.clone());
        }
    }
}

fn first_row(page: &aws_sdk_timestreamquery::operation::query::QueryOutput) -> Vec<(String, Option<String>)> {
    let data = page.rows().first().map_or(&[][..], Row::data);
    let names = page.column_info().iter().map(|column| column.name().unwrap_or_default());
    names.zip(data).map(|(name, datum)| (name.to_owned(), scalar(datum))).collect()
}

fn scalar(datum: &Datum) -> Option<String> {
    datum.scalar_value().map(ToOwned::to_owned)
}

/// Cancels a query whose reader went away in the middle of its pages.
struct Abandoned<'a> {
    target: &'a Target,
    query_id: Option<String>,
}

impl Drop for Abandoned<'_> {
    fn drop(&mut self) {
        let Some(id) = self.query_id.take() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let request = self.target.query.cancel_query().query_id(id);
        // The answer does not matter: the service drops cursors by itself after a while.
        runtime.spawn(async move { request.send().await.map(drop) });
    }
}
