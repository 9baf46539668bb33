//! One query: its pages in their order, its end. Not here: which queries there are (`queries`).
//!
//! Pages are made on the threads for queries. Where one takes longer than a client should wait, the answer is a
//! page without rows, and the token in it asks for what has been made since.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex as AsyncMutex, Semaphore, watch};
use uuid::Uuid;

use super::threads::Task;
use super::{Page, QueryError, Workshop};
use crate::metrics::{Counted, QueryMetrics, millis};
use crate::sql::{Answer, ColumnInfo, Footprint, HeldRows, Insights, Progress, Row, SqlError};

/// Bytes of JSON a page's rows may take, about; the service's limit is 1 MB.
const PAGE_BYTES: usize = 1_000_000;
/// Rows of a page where the caller names no bound; the bytes end a page long before.
const PAGE_ROWS: usize = 100_000;
/// A value of a page takes about so much more memory than JSON.
const PAGE_FACTOR: usize = 3;
/// Pages that take longer are told in the log, with so many characters of their query.
const SLOW: Duration = Duration::from_secs(5);
const LOGGED: usize = 500;
/// A token gives its page this often.
const TOKEN_CALLS: u32 = 5;

pub(super) struct Query {
    pub(super) id: String,
    pub(super) text: String,
    columns: Vec<ColumnInfo>,
    cancelled: watch::Sender<bool>,
    last_used: AtomicI64,
    /// What it holds until its last page is made.
    footprint: Footprint,
    /// Bytes of the page that was made last, which can be asked for again.
    page_bytes: AtomicUsize,
    pages: AsyncMutex<Pages>,
}

struct Pages {
    work: Work,
    /// The number of the page that comes next; the first is 0.
    next: u32,
    /// The page before that, and how often it was given.
    last: Option<(Arc<Page>, u32)>,
}

enum Work {
    /// Nothing is under way.
    Idle(Box<Answer>),
    /// A page is being made. The progress holds the plan, and with it the tasks that the engine has started: it must
    /// go when they shall end.
    Making(Task<Made>, Progress),
    /// All pages are made, or one failed, or the query was cancelled.
    Over,
}

type Made = Result<(Box<Answer>, Vec<Row>), SqlError>;

impl Query {
    /// A query that was just planned.
    pub(super) fn new(text: &str, answer: Answer, now: i64) -> Self {
        Self {
            id: Uuid::new_v4().simple().to_string().to_ascii_uppercase(),
            text: text.to_owned(),
            columns: answer.columns().to_vec(),
            cancelled: watch::Sender::new(false),
            last_used: now.into(),
            footprint: answer.footprint().clone(),
            page_bytes: AtomicUsize::new(0),
            pages: AsyncMutex::new(Pages { work: Work::Idle(Box::new(answer)), next: 0, last: None }),
        }
    }

    pub(super) fn touch(&self, now: i64) {
        self.last_used.store(now, Ordering::Relaxed);
    }

    pub(super) fn idle_since(&self, now: i64) -> i64 {
        now.saturating_sub(self.last_used.load(Ordering::Relaxed))
    }

    /// The rows that it keeps from going, which others may hold as well.
    pub(super) fn rows(&self) -> &[HeldRows] {
        self.footprint.rows()
    }

    /// Bytes that it holds, but for those rows.
    pub(super) fn held(&self) -> usize {
        self.footprint.reserved() + PAGE_FACTOR * self.page_bytes.load(Ordering::Relaxed)
    }

    /// Stops it for good.
    pub(super) fn cancel(&self) {
        self.cancelled.send_replace(true);
        // Where somebody waits for a page, it is they who see the flag and end the work.
        if let Ok(mut pages) = self.pages.try_lock() {
            pages.end();
        }
    }

    /// Page `number`: the next one, or the last one again. A page that is under way keeps the bound on rows that it
    /// was begun with.
    pub(super) async fn page(
        &self,
        number: u32,
        max_rows: Option<usize>,
        workshop: &Workshop,
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
        pages.begin(max_rows, workshop, self);
        let Work::Making(task, progress) = &mut pages.work else {
            return Err(SqlError::Execution("The query has failed before.".to_owned()).into());
        };
        let made = self.wait(task, workshop.bounds.page_wait).await;
        // Cancelled meanwhile, nothing of it is kept.
        if *self.cancelled.borrow() {
            pages.end();
            return Err(QueryError::Cancelled);
        }
        let page = match made {
            None => self.waiting_page(progress, number),
            Some(made) => {
                pages.work = Work::Over;
                let (answer, rows) = made?;
                self.page_bytes.store(answer.last_bytes(), Ordering::Relaxed);
                let page = self.page_of(&answer, rows, number);
                if page.next_token.is_some() {
                    pages.work = Work::Idle(answer);
                }
                page
            }
        };
        let page = Arc::new(page);
        pages.next += 1;
        pages.last = Some((Arc::clone(&page), 1));
        Ok(page)
    }

