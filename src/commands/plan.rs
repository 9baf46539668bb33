//! `tsrun plan`: what a scenario comes to; nothing is run.

use super::{Failure, load};
use crate::cli;
use crate::exit::Exit;
use crate::output::say;
use crate::plan::{ModelSummary, Phase, PhaseKind, Plan};
use crate::units::{print_count, print_duration};

pub(super) fn run(args: &cli::Plan) -> Result<Exit, Failure> {
    let plan = load::plan(&args.scenario, &args.overrides)?;
    say(format!("{}, seed {}", plan.name, plan.seed));
    say(format!("fleet: {}", fleet(&plan)));
    say(ModelSummary::of(&plan.generator));
    for record in plan.generator.records() {
        let late = match record.longest_delay {
            0 => String::new(),
            delay => format!(", up to {} late", print_duration(delay.saturating_mul(1_000_000))),
        };
        say(format!(
            "record {}: every {}, {} requests an interval{late}",
            record.name,
            print_duration(record.every * 1_000_000),
            print_count(record.batches)
        ));
    }
    for (i, phase) in plan.phases.iter().enumerate() {
        say(format!("phase {}: {}", i + 1, describe(phase, &plan)));
    }
    for note in plan.fault_notes() {
        say(note);
    }
    say(plan.cost());
    for warning in plan.warnings() {
        say(format!("warning: {warning}"));
    }
    Ok(Exit::Good)
}

/// The levels, outermost first: `farm 2 > turbine_no > host`.
fn fleet(plan: &Plan) -> String {
    let levels = plan.generator.levels();
    let levels: Vec<String> = levels
        .iter()
        .map(|(name, members)| match members {
            Some(members) => format!("{name} {}", print_count(*members)),
            None => name.to_string(),
        })
        .collect();
    levels.join(" > ")
}

fn describe(phase: &Phase, plan: &Plan) -> String {
    let span = |duration: std::time::Duration| {
        print_duration(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX))
    };
    let ends = match phase.kind {
        PhaseKind::Timed(duration) => span(duration),
        PhaseKind::Forever => "until Ctrl-C".to_owned(),
        PhaseKind::Once { workload } => format!("every query of {} once", plan.workloads[workload].name),
        PhaseKind::Backfill { history, until: None } => format!("{} of history up to now", span(history)),
        PhaseKind::Backfill { history, until: Some(until) } => {
            format!("{} of history up to {}", span(history), until.format("%Y-%m-%dT%H:%M:%SZ"))
        }
    };
    let loads =
        phase.loads.iter().map(|load| format!("{} {}", plan.workloads[load.workload].name, load.amount));
    let unrecorded = (!phase.record).then(|| "not recorded".to_owned());
    let parts: Vec<String> = [phase.name.clone(), ends].into_iter().chain(loads).chain(unrecorded).collect();
    parts.join(", ")
}
