//! `report.html`: the run on one page. Not here: the page's shell and style (`page`), the charts (`charts`).

use std::path::PathBuf;

use minijinja::Value;
use serde::Serialize;

use super::charts::Charts;
use super::over_time::{self, Timeline};
use super::table::{Column, Kind, Shown, Table};
use super::tables::{self, Detail};
use super::verdict::{Outcome, Verdict, verdicts};
use crate::chart::elapsed;
use crate::page;
use crate::results::{IncidentRow, Manifest, ResultsError, Run, files};
use crate::units::print_count;

/// Writes `report.html` into a run's directory, and tells where it is.
///
/// # Errors
/// A file of the run that is missing or cannot be read; the page cannot be written.
pub fn write_html(run_dir: &std::path::Path) -> Result<PathBuf, ResultsError> {
    let run = Run::read(run_dir)?;
    let path = run.dir.report();
    files::replace(&path, html(&run)?.as_bytes())?;
    Ok(path)
}

/// A table as the template has it.
#[derive(Serialize)]
struct HtmlTable {
    title: &'static str,
    columns: Vec<HtmlColumn>,
    rows: Vec<Vec<Shown>>,
}

#[derive(Serialize)]
struct HtmlColumn {
    header: (&'static str, &'static str),
    class: &'static str,
}

impl HtmlTable {
    fn of(table: &Table) -> Self {
        let column = |column: &Column| HtmlColumn {
            header: column.header,
            class: if matches!(column.kind, Kind::Key | Kind::Word) { "text" } else { "" },
        };
        Self { title: table.title, columns: table.columns.iter().map(column).collect(), rows: table.shown() }
    }
}

/// Text that takes two places of a card, in bytes.
const LONG: usize = 160;

/// A verdict as a card: what it says up to its colon stands out.
#[derive(Serialize)]
struct Card {
    about: &'static str,
    outcome: Outcome,
    sign: &'static str,
    head: String,
    rest: Vec<String>,
    is_long: bool,
}

impl Card {
    fn of(verdict: Verdict) -> Self {
        let Verdict { about, outcome, says, details } = verdict;
        let (head, rest) =
            says.split_once(": ").map_or((says.as_str(), None), |(head, rest)| (head, Some(rest)));
        let rest: Vec<String> = rest.map(ToOwned::to_owned).into_iter().chain(details).collect();
        let is_long = rest.iter().map(String::len).sum::<usize>() > LONG;
        Self { about, outcome, sign: outcome.sign(), head: head.to_owned(), rest, is_long }
    }
}

/// The charts of an operation, side by side.
#[derive(Serialize)]
struct Pair {
    over_time: Value,
    percentiles: Option<Value>,
}

/// What the template shows.
#[derive(Serialize)]
struct Shows<'a> {
    manifest: &'a Manifest,
    verdicts: Vec<Card>,
    lasted: Option<String>,
    pairs: Vec<Pair>,
    too_few: Vec<String>,
    flows: Vec<Value>,
    troubles: Vec<Value>,
    own: Vec<Value>,
    tables: [HtmlTable; 2],
    thresholds: HtmlTable,
    failures: HtmlTable,
    incidents: &'a [IncidentRow],
    fleet: Vec<(&'static str, String)>,
    place: &'static str,
    target: String,
    cpu: Option<String>,
    yaml: String,
}

/// The page.
pub(super) fn html(run: &Run) -> Result<String, ResultsError> {
    let timeline = Timeline::read(run)?;
    let operations = over_time::read(run, &timeline)?;
    let charts = Charts::new(run, &timeline);
    let pair = |operation| {
        let percentiles = charts.percentiles(operation);
        charts.latency(operation).map(|over_time| Pair { over_time, percentiles })
    };
    let manifest = &run.manifest;
    let shows = Shows {
        manifest,
        verdicts: verdicts(run).into_iter().map(Card::of).collect(),
        lasted: manifest.lasted().map(elapsed),
        pairs: operations.iter().filter_map(pair).collect(),
        too_few: charts.too_few(&operations),
        flows: [charts.records(), charts.queries()].into_iter().flatten().collect(),
        troubles: [charts.failures(), charts.lost_records()].into_iter().flatten().collect(),
        own: [charts.lag(), charts.cpu()].into_iter().flatten().collect(),
        tables: [tables::ingest(run, Detail::Long), tables::queries(run, Detail::Long)]
            .map(|table| HtmlTable::of(&table)),
        thresholds: HtmlTable::of(&tables::thresholds(run)),
        failures: HtmlTable::of(&tables::failures(run)),
        incidents: &run.incidents,
        fleet: fleet(run),
        place: if manifest.target.kind == "local" { "local Timestream" } else { "Amazon Timestream" },
        target: manifest.target.to_string(),
        cpu: manifest.cpu_share().map(|share| super::text::runner(manifest, share)),
        // A run whose scenario is gone has a report all the same.
        yaml: std::fs::read_to_string(run.dir.scenario()).unwrap_or_default(),
    };
    let title = format!("{}, {}", manifest.scenario, manifest.started_utc);
    page::render(&title, include_str!("html/report.html.j2"), shows)
        .map_err(|error| ResultsError::new("report on", run.dir.path(), error))
}

/// The fleet in words; none in manifests that lack it.
fn fleet(run: &Run) -> Vec<(&'static str, String)> {
    let fleet = &run.manifest.fleet;
    if fleet.hosts == 0 {
        return Vec::new();
    }
    let levels = fleet.levels.iter().map(|level| format!("{} {}", level.name, print_count(level.nodes)));
    let records = fleet.records.iter().map(|record| {
        format!(
            "{}: {} of {} measures every {} s by {}",
            record.name,
            if record.multi { "one record" } else { "a record each" },
            print_count(record.measures),
            record.every_seconds,
            print_count(record.dimension_sets),
        )
    });
    vec![
        ("levels", levels.collect::<Vec<_>>().join(" > ")),
        ("hosts", print_count(fleet.hosts)),
        ("time series", print_count(fleet.series)),
        ("records a second", print_count(fleet.records_per_second)),
        ("mean row", format!("{:.0} bytes", fleet.row_bytes)),
        ("volume", format!("{:.2} MB/s, {:.2} GB a day", fleet.mb_per_second, fleet.gb_per_day)),
        ("records", records.collect::<Vec<_>>().join("; ")),
    ]
}
