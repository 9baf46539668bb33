//! Comparisons as people read them, of runs that never were.

use std::path::{Path, PathBuf};

use super::{Comparison, Gate};
use crate::exit::Exit;
use crate::results::made_up::MadeUp;
use crate::results::{RecentRows, State, Validity};

/// Latencies of so many executions a second around a median, some of them ten times as long; always the same.
fn latencies(seed: u64, seconds: usize, rate: usize, median: f64) -> Vec<Vec<u64>> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut second = || {
        (0..rate)
            .map(|_| {
                let around = 0.8 + 0.4 * (next() + next() + next()) / 3.0;
                let tail = if next() < 0.02 { 10.0 } else { 1.0 };
                (median * around * tail) as u64
            })
            .collect()
    };
    (0..seconds).map(|_| second()).collect()
}

/// A minute of ingest and three queries; the first one's median in microseconds.
fn run(seed: u64, q1: f64) -> MadeUp {
    MadeUp::new(60)
        .with(None, latencies(seed, 60, 200, 3_000.0))
        .counting(|row| (row.planned_records, row.acknowledged_records) = (1_200_000, 1_200_000))
        .with(Some("do-q1"), latencies(seed + 1, 60, 50, q1))
        .with(Some("do-q2"), latencies(seed + 2, 60, 20, 42_000.0))
        .with(Some("do-q6"), latencies(seed + 3, 9, 1, 900_000.0))
}

/// Run directories with plain names.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn run(&self, name: &str, run: &MadeUp) -> PathBuf {
        let path = self.0.path().join(name);
        run.write(&path);
        path
    }

    fn compare(&self, base: &Path, new: &[PathBuf], gates: &[&str]) -> Comparison {
        let gates = match gates {
            [] => Gate::defaults(),
            gates => gates.iter().map(|gate| gate.parse().unwrap()).collect(),
        };
        Comparison::of(base, new, &[], &gates).unwrap()
    }

    fn plain(&self, report: &str) -> String {
        report.replace(&format!("{}/", self.0.path().display()), "").replace('\\', "")
    }
}

#[test]
fn a_slower_query_is_told_with_its_interval() {
    let desk = Desk::new();
    let (base, new) = (desk.run("base", &run(1, 15_000.0)), desk.run("new", &run(11, 16_800.0)));
    let compared = desk.compare(&base, &[new], &[]);
    insta::assert_snapshot!("slower_text", desk.plain(&compared.text()));
    insta::assert_snapshot!("slower_markdown", desk.plain(&compared.markdown()));
    assert_eq!(compared.exit(false), Exit::Regression);
}

#[test]
fn runs_alike_are_told_to_be_alike_as_far_as_that_goes() {
    let desk = Desk::new();
    let (base, new) = (desk.run("base", &run(1, 15_000.0)), desk.run("new", &run(11, 15_000.0)));
    let compared =
        desk.compare(&base, &[new], &["users.do-q1.p50 < +2.5%", "ingest.response.p90 < +10%", "rate > -5%"]);
    insta::assert_snapshot!("alike_text", desk.plain(&compared.text()));
    assert_eq!(compared.exit(false), Exit::Good);
}

#[test]
fn several_runs_are_held_against_the_first_and_faster_is_no_regression() {
    let desk = Desk::new();
    let base = desk.run("base", &run(1, 15_000.0));
    let others = [desk.run("faster", &run(11, 12_000.0)), desk.run("slower", &run(21, 18_000.0))];
    let compared = desk.compare(&base, &others, &["users.p50 < +30%"]);
    insta::assert_snapshot!("several_text", desk.plain(&compared.text()));
    assert_eq!(compared.exit(false), Exit::Good);
}

#[test]
fn too_little_data_is_no_verdict() {
    let desk = Desk::new();
    let short = |seed| {
        MadeUp::new(40)
            .with(Some("do-q1"), latencies(seed, 40, 2, 15_000.0))
            .with(Some("do-q6"), latencies(seed, 9, 1, 9e5))
    };
    let (base, new) = (desk.run("base", &short(1)), desk.run("new", &short(2)));
    let compared = desk.compare(&base, &[new], &[]);
    insta::assert_snapshot!("little_text", desk.plain(&compared.text()));
    insta::assert_snapshot!("little_markdown", desk.plain(&compared.markdown()));
    assert_eq!((compared.exit(false), compared.exit(true)), (Exit::Good, Exit::Regression));
}

