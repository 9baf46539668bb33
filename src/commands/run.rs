//! `tsrun SCENARIO`: load, plan, run, report.

use super::{Failure, load, runtime, target};
use crate::cli;
use crate::exit::Exit;
use crate::output::say;
use crate::report;
use crate::runner::{self, RunOptions};

pub(super) fn run(args: cli::Run) -> Result<Exit, Failure> {
    let Some(scenario) = args.scenario else {
        return Err(Failure::new(Exit::Usage, "error: which scenario? try `tsrun scenarios/small.yaml`"));
    };
    let mut plan = load::plan(&scenario, &args.overrides)?;
    target::apply(&args.target, &mut plan.target);
    target::can_fail(&plan)?;
    let options = RunOptions {
        phases: (!args.phases.is_empty()).then_some(args.phases),
        out: args.out,
        prefix: args.prefix,
        target: target::overrides(args.target),
    };
    let outcome = runtime()?
        .block_on(runner::run(plan, options))
        .map_err(|error| Failure::new(error.exit(), format!("error: {error}")))?;
    match report::text(&outcome.run_dir) {
        Ok(report) => say(report.trim_end()),
        // What kept the run from writing its files is the failure to tell.
        Err(_) if outcome.failure.is_some() => {}
        Err(error) => return Err(Failure::new(Exit::Failed, format!("error: {error}"))),
    }
    match outcome.failure {
        Some(failure) => Err(Failure::new(outcome.exit, format!("error: {failure}"))),
        None => Ok(outcome.exit),
    }
}
