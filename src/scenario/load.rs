//! Loading a file: read, parse, put a scenario's parameters in, check the form. Not here: what it
//! means (`plan`).

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path as FilePath, PathBuf};

use serde::de::DeserializeOwned;

use super::reader::Reader;
use super::{Document, Scenario, Yaml, params, tree};
use crate::diagnostics::{MAX_PROBLEMS, Path, Problem, nearest_file};

/// Far longer than any scenario; keeps the time to report problems short.
const MAX_BYTES: u64 = 1 << 20;

/// A scenario file that cannot be read at all.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot read {}: {source}{}",
    file.display(),
    beside.as_ref().map_or_else(String::new, |near| format!("; did you mean `{}`?", near.display()))
)]
pub struct Unreadable {
    file: PathBuf,
    source: io::Error,
    /// The file beside it that may have been meant.
    beside: Option<PathBuf>,
}

impl Unreadable {
    fn new(file: &FilePath, source: io::Error) -> Self {
        let beside = if source.kind() == io::ErrorKind::NotFound { beside(file) } else { None };
        Self { file: file.to_owned(), source, beside }
    }
}

/// The file beside a missing one that may have been meant.
fn beside(file: &FilePath) -> Option<PathBuf> {
    let near = nearest_file(file.parent()?, file.file_name()?.to_str()?)?;
    Some(file.with_file_name(near))
}

/// A scenario as far as it could be read.
#[derive(Debug)]
pub struct Loaded {
    /// What was written, if it has the form of a scenario. Where there are problems, some of it is
    /// made up: good for finding more problems, not for running.
    pub scenario: Option<Scenario>,
    /// The file and its places.
    pub document: Document,
    /// The parameters' values, in the order of the file.
    pub params: Vec<(String, Yaml)>,
    /// What is wrong with the form.
    pub problems: Vec<Problem>,
    /// The scenario with its parameters put in, as YAML.
    pub resolved_yaml: String,
    reader: Reader,
}

impl Loaded {
    /// The problems of form and those that `plan` found, without those that merely follow.
    #[must_use]
    pub fn with_problems(&self, found: Vec<Problem>) -> Vec<Problem> {
        let well_formed = self.problems.is_empty();
        let own =
            |problem: &Problem| well_formed || (!problem.follows && !self.reader.is_made_up(&problem.path));
        self.problems.iter().cloned().chain(found.into_iter().filter(own)).collect()
    }
}

/// Loads a scenario file; `overrides` are the `-P name=value` of the command line.
///
/// # Errors
/// Only where there is no text to read; what is wrong with the text is in [`Loaded::problems`].
pub fn load(file: &FilePath, overrides: &[(String, String)]) -> Result<Loaded, Unreadable> {
    let text = read(file).map_err(|source| Unreadable::new(file, source))?;
    Ok(load_text(&file.display().to_string(), &text, overrides))
}

fn read(file: &FilePath) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(file)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::other(format!("it is longer than {MAX_BYTES} bytes")));
    }
    String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))
}

/// The same for a text; `file` is the name that problems give.
#[must_use]
pub fn load_text(file: &str, text: &str, overrides: &[(String, String)]) -> Loaded {
    // A byte order mark is no part of the first line.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let parsed = tree::parse(text);
    let values = parsed.root.as_ref().map_or(Yaml::Null, tree::Node::to_value);
    let mut problems = parsed.problems;
    let mut reader = Reader::new(values, parsed.spoilt);
    let (mut scenario, mut params) = (None, Vec::new());
    match &reader.tree {
        Yaml::Mapping(_) => {
            params = params::resolve(&mut reader, overrides);
            params::put_in(&mut reader, &params);
            scenario = reader.read(&Path::root());
        }
        _ if !problems.is_empty() => {}
        Yaml::Null => problems.push(Problem::new(&Path::root(), "the file holds no scenario").help(KEYS)),
        _ => problems.push(Problem::new(&Path::root(), "a scenario is a map of keys").help(KEYS)),
    }
    problems.append(&mut reader.problems);
    problems.truncate(MAX_PROBLEMS);
    let resolved_yaml = serde_yaml::to_string(&reader.tree).unwrap_or_default();
    let document = Document::new(file, text, parsed.root);
    Loaded { scenario, document, params, problems, resolved_yaml, reader }
}

/// A YAML file of another kind than a scenario, as far as it could be read.
#[derive(Debug)]
pub struct LoadedAs<T> {
    /// What was written, if it has the form of a `T`; made up in part where there are problems.
    pub value: Option<T>,
    /// The file and its places.
    pub document: Document,
    /// What is wrong with the form.
    pub problems: Vec<Problem>,
}

/// Loads a file that holds a `T`, which problems call `what`.
///
/// # Errors
/// Only where there is no text to read.
pub fn load_as<T: DeserializeOwned>(file: &FilePath, what: &'static str) -> Result<LoadedAs<T>, Unreadable> {
    let text = read(file).map_err(|source| Unreadable::new(file, source))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let parsed = tree::parse(text);
    let values = parsed.root.as_ref().map_or(Yaml::Null, tree::Node::to_value);
    let mut problems = parsed.problems;
    let mut value = None;
    if let Yaml::Mapping(_) = values {
        let mut reader = Reader::new(values, parsed.spoilt).of(what);
        value = reader.read(&Path::root());
        problems.append(&mut reader.problems);
    } else if problems.is_empty() {
        problems.push(Problem::new(&Path::root(), format!("{what} is a map of keys")));
    }
    problems.truncate(MAX_PROBLEMS);
    Ok(LoadedAs { value, document: Document::new(file.display().to_string(), text, parsed.root), problems })
}

const KEYS: &str = "it needs name, fleet, metrics, target, workloads and phases";
