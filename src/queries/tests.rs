//! Templates as users meet them: the shipped ones rendered, and what is said about wrong ones.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tempfile::TempDir;

use super::catalog::tests::catalog;
use super::*;
use crate::diagnostics::Problem;
use crate::plan::{EndTime, Layout, Mode, Pace, Pick, Query, QueryLoad, Work, Workload};
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
    QueryLoad { pace: Pace::Closed { users: 1, think: think() }, end: EndTime::Now, mode, pick, queries }
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

/// The templates of one workload, `users`, that has these queries.
fn load(directory: &Path, load: &QueryLoad, layout: Layout) -> Result<Arc<Templates>, Vec<Problem>> {
    let workload = Workload { name: "users".to_owned(), work: Work::Query(load.clone()) };
    Templates::load(directory, &[workload], catalog(layout), &host()).map(Arc::new)
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, source) in files {
        fs::write(folder.path().join(name), source).unwrap();
    }
    folder
}

/// What is said about a template that is used with the variable `measure` and a host's attributes.
fn problems_of(source: &str, layout: Layout) -> Vec<String> {
    let folder = folder(&[("q.sql.j2", source)]);
    problems(folder.path(), &load_of(vec![query("q", 1)], Pick::Request, Mode::Regular), layout)
}

fn problems(folder: &Path, queries: &QueryLoad, layout: Layout) -> Vec<String> {
    match load(folder, queries, layout) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(|problem| shown(problem, folder)).collect(),
    }
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
    for (index, (name, _)) in SIX.iter().enumerate() {
        for (mode, layout, suffix) in [
            (Mode::Regular, Layout::Single, "single"),
            (Mode::Regular, Layout::Multi, "multi"),
            (Mode::RowCount, Layout::Single, "single-row-count"),
        ] {
            let mix = load_of(queries.clone(), Pick::Request, mode);
            let set = QuerySet::new(&mix, load(&shipped(), &mix, layout).unwrap()).unwrap();
            insta::assert_snapshot!(format!("{name}-{suffix}"), set.render(index, &host(), end()).unwrap());
        }
    }
}

#[test]
fn the_look_up_renders_without_parameters() {
    for (layout, suffix) in [(Layout::Single, "single"), (Layout::Multi, "multi")] {
        let pick = Pick::Table { sql: "pick-host.sql.j2".into() };
        let mix = load_of(vec![query("do-q1", 1)], pick, Mode::RowCount);
        let set = QuerySet::new(&mix, load(&shipped(), &mix, layout).unwrap()).unwrap();
        insta::assert_snapshot!(format!("pick-host-{suffix}"), set.render_look_up(end()).unwrap().unwrap());
    }
}

/// One rendering of `source` with `vars`, a window of three hours and a host's attributes.
fn rendered(source: &str, vars: &[(&str, Value)]) -> String {
    let folder = folder(&[("q.sql.j2", source)]);
    let mut query = query("q", 3);
    query.vars = vars.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let mix = load_of(vec![query], Pick::Request, Mode::Regular);
    let templates = load(folder.path(), &mix, Layout::Multi).unwrap();
    QuerySet::new(&mix, templates).unwrap().render(0, &host(), end()).unwrap()
}

