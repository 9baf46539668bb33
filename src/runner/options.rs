//! What a run is told beside its plan, and what it comes to.

use std::path::PathBuf;

use crate::exit::Exit;
use crate::feed::Feed;
use crate::results::Accounts;
use crate::results::Validity;
use crate::target::Overrides;

/// What the command line says about a run.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// The phases to run, in the scenario's order; all if not given.
    pub phases: Option<Vec<String>>,
    /// Where the run directory is made.
    pub out: PathBuf,
    /// What the users' directories begin with; the region, or `local`, if not given.
    pub prefix: Option<String>,
    /// What goes before the scenario's target.
    pub target: Overrides,
    /// Whom it tells how it goes on.
    pub feed: Feed,
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The run directory.
    pub run_dir: PathBuf,
    /// The exit code.
    pub exit: Exit,
    /// Why it ended before its plan, where nobody asked it to.
    pub failure: Option<String>,
    /// Records over all phases.
    pub records: Accounts,
    /// Whether its figures count.
    pub validity: Validity,
}
