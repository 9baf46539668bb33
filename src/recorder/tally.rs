//! Everything that is counted of a run, in memory. Not here: files, and when they are written.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use hdrhistogram::Histogram;

use super::errors::{Failures, Of, reject_kind};
use super::event::{Event, IngestPlan, PhaseStart, QueryAttempt, QueryResult, WriteDone};
use super::names::Names;
use super::progress::{Pace, Progress};
use super::series::Series;
use crate::results::Accounts;
use crate::results::latency::{histogram, quantile_seconds};
use crate::results::{ErrorRow, SummaryRow, TimelineRow, Validity, utc};
use crate::schedule::Span;
use crate::target::ErrorKind;

/// Sends later than this, in seconds, at the 99th percentile: the load was not the plan's.
const LAG_BOUND: f64 = 1.0;

/// A phase, a workload, and the query where it is one.
type Key = (usize, usize, Option<usize>);

/// The counts of a run.
#[derive(Debug)]
pub(crate) struct Tally {
    names: Names,
    series: BTreeMap<Key, Series>,
    failures: Failures,
    current: Option<PhaseStart>,
    /// Records that phases which have ended meant to write in this second.
    planned_before: f64,
    /// Up to where what was planned is counted.
    planned_until: i64,
    row: TimelineRow,
    progress: Progress,
}

impl Tally {
    pub(crate) fn new(names: Names) -> Self {
        Self {
            names,
            series: BTreeMap::new(),
            failures: Failures::default(),
            current: None,
            planned_before: 0.0,
            planned_until: i64::MIN,
            row: TimelineRow::default(),
            progress: Progress::default(),
        }
    }

    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    pub(crate) fn add(&mut self, event: &Event) {
        match event {
            Event::PhaseStarted(start) => {
                self.planned_before += self.planned(self.planned_until, start.span.start);
                self.planned_until = start.span.start;
                self.current = Some(start.clone());
            }
            Event::Write(done) => self.write(done),
            Event::Skipped { phase, workload, records } => {
                self.series.entry((*phase, *workload, None)).or_default().skip(*records);
            }
            Event::Failed { phase, workload, kind, message, time } => {
                let of = Of { phase: *phase, workload: *workload, query: None };
                self.failed(of, kind, message, *time);
            }
            Event::Query(attempt) => self.query(attempt),
            Event::End => {}
        }
    }

    fn write(&mut self, done: &WriteDone) {
        let outcome = &done.outcome;
        let of = Of { phase: done.phase, workload: done.workload, query: None };
        for reason in &outcome.rejected {
            self.failures.add(of, reject_kind(reason), reason, done.end);
        }
        let rejected = outcome.rejected.len() as u64;
        self.row.write_requests += 1;
        self.row.written_records += outcome.acknowledged;
        self.row.rejected_records += rejected;
        self.row.refused_records += outcome.refused;
        self.row.unknown_records += outcome.unknown;
        self.progress.written += outcome.acknowledged;
        self.progress.rejected += rejected;
        self.progress.lost += outcome.refused + outcome.unknown;
        self.progress.making += done.start - done.admitted;
        self.progress.answering += done.end - done.start;
        self.series.entry((done.phase, done.workload, None)).or_default().write(done);
    }

    fn query(&mut self, attempt: &QueryAttempt) {
        let progress = self.progress.queries.entry((attempt.workload, attempt.query)).or_default();
        match &attempt.result {
            QueryResult::Answered { .. } => {
                self.row.queries_done += 1;
                progress.done += 1;
            }
            QueryResult::Failed { .. } if attempt.last => {
                self.row.queries_failed += 1;
                progress.failed += 1;
            }
            QueryResult::Failed { .. } | QueryResult::Cancelled => {}
        }
        let key = (attempt.phase, attempt.workload, Some(attempt.query));
        self.series.entry(key).or_default().query(attempt);
        if let QueryResult::Failed { kind, message, .. } = &attempt.result {
            let of = Of { phase: attempt.phase, workload: attempt.workload, query: Some(attempt.query) };
            self.failed(of, kind, message, attempt.end);
        }
    }

