//! What is counted of one kind of operation in one phase. Adds up exactly.

use std::sync::Arc;

use hdrhistogram::Histogram;

use super::event::{QueryAttempt, QueryResult, WindowWait, WriteDone};
use crate::plan::{Count, Latency, Statistic};
use crate::results::Accounts;
use crate::results::latency::{self, Latencies};
use crate::results::{SummaryRow, Timing, round};

/// Counts of a query, or of an ingest workload's writes, in one phase.
#[derive(Debug)]
pub(crate) struct Series {
    service: Latencies,
    /// From the intended start; not of users who think, since they have no schedule to keep.
    response: Latencies,
    /// Of answers with rows: to the first one, and from there to the last.
    first_row: Histogram<u64>,
    rest: Histogram<u64>,
    lag: Histogram<u64>,
    /// How late operations came by their places.
    late: WindowWait,
    total: u64,
    attempts: u64,
    /// Executions of queries that were due and not sent, and those that were given up.
    skipped: u64,
    cancelled: u64,
    failed: u64,
    throttled: u64,
    empty: u64,
    rows: u64,
    bytes_metered: u64,
    accounts: Accounts,
    /// What came in since the last second ended.
    pub(crate) second: Second,
    /// Its row of the summary, while nothing has come in since it was made.
    row: Option<Arc<SummaryRow>>,
}

/// One second's latencies, for the interval log and the timeline.
#[derive(Debug)]
pub(crate) struct Second {
    pub service: Histogram<u64>,
    pub response: Histogram<u64>,
}

impl Second {
    /// The timings that interval logs have once a second.
    pub(crate) fn timings(&mut self) -> [(Timing, &mut Histogram<u64>); 2] {
        [(Timing::Service, &mut self.service), (Timing::Response, &mut self.response)]
    }
}

impl Default for Second {
    fn default() -> Self {
        Self { service: latency::histogram(), response: latency::histogram() }
    }
}

impl Default for Series {
    fn default() -> Self {
        Self {
            service: Latencies::default(),
            response: Latencies::default(),
            first_row: latency::histogram(),
            rest: latency::histogram(),
            lag: latency::histogram(),
            late: WindowWait::default(),
            total: 0,
            attempts: 0,
            skipped: 0,
            cancelled: 0,
            failed: 0,
            throttled: 0,
            empty: 0,
            rows: 0,
            bytes_metered: 0,
            accounts: Accounts::default(),
            second: Second::default(),
            row: None,
        }
    }
}

impl Series {
    /// What rows of summaries count, with the histograms of all of them; the mean and deviation of response times are not in rows.
    pub(crate) fn of_rows(rows: &[&SummaryRow], histogram: impl Fn(Timing) -> Histogram<u64>) -> Self {
        let statistics = rows
            .iter()
            .map(|row| (row.successful_count, [row.mean, row.standard_deviation, row.geometric_mean]));
        let mut series = Self {
            service: Latencies::of(histogram(Timing::Service), statistics),
            response: Latencies::of(histogram(Timing::Response), []),
            first_row: histogram(Timing::FirstRow),
            rest: histogram(Timing::Rest),
            lag: histogram(Timing::Lag),
            ..Self::default()
        };
        for row in rows {
            series.total += row.total_count;
            series.attempts += row.attempts;
            series.skipped += row.skipped_count;
            series.cancelled += row.cancelled_count;
            series.failed += row.failed_count;
            series.throttled += row.throttled_count;
            series.empty += row.empty_count;
            series.rows += row.rows;
            series.bytes_metered += row.bytes_metered;
            series.accounts.add(&row.accounts());
        }
        series
    }

    /// Whether response times were measured.
    pub(crate) fn has_response(&self) -> bool {
        self.response.count() > 0
    }

    pub(crate) fn write(&mut self, done: &WriteDone) {
        self.row = None;
        self.total += 1;
        self.attempts += u64::from(done.answered);
        done.outcome.enter(&mut self.accounts);
        latency::record(&mut self.lag, done.admitted - done.intended);
        self.late.add_late(done.admitted - done.intended, done.wait);
        if done.outcome.refused + done.outcome.unknown > 0 {
            self.failed += 1;
            return;
        }
        self.service.record(done.end - done.start);
        self.response.record(done.end - done.intended);
        latency::record(&mut self.second.service, done.end - done.start);
        latency::record(&mut self.second.response, done.end - done.intended);
    }

    /// Counts an attempt of a query; `open` is whether it arrived by a rate.
    pub(crate) fn query(&mut self, attempt: &QueryAttempt, open: bool) {
        self.row = None;
        self.attempts += 1;
        match &attempt.result {
            QueryResult::Answered { first_row, rows, bytes_metered, .. } => {
                let service = attempt.end - attempt.start;
                self.service.record(service);
                latency::record(&mut self.second.service, service);
                if open {
                    self.response.record(attempt.end - attempt.intended);
                    latency::record(&mut self.second.response, attempt.end - attempt.intended);
                }
                if let Some(first_row) = first_row {
                    latency::record(&mut self.first_row, first_row - attempt.start);
                    latency::record(&mut self.rest, attempt.end - first_row);
                }
                self.empty += u64::from(*rows == 0);
                self.rows += rows;
                self.bytes_metered += bytes_metered;
            }
            QueryResult::Failed { .. } if attempt.last => self.failed += 1,
            // Given up by the end of the run: neither an answer nor a failure.
            QueryResult::Cancelled => self.cancelled += 1,
            QueryResult::Failed { .. } => {}
        }
        if attempt.last && !matches!(attempt.result, QueryResult::Cancelled) {
            self.total += 1;
        }
        if attempt.attempt == 1 {
            latency::record(&mut self.lag, attempt.begun - attempt.intended);
            self.late.add_late(attempt.begun - attempt.intended, attempt.wait);
        }
    }

