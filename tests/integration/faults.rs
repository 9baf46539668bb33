//! Faults on demand, through the binary: in scenarios, set on a running server, and read from files.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::time::{Duration, Instant};

use super::command::{Finished, root, tsrun};
use super::fleets::CPU_ONLY;
use super::runs::{Desk, figure};
use super::truth::service::Service;

fn desk(target: &str, phases: &str) -> Desk {
    // Small batches make many requests.
    let fleet = CPU_ONLY.replace("every: 10s", "every: 10s\n  batch: 20");
    Desk::new(&format!(
        "{fleet}seed: 7
target:
  database: demo
  table: demo
  retention: {{ memory: 24h }}
  timeouts: {{ connect: 1s, attempt: 1s, operation: 1s }}
{target}
workloads: {{ ingest: {{ kind: ingest, in_flight: 16 }} }}
phases:
{phases}
"
    ))
}

/// What the summary says of all ingest: planned, acknowledged, rejected, refused, unknown, skipped.
fn accounts(run: &Path) -> [u64; 6] {
    ["planned", "acknowledged", "rejected", "refused", "unknown", "skipped"]
        .map(|account| figure(run, "all", "ingest", &format!("{account}_records")) as u64)
}

/// Rows in the table that a run has left.
fn stored(desk: &Desk, table: &str) -> u64 {
    let runtime = tokio::runtime::Runtime::new().expect("threads can be made");
    let service = Service::start(&desk.path("data"));
    let answer = runtime.block_on(service.ask(&format!("SELECT COUNT(*) FROM {table}")));
    answer.rows[0][0].parse().expect("a count is a number")
}

fn errors(run: &Path) -> String {
    std::fs::read_to_string(run.join("errors.csv")).expect("every run has one")
}

#[test]
fn accounts_balance_under_throttles_resets_rejects_and_an_outage() {
    let shipped = std::fs::read_to_string(root().join("scenarios/faults.yaml")).expect("it is shipped");
    let desk = Desk::new(&shipped);
    let short = ["sound=1s", "faulty=5s", "outage_from=1s", "outage=2s", "patience=1s"];
    let run = desk.run(&short.map(|value| ["-P", value]).concat());
    // Late as they are, its figures may not count; its accounts do.
    assert!([Some(0), Some(6)].contains(&run.code()), "{}{}", run.stdout(), run.stderr());
    let run_dir = &desk.runs()[0];
    let [planned, acknowledged, rejected, refused, unknown, skipped] = accounts(run_dir);
    assert_eq!(planned, acknowledged + rejected + refused + unknown + skipped, "{}", run.stdout());
    // The offered load stays up: 20,000 sensors report every ten seconds, and seven are over.
    assert!((13_900..=14_100).contains(&(planned - skipped)), "{}", run.stdout());
    assert!(acknowledged > 0 && rejected > 0 && unknown > 0, "{}", run.stdout());
    let stored = stored(&desk, "perf_scale.faults");
    assert!((acknowledged..=acknowledged + unknown).contains(&stored), "{stored} of {}", run.stdout());
    let errors = errors(run_dir);
    for kind in ["throttled", "network", "server", "rejected_other"] {
        assert!(errors.contains(&format!("faulty,ingest,write,{kind}")), "no {kind} in {errors}");
    }
    assert!(!errors.contains("after,"), "{errors}");
    let note =
        "note: faults on purpose in faulty: throttle 20% on WriteRecords; reset_before 0.5% on WriteRecords;";
    assert!(run.stdout().contains(note), "{}", run.stdout());
}

#[test]
fn phases_have_faults_of_their_own() {
    let desk = desk(
        "  faults: [ { on: WriteRecords, error: 20% } ]",
        "  - { name: before, duration: 2s, load: { ingest: 100% } }
  - { name: slow, duration: 2s, load: { ingest: 100% }, faults: [ { on: WriteRecords, throttle: 20% } ] }
  - { name: sound, duration: 2s, load: { ingest: 100% }, faults: [] }",
    );
    let run = desk.run(&["-P", "scale=40000"]);
    assert!([Some(0), Some(6)].contains(&run.code()), "{}{}", run.stdout(), run.stderr());
    let run_dir = &desk.runs()[0];
    assert!(figure(run_dir, "slow", "ingest", "throttled_count") > 0.0);
    assert_eq!(figure(run_dir, "sound", "ingest", "throttled_count"), 0.0);
    let errors = errors(run_dir);
    assert!(errors.contains("before,ingest,write,server"), "{errors}");
    assert!(!errors.contains("sound,"), "{errors}");
}