    fn failed(&mut self, of: Of, kind: &'static str, message: &str, time: i64) {
        self.failures.add(of, kind, message, time);
        if kind == ErrorKind::Throttled.name() {
            self.row.throttled += 1;
            self.progress.throttled += 1;
            self.series.entry((of.phase, of.workload, of.query)).or_default().throttle();
        }
    }

    /// Ends a second: its row, and each series' latencies given to `each` by its tag.
    ///
    /// # Errors
    /// Those of `each`; the second is over all the same.
    pub(crate) fn end_second<E>(
        &mut self,
        second: Span,
        mut each: impl FnMut(usize, &str, &Histogram<u64>) -> Result<(), E>,
    ) -> (TimelineRow, Result<(), E>) {
        let (mut writes, mut queries) = (histogram(), histogram());
        let mut result = Ok(());
        for ((phase, workload, query), series) in &mut self.series {
            let phase = &self.names.phases[*phase].name;
            let operation = query.map_or("service", |query| &self.names.workloads[*workload].queries[query]);
            let of_kind = if query.is_some() { &mut queries } else { &mut writes };
            for (name, histogram) in
                [(operation, &mut series.second.service), ("response", &mut series.second.response)]
            {
                if histogram.is_empty() {
                    continue;
                }
                if name == operation {
                    // A histogram that grows takes whatever another of its precision holds.
                    let _ = of_kind.add(&*histogram);
                    if let Some(query) = query {
                        let progress = self.progress.queries.entry((*workload, *query)).or_default();
                        let _ = progress.latencies.add(&*histogram);
                    }
                }
                result = result.and_then(|()| each(*workload, &format!("{phase}/{name}"), histogram));
                histogram.reset();
            }
        }
        let _ = self.progress.writes.add(&writes);
        let row = self.timeline_row(second, &writes, &queries);
        (row, result)
    }

    fn timeline_row(
        &mut self,
        second: Span,
        writes: &Histogram<u64>,
        queries: &Histogram<u64>,
    ) -> TimelineRow {
        let end = second.end.unwrap_or(second.start);
        let planned = std::mem::take(&mut self.planned_before) + self.planned(self.planned_until, end);
        self.planned_until = end;
        self.progress.planned += planned;
        TimelineRow {
            time_utc: utc(second.start),
            phase: self.phase_name().to_owned(),
            planned_records: planned.round() as u64,
            lag_seconds: self.lag(end),
            write_p50_seconds: quantile_seconds(writes, 0.5),
            write_p99_seconds: quantile_seconds(writes, 0.99),
            query_p50_seconds: quantile_seconds(queries, 0.5),
            query_p99_seconds: quantile_seconds(queries, 0.99),
            ..std::mem::take(&mut self.row)
        }
    }

    fn phase_name(&self) -> &str {
        self.current.as_ref().map_or("", |current| &self.names.phases[current.phase].name)
    }

    /// When the phase of now began.
    pub(crate) fn phase_start(&self) -> Option<(&str, i64)> {
        self.current.as_ref().map(|current| (self.phase_name(), current.span.start))
    }

    /// Records that the phase's live loads meant to write from one instant to another.
    fn planned(&self, from: i64, to: i64) -> f64 {
        let Some(current) = &self.current else { return 0.0 };
        let from = from.max(current.span.start);
        let to = current.span.end.map_or(to, |end| to.min(end));
        if from >= to {
            return 0.0;
        }
        let seconds = (to - from) as f64 / 1e9;
        let rate = |plan: &IngestPlan| plan.share.mean(from, to) * plan.records_per_second * seconds;
        current.ingest.iter().map(rate).sum()
    }

    /// How late the next write is at `now`, in seconds.
    fn lag(&self, now: i64) -> f64 {
        let plans = self.current.iter().flat_map(|current| &current.ingest);
        let cursors = plans.map(|plan| plan.cursor.load(Ordering::Relaxed));
        let late = cursors.map(|cursor| now.saturating_sub(cursor).max(0)).max().unwrap_or(0);
        crate::results::seconds(late)
    }

