//! What a run is judged by, through the binary: thresholds, cost, and the runner's own machine.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::command::{root, tsrun};
use super::runs::{Desk, fleet_of};
use super::served::Served;

/// Eight sensors, twenty records a second.
const SENSORS: &str = "
name: demo
fleet:
  - { level: site, of: [north, south] }
  - { level: sensor_no, of: 1..4, let: { sensor: '{site}-{sensor_no:02}' } }
metrics:
  every: 800ms
  records:
    climate:
      dimensions: [site, sensor]
      measures:
        temperature, humidity: uniform(0..100)
";

const LIVE: &str = "
workloads:
  ingest: { kind: ingest }
  panels: { kind: query, rate: 20/s, arrivals: poisson, queries: { count: { weight: 1, sql: count.sql.j2, window: 1h } } }
phases:
  - { name: steady, duration: 2s, load: { ingest: 100%, panels: [50%, 100%] } }
";

fn desk(more: &str) -> Desk {
    let desk = Desk::new(&(fleet_of(SENSORS, LIVE) + more));
    desk.write(
        "queries/count.sql.j2",
        "SELECT COUNT(*) AS n FROM {{ table }} WHERE time >= {{ from }} AND time < {{ to }}\n",
    );
    desk
}

#[test]
fn thresholds_that_are_kept_are_told() {
    let run = desk(
        "thresholds: [ ingest.rejected == 0, ingest.kept == 100%, panels.count.response.p99 < 30s, \
         { check: panels.failed_share <= 0%, phase: steady } ]",
    )
    .run(&[]);
    assert_eq!(run.code(), Some(0), "{}{}", run.stdout(), run.stderr());
    assert!(run.stdout().contains("panels.count.response.p99 < 30s"), "{}", run.stdout());
    assert!(!run.stdout().contains("broken"), "{}", run.stdout());
}

#[test]
fn a_threshold_that_is_broken_gives_exit_code_3() {
    let desk = desk("thresholds: [ ingest.acknowledged > 1000000, panels.runs > 5 ]");
    let run = desk.run(&[]);
    assert_eq!(run.code(), Some(3), "{}{}", run.stdout(), run.stderr());
    let broken = run.stdout();
    let broken =
        broken.lines().find(|line| line.contains("ingest.acknowledged")).expect("the report tells it");
    assert!(broken.starts_with("✗  ingest.acknowledged > 1000000"), "{broken}");
    let rows = std::fs::read_to_string(desk.runs()[0].join("thresholds.csv")).expect("it is written");
    assert!(rows.contains("panels.runs > 5,all,") && rows.contains(",true"), "{rows}");
}

#[test]
fn a_threshold_can_end_the_run() {
    let desk = desk("thresholds: [ { check: ingest.rejected > 0, abort_after: 1s } ]");
    desk.write(
        "scenario.yaml",
        &std::fs::read_to_string(desk.path("scenario.yaml"))
            .unwrap()
            .replace("duration: 2s", "duration: 120s"),
    );
    let run = desk.run(&[]);
    assert_eq!(run.code(), Some(3), "{}{}", run.stdout(), run.stderr());
    assert!(run.stderr().contains("error: threshold `ingest.rejected > 0` is broken: 0"), "{}", run.stderr());
}

#[test]
fn thresholds_of_what_does_not_run_are_left_out() {
    let desk = desk("thresholds: [ panels.service.p99 < 30s ]");
    let scenario = std::fs::read_to_string(desk.path("scenario.yaml")).unwrap();
    desk.write(
        "scenario.yaml",
        &scenario.replace("phases:", "phases:\n  - { name: fill, duration: 1s, load: { ingest: 100% } }"),
    );
    let run = desk.run(&["--phase", "fill"]);
    assert_eq!(run.code(), Some(0), "{}{}", run.stdout(), run.stderr());
    assert!(
        run.stderr().contains("threshold `panels.service.p99 < 30s` is left out: panels does not run"),
        "{}",
        run.stderr()
    );
}

/// A scenario that wants more of the machine than `limit` (of the shell's `ulimit`) gives it.
fn run_limited(desk: &Desk, limit: &str) -> (Option<i32>, String) {
    // A server of its own, so that a limit on the runner is not one on it.
    let data = TempDir::new().expect("a folder can be made");
    let server = Served::start(data.path(), &[]);
    let (scenario, out) = (desk.text("scenario.yaml"), desk.text("results"));
    let (binary, url) = (env!("CARGO_BIN_EXE_tsrun"), server.url());
    // A file that is too long is an error and not the end.
    let script =
        format!("trap '' XFSZ; ulimit {limit}; exec {binary} {scenario} --endpoint-url {url} --out {out}");
    let output =
        Command::new("bash").args(["-c", &script]).current_dir(root()).output().expect("bash is there");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn no_open_files_left_makes_a_run_invalid() {
    let desk = desk("");
    let scenario = std::fs::read_to_string(desk.path("scenario.yaml")).unwrap();
    desk.write(
        "scenario.yaml",
        &scenario
            .replace("rate: 20/s", "rate: 2000/s, in_flight: 200")
            .replace("table: demo,", "table: demo, connections: 200,"),
    );
    let (code, text) = run_limited(&desk, "-n 40");
    assert_eq!(code, Some(6), "{text}");
    let manifest = std::fs::read_to_string(desk.runs()[0].join("manifest.json")).expect("it is written");
    assert!(manifest.contains("open files ran out") && manifest.contains("raise `ulimit -n`"), "{manifest}");
}

#[test]
fn a_full_disk_makes_a_run_invalid() {
    let desk = desk("thread_logs: off");
    let scenario = std::fs::read_to_string(desk.path("scenario.yaml")).unwrap();
    desk.write("scenario.yaml", &scenario.replace("rate: 20/s", "rate: 400/s"));
    // Blocks of 1024 bytes: enough for what a run begins with, not for the queries of two seconds.
    let (code, text) = run_limited(&desk, "-f 24");
    assert_eq!(code, Some(6), "{text}");
    assert!(text.contains("error: cannot write") && text.contains("File too large"), "{text}");
    let run: PathBuf = desk.runs().remove(0);
    let manifest = std::fs::read_to_string(run.join("manifest.json")).expect("it is written");
    assert!(manifest.contains("the disk ran out"), "{manifest}");
}

#[test]
fn a_plan_tells_its_cost_by_part() {
    let plan = tsrun(["plan", "scenarios/small.yaml"]);
    assert_eq!(plan.code(), Some(0));
    let text = plan.stdout();
    for part in ["  writes: ", "  memory store: ", "  magnetic store: ", "  queries: "] {
        assert!(text.contains(part), "{text}");
    }
}
