//! Why runs cannot be merged. Not here: what is to be known of a merged run (`merge`).

use std::path::PathBuf;

use crate::exit::Exit;
use crate::results::ResultsError;

/// Why runs cannot be merged.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// A file that cannot be read or written.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// One run, or none.
    #[error("a merge takes two runs or more")]
    Few,
    /// A run that is there twice: named, copied or in a merged one.
    #[error("{} would count twice: it, or a run that it was merged from, is among the runs before it", .0.display())]
    Twice(PathBuf),
    /// Runs of different scenarios.
    #[error(
        "{} is a run of another scenario than {}, whose values come first: {what}; `--force` merges them all the same",
        other.display(), first.display()
    )]
    Different {
        /// The first run.
        first: PathBuf,
        /// The one that differs.
        other: PathBuf,
        /// In what.
        what: String,
    },
    /// A directory that holds something.
    #[error("{} is not empty; name a new directory", .0.display())]
    NotEmpty(PathBuf),
}

impl MergeError {
    /// How the command ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Results(error) if !error.is_of_reading() => Exit::Failed,
            Self::Results(_) | Self::Few | Self::Twice(_) | Self::Different { .. } | Self::NotEmpty(_) => {
                Exit::Usage
            }
        }
    }
}
