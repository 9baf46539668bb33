//! How a command ends. Not here: when each applies (`commands`, `runner`).

use std::process::ExitCode;

/// The exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All went well.
    Good = 0,
    /// It failed while running.
    Failed = 1,
    /// The scenario or the command line is wrong.
    Usage = 2,
    /// The target cannot be reached, or does not allow it.
    Target = 4,
    /// Somebody pressed Ctrl-C; everything is still written.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}
