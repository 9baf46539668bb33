//! The answers of the six queries against the truth: a run fills a table through the binary, a
//! server answers over what it left, and plain Rust works the same out from the generator.

mod answer;
mod oracle;
mod question;
mod ranked;
mod readings;
pub(crate) mod service;
mod tolerance;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tsrun::plan::{EndTime, PhaseKind, Pick, Plan, QueryLoad, Work};
use tsrun::queries::QuerySet;
use tsrun::scenario;
use tsrun::values::Value;

use self::answer::Answer;
use self::question::{DAY, HOUR, Question};
use self::readings::{Readings, Span};
use self::service::Service;
use super::command::{root, tsrun};

const SCENARIO: &str = "tests/scenarios/truth.yaml";

#[test]
fn answers_are_true_in_layout_single() {
    answers_are_true("single");
}

#[test]
fn answers_are_true_in_layout_multi() {
    answers_are_true("multi");
}

fn answers_are_true(layout: &str) {
    let dir = tempfile::tempdir().expect("there is room");
    let (data_dir, out) = (dir.path().join("data"), dir.path().join("results"));
    let scenario = Scenario::load(layout);
    let readings = Readings::of(&scenario.plan.generator, &scenario.history());
    run(layout, &data_dir, &out);
    let answers = scenario.ask(&data_dir);
    accounts_are_whole(&out, readings.records, &answers);
    for (query, answer) in &answers {
        let judged = scenario.judge(query, &readings, answer);
        assert_eq!(judged, Ok(()), "{query}\n{answer:#?}");
    }
    a_changed_reading_is_noticed(&scenario, &readings, &answers);
}

/// Runs the scenario through the binary.
fn run(layout: &str, data_dir: &Path, out: &Path) {
    let text = |path: &Path| path.to_str().expect("temporary paths are text").to_owned();
    let (data_dir, out, layout) = (text(data_dir), text(out), format!("layout={layout}"));
    let finished = tsrun([SCENARIO, "--data-dir", &data_dir, "--out", &out, "-P", &layout]);
    assert_eq!(finished.code(), Some(0), "{}{}", finished.stdout(), finished.stderr());
}

/// What the run says of itself: every record of the fleet is stored, every query was answered once
/// and with as many rows.
fn accounts_are_whole(out: &Path, records: u64, answers: &[(String, Answer)]) {
    let mut runs = std::fs::read_dir(out).expect("the run has a directory");
    let run = runs.next().expect("the run has a directory").expect("it reads").path();
    let mut summary = csv::Reader::from_path(run.join("summary.csv")).expect("it is there");
    let rows: Result<Vec<HashMap<String, String>>, _> = summary.deserialize().collect();
    let rows = rows.expect("its rows read");
    let figures = |operation: &str, phase: &str, names: [&str; 3]| {
        let row = rows.iter().find(|row| row["Query type"] == operation && row["phase"] == phase);
        let row = row.unwrap_or_else(|| panic!("no row of {operation} in {phase}: {rows:#?}"));
        names.map(|name| row[name].parse::<u64>().expect("it is a whole number"))
    };
    let stored = figures("ingest", "history", ["planned_records", "acknowledged_records", "skipped_records"]);
    assert_eq!(stored, [records, records, 0]);
    for (query, answer) in answers {
        let answered = figures(query, "prove", ["Total Count", "Successful Count", "rows"]);
        assert_eq!(answered, [1, 1, answer.rows.len() as u64], "{query}");
    }
}

/// Intervals of the scenario's records.
const METRICS: i64 = 50_000;
const EVENTS: i64 = 150_000;

/// A query, a measure that it reads, and a change of one instance's readings: of those in the last
/// so many milliseconds of the window, and by how much. A p95 does not notice one reading among
/// dozens, so do-q6 has an hour of them changed, and the ranking of do-q5 a day.
const CHANGES: [(&str, &str, i64, f64); 9] = [
    ("do-q1", "memory_used", METRICS, 1_000.0),
    ("do-q2", "cpu_user", METRICS, 1_000.0),
    ("do-q2", "cpu_system", METRICS, 1_000.0),
    ("do-q3", "disk_used", METRICS, 1_000.0),
    ("do-q4", "cpu_user", METRICS, 1_000.0),
    ("do-q4", "memory_used", METRICS, 1_000.0),
    ("do-q5", "gc_pause", EVENTS, 1_000.0),
    ("do-q5", "memory_used", DAY, -1_000.0),
    ("do-q6", "cpu_user", HOUR, 1_000.0),
];

