//! Queries between their pages: tokens, their limits, cancelling. Not here: running SQL (`sql`).

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, Semaphore, watch};
use uuid::Uuid;

use crate::sql::{Answer, ColumnInfo, Insights, Row, SqlError};

/// Bytes of JSON a page's rows may take, about; the service's limit is 1 MB.
const PAGE_BYTES: usize = 1_000_000;
/// Rows of a page where the caller names no bound; the bytes end a page long before.
const PAGE_ROWS: usize = 100_000;
/// A token gives its page this often, and for this long after the page before it.
const TOKEN_CALLS: u32 = 5;
const TOKEN_LIFE_NANOS: i64 = 3_600 * 1_000_000_000;
/// Queries with pages left that are kept; beyond, the one unused for longest is dropped.
const MAX_OPEN: usize = 1_000;

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

/// The queries that have pages left, and a bound on how many run at once.
pub(super) struct Queries {
    open: Mutex<HashMap<String, Arc<Query>>>,
    /// Held while a page is made: more queries at once than this wait, so that they do not take the
    /// memory from each other.
    running: Semaphore,
}

struct Query {
    id: String,
    text: String,
    cancelled: watch::Sender<bool>,
    last_used: AtomicI64,
    pages: AsyncMutex<Pages>,
}

struct Pages {
    /// None at the end, and after a page that was abandoned half made.
    answer: Option<Answer>,
    /// The number of the page that comes next; the first is 0.
    next: u32,
    /// The page before that, and how often it was given.
    last: Option<(Arc<Page>, u32)>,
}

impl Queries {
    /// No queries yet; at most `running` at once will make a page.
    pub(super) fn new(running: usize) -> Self {
        Self { open: Mutex::default(), running: Semaphore::new(running) }
    }

    /// The first page of a query that was just planned.
    pub(super) async fn start(
        &self,
        text: &str,
        answer: Answer,
        max_rows: Option<usize>,
        now: i64,
    ) -> Result<Arc<Page>, QueryError> {
        let query = Query {
            id: Uuid::new_v4().simple().to_string().to_ascii_uppercase(),
            text: text.to_owned(),
            cancelled: watch::Sender::new(false),
            last_used: now.into(),
            pages: AsyncMutex::new(Pages { answer: Some(answer), next: 0, last: None }),
        };
        let page = query.page(0, max_rows, &self.running).await?;
        if page.next_token.is_some() {
            self.keep(Arc::new(query), now);
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
        const UNKNOWN: QueryError = QueryError::Token("no query has it, or it is older than an hour");
        let (id, number) = token.split_once('-').ok_or(UNKNOWN)?;
        let number = number.parse().map_err(|_| UNKNOWN)?;
        let query = self.lock().get(id).cloned().ok_or(UNKNOWN)?;
        if query.idle_since(now) > TOKEN_LIFE_NANOS {
            return Err(UNKNOWN);
        }
        if query.text != text {
            return Err(QueryError::Token("it belongs to another query string"));
        }
        query.last_used.store(now, Ordering::Relaxed);
        query.page(number, max_rows, &self.running).await
    }

    /// Stops the query of this id; true also where it was stopped before.
    pub(super) fn cancel(&self, id: &str) -> bool {
        let Some(query) = self.lock().get(id).cloned() else { return false };
        query.cancelled.send_replace(true);
        // Where a page is being made, its maker sees the flag and drops the answer.
        if let Ok(mut pages) = query.pages.try_lock() {
            *pages = Pages { answer: None, next: pages.next, last: None };
        }
        true
    }

    /// Drops the queries whose tokens have run out.
    pub(super) fn drop_idle(&self, now: i64) {
        self.lock().retain(|_, query| query.idle_since(now) <= TOKEN_LIFE_NANOS);
    }

    fn keep(&self, query: Arc<Query>, now: i64) {
        let mut open = self.lock();
        if open.len() >= MAX_OPEN {
            let oldest =
                open.values().max_by_key(|query| query.idle_since(now)).map(|query| query.id.clone());
            if let Some(id) = oldest {
                open.remove(&id);
            }
        }
        open.insert(query.id.clone(), query);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Query>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Query {
    fn idle_since(&self, now: i64) -> i64 {
        now.saturating_sub(self.last_used.load(Ordering::Relaxed))
    }

    /// Page `number`: the next one, or the last one again.
    async fn page(
        &self,
        number: u32,
        max_rows: Option<usize>,
        running: &Semaphore,
    ) -> Result<Arc<Page>, QueryError> {
        let mut pages = self.pages.lock().await;
        if *self.cancelled.borrow() {
            return Err(QueryError::Cancelled);
        }
        if number.checked_add(1) == Some(pages.next) {
            return pages.again();
        }
        if number != pages.next {
            return Err(QueryError::Token("a newer one of its query was used"));
        }
        // Taken out: a caller who goes away in the middle of a page takes the answer along.
        let answer = pages.answer.take().ok_or(QueryError::Token("its page was abandoned"))?;
        let mut cancelled = self.cancelled.subscribe();
        let (answer, page) = tokio::select! {
            biased;
            _ = cancelled.wait_for(|cancelled| *cancelled) => return Err(QueryError::Cancelled),
            made = self.make(answer, number, max_rows, running) => made?,
        };
        let page = Arc::new(page);
        pages.next += 1;
        pages.last = Some((Arc::clone(&page), 1));
        pages.answer = page.next_token.is_some().then_some(answer);
        Ok(page)
    }

    async fn make(
        &self,
        mut answer: Answer,
        number: u32,
        max_rows: Option<usize>,
        running: &Semaphore,
    ) -> Result<(Answer, Page), QueryError> {
        let _permit = running.acquire().await.map_err(|_| QueryError::Cancelled)?;
        let rows = answer.next_rows(max_rows.unwrap_or(PAGE_ROWS), PAGE_BYTES).await?;
        let next_token = (!answer.finished()).then(|| format!("{}-{}", self.id, number + 1));
        let page = Page {
            query_id: self.id.clone(),
            columns: answer.columns().to_vec(),
            rows,
            next_token,
            bytes_scanned: answer.bytes_scanned(),
            bytes_metered: metered(&self.text, answer.bytes_scanned()),
            insights: answer.insights(),
        };
        Ok((answer, page))
    }
}

impl Pages {
    fn again(&mut self) -> Result<Arc<Page>, QueryError> {
        match &mut self.last {
            Some((page, calls)) if *calls < TOKEN_CALLS => {
                *calls += 1;
                Ok(Arc::clone(page))
            }
            _ => Err(QueryError::Token("it was used five times")),
        }
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
