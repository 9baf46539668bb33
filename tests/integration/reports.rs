//! `tsrun report` in its forms, of runs that were run.
#![cfg(feature = "local")]

use std::path::Path;
use std::process::{Command, Output};

use super::fleets::CPU_ONLY;
use super::runs::{Desk, fleet_of};

const HISTORY: &str = "
workloads: { ingest: { kind: ingest } }
phases: [ { name: history, backfill: 1m, until: 2026-01-31T12:00:00Z, load: { ingest: 100% } } ]
";

/// `tsrun report` with these arguments, in a folder.
fn report(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tsrun"));
    command.current_dir(folder).arg("report").args(arguments).output().expect("the binary starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_run_leaves_a_page_and_can_be_reported_on_in_every_form() {
    let desk = Desk::new(&fleet_of(CPU_ONLY, HISTORY));
    let ran = desk.run(&["-P", "scale=20"]);
    assert_eq!(ran.code(), Some(0), "{}{}", ran.stdout(), ran.stderr());
    let run = desk.runs().remove(0);
    let page = std::fs::read_to_string(run.join("report.html")).expect("every run leaves a page");
    assert!(ran.stdout().contains(&format!("report:  {}", run.join("report.html").display())));

    let folder = desk.path("");
    let name = run.to_str().expect("temporary folders have plain names");
    let form = |format: &str| {
        let output = report(&folder, &[name, "--format", format]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    assert_eq!(form("html").trim_end(), page.trim_end());
    assert_eq!(form("text").trim_end(), ran.stdout().trim_end());
    let summary = std::fs::read_to_string(run.join("summary.csv")).expect("every run has a summary");
    assert_eq!(form("csv").trim_end(), summary.trim_end());
    let json: serde_json::Value = serde_json::from_str(&form("json")).expect("it is JSON");
    assert_eq!(json["manifest"]["records"]["acknowledged"], json["operations"][0]["records"]["acknowledged"]);
    assert!(form("markdown").starts_with("### ✅ "));

    // Without a run it is the newest one, and says which.
    let again = desk.run(&["-P", "scale=10"]);
    assert_eq!(again.code(), Some(0), "{}{}", again.stdout(), again.stderr());
    let newest = report(&folder, &["--out", "newest.txt"]);
    assert!(newest.status.success(), "{}", text(&newest.stderr));
    let said = text(&newest.stderr);
    let second = desk.runs().remove(1);
    let second = second.file_name().expect("runs have names").to_string_lossy().into_owned();
    assert_eq!(said.trim_end(), format!("the newest run: results/{second}"));
    assert_eq!(text(&newest.stdout).trim_end(), "report: newest.txt");
    let written = std::fs::read_to_string(desk.path("newest.txt")).expect("it was written");
    assert!(written.contains(&second), "{written}");
}

#[test]
fn a_report_of_nothing_says_what_to_name() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let none = report(folder.path(), &[]);
    assert_eq!(none.status.code(), Some(2));
    assert_eq!(
        text(&none.stderr).trim_end(),
        "error: there is no run under results: name its directory, as in `tsrun report DIR`"
    );
    let wrong = report(folder.path(), &["nowhere", "--format", "json"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert_eq!(text(&wrong.stderr).trim_end(), "error: cannot read nowhere: there is no such folder");
}
