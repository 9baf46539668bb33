//! Whole runs on the local Timestream, through the binary and real HTTP.
#![cfg(feature = "local")]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::command::{Finished, root, tsrun};
use super::fleets::{CPU_ONLY, SENSORS};
use super::served::Served;

/// A folder with a scenario, its queries, a data directory and results of its own.
pub(crate) struct Desk(TempDir);

impl Desk {
    pub(crate) fn new(scenario: &str) -> Self {
        let desk = Self(TempDir::new().expect("a folder can be made"));
        std::fs::create_dir(desk.path("queries")).expect("it is empty");
        desk.write("scenario.yaml", scenario);
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).to_str().expect("temporary folders have plain names").to_owned()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("the folder can be written");
    }

    /// The arguments of every command on this desk.
    fn arguments<'a>(&self, more: &[&'a str]) -> Vec<String> {
        let own = [self.text("scenario.yaml"), "--data-dir".into(), self.text("data")];
        own.into_iter().chain(more.iter().map(|argument: &&'a str| (*argument).to_owned())).collect()
    }

    pub(crate) fn run(&self, more: &[&str]) -> Finished {
        let arguments = [self.arguments(more), vec!["--out".into(), self.text("results")]].concat();
        tsrun(arguments.iter().map(String::as_str))
    }

    pub(crate) fn cleanup(&self, more: &[&str]) -> Finished {
        let arguments = [vec!["cleanup".to_owned()], self.arguments(more)].concat();
        tsrun(arguments.iter().map(String::as_str))
    }

    pub(crate) fn start(&self, more: &[&str]) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tsrun"));
        command.args(self.arguments(more)).args(["--out".to_owned(), self.text("results")]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the binary starts")
    }

    /// The run directories, oldest first.
    pub(crate) fn runs(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.path("results")).expect("there are results");
        let mut runs: Vec<PathBuf> = entries.map(|entry| entry.expect("it reads").path()).collect();
        runs.sort();
        runs
    }
}

/// The figure in a summary's row.
pub(crate) fn figure(run: &Path, phase: &str, name: &str, column: &str) -> f64 {
    let mut reader = csv::Reader::from_path(run.join("summary.csv")).expect("every run has a summary");
    let headers = reader.headers().expect("it has a header").clone();
    let at = |name: &str| headers.iter().position(|header| header == name).expect("the column is there");
    let (phases, names, figures) = (at("phase"), at("Query type"), at(column));
    reader
        .records()
        .map(|row| row.expect("rows read"))
        .find(|row| &row[phases] == phase && &row[names] == name)
        .unwrap_or_else(|| panic!("no row of {name} in {phase}"))[figures]
        .parse()
        .expect("it is a number")
}

pub(crate) fn fleet_of(fleet: &str, phases: &str) -> String {
    format!("{fleet}target: {{ database: demo, table: demo, retention: {{ memory: 24h }} }}\n{phases}")
}

const HISTORY: &str = "
workloads: { ingest: { kind: ingest } }
phases: [ { name: history, backfill: 1m, until: 2026-01-31T12:00:00Z, load: { ingest: 100% } } ]
";

#[test]
fn a_sensor_fleet_is_ingested_from_yaml_alone() {
    let desk = Desk::new(&fleet_of(SENSORS, HISTORY));
    let run = desk.run(&[]);
    assert_eq!(run.code(), Some(0), "{}{}", run.stdout(), run.stderr());
    // A minute: 988 winds a second, 494 states, 2 grids every ten seconds.
    let written = figure(&desk.runs()[0], "history", "ingest", "acknowledged_records");
    assert_eq!(written, (60 * 988 + 494 + 12) as f64);
}

#[test]
fn a_cpu_only_fleet_is_ingested_from_yaml_alone() {
    let desk = Desk::new(&fleet_of(CPU_ONLY, HISTORY));
    let run = desk.run(&["-P", "scale=400"]);
    assert_eq!(run.code(), Some(0), "{}{}", run.stdout(), run.stderr());
    assert_eq!(figure(&desk.runs()[0], "history", "ingest", "acknowledged_records"), 2_400.0);
    // Written again it is the same records: nothing is rejected, nothing stored twice.
    let again = desk.run(&["-P", "scale=400"]);
    assert_eq!(again.code(), Some(0), "{}{}", again.stdout(), again.stderr());
    assert_eq!(figure(&desk.runs()[1], "history", "ingest", "rejected_records"), 0.0);
}

