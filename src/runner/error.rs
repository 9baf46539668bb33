//! Why a run did not begin. What goes wrong later is in its [`Outcome`](super::Outcome), since
//! there are results by then.

use crate::diagnostics::did_you_mean;
use crate::exit::Exit;
use crate::results::ResultsError;
use crate::target::{ErrorKind, TargetError};

/// A run that did not begin.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// `--phase` names none of the scenario's.
    #[error("the scenario has no phase `{name}`{remedy}")]
    UnknownPhase {
        /// The name given.
        name: String,
        /// What to write instead.
        remedy: String,
    },
    /// A workload's queries cannot be drawn from.
    #[error("workload `{workload}`: {cause}")]
    Mix {
        /// The workload.
        workload: String,
        /// What is wrong with its weights.
        cause: String,
    },
    /// `end: latest` needs rows.
    #[error("{table} holds no rows, so `end: latest` has nothing to end at; run a phase that writes first")]
    NoLatest {
        /// Database and table.
        table: String,
    },
    /// The target did not answer as it should.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The system gives no threads.
    #[error("cannot start threads: {0}")]
    Threads(std::io::Error),
    /// The results cannot be written.
    #[error(transparent)]
    Results(#[from] ResultsError),
}

impl RunError {
    pub(super) fn unknown_phase<'a>(name: &str, names: impl Iterator<Item = &'a str> + Clone) -> Self {
        let remedy = did_you_mean(name, names.clone()).map_or_else(
            || format!("; it has {}", names.collect::<Vec<_>>().join(", ")),
            |near| format!(", {near}"),
        );
        Self::UnknownPhase { name: name.to_owned(), remedy }
    }

    /// The exit code.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::UnknownPhase { .. } | Self::Mix { .. } => Exit::Usage,
            Self::Target(error) => exit_of(error.kind),
            Self::NoLatest { .. } | Self::Results(_) | Self::Threads(_) => Exit::Failed,
        }
    }
}

/// The exit code of a target's failure.
pub(super) fn exit_of(kind: ErrorKind) -> Exit {
    if kind.is_unreachable() || kind == ErrorKind::Timeout { Exit::Target } else { Exit::Failed }
}
