//! `report.html` in a real browser: it opens from a file without a word of complaint, and what it shows is what the
//! run's files hold.
#![cfg(feature = "local")]

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::fleets::CPU_ONLY;
use super::runs::{Desk, fleet_of};

const LOAD: &str = "
workloads:
  ingest: { kind: ingest }
  users:
    kind: query
    users: 2
    think: 20ms
    queries: { busy: { weight: 1, sql: busy.sql.j2, window: 10m } }
phases:
  - { name: history, backfill: 10m, load: { ingest: 100% } }
  - { name: steady, duration: 3s, load: { ingest: 100%, users: 100% } }
thresholds: [ ingest.rejected == 0, users.busy.failed == 0 ]
";

const BUSY: &str = "SELECT COUNT(*) AS n FROM {{ table }} WHERE time >= {{ from }} AND time < {{ to }}";

/// What Chromium makes of a page: its document, and what its console says.
struct Opened {
    document: String,
    console: Vec<String>,
}

fn open(page: &Path) -> Opened {
    let profile = TempDir::new().expect("a folder can be made");
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "chromium".to_owned());
    let mut command = Command::new(chromium);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]);
    command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
    command.args(["--enable-logging=stderr", "--dump-dom"]);
    command.arg(format!("--user-data-dir={}", profile.path().display()));
    command.arg(format!("file://{}", page.display()));
    let output = command.output().expect("Chromium is installed: apt-get install chromium");
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    let console = log.lines().filter(|line| line.contains("CONSOLE")).map(ToOwned::to_owned).collect();
    Opened { document: String::from_utf8_lossy(&output.stdout).into_owned(), console }
}

/// The value of an attribute in what is left of an element.
fn attribute(element: &str, name: &str) -> Option<String> {
    Some(element.split_once(&format!("{name}=\""))?.1.split_once('"')?.0.to_owned())
}

/// The rows of the tables of figures, by the columns of `summary.csv` that they show.
fn rows(document: &str) -> Vec<HashMap<String, String>> {
    let tables = document.split("<section data-table").skip(1);
    let bodies = tables.map(|table| table.split("</table>").next().unwrap_or_default());
    let rows = bodies.flat_map(|body| body.split("<tr").skip(2));
    rows.map(|row| {
        let cells = row.split("<td").skip(1).filter_map(|cell| {
            let text = cell.split_once('>')?.1.split_once('<')?.0.to_owned();
            Some((attribute(cell, "data-column")?, attribute(cell, "data-value").unwrap_or(text)))
        });
        cells.collect()
    })
    .collect()
}

/// The rows of a CSV file by their columns.
fn csv_rows(path: &Path) -> Vec<HashMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).expect("the file is there");
    reader.deserialize().map(|row| row.expect("rows read")).collect()
}

#[test]
#[ignore = "needs Chromium: apt-get install chromium; .ci/run runs it"]
fn a_report_opens_in_a_browser_and_shows_the_figures_of_the_files() {
    let desk = Desk::new(&fleet_of(CPU_ONLY, LOAD));
    desk.write("queries/busy.sql.j2", BUSY);
    let ended = desk.run(&["-P", "scale=20"]);
    assert!(matches!(ended.code(), Some(0 | 6)), "{}{}", ended.stdout(), ended.stderr());
    let run = desk.runs().remove(0);

    let opened = open(&run.join("report.html"));
    assert_eq!(opened.console, Vec::<String>::new());
    assert!(opened.document.contains("data-about=\"validity\""), "{}", opened.document);
    assert!(opened.document.matches("<svg class=\"plot\"").count() >= 6, "charts are missing");

    let shown = rows(&opened.document);
    for written in csv_rows(&run.join("summary.csv")) {
        let same = |row: &&HashMap<String, String>| {
            row["Query type"] == written["Query type"] && row["phase"] == written["phase"]
        };
        let Some(row) = shown.iter().find(same) else {
            // What did not run in a phase has no row.
            assert_eq!(written["Total Count"], "0", "{written:?}");
            continue;
        };
        for (column, value) in
            row.iter().filter(|(column, _)| !["Query type", "phase"].contains(&column.as_str()))
        {
            let number = |text: &str| text.parse::<f64>().expect("figures are numbers");
            assert_eq!(number(value), number(&written[column]), "{column} of {written:?}");
        }
    }

    let attempts = csv_rows(&run.join("queries.csv"));
    let answered = attempts.iter().filter(|row| row["query"] == "busy" && row["status"] == "ok").count();
    let all = shown.iter().find(|row| row["Query type"] == "busy" && row["phase"] == "all").expect("it ran");
    assert_eq!(all["Total Count"], answered.to_string());
}

#[test]
#[ignore = "needs Chromium: apt-get install chromium; .ci/run runs it"]
fn a_page_that_breaks_its_policy_would_be_noticed() {
    let folder = TempDir::new().expect("a folder can be made");
    let page = folder.path().join("page.html");
    let policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'\">";
    std::fs::write(&page, format!("{policy}<script>alert(1)</script>")).expect("it can be written");
    assert!(!open(&page).console.is_empty());
}
