//! What was found in one file: problems with their places, in the file's order, each once. Not here: how
//! they are printed (`text`, `formats`).

use std::fmt;
use std::path::PathBuf;

use super::{Place, Problem};

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The scenario cannot run.
    Error,
    /// It can, but its reader should know.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// A problem and where it stands in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Where; none for a file that cannot be read at all.
    pub place: Option<Place>,
    /// What is wrong.
    pub message: String,
    /// The remedy, where the message does not hold it already.
    pub help: Option<String>,
    /// The other place, where there are two.
    pub other: Option<Place>,
    /// The line of a query template, where it is about that; the place is then where the template is named.
    pub template: Option<(PathBuf, usize)>,
    /// Where else that template is named and is wrong in the same way.
    pub also: Vec<Place>,
}

/// What was found in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    /// The file's name, as it was given.
    pub file: String,
    /// Its text, which the places point into.
    pub(super) text: String,
    /// What was found.
    pub found: Vec<Finding>,
}

impl Findings {
    /// Findings in the order of the file, those of its templates after them, each once. `problems` come with their
    /// places and the other ones.
    pub(crate) fn new<'a>(
        file: &str,
        text: &str,
        problems: impl IntoIterator<Item = (&'a Problem, Place, Option<Place>)>,
    ) -> Self {
        let mut found: Vec<Finding> = problems
            .into_iter()
            .map(|(problem, place, other)| Finding {
                severity: problem.severity,
                place: Some(place),
                message: problem.message.clone(),
                help: problem.help.clone(),
                other,
                template: problem.template.clone(),
                also: Vec::new(),
            })
            .collect();
        found.sort_by_key(|one| (one.template.clone(), one.place, one.message.clone()));
        found.dedup_by(|a, b| a.place == b.place && a.message == b.message);
        Self { file: file.to_owned(), text: text.to_owned(), found: merged(found) }
    }

    /// A file that cannot be read at all.
    pub(crate) fn unreadable(file: &str, message: impl fmt::Display) -> Self {
        let found = Finding {
            severity: Severity::Error,
            place: None,
            message: message.to_string(),
            help: None,
            other: None,
            template: None,
            also: Vec::new(),
        };
        Self { file: file.to_owned(), text: String::new(), found: vec![found] }
    }

    /// How many there are of one severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.found.iter().filter(|one| one.severity == severity).count()
    }
}

/// A flaw of a template is one, however many queries have the template.
fn merged(found: Vec<Finding>) -> Vec<Finding> {
    let mut merged: Vec<Finding> = Vec::new();
    for one in found {
        let same = |first: &&mut Finding| {
            one.template.is_some()
                && (&first.template, &first.message, &first.help) == (&one.template, &one.message, &one.help)
        };
        match merged.iter_mut().find(same) {
            Some(first) => first.also.extend(one.place),
            None => merged.push(one),
        }
    }
    merged
}
