//! Lines for people: answers on standard output, remarks on standard error. A reader that went away
//! (`| head`) is no error. Not here: the figures of a run (`recorder`).

use std::fmt::Display;
use std::io::Write as _;

/// Answers with a line on standard output.
pub(crate) fn say(line: impl Display) {
    // Nobody is left to be told that the output is closed.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Remarks on something while work goes on, on standard error.
pub(crate) fn remark(line: impl Display) {
    // As above.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
