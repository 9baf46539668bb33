//! `tsrun render`: the SQL of a scenario's queries, as it would be sent now for the fleet's hosts.

use chrono::Utc;

use super::{Failure, load};
use crate::cli;
use crate::diagnostics::did_you_mean;
use crate::exit::Exit;
use crate::output::say;
use crate::plan::{EndTime, Pick, Plan, QueryLoad, Work};
use crate::queries::QuerySet;

pub(super) fn run(args: &cli::Render) -> Result<Exit, Failure> {
    let plan = load::plan(&args.scenario, &args.overrides)?;
    let loads: Vec<&QueryLoad> = plan
        .workloads
        .iter()
        .filter_map(|workload| match &workload.work {
            Work::Query(load) => Some(load),
            Work::Ingest(_) => None,
        })
        .collect();
    if let Some(wanted) = &args.query {
        known(wanted, &loads)?;
    }
    for load in loads {
        render(&plan, load, args.query.as_deref())?;
    }
    Ok(Exit::Good)
}

fn known(wanted: &str, loads: &[&QueryLoad]) -> Result<(), Failure> {
    let names: Vec<&str> =
        loads.iter().flat_map(|load| load.queries.iter()).map(|query| query.name.as_str()).collect();
    if names.contains(&wanted) {
        return Ok(());
    }
    let help =
        did_you_mean(wanted, names.iter().copied()).map_or_else(String::new, |help| format!(", {help}"));
    Err(Failure::new(Exit::Usage, format!("error: no query is called `{wanted}`{help}")))
}

fn render(plan: &Plan, load: &QueryLoad, wanted: Option<&str>) -> Result<(), Failure> {
    let set =
        QuerySet::new(load, plan.templates.clone()).map_err(|error| Failure::new(Exit::Usage, error))?;
    let end = match load.end {
        EndTime::At(time) => time,
        // What the table's latest time is only the target knows.
        EndTime::Now | EndTime::Latest => Utc::now(),
    };
    let parameters = match &load.pick {
        Pick::Fixed(values) => {
            values.iter().map(|(name, value)| (name.as_str().into(), value.clone())).collect()
        }
        Pick::Request | Pick::User | Pick::Table { .. } => {
            let then = end.timestamp_nanos_opt().unwrap_or(i64::MAX);
            plan.generator.attributes(plan.seed, plan.seed, then)
        }
    };
    for (index, query) in load.queries.iter().enumerate() {
        if wanted.is_some_and(|wanted| wanted != query.name) {
            continue;
        }
        let sql = set
            .render(index, &parameters, end)
            .map_err(|error| Failure::new(Exit::Usage, format!("error: {error}")))?;
        say(format!("-- {}\n{}\n", query.name, sql.trim_end()));
    }
    Ok(())
}
