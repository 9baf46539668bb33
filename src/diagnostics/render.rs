//! Problems as text for people: place, message, excerpt, remedy. Not here: finding the place
//! (`scenario::Document`), colour (plain text reads the same in a terminal, a log and an editor).

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Place, Problem};

/// A problem and where it stands in the file.
#[derive(Debug)]
pub(crate) struct Located<'a> {
    /// What is wrong.
    pub(crate) problem: &'a Problem,
    /// Where.
    pub(crate) place: Place,
    /// The other place, where there are two.
    pub(crate) other: Option<Place>,
}

/// Renders problems in the order of the file, each once, with their number at the end; nothing for
/// none. `file` is the name to print and `text` what the places point into.
pub(crate) fn render(mut problems: Vec<Located<'_>>, file: &str, text: &str) -> String {
    problems.sort_by_key(|located| {
        let problem = located.problem;
        (problem.template.clone(), located.place, problem.message.clone())
    });
    problems.dedup_by(|a, b| a.place == b.place && a.problem.message == b.problem.message);
    let count = match problems.len() {
        0 => return String::new(),
        1 => "1 problem\n".to_owned(),
        many => format!("{many} problems\n"),
    };
    problems.iter().map(|located| one(located, file, text) + "\n").chain([count]).collect()
}

fn one(located: &Located<'_>, file: &str, text: &str) -> String {
    let Located { problem, place, other } = located;
    let Place { line, column, .. } = place;
    match &problem.template {
        Some((template, template_line)) => {
            let mut lines = format!("{}:{template_line}: error: {}\n", template.display(), problem.message);
            if let Some(help) = &problem.help {
                lines.push_str(&format!("  = help: {help}\n"));
            }
            lines + &format!("  = note: used by {file}:{line}:{column}\n")
        }
        None => {
            let excerpt = excerpt(text, *place, *other, problem.help.as_deref());
            format!("{file}:{line}:{column}: error: {}\n{excerpt}\n", problem.message)
        }
    }
}

fn excerpt(text: &str, place: Place, other: Option<Place>, help: Option<&str>) -> String {
    let mut snippet = Snippet::source(text).annotation(AnnotationKind::Primary.span(bytes(text, place)));
    if let Some(other) = other {
        snippet = snippet.annotation(AnnotationKind::Context.span(bytes(text, other)).label("and here"));
    }
    let mut group = Group::with_level(Level::ERROR).element(snippet);
    if let Some(help) = help {
        group = group.element(Level::HELP.message(help));
    }
    Renderer::plain().render(&[group])
}

/// The place as bytes of the text; past its end where the place is.
fn bytes(text: &str, place: Place) -> Range<usize> {
    let line_start: usize = text.split_inclusive('\n').take(place.line - 1).map(str::len).sum();
    let line = text[line_start..].split('\n').next().unwrap_or_default();
    let offset = |characters| line.char_indices().nth(characters).map_or(line.len(), |(at, _)| at);
    let first = place.column - 1;
    line_start + offset(first)..line_start + offset(first + place.length)
}
