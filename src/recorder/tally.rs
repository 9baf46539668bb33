//! Everything that is counted of a run, in memory. Not here: files, and when they are written.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use hdrhistogram::Histogram;

use super::errors::{Failures, Of, reject_kind};
use super::event::{Event, PhaseStart, QueryAttempt, QueryResult, WriteDone};
use super::names::{Kind, Names};
use super::progress::{Pace, Progress};
use super::series::Series;
use crate::load::Span;
use crate::results::Accounts;
use crate::results::latency::{histogram, quantile_seconds};
use crate::results::{ErrorRow, SummaryRow, TimelineRow, Timing, utc};
use crate::target::ErrorKind;

/// A phase, a workload, and the query where it is one.
type Key = (usize, usize, Option<usize>);

/// The counts of a run.
#[derive(Debug)]
pub(crate) struct Tally {
    names: Names,
    series: BTreeMap<Key, Series>,
    failures: Failures,
    current: Option<PhaseStart>,
    /// The phases that have begun.
    spans: BTreeMap<usize, Span>,
    /// What phases which have ended planned for this second.
    planned_before: Planned,
    /// Up to where what was planned is counted.
    planned_until: i64,
    row: TimelineRow,
    progress: Progress,
    /// Write units and bytes of queries that are charged, over all phases.
    units: u64,
    metered: u64,
}

/// What loads that have instants meant to do.
#[derive(Debug, Clone, Copy, Default)]
struct Planned {
    records: f64,
    queries: f64,
}

impl Planned {
    fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.queries += other.queries;
    }
}