const LIVE: &str = "
workloads:
  ingest: { kind: ingest, in_flight: 8 }
  users:
    kind: query
    users: 2
    think: 100ms
    end: latest
    queries:
      hosts: { weight: 1, sql: hosts.sql.j2, window: 1h }
phases:
  - { name: history, backfill: 2m, load: { ingest: 100% } }
  - { name: ingest, duration: 4s, load: { ingest: 100% } }
  - { name: query, duration: 2s, load: { users: 50%..100% } }
";
const HOSTS: &str = "SELECT COUNT(DISTINCT hostname) AS hosts FROM {{ table }} WHERE time >= {{ from }} AND time < {{ to }}\n";

fn live() -> Desk {
    let desk = Desk::new(&fleet_of(CPU_ONLY, LIVE));
    desk.write("queries/hosts.sql.j2", HOSTS);
    desk
}

#[test]
fn two_terminals_work_on_one_table_at_once() {
    let desk = live();
    assert_eq!(desk.run(&["-P", "scale=400", "--phase", "history"]).code(), Some(0));
    let ingest = desk.start(&["-P", "scale=400", "--phase", "ingest"]);
    let query = desk.run(&["-P", "scale=400", "--phase", "query"]);
    let ingest = ingest.wait_with_output().expect("it ends");
    assert_eq!(query.code(), Some(0), "{}{}", query.stdout(), query.stderr());
    assert!(ingest.status.success(), "{}", String::from_utf8_lossy(&ingest.stderr));
    let runs = desk.runs();
    let of_phase = |phase: &str| {
        let ran = |run: &&PathBuf| {
            let manifest = std::fs::read_to_string(run.join("manifest.json")).expect("every run has one");
            manifest.contains(&format!("\"{phase}\""))
        };
        runs.iter().find(ran).unwrap_or_else(|| panic!("no run of {phase}"))
    };
    assert!(figure(of_phase("query"), "query", "hosts", "Successful Count") > 0.0);
    assert_eq!(figure(of_phase("query"), "query", "hosts", "failed_count"), 0.0);
    // Two minutes of history at 10 s, and what came due meanwhile.
    assert!(figure(of_phase("history"), "history", "ingest", "acknowledged_records") >= 4_800.0);
    assert!(figure(of_phase("ingest"), "ingest", "ingest", "acknowledged_records") > 0.0);
}

#[test]
fn a_later_run_queries_what_an_earlier_one_wrote() {
    let desk = live();
    let first = desk.run(&["-P", "scale=400", "--phase", "history"]);
    assert_eq!(first.code(), Some(0), "{}{}", first.stdout(), first.stderr());
    // A new query: a template and a line of YAML.
    desk.write("queries/busiest.sql.j2", "SELECT hostname, MAX({{ column(\"usage_user\") }}) AS usage FROM {{ table }} WHERE {{ rows(\"usage_user\") }} AND time >= {{ from }} AND time < {{ to }} AND region = {{ region }} GROUP BY hostname ORDER BY usage DESC LIMIT 3\n");
    let scenario = std::fs::read_to_string(desk.path("scenario.yaml")).expect("it was written");
    let line = "      hosts: { weight: 1, sql: hosts.sql.j2, window: 1h }\n";
    let more = format!("{line}      busiest: {{ weight: 1, sql: busiest.sql.j2, window: 1h }}\n");
    let scenario = scenario
        .replace(line, &more)
        .replace("{ name: query, duration: 2s, load: { users: 50%..100% } }", "{ name: query, once: users }");
    desk.write("scenario.yaml", &scenario);
    let second = desk.run(&["-P", "scale=400", "--phase", "query"]);
    assert_eq!(second.code(), Some(0), "{}{}", second.stdout(), second.stderr());
    let run = &desk.runs()[1];
    assert_eq!(figure(run, "query", "busiest", "rows"), 3.0);
    assert_eq!(figure(run, "query", "hosts", "rows"), 1.0);
    let folder = std::fs::read_dir(run)
        .expect("it is there")
        .map(|entry| entry.expect("it reads").path())
        .find(|path| path.is_dir())
        .expect("each user has a folder");
    assert!(std::fs::read_to_string(folder.join("busiest.sql")).expect("its SQL").contains("usage_user"));
    let report = tsrun(["report", run.to_str().expect("plain names")]);
    assert_eq!(report.code(), Some(0));
    assert!(report.stdout().contains("busiest"), "{}", report.stdout());
}

