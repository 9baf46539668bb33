//! Lines for people: answers on standard output, remarks on standard error. A reader that went away (`| head`) is no
//! error; colours reach terminals alone (`NO_COLOR` keeps them from those too). Not here: what a run tells as it goes
//! (`feed`, `watch`).

use std::fmt::Display;
use std::io::Write as _;

/// Answers with a line on standard output.
pub(crate) fn say(line: impl Display) {
    // Nobody is left to be told that the output is closed.
    let _ = writeln!(anstream::stdout().lock(), "{line}");
}

/// Remarks on something, on standard error.
pub(crate) fn remark(line: impl Display) {
    // As above.
    let _ = writeln!(anstream::stderr().lock(), "{line}");
}
