//! What is to go wrong in each phase, resolved. Not here: what the rules mean (`timestream-local`),
//! telling the local target (`target`).

use std::sync::Arc;

use super::model::{Faults, Phase, Plan};
use super::reader::Reader;
use crate::diagnostics::{Path, Problem};
use crate::scenario::{FaultRule, Scenario, TargetKind};

/// Gives every phase its faults: its own where it has any, else the target's.
pub(super) fn put_in(phases: &mut [Phase], scenario: &Scenario, reader: &mut Reader) {
    let path = Path::root().key("target").key("faults");
    let common = scenario.target.faults.as_ref().and_then(|rules| faults(rules, scenario, &path, reader));
    for (index, wire) in scenario.phases.iter().enumerate() {
        let path = Path::root().key("phases").index(index).key("faults");
        let own = wire.faults.as_ref().map(|rules| faults(rules, scenario, &path, reader));
        if let Some(phase) = phases.iter_mut().find(|phase| phase.name == wire.name) {
            phase.faults = own.unwrap_or_else(|| common.clone());
        }
    }
}

/// A list of rules; none where it is empty.
fn faults(rules: &[FaultRule], scenario: &Scenario, path: &Path, reader: &mut Reader) -> Option<Arc<Faults>> {
    if scenario.target.kind == Some(TargetKind::Timestream) {
        let problem = Problem::new(path, "`faults` are made by the local target, and this one is timestream");
        return reader.problem(problem.on_key().help("leave them out, or set `kind: local`"));
    }
    reader.problems.extend(form::problems(rules, path));
    let plan = serde_json::json!({ "seed": scenario.seed.unwrap_or(1), "faults": rules });
    let texts = rules.iter().map(form::text).collect();
    (!rules.is_empty()).then(|| Arc::new(Faults { json: plan.to_string(), rules: texts }))
}

impl Plan {
    /// What is to go wrong, in words, for the notes of a run.
    #[must_use]
    pub fn fault_notes(&self) -> Vec<String> {
        let mut notes: Vec<(&Arc<Faults>, Vec<&str>)> = Vec::new();
        for phase in &self.phases {
            let Some(faults) = &phase.faults else { continue };
            match notes.iter_mut().find(|(noted, _)| Arc::ptr_eq(noted, faults)) {
                Some((_, phases)) => phases.push(&phase.name),
                None => notes.push((faults, vec![&phase.name])),
            }
        }
        let note = |(faults, phases): (&Arc<Faults>, Vec<&str>)| {
            format!("faults on purpose in {}: {}", phases.join(", "), faults.rules.join("; "))
        };
        notes.into_iter().map(note).collect()
    }
}

/// Rules as the local Timestream knows them.
#[cfg(feature = "local")]
mod form {
    use timestream_local::faults::FaultPlan;

    use super::{FaultRule, Path, Problem};

    pub(super) fn problems(rules: &[FaultRule], list: &Path) -> Vec<Problem> {
        let plan = FaultPlan { seed: 1, faults: rules.to_vec() };
        plan.flaws().iter().map(|flaw| super::problem(flaw, list)).collect()
    }

    pub(super) fn text(rule: &FaultRule) -> String {
        rule.to_string()
    }
}

/// Rules of which nothing is known but that a server will read them.
#[cfg(not(feature = "local"))]
mod form {
    use super::{FaultRule, Path, Problem};

    pub(super) fn problems(_rules: &[FaultRule], _list: &Path) -> Vec<Problem> {
        Vec::new()
    }

    pub(super) fn text(rule: &FaultRule) -> String {
        serde_json::to_string(rule).unwrap_or_default()
    }
}

/// A rule's flaw as a problem; `list` is where its rules stand.
#[cfg(feature = "local")]
pub(crate) fn problem(flaw: &timestream_local::faults::Flaw, list: &Path) -> Problem {
    let rule = list.index(flaw.rule);
    let path = flaw.key.map_or_else(|| rule.clone(), |key| rule.key(key));
    let problem = Problem::new(&path, flaw.message.as_str()).help(flaw.help);
    // A rule without a key that says what it does may have a misspelt one.
    if flaw.key.is_none() { problem.following() } else { problem }
}
