//! Everything that is counted of a run, in memory. Not here: files, and when they are written.

use std::collections::BTreeMap;
use std::sync::Arc;

use hdrhistogram::Histogram;

use super::errors::{Failures, Of, reject_kind};
use super::event::{Event, QueryAttempt, QueryResult, WindowWait, WriteDone};
use super::names::{Kind, Names};
use super::pace::Pace;
use super::recent::{Operation, Window};
use super::series::Series;
use crate::feed::Recent;
use crate::load::Span;
use crate::plan::ALL_PHASES;
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
    pace: Pace,
    /// The phases that have begun.
    spans: BTreeMap<usize, Span>,
    row: TimelineRow,
    window: Window,
    /// Write units and bytes of queries that are charged, over all phases.
    units: u64,
    metered: u64,
}

impl Tally {
    pub(crate) fn new(names: Names) -> Self {
        Self {
            names,
            series: BTreeMap::new(),
            failures: Failures::default(),
            pace: Pace::default(),
            spans: BTreeMap::new(),
            row: TimelineRow::default(),
            window: Window::default(),
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
                self.pace.begin(start, &mut self.window);
                self.spans.insert(start.phase, start.span);
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
                self.pace.end(*time);
            }
            Event::Remark(_) | Event::End => {}
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
        let recent = self.window.count((done.workload, None));
        recent.late.add_late(done.admitted - done.intended, done.wait);
        let lost = outcome.refused + outcome.unknown;
        recent.sums.written += outcome.acknowledged;
        recent.sums.rejected += rejected;
        recent.sums.lost += lost;
        recent.sums.done += u64::from(lost == 0);
        recent.sums.failed += u64::from(lost > 0);
        self.series.entry((done.phase, done.workload, None)).or_default().write(done);
    }

    fn query(&mut self, attempt: &QueryAttempt) {
        let recent = self.window.count((attempt.workload, Some(attempt.query)));
        match &attempt.result {
            QueryResult::Answered { bytes_metered, .. } => {
                self.metered += bytes_metered;
                self.row.queries_done += 1;
                recent.sums.done += 1;
            }
            QueryResult::Failed { .. } if attempt.last => {
                self.row.queries_failed += 1;
                recent.sums.failed += 1;
            }
            QueryResult::Failed { .. } | QueryResult::Cancelled => {}
        }
        if attempt.attempt == 1 {
            recent.late.add_late(attempt.begun - attempt.intended, attempt.wait);
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
            self.window.count((of.workload, of.query)).sums.throttled += 1;
            self.series.entry((of.phase, of.workload, of.query)).or_default().throttle();
        } else {
            self.row.failed_attempts += 1;
            self.window.count((of.workload, of.query)).sums.broken += 1;
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
                    let recorded = histogram
                        .iter_recorded()
                        .map(|value| (value.value_iterated_to(), value.count_at_value()));
                    self.window.count((*workload, *query)).latencies.extend(recorded);
                }
                result = result.and_then(|()| each(*workload, &timing.tag(phase, name), histogram));
                histogram.reset();
            }
        }
        let row = self.timeline_row(second, &writes, &queries);
        self.window.end_second(second.end.unwrap_or(second.start) - second.start);
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
        self.pace.plan_until(end, &mut self.window);
        let due = self.pace.take_due();
        TimelineRow {
            time_utc: utc(second.start),
            phase: self.phase_name().to_owned(),
            planned_records: due.records.round() as u64,
            planned_queries: due.queries.round() as u64,
            lag_seconds: self.pace.lag(end, None).unwrap_or(0.0),
            write_p50_seconds: quantile_seconds(writes, 0.5),
            write_p99_seconds: quantile_seconds(writes, 0.99),
            query_p50_seconds: quantile_seconds(queries, 0.5),
            query_p99_seconds: quantile_seconds(queries, 0.99),
            ..std::mem::take(&mut self.row)
        }
    }

    fn phase_name(&self) -> &str {
        self.pace.phase().map_or("", |phase| &self.names.phases[phase].name)
    }

    /// What the phase of now plans.
    pub(super) fn pace(&self) -> &Pace {
        &self.pace
    }

    /// What happened to an operation in the last seconds, and how its late ones came by their places.
    pub(super) fn recent(&mut self, operation: Operation) -> (Recent, WindowWait) {
        self.window.recent(operation)
    }

    /// What was due of a workload in the last seconds.
    pub(super) fn recent_planned(&self, workload: usize) -> f64 {
        self.window.planned(workload)
    }

    /// Gives every operation's row of the summary in every phase that had any of it, so far.
    pub(super) fn each_row(&mut self, mut each: impl FnMut(Key, &Arc<SummaryRow>)) {
        let names = &self.names;
        for ((phase, workload, query), series) in &mut self.series {
            let name = &names.phases[*phase].name;
            let row = series.row(|series| Self::summary_row(names, name, *workload, *query, Some(series)));
            each((*phase, *workload, *query), &row);
        }
    }

    /// What happened in the last seconds counts no more.
    pub(crate) fn forget_recent(&mut self) {
        self.window.clear();
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
                Self::summary_row(&self.names, name, workload, query, series)
            }));
        }
        rows.extend(self.operations().map(|(workload, query)| {
            let mut all = Series::default();
            for (phase, _) in &counted {
                if let Some(series) = self.series.get(&(*phase, workload, query)) {
                    all.merge(series);
                }
            }
            Self::summary_row(&self.names, ALL_PHASES, workload, query, Some(&all))
        }));
        rows
    }

    /// Every workload's operations: its queries, or none for writes.
    pub(super) fn operations(&self) -> impl Iterator<Item = (usize, Option<usize>)> {
        self.names.workloads.iter().enumerate().flat_map(|(index, workload)| {
            let writes = workload.queries.is_empty().then_some((index, None));
            writes.into_iter().chain((0..workload.queries.len()).map(move |query| (index, Some(query))))
        })
    }

    pub(super) fn summary_row(
        names: &Names,
        phase: &str,
        workload: usize,
        query: Option<usize>,
        series: Option<&Series>,
    ) -> SummaryRow {
        let name = &names.workloads[workload].name;
        SummaryRow {
            query_type: query.map_or(name.as_str(), |_| names.operation(workload, query)).to_owned(),
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