#[test]
fn cleanup_drops_what_the_scenario_made() {
    let desk = live();
    assert_eq!(desk.run(&["-P", "scale=400", "--phase", "history"]).code(), Some(0));
    let refused = desk.cleanup(&[]);
    assert_eq!(refused.code(), Some(0), "{}", refused.stderr());
    assert!(refused.stdout().contains("nothing was dropped"), "{}", refused.stdout());
    let dropped = desk.cleanup(&["--yes"]);
    assert_eq!(dropped.code(), Some(0), "{}", dropped.stderr());
    assert!(dropped.stdout().contains("table demo.demo on local: dropped"), "{}", dropped.stdout());
    assert!(dropped.stdout().contains("database demo on local: dropped"), "{}", dropped.stdout());
    desk.write("queries/broken.sql.j2", "SELECT {{");
    let scenario = std::fs::read_to_string(desk.path("scenario.yaml")).expect("it reads");
    desk.write("scenario.yaml", &scenario.replace("hosts.sql.j2", "broken.sql.j2"));
    let nothing = desk.cleanup(&["--yes"]);
    assert_eq!(nothing.code(), Some(0), "what it wants of queries is nothing: {}", nothing.stderr());
    assert!(nothing.stdout().contains("not there"), "{}", nothing.stdout());
}

#[test]
fn trouble_with_the_target_is_told() {
    let desk = live();
    let unknown = desk.run(&["--phase", "qury"]);
    assert_eq!(unknown.code(), Some(2));
    assert!(unknown.stderr().contains("no phase `qury`, did you mean `query`?"), "{}", unknown.stderr());
    let unreachable = desk.run(&["--endpoint-url", "http://127.0.0.1:9"]);
    assert_eq!(unreachable.code(), Some(4), "{}", unreachable.stderr());
    assert!(unreachable.stderr().contains("http://127.0.0.1:9"), "{}", unreachable.stderr());
    desk.write("data", "a file where a folder should be");
    let unusable = desk.run(&[]);
    assert_eq!(unusable.code(), Some(4), "{}", unusable.stderr());
    assert!(unusable.stderr().contains(&desk.text("data")), "{}", unusable.stderr());
}

#[test]
fn ctrl_c_ends_a_run_and_everything_is_written() {
    let desk = live();
    assert_eq!(desk.run(&["-P", "scale=400", "--phase", "history"]).code(), Some(0));
    let scenario = std::fs::read_to_string(desk.path("scenario.yaml")).expect("it was written");
    let endless = "{ name: endless, duration: forever, load: { ingest: 100%, users: 100% } }";
    desk.write("scenario.yaml", &format!("{}  - {endless}\n", scenario.trim_end_matches(' ')));
    let mut run = desk.start(&["-P", "scale=400", "--phase", "endless"]);
    let stderr = BufReader::new(run.stderr.take().expect("it is piped"));
    let mut lines = stderr.lines().map(|line| line.expect("lines read"));
    // The first line of figures: the load is under way.
    assert!(lines.any(|line| line.starts_with("endless")));
    let interrupted = Command::new("kill").args(["-INT", &run.id().to_string()]).status();
    assert!(interrupted.expect("kill is there").success());
    assert!(lines.any(|line| line.starts_with("ending")), "it says that it was heard");
    drop(lines);
    assert_eq!(run.wait().expect("it ends").code(), Some(130));
    let run = &desk.runs()[1];
    assert!(figure(run, "endless", "ingest", "acknowledged_records") > 0.0);
    assert!(figure(run, "endless", "hosts", "Successful Count") > 0.0);
    let manifest = std::fs::read_to_string(run.join("manifest.json")).expect("every run has one");
    assert!(manifest.contains("\"interrupted\""), "{manifest}");
}

