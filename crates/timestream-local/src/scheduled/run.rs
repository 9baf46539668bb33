//! One run: the query, page by page, into the target table, and what came of it. Not here: when (`scheduler`), which
//! records a row becomes (`mapping` of the crate).
//!
//! The developer guide ("Scheduled query error reports") tells failures that a next run may not meet, which are reported,
//! from others, which are not, and for which the service may disable the query: any 4xx error. Here the latter are
//! those that the data cannot mend: a text that is not valid any more, a table that is gone. That a run replaces what
//! earlier ones wrote follows from the guide's own patterns; the versions for it, and the form of times in the report's
//! key, are ours.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::book::BookError;
use super::columns::ColumnError;
use super::definition::{ScheduledQuery, State};
use super::job::{Job, Trigger};
use super::report::Report;
use super::summary::{ExecutionStats, RunSummary, S3ReportLocation, Status};
use super::write::{self, Written};
use crate::catalog::CatalogError;
use crate::engine::{Engine, EngineError, OpenTable, Page, QueryError};
use crate::mapping::Mapping;
use crate::sql::{Insights, SqlError};

const MILLISECOND: i64 = 1_000_000;

/// Makes a run and has it noted. `places` bounds how many go on at once; closed, none begins any more.
pub(super) async fn run(engine: Arc<Engine>, job: Job, places: Arc<Semaphore>) {
    let _due = Due { engine: &engine, job: &job };
    let book = engine.scheduled();
    let Some(turn) = book.turn(&job.id) else { return };
    // One at a time of each query, so that a later run replaces what an earlier one wrote.
    let _turn = turn.lock().await;
    let Ok(_place) = places.acquire().await else { return };
    let Ok(query) = book.get(&job.id) else { return };
    if job.trigger == Trigger::Auto && query.state == State::Disabled {
        return;
    }
    let trigger = engine.now();
    let version = trigger.div_euclid(MILLISECOND).max(query.version + 1);
    let mut run = Run { engine: &engine, job: &job, query: &query, version, done: Done::default() };
    let ended = run.go().await;
    if matches!(ended, Err(Failed::Deleted)) {
        return;
    }
    let stats = &mut run.done.stats;
    stats.execution_time_in_millis = (engine.now() - trigger).max(0) / MILLISECOND;
    let disable = matches!(ended, Err(Failed::ForGood(_)));
    let (failure, report) = told(&engine, &query, &job, trigger, ended, &mut run.done).await;
    let status = Status::of(job.trigger, failure.is_some());
    tracing::debug!(id = job.id, ?status, failure, "a scheduled query has run");
    let insights = run.done.insights.filter(|_| job.insights);
    let stats = run.done.stats;
    let summary =
        RunSummary { invocation: job.invocation, trigger, status, stats, insights, report, failure };
    note(&engine, &job.id, summary, version, disable).await;
}

/// A query that is due counts as running until this is dropped.
struct Due<'a> {
    engine: &'a Engine,
    job: &'a Job,
}

impl Drop for Due<'_> {
    fn drop(&mut self) {
        if self.job.trigger == Trigger::Auto {
            self.engine.scheduled().ended(&self.job.id);
        }
    }
}

/// Why a run did not come to its end.
enum Failed {
    /// The query was deleted.
    Deleted,
    /// It would fail in the same way again.
    ForGood(String),
    /// The next may succeed.
    ForNow(String),
}

impl From<QueryError> for Failed {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Sql(SqlError::Validation(message)) => Self::ForGood(message),
            other => Self::ForNow(other.to_string()),
        }
    }
}

impl From<EngineError> for Failed {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Catalog(CatalogError::NoDatabase(_) | CatalogError::NoTable(_)) => {
                Self::ForGood(error.to_string())
            }
            other => Self::ForNow(other.to_string()),
        }
    }
}

impl From<ColumnError> for Failed {
    fn from(error: ColumnError) -> Self {
        Self::ForGood(error.to_string())
    }
}

/// A run that goes on.
struct Run<'a> {
    engine: &'a Arc<Engine>,
    job: &'a Job,
    query: &'a ScheduledQuery,
    version: i64,
    done: Done,
}

/// What it has come to so far.
#[derive(Default)]
struct Done {
    stats: ExecutionStats,
    insights: Option<Insights>,
    report: Report,
}

