//! The files that the recorder keeps: which events and counts go where.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::Setup;
use super::event::{FailedWrite, QueryAttempt, QueryResult};
use super::names::Names;
use super::tally::Tally;
use super::thread_logs::ThreadLogs;
use crate::load::Span;
use crate::results::files::{CsvFile, replace_csv};
use crate::results::interval_log::IntervalLog;
use crate::results::{
    FailedWriteRow, QueryRow, ResultsError, RunDir, ThresholdRow, TimelineRow, seconds, utc,
};

/// Rows of failed attempts of writes at the most: a store that takes nothing for hours must not fill
/// the disk. `errors.csv` counts on.
const FAILED_WRITES: u64 = 100_000;

/// A run's open files.
#[derive(Debug)]
pub(crate) struct RunFiles {
    dir: RunDir,
    queries: CsvFile<QueryRow>,
    failed_writes: CsvFile<FailedWriteRow>,
    /// Rows that may still be added to it.
    room: u64,
    timeline: CsvFile<TimelineRow>,
    histograms: BTreeMap<usize, IntervalLog>,
    threads: Option<ThreadLogs>,
}

impl RunFiles {
    pub(crate) fn create(setup: &Setup) -> Result<Self, ResultsError> {
        let dir = &setup.dir;
        let workloads = setup.names.workloads.iter();
        let histograms = workloads.clone().enumerate().map(|(index, workload)| {
            Ok((index, IntervalLog::create(dir.histograms(&workload.name), setup.start)?))
        });
        let queries = workloads.map(|workload| workload.queries.clone()).collect();
        Ok(Self {
            dir: dir.clone(),
            queries: CsvFile::create(dir.queries())?,
            failed_writes: CsvFile::create(dir.failed_writes())?,
            room: FAILED_WRITES,
            timeline: CsvFile::create(dir.timeline())?,
            histograms: histograms.collect::<Result<_, ResultsError>>()?,
            threads: setup.thread_stem.clone().map(|stem| ThreadLogs::new(stem, queries)),
        })
    }

    pub(crate) fn query(&mut self, names: &Names, attempt: &QueryAttempt) -> Result<(), ResultsError> {
        self.queries.add(&query_row(names, attempt))?;
        self.threads.as_mut().map_or(Ok(()), |threads| threads.add(attempt))
    }

    pub(crate) fn failed_write(&mut self, names: &Names, failed: &FailedWrite) -> Result<(), ResultsError> {
        let Some(room) = self.room.checked_sub(1) else { return Ok(()) };
        self.room = room;
        self.failed_writes.add(&FailedWriteRow {
            phase: names.phases[failed.phase].name.clone(),
            workload: names.workloads[failed.workload].name.clone(),
            attempt: failed.attempt,
            records: failed.records,
            intended_utc: utc(failed.intended),
            start_utc: utc(failed.start),
            end_utc: utc(failed.end),
            service_seconds: seconds(failed.end - failed.start),
            status: failed.kind.to_owned(),
        })
    }

    pub(crate) fn histogram(
        &mut self,
        workload: usize,
        tag: &str,
        span: Span,
        histogram: &Histogram<u64>,
    ) -> Result<(), ResultsError> {
        let end = span.end.unwrap_or(span.start);
        self.histograms.get_mut(&workload).map_or(Ok(()), |log| log.add(tag, span.start, end, histogram))
    }

    /// Ends a second: adds its row and writes everything that waits.
    pub(crate) fn second(&mut self, row: &TimelineRow) -> Result<(), ResultsError> {
        self.timeline.add(row)?;
        self.timeline.flush()?;
        self.queries.flush()?;
        self.failed_writes.flush()?;
        self.histograms.values_mut().try_for_each(IntervalLog::flush)?;
        self.threads.as_mut().map_or(Ok(()), ThreadLogs::flush)
    }

    /// Replaces the files that hold sums.
    pub(crate) fn replace(&self, tally: &Tally) -> Result<(), ResultsError> {
        replace_csv(&self.dir.errors(), &tally.error_rows())?;
        replace_csv(&self.dir.summary(), &tally.summary_rows())
    }

    /// Writes how the thresholds came out, where there are any.
    pub(crate) fn thresholds(&self, rows: &[ThresholdRow]) -> Result<(), ResultsError> {
        if rows.is_empty() { Ok(()) } else { replace_csv(&self.dir.thresholds(), rows) }
    }

    pub(crate) fn finish(&mut self, tally: &Tally) -> Result<(), ResultsError> {
        self.replace(tally)?;
        tally
            .whole_phases(|workload, tag, span, histogram| self.histogram(workload, tag, span, histogram))?;
        self.histograms.values_mut().try_for_each(IntervalLog::flush)?;
        self.threads.as_ref().map_or(Ok(()), ThreadLogs::summarise)
    }
}

fn query_row(names: &Names, attempt: &QueryAttempt) -> QueryRow {
    let (query_id, first_row, rows, bytes_metered, status) = match &attempt.result {
        QueryResult::Answered { query_id, first_row, rows, bytes_metered } => {
            (query_id.clone(), first_row.map(utc).unwrap_or_default(), *rows, *bytes_metered, "ok")
        }
        QueryResult::Failed { query_id, kind, .. } => (query_id.clone(), String::new(), 0, 0, *kind),
        QueryResult::Cancelled => (String::new(), String::new(), 0, 0, "cancelled"),
    };
    QueryRow {
        phase: names.phases[attempt.phase].name.clone(),
        workload: names.workloads[attempt.workload].name.clone(),
        user: attempt.user,
        query: names.operation(attempt.workload, Some(attempt.query)).to_owned(),
        attempt: attempt.attempt,
        intended_utc: utc(attempt.intended),
        start_utc: utc(attempt.start),
        first_row_utc: first_row,
        end_utc: utc(attempt.end),
        service_seconds: seconds(attempt.end - attempt.start),
        response_seconds: seconds(attempt.end - attempt.intended),
        rows,
        bytes_metered,
        query_id,
        status: status.to_owned(),
    }
}
