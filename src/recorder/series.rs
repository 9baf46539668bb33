//! What is counted of one kind of operation in one phase. Adds up exactly.

use hdrhistogram::Histogram;

use super::event::{QueryAttempt, QueryResult, WriteDone};
use crate::results::Accounts;
use crate::results::latency::{self, Latencies};
use crate::results::{SummaryRow, round};

/// Counts of a query, or of an ingest workload's writes, in one phase.
#[derive(Debug)]
pub(crate) struct Series {
    service: Latencies,
    /// From the intended start; of writes only, since users who think have no schedule to keep.
    response: Latencies,
    lag: Histogram<u64>,
    total: u64,
    failed: u64,
    throttled: u64,
    empty: u64,
    rows: u64,
    bytes_metered: u64,
    accounts: Accounts,
    /// What came in since the last second ended.
    pub(crate) second: Second,
}

/// One second's latencies, for the interval log and the timeline.
#[derive(Debug)]
pub(crate) struct Second {
    pub service: Histogram<u64>,
    pub response: Histogram<u64>,
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
            lag: latency::histogram(),
            total: 0,
            failed: 0,
            throttled: 0,
            empty: 0,
            rows: 0,
            bytes_metered: 0,
            accounts: Accounts::default(),
            second: Second::default(),
        }
    }
}

impl Series {
    pub(crate) fn write(&mut self, done: &WriteDone) {
        self.total += 1;
        done.outcome.enter(&mut self.accounts);
        latency::record(&mut self.lag, done.admitted - done.intended);
        if done.outcome.refused + done.outcome.unknown > 0 {
            self.failed += 1;
            return;
        }
        self.service.record(done.end - done.start);
        self.response.record(done.end - done.intended);
        latency::record(&mut self.second.service, done.end - done.start);
        latency::record(&mut self.second.response, done.end - done.intended);
    }

    pub(crate) fn query(&mut self, attempt: &QueryAttempt) {
        match &attempt.result {
            QueryResult::Answered { rows, bytes_metered, .. } => {
                let service = attempt.end - attempt.start;
                self.service.record(service);
                latency::record(&mut self.second.service, service);
                self.empty += u64::from(*rows == 0);
                self.rows += rows;
                self.bytes_metered += bytes_metered;
            }
            QueryResult::Failed { .. } if attempt.last => self.failed += 1,
            // Cancelled by the end of the run: neither an answer nor a failure.
            QueryResult::Failed { .. } | QueryResult::Cancelled => {}
        }
        if attempt.last && !matches!(attempt.result, QueryResult::Cancelled) {
            self.total += 1;
        }
        if attempt.attempt == 1 {
            latency::record(&mut self.lag, attempt.start - attempt.intended);
        }
    }

    pub(crate) fn throttle(&mut self) {
        self.throttled += 1;
    }

    pub(crate) fn skip(&mut self, records: u64) {
        self.accounts.skip(records);
    }

    pub(crate) fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// 99th percentile of how late operations were sent, in seconds.
    pub(crate) fn lag_p99(&self) -> f64 {
        latency::quantile_seconds(&self.lag, 0.99)
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.service.merge(&other.service);
        self.response.merge(&other.response);
        // A histogram that grows takes whatever another of its precision holds.
        let _ = self.lag.add(&other.lag);
        self.total += other.total;
        self.failed += other.failed;
        self.throttled += other.throttled;
        self.empty += other.empty;
        self.rows += other.rows;
        self.bytes_metered += other.bytes_metered;
        self.accounts.add(&other.accounts);
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
            ..SummaryRow::default()
        }
    }
}
