//! Answers on standard output. A reader that went away (`| head`) is no error. Not here: what a run tells as it goes
//! (`feed`, `watch`).

use std::fmt::Display;
use std::io::Write as _;

/// Answers with a line on standard output.
pub(crate) fn say(line: impl Display) {
    // Nobody is left to be told that the output is closed.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