    /// What comes of a page; none where it takes longer than `patience`, or the query is cancelled.
    async fn wait(&self, task: &mut Task<Made>, patience: Duration) -> Option<Made> {
        let mut cancelled = self.cancelled.subscribe();
        tokio::select! {
            biased;
            _ = cancelled.wait_for(|cancelled| *cancelled) => None,
            made = task => Some(made.unwrap_or_else(|error| Err(SqlError::Internal(error.to_string())))),
            () = tokio::time::sleep(patience) => None,
        }
    }

    fn page_of(&self, answer: &Answer, rows: Vec<Row>, number: u32) -> Page {
        let next_token = (!answer.finished()).then(|| self.token(number + 1));
        self.page_with(rows, next_token, answer.bytes_scanned(), answer.insights())
    }

    /// A page without rows: they are still being made.
    fn waiting_page(&self, progress: &Progress, number: u32) -> Page {
        let token = Some(self.token(number + 1));
        self.page_with(Vec::new(), token, progress.bytes_scanned(), progress.insights())
    }

    fn page_with(
        &self,
        rows: Vec<Row>,
        next_token: Option<String>,
        scanned: u64,
        insights: Insights,
    ) -> Page {
        Page {
            query_id: self.id.clone(),
            columns: self.columns.clone(),
            rows,
            next_token,
            bytes_scanned: scanned,
            bytes_metered: super::metered(&self.text, scanned),
            insights,
        }
    }

    fn token(&self, number: u32) -> String {
        format!("{}-{number}", self.id)
    }
}

impl Pages {
    /// Lets the next page be made, where it is not under way already.
    fn begin(&mut self, max_rows: Option<usize>, workshop: &Workshop, query: &Query) {
        self.work = match std::mem::replace(&mut self.work, Work::Over) {
            Work::Idle(answer) => {
                let progress = answer.progress().clone();
                let watch = Watch {
                    query_id: query.id.clone(),
                    sql: brief(&query.text),
                    metrics: workshop.metrics.clone(),
                    time: workshop.bounds.page_time,
                };
                let work = make(answer, max_rows, Arc::clone(&workshop.running), watch);
                Work::Making(workshop.threads.spawn(work), progress)
            }
            other => other,
        };
    }

    fn again(&mut self) -> Result<Arc<Page>, QueryError> {
        match &mut self.last {
            Some((page, calls)) if *calls < TOKEN_CALLS => {
                *calls += 1;
                Ok(Arc::clone(page))
            }
            _ => Err(QueryError::Token("it was used five times")),
        }
    }

    /// Stops what is under way and lets go of the rest.
    fn end(&mut self) {
        self.work = Work::Over;
        self.last = None;
    }
}

/// Makes a page, when it is its turn; not for ever, so that nobody's turn is.
async fn make(
    mut answer: Box<Answer>,
    max_rows: Option<usize>,
    running: Arc<Semaphore>,
    watch: Watch,
) -> Made {
    let waiting = Counted::new(&watch.metrics.waiting);
    let _turn = running.acquire().await.expect("the semaphore is never closed");
    drop(waiting);
    let _running = Counted::new(&watch.metrics.running);
    let (began, scanned, time) = (Instant::now(), answer.bytes_scanned(), watch.time);
    let rows = answer.next_rows(max_rows.unwrap_or(PAGE_ROWS), PAGE_BYTES);
    let made = tokio::time::timeout(time, rows).await;
    watch.made(began, answer.bytes_scanned().saturating_sub(scanned));
    let made = made.map_err(|_| {
        SqlError::Execution(format!("The query was stopped: it took longer than {} s.", time.as_secs_f64()))
    })?;
    Ok((answer, made?))
}

/// What is told of a page, and how long it may take.
struct Watch {
    query_id: String,
    sql: String,
    metrics: QueryMetrics,
    time: Duration,
}

impl Watch {
    fn made(self, began: Instant, scanned_bytes: u64) {
        let Self { query_id, sql, metrics, .. } = self;
        metrics.scanned_bytes.inc_by(scanned_bytes);
        if began.elapsed() > SLOW {
            tracing::warn!(query_id, ms = millis(began), scanned_bytes, sql, "slow query");
        }
    }
}

/// The start of a text, for the log.
fn brief(text: &str) -> String {
    text.chars().take(LOGGED).collect()
}
