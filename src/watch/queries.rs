//! The live view's table of queries. Pure. Not here: what is above and below it (`frame`).

use super::text::{Line, Tone, padded};
use super::words::{of_phase, rate, span};
use crate::feed::{Figures, Operation, Work};
use crate::results::SummaryRow;
use crate::units::print_count;

/// A column of figures: its head, its columns, the least width of the view that has it, and its figure of a query.
type Column = (&'static str, usize, usize, fn(&Operation, &SummaryRow) -> (Tone, String));

const COLUMNS: [Column; 6] = [
    ("runs", 9, 0, |_, row| (Tone::Plain, print_count(row.total_count))),
    ("failed", 8, 0, |_, row| {
        (if row.failed_count > 0 { Tone::Bad } else { Tone::Plain }, print_count(row.failed_count))
    }),
    ("p99", 9, 70, |_, row| (Tone::Plain, span(row.p99))),
    ("now: /s", 9, 56, |one, _| (Tone::Plain, rate(one.recent.rate(one.recent.done as f64)))),
    ("p50", 9, 46, |one, _| (Tone::Plain, span(one.recent.p50))),
    ("p99", 9, 0, |one, _| (Tone::Plain, span(one.recent.p99))),
];

/// The table of queries, in at most so many lines.
pub(crate) fn queries(figures: &Figures, width: usize, room: usize) -> Vec<Line> {
    let asking = figures.workloads.iter().filter(|workload| workload.work != Work::Ingest);
    let rows = asking.flat_map(|workload| {
        of_phase(figures, workload).map(move |(operation, row)| (workload, operation, row))
    });
    let rows: Vec<_> = rows.collect();
    // A head, a row and, where there are more, how many.
    if rows.is_empty() || room < 3 {
        return Vec::new();
    }
    let several = rows.iter().any(|(workload, ..)| workload.name != rows[0].0.name);
    let columns: Vec<&Column> = COLUMNS.iter().filter(|(_, _, least, _)| width >= *least).collect();
    let name_columns = width.saturating_sub(columns.iter().map(|(_, columns, ..)| columns).sum());
    let mut head = Line::default();
    head.add(Tone::Faint, padded("query", name_columns));
    columns.iter().for_each(|(name, columns, ..)| head.add(Tone::Faint, format!("{name:>columns$}")));
    let shown = if rows.len() < room { rows.len() } else { room - 2 };
    let mut lines = vec![head];
    for (workload, operation, row) in &rows[..shown] {
        let query = operation.query.as_deref().unwrap_or_default();
        let name = if several { format!("{}.{query}", workload.name) } else { query.to_owned() };
        let mut line = Line::default();
        line.add(Tone::Plain, padded(&name, name_columns));
        for (_, columns, _, figure) in &columns {
            let (tone, text) = figure(operation, row);
            line.add(tone, format!("{text:>columns$}"));
        }
        lines.push(line);
    }
    let hidden = &rows[shown..];
    if !hidden.is_empty() {
        let (runs, failed) = hidden
            .iter()
            .fold((0, 0), |(runs, failed), (.., row)| (runs + row.total_count, failed + row.failed_count));
        let mut line = Line::default();
        line.add(Tone::Faint, format!("and {} more: {} runs, ", hidden.len(), print_count(runs)));
        line.add(if failed > 0 { Tone::Bad } else { Tone::Faint }, format!("{} failed", print_count(failed)));
        lines.push(line);
    }
    lines
}
