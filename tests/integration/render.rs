//! `tsrun render`: SQL without a target, and with `--explain` what one scans.

use super::command::{Finished, tsrun};

const END: [&str; 2] = ["--end", "2026-01-31T12:00:00Z"];

fn render<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Finished {
    tsrun(["render", "scenarios/small.yaml", "--query", "do-q1"].into_iter().chain(END).chain(arguments))
}

#[test]
fn parameters_are_drawn_or_given() {
    let first = render([]).stdout();
    assert_eq!(first, render(["--draw", "0"]).stdout(), "the same host every time");
    let other = render(["--draw", "1"]).stdout();
    assert_ne!(first, other);
    let given = ["--set", "region=eu-west-1", "--set", "cell=it's", "--set", "measure=cpu_user"];
    insta::assert_snapshot!([first, other, render(given).stdout()].join("\n"));
}

#[test]
fn what_cannot_be_given_is_told_what_can() {
    let told = |arguments: &[&str]| {
        let finished = render(arguments.iter().copied());
        assert_eq!(finished.code(), Some(2));
        finished.stderr().lines().next().unwrap_or_default().to_owned()
    };
    let told = [
        told(&["--set", "regin=eu-west-1"]),
        told(&["--set", "cell_no=five"]),
        told(&["--set", "from=now"]),
        told(&["--set", "region"]),
        tsrun(["render", "scenarios/small.yaml", "--end", "tomorrow"])
            .stderr()
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned(),
        told(&["--draw", "-1"]),
    ];
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn nothing_is_asked_without_explain() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let data = dir.path().join("data");
    let finished = render(["--data-dir", data.to_str().expect("it is text")]);
    assert_eq!(finished.code(), Some(0));
    assert!(!data.exists(), "no server was started");
}

#[cfg(feature = "local")]
#[test]
fn explain_tells_what_is_scanned() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let at = |name: &str| dir.path().join(name).to_str().expect("it is text").to_owned();
    let (data, out) = (at("data"), at("results"));
    let fleet = ["scenarios/wind-farm.yaml", "-P", "scale=1", "-P", "history=10m", "--data-dir", &data];

    let explain = || tsrun(["render"].into_iter().chain(fleet).chain(["--query", "power", "--explain"]));
    let early = explain();
    assert_eq!(early.code(), Some(1));
    let told = early.stderr();
    assert!(told.contains("does not exist; run the scenario first"), "{told}");

    let run = tsrun(fleet.into_iter().chain(["--phase", "history", "--out", &out]));
    assert_eq!(run.code(), Some(0), "{}", run.stderr());
    let explained = explain();
    assert_eq!((explained.code(), explained.stderr()), (Some(0), String::new()));
    // Figures, and whether rows are in files by now, differ from run to run.
    let figure = regex_lite::Regex::new(r"[0-9][0-9.,]*").expect("a pattern");
    let span = regex_lite::Regex::new(r"time read: .*").expect("a pattern");
    let comments = explained.stdout();
    let comments: Vec<String> = comments
        .lines()
        .filter(|line| line.starts_with("--  "))
        .map(|line| line.split(", and ").next().unwrap_or_default())
        .map(|line| span.replace(line, "time read: N").into_owned())
        .map(|line| figure.replace_all(&line, "N").into_owned())
        .collect();
    insta::assert_snapshot!(comments.join("\n"), @r"
    --   answer: N rows, N bytes
    --   time read: N
    --   partitions read: N % by measure_name
    --   files read: N of N; row groups N of N; rows N of N
    --   bytes: N scanned, N charged for
    ");
}

#[cfg(feature = "local")]
#[test]
fn explain_asks_the_table_for_what_a_run_would() {
    let dir = tempfile::tempdir().expect("a folder for the test");
    let at = |name: &str| dir.path().join(name).to_str().expect("it is text").to_owned();
    let (file, data, out) = (at("office.yaml"), at("data"), at("results"));
    assert_eq!(tsrun(["new", &file]).code(), Some(0));
    let scenario = std::fs::read_to_string(&file).expect("it reads");
    let asking = "end: latest\n    pick: { table: newest.sql.j2 }\n    queries:";
    std::fs::write(&file, scenario.replacen("queries:", asking, 1)).expect("it is written");
    let newest = "SELECT building, room FROM {{ table }} WHERE building = 'west' ORDER BY time DESC LIMIT 1";
    std::fs::write(at("queries/newest.sql.j2"), newest).expect("it is written");

    let fleet = [&file, "-P", "rooms=2", "--data-dir", &data];
    let run = tsrun(fleet.into_iter().chain(["--phase", "history", "--out", &out]));
    assert_eq!(run.code(), Some(0), "{}", run.stderr());
    let explained = tsrun(["render"].into_iter().chain(fleet).chain(["--query", "mean", "--explain"]));
    let (sql, told) = (explained.stdout(), explained.stderr());
    assert_eq!((explained.code(), told.as_str()), (Some(0), ""));
    assert!(sql.contains("AND building = 'west'"), "{sql}");
    assert!(sql.contains("--   answer: 1"), "ten minutes and a part: {sql}");
}
