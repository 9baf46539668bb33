//! What every worker of a run shares, and how all of them wait.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::SplitMix64;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::error::exit_of;
use super::health::Health;
use super::retry::RetryPolicy;
use super::senders::Senders;
use super::stop::Stop;
use crate::clock::Clock;
use crate::exit::Exit;
use crate::plan::Plan;
use crate::recorder::{Event, Events};
use crate::target::{Answer, ErrorKind, Target, TargetError};

/// What every worker of a run shares.
#[derive(Debug)]
pub(crate) struct Context {
    pub plan: Plan,
    pub target: Arc<Target>,
    pub senders: Senders,
    pub clock: Arc<dyn Clock>,
    pub stop: Arc<Stop>,
    pub health: Health,
    pub retry: RetryPolicy,
    pub events: Events,
}

impl Context {
    /// Tells the recorder.
    pub(crate) fn tell(&self, event: Event) {
        self.events.send(event);
    }

    /// A task that nobody waits for; should it panic, the run fails rather than end with accounts that do not add up.
    pub(crate) async fn guarded(self: Arc<Self>, task: impl Future<Output = ()>) {
        if AssertUnwindSafe(task).catch_unwind().await.is_err() {
            self.stop.fail(Exit::Failed, "a part of tsrun panicked: this is a defect of its own".to_owned());
        }
    }

    /// Asks the target what the run itself needs to know, and again where that may help.
    ///
    /// # Errors
    /// The last attempt's.
    pub(crate) async fn insist(&self, sql: &str) -> Result<Answer, TargetError> {
        let first = self.clock.now();
        let mut jitter = SplitMix64::seed_from_u64(self.plan.seed ^ first.cast_unsigned());
        let mut attempt = 1;
        loop {
            let answer = tokio::select! {
                answer = self.target.query(sql, &*self.clock) => answer,
                () = self.stop.asked() => {
                    return Err(TargetError::new(ErrorKind::Query, "the run ended before it was answered"));
                }
            };
            let error = match answer {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure.error,
            };
            self.failed(&error);
            let now = self.clock.now();
            let delay = self.retry.delay(error.kind, attempt, now - first, jitter.random());
            let Some(delay) = delay.filter(|_| !self.stop.is_asked()) else { return Err(error) };
            tokio::select! {
                () = self.clock.sleep_until(now + delay) => attempt += 1,
                () = self.stop.asked() => return Err(error),
            }
        }
    }

    /// Notes a failed attempt, and ends the run where the target is lost.
    pub(crate) fn failed(&self, error: &TargetError) {
        if self.health.failed(error.kind, self.clock.now()) {
            self.stop.fail(Exit::Target, format!("the target is lost: {error}"));
        }
    }

    /// Ends the run where no request like this one can ever succeed.
    pub(crate) fn give_up_on(&self, error: &TargetError) {
        if matches!(error.kind, ErrorKind::Denied | ErrorKind::NoCredentials | ErrorKind::NotFound) {
            self.stop.fail(exit_of(error.kind), format!("the target does not take writes: {error}"));
        }
    }
}

/// The end of a phase: known when it begins, or told when it comes.
pub(crate) type PhaseEnd = watch::Receiver<Option<i64>>;

/// What came first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// The instant that was waited for.
    Due,
    /// The end of the phase.
    Ended,
    /// The end of the run.
    Stopped,
}

impl Context {
    /// Waits for an instant within a phase; an instant that is past is due, however late.
    pub(crate) async fn wait(&self, instant: i64, end: &mut PhaseEnd) -> Wait {
        loop {
            if self.stop.is_asked() {
                return Wait::Stopped;
            }
            if end.borrow_and_update().is_some_and(|end| instant >= end) {
                return Wait::Ended;
            }
            if self.clock.now() >= instant {
                return Wait::Due;
            }
            tokio::select! {
                () = self.clock.sleep_until(instant) => {}
                () = self.stop.asked() => {}
                // A phase whose sender is gone gets no other end.
                Ok(()) = end.changed() => {}
            }
        }
    }
}

/// What a task came to; its panic is ours.
pub(crate) async fn joined<T>(task: JoinHandle<T>) -> T {
    match task.await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Nothing cancels a task while the runtime lives; the run waits for all of them.
            Err(_) => std::future::pending().await,
        },
    }
}
