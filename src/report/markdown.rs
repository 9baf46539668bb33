//! The summary as Markdown for a pull request: verdicts, the figures of each operation, what else there is folded away.
//! Every text from a scenario or a store is escaped, so that it stays text.

use std::fmt::Write;

use super::table::{Cell, Kind, Table};
use super::tables::{self, Detail};
use super::verdict::{Outcome, verdicts};
use super::{ALL, text};
use crate::results::Run;

/// Characters of a cell: who wants more of a message finds it in the run's files.
const CELL: usize = 300;
/// What a message of GitHub's takes, with room for what stands around it.
const MOST: usize = 60_000;

/// The summary of a run.
pub(super) fn markdown(run: &Run) -> String {
    let manifest = &run.manifest;
    let mut text = format!("### {} {}\n\n", sign(worst(run)), escaped(&manifest.scenario));
    for verdict in verdicts(run) {
        line(&mut text, &format!("- {} {}", sign(verdict.outcome), escaped(&verdict.says)));
        for detail in &verdict.details {
            line(&mut text, &format!("  - {}", escaped(detail)));
        }
    }
    let (ingest, queries) = (tables::ingest(run, Detail::Short), tables::queries(run, Detail::Short));
    for whole in [&ingest, &queries] {
        if !whole.rows.is_empty() {
            line(&mut text, "");
            table(&mut text, &together(whole));
        }
    }
    line(
        &mut text,
        "\nService time is from sending to the last row or the acknowledgement, response time from the instant \
         at which an operation was due.",
    );
    let phases = |whole: &Table| whole.rows.len() > together(whole).rows.len();
    folded(&mut text, "By phase", |text| {
        for whole in [&ingest, &queries] {
            if phases(whole) {
                table(text, whole);
                line(text, "");
            }
        }
    });
    folded(&mut text, "Thresholds", |text| table(text, &tables::thresholds(run)));
    folded(&mut text, "Failures", |text| table(text, &tables::failures(run)));
    folded(&mut text, "Environment", |text| environment(text, run));
    if text.len() > MOST {
        text.truncate(text.floor_char_boundary(MOST));
        text.push_str("\n\n(cut: it is too long for one message)\n");
    }
    text
}

fn line(text: &mut String, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}

fn worst(run: &Run) -> Outcome {
    verdicts(run).iter().map(|verdict| verdict.outcome).max().unwrap_or(Outcome::Good)
}

/// Signs that GitHub shows in colour.
fn sign(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Good => "✅",
        Outcome::Doubt => "⚠️",
        Outcome::Bad => "❌",
    }
}

/// The rows that stand for all phases; of what ran in one phase alone, that one.
fn together(whole: &Table) -> Table {
    let mut part = whole.clone();
    let names = |row: &[Cell]| (row[0].text(), row[1].text());
    let all: Vec<String> = whole
        .rows
        .iter()
        .map(|row| names(row))
        .filter(|(_, phase)| phase == ALL)
        .map(|(name, _)| name)
        .collect();
    part.rows.retain(|row| {
        let (name, phase) = names(row);
        phase == ALL || !all.contains(&name)
    });
    part.without_nothings()
}

fn table(text: &mut String, table: &Table) {
    let headers = table.columns.iter().map(|column| format!("{} {}", column.header.0, column.header.1));
    let headers: Vec<String> = headers.collect();
    let marks = table.columns.iter().map(|column| match column.kind {
        Kind::Count | Kind::Time => "--:",
        Kind::Key | Kind::Word => "---",
    });
    row(text, headers.iter().map(|header| header.trim().to_owned()));
    row(text, marks.map(ToOwned::to_owned));
    for cells in &table.rows {
        row(text, cells.iter().map(|cell| escaped(&text::shortened(&cell.text(), CELL))));
    }
}

fn row(text: &mut String, cells: impl Iterator<Item = String>) {
    let cells: Vec<String> = cells.collect();
    line(text, &format!("| {} |", cells.join(" | ")));
}

/// A part that opens on demand; nothing where it is empty.
fn folded(text: &mut String, title: &str, body: impl FnOnce(&mut String)) {
    let mut inner = String::new();
    body(&mut inner);
    if inner.lines().count() > 2 {
        line(text, &format!("\n<details><summary>{title}</summary>\n\n{}\n\n</details>", inner.trim_end()));
    }
}

fn environment(text: &mut String, run: &Run) {
    let manifest = &run.manifest;
    let revision = manifest.git_revision.as_ref().map_or_else(String::new, |hash| format!(" ({hash})"));
    let machine = &manifest.machine;
    let facts = [
        format!("tsrun {}{revision}, seed {}", manifest.version, manifest.seed),
        format!("target: {}, table {}.{}", manifest.target, manifest.database, manifest.table),
        format!("machine: {}, {}, {} cores", machine.host, machine.platform, machine.cores),
        format!("started: {}", manifest.started_utc),
        format!("scenario hash: {}", manifest.scenario_hash),
    ];
    let cpu = manifest.cpu_share().map(|share| text::runner(manifest, share));
    for fact in facts.into_iter().chain(cpu).chain(manifest.notes.iter().map(|note| format!("note: {note}")))
    {
        line(text, &format!("- {}", escaped(&fact)));
    }
}

/// A text without what Markdown or HTML would make something of.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.trim().chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\n' | '\r' => escaped.push(' '),
            // A name and a number that notify or link somebody are no names here.
            '@' | '#' => {
                escaped.push(c);
                escaped.push('\u{2060}');
            }
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' => {
                escaped.push('\\');
                escaped.push(c);
            }
            _ => escaped.push(c),
        }
    }
    escaped
}
