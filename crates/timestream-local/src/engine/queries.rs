//! Queries between their pages: tokens, their limits, cancelling. Not here: running SQL (`sql`).

mod open;
mod query;
mod threads;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::metrics::QueryMetrics;
use crate::sql::{Answer, ColumnInfo, Insights, Row, SqlError};
use open::Open;
use query::Query;
pub(super) use threads::QueryThreads;

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(crate) enum QueryError {
    #[error(transparent)]
    Sql(#[from] SqlError),
    #[error("The NextToken is not valid: {0}.")]
    Token(&'static str),
    #[error("The query was cancelled.")]
    Cancelled,
}

/// A page of a query's answer.
pub(crate) struct Page {
    pub(crate) query_id: String,
    pub(crate) columns: Vec<ColumnInfo>,
    pub(crate) rows: Vec<Row>,
    /// For the next page; none at the end.
    pub(crate) next_token: Option<String>,
    pub(crate) bytes_scanned: u64,
    pub(crate) bytes_metered: u64,
    /// What was scanned for this page and those before it.
    pub(crate) insights: Insights,
}

/// How long things of a query may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueryBounds {
    /// How long a client waits for a page before it is told to ask again.
    pub(crate) page_wait: Duration,
    /// How long a page may be made, by then the query is stopped.
    pub(crate) page_time: Duration,
}

/// The queries that have pages left.
pub(super) struct Queries {
    open: Mutex<Open>,
    workshop: Workshop,
}

/// Where pages are made.
pub(super) struct Workshop {
    threads: Arc<QueryThreads>,
    /// Held while a page is made: more queries at once than this wait, so that they do not take the memory from
    /// each other.
    running: Arc<Semaphore>,
    bounds: QueryBounds,
    metrics: QueryMetrics,
}

impl Workshop {
    /// At most `running` queries at once will make a page.
    pub(super) fn new(
        threads: Arc<QueryThreads>,
        running: usize,
        bounds: QueryBounds,
        metrics: QueryMetrics,
    ) -> Self {
        Self { threads, running: Arc::new(Semaphore::new(running)), bounds, metrics }
    }
}

impl Queries {
    /// No queries yet. Between their pages they may hold `limit` bytes together.
    pub(super) fn new(workshop: Workshop, limit: usize) -> Self {
        Self { open: Mutex::new(Open::new(limit)), workshop }
    }

    /// The first page of a query that was just planned.
    pub(super) async fn start(
        &self,
        text: &str,
        answer: Answer,
        max_rows: Option<usize>,
        now: i64,
    ) -> Result<Arc<Page>, QueryError> {
        let query = Query::new(text, answer, now);
        // Nobody knows of it yet: if its caller goes away, so does the query.
        let page = query.page(0, max_rows, &self.workshop).await?;
        if page.next_token.is_some() {
            self.lock().insert(Arc::new(query), now);
        }
        Ok(page)
    }

    /// The page that `token` stands for.
    pub(super) async fn next(
        &self,
        text: &str,
        token: &str,
        max_rows: Option<usize>,
        now: i64,
    ) -> Result<Arc<Page>, QueryError> {
        const UNKNOWN: QueryError = QueryError::Token(
            "no query has it. It may be older than an hour, or memory was short and other queries were asked for \
             since; run the query again",
        );
        let (id, number) = token.split_once('-').ok_or(UNKNOWN)?;
        let number = number.parse().map_err(|_| UNKNOWN)?;
        let query = self.lock().get(id, now).cloned().ok_or(UNKNOWN)?;
        if query.text != text {
            return Err(QueryError::Token("it belongs to another query string"));
        }
        query.touch(now);
        let page = query.page(number, max_rows, &self.workshop).await;
        self.lock().make_room(id, now);
        page
    }

    /// Stops the query of this id; true also where it was stopped before.
    pub(super) fn cancel(&self, id: &str, now: i64) -> bool {
        let query = self.lock().get(id, now).cloned();
        query.as_ref().inspect(|query| query.cancel()).is_some()
    }

    /// Drops the queries whose tokens have run out.
    pub(super) fn drop_idle(&self, now: i64) {
        self.lock().drop_idle(now);
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bytes that the service would charge for: 10 MB at the least, and nothing for metadata.
fn metered(text: &str, scanned: u64) -> u64 {
    const LEAST: u64 = 10_000_000;
    let metadata = ["SHOW", "DESCRIBE"].iter().any(|word| first_word(text).eq_ignore_ascii_case(word));
    if metadata { 0 } else { scanned.max(LEAST) }
}

/// The first word of a statement, after white space and line comments.
fn first_word(text: &str) -> &str {
    let mut rest = text.trim_start();
    while let Some(comment) = rest.strip_prefix("--") {
        rest = comment.split_once('\n').map_or("", |(_, after)| after).trim_start();
    }
    rest.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_free() {
        assert_eq!(metered("SELECT 1", 5), 10_000_000);
        assert_eq!(metered("SELECT 1", 50_000_000), 50_000_000);
        assert_eq!(metered(" show tables", 0), 0);
        assert_eq!(metered("-- all of it\n -- really\n\tDESCRIBE a.b", 0), 0);
        assert_eq!(metered("SHOWER", 0), 10_000_000);
    }
}
