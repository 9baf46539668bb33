//! The summary in the terminal: figures first, since the eye ends below, then what they come to. It fits a terminal
//! of 110 columns; colours are dropped by whoever prints it where there are none to see.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, Table as Grid, presets};

use super::table::{Cell, Kind, Table};
use super::tables::{self, Detail};
use super::verdict::{Outcome, Verdict, verdicts};
use crate::results::{Manifest, Run, Usage};
use crate::units::print_count;

/// Columns of a terminal that tables fit into.
const WIDTH: usize = 110;

/// The summary of a run.
pub(super) fn text(run: &Run) -> String {
    let mut text = head(&run.manifest);
    ingest(&mut text, run);
    queries(&mut text, run);
    failures(&mut text, run);
    thresholds(&mut text, run);
    line(&mut text, "");
    for verdict in verdicts(run) {
        tell(&mut text, &verdict);
    }
    line(&mut text, &format!("\nresults: {}", run.dir.path().display()));
    let page = run.dir.report();
    if page.exists() {
        line(&mut text, &format!("report:  {}", page.display()));
    }
    text
}

fn line(text: &mut String, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}

fn head(manifest: &Manifest) -> String {
    let Manifest { scenario, seed, version, target, started_utc, .. } = manifest;
    let place = target
        .endpoint
        .as_deref()
        .map_or_else(|| target.region.clone(), |url| format!("{} at {url}", target.kind));
    let mut text = String::new();
    line(&mut text, &format!("{scenario}, seed {seed}; tsrun {version} on {place}, {started_utc}"));
    let rows = |count: Option<u64>| count.map_or_else(|| "not counted".to_owned(), print_count);
    let recent = manifest.recent_rows;
    line(
        &mut text,
        &format!(
            "rows of the last 15 minutes: {} at the start, {} at the end",
            rows(recent.at_start),
            rows(recent.at_end)
        ),
    );
    if let Some(share) = manifest.cpu_share() {
        line(&mut text, &runner(manifest, share));
    }
    for note in &manifest.notes {
        line(&mut text, &format!("note: {note}"));
    }
    text
}

/// What the runner itself took.
pub(super) fn runner(manifest: &Manifest, share: f64) -> String {
    let Usage { cpu_seconds, peak_memory_bytes } = manifest.usage;
    let memory = peak_memory_bytes.map_or_else(String::new, |bytes| {
        format!("; at most {} MB of memory", print_count(bytes / 1_000_000))
    });
    let (percent, cores) = (100.0 * share, manifest.machine.cores);
    format!(
        "runner: {cpu_seconds:.1} s of processor time, {percent:.0} % of one core ({cores} there){memory}"
    )
}

fn ingest(text: &mut String, run: &Run) {
    let table = tables::ingest(run, Detail::Short);
    if table.rows.is_empty() {
        return;
    }
    print(text, &table);
    line(text, "response time counts from the instant a record was due, service time from the last attempt");
}

fn queries(text: &mut String, run: &Run) {
    let table = tables::queries(run, Detail::Short);
    if table.rows.is_empty() {
        return;
    }
    print(text, &table);
    let rated = table.columns.iter().any(|column| column.source == "response_p99_seconds");
    line(text, "service time is from the first byte sent to the last row read");
    line(
        text,
        if rated {
            "response time counts from the instant a query was due; users who think have none"
        } else {
            "users wait for each answer and think, so a slow store is asked less: there is no response time"
        },
    );
}

fn failures(text: &mut String, run: &Run) {
    const LEAST: usize = 30;
    let mut table = tables::failures(run);
    if table.rows.is_empty() {
        return;
    }
    // A sample takes the room that the other columns leave.
    let others = widest(&grid(&table.of(&[Kind::Count])));
    let room = WIDTH.saturating_sub(others + 2).max(LEAST);
    for cell in table.rows.iter_mut().filter_map(|row| row.last_mut()) {
        let first = cell.text().lines().next().map(|sample| shortened(sample, room));
        *cell = Cell::Text(first.unwrap_or_default());
    }
    line(text, &format!("\n{}", grid(&table)));
}

fn thresholds(text: &mut String, run: &Run) {
    let table = tables::thresholds(run);
    if !table.rows.is_empty() {
        line(text, &format!("\n{}", grid(&table)));
    }
}

fn tell(text: &mut String, verdict: &Verdict) {
    let style = style(verdict.outcome);
    line(text, &format!("{style}{} {}{style:#}", verdict.outcome.sign(), verdict.says));
    for detail in &verdict.details {
        line(text, &format!("    {detail}"));
    }
}

fn style(outcome: Outcome) -> Style {
    let colour = match outcome {
        Outcome::Good => AnsiColor::Green,
        Outcome::Doubt => AnsiColor::Yellow,
        Outcome::Bad => AnsiColor::Red,
    };
    let style = colour.on_default();
    if outcome == Outcome::Good { style } else { style.bold() }
}

/// A table as one where it fits, else counts and times apart.
fn print(text: &mut String, table: &Table) {
    let whole = grid(table);
    if widest(&whole) <= WIDTH {
        line(text, &format!("\n{whole}"));
        return;
    }
    for part in [&[Kind::Count][..], &[Kind::Time, Kind::Word]] {
        line(text, &format!("\n{}", grid(&table.of(part))));
    }
}

fn widest(grid: &str) -> usize {
    grid.lines().map(|line| line.chars().count()).max().unwrap_or(0)
}

/// A table as text: names left, figures right, a name once where it stands for several rows.
fn grid(table: &Table) -> String {
    let mut grid = Grid::new();
    let plain = table.columns.iter().all(|column| column.header.0.is_empty());
    let header = table.columns.iter().map(|column| match column.header {
        (_, header) if plain => header.to_owned(),
        (group, header) => format!("{group}\n{header}"),
    });
    grid.load_preset(presets::NOTHING).set_header(header.collect::<Vec<_>>());
    for (index, column) in grid.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if matches!(table.columns[index].kind, Kind::Count | Kind::Time) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut before = None;
    for row in &table.rows {
        let mut cells: Vec<String> = row.iter().map(Cell::text).collect();
        let name = std::mem::take(&mut cells[0]);
        let signs = matches!(row[0], Cell::Kept { .. });
        if signs || before.as_ref() != Some(&name) {
            cells[0].clone_from(&name);
        }
        before = Some(name);
        grid.add_row(cells);
    }
    let text = grid.to_string();
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// What of a message fits into so many characters.
pub(super) fn shortened(message: &str, room: usize) -> String {
    if message.chars().count() <= room {
        return message.to_owned();
    }
    let kept: String = message.chars().take(room.saturating_sub(3)).collect();
    format!("{kept}...")
}
