//! `tsrun render --explain`: what the target scans for each query, as comments behind its SQL.

use std::time::Duration;

use super::render::Rendered;
use super::{Failure, runtime};
use crate::exit::Exit;
use crate::output::say;
use crate::plan::Plan;
use crate::runner::RunError;
use crate::target::{Explanation, Overrides, Scan, Target, TargetError, connect};
use crate::units::print_count;

/// Runs every query once, on the target that a run would use.
pub(super) fn explain(plan: &Plan, overrides: &Overrides, queries: &[Rendered]) -> Result<Exit, Failure> {
    runtime()?.block_on(async {
        let target = connect(&plan.target, overrides).await.map_err(|error| failed("", error))?;
        say(format!("-- explained by {}\n", target.place()));
        for Rendered { name, sql } in queries {
            let explanation =
                target.explain(sql).await.map_err(|error| failed(&format!("{name}: "), error))?;
            say(format!("-- {name}\n{sql}\n{}\n", text(&explanation, &target)));
        }
        Ok(Exit::Good)
    })
}

/// Lines that are SQL comments, so that the whole is still SQL.
fn text(explanation: &Explanation, target: &Target) -> String {
    let mut lines = Vec::new();
    if let Some(insights) = &explanation.insights {
        lines.push(format!(
            "answer: {} rows, {} bytes",
            print_count(insights.rows),
            print_count(insights.bytes)
        ));
        if let Some(range) = &insights.range {
            lines.push(format!("time read: {}{}", span(range.length), of(&range.table, insights.tables)));
        }
        if let Some(coverage) = &insights.coverage {
            let keys = if coverage.keys.is_empty() {
                String::new()
            } else {
                format!(" by {}", coverage.keys.join(", "))
            };
            let share = coverage.share * 100.0;
            lines
                .push(format!("partitions read: {share:.1} %{keys}{}", of(&coverage.table, insights.tables)));
        }
        lines.extend(insights.scans.iter().map(|scan| files(scan, target)));
    } else {
        lines.push("the target answers no query insights".to_owned());
    }
    lines.push(format!(
        "bytes: {} scanned, {} charged for",
        print_count(explanation.bytes_scanned),
        print_count(explanation.bytes_metered)
    ));
    lines.iter().map(|line| format!("--   {line}")).collect::<Vec<_>>().join("\n")
}

/// A span of time, to the second where it has seconds.
fn span(length: Duration) -> String {
    let length = if length.as_secs() > 0 { Duration::from_secs(length.as_secs()) } else { length };
    humantime::format_duration(length).to_string()
}

/// The table that a figure is about, where there are several.
fn of(arn: &str, tables: u64) -> String {
    let name = arn.split_once("database/").map_or(arn, |(_, name)| name).replace("/table/", ".");
    if tables > 1 { format!(", of {name}, where it is most") } else { String::new() }
}

/// What the local engine left out.
fn files(scan: &Scan, target: &Target) -> String {
    let own = scan.database_name == target.database() && scan.table_name == target.table();
    let table = if own { String::new() } else { format!("{}.{}: ", scan.database_name, scan.table_name) };
    let part = |read: u64, of: u64| format!("{} of {}", print_count(read), print_count(of));
    let memory = match scan.rows_in_memory {
        0 => String::new(),
        rows => format!(", and all {} that are in no file yet", print_count(rows)),
    };
    format!(
        "{table}files read: {}; row groups {}; rows {}{memory}",
        part(scan.files_read, scan.files),
        part(scan.row_groups_read, scan.row_groups),
        part(scan.rows_read, scan.rows),
    )
}

fn failed(what: &str, error: TargetError) -> Failure {
    let missing = error.to_string().contains("does not exist");
    let error = RunError::from(error);
    let help = if missing { "; run the scenario first, so that there is something to scan" } else { "" };
    Failure::new(error.exit(), format!("error: {what}{error}{help}"))
}
