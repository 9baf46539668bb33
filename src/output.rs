//! Lines for people: answers on standard output, remarks on standard error. A reader that went away (`| head`) is no
//! error; colours reach terminals alone (`NO_COLOR` keeps them from those too). Not here: what a run tells as it goes
//! (`feed`, `watch`).

use std::fmt::Display;
use std::io::{ErrorKind, Write as _};
use std::sync::OnceLock;

/// Why an answer did not get out, where that is not the reader's doing.
static LOST: OnceLock<String> = OnceLock::new();

use unicode_width::UnicodeWidthStr as _;

/// Answers with a line on standard output.
pub(crate) fn say(line: impl Display) {
    let mut out = anstream::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            // The first one is told.
            let _ = LOST.set(error.to_string());
        }
        _ => {}
    }
}

/// Why answers were lost, such as a full disk; none where they were not.
pub(crate) fn lost() -> Option<&'static str> {
    LOST.get().map(String::as_str)
}

/// Remarks on something, on standard error.
pub(crate) fn remark(line: impl Display) {
    // Nobody is left to be told.
    let _ = writeln!(anstream::stderr().lock(), "{line}");
}

/// Columns of the terminal that answers reach; none where they go elsewhere.
pub(crate) fn columns() -> Option<usize> {
    console::Term::stdout().size_checked().map(|(_, columns)| usize::from(columns))
}

/// A text on lines that are as wide as fits, broken between words.
pub(crate) fn wrapped(text: &str, width: usize) -> String {
    let mut wrapped = String::new();
    let mut columns = 0;
    for word in text.split(' ') {
        if columns > 0 && columns + 1 + word.width() > width {
            wrapped.push('\n');
            columns = 0;
        } else if columns > 0 {
            wrapped.push(' ');
            columns += 1;
        }
        wrapped.push_str(word);
        columns += word.width();
    }
    wrapped
}
