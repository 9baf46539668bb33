//! What can be wrong with an expression's text. Not here: the file around it (`diagnostics`).

use std::ops::Range;

/// A problem in an expression's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The bytes of the source that it is about.
    pub span: Range<usize>,
    /// What is wrong, naming the value; lower case, no full stop.
    pub message: String,
    /// The remedy, where the message does not hold it already.
    pub help: Option<String>,
    /// True for an unknown name: it may follow from another problem.
    pub follows: bool,
}

impl Fault {
    pub(super) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), help: None, follows: false }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
