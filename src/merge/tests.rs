//! Merged runs, second by second and phase by phase. That operations recorded apart come to what they come to together is
//! tested where they are recorded (`recorder::tests`).

use std::path::PathBuf;

use super::*;
use crate::results::made_up::MadeUp;
use crate::results::{Machine, Validity};

struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, name: &str, run: &MadeUp) -> PathBuf {
        run.write(&self.path(name));
        self.path(name)
    }

    fn merge(&self, runs: &[PathBuf]) -> Run {
        merge(runs, &self.path("merged"), false).unwrap();
        Run::read(&self.path("merged")).unwrap()
    }
}

/// A run of three seconds that began so many milliseconds later.
fn shard(later: i64, machine: &str, latency: u64) -> MadeUp {
    let mut run = MadeUp::new(3)
        .with(Some("do-q1"), vec![vec![latency, 2 * latency], vec![latency], vec![3 * latency]]);
    let shift = |utc: &str| crate::results::utc(crate::results::instant(utc).unwrap() + later * 1_000_000);
    let manifest = &mut run.manifest;
    manifest.started_utc = shift(&manifest.started_utc);
    manifest.ended_utc = manifest.ended_utc.as_deref().map(shift);
    manifest.phases[0].started_utc = shift(&manifest.phases[0].started_utc);
    manifest.phases[0].ended_utc = shift(&manifest.phases[0].ended_utc);
    manifest.machine = Machine { host: machine.to_owned(), platform: "linux-x86_64".into(), cores: 2 };
    run
}

