//! Why a command could not do its work, as it is told to people. Not here: problems of a scenario
//! (`diagnostics`), which come already rendered.

use std::fmt;

use crate::cli::LogFormat;
use crate::exit::Exit;
use crate::watch;

/// A message and the exit code that goes with it.
#[derive(Debug)]
pub struct Failure {
    /// How the process ends.
    pub exit: Exit,
    message: String,
}

impl Failure {
    /// A failure with its message.
    pub(super) fn new(exit: Exit, message: impl fmt::Display) -> Self {
        Self { exit, message: message.to_string() }
    }

    /// What is written on standard error.
    #[must_use]
    pub fn told(&self, format: LogFormat) -> String {
        match format {
            LogFormat::Text => self.to_string(),
            // Colours are for terminals.
            LogFormat::Json => {
                let message = anstream::adapter::strip_str(&self.to_string()).to_string();
                watch::failure_line(self.exit, &message)
            }
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message.trim_end())
    }
}
