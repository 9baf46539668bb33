//! The summary in the terminal.

use std::fmt::Write;
use std::path::Path;

use comfy_table::{CellAlignment, Table, presets};

use crate::results::{ErrorRow, Manifest, ResultsError, Run, State, SummaryRow, ThresholdRow, Usage};
use crate::units::print_count;

/// The phase that stands for all that count.
const ALL: &str = "all";

/// The summary of a run.
///
/// # Errors
/// A file of the run that is missing or cannot be read.
pub fn text(run_dir: &Path) -> Result<String, ResultsError> {
    let Run { manifest, summary, errors, thresholds: bounds, .. } = &Run::read(run_dir)?;
    let mut text = head(manifest);
    ingest(&mut text, manifest, summary);
    queries(&mut text, summary);
    failures(&mut text, errors);
    if !bounds.is_empty() {
        thresholds(&mut text, bounds);
    }
    validity(&mut text, manifest);
    line(&mut text, &format!("results: {}", run_dir.display()));
    Ok(text)
}

fn line(text: &mut String, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}

fn head(manifest: &Manifest) -> String {
    let Manifest { scenario, seed, version, target, started_utc, .. } = manifest;
    let state = match manifest.state {
        State::Running => "has not ended, or crashed",
        State::Completed => "completed",
        State::Interrupted => "interrupted",
        State::Failed => "failed",
    };
    let place = target
        .endpoint
        .as_deref()
        .map_or_else(|| target.region.clone(), |url| format!("{} at {url}", target.kind));
    let mut text = String::new();
    line(&mut text, &format!("{scenario}, seed {seed}, {state}; tsrun {version} on {place}, {started_utc}"));
    if let Some(failure) = &manifest.failure {
        line(&mut text, &format!("failure: {failure}"));
    }
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
fn runner(manifest: &Manifest, share: f64) -> String {
    let Usage { cpu_seconds, peak_memory_bytes } = manifest.usage;
    let memory = peak_memory_bytes.map_or_else(String::new, |bytes| {
        format!("; at most {} MB of memory", print_count(bytes / 1_000_000))
    });
    let (percent, cores) = (100.0 * share, manifest.machine.cores);
    format!(
        "runner: {cpu_seconds:.1} s of processor time, {percent:.0} % of one core ({cores} there){memory}"
    )
}

/// Rows of a kind that say something: those of phases in which nothing ran are left out.
fn ran<'a>(summary: &'a [SummaryRow], kind: &'a str) -> impl Iterator<Item = &'a SummaryRow> {
    let planned = |row: &SummaryRow| row.total_count > 0 || row.planned_records > 0 || row.phase == ALL;
    summary.iter().filter(move |row| row.kind == kind && planned(row))
}

fn ingest(text: &mut String, manifest: &Manifest, summary: &[SummaryRow]) {
    let mut rows = ran(summary, "ingest").peekable();
    if rows.peek().is_none() {
        return;
    }
    let header = [
        "ingest",
        "phase",
        "planned\nrecords",
        "acknowledged\nrecords",
        "rejected",
        "refused",
        "unknown",
        "skipped",
        "requests",
        "throttled\nattempts",
        "service\np50, ms",
        "service\np99, ms",
        "response\np99, ms",
        "lag\np99, ms",
    ];
    let mut table = table(&header, 2);
    for row in rows {
        table.add_row(vec![
            row.query_type.clone(),
            row.phase.clone(),
            print_count(row.planned_records),
            print_count(row.acknowledged_records),
            print_count(row.rejected_records),
            print_count(row.refused_records),
            print_count(row.unknown_records),
            print_count(row.skipped_records),
            print_count(row.total_count),
            print_count(row.throttled_count),
            millis(row.median),
            millis(row.p99),
            millis(row.response_p99_seconds),
            millis(row.lag_p99_seconds),
        ]);
    }
    line(text, &format!("\n{table}"));
    let all = &manifest.records;
    let verdict = if all.acknowledged == all.planned {
        "kept its plan: every record that was due is stored".to_owned()
    } else {
        format!(
            "missed its plan: {} of {} records are stored ({:.2} %)",
            print_count(all.acknowledged),
            print_count(all.planned),
            100.0 * all.acknowledged as f64 / all.planned.max(1) as f64
        )
    };
    line(text, &format!("ingest {verdict}, over all phases"));
    line(text, "response time counts from the instant a record was due, service time from the last attempt");
}

fn queries(text: &mut String, summary: &[SummaryRow]) {
    let mut rows = ran(summary, "query").peekable();
    if rows.peek().is_none() {
        return;
    }
    let header = [
        "query",
        "phase",
        "runs",
        "failed",
        "throttled\nattempts",
        "empty\nanswers",
        "rows",
        "mean, ms",
        "p50, ms",
        "p90, ms",
        "p99, ms",
        "max, ms",
        "first row\np50, ms",
        "response\np99, ms",
        "skipped",
        "metered, MB",
    ];
    let mut table = table(&header, 2);
    for row in rows {
        table.add_row(vec![
            row.query_type.clone(),
            row.phase.clone(),
            print_count(row.total_count),
            print_count(row.failed_count),
            print_count(row.throttled_count),
            print_count(row.empty_count),
            print_count(row.rows),
            millis(row.mean),
            millis(row.median),
            millis(row.p90),
            millis(row.p99),
            millis(row.max_seconds),
            millis(row.first_row_median_seconds),
            // Of users who think there is none.
            if row.response_p99_seconds > 0.0 { millis(row.response_p99_seconds) } else { "-".to_owned() },
            print_count(row.skipped_count),
            print_count(row.bytes_metered / 1_000_000),
        ]);
    }
    line(text, &format!("\n{table}"));
    line(
        text,
        "service times, first byte sent to last row read; response times count from the instant a query was due, which \
         only queries with a rate have: users wait for each answer and think",
    );
    let empty: u64 = ran(summary, "query").filter(|row| row.phase == ALL).map(|row| row.empty_count).sum();
    if empty > 0 {
        line(
            text,
            &format!("answers without a row: {}; is there data in their windows?", print_count(empty)),
        );
    }
}

fn failures(text: &mut String, errors: &[ErrorRow]) {
    if errors.is_empty() {
        return;
    }
    let mut table = table(&["failure", "of", "phase", "count", "for instance"], 3);
    for row in errors {
        let sample = row.samples.lines().next().unwrap_or_default();
        let of = if row.operation == "write" { &row.workload } else { &row.operation };
        table.add_row(vec![
            row.kind.clone(),
            of.clone(),
            row.phase.clone(),
            print_count(row.count),
            shortened(sample),
        ]);
    }
    line(text, &format!("\n{table}"));
}

fn thresholds(text: &mut String, rows: &[ThresholdRow]) {
    let mut table = table(&["threshold", "phase", "came out", "figure"], 3);
    for row in rows {
        let verdict = if row.passed { "kept" } else { "BROKEN" };
        table.add_row(vec![row.threshold.clone(), row.phase.clone(), verdict.to_owned(), row.value.clone()]);
    }
    line(text, &format!("\n{table}"));
}

fn validity(text: &mut String, manifest: &Manifest) {
    if manifest.state == State::Running {
        return;
    }
    if manifest.validity.valid {
        line(text, "\nvalid: the load was the plan's");
        return;
    }
    line(text, "\nINVALID: the load was not the plan's, so these figures do not count");
    for reason in &manifest.validity.reasons {
        line(text, &format!("  {reason}"));
    }
}

/// A table whose first `texts` columns are left-aligned and whose figures are right-aligned.
fn table(header: &[&str], texts: usize) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(header.to_vec());
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if index >= texts && header[index] != "for instance" {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn millis(seconds: f64) -> String {
    format!("{:.1}", seconds * 1e3)
}

/// What of a message fits beside the figures.
fn shortened(message: &str) -> String {
    const BYTES: usize = 100;
    let end = message.floor_char_boundary(BYTES);
    if end < message.len() { format!("{}...", &message[..end]) } else { message.to_owned() }
}
