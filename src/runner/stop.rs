//! How a run is told to end before its plan does: gracefully, or at once.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

use crate::exit::Exit;

/// How urgent it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Run,
    /// Nothing new begins; what was begun is finished.
    Finish,
    /// What was begun is left where it is.
    Abandon,
}

/// A run's end, asked for by people, by the target or by the disk.
#[derive(Debug)]
pub(crate) struct Stop {
    level: watch::Sender<Level>,
    interrupted: AtomicBool,
    failure: OnceLock<(Exit, String)>,
}

impl Default for Stop {
    fn default() -> Self {
        let (level, _) = watch::channel(Level::Run);
        Self { level, interrupted: AtomicBool::new(false), failure: OnceLock::new() }
    }
}

impl Stop {
    /// Somebody wants it to end: gracefully the first time, at once the second.
    pub(crate) fn interrupt(&self) {
        let again = self.interrupted.swap(true, Ordering::SeqCst);
        self.raise(if again { Level::Abandon } else { Level::Finish });
    }

    /// It cannot go on; the first reason is kept.
    pub(crate) fn fail(&self, exit: Exit, message: String) {
        // A later reason mostly follows from the first.
        let _ = self.failure.set((exit, message));
        self.raise(Level::Finish);
    }

    fn raise(&self, to: Level) {
        self.level.send_if_modified(|level| {
            let raised = *level < to;
            *level = (*level).max(to);
            raised
        });
    }

    pub(crate) fn is_asked(&self) -> bool {
        *self.level.borrow() >= Level::Finish
    }

    pub(crate) fn is_abandoned(&self) -> bool {
        *self.level.borrow() >= Level::Abandon
    }

    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::SeqCst)
    }

    pub(crate) fn failure(&self) -> Option<&(Exit, String)> {
        self.failure.get()
    }

    /// Returns once nothing new is to begin.
    pub(crate) async fn asked(&self) {
        self.reached(Level::Finish).await;
    }

    /// Returns once everything is to be left where it is.
    pub(crate) async fn abandoned(&self) {
        self.reached(Level::Abandon).await;
    }

    async fn reached(&self, level: Level) {
        // The sender lives as long as this, so waiting cannot fail.
        let _ = self.level.subscribe().wait_for(|now| *now >= level).await;
    }
}
