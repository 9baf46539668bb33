//! A comparison in the terminal. Not here: its words (`words`).

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, presets};

use super::model::{Against, Comparison, Verdict};
use super::words;
use crate::units::print_count;

impl Comparison {
    /// The comparison for a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        line(&mut text, &format!("BASE: {}", words::side(&self.base)));
        for run in &self.runs {
            against(&mut text, self, run);
        }
        line(&mut text, &format!("\n{}", words::method(self)));
        text
    }
}

fn line(text: &mut String, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{}", line.trim_end());
}

fn against(text: &mut String, comparison: &Comparison, run: &Against) {
    line(text, &format!("{}: {}", run.new.name, words::side(&run.new)));
    for warning in &run.warnings {
        line(text, &format!("warning: {warning}"));
    }
    latencies(text, run);
    counts(text, run);
    line(text, "");
    line(text, &words::outcome(comparison, run));
    for gate in words::gates(comparison, run) {
        line(text, &gate);
    }
}

fn latencies(text: &mut String, run: &Against) {
    let name = run.new.name.as_str();
    if words::compared(run).next().is_some() {
        let mut table = table(
            &["operation", "phase", "", "BASE", name, "difference", "interval", "verdict"],
            &[3, 4, 5, 6],
        );
        for of in words::compared(run) {
            for (row, quantile) in of.quantiles.iter().enumerate() {
                let first = |word: String| if row == 0 { word } else { String::new() };
                let verdict = words::verdict(quantile.verdict);
                let marked = match quantile.verdict {
                    Verdict::Slower { .. } => verdict.to_uppercase(),
                    _ => verdict,
                };
                let names = [first(of.name()), first(of.phase.clone())];
                table.add_row(names.into_iter().chain(words::figures(quantile)).chain([marked]));
            }
            if let Some(pairs) = of.slower_pairs {
                let mut row = vec![String::new(); 7];
                row[2] = "pairs".to_owned();
                row.push(words::pairs(name, pairs));
                table.add_row(row);
            }
        }
        lines(text, &table);
    }
    let short = words::too_short(run);
    if !short.is_empty() {
        line(text, "\nnot enough data:");
        for short in short {
            line(text, &format!("  {short}"));
        }
    }
}

fn counts(text: &mut String, run: &Against) {
    if run.counts.is_empty() {
        return;
    }
    let mut table = table(&["counts", "phase", "", "BASE", &run.new.name, "plain difference"], &[3, 4, 5]);
    for of in &run.counts {
        table.add_row(vec![
            of.operation.clone(),
            of.phase.clone(),
            "executions".to_owned(),
            print_count(of.executions.base),
            print_count(of.executions.new),
            // They go with the length of the phase; the rate does not.
            String::new(),
        ]);
        for count in words::telling(of) {
            table.add_row(vec![
                String::new(),
                String::new(),
                words::count_name(count.figure).to_owned(),
                words::count(count.figure, count.of.base),
                words::count(count.figure, count.of.new),
                words::count_difference(count),
            ]);
        }
    }
    lines(text, &table);
}

/// Adds a table, without blanks at the ends of its lines.
fn lines(text: &mut String, table: &Table) {
    line(text, "");
    for row in table.lines() {
        line(text, &row);
    }
}

/// A table with these columns aligned to the right.
fn table(header: &[&str], figures: &[usize]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(header.to_vec());
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if figures.contains(&index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}