/// Runs a shipped scenario in small, and gives its directory.
fn run_shipped(desk: &TempDir, scenario: &str, parameters: &[&str]) -> PathBuf {
    let text = |name: &str| desk.path().join(name).to_str().expect("plain names").to_owned();
    let (data, out, file) = (text("data"), text("results"), format!("scenarios/{scenario}.yaml"));
    let mut arguments = vec![file.as_str(), "--data-dir", &data, "--out", &out];
    arguments.extend(["--phase", "history", "--phase", "prove"]);
    arguments.extend(parameters.iter().flat_map(|parameter| ["-P", parameter]));
    let run = tsrun(arguments);
    assert_eq!(run.code(), Some(0), "{}{}", run.stdout(), run.stderr());
    let mut runs = std::fs::read_dir(&out).expect("there are results");
    runs.next().expect("the run has a directory").expect("it reads").path()
}

/// Rows that the scenario's queries read, by query.
fn rows(run: &Path) -> Vec<(String, u64)> {
    let mut reader = csv::Reader::from_path(run.join("queries.csv")).expect("every run has one");
    let rows: Vec<std::collections::HashMap<String, String>> =
        reader.deserialize().map(|row| row.expect("rows read")).collect();
    rows.iter().map(|row| (row["query"].clone(), row["rows"].parse().expect("it is a number"))).collect()
}

#[test]
fn tsbs_asks_its_queries() {
    for layout in ["layout=multi", "layout=single"] {
        let desk = TempDir::new().expect("a folder can be made");
        let rows = rows(&run_shipped(&desk, "tsbs-cpu-only", &[layout, "scale=20"]));
        assert_eq!(rows.len(), 15);
        // Whether a host goes above 90 % is up to its walk: one may not, twenty always do.
        let empty = rows.iter().filter(|(query, rows)| *rows == 0 && query != "high-cpu-1");
        assert_eq!(empty.count(), 0, "{rows:?}");
    }
}

#[test]
fn trucks_and_turbines_are_asked_about_and_their_incidents_written_down() {
    // History ends now, so what happens in it differs with the time of day: the fleets are large
    // enough that an hour without a change of state or a truck low on fuel is one in millions.
    for (scenario, parameters) in [
        ("trucks", ["scale=200", "history=40m", "layout=multi"]),
        ("trucks", ["scale=200", "history=40m", "layout=single"]),
        ("wind-farm", ["scale=24", "history=40m", "layout=multi"]),
        ("wind-farm", ["scale=24", "history=40m", "layout=single"]),
    ] {
        let desk = TempDir::new().expect("a folder can be made");
        let run = run_shipped(&desk, scenario, &parameters);
        let rows = rows(&run);
        assert!(rows.len() == 3 && rows.iter().all(|(_, rows)| *rows > 0), "{scenario} {rows:?}");
        let incidents = std::fs::read_to_string(run.join("incidents.csv")).expect("it has incidents");
        assert!(incidents.starts_with("incident,level,node,start_utc,end_utc\n"), "{incidents}");
    }
}

#[test]
fn a_taken_port_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it is bound").to_string();
    let desk = TempDir::new().expect("a folder can be made");
    let data = desk.path().join("data");
    let served = tsrun(["serve", "--listen", &address, "--data-dir", data.to_str().expect("plain names")]);
    assert_eq!(served.code(), Some(4));
    assert!(served.stderr().contains(&format!("cannot listen on {address}")), "{}", served.stderr());
}

#[test]
fn a_data_directory_in_use_is_told_at_once() {
    let desk = TempDir::new().expect("a folder can be made");
    let data = desk.path().join("data");
    let first = Served::start(&data, &[]);
    let data = data.to_str().expect("plain names");
    let second = tsrun(["serve", "--listen", "localhost:0", "--data-dir", data]);
    let address = &first.address;
    assert_eq!(second.code(), Some(4));
    let in_use = format!("is in use by the server at {address}; use that server, or another data directory");
    assert!(second.stderr().contains(&in_use), "{}", second.stderr());
}

#[test]
fn missing_credentials_are_told() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tsrun"));
    command.args(["cleanup", "scenarios/small.yaml", "--target", "timestream"]).current_dir(root());
    command.env_clear().env("AWS_EC2_METADATA_DISABLED", "true").env("HOME", "/nonexistent");
    let nowhere = command.output().expect("the binary starts");
    assert_eq!(nowhere.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("no AWS region"), "{nowhere:?}");
    let nobody =
        command.env("AWS_REGION", "us-east-1").env("AWS_ENDPOINT_URL", "http://127.0.0.1:9").output();
    let nobody = nobody.expect("the binary starts");
    assert_eq!(nobody.status.code(), Some(4), "{nobody:?}");
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("credentials"), "{nobody:?}");
}
