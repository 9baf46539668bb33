//! The tables of a report: what became of records, of writes, of queries; failures; thresholds. Not here: how tables
//! look in a form (`text`, `markdown`, `html`).

use super::table::{Cell, Column, Kind, Table};
use super::{ALL, bounds};
use crate::results::{Run, SummaryRow};

/// What a column shows of a row.
type Show = fn(&SummaryRow) -> Cell;

/// A column of figures: its heading, its column of `summary.csv`, its kind, its cell.
type Figure = (&'static str, &'static str, &'static str, Kind, Show);

const INGEST: [Figure; 17] = [
    ("records", "planned", "planned_records", Kind::Count, |row| Cell::Count(row.planned_records)),
    ("records", "stored", "acknowledged_records", Kind::Count, |row| Cell::Count(row.acknowledged_records)),
    ("", "rejected", "rejected_records", Kind::Count, |row| Cell::Count(row.rejected_records)),
    ("", "refused", "refused_records", Kind::Count, |row| Cell::Count(row.refused_records)),
    ("", "unknown", "unknown_records", Kind::Count, |row| Cell::Count(row.unknown_records)),
    ("", "skipped", "skipped_records", Kind::Count, |row| Cell::Count(row.skipped_records)),
    ("", "requests", "Total Count", Kind::Count, |row| Cell::Count(row.total_count)),
    ("", "attempts", "attempts", Kind::Count, |row| Cell::Count(row.attempts)),
    ("requests", "failed", "failed_count", Kind::Count, |row| Cell::Count(row.failed_count)),
    ("attempts", "throttled", "throttled_count", Kind::Count, |row| Cell::Count(row.throttled_count)),
    ("service", "p50, ms", "Median", Kind::Time, |row| Cell::Seconds(row.median)),
    ("service", "p99, ms", "99th Perc (in secs)", Kind::Time, |row| Cell::Seconds(row.p99)),
    ("service", "p99.9, ms", "p999_seconds", Kind::Time, |row| Cell::Seconds(row.p999_seconds)),
    ("service", "max, ms", "max_seconds", Kind::Time, |row| Cell::Seconds(row.max_seconds)),
    ("response", "p50, ms", "response_median_seconds", Kind::Time, |row| {
        Cell::Seconds(row.response_median_seconds)
    }),
    ("response", "p99, ms", "response_p99_seconds", Kind::Time, |row| {
        Cell::Seconds(row.response_p99_seconds)
    }),
    ("lag", "p99, ms", "lag_p99_seconds", Kind::Time, |row| Cell::Seconds(row.lag_p99_seconds)),
];

const QUERIES: [Figure; 22] = [
    ("", "runs", "Total Count", Kind::Count, |row| Cell::Count(row.total_count)),
    ("", "failed", "failed_count", Kind::Count, |row| Cell::Count(row.failed_count)),
    ("", "attempts", "attempts", Kind::Count, |row| Cell::Count(row.attempts)),
    ("attempts", "throttled", "throttled_count", Kind::Count, |row| Cell::Count(row.throttled_count)),
    ("", "skipped", "skipped_count", Kind::Count, |row| Cell::Count(row.skipped_count)),
    ("", "given up", "cancelled_count", Kind::Count, |row| Cell::Count(row.cancelled_count)),
    ("empty", "answers", "empty_count", Kind::Count, |row| Cell::Count(row.empty_count)),
    ("", "rows", "rows", Kind::Count, |row| Cell::Count(row.rows)),
    ("metered", "MB", "bytes_metered", Kind::Count, |row| Cell::Megabytes(row.bytes_metered)),
    ("service", "mean, ms", "Avg. latency (in secs)", Kind::Time, |row| Cell::Seconds(row.mean)),
    ("service", "p50, ms", "Median", Kind::Time, |row| Cell::Seconds(row.median)),
    ("service", "p90, ms", "90th perc (in secs)", Kind::Time, |row| Cell::Seconds(row.p90)),
    ("service", "p99, ms", "99th Perc (in secs)", Kind::Time, |row| Cell::Seconds(row.p99)),
    ("service", "p99.9, ms", "p999_seconds", Kind::Time, |row| Cell::Seconds(row.p999_seconds)),
    ("service", "max, ms", "max_seconds", Kind::Time, |row| Cell::Seconds(row.max_seconds)),
    ("first row", "p50, ms", "first_row_median_seconds", Kind::Time, |row| {
        Cell::Seconds(row.first_row_median_seconds)
    }),
    ("first row", "p99, ms", "first_row_p99_seconds", Kind::Time, |row| {
        Cell::Seconds(row.first_row_p99_seconds)
    }),
    ("rest", "p50, ms", "rest_median_seconds", Kind::Time, |row| Cell::Seconds(row.rest_median_seconds)),
    ("rest", "p99, ms", "rest_p99_seconds", Kind::Time, |row| Cell::Seconds(row.rest_p99_seconds)),
    ("response", "p50, ms", "response_median_seconds", Kind::Time, |row| {
        Cell::Seconds(row.response_median_seconds)
    }),
    ("response", "p99, ms", "response_p99_seconds", Kind::Time, |row| {
        Cell::Seconds(row.response_p99_seconds)
    }),
    ("lag", "p99, ms", "lag_p99_seconds", Kind::Time, |row| Cell::Seconds(row.lag_p99_seconds)),
];

/// Figures that a short report leaves out; the long ones have them.
const LONG: [&str; 7] = [
    "Avg. latency (in secs)",
    "p999_seconds",
    "first_row_p99_seconds",
    "rest_median_seconds",
    "rest_p99_seconds",
    "attempts",
    "response_median_seconds",
];

/// How much of the figures is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// What one reads first.
    Short,
    /// Everything.
    Long,
}

