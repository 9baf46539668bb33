//! From a file on the command line to a plan, or to all of its problems rendered.

use std::path::Path;

use super::Failure;
use crate::cli::Overrides;
use crate::exit::Exit;
use crate::plan::Plan;
use crate::scenario;

/// Loads and resolves a scenario.
pub(super) fn plan(file: &Path, overrides: &Overrides) -> Result<Plan, Failure> {
    let mut loaded = scenario::load(file, &overrides.params)
        .map_err(|error| Failure::new(Exit::Usage, format!("error: {error}")))?;
    if let (Some(seed), Some(scenario)) = (overrides.seed, &mut loaded.scenario) {
        scenario.seed = Some(seed);
    }
    let resolved = match &loaded.scenario {
        Some(scenario) => Plan::resolve(scenario, &loaded.params, file, loaded.resolved_yaml.clone()),
        None => Err(Vec::new()),
    };
    let found = match resolved {
        Ok(plan) if loaded.problems.is_empty() => return Ok(plan),
        Ok(_) => Vec::new(),
        Err(problems) => problems,
    };
    let problems = loaded.with_problems(found);
    Err(Failure::new(Exit::Usage, loaded.document.render(&problems)))
}
