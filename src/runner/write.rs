//! One batch: made, sent, sent again where that may help, and accounted for.

use std::sync::Arc;

use rand::{RngExt, SeedableRng};
use rand_xoshiro::SplitMix64;
use tokio::sync::OwnedSemaphorePermit;

use super::context::Context;
use crate::fleet::{Batch, Slot};
use crate::plan::{write_bytes, write_units};
use crate::recorder::event::{Event, FailedWrite, WindowWait, WriteDone, WriteOutcome};
use crate::target::{ErrorKind, Target, TargetError};
use crate::values::{Expression, draw};

/// A batch that the window has room for.
#[derive(Debug)]
pub(crate) struct Job {
    pub phase: usize,
    pub workload: usize,
    pub slot: Slot,
    pub share: f64,
    /// When it was to be sent.
    pub intended: i64,
    pub room: Room,
    /// How long its place in the window stays taken after the answer.
    pub think: Option<Expression>,
}

/// A place in the window of requests in flight.
#[derive(Debug)]
pub(crate) struct Room {
    pub place: OwnedSemaphorePermit,
    /// When it was there.
    pub admitted: i64,
    pub wait: WindowWait,
}

/// What one attempt leaves to do.
enum Next {
    Done(WriteOutcome),
    Again { after: i64 },
}

/// Writes the batch of a slot to a target.
pub(crate) async fn write(context: Arc<Context>, target: Arc<Target>, job: Job) {
    let batch = context.plan.generator.batch(job.slot, job.share);
    if batch.records.is_empty() {
        return;
    }
    let mut attempts = Attempts::new(&context, &target, &job, &batch);
    let outcome = loop {
        match attempts.make().await {
            Next::Done(outcome) => break outcome,
            Next::Again { after } => tokio::select! {
                () = context.clock.sleep_until(after) => {}
                () = context.stop.asked() => {}
            },
        }
    };
    let common_attributes = context.plan.target.common_attributes;
    context.tell(Event::Write(WriteDone {
        phase: job.phase,
        workload: job.workload,
        intended: job.intended,
        admitted: job.room.admitted,
        wait: job.room.wait,
        answered: attempts.answered,
        units: if context.plan.is_billed() && attempts.answered {
            write_units(write_bytes(&batch, common_attributes))
        } else {
            0
        },
        start: attempts.start,
        end: attempts.end,
        outcome,
    }));
    if let Some(think) = &job.think {
        // Drawn by the batch, so that it is the same in every run.
        let name = &context.plan.workloads[job.workload].name;
        let key = draw::child(draw::root(context.plan.seed), name, "think") ^ job.slot.batch;
        let thought = think.span(key, job.slot.time);
        tokio::select! {
            () = context.clock.sleep_until(context.clock.now().saturating_add(thought)) => {}
            () = context.stop.asked() => {}
        }
    }
    drop(job.room.place);
}

struct Attempts<'a> {
    context: &'a Context,
    target: &'a Target,
    job: &'a Job,
    batch: &'a Batch,
    first: i64,
    start: i64,
    end: i64,
    made: u32,
    /// An earlier attempt may have been stored.
    ambiguous: bool,
    /// The last one was answered.
    answered: bool,
    jitter: SplitMix64,
}

impl<'a> Attempts<'a> {
    fn new(context: &'a Context, target: &'a Target, job: &'a Job, batch: &'a Batch) -> Self {
        let now = context.clock.now();
        let seed = context.plan.seed ^ job.slot.time.cast_unsigned() ^ job.slot.batch.rotate_left(32);
        let jitter = SplitMix64::seed_from_u64(seed);
        Self {
            context,
            target,
            job,
            batch,
            first: now,
            start: now,
            end: now,
            made: 0,
            ambiguous: false,
            answered: false,
            jitter,
        }
    }

    async fn make(&mut self) -> Next {
        self.made += 1;
        self.start = self.context.clock.now();
        let answer = tokio::select! {
            biased;
            answer = self.target.write(self.batch) => Some(answer),
            () = self.context.stop.abandoned() => None,
            () = self.context.clock.sleep_until(self.first.saturating_add(self.context.retry.operation)) => {
                Some(Err(TargetError::new(ErrorKind::Timeout, "no answer within the operation timeout")))
            }
        };
        self.end = self.context.clock.now();
        let records = self.batch.records.len() as u64;
        match answer {
            // Left where it was: nobody knows.
            None => Next::Done(WriteOutcome { unknown: records, ..WriteOutcome::default() }),
            Some(Ok(_)) => {
                self.context.health.answered(self.end);
                self.answered = true;
                Next::Done(WriteOutcome { acknowledged: records, ..WriteOutcome::default() })
            }
            Some(Err(error)) if error.kind == ErrorKind::Rejected && !error.rejected.is_empty() => {
                self.context.health.answered(self.end);
                self.answered = true;
                Next::Done(self.partly_rejected(records, error))
            }
            Some(Err(error)) => self.failed(&error, records),
        }
    }

    fn failed(&mut self, error: &TargetError, records: u64) -> Next {
        self.context.tell(Event::Failed(FailedWrite {
            phase: self.job.phase,
            workload: self.job.workload,
            attempt: self.made,
            intended: self.job.intended,
            start: self.start,
            end: self.end,
            records,
            kind: error.kind.name(),
            message: error.message.clone(),
        }));
        self.context.failed(error);
        self.context.give_up_on(error);
        self.ambiguous |= error.kind.is_ambiguous();
        let spent = self.end - self.first;
        let unit = self.jitter.random();
        match self.context.retry.delay(error.kind, self.made, spent, unit) {
            Some(delay) if !self.context.stop.is_asked() => Next::Again { after: self.end + delay },
            _ if self.ambiguous => Next::Done(WriteOutcome { unknown: records, ..WriteOutcome::default() }),
            _ => Next::Done(WriteOutcome { refused: records, ..WriteOutcome::default() }),
        }
    }

    fn partly_rejected(&self, records: u64, error: TargetError) -> WriteOutcome {
        let mut rejected: Vec<(usize, String)> =
            error.rejected.into_iter().map(|record| (record.index, record.reason)).collect();
        // A record can be named for several reasons, and is left out once all the same.
        rejected.sort_unstable();
        rejected.dedup_by_key(|(index, _)| *index);
        rejected.truncate(usize::try_from(records).unwrap_or(usize::MAX));
        let left_out = rejected.len() as u64;
        let acknowledged = records - left_out;
        if self.ambiguous {
            // An attempt without an answer may have stored what this one left out.
            return WriteOutcome { acknowledged, unknown: left_out, ..WriteOutcome::default() };
        }
        let rejected = rejected.into_iter().map(|(_, reason)| reason).collect();
        WriteOutcome { acknowledged, rejected, ..WriteOutcome::default() }
    }
}
