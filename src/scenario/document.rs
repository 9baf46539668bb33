//! The text of a scenario file, and where in it a path stands. Not here: what is wrong (`reader`,
//! `params`, `plan`), how problems look (`diagnostics`).

use std::ops::Range;

use super::tree::{Content, Node};
use crate::diagnostics::{self, Located, Path, Place, Problem};

/// A scenario file as written.
#[derive(Debug, Clone)]
pub struct Document {
    file: String,
    text: String,
    root: Option<Node>,
}

impl Document {
    pub(super) fn new(file: impl Into<String>, text: impl Into<String>, root: Option<Node>) -> Self {
        Self { file: file.into(), text: text.into(), root }
    }

    /// The file's name as given.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The file's text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where the value at `path` stands, or its key. A map or a block list stands at its key. Where
    /// the path leads to nothing, the deepest node on the way counts.
    #[must_use]
    pub fn place(&self, path: &Path, at_key: bool) -> Place {
        match self.find(path) {
            Some((_, Some(key))) if at_key => key,
            Some((node, key)) => node.place_under(key),
            None => Place { line: 1, column: 1, length: 1 },
        }
    }

    /// Where a part (bytes) of the scalar at `path` stands. A scalar of several lines or with
    /// escapes counts as a whole.
    #[must_use]
    pub fn place_within(&self, path: &Path, part: Range<usize>) -> Place {
        let whole = self.place(path, false);
        let Some((Node { content: Content::Scalar { text, .. }, .. }, _)) = self.find(path) else {
            return whole;
        };
        let line = self.text.lines().nth(whole.line - 1).unwrap_or_default();
        let raw: String = line.chars().skip(whole.column - 1).collect();
        let quote = usize::from(raw.starts_with(['"', '\'']));
        let (Some(before), Some(inside)) = (text.get(..part.start), text.get(part)) else { return whole };
        if !raw[quote..].starts_with(text.as_str()) {
            return whole;
        }
        let column = whole.column + quote + before.chars().count();
        Place { line: whole.line, column, length: inside.chars().count().max(1) }
    }

    /// Problems as text, with their places and the lines they are about; empty for none.
    #[must_use]
    pub fn render(&self, problems: &[Problem]) -> String {
        let located = problems.iter().map(|problem| self.locate(problem)).collect();
        diagnostics::render(located, &self.file, &self.text)
    }

    fn locate<'a>(&self, problem: &'a Problem) -> Located<'a> {
        let place = match (problem.place, &problem.span) {
            (Some(place), _) => place,
            (None, Some(part)) => self.place_within(&problem.path, part.clone()),
            (None, None) => self.place(&problem.path, problem.at_key),
        };
        let other = problem.other.as_ref().map(|path| self.place(path, problem.at_key));
        Located { problem, place, other }
    }

    /// The deepest node on the path, and its key's place if it has one.
    fn find(&self, path: &Path) -> Option<(&Node, Option<Place>)> {
        let mut found = (self.root.as_ref()?, None);
        for step in &path.0 {
            match found.0.child(step) {
                Some(child) => found = child,
                None => break,
            }
        }
        Some(found)
    }
}
