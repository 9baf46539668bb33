//! A plan for people: what `tsrun plan` prints. Not here: the figures (`outline`).

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, presets};

use super::model::Plan;
use super::outline::{LoadOutline, Outline, PhaseOutline, Record};
use super::tree;
use crate::units::print_count;

/// Columns of a terminal that nobody has made wider.
pub(super) const WIDTH: usize = 80;

impl Plan {
    /// Fleet, records, phases, cost and warnings, within 80 columns but for long names.
    #[must_use]
    pub fn text(&self) -> String {
        let outline = self.outline();
        let mut text = String::new();
        let mut part = |lines: Vec<String>| {
            if !lines.is_empty() {
                // Writing to a text cannot fail.
                let _ = writeln!(text, "{}{}", if text.is_empty() { "" } else { "\n" }, lines.join("\n"));
            }
        };
        part(vec![format!("{}, seed {}", outline.name, outline.seed)]);
        part(tree::lines(&outline));
        part(vec![outline.model.to_string()]);
        part(records(&outline));
        part(self.timeline());
        part(
            outline
                .phases
                .iter()
                .enumerate()
                .map(|(i, phase)| wrapped(&format!("phase {}: {phase}", i + 1)))
                .collect(),
        );
        part(outline.faults.iter().map(|note| wrapped(note)).collect());
        part(vec![outline.cost.to_string()]);
        part(outline.warnings.iter().map(|warning| wrapped(&format!("warning: {warning}"))).collect());
        text
    }
}

/// A sentence in lines, those after the first indented.
fn wrapped(text: &str) -> String {
    const INDENT: &str = "  ";
    let mut lines = String::new();
    let mut length = 0;
    for word in text.split(' ') {
        let columns = word.chars().count();
        if length > 0 && length + 1 + columns > WIDTH {
            lines.push('\n');
            lines.push_str(INDENT);
            length = INDENT.len();
        } else if length > 0 {
            lines.push(' ');
            length += 1;
        }
        lines.push_str(word);
        length += columns;
    }
    lines
}

/// A line a record, and what the table cannot hold.
fn records(outline: &Outline) -> Vec<String> {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["record", "per", "every", "series", "records/s", "KB/s", "requests/s"]);
    for record in &outline.records {
        table.add_row([
            record.record.clone(),
            record.each.last().map_or_else(|| record.per.clone(), |level| level.level.clone()),
            record.every.clone(),
            print_count(record.series),
            rate(record.records_per_second),
            rate(record.bytes_per_second / 1_024.0),
            rate(record.requests_per_second),
        ]);
    }
    for column in 3..7 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let table = table.to_string();
    // comfy-table pads the left edge too.
    let lines = table.lines().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned());
    lines.chain(outline.records.iter().filter_map(remark)).collect()
}

/// What else there is to say of a record.
fn remark(record: &Record) -> Option<String> {
    let most = record.conditional.then(|| "at the most, since a condition says when".to_owned());
    let late = record.late.as_ref().map(|late| format!("up to {late} late"));
    let remarks: Vec<String> = most.into_iter().chain(late).collect();
    (!remarks.is_empty()).then(|| format!("record {}: {}", record.record, remarks.join("; ")))
}

/// A figure a second: whole where it is large, with places where it is small.
fn rate(value: f64) -> String {
    match value {
        large if large >= 100.0 => print_count(large.round() as u64),
        some if some >= 1.0 => format!("{some:.1}"),
        small => format!("{small:.2}"),
    }
}

impl std::fmt::Display for PhaseOutline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, {}", self.phase, self.ends)?;
        for LoadOutline { workload, amount } in &self.load {
            write!(f, ", {workload} {amount}")?;
        }
        f.write_str(if self.record { "" } else { ", not recorded" })
    }
}
