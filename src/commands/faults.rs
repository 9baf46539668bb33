//! `tsrun faults`: what is to go wrong on a running local Timestream.

use std::path::Path as FilePath;

use timestream_local::faults::{FaultPlan, FaultReport};
use timestream_local::server;

use super::{Failure, runtime};
use crate::cli;
use crate::diagnostics::Path;
use crate::exit::Exit;
use crate::output::say;
use crate::plan::fault_problem;
use crate::scenario::{LoadedAs, load_as};
use crate::target::{ask_about_faults, default_data_dir};
use crate::units::print_count;

pub(super) fn run(args: cli::Faults) -> Result<Exit, Failure> {
    let plan = args.file.as_deref().map(load).transpose()?;
    let endpoint = endpoint(args.endpoint_url, args.data_dir)?;
    let (what, body) = match (&plan, args.clear) {
        (Some(plan), _) => ("PUT /faults", serde_json::to_string(plan).map_err(failed)?),
        (None, true) => ("DELETE /faults", String::new()),
        (None, false) => ("GET /faults", String::new()),
    };
    let asked = runtime()?.block_on(ask_about_faults(&endpoint, what, &body));
    let said = asked.map_err(|error| Failure::new(Exit::Target, format!("error: {error}")))?;
    match what {
        "GET /faults" => show(&serde_json::from_str(&said).map_err(failed)?),
        _ => say(said.trim_end()),
    }
    Ok(Exit::Good)
}

/// Loads a fault plan, or all of its problems rendered.
pub(super) fn load(file: &FilePath) -> Result<FaultPlan, Failure> {
    let LoadedAs { value, document, mut problems } = load_as::<FaultPlan>(file, "a fault plan")
        .map_err(|error| Failure::new(Exit::Usage, format!("error: {error}")))?;
    if problems.is_empty()
        && let Some(plan) = value
    {
        let list = Path::root().key("faults");
        problems = plan.flaws().iter().map(|flaw| fault_problem(flaw, &list)).collect();
        if problems.is_empty() {
            return Ok(plan);
        }
    }
    Err(Failure::new(Exit::Usage, document.findings(&problems).styled()))
}

fn endpoint(url: Option<String>, data_dir: Option<std::path::PathBuf>) -> Result<String, Failure> {
    if let Some(url) = url {
        return Ok(url);
    }
    let data_dir = data_dir.unwrap_or_else(default_data_dir);
    let unreadable = |error| format!("error: cannot read {}: {error}", data_dir.display());
    let found = server::find(&data_dir).map_err(|error| Failure::new(Exit::Target, unreadable(error)))?;
    found.map(|address| format!("http://{address}")).ok_or_else(|| {
        let message = format!(
            "error: no local Timestream runs over {}; start one with `tsrun serve`, or name it with --endpoint-url",
            data_dir.display()
        );
        Failure::new(Exit::Target, message)
    })
}

fn show(report: &FaultReport) {
    let Some(plan) = &report.plan else { return say("no faults") };
    say(format!("seed {}", plan.seed));
    for (index, rule) in plan.faults.iter().enumerate() {
        say(rule);
        for (operation, count) in report.counts.get(index).into_iter().flatten() {
            say(format!("  {operation}: {} of {}", print_count(count.hit), print_count(count.asked)));
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the form that map_err takes")]
fn failed(error: serde_json::Error) -> Failure {
    Failure::new(Exit::Failed, format!("error: {error}"))
}
