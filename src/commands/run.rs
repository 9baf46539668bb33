//! `tsrun SCENARIO`: load, plan, watch, run, report.

use super::{Failure, load, runtime, target};
use crate::cli;
use crate::clock::{Clock as _, SystemClock};
use crate::exit::Exit;
use crate::feed::{News, Remark, RunResult};
use crate::output::{columns, say};
use crate::report::{self, Format};
use crate::runner::{self, Outcome, RunError, RunOptions};
use crate::watch::{self, Show, Subject, Watch};

pub(super) fn run(args: cli::Run) -> Result<Exit, Failure> {
    let Some(scenario) = args.scenario else {
        return Err(Failure::new(Exit::Usage, "error: which scenario? try `tsrun scenarios/small.yaml`"));
    };
    let mut plan = load::plan(&scenario, &args.overrides)?;
    target::apply(&args.target, &mut plan.target);
    target::can_fail(&plan)?;
    let runtime = runtime()?;
    let subject = Subject { scenario: plan.name.clone(), seed: plan.seed };
    let watch = Watch::start(&watching(args.watch), &subject)
        .map_err(|error| Failure::new(Exit::Usage, format!("error: {error}")))?;
    let options = RunOptions {
        phases: (!args.phases.is_empty()).then_some(args.phases),
        out: args.out,
        prefix: args.prefix,
        target: target::overrides(args.target),
        feed: watch.feed(),
    };
    let outcome = runtime.block_on(runner::run(plan, options));
    // Who reads what is told may have stopped to. Everything is written, so that Ctrl-C may end the wait.
    let told = runtime.block_on(async {
        let telling = tokio::task::spawn_blocking(move || tell(outcome, watch));
        tokio::select! {
            told = telling => told.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic())),
            () = runner::interrupted() => Ok(Exit::Interrupted),
        }
    });
    runtime.shutdown_background();
    told
}

/// Tells what the run came to: to those who watched it, in its folder, and as the answer.
fn tell(outcome: Result<Outcome, RunError>, watch: Watch) -> Result<Exit, Failure> {
    if let Ok(outcome) = &outcome
        && let Err(error) = report::write_html(&outcome.run_dir)
    {
        // The summary is worth telling without it.
        watch.feed().tell(News::Remark(Remark::warning(format!("no report.html: {error}"))));
    }
    watch.end(outcome.as_ref().ok().map(result));
    let outcome = outcome.map_err(|error| Failure::new(error.exit(), format!("error: {error}")))?;
    match report::render(&outcome.run_dir, Format::Text, columns()) {
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

/// How the command line wants the run to be watched.
fn watching(args: cli::Watching) -> watch::Options {
    let show = match (args.quiet, args.log_format) {
        (true, _) => Show::Nothing,
        (false, cli::LogFormat::Text) => Show::Text,
        (false, cli::LogFormat::Json) => Show::Json,
    };
    watch::Options { show, metrics_listen: args.metrics_listen, otlp_endpoint: args.otlp_endpoint }
}

/// What watchers are told of a run's outcome.
fn result(outcome: &Outcome) -> RunResult {
    RunResult {
        time: SystemClock::start().now(),
        exit: outcome.exit,
        run_dir: outcome.run_dir.display().to_string(),
        failure: outcome.failure.clone(),
        records: outcome.records,
        validity: outcome.validity.clone(),
    }
}