#[test]
fn every_kind_of_value_prints_as_sql() {
    let source = "\
{# a remark leaves no line behind #}
{% set names = [\"a\", \"b\"] %}
{% macro place() %}region = {{ region }}{% endmacro %}
SELECT {{ text }}, {{ whole }}, {{ part }}, {{ yes }}, bin(time, {{ step }}), {{ region | safe }}, {{ none }}
FROM {{ table }} -- {{ database }} {{ layout }} {{ window }}
WHERE time >= {{ from }} AND time < {{ to }} AND {{ place() }} AND cell IN {{ cells }} AND silo IN {{ names }};
";
    let cells = ["x'y", "z"].map(|cell| Value::Text(cell.into()));
    let vars = [
        ("text", Value::Text("it's".into())),
        ("whole", Value::Bigint(-3)),
        ("part", Value::Double(0.5)),
        ("yes", Value::Boolean(true)),
        ("step", Value::Duration(300_000_000_000)),
        ("cells", Value::List(cells.into())),
    ];
    insta::assert_snapshot!(rendered(source, &vars), @r#"
    SELECT 'it''s', -3, 0.5, TRUE, bin(time, 5m), us-east-1, NULL
    FROM "perf_scale"."small" -- "perf_scale" 'multi' 3h
    WHERE time >= '2026-11-22 20:00:00.000000000' AND time < '2026-11-22 23:00:00.000000000' AND region = 'us-east-1' AND cell IN ('x''y', 'z') AND silo IN ('a', 'b')
    "#);
}

#[test]
fn variables_win_over_parameters_and_hide_nothing_of_tsrun() {
    assert_eq!(rendered("{{ region }} {{ window }}", &[("region", Value::Bigint(7))]), "7 3h");
    let folder = folder(&[("q.sql.j2", "SELECT {{ window }}")]);
    let mut query = query("q", 1);
    query.vars = vec![("window".to_owned(), Value::Bigint(7))];
    let mix = load_of(vec![query], Pick::Request, Mode::Regular);
    insta::assert_snapshot!(problems(folder.path(), &mix, Layout::Single).join("\n"), @r#"
    workloads.users.queries.q.vars.window: `window` is a name that every template has; give the variable another name
    "#);
}

#[test]
fn a_tag_between_quotes_is_told() {
    let of = |line: &str| problems_of(&format!("SELECT 1\n{line}"), Layout::Multi);
    insta::assert_snapshot!(
        ["WHERE region = '{{ region }}'", "WHERE cell LIKE '%{{ cell }}%'", "WHERE time < '{{ to }}'", "WHERE \"{{ region }}\" > 1"]
            .map(of).concat().join("\n"),
        @"
    q.sql.j2:2: `{{ region }}` stands between quotes and prints its own: 'us-east-1'; write no quotes around a tag; texts are joined by ||
    q.sql.j2:2: `{{ cell }}` stands between quotes and prints its own: 'us-east-1-cell-1'; write no quotes around a tag; texts are joined by ||
    q.sql.j2:2: `{{ to }}` stands between quotes and prints its own: '1970-01-01 00:00:00.000000000'; write no quotes around a tag; texts are joined by ||
    q.sql.j2:2: `{{ region }}` stands between quotes and prints its own: 'us-east-1'; write no quotes around a tag; texts are joined by ||
    "
    );
    for good in [
        "WHERE region = {{ region }} AND '{{ region | safe }}' <> ''",
        "WHERE time > '1970-01-01' AND region <> {{ region }} -- isn't '{{ region }}'",
        "WHERE {{ rows(measure) }} AND bin(time, {{ window }}) <> '{{ window }}'",
    ] {
        assert_eq!(of(good), Vec::<String>::new(), "{good}");
    }
}

#[test]
fn files_that_are_no_templates_are_named_where_the_scenario_names_them() {
    let folder = folder(&[("do-q1.sql.j2", "SELECT {{ regoin }}")]);
    let files = ["do-q11.sql.j2", "nothing-like-it", "../Cargo.toml", "/etc/passwd", ".", "do-q1.sql.j2"];
    let queries = files.map(|file| Query { sql: file.into(), ..query("q", 1) });
    let mix = load_of(queries.to_vec(), Pick::Request, Mode::Regular);
    insta::assert_snapshot!(problems(folder.path(), &mix, Layout::Single).join("\n"), @r#"
    workloads.users.queries.q.sql: no template `do-q11.sql.j2` in FOLDER; did you mean `do-q1.sql.j2`?
    workloads.users.queries.q.sql: no template `nothing-like-it` in FOLDER
    workloads.users.queries.q.sql: template `../Cargo.toml` is outside the folder FOLDER
    workloads.users.queries.q.sql: template `/etc/passwd` is outside the folder FOLDER
    workloads.users.queries.q.sql: template `.` in FOLDER cannot be read: Is a directory (os error 21)
    do-q1.sql.j2:1: unknown name `regoin`; did you mean `region`?
    "#);
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
        "SELECT {{ [] }}, {{ 1 }}",
        "SELECT {{ 1e308 * 10 }}",
        "SELECT\n{{ {1: 2} }}",
        "SELECT 1;\nSELECT 2",
        "",
    ]
    .iter()
    .flat_map(|source| problems_of(source, Layout::Single))
    .collect();
    insta::assert_snapshot!(found.join("\n"), @r#"
    q.sql.j2:2: unknown name `tabel`; did you mean `table`?
    q.sql.j2:4: unknown name `altitude`; give it among the query's `vars`, or take one of availability_zone, cell, database, from, instance_name, instance_type, jdk_version, layout, measure, microservice_name, os_version, process_name, region, silo, table, to, window
    q.sql.j2:4: unknown name `silos`; did you mean `silo`?
    q.sql.j2:2: no record has a measure `memory_usd`, did you mean `memory_used`?
    q.sql.j2:2: rows() wants a measure at least, as in rows("cpu_user")
    q.sql.j2:3: syntax error: unexpected end of input, expected end of block
    q.sql.j2:1: filter upercase is unknown
    q.sql.j2:1: unknown name `columns`; did you mean `column`?
    q.sql.j2:1: syntax error: unknown statement include
    q.sql.j2:3: layout single has no column `cpu_user`; write {{ column("cpu_user") }}, with {{ rows("cpu_user") }} in WHERE
    q.sql.j2:4: no measure is a boolean: there is no column measure_value::boolean; its measures are of type bigint, double, varchar
    q.sql.j2:1: `region.name` is undefined
    q.sql.j2:1: an empty list cannot be printed as SQL
    q.sql.j2:1: inf cannot be printed as SQL
    q.sql.j2:2: a map cannot be printed as SQL
    q.sql.j2:2: a query is one statement, `SELECT` begins a second one
    q.sql.j2:1: the template gives no SQL
    "#);
}

#[test]
fn a_template_of_the_other_layout_is_found_out() {
    let source = "SELECT AVG(measure_value::double)\nFROM {{ table }}\nWHERE measure_name = 'cpu_user'";
    insta::assert_snapshot!(problems_of(source, Layout::Multi).join("\n"), @r#"
    q.sql.j2:1: layout multi has no column measure_value::double; every measure is a column of its own: write {{ column("MEASURE") }}
    "#);
    assert_eq!(problems_of(source, Layout::Single), [""; 0]);
}

#[test]
fn parameters_are_those_of_the_pick() {
    let folder = folder(&[
        ("q.sql.j2", "SELECT {{ region }}, {{ rack }}"),
        ("pick.sql.j2", "SELECT region, zone AS rack FROM {{ table }}"),
    ]);
    let found = |pick| {
        let mix = load_of(vec![query("q", 1)], pick, Mode::Regular);
        let problems = load(folder.path(), &mix, Layout::Single).err().unwrap_or_default();
        problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>()
    };
    assert_eq!(found(Pick::Request), ["unknown name `rack`"]);
    assert_eq!(found(Pick::Table { sql: "pick.sql.j2".into() }), [""; 0]);
    assert_eq!(
        found(Pick::Table { sql: "pick-host.sql.j2".into() }),
        [format!("no template `pick-host.sql.j2` in {}", folder.path().display())]
    );
    let fixed = Pick::Fixed(vec![("rack".to_owned(), Value::Bigint(3))]);
    assert_eq!(found(fixed), ["unknown name `region`"]);
}

#[test]
fn a_failed_rendering_names_file_line_and_name() {
    let mix = load_of(vec![query("do-q1", 1)], Pick::Request, Mode::Regular);
    let set = QuerySet::new(&mix, load(&shipped(), &mix, Layout::Single).unwrap()).unwrap();
    let error = set.render(0, &host()[1..], end()).unwrap_err();
    assert_eq!(error.file, shipped().join("do-q1.sql.j2"));
    assert_eq!((error.line, error.message.as_str()), (15, "`region` is undefined"));
}
