//! One query: its pages in their order, its end. Not here: which queries there are (`queries`), how a page is made
//! (`making`).
//!
//! Where a page takes longer than a client should wait, the answer is one without rows, and the token in it asks for
//! what has been made since. Where nobody asks, the query is ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, watch};
use uuid::Uuid;

use super::attention::Attention;
use super::making::Made;
use super::threads::Task;
use super::{Page, QueryError, Workshop};
use crate::clock::Clock;
use crate::sql::{Answer, ColumnInfo, Footprint, HeldRows, Progress, Row, SqlError};

/// A token gives its page this often.
const TOKEN_CALLS: u32 = 5;

pub(super) struct Query {
    pub(super) id: String,
    pub(super) text: String,
    columns: Vec<ColumnInfo>,
    /// Whether it reads the catalog alone.
    metadata: bool,
    cancelled: watch::Sender<bool>,
    attention: Attention,
    /// What it holds until its last page is made.
    footprint: Footprint,
    /// Bytes that the page takes that was made last, which can be asked for again.
    page_memory: AtomicUsize,
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
    /// A page is being made.
    Making(Task<Made>, Progress),
    /// There will be no more pages, and this is why.
    Over(QueryError),
}

impl Query {
    /// A query that was just planned.
    pub(super) fn new(text: &str, answer: Answer, clock: Arc<dyn Clock>) -> Self {
        Self {
            id: Uuid::new_v4().simple().to_string().to_ascii_uppercase(),
            text: text.to_owned(),
            columns: answer.columns().to_vec(),
            metadata: answer.is_metadata(),
            cancelled: watch::Sender::new(false),
            attention: Attention::new(clock),
            footprint: answer.footprint().clone(),
            page_memory: AtomicUsize::new(0),
            pages: AsyncMutex::new(Pages { work: Work::Idle(Box::new(answer)), next: 0, last: None }),
        }
    }

    /// For how long nobody has asked for it.
    pub(super) fn idle(&self, now: i64) -> i64 {
        self.attention.idle(now)
    }

    /// The rows that it keeps from going, which others may hold as well.
    pub(super) fn rows(&self) -> &[HeldRows] {
        self.footprint.rows()
    }

    /// Bytes that it holds, but for those rows.
    pub(super) fn held(&self) -> usize {
        self.footprint.reserved() + self.page_memory.load(Ordering::Relaxed)
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
        let _asking = self.attention.asking();
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
        let (task, progress) = match &mut pages.work {
            Work::Making(task, progress) => (task, progress),
            Work::Over(reason) => return Err(reason.clone()),
            Work::Idle(_) => return Err(SqlError::Internal("a page was not begun".to_owned()).into()),
        };
        let made = self.wait(task, workshop.bounds.page_wait).await;
        // Cancelled meanwhile, nothing of it is kept.
        if *self.cancelled.borrow() {
            pages.end();
            return Err(QueryError::Cancelled);
        }
        let page = match made {
            None => self.waiting_page(progress, number),
            Some(Err(reason)) => {
                pages.work = Work::Over(reason.clone());
                return Err(reason);
            }
            Some(Ok((answer, rows))) => {
                let page = self.page_of(&answer, rows, number);
                pages.work = match page.next_token {
                    Some(_) => Work::Idle(answer),
                    None => Work::Over(QueryError::Token("its query has no more pages")),
                };
                page
            }
        };
        self.page_memory.store(page.memory(), Ordering::Relaxed);
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
            made = task => {
                Some(made.unwrap_or_else(|error| Err(SqlError::Internal(error.to_string()).into())))
            }
            () = tokio::time::sleep(patience) => None,
        }
    }

    fn page_of(&self, answer: &Answer, rows: Vec<Row>, number: u32) -> Page {
        let next_token = if answer.finished() { None } else { Some(self.token(number + 1)) };
        let bytes = answer.last_bytes();
        Page { rows, bytes, next_token, ..self.waiting_page(&answer.progress(), number) }
    }

    /// A page without rows: they are still being made.
    fn waiting_page(&self, progress: &Progress, number: u32) -> Page {
        let bytes_scanned = progress.bytes_scanned();
        Page {
            query_id: self.id.clone(),
            columns: self.columns.clone(),
            rows: Vec::new(),
            bytes: 0,
            next_token: Some(self.token(number + 1)),
            bytes_scanned,
            bytes_metered: super::metered(self.metadata, bytes_scanned),
            insights: progress.insights(),
        }
    }

    fn token(&self, number: u32) -> String {
        format!("{}-{number}", self.id)
    }
}

impl Pages {
    /// Lets the next page be made, where it is not under way already.
    fn begin(&mut self, max_rows: Option<usize>, workshop: &Workshop, query: &Query) {
        self.work = match std::mem::replace(&mut self.work, Work::Over(QueryError::Cancelled)) {
            Work::Idle(answer) => {
                let progress = answer.progress();
                let lost = query.attention.lost(workshop.patience());
                Work::Making(workshop.begin(answer, max_rows, (&query.id, &query.text), lost), progress)
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
        self.work = Work::Over(QueryError::Cancelled);
        self.last = None;
    }
}