fn about_faults(more: &[&str]) -> Finished {
    tsrun(["faults"].into_iter().chain(more.iter().copied()))
}

#[test]
fn faults_are_set_shown_and_cleared_on_a_running_server() {
    let desk =
        desk("", "  - { name: history, backfill: 10s, until: 2026-01-31T12:00:00Z, load: { ingest: 100% } }");
    assert_eq!(desk.run(&["-P", "scale=400"]).code(), Some(0));
    let data = desk.text("data");
    let service = Service::start(&desk.path("data"));
    let show = || about_faults(&["--data-dir", &data]).stdout();
    assert_eq!(show(), "no faults\n");

    desk.write(
        "faults.yaml",
        "seed: 3\nfaults:\n  - { on: WriteRecords, throttle: 100%, from: 1h }\n  - { latency: 1ms }\n",
    );
    let set = about_faults(&[&desk.text("faults.yaml"), "--endpoint-url", &service.url]);
    assert_eq!(set.code(), Some(0), "{}", set.stderr());
    assert_eq!(desk.run(&["-P", "scale=400"]).code(), Some(0));
    let shown = show();
    assert!(
        shown.starts_with("seed 3\nthrottle 100% on WriteRecords from 1h\nlatency 1ms on any operation\n"),
        "{shown}"
    );
    assert!(shown.contains("  WriteRecords: 20 of 20\n"), "{shown}");
    let cleared = about_faults(&["--clear", "--data-dir", &data]);
    assert_eq!(cleared.code(), Some(0), "{}", cleared.stderr());
    assert_eq!(show(), "no faults\n");

    desk.write(
        "bad.yaml",
        "faults:\n  - { on: WriteRecord, throttle: 20 }\n  - { error: 1%, every: 10s, until: 1h }\n",
    );
    let bad = about_faults(&[&desk.text("bad.yaml"), "--data-dir", &data]);
    assert_eq!(bad.code(), Some(2));
    insta::assert_snapshot!(bad.stderr().replace(&desk.text("bad.yaml"), "bad.yaml"));
    let flawed = "faults:\n  - { on: Query }\n  - { error: 1%, every: 10s }\n";
    desk.write("bad.yaml", flawed);
    let served =
        tsrun(["serve", "--listen", "127.0.0.1:0", "--faults", &desk.text("bad.yaml"), "--data-dir", &data]);
    assert_eq!(served.code(), Some(2));
    insta::assert_snapshot!(served.stderr().replace(&desk.text("bad.yaml"), "bad.yaml"));
    drop(service);
    let nobody = about_faults(&["--data-dir", &data]);
    assert_eq!(nobody.code(), Some(4));
    assert!(nobody.stderr().contains("start one with `tsrun serve`"), "{}", nobody.stderr());
}

#[test]
fn a_killed_run_leaves_no_faults_behind() {
    let desk = desk(
        "  faults: [ { on: WriteRecords, latency: 1ms } ]",
        "  - { name: history, backfill: 10s, load: { ingest: 100% }, faults: [] }
  - { name: endless, duration: forever, load: { ingest: 100% } }",
    );
    assert_eq!(desk.run(&["-P", "scale=400", "--phase", "history"]).code(), Some(0));
    let _service = Service::start(&desk.path("data"));
    let data = desk.text("data");
    let shown = || about_faults(&["--data-dir", &data]).stdout();
    let mut run = desk.start(&["-P", "scale=400", "--phase", "endless"]);
    let stderr = BufReader::new(run.stderr.take().expect("it is piped"));
    let mut lines = stderr.lines().map(|line| line.expect("lines read"));
    // The first line of figures: the load is under way.
    assert!(lines.any(|line| line.starts_with("endless")));
    assert!(shown().contains("latency 1ms on WriteRecords"));
    run.kill().expect("it runs");
    run.wait().expect("it ends");
    let deadline = Instant::now() + Duration::from_secs(10);
    while shown() != "no faults\n" {
        assert!(Instant::now() < deadline, "its faults stay");
    }
}

#[test]
fn only_the_local_target_makes_faults() {
    let desk =
        desk("  faults: [ { throttle: 20% } ]", "  - { name: steady, duration: 1s, load: { ingest: 100% } }");
    let run = desk.run(&["--target", "timestream", "--region", "us-east-1"]);
    assert_eq!(run.code(), Some(2));
    assert!(run.stderr().contains("only the local target makes"), "{}", run.stderr());
}
