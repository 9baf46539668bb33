//! How one page is made: when it is its turn, for as long as it may take, and as long as somebody asks for it. Not here:
//! turns (`turns`), who asks (`attention`), which page it is (`query`).

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::threads::Task;
use super::{QueryError, Workshop, too_long};
use crate::metrics::{QueryMetrics, millis};
use crate::sql::{Answer, Row};

/// Bytes of a page's JSON: 1 MB, as of the service.
const PAGE_BYTES: usize = 1_000_000;
/// Of these what is neither columns nor rows: ids, the token, counts, the insights of some scans.
const FRAME_BYTES: usize = 4_000;
/// Rows of a page where the caller names no bound; the bytes end a page long before.
const PAGE_ROWS: usize = 100_000;
/// Pages that take longer are told in the log, with so many characters of their query.
const SLOW: Duration = Duration::from_secs(5);
const LOGGED: usize = 500;

/// The rows of a page, and the answer with those that are left.
pub(super) type Made = Result<(Box<Answer>, Vec<Row>), QueryError>;

impl Workshop {
    /// Begins a page of this query. It is made until `lost` is done.
    pub(super) fn begin(
        &self,
        answer: Box<Answer>,
        max_rows: Option<usize>,
        (query_id, sql): (&str, &str),
        lost: impl Future<Output = ()> + Send + 'static,
    ) -> Task<Made> {
        let (turns, time, patience) = (Arc::clone(&self.turns), self.bounds.page_time, self.patience);
        let sql = sql.chars().take(LOGGED).collect();
        let told = Told { query_id: query_id.to_owned(), sql, metrics: self.metrics.clone() };
        // What the catalog knows takes none of the memory that turns are for.
        let metadata = answer.is_metadata();
        let page = make(answer, max_rows, time, told);
        self.threads.spawn(async move {
            let made = async { if metadata { page.await } else { turns.take(page).await } };
            tokio::select! {
                made = made => made,
                () = lost => Err(QueryError::Abandoned(patience.as_secs())),
            }
        })
    }
}

/// Makes a page; not for ever, so that no turn is.
async fn make(mut answer: Box<Answer>, max_rows: Option<usize>, time: Duration, told: Told) -> Made {
    let (began, scanned) = (Instant::now(), answer.bytes_scanned());
    let rows = answer.next_rows(max_rows.unwrap_or(PAGE_ROWS), PAGE_BYTES - FRAME_BYTES);
    let rows = tokio::time::timeout(time, rows).await;
    told.made(began, answer.bytes_scanned().saturating_sub(scanned));
    let rows = rows.map_err(|_| too_long(time))??;
    Ok((answer, rows))
}

/// What is told of a page.
struct Told {
    query_id: String,
    sql: String,
    metrics: QueryMetrics,
}

impl Told {
    fn made(self, began: Instant, scanned_bytes: u64) {
        let Self { query_id, sql, metrics } = self;
        metrics.scanned_bytes.inc_by(scanned_bytes);
        if began.elapsed() > SLOW {
            tracing::warn!(query_id, ms = millis(began), scanned_bytes, sql, "slow query");
        }
    }
}