    /// Counts an attempt of a write that failed.
    pub(crate) fn failed_attempt(&mut self) {
        self.row = None;
        self.attempts += 1;
    }

    pub(crate) fn throttle(&mut self) {
        self.row = None;
        self.throttled += 1;
    }

    pub(crate) fn skip_records(&mut self, records: u64) {
        self.row = None;
        self.accounts.skip(records);
    }

    pub(crate) fn skip_runs(&mut self, runs: u64) {
        self.row = None;
        self.skipped += runs;
    }

    /// How late operations came by their places.
    pub(crate) fn late(&self) -> WindowWait {
        self.late
    }

    /// How many there were.
    pub(crate) fn count(&self, count: Count) -> u64 {
        match count {
            Count::Planned => self.accounts.planned,
            Count::Acknowledged => self.accounts.acknowledged,
            Count::Rejected => self.accounts.rejected,
            Count::Refused => self.accounts.refused,
            Count::Unknown => self.accounts.unknown,
            Count::Skipped => self.accounts.skipped + self.skipped,
            Count::Operations => self.total,
            Count::Failed => self.failed,
            Count::Empty => self.empty,
            Count::Rows => self.rows,
            Count::Attempts => self.attempts,
            Count::Throttled => self.throttled,
        }
    }

    /// A latency in seconds; none where nothing was measured.
    pub(crate) fn latency(&self, latency: Latency, statistic: Statistic) -> Option<f64> {
        let histogram = match latency {
            Latency::Service => self.service.histogram(),
            Latency::Response => self.response.histogram(),
            Latency::FirstRow => &self.first_row,
            Latency::Lag => &self.lag,
        };
        if histogram.is_empty() {
            return None;
        }
        Some(match statistic {
            Statistic::Mean => histogram.mean() / 1e6,
            Statistic::Quantile(quantile) => latency::quantile_seconds(histogram, quantile),
        })
    }

    pub(crate) fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// 99th percentile of how late operations were sent, in seconds.
    pub(crate) fn lag_p99(&self) -> f64 {
        latency::quantile_seconds(&self.lag, 0.99)
    }

    /// The timings that interval logs have once a phase.
    pub(crate) fn of_phase(&self) -> [(Timing, &Histogram<u64>); 3] {
        [(Timing::Lag, &self.lag), (Timing::FirstRow, &self.first_row), (Timing::Rest, &self.rest)]
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.service.merge(&other.service);
        self.response.merge(&other.response);
        // A histogram that grows takes whatever another of its precision holds.
        let _ = self.lag.add(&other.lag);
        let _ = self.first_row.add(&other.first_row);
        let _ = self.rest.add(&other.rest);
        self.late.waited += other.late.waited;
        self.late.cycle += other.late.cycle;
        self.total += other.total;
        self.attempts += other.attempts;
        self.skipped += other.skipped;
        self.cancelled += other.cancelled;
        self.failed += other.failed;
        self.throttled += other.throttled;
        self.empty += other.empty;
        self.rows += other.rows;
        self.bytes_metered += other.bytes_metered;
        self.accounts.add(&other.accounts);
    }

    /// Its row of the summary, made by `make` where something came in since it was made last.
    pub(crate) fn row(&mut self, make: impl FnOnce(&Self) -> SummaryRow) -> Arc<SummaryRow> {
        if let Some(row) = &self.row {
            return Arc::clone(row);
        }
        let row = Arc::new(make(self));
        self.row = Some(Arc::clone(&row));
        row
    }

    /// The row of `summary.csv`, but for its names.
    pub(crate) fn summary(&self) -> SummaryRow {
        SummaryRow {
            total_count: self.total,
            successful_count: self.service.count(),
            mean: round(self.service.mean()),
            standard_deviation: round(self.service.standard_deviation()),
            median: self.service.quantile(0.5),
            p90: self.service.quantile(0.9),
            p99: self.service.quantile(0.99),
            geometric_mean: round(self.service.geometric_mean()),
            p999_seconds: self.service.quantile(0.999),
            max_seconds: self.service.quantile(1.0),
            failed_count: self.failed,
            throttled_count: self.throttled,
            empty_count: self.empty,
            rows: self.rows,
            bytes_metered: self.bytes_metered,
            response_median_seconds: self.response.quantile(0.5),
            response_p99_seconds: self.response.quantile(0.99),
            lag_p99_seconds: self.lag_p99(),
            planned_records: self.accounts.planned,
            acknowledged_records: self.accounts.acknowledged,
            rejected_records: self.accounts.rejected,
            refused_records: self.accounts.refused,
            unknown_records: self.accounts.unknown,
            skipped_records: self.accounts.skipped,
            attempts: self.attempts,
            skipped_count: self.skipped,
            cancelled_count: self.cancelled,
            first_row_median_seconds: latency::quantile_seconds(&self.first_row, 0.5),
            first_row_p99_seconds: latency::quantile_seconds(&self.first_row, 0.99),
            rest_median_seconds: latency::quantile_seconds(&self.rest, 0.5),
            rest_p99_seconds: latency::quantile_seconds(&self.rest, 0.99),
            ..SummaryRow::default()
        }
    }
}