/// What became of records and of the writes that carried them.
pub(super) fn ingest(run: &Run, detail: Detail) -> Table {
    of_kind(run, "ingest", &INGEST, detail)
}

/// What became of queries.
pub(super) fn queries(run: &Run, detail: Detail) -> Table {
    of_kind(run, "query", &QUERIES, detail)
}

fn of_kind(run: &Run, kind: &'static str, figures: &[Figure], detail: Detail) -> Table {
    let of_kind = run.summary.iter().filter(|row| row.kind == kind);
    // Rows of phases in which nothing ran say nothing; that nothing ran in any does.
    let ran = |row: &SummaryRow| row.total_count > 0 || row.planned_records > 0;
    let mut rows: Vec<&SummaryRow> = of_kind.filter(|row| ran(row) || row.phase == ALL).collect();
    // Of a load that was left out of this run there is nothing to say, where another one ran.
    if !rows.iter().any(|row| ran(row)) && run.summary.iter().any(ran) {
        rows.clear();
    }
    rows.sort_by_key(|row| place(run, row));
    if detail == Detail::Short {
        // A phase that alone counts stands for all.
        let alone = |row: &SummaryRow| rows.iter().filter(|other| is_same(row, other)).count() == 2;
        rows = rows.iter().copied().filter(|row| row.phase != ALL || !alone(row)).collect();
    }
    let stands_for_all =
        |row: &SummaryRow| !rows.iter().any(|other| is_same(row, other) && other.phase == ALL);
    let figures: Vec<&Figure> =
        figures.iter().filter(|figure| detail == Detail::Long || !LONG.contains(&figure.2)).collect();
    let key = |header, source| Column { header: ("", header), source, kind: Kind::Key };
    let name = if kind == "query" { "query" } else { "ingest" };
    let mut columns = vec![key(name, "Query type"), key("phase", "phase")];
    columns.extend(figures.iter().map(|(group, header, source, kind, _)| Column {
        header: (group, header),
        source,
        kind: *kind,
    }));
    columns.push(Column { header: ("", "thresholds"), source: "", kind: Kind::Word });
    let cells = |row: &&SummaryRow| {
        let names = [Cell::Text(name_of(run, row)), Cell::Text(row.phase.clone())];
        let figures = figures.iter().map(|(.., show)| show(row));
        names.into_iter().chain(figures).chain([kept(run, row, stands_for_all(row))]).collect()
    };
    let title = if kind == "query" { "Queries" } else { "Ingest" };
    Table { title, rows: rows.iter().map(cells).collect(), columns }.without_nothings()
}

/// A query's name; with its workload's where several have queries.
pub(super) fn name_of(run: &Run, row: &SummaryRow) -> String {
    let elsewhere = |other: &SummaryRow| other.kind == row.kind && other.workload != row.workload;
    match row.kind.as_str() {
        "query" if run.summary.iter().any(elsewhere) => format!("{}.{}", row.workload, row.query_type),
        _ => row.query_type.clone(),
    }
}

fn is_same(one: &SummaryRow, other: &SummaryRow) -> bool {
    one.workload == other.workload && one.query_type == other.query_type
}

/// Where a row stands: operation by operation, as the scenario has them.
fn place(run: &Run, row: &SummaryRow) -> Option<usize> {
    run.summary.iter().position(|first| is_same(first, row))
}

/// The thresholds that are on a row; those on all phases too, where it stands for them.
fn kept(run: &Run, row: &SummaryRow, stands_for_all: bool) -> Cell {
    let (mut kept, mut all) = (0, 0);
    let on_row = |phase: &str| phase == row.phase || stands_for_all && phase == ALL;
    for bound in run.thresholds.iter().filter(|bound| on_row(&bound.phase) && bounds::is_on(bound, row)) {
        all += 1;
        kept += usize::from(bound.passed);
    }
    Cell::Kept { kept, all }
}

/// Failures by kind.
pub(super) fn failures(run: &Run) -> Table {
    let text = |header, source, kind| Column { header: ("", header), source, kind };
    let columns = vec![
        text("failure", "kind", Kind::Key),
        text("of", "operation", Kind::Key),
        text("phase", "phase", Kind::Key),
        text("count", "count", Kind::Count),
        text("for instance", "samples", Kind::Word),
    ];
    let rows = run.errors.iter().map(|row| {
        let of = if row.operation == "write" { &row.workload } else { &row.operation };
        vec![
            Cell::Text(row.kind.clone()),
            Cell::Text(of.clone()),
            Cell::Text(row.phase.clone()),
            Cell::Count(row.count),
            Cell::Text(row.samples.clone()),
        ]
    });
    Table { title: "Failures", columns, rows: rows.collect() }
}

/// Thresholds and how they came out.
pub(super) fn thresholds(run: &Run) -> Table {
    let text = |header, source, kind| Column { header: ("", header), source, kind };
    let columns = vec![
        text("", "passed", Kind::Key),
        text("threshold", "threshold", Kind::Key),
        text("phase", "phase", Kind::Key),
        text("figure", "value", Kind::Word),
    ];
    let rows = run.thresholds.iter().map(|row| {
        vec![
            Cell::Kept { kept: usize::from(row.passed), all: 1 },
            Cell::Text(row.threshold.clone()),
            Cell::Text(row.phase.clone()),
            Cell::Text(row.value.clone()),
        ]
    });
    Table { title: "Thresholds", columns, rows: rows.collect() }
}