/// The comparison can fail: with a reading changed that a query looks at, its answer is not true.
fn a_changed_reading_is_noticed(scenario: &Scenario, readings: &Readings, answers: &[(String, Answer)]) {
    for (query, measure, last, by) in CHANGES {
        let (_, answer) = answers.iter().find(|(name, _)| name == query).expect("all are asked");
        // An instance that the answer tells of, or else one of the place.
        let told = answer.column("instance_name").and_then(|cells| cells.first().map(ToString::to_string));
        let instance = told.unwrap_or_else(|| scenario.an_instance(readings));
        let end = scenario.window(query).end;
        let changed = readings.with_change(measure, &instance, &(end - last..end), by);
        let judged = scenario.judge(query, &changed, answer);
        assert!(judged.is_err(), "{query} does not look at {measure} of {instance}");
    }
}

/// The scenario as the library reads it.
struct Scenario {
    plan: Plan,
    load: QueryLoad,
    place: Vec<(String, String)>,
}

impl Scenario {
    fn load(layout: &str) -> Self {
        let file = root().join(SCENARIO);
        let loaded = scenario::load(&file, &[("layout".to_owned(), layout.to_owned())]).expect("it reads");
        let written = loaded.scenario.as_ref().expect("it has the form of a scenario");
        let plan = Plan::resolve(written, &loaded.params, &file, String::new())
            .unwrap_or_else(|problems| panic!("{}", loaded.document.render(&problems)));
        let load = plan.workloads.iter().find_map(|workload| match &workload.work {
            Work::Query(load) => Some(load.clone()),
            Work::Ingest(_) => None,
        });
        let load = load.expect("it has queries");
        let Pick::Fixed(fixed) = &load.pick else { panic!("its parameters are fixed") };
        let place = fixed.iter().map(|(name, value)| (name.clone(), value.to_string())).collect();
        Self { plan, load, place }
    }

    /// The time that the fleet's readings cover.
    fn history(&self) -> Span {
        let PhaseKind::Backfill { history, until: Some(until) } = self.plan.phases[0].kind else {
            panic!("the first phase writes history up to a time")
        };
        let end = until.timestamp_millis();
        end - milliseconds(history)..end
    }

    /// The queries' SQL, asked of a server of its own.
    fn ask(&self, data_dir: &Path) -> Vec<(String, Answer)> {
        let text = |value: &str| Value::Text(Arc::from(value));
        let parameters: Vec<(Arc<str>, Value)> =
            self.place.iter().map(|(name, value)| (Arc::from(name.as_str()), text(value))).collect();
        let set = QuerySet::new(&self.load, self.plan.templates.clone()).expect("the weights are sound");
        let runtime = tokio::runtime::Runtime::new().expect("threads start");
        let service = Service::start(data_dir);
        let names = self.load.queries.iter().map(|query| query.name.clone());
        names
            .enumerate()
            .map(|(index, name)| {
                let sql = set.render(index, &parameters, self.end()).expect("templates are checked");
                (name, runtime.block_on(service.ask(&sql)))
            })
            .collect()
    }

    /// Holds an answer against readings.
    fn judge(&self, query: &str, readings: &Readings, answer: &Answer) -> Result<(), String> {
        let question = Question { readings, place: &self.place, window: self.window(query) };
        oracle::compare(query, &question, answer)
    }

    /// The time that a query looks at.
    fn window(&self, query: &str) -> Span {
        let asked =
            self.load.queries.iter().find(|asked| asked.name == query).expect("it is in the scenario");
        let end = self.end().timestamp_millis();
        end - milliseconds(asked.window)..end
    }

    fn end(&self) -> DateTime<Utc> {
        let EndTime::At(end) = self.load.end else { panic!("the end is fixed") };
        end
    }

    /// An instance that all queries look at.
    fn an_instance(&self, readings: &Readings) -> String {
        let place: Vec<_> = self.place.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let found = readings.find("cpu_user", &place, &self.history());
        found.first().expect("somebody is at the place").dimension("instance_name")
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).expect("spans are of days")
}
