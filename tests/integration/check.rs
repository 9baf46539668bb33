//! `tsrun check` in its formats, and what is said of a command line that names no command.

use std::process::{Command, Output};

use super::command::{root, tsrun};

/// A problem with two places, one of a template, warnings, and a file that is not there.
const FILES: [&str; 4] = [
    "tests/bad-scenarios/late-past-retention.yaml",
    "tests/bad-scenarios/template-names.yaml",
    "scenarios/small.yaml",
    "scenarios/missing.yaml",
];

#[test]
fn json_tells_every_kind_of_problem() {
    let checked = tsrun(["check", "--format", "json"].into_iter().chain(FILES));
    assert_eq!(checked.code(), Some(2));
    assert_eq!(checked.stderr(), "");
    insta::assert_snapshot!(checked.stdout());
}

#[test]
fn github_gets_a_line_a_problem() {
    let checked = tsrun(["check", "--format", "github"].into_iter().chain(FILES));
    assert_eq!(checked.code(), Some(2));
    assert_eq!(checked.stderr(), "");
    insta::assert_snapshot!(checked.stdout());
}

#[test]
fn text_tells_problems_and_warnings_of_all_files() {
    let checked = tsrun(["check"].into_iter().chain(FILES));
    assert_eq!(checked.code(), Some(2));
    assert_eq!(checked.stdout(), "scenarios/small.yaml: good, 1 warning\n");
    insta::assert_snapshot!(checked.stderr());
}

#[test]
fn good_files_have_no_problems_in_any_format() {
    let good = |format: &str| {
        let checked = tsrun(["check", "scenarios/trucks.yaml", "--format", format]);
        assert_eq!((checked.code(), checked.stderr()), (Some(0), String::new()));
        checked.stdout()
    };
    assert_eq!(good("text"), "scenarios/trucks.yaml: good\n");
    assert_eq!(good("github"), "");
    let json: serde_json::Value = serde_json::from_str(&good("json")).expect("it is JSON");
    assert_eq!(json, serde_json::json!([{ "file": "scenarios/trucks.yaml", "problems": [] }]));
}

#[test]
fn a_warning_is_no_failure() {
    let checked = tsrun(["check", "scenarios/small.yaml", "--format", "json"]);
    assert_eq!(checked.code(), Some(0));
    assert!(checked.stdout().contains("\"severity\": \"warning\""), "{}", checked.stdout());
}

#[test]
fn colours_are_for_terminals() {
    let stderr = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let told = |variable: &str, arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tsrun"));
        command.current_dir(root()).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        command.env(variable, "1").args(arguments);
        stderr(&command.output().expect("the binary starts"))
    };
    let bad = "tests/bad-scenarios/cycle.yaml";
    let run = |variable: &str| told(variable, &["check", bad]);
    assert!(run("CLICOLOR_FORCE").contains("\u{1b}[91merror\u{1b}[0m"));
    assert!(!run("NO_COLOR").contains('\u{1b}'));
    assert!(!run("ANY").contains('\u{1b}'), "a pipe is no terminal");
    let json = told("CLICOLOR_FORCE", &[bad, "--log-format", "json"]);
    assert!(json.contains("cycle") && !json.contains("\\u001b") && !json.contains('\u{1b}'), "{json}");
}

#[test]
fn a_word_that_is_no_command_is_told_the_nearest() {
    let first_line = |arguments: &[&str]| {
        let told = tsrun(arguments.iter().copied());
        assert_eq!(told.code(), Some(2));
        told.stderr().lines().next().unwrap_or_default().to_owned()
    };
    let told = [
        first_line(&["chek", "scenarios/small.yaml"]),
        first_line(&["chek"]),
        first_line(&["small"]),
        first_line(&["frobnicate", "--all"]),
        first_line(&["missing.yaml"]),
        first_line(&["scenarios"]),
        first_line(&["check"]),
        first_line(&["check", "scenarios/small.yaml", "-P", "scale"]),
        first_line(&["render", "scenarios/small.yaml", "--query", "do-q7"]),
        first_line(&["scenarios/small.yaml", "--targt", "local"]),
        first_line(&["scenarios/small.yaml", "--target", "locale"]),
    ];
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_command_line_that_cannot_be_is_told_why() {
    let empty = tempfile::tempdir().expect("a folder for the test");
    let empty = empty.path().to_str().expect("it is text");
    let told = |arguments: &[&str]| {
        let told = tsrun(arguments.iter().copied());
        format!("{} {}", told.code().unwrap_or(-1), told.stderr().replace(empty, "EMPTY"))
    };
    let mut lines = vec![
        told(&["scenarios/small.yaml", "--phase", "steddy"]),
        told(&["scenarios/small.yaml", "--phase", "nothing-like-it"]),
        told(&["scenarios/small.yaml", "--seed", "many"]),
        told(&["report", empty]),
        told(&["plan", "scenarios/smal.yaml"]),
        told(&["scenarios/small.yml"]),
        told(&["plan", "scenarios/small.yaml", "--format", "xml"]),
        told(&["new", "scenarios/small"]),
        told(&["new", "Cargo.toml/under-a-file"]),
    ];
    if cfg!(feature = "local") {
        lines.push(told(&["scenarios/faults.yaml", "--target", "timestream"]));
        lines.push(told(&["faults", "--data-dir", empty]));
        lines.push(told(&["faults", "scenarios/small.yaml", "--clear"]));
        lines.push(told(&["serve", "--listen", "here"]));
        insta::assert_snapshot!(lines.join("\n"));
    }
}