#[test]
fn whatever_else_differs_is_told() {
    let desk = Desk::new();
    let mut base = run(1, 15_000.0);
    base.manifest.recent_rows = RecentRows { at_start: Some(1_000), at_end: None };
    base.scenario = "name: small\nseed: 12345\nworkloads: { users: { users: 10, think: 5s } }\nphases: [ { duration: 60s } ]\n".into();
    let mut new = run(11, 15_000.0);
    new.scenario = "name: small\nseed: 7\nworkloads: { users: { users: 20 } }\nphases: [ { duration: 30s }, { name: more } ]\n".into();
    let manifest = &mut new.manifest;
    manifest.scenario_hash = "another".into();
    manifest.seed = 7;
    manifest.target.kind = "timestream".into();
    manifest.target.endpoint = None;
    manifest.machine.cores = 4;
    manifest.version = "0.2.0".into();
    manifest.git_revision = Some("0e18be6".into());
    manifest.recent_rows.at_start = Some(2_000_000);
    manifest.phases[0].ended_utc = "2026-11-23T08:00:30Z".into();
    manifest.phases.push(crate::results::PhaseTimes { name: "more".into(), ..manifest.phases[0].clone() });
    manifest.state = State::Failed;
    manifest.failure = Some("the disk ran out".into());
    manifest.validity = Validity { valid: false, reasons: vec!["phase steady: CPU ran out".into()] };
    let (base, new) = (desk.run("base", &base), desk.run("new", &new));
    let text = desk.plain(&desk.compare(&base, &[new], &[]).text());
    let heads: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).collect();
    insta::assert_snapshot!("unlike_text", heads.join("\n"));
}

