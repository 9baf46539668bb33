//! From a file on the command line to a plan, or to all of its problems.

use std::path::Path;

use super::Failure;
use crate::cli::Overrides;
use crate::diagnostics::Findings;
use crate::exit::Exit;
use crate::plan::{Plan, TargetPlan};
use crate::scenario;

/// A scenario, looked at.
pub(super) struct Examined {
    /// What it comes to; none where it has problems.
    pub plan: Option<Plan>,
    /// Its problems; the warnings of a good one.
    pub findings: Findings,
}

/// Loads and resolves a scenario.
pub(super) fn plan(file: &Path, overrides: &Overrides) -> Result<Plan, Failure> {
    let Examined { plan, findings } = examine(file, overrides);
    plan.ok_or_else(|| Failure::new(Exit::Usage, findings.styled()))
}

/// Loads a scenario for its target alone, whatever else is wrong with what it means.
pub(super) fn target(file: &Path, overrides: &Overrides) -> Result<TargetPlan, Failure> {
    let refuse = |findings: Findings| Failure::new(Exit::Usage, findings.styled());
    let loaded = scenario::load(file, &overrides.params)
        .map_err(|error| refuse(Findings::unreadable(&file.display().to_string(), error)))?;
    match &loaded.scenario {
        Some(scenario) if loaded.problems.is_empty() => {
            TargetPlan::resolve(scenario).map_err(|problems| refuse(loaded.document.findings(&problems)))
        }
        _ => Err(refuse(loaded.document.findings(&loaded.problems))),
    }
}

/// Loads and resolves a scenario, and says all that there is to say about it.
pub(super) fn examine(file: &Path, overrides: &Overrides) -> Examined {
    let mut loaded = match scenario::load(file, &overrides.params) {
        Ok(loaded) => loaded,
        Err(error) => {
            return Examined {
                plan: None,
                findings: Findings::unreadable(&file.display().to_string(), error),
            };
        }
    };
    if let (Some(seed), Some(scenario)) = (overrides.seed, &mut loaded.scenario) {
        scenario.seed = Some(seed);
    }
    let resolved = match &loaded.scenario {
        Some(scenario) => Plan::resolve(scenario, &loaded.params, file, loaded.resolved_yaml.clone()),
        None => Err(Vec::new()),
    };
    let found = match resolved {
        Ok(plan) if loaded.problems.is_empty() => {
            let findings = loaded.document.findings(&plan.caveats());
            return Examined { plan: Some(plan), findings };
        }
        Ok(_) => Vec::new(),
        Err(problems) => problems,
    };
    let problems = loaded.with_problems(found);
    Examined { plan: None, findings: loaded.document.findings(&problems) }
}
