//! Templates as users meet them: the shipped ones rendered, and what is said about wrong ones.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tempfile::TempDir;

use super::catalog::tests::catalog;
use super::*;
use crate::diagnostics::{self, Problem};
use crate::plan::{EndTime, Layout, Mode, Pick, Query, QueryLoad};
use crate::values::{Binding, Expression, Scope, Value};

const HOUR: u64 = 3600;

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("queries")
}

fn end() -> DateTime<Utc> {
    "2026-11-22T23:00:00Z".parse().unwrap()
}

fn host() -> Vec<(Arc<str>, Value)> {
    [
        ("region", "us-east-1"),
        ("cell", "us-east-1-cell-1"),
        ("silo", "us-east-1-cell-1-silo-2"),
        ("availability_zone", "us-east-1-3"),
        ("microservice_name", "athena"),
        ("instance_type", "m5.8xlarge"),
        ("os_version", "AL2012"),
        ("instance_name", "i-zaZswmJk-athena-us-east-1-cell-1-silo-2-00000002.amazonaws.com"),
        ("process_name", "host_manager"),
        ("jdk_version", "JDK_8"),
    ]
    .map(|(name, value)| (Arc::from(name), Value::Text(value.into())))
    .to_vec()
}

fn query(name: &str, hours: u64) -> Query {
    Query {
        name: name.to_owned(),
        weight: 1.0,
        sql: format!("{name}.sql.j2").into(),
        window: Duration::from_secs(hours * HOUR),
        vars: vec![("measure".to_owned(), Value::Text("memory_used".into()))],
    }
}

fn load_of(queries: Vec<Query>, pick: Pick, mode: Mode) -> QueryLoad {
    QueryLoad { users: 1, think: think(), end: EndTime::Now, mode, pick, queries }
}

fn think() -> Expression {
    Expression::compile("0s", &NoNames).unwrap()
}

struct NoNames;

impl Scope for NoNames {
    fn lookup(&self, _: &str) -> Option<Binding> {
        None
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }

    fn set(&self, _: &str) -> Option<Vec<Value>> {
        None
    }
}

fn place() -> diagnostics::Path {
    diagnostics::Path::root().key("workloads").key("users")
}

fn load(directory: &Path, files: &[&str], layout: Layout) -> Result<Templates, Vec<Problem>> {
    let files: Vec<_> =
        files.iter().map(|file| (PathBuf::from(file), place().key("queries").key("q").key("sql"))).collect();
    Templates::load(directory, &files, catalog(layout))
}

/// The problems of one template that is used with the variable `measure` and a host's attributes.
fn problems_of(source: &str, layout: Layout) -> Vec<String> {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("q.sql.j2"), source).unwrap();
    let problems = match load(folder.path(), &["q.sql.j2"], layout) {
        Ok(templates) => {
            templates.check(&load_of(vec![query("q", 1)], Pick::Request, Mode::Regular), &place(), &host())
        }
        Err(problems) => problems,
    };
    problems.iter().map(|problem| shown(problem, folder.path())).collect()
}

/// `place:line: message; help`, without the temporary folder.
fn shown(problem: &Problem, folder: &Path) -> String {
    let at = match &problem.template {
        Some((file, line)) => format!("{}:{line}", file.strip_prefix(folder).unwrap().display()),
        None => problem.path.to_string(),
    };
    let help = problem.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
    format!("{at}: {}{help}", problem.message).replace(&folder.display().to_string(), "FOLDER")
}

const SIX: [(&str, u64); 6] =
    [("do-q1", 1), ("do-q2", 1), ("do-q3", 1), ("do-q4", 3), ("do-q5", 24), ("do-q6", 72)];

#[test]
fn the_six_queries_render_in_both_layouts_and_as_row_counts() {
    let queries: Vec<Query> = SIX.iter().map(|(name, hours)| query(name, *hours)).collect();
    let files: Vec<String> = SIX.iter().map(|(name, _)| format!("{name}.sql.j2")).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    for (index, (name, _)) in SIX.iter().enumerate() {
        for (mode, layout, suffix) in [
            (Mode::Regular, Layout::Single, "single"),
            (Mode::Regular, Layout::Multi, "multi"),
            (Mode::RowCount, Layout::Single, "single-row-count"),
            (Mode::RowCount, Layout::Multi, "multi-row-count"),
        ] {
            let templates = Arc::new(load(&shipped(), &files, layout).unwrap());
            let load = load_of(queries.clone(), Pick::Request, mode);
            assert_eq!(templates.check(&load, &place(), &host()), []);
            let set = QuerySet::new(&load, templates).unwrap();
            insta::assert_snapshot!(format!("{name}-{suffix}"), set.render(index, &host(), end()).unwrap());
        }
    }
}

#[test]
fn the_look_up_renders_without_parameters() {
    let file = "pick-host.sql.j2";
    for (layout, suffix) in [(Layout::Single, "single"), (Layout::Multi, "multi")] {
        let templates = Arc::new(load(&shipped(), &[file, "do-q1.sql.j2"], layout).unwrap());
        let load = load_of(vec![query("do-q1", 1)], Pick::Table { sql: file.into() }, Mode::RowCount);
        assert_eq!(templates.check(&load, &place(), &[]), []);
        let set = QuerySet::new(&load, templates).unwrap();
        insta::assert_snapshot!(format!("pick-host-{suffix}"), set.render_look_up(end()).unwrap().unwrap());
    }
}

