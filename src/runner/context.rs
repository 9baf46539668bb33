//! What every worker of a run shares, and how all of them wait.

use std::sync::Arc;

use tokio::sync::watch;

use super::error::exit_of;
use super::health::Health;
use super::retry::RetryPolicy;
use super::senders::Senders;
use super::stop::Stop;
use crate::clock::Clock;
use crate::exit::Exit;
use crate::plan::Plan;
use crate::recorder::{Event, Events};
use crate::target::{ErrorKind, Target, TargetError};

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
