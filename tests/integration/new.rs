//! `tsrun new`: what it writes is good as it stands, and nothing is overwritten.

use std::path::Path;
use std::process::{Command, Output};

/// `tsrun` in a folder of its own.
fn tsrun_in(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tsrun"));
    command.current_dir(folder).args(arguments).output().expect("the binary starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_new_scenario_is_good_and_says_what_is_next() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let made = tsrun_in(dir.path(), &["new", "office"]);
    assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
    insta::assert_snapshot!(text(&made.stdout));
    let checked = tsrun_in(dir.path(), &["check", "office.yaml"]);
    assert_eq!(text(&checked.stdout), "office.yaml: good\n", "{}", text(&checked.stderr));
    let planned = tsrun_in(dir.path(), &["plan", "office.yaml"]);
    insta::assert_snapshot!(text(&planned.stdout));

    let again = tsrun_in(dir.path(), &["new", "office.yaml"]);
    assert_eq!(again.status.code(), Some(2));
    insta::assert_snapshot!(text(&again.stderr), @"error: office.yaml is there already; take another name, or remove it first");
}

#[test]
fn a_new_scenario_joins_what_its_folder_has() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let root = dir.path();
    std::fs::create_dir_all(root.join("scenarios")).expect("it is made");
    std::fs::create_dir_all(root.join("queries")).expect("it is made");
    std::fs::write(root.join("scenarios/schema.json"), "{}").expect("it is written");
    std::fs::write(root.join("queries/lab.sql.j2"), "SELECT 1").expect("it is written");
    let made = tsrun_in(root, &["new", "scenarios/lab"]);
    insta::assert_snapshot!(text(&made.stdout));
    assert_eq!(std::fs::read_to_string(root.join("queries/lab.sql.j2")).expect("it reads"), "SELECT 1");
    let scenario = std::fs::read_to_string(root.join("scenarios/lab.yaml")).expect("it reads");
    assert!(scenario.starts_with("# yaml-language-server: $schema=schema.json\n"), "{scenario}");
    assert_eq!(tsrun_in(root, &["check", "scenarios/lab.yaml"]).status.code(), Some(0));
}

#[test]
fn names_that_cannot_name_a_table_are_refused() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let told = ["ab", "über", "two words", ".hidden", "folder/"].map(|name| {
        let made = tsrun_in(dir.path(), &["new", name]);
        assert_eq!(made.status.code(), Some(2), "{name}");
        text(&made.stderr)
    });
    assert_eq!(std::fs::read_dir(dir.path()).expect("it reads").count(), 0, "nothing is left behind");
    insta::assert_snapshot!(told.concat());
}

#[cfg(feature = "local")]
#[test]
fn a_new_scenario_runs_at_once() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    assert!(tsrun_in(dir.path(), &["new", "office"]).status.success());
    let short =
        ["-P", "rooms=5", "-P", "steady=1s", "--phase", "history", "--phase", "prove", "--phase", "steady"];
    let run = tsrun_in(dir.path(), &[&["office.yaml", "--data-dir", "data"][..], &short].concat());
    assert_eq!(run.status.code(), Some(0), "{}{}", text(&run.stdout), text(&run.stderr));
    assert!(text(&run.stdout).contains("users"), "{}", text(&run.stdout));
}
