//! The summary in the terminal: figures first, since the eye ends below, then what they come to. Tables fit its columns and
//! sentences break between words; colours are dropped by whoever prints it where there are none to see.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, Table as Grid, presets};
use unicode_width::UnicodeWidthStr as _;

use super::table::{Cell, Kind, Table};
use super::tables::{self, Detail};
use super::verdict::{Outcome, Verdict, verdicts};
use crate::output::wrapped;
use crate::results::{Manifest, Run, Usage};
use crate::units::print_count;

/// Columns that tables fit into where no terminal says how many it has.
const WIDTH: usize = 110;
/// Columns that a terminal is taken to have at the least: figures in fewer are no table.
const LEAST: usize = 80;

/// The summary of a run, for a terminal of so many columns.
pub(super) fn text(run: &Run, columns: Option<usize>) -> String {
    let mut page = Page { text: String::new(), columns };
    head(&mut page, &run.manifest);
    ingest(&mut page, run);
    queries(&mut page, run);
    failures(&mut page, run);
    thresholds(&mut page, run);
    page.line("");
    for verdict in verdicts(run) {
        tell(&mut page, &verdict);
    }
    page.line(&format!("\nresults: {}", run.dir.path().display()));
    let report = run.dir.report();
    if report.exists() {
        page.line(&format!("report:  {}", report.display()));
    }
    page.text
}

/// The summary so far.
struct Page {
    text: String,
    /// Columns of the terminal that it is for; none where it is for no terminal.
    columns: Option<usize>,
}

impl Page {
    fn line(&mut self, line: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{line}");
    }

    fn sentence(&mut self, sentence: &str) {
        self.line(&self.flow("", sentence));
    }

    /// A sentence after what its line begins with; its further lines begin below its first word.
    fn flow(&self, start: &str, sentence: &str) -> String {
        let room = self.columns.map_or(usize::MAX, |columns| columns.saturating_sub(start.width()));
        let below = format!("\n{}", " ".repeat(start.width()));
        format!("{start}{}", wrapped(sentence, room).replace('\n', &below))
    }

    /// Columns that tables fit into.
    fn width(&self) -> usize {
        self.columns.map_or(WIDTH, |columns| columns.max(LEAST))
    }

    /// A table as one where it fits, else counts and times apart, each in as many parts as it needs.
    fn table(&mut self, table: &Table) {
        let whole = grid(table);
        if widest(&whole) <= self.width() || table.figures() == 0 {
            self.line(&format!("\n{whole}"));
            return;
        }
        for kinds in [&[Kind::Count][..], &[Kind::Time, Kind::Word]] {
            self.parts(table.of(kinds));
        }
    }

    /// A table in parts that fit, each with the keys.
    fn parts(&mut self, mut rest: Table) {
        while rest.figures() > 0 {
            let fits = |figures: &usize| widest(&grid(&rest.split(*figures).0)) <= self.width();
            let (part, after) = rest.split((1..=rest.figures()).rev().find(fits).unwrap_or(1));
            self.line(&format!("\n{}", grid(&part)));
            rest = after;
        }
    }
}

fn head(page: &mut Page, manifest: &Manifest) {
    let Manifest { scenario, seed, version, target, started_utc, .. } = manifest;
    let place = target
        .endpoint
        .as_deref()
        .map_or_else(|| target.region.clone(), |url| format!("{} at {url}", target.kind));
    page.sentence(&format!("{scenario}, seed {seed}; tsrun {version} on {place}, {started_utc}"));
    let rows = |count: Option<u64>| count.map_or_else(|| "not counted".to_owned(), print_count);
    let recent = manifest.recent_rows;
    page.sentence(&format!(
        "rows of the last 15 minutes: {} at the start, {} at the end",
        rows(recent.at_start),
        rows(recent.at_end)
    ));
    if let Some(share) = manifest.cpu_share() {
        page.sentence(&runner(manifest, share));
    }
    for note in &manifest.notes {
        page.line(&page.flow("note: ", note));
    }
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

fn ingest(page: &mut Page, run: &Run) {
    let table = tables::ingest(run, Detail::Short);
    if table.rows.is_empty() {
        return;
    }
    page.table(&table);
    page.sentence(
        "response time counts from the instant a record was due, service time from the last attempt",
    );
}

fn queries(page: &mut Page, run: &Run) {
    let table = tables::queries(run, Detail::Short);
    if table.rows.is_empty() {
        return;
    }
    page.table(&table);
    let shows = |source| table.columns.iter().any(|column| column.source == source);
    let rated = shows("response_p99_seconds");
    page.sentence("service time is from the first byte sent to the last row read");
    if shows("first_row_median_seconds") && shows("empty_count") {
        page.sentence(
            "empty answers have no first row, so the figures of first rows may be above those of service",
        );
    }
    page.sentence(if rated {
        "response time counts from the instant a query was due; users who think have none"
    } else {
        "users wait for each answer and think, so a slow store is asked less: there is no response time"
    });
}

fn failures(page: &mut Page, run: &Run) {
    const LEAST_SAMPLE: usize = 30;
    let mut table = tables::failures(run);
    if table.rows.is_empty() {
        return;
    }
    // A sample takes the room that the other columns leave.
    let others = widest(&grid(&table.of(&[Kind::Count])));
    let room = page.width().saturating_sub(others + 2).max(LEAST_SAMPLE);
    for cell in table.rows.iter_mut().filter_map(|row| row.last_mut()) {
        let first = cell.text().lines().next().map(|sample| shortened(sample, room));
        *cell = Cell::Text(first.unwrap_or_default());
    }
    page.line(&format!("\n{}", grid(&table)));
}

fn thresholds(page: &mut Page, run: &Run) {
    let table = tables::thresholds(run);
    if !table.rows.is_empty() {
        page.line(&format!("\n{}", grid(&table)));
    }
}

fn tell(page: &mut Page, verdict: &Verdict) {
    let style = style(verdict.outcome);
    let sign = verdict.outcome.sign();
    let says = page.flow(&format!("{sign} "), &verdict.says);
    page.line(&format!("{style}{says}{style:#}"));
    for detail in &verdict.details {
        page.line(&page.flow("    ", detail));
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