#[test]
fn a_phase_that_ran_twice_is_told_of_once() {
    let desk = Desk::new();
    let mut twice = run(1, 15_000.0);
    let phases = &mut twice.manifest.phases;
    phases.push(crate::results::PhaseTimes {
        started_utc: "2026-11-23T09:00:00Z".into(),
        ended_utc: "2026-11-23T09:02:00Z".into(),
        ..phases[0].clone()
    });
    let new = desk.run("new", &run(11, 15_000.0));
    let warnings = |name: &str, twice: &MadeUp| {
        let text = desk.compare(&desk.run(name, twice), std::slice::from_ref(&new), &[]).text();
        text.lines().filter(|line| line.starts_with("warning")).map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    let longer = warnings("longer", &twice);
    assert_eq!(longer, ["warning: phase steady took 90 s in BASE, 60 s in NEW"]);
    twice.manifest.phases[1].ended_utc = "2026-11-23T09:01:00Z".into();
    assert!(warnings("alike", &twice).is_empty(), "each time took as long as the other run's");
}

#[test]
fn one_execution_each_has_no_rate() {
    let desk = Desk::new();
    let once = |seed| MadeUp::new(60).with(Some("do-q1"), latencies(seed, 1, 1, 15_000.0));
    let (base, new) = (desk.run("base", &once(1)), desk.run("new", &once(2)));
    let text = desk.compare(&base, std::slice::from_ref(&new), &[]).text();
    assert!(text.contains("executions") && !text.contains("rate"), "{text}");
    // A query that was asked all the time and hardly is any more has one.
    let text = desk.compare(&desk.run("loaded", &run(3, 15_000.0)), &[new], &["rate > -5%"]).text();
    assert!(text.contains("REGRESSION: users.do-q1 in steady: -100.0 %"), "{text}");
}

#[test]
fn a_run_that_crashed_is_compared_with_a_warning() {
    let desk = Desk::new();
    let mut crashed = run(11, 15_000.0);
    (crashed.manifest.state, crashed.manifest.ended_utc) = (State::Running, None);
    crashed.manifest.phases.clear();
    crashed.manifest.validity = Validity::default();
    let (base, new) = (desk.run("base", &run(1, 15_000.0)), desk.run("new", &crashed));
    let text = desk.compare(&base, &[new], &[]).text();
    assert!(text.contains("warning: NEW has not ended, or crashed\n"), "{text}");
    let warnings = text.lines().filter(|line| line.starts_with("warning")).count();
    assert_eq!(warnings, 1, "{text}");
    assert!(!text.contains("NaN") && !text.contains("INVALID,"), "{text}");
}

/// The lines of a comparison below its figures, and above them the warnings.
fn told(compared: &Comparison) -> String {
    let text = compared.text();
    let told =
        ["warning: ", "NEW against", "NEW is", "no regression", "nothing was", "figures with", "REGRESSION"];
    let lines = text.lines().filter(|line| told.iter().any(|start| line.starts_with(start)));
    lines.map(|line| line.split(" (p50 <").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_new_lacks_is_told_and_undecided() {
    let desk = Desk::new();
    let base = desk.run("base", &run(1, 15_000.0));
    let mut crashed = MadeUp::new(60);
    crashed.manifest.state = State::Running;
    crashed.manifest.phases.clear();
    let without = MadeUp::new(60)
        .with(None, latencies(11, 60, 200, 3_000.0))
        .counting(|row| (row.planned_records, row.acknowledged_records) = (1_200_000, 1_200_000));
    let cancelled = without.clone().with(Some("do-q1"), Vec::new()).counting(|row| row.cancelled_count = 4);
    let mut failed = run(11, 15_000.0);
    failed.manifest.state = State::Failed;
    failed.manifest.validity = Validity { valid: false, reasons: vec!["CPU ran out".into()] };
    let mut all = Vec::new();
    for (name, new) in
        [("crashed", crashed), ("without", without), ("cancelled", cancelled), ("failed", failed)]
    {
        let compared = desk.compare(&base, &[desk.run(name, &new)], &[]);
        assert_eq!((compared.exit(false), compared.exit(true)), (Exit::Good, Exit::Regression), "{name}");
        assert!(!compared.html().unwrap().contains("NaN"), "{name}");
        all.push(format!("{name}\n{}\n", told(&compared)));
    }
    insta::assert_snapshot!("lacking", all.join("\n"));
}

#[test]
fn a_gate_about_nothing_decides_nothing() {
    let desk = Desk::new();
    let queries = MadeUp::new(60).with(Some("do-q1"), latencies(1, 60, 50, 15_000.0));
    let ingest = MadeUp::new(60).with(None, latencies(1, 60, 50, 15_000.0));
    let (base, new) = (desk.run("base", &queries), desk.run("new", &ingest));
    let compared = desk.compare(&base, &[new], &["response.p99 < +5%"]);
    assert!(compared.text().contains("\nnothing was compared: "), "{}", compared.text());
    assert_eq!(compared.exit(true), Exit::Regression);
}

#[test]
fn no_difference_is_within_a_bound_of_none() {
    let desk = Desk::new();
    let (base, new) = (desk.run("base", &run(1, 15_000.0)), desk.run("new", &run(1, 15_000.0)));
    let gates = ["failed_share < +0%", "kept > -0%", "rate > -0%"];
    assert_eq!(desk.compare(&base, &[new], &gates).exit(true), Exit::Good);
}

#[test]
fn a_log_that_was_cut_is_refused() {
    let desk = Desk::new();
    let (base, new) = (desk.run("base", &run(1, 15_000.0)), desk.run("new", &run(1, 15_000.0)));
    let log = new.join("users.hlog");
    let bytes = std::fs::read(&log).unwrap();
    for length in [0, bytes.len() / 2] {
        std::fs::write(&log, &bytes[..length]).unwrap();
        let refused = Comparison::of(&base, std::slice::from_ref(&new), &[], &Gate::defaults()).unwrap_err();
        assert!(refused.to_string().contains("users.hlog: it has "), "{refused}");
    }
}

#[test]
fn failures_and_lost_records_break_gates_of_counts() {
    let desk = Desk::new();
    let failing = run(11, 15_000.0).counting(|row| (row.total_count, row.failed_count) = (12, 3));
    let (base, new) = (desk.run("base", &run(1, 15_000.0)), desk.run("new", &failing));
    let compared = desk.compare(&base, &[new], &[]);
    assert!(
        compared
            .text()
            .contains("REGRESSION: users.do-q6 in steady: +25.00 points, and the gate is failed_share < +1%"),
        "{}",
        compared.text()
    );
    assert_eq!(compared.exit(false), Exit::Regression);
}

#[test]
fn what_the_runs_do_not_have_is_told() {
    let desk = Desk::new();
    let base = desk.run("base", &run(1, 15_000.0));
    let told = |phases: &[&str], gate: &str| {
        let phases: Vec<String> = phases.iter().map(|&phase| phase.to_owned()).collect();
        Comparison::of(&base, std::slice::from_ref(&base), &phases, &[gate.parse().unwrap()])
            .unwrap_err()
            .to_string()
    };
    let errors = [
        told(&["stedy"], "p50 < +1%"),
        told(&[], "users.do-q7.p50 < +1%"),
        told(&[], "writers.p50 < +1%"),
        told(&[], "users.do-q1.kept > -1%"),
    ];
    insta::assert_snapshot!("unknown", errors.join("\n"));
}

#[test]
fn the_page_has_the_figures_and_a_chart_of_each_operation() {
    let desk = Desk::new();
    let (base, new) = (desk.run("base", &run(1, 15_000.0)), desk.run("new", &run(11, 16_800.0)));
    let compared = desk.compare(&base, &[new], &[]);
    let page = compared.html().unwrap();
    assert!(!page.contains("NaN") && !page.contains("<script"), "{page}");
    // Curves and courses of three operations, one of which has response times, too.
    assert_eq!(page.matches("<figure").count(), 8);
    for line in compared.text().lines().filter(|line| line.contains("p50")) {
        let figure = line.split_whitespace().find(|word| word.starts_with(['+', '-'])).unwrap();
        assert!(page.contains(figure), "{figure}");
    }
}

#[test]
fn json_has_what_the_text_tells() {
    let desk = Desk::new();
    let (base, new) = (desk.run("base", &run(1, 15_000.0)), desk.run("new", &run(11, 16_800.0)));
    let json: serde_json::Value =
        serde_json::from_str(&desk.compare(&base, &[new], &[]).json(Exit::Regression)).unwrap();
    assert_eq!((&json["schema_version"], &json["exit_code"]), (&1.into(), &5.into()));
    let q1 = &json["runs"][0]["operations"][2];
    insta::assert_snapshot!("operation_json", serde_json::to_string_pretty(q1).unwrap());
}
