//! Queries between their pages: tokens, their limits, cancelling. Not here: running SQL (`sql`).
//!
//! ```text
//! query            one query, page after page
//!   -> attention   who asks for them
//!   -> making      how one is made: on the `threads`, by `turns`
//! open             the queries that have pages left, and what they may hold
//! client_tokens    first pages that may be asked for again
//! ```

mod attention;
mod client_tokens;
mod making;
mod open;
mod query;
mod threads;
mod turns;

use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::metrics::QueryMetrics;
use crate::sql::{Answer, ColumnInfo, Insights, Row, SqlError};
use client_tokens::ClientTokens;
use open::Open;
use query::Query;
pub(super) use threads::QueryThreads;
use turns::Turns;

/// How long nobody may ask for a page that is being made: some of the times that a client waits for it, and no less than
/// this. Clients ask again at once.
const LEAST_PATIENCE: Duration = Duration::from_secs(60);
const WAITS: u32 = 6;
/// A page takes long that takes longer, or for which its client was told to wait.
const LONG: Duration = Duration::from_secs(1);

/// Why there is no page.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum QueryError {
    #[error(transparent)]
    Sql(#[from] SqlError),
    #[error("The NextToken is not valid: {0}.")]
    Token(&'static str),
    #[error(
        "The NextToken is not valid: nobody asked for its page for {0} s while it was being made, so the query was \
         ended; run the query again, and ask for each page until there is no NextToken."
    )]
    Abandoned(u64),
    #[error("The ClientToken is not valid: {0}; send a new one.")]
    ClientToken(&'static str),
    #[error("The query was cancelled.")]
    Cancelled,
}

/// A page of a query's answer.
pub(crate) struct Page {
    pub(crate) query_id: String,
    pub(crate) columns: Vec<ColumnInfo>,
    pub(crate) rows: Vec<Row>,
    /// Bytes of the rows as JSON.
    pub(crate) bytes: usize,
    /// For the next page; none at the end.
    pub(crate) next_token: Option<String>,
    pub(crate) bytes_scanned: u64,
    pub(crate) bytes_metered: u64,
    /// What was scanned for this page and those before it.
    pub(crate) insights: Insights,
}

impl Page {
    /// About the bytes of memory that it takes; values take so many times more than their JSON.
    fn memory(&self) -> usize {
        const FACTOR: usize = 3;
        const EMPTY: usize = 1_000;
        EMPTY + FACTOR * self.bytes
    }
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
    client_tokens: ClientTokens,
    workshop: Workshop,
    clock: Arc<dyn Clock>,
}

/// Where pages are made.
pub(super) struct Workshop {
    threads: QueryThreads,
    turns: Arc<Turns>,
    bounds: QueryBounds,
    /// How long nobody may ask for a page that is being made.
    patience: Duration,
    metrics: QueryMetrics,
}

impl Workshop {
    /// At most `turns` pages begin at once; those that take long go on in some of the `memory`.
    pub(super) fn new(
        threads: QueryThreads,
        turns: usize,
        memory: usize,
        bounds: QueryBounds,
        metrics: QueryMetrics,
    ) -> Self {
        let turns = Turns::new(turns, memory, LONG.min(bounds.page_wait), metrics.clone());
        let patience = LEAST_PATIENCE.max(bounds.page_wait.saturating_mul(WAITS));
        Self { threads, turns: Arc::new(turns), bounds, patience, metrics }
    }

    /// The patience in nanoseconds.
    fn patience(&self) -> i64 {
        i64::try_from(self.patience.as_nanos()).unwrap_or(i64::MAX)
    }
}

impl Queries {
    /// No queries yet. Between their pages they may hold `limit` bytes together, and first pages an eighth of that.
    pub(super) fn new(workshop: Workshop, limit: usize, clock: Arc<dyn Clock>) -> Self {
        let client_tokens = ClientTokens::new(limit / 8);
        Self { open: Mutex::new(Open::new(limit)), client_tokens, workshop, clock }
    }

