//! Findings as text for people: place, message, excerpt, remedy. Colours are put in where asked for; who prints
//! them to something else than a terminal takes them out again (`anstream`). Not here: finding the place
//! (`scenario::Document`).

use std::ops::Range;

use annotate_snippets::renderer::{
    DEFAULT_EMPHASIS_STYLE, DEFAULT_ERROR_STYLE, DEFAULT_HELP_STYLE, DEFAULT_NOTE_STYLE,
    DEFAULT_WARNING_STYLE, Style,
};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Finding, Findings, MAX_PROBLEMS, Place, Severity};

/// How text looks.
struct Look {
    renderer: Renderer,
    place: Style,
    error: Style,
    warning: Style,
    help: Style,
    note: Style,
}

impl Look {
    const PLAIN: Self = Self {
        renderer: Renderer::plain(),
        place: Style::new(),
        error: Style::new(),
        warning: Style::new(),
        help: Style::new(),
        note: Style::new(),
    };

    const STYLED: Self = Self {
        renderer: Renderer::styled(),
        place: DEFAULT_EMPHASIS_STYLE,
        error: DEFAULT_ERROR_STYLE,
        warning: DEFAULT_WARNING_STYLE,
        help: DEFAULT_HELP_STYLE,
        note: DEFAULT_NOTE_STYLE,
    };

    fn of(&self, severity: Severity) -> Style {
        match severity {
            Severity::Error => self.error,
            Severity::Warning => self.warning,
        }
    }
}

impl Findings {
    /// Text without colours, with the number of problems at its end; nothing where nothing was found.
    #[must_use]
    pub fn plain(&self) -> String {
        self.render(&Look::PLAIN)
    }

    /// The same in a terminal's colours.
    #[must_use]
    pub fn styled(&self) -> String {
        self.render(&Look::STYLED)
    }

    fn render(&self, look: &Look) -> String {
        let count = match self.count(Severity::Error) {
            // Warnings are counted beside the verdict.
            0 => String::new(),
            _ if self.found.iter().all(|one| one.place.is_none()) => String::new(),
            1 => "1 problem\n".to_owned(),
            many if many >= MAX_PROBLEMS => format!("{many} problems or more\n"),
            many => format!("{many} problems\n"),
        };
        self.found.iter().map(|one| self.one(one, look) + "\n").chain([count]).collect()
    }

    fn one(&self, one: &Finding, look: &Look) -> String {
        let (file, severity, style) = (&self.file, one.severity, look.of(one.severity));
        let label = format!("{style}{severity}{style:#}");
        let (bold, help_style, note_style) = (look.place, look.help, look.note);
        let Some(place) = one.place else { return format!("{label}: {}\n", one.message) };
        let Place { line, column, .. } = place;
        let Some((template, template_line)) = &one.template else {
            let excerpt = self.excerpt(place, one, look);
            let message = &one.message;
            return format!("{bold}{file}:{line}:{column}{bold:#}: {label}: {message}\n{excerpt}\n");
        };
        let at = format!("{bold}{}:{template_line}{bold:#}", template.display());
        let mut lines = format!("{at}: {label}: {}\n", one.message);
        if let Some(help) = &one.help {
            lines.push_str(&format!("  = {help_style}help{help_style:#}: {help}\n"));
        }
        for Place { line, column, .. } in [place].iter().chain(&one.also) {
            lines.push_str(&format!("  = {note_style}note{note_style:#}: used by {file}:{line}:{column}\n"));
        }
        lines
    }

    fn excerpt(&self, place: Place, one: &Finding, look: &Look) -> String {
        let text = self.text.as_str();
        let mut snippet = Snippet::source(text).annotation(AnnotationKind::Primary.span(bytes(text, place)));
        if let Some(other) = one.other {
            snippet = snippet.annotation(AnnotationKind::Context.span(bytes(text, other)).label("and here"));
        }
        let level = match one.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = Group::with_level(level).element(snippet);
        if let Some(help) = one.help.as_deref() {
            group = group.element(Level::HELP.message(help));
        }
        look.renderer.render(&[group])
    }
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
    use super::super::{Path, Problem};
    use super::*;

    const TEXT: &str = "name: größe 😀 x\nfleet:\n  - a\n";

    type Located<'a> = (&'a Problem, Place, Option<Place>);

    fn located(problem: &Problem, line: usize, column: usize, length: usize) -> Located<'_> {
        (problem, Place { line, column, length }, None)
    }

    fn render(problems: Vec<Located<'_>>, file: &str, text: &str) -> String {
        Findings::new(file, text, problems).plain()
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
    fn a_template_s_problem_is_one_for_all_its_users() {
        let problem = Problem::new(&Path::root(), "unknown variable `regoin`")
            .in_template("queries/do-q1.sql.j2".into(), 7);
        let other = Problem::new(&Path::root(), "unknown variable `regoin`")
            .in_template("queries/do-q1.sql.j2".into(), 9);
        let problems = vec![located(&problem, 1, 5, 1), located(&other, 1, 5, 1), located(&problem, 3, 5, 1)];
        insta::assert_snapshot!(render(problems, "x.yaml", TEXT), @"
        queries/do-q1.sql.j2:7: error: unknown variable `regoin`
          = note: used by x.yaml:1:5
          = note: used by x.yaml:3:5

        queries/do-q1.sql.j2:9: error: unknown variable `regoin`
          = note: used by x.yaml:1:5

        2 problems
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

    #[test]
    fn colours_change_nothing_but_colour() {
        let problem = Problem::new(&Path::root(), "past the end").help("mend it");
        let warning = Problem::new(&Path::root(), "long").warning();
        let template = Problem::new(&Path::root(), "unknown").help("known").in_template("q.sql.j2".into(), 7);
        let problems = [located(&problem, 1, 1, 3), located(&warning, 2, 1, 3), located(&template, 3, 5, 1)];
        let findings = Findings::new("x.yaml", TEXT, problems);
        let styled = findings.styled();
        assert!(styled.contains("\u{1b}["));
        assert_eq!(anstream::adapter::strip_str(&styled).to_string(), findings.plain());
    }

    #[test]
    fn warnings_are_called_so_and_are_no_problems() {
        let problem = Problem::new(&Path::root(), "the window is long").help("write history first").warning();
        insta::assert_snapshot!(render(vec![located(&problem, 3, 5, 1)], "x.yaml", TEXT), @r"
        x.yaml:3:5: warning: the window is long
          |
        3 |   - a
          |     ^
          |
          = help: write history first
        ");
    }
}
