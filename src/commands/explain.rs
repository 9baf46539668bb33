//! `tsrun render --explain`: what the target scans for each query, as comments behind its SQL.

use std::sync::Arc;
use std::time::Duration;

use super::render::{Mix, Rendered, render};
use super::{Failure, runtime, target};
use crate::cli;
use crate::clock::{Clock as _, SystemClock, nanos};
use crate::exit::Exit;
use crate::output::say;
use crate::plan::{EndTime, Plan};
use crate::queries::QuerySet;
use crate::runner::{RunError, latest_once};
use crate::target::{Explanation, Scan, Target, connect};
use crate::units::print_count;
use crate::values::Value;

/// Amazon Timestream gives insights to one query a second.
const BETWEEN: Duration = Duration::from_secs(1);

/// Runs every query once, on the target that a run would use.
pub(super) fn explain(plan: &Plan, mut mixes: Vec<Mix>, args: cli::Render) -> Result<Exit, Failure> {
    let overrides = target::overrides(args.target);
    runtime()?.block_on(async {
        let target = connect(&plan.target, &overrides).await.map_err(|error| failed("", error))?;
        for mix in &mut mixes {
            ask(mix, plan, &target, args.end.is_none()).await?;
        }
        let queries = render(plan, mixes, &args.set)?;
        let mut heading = Some(format!("-- explained by {}\n", target.place()));
        let clock = SystemClock::start();
        let pause = if plan.is_billed() { BETWEEN } else { Duration::ZERO };
        for Rendered { name, sql } in queries {
            let next = clock.now().saturating_add(nanos(pause));
            let explanation =
                target.explain(&sql).await.map_err(|error| failed(&format!("{name}: "), error))?;
            heading.take().into_iter().for_each(say);
            say(format!("-- {name}\n{sql}\n{}\n", text(&explanation, &target)));
            clock.sleep_until(next).await;
        }
        Ok(Exit::Good)
    })
}

/// Asks the table for what a run would ask it for: its newest time, and the parameters of a look-up.
async fn ask(mix: &mut Mix, plan: &Plan, target: &Target, end_is_free: bool) -> Result<(), Failure> {
    let clock = SystemClock::start();
    if mix.load.end == EndTime::Latest && end_is_free {
        mix.end = latest_once(target, &clock).await.map_err(|error| failed("", error))?;
    }
    let usage = |error: &dyn std::fmt::Display| Failure::new(Exit::Usage, format!("error: {error}"));
    let set = QuerySet::new(&mix.load, Arc::clone(&plan.templates)).map_err(|error| usage(&error))?;
    if let Some(sql) = set.render_look_up(mix.end) {
        let sql = sql.map_err(|error| usage(&error))?;
        let answer = target.query(&sql, &clock).await;
        let answer = answer.map_err(|failure| failed("the look-up: ", failure.error))?;
        if answer.rows == 0 {
            let message = "error: the look-up found no row to take parameters from; run the scenario first";
            return Err(Failure::new(Exit::Failed, message));
        }
        let value = |(name, text): (String, Option<String>)| {
            (Arc::from(name), Value::Text(Arc::from(text.unwrap_or_default())))
        };
        mix.parameters = answer.first.into_iter().map(value).collect();
    }
    Ok(())
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
        rows => format!(", and {} that are in no file yet", print_count(rows)),
    };
    format!(
        "{table}files read: {}; row groups {}; rows {}{memory}",
        part(scan.files_read, scan.files),
        part(scan.row_groups_read, scan.row_groups),
        part(scan.rows_read, scan.rows),
    )
}

fn failed(what: &str, error: impl Into<RunError>) -> Failure {
    let error = error.into();
    let missing = error.to_string().contains("does not exist");
    let help = if missing { "; run the scenario first, so that there is something to scan" } else { "" };
    Failure::new(error.exit(), format!("error: {what}{error}{help}"))
}
