//! A comparison for a pull request. Not here: its words (`words`).

use std::fmt::Write as _;

use super::model::{Against, Comparison, Verdict};
use super::words;
use crate::report::escaped;
use crate::units::print_count;

impl Comparison {
    /// The comparison in GitHub's Markdown, verdict first.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        for run in &self.runs {
            against(&mut text, self, run);
        }
        line(&mut text, &format!("BASE: {}  ", escaped(&words::side(&self.base))));
        for run in &self.runs {
            line(&mut text, &format!("{}: {}  ", run.new.name, escaped(&words::side(&run.new))));
        }
        line(&mut text, &format!("\n<sub>{}</sub>", words::method(self)));
        text
    }
}

fn line(text: &mut String, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}

fn against(text: &mut String, comparison: &Comparison, run: &Against) {
    line(text, &format!("### {}\n", escaped(&words::outcome(comparison, run))));
    for gate in words::gates(comparison, run) {
        let gate = escaped(&gate);
        line(
            text,
            &if gate.starts_with("REGRESSION") { format!("- **{gate}**") } else { format!("- {gate}") },
        );
    }
    for warning in &run.warnings {
        line(text, &format!("- :warning: {}", escaped(warning)));
    }
    latencies(text, run);
    let short = words::too_short(run);
    if !short.is_empty() {
        line(text, "\nNot enough data:\n");
        for short in short {
            line(text, &format!("- {}", escaped(&short)));
        }
    }
    counts(text, run);
    line(text, "");
}

fn latencies(text: &mut String, run: &Against) {
    if words::compared(run).next().is_none() {
        return;
    }
    let name = &run.new.name;
    line(text, &format!("\n| operation | phase | | BASE | {name} | difference | interval | verdict |"));
    line(text, "|---|---|---|--:|--:|--:|--:|---|");
    for of in words::compared(run) {
        let (operation, phase) = (escaped(&of.name()), escaped(&of.phase));
        for quantile in &of.quantiles {
            let verdict = words::verdict(quantile.verdict);
            let marked = match quantile.verdict {
                Verdict::Slower { .. } | Verdict::Faster { .. } => format!("**{verdict}**"),
                _ => verdict,
            };
            let figures = words::figures(quantile).join(" | ");
            line(text, &format!("| {operation} | {phase} | {figures} | {marked} |"));
        }
        if let Some(pairs) = of.slower_pairs {
            line(text, &format!("| {operation} | {phase} | pairs | | | | | {} |", words::pairs(name, pairs)));
        }
    }
}

fn counts(text: &mut String, run: &Against) {
    if run.counts.is_empty() {
        return;
    }
    let name = &run.new.name;
    line(text, "\n<details><summary>Counts (plain differences)</summary>\n");
    line(text, &format!("| operation | phase | | BASE | {name} | difference |\n|---|---|---|--:|--:|--:|"));
    for of in &run.counts {
        let (operation, phase) = (escaped(&of.operation), escaped(&of.phase));
        let (base, new) = (print_count(of.executions.base), print_count(of.executions.new));
        line(text, &format!("| {operation} | {phase} | executions | {base} | {new} | |"));
        for count in words::telling(of) {
            let value = |value| words::count(count.figure, value);
            line(
                text,
                &format!(
                    "| {operation} | {phase} | {} | {} | {} | {} |",
                    words::count_name(count.figure),
                    value(count.of.base),
                    value(count.of.new),
                    words::count_difference(count)
                ),
            );
        }
    }
    line(text, "\n</details>");
}