    /// Does the work of planning where pages are made, and for as long as they may take. It goes on beyond only where
    /// it computes without a pause.
    pub(super) async fn plan(
        &self,
        work: impl Future<Output = Result<Answer, SqlError>> + Send + 'static,
    ) -> Result<Answer, SqlError> {
        let time = self.workshop.bounds.page_time;
        let planned = tokio::time::timeout(time, self.workshop.threads.spawn(work)).await;
        let planned = planned.map_err(|_| too_long(time))?;
        planned.unwrap_or_else(|error| Err(SqlError::Internal(error.to_string())))
    }

    /// The first page of a query that was just planned.
    pub(super) async fn start(
        &self,
        text: &str,
        answer: Answer,
        max_rows: Option<usize>,
    ) -> Result<Arc<Page>, QueryError> {
        let query = Query::new(text, answer, Arc::clone(&self.clock));
        // Nobody knows of it yet: if its caller goes away, so does the query.
        let page = query.page(0, max_rows, &self.workshop).await?;
        if page.next_token.is_some() {
            self.lock().insert(Arc::new(query), self.clock.now());
        }
        Ok(page)
    }

    /// The first page of a request that carries a client token, with what else is in it: what `run` gives, once.
    pub(super) async fn once(
        &self,
        client_token: &str,
        parameters: impl Hash,
        run: impl Future<Output = Result<Arc<Page>, QueryError>>,
    ) -> Result<Arc<Page>, QueryError> {
        let now = self.clock.now();
        // A page without its query has a token that is good for nothing.
        let still = |page: &Page| page.next_token.is_none() || self.lock().get(&page.query_id, now).is_some();
        self.client_tokens.once(client_token, parameters, now, still, run).await
    }

    /// The page that `token` stands for.
    pub(super) async fn next(
        &self,
        text: &str,
        token: &str,
        max_rows: Option<usize>,
    ) -> Result<Arc<Page>, QueryError> {
        const UNKNOWN: QueryError = QueryError::Token(
            "no query has it. It may be older than an hour, or memory was short and other queries were asked for \
             since; run the query again",
        );
        let (id, number) = token.split_once('-').ok_or(UNKNOWN)?;
        let number = number.parse().map_err(|_| UNKNOWN)?;
        let query = self.lock().get(id, self.clock.now()).cloned().ok_or(UNKNOWN)?;
        if query.text != text {
            return Err(QueryError::Token("it belongs to another query string"));
        }
        let page = query.page(number, max_rows, &self.workshop).await;
        self.lock().make_room(id, self.clock.now());
        page
    }

    /// Stops the query of this id; true also where it was stopped before.
    pub(super) fn cancel(&self, id: &str) -> bool {
        let query = self.lock().get(id, self.clock.now()).cloned();
        query.as_ref().inspect(|query| query.cancel()).is_some()
    }

    /// Drops the queries whose tokens have run out.
    pub(super) fn drop_idle(&self) {
        self.lock().drop_idle(self.clock.now());
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a query has ended that took longer than this.
fn too_long(time: Duration) -> SqlError {
    SqlError::Execution(format!("The query was stopped: it took longer than {} s.", time.as_secs_f64()))
}

/// The bytes that the service would charge for: 10 MB at the least, and nothing for metadata.
fn metered(metadata: bool, scanned: u64) -> u64 {
    const LEAST: u64 = 10_000_000;
    if metadata { 0 } else { scanned.max(LEAST) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::metrics::Metrics;

    #[tokio::test]
    async fn planning_takes_no_longer_than_a_page_and_ends_with_its_caller() {
        let bounds = QueryBounds { page_wait: Duration::ZERO, page_time: Duration::from_millis(1) };
        let threads = QueryThreads::start(1).expect("a thread");
        let workshop = Workshop::new(threads, 1, 0, bounds, Metrics::new().queries);
        let queries = Queries::new(workshop, 0, Arc::new(ManualClock::at(0)));
        let (alive, ended) = tokio::sync::oneshot::channel::<()>();
        let planned = queries.plan(async move {
            let _alive = alive;
            std::future::pending().await
        });
        let error = planned.await.err().expect("it takes too long");
        assert_eq!(error.to_string(), "The query was stopped: it took longer than 0.001 s.");
        assert!(ended.await.is_err(), "the work was dropped");
    }
}
