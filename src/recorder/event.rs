//! What workers tell the recorder, one message an attempt or an operation. Times are nanoseconds
//! since the Unix epoch; workloads, phases and queries are indices into the plan.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use crate::feed::Remark;
use crate::load::{Curve, Span};
use crate::results::Accounts;

/// One message to the recorder.
#[derive(Debug)]
pub(crate) enum Event {
    /// A phase begins.
    PhaseStarted(PhaseStart),
    /// A write request is done with, after all its attempts.
    Write(WriteDone),
    /// Operations that were due and will not be sent: records, or executions of a query.
    Skipped { phase: usize, workload: usize, query: Option<usize>, count: u64 },
    /// An attempt of a write failed; another may follow.
    Failed(FailedWrite),
    /// An attempt of a query is over.
    Query(Box<QueryAttempt>),
    /// A phase is over; what is late is still sent.
    PhaseEnded { phase: usize, time: i64 },
    /// Something for people, after all that was told before it.
    Remark(Remark),
    /// Nothing follows.
    End,
}

/// An attempt of a write that failed.
#[derive(Debug, Clone)]
pub(crate) struct FailedWrite {
    pub phase: usize,
    pub workload: usize,
    /// From 1.
    pub attempt: u32,
    pub intended: i64,
    pub start: i64,
    pub end: i64,
    pub records: u64,
    pub kind: &'static str,
    pub message: String,
}

/// A phase and what it plans.
#[derive(Debug, Clone)]
pub(crate) struct PhaseStart {
    pub phase: usize,
    pub span: Span,
    /// All that it runs.
    pub workloads: Vec<usize>,
    /// Its live ingest loads.
    pub ingest: Vec<IngestPlan>,
    /// Its back-fills.
    pub history: Vec<HistoryPlan>,
    /// Its query loads that have a rate.
    pub arrivals: Vec<ArrivalPlan>,
}

/// A query load that has a rate.
#[derive(Debug, Clone)]
pub(crate) struct ArrivalPlan {
    pub workload: usize,
    /// Queries a second.
    pub rate: Curve,
    /// The instant of the arrival that is served next.
    pub cursor: Arc<AtomicI64>,
}

/// An ingest load that writes history.
#[derive(Debug, Clone)]
pub(crate) struct HistoryPlan {
    pub from: i64,
    /// Where it ends; with now if not given.
    pub until: Option<i64>,
    /// The instant of the slot that is sent next.
    pub cursor: Arc<AtomicI64>,
}

/// An ingest load that follows the clock.
#[derive(Debug, Clone)]
pub(crate) struct IngestPlan {
    pub workload: usize,
    /// Records a second.
    pub rate: Curve,
    /// The instant of the slot that is sent next.
    pub cursor: Arc<AtomicI64>,
}

/// A write request with all its attempts.
#[derive(Debug, Clone, Default)]
pub(crate) struct WriteDone {
    pub phase: usize,
    pub workload: usize,
    /// When it was to be sent: the slot's instant, or (in a back-fill) when the window had room.
    pub intended: i64,
    /// When the window had room for it.
    pub admitted: i64,
    pub wait: WindowWait,
    /// Whether its last attempt was answered; those that were not are told as failures.
    pub answered: bool,
    /// Write units that it is charged; 0 where nothing is.
    pub units: u64,
    /// When its last attempt was sent.
    pub start: i64,
    /// When that attempt was answered.
    pub end: i64,
    pub outcome: WriteOutcome,
}

/// How an operation came by its place in the window of those in flight. Nanoseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct WindowWait {
    /// For how long there was none.
    pub waited: i64,
    /// Since the operation before got its own.
    pub cycle: i64,
}

/// Nanoseconds from which an operation is late enough to ask why.
const LATE: i64 = 100_000_000;

impl WindowWait {
    /// Adds that of an operation which was late by `lag`; the others tell nothing of what ran out.
    pub(crate) fn add_late(&mut self, lag: i64, wait: Self) {
        if lag > LATE {
            self.waited += wait.waited;
            self.cycle += wait.cycle;
        }
    }

    /// Of the time in which operations were late, the share for which the window was full.
    pub(crate) fn full_share(self) -> f64 {
        if self.cycle > 0 { self.waited as f64 / self.cycle as f64 } else { 0.0 }
    }

    /// Whether the window is what ran out.
    pub(crate) fn ran_out(self) -> bool {
        self.full_share() > 0.5
    }
}

/// What became of a batch's records; the four add up to the batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct WriteOutcome {
    /// Stored.
    pub acknowledged: u64,
    /// Left out by the service, with its reasons.
    pub rejected: Vec<String>,
    /// Answered with an error for good: not stored.
    pub refused: u64,
    /// Perhaps stored: no answer, a broken one, or one that the service failed (5xx).
    pub unknown: u64,
}

impl WriteOutcome {
    /// Enters it into the accounts.
    pub(crate) fn enter(&self, accounts: &mut Accounts) {
        let rejected = self.rejected.len() as u64;
        accounts.planned += self.acknowledged + rejected + self.refused + self.unknown;
        accounts.acknowledged += self.acknowledged;
        accounts.rejected += rejected;
        accounts.refused += self.refused;
        accounts.unknown += self.unknown;
    }
}

/// One attempt of one execution of a query.
#[derive(Debug, Clone)]
pub(crate) struct QueryAttempt {
    pub phase: usize,
    pub workload: usize,
    pub query: usize,
    /// The user's number in its workload, from 1.
    pub user: u32,
    /// The user's number in the run, from 1.
    pub thread: u32,
    /// From 1.
    pub attempt: u32,
    /// Whether no other attempt of this execution follows.
    pub last: bool,
    pub intended: i64,
    /// When its turn had come; parameters that had to be read were read after.
    pub begun: i64,
    /// Nothing for users, who have no window.
    pub wait: WindowWait,
    pub start: i64,
    pub end: i64,
    pub sql: Arc<str>,
    pub result: QueryResult,
}

/// How an attempt of a query ended.
#[derive(Debug, Clone)]
pub(crate) enum QueryResult {
    Answered {
        query_id: String,
        first_row: Option<i64>,
        rows: u64,
        bytes_metered: u64,
    },
    Failed {
        query_id: String,
        kind: &'static str,
        message: String,
    },
    /// Given up by us, because the run ends.
    Cancelled,
}