#[test]
fn every_kind_of_value_prints_as_sql() {
    let folder = TempDir::new().unwrap();
    let source = "\
{# a remark leaves no line behind #}
{% set names = [\"a\", \"b\"] %}
{% macro place() %}region = {{ region }}{% endmacro %}
SELECT {{ text }}, {{ whole }}, {{ part }}, {{ yes }}, bin(time, {{ step }}), {{ region | safe }}, {{ none }}
FROM {{ table }} -- {{ database }} {{ layout }} {{ window }}
WHERE time >= {{ from }} AND time < {{ to }} AND {{ place() }} AND cell IN {{ cells }} AND silo IN {{ names }};
";
    fs::write(folder.path().join("q.sql.j2"), source).unwrap();
    let templates = load(folder.path(), &["q.sql.j2"], Layout::Multi).unwrap();
    let cells = ["x'y", "z"].map(|cell| Value::Text(cell.into()));
    let vars = [
        ("text", Value::Text("it's".into())),
        ("whole", Value::Bigint(-3)),
        ("part", Value::Double(0.5)),
        ("yes", Value::Boolean(true)),
        ("step", Value::Duration(300_000_000_000)),
        ("cells", Value::List(cells.into())),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    let variables =
        Variables { parameters: &host(), vars: &vars, window: Duration::from_secs(3 * HOUR), end: end() };
    insta::assert_snapshot!(templates.render(Path::new("q.sql.j2"), &variables).unwrap(), @r#""#);
}

#[test]
fn variables_win_over_parameters_and_built_in_names_over_both() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("q.sql.j2"), "{{ region }} {{ window }}").unwrap();
    let templates = load(folder.path(), &["q.sql.j2"], Layout::Single).unwrap();
    let vars = ["region", "window"].map(|name| (name.to_owned(), Value::Bigint(7)));
    let variables =
        Variables { parameters: &host(), vars: &vars, window: Duration::from_secs(HOUR), end: end() };
    assert_eq!(templates.render(Path::new("q.sql.j2"), &variables).unwrap(), "7 1h");
    let mut query = query("q", 1);
    query.vars = vars.to_vec();
    let load = load_of(vec![query], Pick::Request, Mode::Regular);
    let problems = templates.check(&load, &place(), &host());
    assert_eq!(problems[0].path.to_string(), "workloads.users.queries.q.vars.window");
    assert_eq!(problems[0].message, "`window` is a name that every template has");
    assert_eq!(problems.len(), 1);
}

#[test]
fn files_that_are_no_templates_are_named_where_the_scenario_names_them() {
    let problems = |file: &str| {
        load(&shipped(), &[file], Layout::Single)
            .unwrap_err()
            .iter()
            .map(|p| shown(p, &shipped()))
            .collect::<Vec<_>>()
    };
    insta::assert_debug_snapshot!(problems("do-q11.sql.j2"), @"");
    insta::assert_debug_snapshot!(problems("nothing-like-it"), @"");
    insta::assert_debug_snapshot!(problems("../Cargo.toml"), @"");
    insta::assert_debug_snapshot!(problems("/etc/passwd"), @"");
    insta::assert_debug_snapshot!(problems("."), @"");
}

#[test]
fn problems_stand_at_the_templates_own_line() {
    let found: Vec<String> = [
        "SELECT 1\nFROM {{ tabel }}\n{# silos #}\nWHERE silo = {{ silos }} AND {{ silo }} = {{ altitude }}",
        "SELECT 1,\n  {{ column(\"memory_usd\") }}",
        "SELECT {{ column(measure) }}\nWHERE {{ rows() }}",
        "SELECT 1\n{% if layout == \"single\" %}\nFROM t",
        "SELECT {{ region | upercase }}",
        "SELECT {{ columns(measure) }}",
        "{% include \"/etc/passwd\" %}",
        "SELECT\n  {{ region }},\n  cpu_user,\n  measure_value::boolean",
        "SELECT {{ region.name }}",
        "SELECT {{ [] }}",
        "SELECT 1;\nSELECT 2",
        "",
    ]
    .iter()
    .flat_map(|source| problems_of(source, Layout::Single))
    .collect();
    insta::assert_snapshot!(found.join("\n"), @"");
}

#[test]
fn a_template_of_the_other_layout_is_found_out() {
    let source = "SELECT AVG(measure_value::double)\nFROM {{ table }}\nWHERE measure_name = 'cpu_user'";
    insta::assert_snapshot!(problems_of(source, Layout::Multi).join("\n"), @"");
    assert_eq!(problems_of(source, Layout::Single), [""; 0]);
}

#[test]
fn parameters_are_those_of_the_pick() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("q.sql.j2"), "SELECT {{ region }}, {{ rack }}").unwrap();
    fs::write(folder.path().join("pick.sql.j2"), "SELECT region, zone AS rack FROM {{ table }}").unwrap();
    let templates = load(folder.path(), &["q.sql.j2", "pick.sql.j2"], Layout::Single).unwrap();
    let check = |pick| {
        templates
            .check(&load_of(vec![query("q", 1)], pick, Mode::Regular), &place(), &host())
            .iter()
            .map(|problem| problem.message.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(check(Pick::Request), ["unknown name `rack`"]);
    assert_eq!(check(Pick::Table { sql: "pick.sql.j2".into() }), [""; 0]);
    let fixed = Pick::Fixed(vec![("rack".to_owned(), Value::Bigint(3))]);
    assert_eq!(check(fixed), ["unknown name `region`"]);
}

#[test]
fn a_failed_rendering_names_file_line_and_name() {
    let templates = Arc::new(load(&shipped(), &["do-q1.sql.j2"], Layout::Single).unwrap());
    let load = load_of(vec![query("do-q1", 1)], Pick::Request, Mode::Regular);
    let set = QuerySet::new(&load, templates).unwrap();
    let error = set.render(0, &host()[1..], end()).unwrap_err();
    assert_eq!(error.file, shipped().join("do-q1.sql.j2"));
    assert_eq!(error.line, 15);
    assert_eq!(error.message, "");
}
