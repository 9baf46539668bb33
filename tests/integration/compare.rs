//! `tsrun compare` and `tsrun merge` of real runs, and how they end.

use super::command::{Finished, tsrun};
use super::fleets::CPU_ONLY;
use super::runs::{Desk, figure, fleet_of};

const QUERIES: &str = "
workloads:
  ingest: { kind: ingest }
  users: { kind: query, users: 2, think: 20ms, queries: { hosts: { weight: 1, sql: hosts.sql.j2, window: 1h } } }
phases:
  - { name: history, backfill: 1m, load: { ingest: 100% } }
  - { name: query, duration: 2s, load: { users: 100% } }
thresholds: [ users.failed_share == 0%, users.hosts.service.p99 < 1h ]
";
const HOSTS: &str = "SELECT COUNT(*) AS rows FROM {{ table }} WHERE time >= {{ from }} AND time < {{ to }}\n";

/// Two runs of the same scenario, and a folder for more.
struct Pair {
    desk: Desk,
    base: String,
    new: String,
}

impl Pair {
    fn new() -> Self {
        let desk = Desk::new(&fleet_of(CPU_ONLY, QUERIES));
        desk.write("queries/hosts.sql.j2", HOSTS);
        for _ in 0..2 {
            let run = desk.run(&["-P", "scale=400"]);
            assert_eq!(run.code(), Some(0), "{}{}", run.stdout(), run.stderr());
        }
        let [base, new] = desk.runs().try_into().expect("it ran twice");
        let text = |path: std::path::PathBuf| path.to_str().expect("plain names").to_owned();
        Self { desk, base: text(base), new: text(new) }
    }

    fn compare(&self, more: &[&str]) -> Finished {
        tsrun(["compare", &self.base, &self.new].into_iter().chain(more.iter().copied()))
    }
}

#[test]
fn two_runs_are_compared_and_merged() {
    let pair = Pair::new();
    // Two seconds are too few to say anything, which breaks no gate.
    let compared = pair.compare(&[]);
    assert_eq!(compared.code(), Some(0), "{}{}", compared.stdout(), compared.stderr());
    assert!(compared.stdout().contains("NEW against BASE: not enough data"), "{}", compared.stdout());
    assert_eq!(pair.compare(&["--fail-on", "undecided"]).code(), Some(5));
    // A gate that nothing keeps.
    let broken = pair.compare(&["--gate", "users.rate > +1000%"]);
    assert_eq!(broken.code(), Some(5), "{}", broken.stdout());
    assert!(broken.stdout().contains("REGRESSION: users.hosts in query: "), "{}", broken.stdout());
    assert_eq!(pair.compare(&["--gate", "users.rate > +1000%", "--fail-on", "never"]).code(), Some(0));
    // What does not fit is the caller's mistake.
    for (gate, told) in [
        ("users.host.p50 < +10%", "did you mean `users.hosts`?"),
        ("users.hosts.p50 < 10%", "write it with its sign"),
    ] {
        let refused = pair.compare(&["--gate", gate]);
        assert_eq!(refused.code(), Some(2));
        assert!(refused.stderr().contains(told), "{}", refused.stderr());
    }
    let missing = tsrun(["compare", &pair.base, "results/missing"]);
    assert_eq!(missing.code(), Some(2));
    assert!(missing.stderr().contains("results/missing"), "{}", missing.stderr());

    for (format, begins) in [("markdown", "### "), ("json", "{"), ("html", "<!DOCTYPE html>")] {
        let file = pair.desk.text(format);
        assert_eq!(pair.compare(&["--format", format, "--out", &file]).stdout(), "");
        let text = std::fs::read_to_string(&file).expect("it was written");
        assert!(text.starts_with(begins) && !text.contains("NaN"), "{text}");
    }

    let merged = pair.desk.text("merged");
    let done = tsrun(["merge", &pair.base, &pair.new, "--out", &merged]);
    assert_eq!(done.code(), Some(0), "{}", done.stderr());
    let runs = |run: &str| figure(run.as_ref(), "query", "hosts", "Total Count");
    assert_eq!(runs(&merged), runs(&pair.base) + runs(&pair.new));
    let records = |run: &str| figure(run.as_ref(), "history", "ingest", "acknowledged_records");
    assert_eq!(records(&merged), records(&pair.base) + records(&pair.new));
    let thresholds = std::fs::read_to_string(pair.desk.path("merged/thresholds.csv")).expect("it has some");
    assert!(thresholds.contains("users.failed_share == 0%,all,0.00 %,true"), "{thresholds}");
    // It reads as any run does.
    let report = tsrun(["report", &merged]);
    assert_eq!(report.code(), Some(0), "{}", report.stderr());
    assert!(report.stdout().contains("valid: the load was the plan's"), "{}", report.stdout());
    assert_eq!(tsrun(["compare", &merged, &pair.new]).code(), Some(0));
    let again = tsrun(["merge", &pair.base, &pair.new, "--out", &merged]);
    assert_eq!(again.code(), Some(2));
    assert!(again.stderr().contains("is not empty; name a new directory"), "{}", again.stderr());
}
