//! Lines for people on standard output. A reader that went away (`| head`) is no error. Not here:
//! figures while running, which go to standard error (`runner`).

use std::fmt::Display;
use std::io::Write as _;

/// Prints a line.
pub(crate) fn say(line: impl Display) {
    // Nobody is left to be told that the output is closed.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
