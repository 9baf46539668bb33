//! The text of a scenario file, and where in it a path stands. Not here: what is wrong (`reader`,
//! `params`, `plan`), how problems look (`diagnostics`).

use std::ops::Range;

use super::tree::{Content, Node};
use crate::diagnostics::{Findings, Path, Place, Problem};

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
        let place = match self.find(path) {
            Some((_, Some(key))) if at_key => key,
            Some((node, key)) => node.place_under(key),
            None => Place { line: 1, column: 1, length: 1 },
        };
        // The parser counts spaces after a quoted scalar as a part of it.
        let scalar: String = self.rest_of_line(place).take(place.length).collect();
        Place { length: scalar.trim_end().chars().count().max(1), ..place }
    }

    /// Where a part (bytes) of the scalar at `path` stands. A scalar of several lines or with
    /// escapes counts as a whole.
    #[must_use]
    pub fn place_within(&self, path: &Path, part: Range<usize>) -> Place {
        let whole = self.place(path, false);
        let Some((Node { content: Content::Scalar { text, .. }, .. }, _)) = self.find(path) else {
            return whole;
        };
        let raw: String = self.rest_of_line(whole).collect();
        let quote = usize::from(raw.starts_with(['"', '\'']));
        let (Some(before), Some(inside)) = (text.get(..part.start), text.get(part)) else { return whole };
        if !raw[quote..].starts_with(text.as_str()) {
            return whole;
        }
        let column = whole.column + quote + before.chars().count();
        Place { line: whole.line, column, length: inside.chars().count().max(1) }
    }

    /// Problems with their places.
    #[must_use]
    pub fn findings(&self, problems: &[Problem]) -> Findings {
        let located = problems.iter().map(|problem| {
            let place = match (problem.place, &problem.span) {
                (Some(place), _) => place,
                (None, Some(part)) => self.place_within(&problem.path, part.clone()),
                (None, None) => self.place(&problem.path, problem.at_key),
            };
            let other = problem.other.as_ref().map(|path| self.place(path, problem.at_key));
            (problem, place, other)
        });
        Findings::new(&self.file, &self.text, located)
    }

    /// Problems as text, with their places and the lines they are about; empty for none.
    #[must_use]
    pub fn render(&self, problems: &[Problem]) -> String {
        self.findings(problems).plain()
    }

    fn rest_of_line(&self, place: Place) -> impl Iterator<Item = char> {
        self.text.lines().nth(place.line - 1).unwrap_or_default().chars().skip(place.column - 1)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::load_text;

    const TEXT: &str = "\
name: one
fleet:
  - { level: région, of: [a, \"b c\"] }
  - level: host
    of: 0..hosts * scale - 1
metrics:
  every:
  records:
    cpu:
      measures: { idle: '100 - user', note: \"a\\tb\" }
";

    fn place(text: &str, path: &Path, part: Option<Range<usize>>) -> (usize, usize, usize) {
        let document = load_text("x.yaml", text, &[]).document;
        let place = match part {
            Some(part) => document.place_within(path, part),
            None => document.place(path, false),
        };
        (place.line, place.column, place.length)
    }

    #[test]
    fn values_stand_where_they_are_written() {
        let fleet = Path::root().key("fleet");
        let measures = Path::root().key("metrics").key("records").key("cpu").key("measures");
        assert_eq!(place(TEXT, &Path::root().key("name"), None), (1, 7, 3));
        assert_eq!(place(TEXT, &fleet.index(0).key("level"), None), (3, 14, 6));
        assert_eq!(place(TEXT, &fleet.index(0).key("of").index(1), None), (3, 30, 5));
        assert_eq!(place(TEXT, &fleet.index(1).key("of"), Some(5..10)), (5, 14, 5));
        assert_eq!(place(TEXT, &measures.key("idle"), Some(6..10)), (10, 32, 4));
        assert_eq!(place(TEXT, &measures.key("note"), Some(0..1)), (10, 45, 6), "escapes: the whole scalar");
    }

    #[test]
    fn what_spreads_over_lines_or_is_not_there_stands_at_its_key() {
        let metrics = Path::root().key("metrics");
        assert_eq!(place(TEXT, &metrics, None), (6, 1, 7));
        assert_eq!(place(TEXT, &metrics.key("every"), None), (7, 3, 5));
        assert_eq!(place(TEXT, &metrics.key("records").key("cpu").key("per"), None), (9, 5, 3));
        assert_eq!(place(TEXT, &Path::root().key("nothing"), None), (1, 1, 1));
    }

    #[test]
    fn block_scalars_stand_as_a_whole() {
        let text = "a: |\n  uniform(\n    0..1)\nb: >-\n  x\n";
        assert_eq!(place(text, &Path::root().key("a"), Some(2..4)), (2, 3, 1));
        assert_eq!(place(text, &Path::root().key("b"), Some(0..1)), (5, 3, 1));
        assert_eq!(place(text, &Path::root().key("b"), Some(7..9)), (5, 3, 1), "a span past the end");
    }
}
