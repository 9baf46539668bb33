//! Bad YAML in words that name the remedy. The parser's own words serve where there are no better ones.

use saphyr_parser::ScanError;

use crate::diagnostics::{Path, Place, Problem};

/// What the parser says (a part of it), what we say, and the remedy.
const WORDS: [(&str, &str, &str); 12] = [
    (
        "mapping values are not allowed",
        "a `:` where no key can stand",
        "quote a value that holds `: `, put a space after the key's own colon, or mend the indentation",
    ),
    (
        "did not find expected key",
        "this line is indented like none above it",
        "give the keys of one map the same indentation",
    ),
    (
        "did not find expected '-' indicator",
        "a list goes on here, but this is no item",
        "start it with `- `, or mend the indentation",
    ),
    ("quoted scalar, found unexpected end", "this quote is never closed", "close it on the same line"),
    ("invalid indentation in quoted scalar", "this quote is never closed", "close it on the same line"),
    ("parsing a flow mapping", "no `,` or `}` before this", "close the map with }"),
    ("parsing a flow sequence", "no `,` or `]` before this", "close the list with ]"),
    ("illegal placement of ':'", "a `:` inside [ ]", "close the list with ], or quote a text that holds `:`"),
    (
        "trailing content after double-quoted",
        "text goes on after its closing quote",
        "quote the whole text, or none of it",
    ),
    (
        "unknown anchor",
        "aliases are not part of the scenario language",
        "declare a parameter under `params` and write $name, or quote a text that starts with *",
    ),
    (
        "unknown escape character",
        "a backslash that escapes nothing",
        "write it twice, or put the text in single quotes",
    ),
    ("unexpected character", "no plain text can start with this character", "quote the text"),
];

/// The problem behind an error of the parser; `open` is where the innermost collection starts.
pub(super) fn problem(text: &str, error: &ScanError, open: Option<Place>) -> Problem {
    let marker = error.marker();
    let place = Place { line: marker.line(), column: marker.col() + 1, length: 1 };
    if let Some((bracket, open)) = unclosed(text, place, open) {
        return Problem::new(&Path::root(), format!("this {bracket} is never closed")).standing(open);
    }
    if let Some(tab) = tab_in_indentation(text, place.line) {
        return Problem::new(&Path::root(), "a tab in the indentation")
            .standing(tab)
            .help("indent with spaces only");
    }
    let info = error.info();
    match WORDS.iter().find(|(theirs, ..)| info.contains(theirs)) {
        Some((_, ours, help)) => Problem::new(&Path::root(), *ours).standing(place).help(*help),
        None => Problem::new(&Path::root(), format!("not YAML: {info}")).standing(place),
    }
}

/// The bracket that opened a collection on a line before the error: that is where it was forgotten.
fn unclosed(text: &str, place: Place, open: Option<Place>) -> Option<(char, Place)> {
    let open = open.filter(|open| open.line < place.line)?;
    let bracket = text.lines().nth(open.line - 1)?.chars().nth(open.column - 1)?;
    matches!(bracket, '{' | '[').then_some((bracket, Place { length: 1, ..open }))
}

/// The tab that indents this line or the next, which is where the parser stops for it.
fn tab_in_indentation(text: &str, line: usize) -> Option<Place> {
    text.lines().enumerate().skip(line - 1).take(2).find_map(|(index, content)| {
        let indentation = content.len() - content.trim_start().len();
        let tab = content[..indentation].find('\t')?;
        Some(Place { line: index + 1, column: tab + 1, length: 1 })
    })
}