impl Run<'_> {
    async fn go(&mut self) -> Result<(), Failed> {
        let (engine, job) = (self.engine, self.job);
        let mut last = None;
        let ended = tokio::select! {
            ended = self.pages(&mut last) => ended,
            () = engine.scheduled().deleted(&job.id) => Err(Failed::Deleted),
        };
        if let (Err(_), Some(Page { query_id, next_token: Some(_), .. })) = (&ended, last.as_deref()) {
            engine.cancel(query_id);
        }
        ended
    }

    /// All pages, one after the other; `last` is the one that it came to.
    async fn pages(&mut self, last: &mut Option<Arc<Page>>) -> Result<(), Failed> {
        let text = &self.query.definition.query_string;
        let page = last.insert(self.engine.query_scheduled(text, self.job.invocation).await?);
        let target = match &self.query.definition.target {
            None => None,
            Some(target) => {
                let mapping = Arc::new(target.over(&page.columns)?);
                Some((mapping, self.engine.open_table(&target.database, &target.table)?))
            }
        };
        loop {
            let stats = &mut self.done.stats;
            stats.query_result_rows += page.rows.len() as u64;
            stats.bytes_metered = page.bytes_metered;
            stats.cumulative_bytes_scanned = page.bytes_scanned;
            self.done.insights = Some(page.insights.clone());
            if let Some((mapping, table)) = &target {
                self.write(Arc::clone(mapping), Arc::clone(table), Arc::clone(page)).await?;
            }
            let Some(token) = &page.next_token else { return Ok(()) };
            *page = self.engine.next_page(text, token, None).await?;
        }
    }

    /// Writes the rows of a page, off the threads that serve connections.
    async fn write(
        &mut self,
        mapping: Arc<Mapping<usize>>,
        table: Arc<OpenTable>,
        page: Arc<Page>,
    ) -> Result<(), Failed> {
        let metrics = self.engine.metrics().records.clone();
        let mut written = Written::new(metrics, std::mem::take(&mut self.done.report));
        let version = self.version;
        let done = tokio::task::spawn_blocking(move || {
            let ended = write::write(&mapping, &table, &page.rows, version, &mut written);
            (written, ended)
        });
        let (written, ended) = done.await.map_err(|error| Failed::ForNow(error.to_string()))?;
        self.done.report = written.report;
        self.done.stats.records_ingested += written.records;
        self.done.stats.data_writes += written.bytes;
        Ok(ended?)
    }
}

/// Why the run failed, if it did, and where the report of it is.
async fn told(
    engine: &Arc<Engine>,
    query: &ScheduledQuery,
    job: &Job,
    trigger: i64,
    ended: Result<(), Failed>,
    done: &mut Done,
) -> (Option<String>, Option<S3ReportLocation>) {
    let rejected = done.report.rejected;
    let mut failure = match ended {
        Ok(()) if rejected == 0 => return (None, None),
        Ok(()) => format!("{rejected} records or rows were rejected; the error report tells which and why."),
        Err(Failed::ForGood(reason)) => {
            let disabled = "The scheduled query is disabled now, since it would fail again: mend the cause and \
                            enable it.";
            format!("{}. {disabled}", reason.trim_end_matches('.'))
        }
        Err(Failed::ForNow(reason)) => {
            done.report.general(&reason);
            reason
        }
        Err(Failed::Deleted) => return (None, None),
    };
    let Some(json) = std::mem::take(&mut done.report).into_json() else { return (Some(failure), None) };
    let s3 = &query.definition.error_reports.s3_configuration;
    let location =
        S3ReportLocation { bucket_name: s3.bucket_name.clone(), object_key: s3.key(&path(job, trigger)) };
    let (buckets, at) = (Arc::clone(engine), location.clone());
    let put = move || {
        buckets.buckets().put(&at.bucket_name, &at.object_key, &json).map_err(|error| error.to_string())
    };
    let put = tokio::task::spawn_blocking(put).await;
    match put.unwrap_or_else(|error| Err(error.to_string())) {
        Ok(()) => (Some(failure), Some(location)),
        Err(error) => {
            failure.push_str(" The error report could not be written: ");
            failure.push_str(&error);
            (Some(failure), None)
        }
    }
}

/// `ID/INVOCATION/Auto or Manual/TRIGGER`, in epoch seconds and milliseconds: no file system minds them.
fn path(job: &Job, trigger: i64) -> String {
    let (invocation, trigger) =
        (job.invocation.div_euclid(1_000 * MILLISECOND), trigger.div_euclid(MILLISECOND));
    format!("{}/{invocation}/{:?}/{trigger}", job.id, job.trigger)
}

async fn note(engine: &Arc<Engine>, id: &str, summary: RunSummary, version: i64, disable: bool) {
    let (book, id) = (Arc::clone(engine), id.to_owned());
    let noted = move || book.scheduled().note(&id, summary, version, disable);
    match tokio::task::spawn_blocking(noted).await {
        // Deleted meanwhile.
        Ok(Ok(()) | Err(BookError::NoQuery(_))) => {}
        Ok(Err(error)) => tracing::error!(%error, "the end of a scheduled query's run is not noted"),
        Err(error) => tracing::error!(%error, "the end of a scheduled query's run is not noted"),
    }
}