#[test]
fn shards_are_merged_second_by_second() {
    let desk = Desk::new();
    let parts = [desk.run("b", &shard(400, "two", 10_000)), desk.run("a", &shard(0, "one", 1_000))];
    let run = desk.merge(&parts);
    let intervals: Vec<(i64, Vec<u64>)> = run
        .intervals("users")
        .unwrap()
        .map(|interval| {
            let interval = interval.unwrap();
            let values = interval.histogram.iter_recorded().map(|bin| bin.value_iterated_to());
            ((interval.from - instant_of(&run)) / 1_000_000, values.collect())
        })
        .collect();
    assert_eq!(
        intervals,
        [(0, vec![1_000, 2_000, 10_007, 20_015]), (1_000, vec![1_000, 10_007]), (2_000, vec![3_001, 30_015]),]
    );
    let timeline = run.timeline().unwrap();
    let done: Vec<u64> = timeline.iter().map(|row| row.queries_done).collect();
    assert_eq!(done, [4, 2, 2]);
    // The median of the merged second, which is neither part's nor the mean of both.
    assert_eq!((timeline[0].query_p50_seconds, timeline[0].query_p99_seconds), (0.002, 0.020_015));
    let manifest = &run.manifest;
    assert_eq!((manifest.machine.host.as_str(), manifest.machine.cores), ("one + two", 4));
    assert_eq!(manifest.parts.iter().map(|part| part.run.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    // Both ran at once: the phase is the time from the first one's start to the last one's end.
    assert!((manifest.phase_seconds("steady") - 3.4).abs() < 1e-9);
}

fn instant_of(run: &Run) -> i64 {
    crate::results::instant(&run.manifest.started_utc).unwrap()
}

#[test]
fn a_phase_that_ran_twice_is_as_long_as_both() {
    let desk = Desk::new();
    let parts = [desk.run("a", &shard(0, "one", 1_000)), desk.run("b", &shard(60_000, "one", 1_000))];
    let run = desk.merge(&parts);
    assert!((run.manifest.phase_seconds("steady") - 6.0).abs() < 1e-9);
    assert_eq!(run.manifest.machine.cores, 2);
    assert_eq!(run.timeline().unwrap().len(), 6);
    // What is merged can be merged again.
    let again = desk.run("c", &shard(120_000, "one", 1_000));
    merge(&[desk.path("merged"), again], &desk.path("twice"), false).unwrap();
    let run = Run::read(&desk.path("twice")).unwrap();
    assert_eq!((run.manifest.parts.len(), run.summary[0].total_count), (3, 12));
}

#[test]
fn a_merged_run_counts_if_all_its_parts_do() {
    let desk = Desk::new();
    let mut invalid = shard(0, "one", 1_000);
    invalid.manifest.validity = Validity { valid: false, reasons: vec!["phase steady: CPU ran out".into()] };
    (invalid.manifest.state, invalid.manifest.failure) = (State::Failed, Some("the disk ran out".into()));
    let run = desk.merge(&[desk.run("a", &invalid), desk.run("b", &shard(0, "two", 1_000))]);
    let Validity { valid, reasons } = &run.manifest.validity;
    assert_eq!((*valid, reasons.as_slice()), (false, ["a: phase steady: CPU ran out".to_owned()].as_slice()));
    assert_eq!(
        (run.manifest.state, run.manifest.failure.as_deref()),
        (State::Failed, Some("a: the disk ran out"))
    );
}

#[test]
fn runs_that_do_not_belong_together_are_refused() {
    let desk = Desk::new();
    let a = desk.run("a", &shard(0, "one", 1_000));
    let mut other = shard(0, "two", 1_000);
    other.manifest.scenario_hash = "another".into();
    other.scenario = "name: small\nseed: 7\nphases: [ { duration: 60s } ]\n".into();
    let b = desk.run("b", &other);
    let out = desk.path("merged");
    let refused = |runs: &[&PathBuf], out: &Path| {
        let runs: Vec<PathBuf> = runs.iter().map(|&run| run.clone()).collect();
        let error = merge(&runs, out, false).unwrap_err();
        error.to_string().replace(&format!("{}/", desk.0.path().display()), "")
    };
    let missing = desk.path("missing");
    let errors = [
        refused(&[&a, &a], &out),
        refused(&[&a, &b], &out),
        refused(&[&a], &out),
        refused(&[&a, &desk.run("c", &shard(0, "two", 1_000))], &b),
        refused(&[&a, &desk.run("copied", &shard(0, "one", 1_000))], &out),
        refused(&[&a, &missing], &out),
    ];
    insta::assert_snapshot!("refused", errors.join("\n"));
    assert!(!out.exists());
    let notes = merge(&[a, b], &out, true).unwrap();
    assert_eq!(notes.len(), 1);
}

#[test]
fn a_run_that_is_in_a_merged_one_is_not_merged_again() {
    let desk = Desk::new();
    let parts = [desk.run("a", &shard(0, "one", 1_000)), desk.run("b", &shard(0, "two", 1_000))];
    desk.merge(&parts);
    let refused = merge(&[desk.path("merged"), parts[1].clone()], &desk.path("again"), false).unwrap_err();
    assert!(matches!(refused, MergeError::Twice(_)), "{refused}");
}

#[test]
fn a_log_that_is_missing_or_cut_is_refused_and_nothing_is_left() {
    let desk = Desk::new();
    let parts = [desk.run("a", &shard(0, "one", 1_000)), desk.run("b", &shard(0, "two", 1_000))];
    let log = parts[1].join("users.hlog");
    let bytes = std::fs::read(&log).unwrap();
    let out = desk.path("merged");
    let refused = || {
        let error = merge(&parts, &out, false).unwrap_err();
        assert!(error.exit() == crate::exit::Exit::Usage && !out.exists());
        error.to_string().replace(&format!("{}/", desk.0.path().display()), "")
    };
    std::fs::write(&log, &bytes[..bytes.len() * 55 / 100]).unwrap();
    let cut = refused();
    std::fs::remove_file(&log).unwrap();
    insta::assert_snapshot!("cut_log", [cut, refused()].join("\n"));
}

#[test]
fn what_a_crash_cut_short_is_merged_as_far_as_it_goes() {
    let desk = Desk::new();
    let mut crashed = shard(0, "two", 1_000);
    crashed.manifest.state = State::Running;
    let parts = [desk.run("a", &shard(0, "one", 1_000)), desk.run("b", &crashed)];
    for file in ["queries.csv", "failed-writes.csv", "timeline.csv", "users.hlog"] {
        let path = parts[1].join(file);
        let mut bytes = std::fs::read(&path).unwrap();
        if file.ends_with("csv") {
            bytes.extend_from_slice(b"steady,us");
        } else {
            bytes.truncate(bytes.len() - 9);
        }
        std::fs::write(&path, bytes).unwrap();
    }
    assert_eq!(desk.merge(&parts).timeline().unwrap().len(), 3);
}