    /// How far writes have got at `now`.
    pub(crate) fn pace(&self, now: i64) -> Pace {
        let plans = self.current.iter().flat_map(|current| &current.history);
        let done = plans.map(|plan| {
            let length = plan.until.unwrap_or(now).saturating_sub(plan.from).max(1);
            let written = plan.cursor.load(Ordering::Relaxed).saturating_sub(plan.from);
            (written as f64 / length as f64).clamp(0.0, 1.0)
        });
        Pace { lag: self.lag(now), history: done.min_by(f64::total_cmp) }
    }

    /// What happened since this was asked last.
    pub(crate) fn take_progress(&mut self) -> Progress {
        std::mem::take(&mut self.progress)
    }

    /// The rows of `errors.csv`.
    pub(crate) fn error_rows(&self) -> Vec<ErrorRow> {
        self.failures.rows(|of| {
            (
                self.names.phases[of.phase].name.clone(),
                self.names.workloads[of.workload].name.clone(),
                self.names.operation(of.workload, of.query).to_owned(),
            )
        })
    }

    /// Records over all phases.
    pub(crate) fn accounts(&self) -> Accounts {
        let mut all = Accounts::default();
        self.series.values().for_each(|series| all.add(series.accounts()));
        all
    }

    /// The rows of `summary.csv`: phase by phase for those that count, then all of them together.
    pub(crate) fn summary_rows(&self) -> Vec<SummaryRow> {
        let counted = self.names.phases.iter().enumerate().filter(|(_, phase)| phase.record);
        let counted: Vec<(usize, &str)> =
            counted.map(|(index, phase)| (index, phase.name.as_str())).collect();
        let mut rows = Vec::new();
        for (phase, name) in &counted {
            rows.extend(self.operations().map(|(workload, query)| {
                let series = self.series.get(&(*phase, workload, query));
                self.summary_row(name, workload, query, series)
            }));
        }
        rows.extend(self.operations().map(|(workload, query)| {
            let mut all = Series::default();
            for (phase, _) in &counted {
                if let Some(series) = self.series.get(&(*phase, workload, query)) {
                    all.merge(series);
                }
            }
            self.summary_row("all", workload, query, Some(&all))
        }));
        rows
    }

    /// Every workload's operations: its queries, or none for writes.
    fn operations(&self) -> impl Iterator<Item = (usize, Option<usize>)> {
        self.names.workloads.iter().enumerate().flat_map(|(index, workload)| {
            let writes = workload.queries.is_empty().then_some((index, None));
            writes.into_iter().chain((0..workload.queries.len()).map(move |query| (index, Some(query))))
        })
    }

    fn summary_row(
        &self,
        phase: &str,
        workload: usize,
        query: Option<usize>,
        series: Option<&Series>,
    ) -> SummaryRow {
        let name = &self.names.workloads[workload].name;
        SummaryRow {
            query_type: query.map_or(name.as_str(), |_| self.names.operation(workload, query)).to_owned(),
            kind: if query.is_some() { "query" } else { "ingest" }.to_owned(),
            workload: name.clone(),
            phase: phase.to_owned(),
            ..series.map(Series::summary).unwrap_or_default()
        }
    }

    /// Whether the phases that count were loaded as planned.
    pub(crate) fn validity(&self) -> Validity {
        let counted = self.series.iter().filter(|((phase, ..), _)| self.names.phases[*phase].record);
        let late = counted.filter(|(_, series)| series.lag_p99() > LAG_BOUND);
        let reasons: Vec<String> = late
            .map(|((phase, workload, query), series)| {
                format!(
                    "phase {}: {} of {} were sent up to {:.1} s late (99th percentile; the bound is {LAG_BOUND} s)",
                    self.names.phases[*phase].name,
                    query.map_or("writes", |_| self.names.operation(*workload, *query)),
                    self.names.workloads[*workload].name,
                    series.lag_p99()
                )
            })
            .collect();
        Validity { valid: reasons.is_empty(), reasons }
    }
}
