//! What can be seen to be wrong with a workload's queries before any runs, each at its line of the
//! template. Not here: which columns SQL may name (`columns`).

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use minijinja::{OutputSpan, OutputSpanKind, Template};

use super::columns::{Finding, findings};
use super::quotes::quoted_tags;
use super::scan;
use super::templates::Templates;
use super::variables::{BUILT_IN, Variables};
use crate::diagnostics::{self, Problem, did_you_mean};
use crate::plan::{Pick, Query, QueryLoad};
use crate::values::Value;

/// Which names are wrong does not depend on when the window ends.
const SAMPLE_END: DateTime<Utc> = DateTime::UNIX_EPOCH;

impl Templates {
    /// What is wrong with the queries of a workload (and its look-up), seen without running any:
    /// names that are not known, tags between quotes, columns that the layout lacks, more than one statement. Templates
    /// that could not be loaded are passed over: their problem is known. `workload` is the
    /// workload's place in the scenario, `host` the attributes of any one host.
    pub(crate) fn check(
        &self,
        load: &QueryLoad,
        workload: &diagnostics::Path,
        host: &[(Arc<str>, Value)],
    ) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Pick::Table { sql } = &load.pick {
            let place = workload.key("pick").key("table");
            problems.extend(self.check_template(sql, &Variables::look_up(SAMPLE_END), &place));
        }
        // Where the look-up has problems, nobody knows what the others' parameters are.
        let Some(parameters) = self.sample(&load.pick, host) else { return problems };
        for query in &load.queries {
            let place = workload.key("queries").key(&query.name);
            problems.extend(taken_names(query, &place));
            let variables = Variables {
                parameters: &parameters,
                vars: &query.vars,
                window: query.window,
                end: SAMPLE_END,
            };
            problems.extend(self.check_template(&query.sql, &variables, &place.key("sql")));
        }
        problems
    }

    /// Parameters as a run would have them.
    fn sample(&self, pick: &Pick, host: &[(Arc<str>, Value)]) -> Option<Vec<(Arc<str>, Value)>> {
        match pick {
            Pick::Request | Pick::User => Some(host.to_vec()),
            Pick::Fixed(values) => {
                Some(values.iter().map(|(name, value)| (Arc::from(name.as_str()), value.clone())).collect())
            }
            Pick::Table { sql } => self.columns_of_look_up(sql, host),
        }
    }

    /// A column of the look-up is a name that stands in its SQL; its value is unknown before the
    /// run. `None` for a look-up that does not render, which is a problem of its own.
    fn columns_of_look_up(&self, file: &Path, host: &[(Arc<str>, Value)]) -> Option<Vec<(Arc<str>, Value)>> {
        let sql = self.render(file, &Variables::look_up(SAMPLE_END)).ok()?;
        let column = |name: String| {
            let known = host.iter().find(|(attribute, _)| **attribute == *name);
            let value = known.map_or_else(|| Value::Text(name.as_str().into()), |(_, value)| value.clone());
            (Arc::from(name), value)
        };
        Some(scan::tokens(&sql).iter().filter_map(scan::Token::name).map(column).collect())
    }

    /// The problems of one template with the variables of one use.
    fn check_template(
        &self,
        file: &Path,
        variables: &Variables<'_>,
        place: &diagnostics::Path,
    ) -> Vec<Problem> {
        let Ok(template) = self.template(file) else { return Vec::new() };
        let unknown = self.unknown_names(&template, variables);
        if !unknown.is_empty() {
            let problem = |(line, message, help): (usize, String, String)| {
                Problem::new(place, message).help(help).in_template(self.path(file), line)
            };
            return unknown.into_iter().map(problem).collect();
        }
        let (sql, spans) = match template.render_with_spans(variables.scope(self.catalog())) {
            Ok(rendered) => rendered,
            Err(error) => {
                let error = self.error(file, &error);
                return vec![Problem::new(place, error.message).in_template(error.file, error.line)];
            }
        };
        let problem = |finding: Finding| {
            let line = template_line(finding.start, &spans, template.source());
            let problem = Problem::new(place, finding.message).in_template(self.path(file), line);
            match finding.help {
                Some(help) => problem.help(help),
                None => problem,
            }
        };
        let quoted = quoted_tags(&sql, &spans, template.source());
        // Quotes that meet make other words of a query than its author sees.
        let found = if quoted.is_empty() { findings(&sql, self.catalog()) } else { quoted };
        found.into_iter().map(problem).collect()
    }

    /// Names in a template that nothing defines, in order of their lines: line, message, remedy.
    fn unknown_names(
        &self,
        template: &Template<'_, '_>,
        variables: &Variables<'_>,
    ) -> Vec<(usize, String, String)> {
        let known: Vec<&str> = variables.names().chain(self.globals()).collect();
        let mut unknown: Vec<_> = template
            .undeclared_variables(false)
            .into_iter()
            .filter(|name| !known.contains(&name.as_str()))
            .map(|name| {
                let help = did_you_mean(&name, known.iter().copied()).unwrap_or_else(|| {
                    format!("give it among the query's `vars`, or take one of {}", list(variables.names()))
                });
                (line_of_name(template.source(), &name), format!("unknown name `{name}`"), help)
            })
            .collect();
        unknown.sort();
        unknown
    }
}

/// Variables that would hide what tsrun gives every template.
fn taken_names(query: &Query, place: &diagnostics::Path) -> Vec<Problem> {
    query
        .vars
        .iter()
        .filter(|(name, _)| BUILT_IN.contains(&name.as_str()))
        .map(|(name, _)| {
            Problem::new(&place.key("vars").key(name), format!("`{name}` is a name that every template has"))
                .on_key()
                .help("give the variable another name")
        })
        .collect()
}

/// `a, b, c`, sorted.
fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

/// The template's line, from 1, that made the byte `at` of the output.
fn template_line(at: usize, spans: &[OutputSpan], source: &str) -> usize {
    let Some(span) = spans.iter().rev().find(|span| span.output_range().start <= at) else { return 1 };
    match span.kind() {
        OutputSpanKind::Raw => {
            let byte = span.source_range().start + (at - span.output_range().start);
            line(source, byte)
        }
        _ => span.line(),
    }
}

/// The first line, from 1, on which `name` stands inside a tag.
fn line_of_name(source: &str, name: &str) -> usize {
    let stands = |(start, inside): (usize, &str)| {
        let found = scan::tokens(inside).into_iter().find(|token| token.text == name)?;
        Some(line(source, start + found.start))
    };
    tags(source).into_iter().find_map(stands).unwrap_or(1)
}

/// What stands inside the tags `{{ }}` and `{% %}`, each with the byte it starts at.
fn tags(source: &str) -> Vec<(usize, &str)> {
    let mut tags = Vec::new();
    let mut from = 0;
    while let Some(open) = source[from..].find('{').map(|at| from + at) {
        let close = match source.as_bytes().get(open + 1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            Some(b'#') => "#}",
            _ => {
                from = open + 1;
                continue;
            }
        };
        let start = open + 2;
        let end = source[start..].find(close).map_or(source.len(), |at| start + at);
        if close != "#}" {
            tags.push((start, &source[start..end]));
        }
        from = end;
    }
    tags
}

/// The line, from 1, of a byte.
fn line(source: &str, byte: usize) -> usize {
    1 + source.bytes().take(byte).filter(|&b| b == b'\n').count()
}