impl Tally {
    pub(crate) fn new(names: Names) -> Self {
        Self {
            names,
            series: BTreeMap::new(),
            failures: Failures::default(),
            current: None,
            spans: BTreeMap::new(),
            planned_before: Planned::default(),
            planned_until: i64::MIN,
            row: TimelineRow::default(),
            progress: Progress::default(),
            units: 0,
            metered: 0,
        }
    }

    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    pub(crate) fn add(&mut self, event: &Event) {
        match event {
            Event::PhaseStarted(start) => {
                self.planned_before.add(&self.planned(self.planned_until, start.span.start));
                self.planned_until = start.span.start;
                self.spans.insert(start.phase, start.span);
                self.current = Some(start.clone());
            }
            Event::Write(done) => self.write(done),
            Event::Skipped { phase, workload, query, count } => {
                let series = self.series.entry((*phase, *workload, *query)).or_default();
                match query {
                    None => series.skip_records(*count),
                    Some(_) => series.skip_runs(*count),
                }
            }
            Event::Failed(failed) => {
                let of = Of { phase: failed.phase, workload: failed.workload, query: None };
                self.series.entry((of.phase, of.workload, None)).or_default().failed_attempt();
                self.failed(of, failed.kind, &failed.message, failed.end);
            }
            Event::Query(attempt) => self.query(attempt),
            Event::PhaseEnded { phase, time } => {
                if let Some(span) = self.spans.get_mut(phase) {
                    span.end = Some(*time);
                }
            }
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
        self.units += done.units;
        self.row.write_requests += 1;
        self.row.written_records += outcome.acknowledged;
        self.row.rejected_records += rejected;
        self.row.refused_records += outcome.refused;
        self.row.unknown_records += outcome.unknown;
        self.progress.written += outcome.acknowledged;
        self.progress.rejected += rejected;
        self.progress.lost += outcome.refused + outcome.unknown;
        self.progress.late.add_late(done.admitted - done.intended, done.wait);
        self.series.entry((done.phase, done.workload, None)).or_default().write(done);
    }

    fn query(&mut self, attempt: &QueryAttempt) {
        let progress = self.progress.queries.entry((attempt.workload, attempt.query)).or_default();
        match &attempt.result {
            QueryResult::Answered { bytes_metered, .. } => {
                self.metered += bytes_metered;
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
        let open = matches!(self.names.workloads[attempt.workload].kind, Kind::Open { .. });
        self.series.entry(key).or_default().query(attempt, open);
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
        } else {
            self.row.failed_attempts += 1;
            self.progress.broken += 1;
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
            let name = query.map(|query| self.names.workloads[*workload].queries[query].as_str());
            let of_kind = if query.is_some() { &mut queries } else { &mut writes };
            for (timing, histogram) in series.second.timings() {
                if histogram.is_empty() {
                    continue;
                }
                if timing == Timing::Service {
                    // A histogram that grows takes whatever another of its precision holds.
                    let _ = of_kind.add(&*histogram);
                    if let Some(query) = query {
                        let progress = self.progress.queries.entry((*workload, *query)).or_default();
                        let _ = progress.latencies.add(&*histogram);
                    }
                }
                result = result.and_then(|()| each(*workload, &timing.tag(phase, name), histogram));
                histogram.reset();
            }
        }
        let _ = self.progress.writes.add(&writes);
        let row = self.timeline_row(second, &writes, &queries);
        (row, result)
    }

    /// Gives the timings that are logged once a phase to `each`, with their phases' spans.
    ///
    /// # Errors
    /// Those of `each`.
    pub(crate) fn whole_phases<E>(
        &self,
        mut each: impl FnMut(usize, &str, Span, &Histogram<u64>) -> Result<(), E>,
    ) -> Result<(), E> {
        for ((phase, workload, query), series) in &self.series {
            let Some(span) = self.spans.get(phase) else { continue };
            let phase = &self.names.phases[*phase].name;
            let query = query.map(|query| self.names.workloads[*workload].queries[query].as_str());
            for (timing, histogram) in series.of_phase() {
                if !histogram.is_empty() {
                    each(*workload, &timing.tag(phase, query), *span, histogram)?;
                }
            }
        }
        Ok(())
    }

    fn timeline_row(
        &mut self,
        second: Span,
        writes: &Histogram<u64>,
        queries: &Histogram<u64>,
    ) -> TimelineRow {
        let end = second.end.unwrap_or(second.start);
        let mut planned = std::mem::take(&mut self.planned_before);
        planned.add(&self.planned(self.planned_until, end));
        self.planned_until = end;
        self.progress.planned += planned.records;
        TimelineRow {
            time_utc: utc(second.start),
            phase: self.phase_name().to_owned(),
            planned_records: planned.records.round() as u64,
            planned_queries: planned.queries.round() as u64,
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

    /// What the phase's loads planned from one instant to another.
    fn planned(&self, from: i64, to: i64) -> Planned {
        let Some(current) = &self.current else { return Planned::default() };
        let from = from.max(current.span.start);
        let to = current.span.end.map_or(to, |end| to.min(end));
        Planned {
            records: current.ingest.iter().map(|plan| plan.rate.area(from, to)).sum(),
            queries: current.arrivals.iter().map(|plan| plan.rate.area(from, to)).sum(),
        }
    }

    /// How late the next operation that has an instant is at `now`, in seconds.
    fn lag(&self, now: i64) -> f64 {
        let writes = self.current.iter().flat_map(|current| &current.ingest).map(|plan| &plan.cursor);
        let queries = self.current.iter().flat_map(|current| &current.arrivals).map(|plan| &plan.cursor);
        let cursors = writes.chain(queries).map(|cursor| cursor.load(Ordering::Relaxed));
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

    /// Write units that are charged.
    pub(crate) fn write_units(&self) -> u64 {
        self.units
    }

    /// Bytes of queries that are charged.
    pub(crate) fn bytes_metered(&self) -> u64 {
        self.metered
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

    /// The counts of every operation in the phases that count: phase, workload, query, counts.
    pub(crate) fn counted(&self) -> impl Iterator<Item = (usize, usize, Option<usize>, &Series)> {
        let all =
            self.series.iter().map(|((phase, workload, query), series)| (*phase, *workload, *query, series));
        all.filter(|(phase, ..)| self.names.phases[*phase].record)
    }

    /// The counts of a workload: phase, query, counts.
    pub(crate) fn of_workload(&self, wanted: usize) -> impl Iterator<Item = (usize, Option<usize>, &Series)> {
        let all = self.series.iter().filter(move |((_, workload, _), _)| *workload == wanted);
        all.map(|((phase, _, query), series)| (*phase, *query, series))
    }

    /// Failures of a kind in a phase.
    pub(crate) fn failures(&self, phase: usize, kind: &str) -> u64 {
        self.failures.count(phase, kind)
    }
}
