//! Problems of a scenario: what is wrong, where, and the remedy; all of them at once. Not here:
//! what counts as a problem (`scenario`, `values`, `fleet`, `plan`), where a path stands in a file
//! (`scenario::Document`), errors of a run (`runner`).
//!
//! A [`Problem`] says where by a path. A file's [`Findings`] are its problems with their places, and print as
//! text, JSON or annotations for GitHub.

mod findings;
mod formats;
mod text;

use std::cmp::Reverse;
use std::fmt;
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};

pub use findings::{Finding, Findings, Severity};
pub use formats::{github, json};

/// Problems of one file that are worth reporting at once.
pub(crate) const MAX_PROBLEMS: usize = 100;

/// A stretch of one line of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The first column, in characters from 1.
    pub column: usize,
    /// How many characters.
    pub length: usize,
}

/// One step of a path into a YAML document.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// A map's entry, by key.
    Key(String),
    /// A list's item, by index from 0.
    Index(usize),
}

/// A path into a YAML document: how one part of the program tells another where something stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Path(pub Vec<Step>);

impl Path {
    /// The document itself.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// This path and a map key below it.
    #[must_use]
    pub fn key(&self, key: impl Into<String>) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Key(key.into()));
        Self(steps)
    }

    /// This path and a list index below it.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Index(index));
        Self(steps)
    }

    /// This path without its last step; `None` for the document itself.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let (_, above) = self.0.split_last()?;
        Some(Self(above.to_vec()))
    }

    /// Whether this is `above` or stands below it.
    #[must_use]
    pub fn is_within(&self, above: &Self) -> bool {
        self.0.starts_with(&above.0)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if i == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// Something wrong with a scenario, or worth a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// The YAML node it is about.
    pub path: Path,
    /// True where it is about the node's key rather than its value.
    pub at_key: bool,
    /// The bytes within the scalar's text, where it is about a part of it.
    pub span: Option<Range<usize>>,
    /// Where it stands, if no path can tell: bad syntax, a key's second appearance.
    pub place: Option<Place>,
    /// What is wrong, naming the value; lower case, no full stop.
    pub message: String,
    /// The remedy, where the message does not hold it already.
    pub help: Option<String>,
    /// The other place, where there are two; its key too where `at_key`.
    pub other: Option<Path>,
    /// The line of a query template or a price file, where it is about that file rather than the scenario.
    pub template: Option<(PathBuf, usize)>,
    /// True where it may merely follow from another problem (an unknown name, say): it is left out
    /// while the file has problems of form.
    pub follows: bool,
}

impl Problem {
    /// A problem with the value at `path`.
    pub fn new(path: &Path, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            path: path.clone(),
            at_key: false,
            span: None,
            place: None,
            message: message.into(),
            help: None,
            other: None,
            template: None,
            follows: false,
        }
    }

    /// The same as a warning: nothing is wrong, but a reader should know.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// The same, about the key.
    #[must_use]
    pub fn on_key(mut self) -> Self {
        self.at_key = true;
        self
    }

    /// The same, about a part of the scalar's text.
    #[must_use]
    pub fn at(mut self, span: Range<usize>) -> Self {
        self.span = Some(span);
        self
    }

    /// The same, at a place that no path can tell.
    #[must_use]
    pub fn standing(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// The same, with a remedy.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same, with a second place.
    #[must_use]
    pub fn and(mut self, other: &Path) -> Self {
        self.other = Some(other.clone());
        self
    }

    /// The same, about a line (from 1) of a query template or a price file.
    #[must_use]
    pub fn in_template(mut self, file: PathBuf, line: usize) -> Self {
        self.template = Some((file, line));
        self
    }

    /// The same, marked as one that may follow from another.
    #[must_use]
    pub fn following(mut self) -> Self {
        self.follows = true;
        self
    }
}

/// The nearest of `names` to `name`, if one is near enough to be meant; of several, the one that begins most like it.
pub fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    names
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.len().max(name.len()) / 3).max(1))
        .min_by_key(|(distance, candidate)| (*distance, Reverse(common_start(name, candidate))))
        .map(|(_, candidate)| candidate)
}

/// The name of the folder's entry that is nearest to `name`.
pub fn nearest_file(folder: &FilePath, name: &str) -> Option<String> {
    // The folder of a bare name is this one.
    let folder = if folder.as_os_str().is_empty() { FilePath::new(".") } else { folder };
    let entries = std::fs::read_dir(folder).ok()?;
    let mut names: Vec<String> =
        entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_unstable();
    nearest(name, names.iter().map(String::as_str)).map(str::to_owned)
}

/// How many characters both begin with.
fn common_start(a: &str, b: &str) -> usize {
    a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count()
}

/// `, did you mean `x`?` or nothing.
pub fn did_you_mean<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(name, names).map(|near| format!("did you mean `{near}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_names_that_are_as_near_the_one_with_the_same_start_is_meant() {
        assert_eq!(nearest("sin", ["min", "bin", "sine", "max"]), Some("sine"));
        assert_eq!(nearest("mn", ["min", "max"]), Some("min"));
        assert_eq!(nearest("quite-another", ["min", "max"]), None);
    }
}
