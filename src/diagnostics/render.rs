//! Problems as text for people: place, message, excerpt, remedy. Not here: finding the place
//! (`scenario::Document`), colour (plain text reads the same in a terminal, a log and an editor).

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{MAX_PROBLEMS, Place, Problem};

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
        many if many >= MAX_PROBLEMS => format!("{many} problems or more\n"),
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

#[cfg(test)]
mod tests {
    use super::super::Path;
    use super::*;

    const TEXT: &str = "name: größe 😀 x\nfleet:\n  - a\n";

    fn located(problem: &Problem, line: usize, column: usize, length: usize) -> Located<'_> {
        Located { problem, place: Place { line, column, length }, other: None }
    }

    #[test]
    fn problems_stand_in_the_order_of_the_file_and_once() {
        let later = Problem::new(&Path::root(), "the later one");
        let first = Problem::new(&Path::root(), "the first one").help("mend it");
        let problems = vec![located(&later, 3, 5, 1), located(&first, 1, 13, 1), located(&later, 3, 5, 1)];
        insta::assert_snapshot!(render(problems, "x.yaml", TEXT), @r"
        x.yaml:1:13: error: the first one
          |
        1 | name: größe 😀 x
          |             ^^
          |
          = help: mend it

        x.yaml:3:5: error: the later one
          |
        3 |   - a
          |     ^

        2 problems
        ");
    }

    #[test]
    fn a_template_s_problem_names_the_template_and_its_user() {
        let problem = Problem::new(&Path::root(), "unknown variable `regoin`")
            .help("did you mean `region`?")
            .in_template("queries/do-q1.sql.j2".into(), 7);
        insta::assert_snapshot!(render(vec![located(&problem, 3, 5, 1)], "x.yaml", TEXT), @r"
        queries/do-q1.sql.j2:7: error: unknown variable `regoin`
          = help: did you mean `region`?
          = note: used by x.yaml:3:5

        1 problem
        ");
    }

    #[test]
    fn places_past_the_end_are_met() {
        let problem = Problem::new(&Path::root(), "past the end");
        for (line, column) in [(1, 90), (4, 1), (9, 9)] {
            let text = render(vec![located(&problem, line, column, 3)], "x.yaml", TEXT);
            assert!(text.starts_with(&format!("x.yaml:{line}:{column}: error: past the end\n")), "{text}");
        }
        assert_eq!(render(Vec::new(), "x.yaml", TEXT), "");
    }
}
