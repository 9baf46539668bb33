//! Why a difference between two runs may not be the store's: what else differs, and runs that do not count. Not here: the
//! difference itself (`figures`).

use serde_yaml::Value;

use crate::results::{Manifest, Run, State, SummaryRow};
use crate::target::Place;
use crate::units::print_count;

/// Differences of scenarios that are named at the most.
const NAMED: usize = 4;
/// By what share phases may differ in length, and tables in rows, before it is worth a word.
const ALIKE: f64 = 0.1;

/// All of them; `name` is what the second run is called.
pub(super) fn of(base: &Run, new: &Run, name: &str) -> Vec<String> {
    let (ours, theirs) = (&base.manifest, &new.manifest);
    let mut found = Vec::new();
    let real = |run: &Run| std::fs::canonicalize(run.dir.path()).ok();
    if real(base).is_some_and(|path| real(new) == Some(path)) {
        found.push(format!("{name} is BASE itself"));
    }
    found.extend(state(ours, "BASE"));
    found.extend(state(theirs, name));
    let mut differ = |what: &str, base: &str, new: &str| {
        if base != new {
            found.push(format!("{what} differs: {base} in BASE, {new} in {name}"));
        }
    };
    differ("the seed", &ours.seed.to_string(), &theirs.seed.to_string());
    differ("the target", &place(&ours.target), &place(&theirs.target));
    differ("the machine", &machine(ours), &machine(theirs));
    differ("tsrun's version", &version(ours), &version(theirs));
    if ours.scenario_hash != theirs.scenario_hash {
        let differences = scenarios(base, new);
        let what =
            if differences.is_empty() { "their hashes differ".to_owned() } else { differences.join("; ") };
        found.push(format!("the scenario differs, BASE's first: {what}"));
    }
    found.extend(phases(base, new, name));
    found.extend(lacking(base, new, name));
    found.extend(lacking(new, base, "BASE"));
    let rows = [ours, theirs].map(|manifest| manifest.recent_rows.at_start);
    if let [Some(ours), Some(theirs)] = rows
        && !alike(ours as f64, theirs as f64)
    {
        let (ours, theirs) = (print_count(ours), print_count(theirs));
        found.push(format!(
            "the table held {ours} rows of the last 15 minutes as BASE began, and {theirs} as {name} did: queries had other \
             amounts to read"
        ));
    }
    found
}

/// A run that is not whole, or does not count.
fn state(manifest: &Manifest, name: &str) -> Vec<String> {
    let ended = match manifest.state {
        State::Running => Some("has not ended, or crashed"),
        State::Interrupted => Some("was interrupted"),
        State::Failed => Some("failed"),
        State::Completed => None,
    };
    let cause = manifest.failure.as_ref().map_or_else(String::new, |failure| format!(": {failure}"));
    let ended = ended.map(|state| format!("{name} {state}{cause}"));
    // Of a run that has not ended nobody has judged yet.
    let is_invalid = !manifest.validity.valid && manifest.state != State::Running;
    let reasons = manifest.validity.reasons.join("; ");
    let invalid = is_invalid.then(|| format!("{name} is INVALID, its figures do not count: {reasons}"));
    ended.into_iter().chain(invalid).collect()
}

/// Where a run was, without what differs from run to run on one machine.
pub(super) fn place(place: &Place) -> String {
    if place.kind == "local" {
        return "local Timestream".to_owned();
    }
    match &place.endpoint {
        Some(endpoint) => format!("{} in {} at {endpoint}", place.kind, place.region),
        None => format!("{} in {}", place.kind, place.region),
    }
}

fn machine(manifest: &Manifest) -> String {
    let machine = &manifest.machine;
    format!("{} ({}, {} cores)", machine.host, machine.platform, machine.cores)
}

fn version(manifest: &Manifest) -> String {
    match &manifest.git_revision {
        Some(revision) => format!("{} ({revision})", manifest.version),
        None => manifest.version.clone(),
    }
}

/// Phases that one of the runs lacks, or that took another time.
fn phases(base: &Run, new: &Run, name: &str) -> Vec<String> {
    let (ours, theirs) = (counted(base), counted(new));
    let lacking = |have: &[String], lack: &[String], who: &str| {
        let missing: Vec<&str> =
            have.iter().filter(|phase| !lack.contains(phase)).map(String::as_str).collect();
        (!missing.is_empty()).then(|| format!("{who} has no phase {}", missing.join(", ")))
    };
    let lacks = [lacking(&ours, &theirs, name), lacking(&theirs, &ours, "BASE")];
    let lengths = ours.iter().filter(|phase| theirs.contains(phase)).filter_map(|phase| {
        // The time that it took each time: a merged run has it several times.
        let length = |manifest: &Manifest| {
            manifest.phase_seconds(phase) / manifest.phase_starts(phase).len().max(1) as f64
        };
        let (ours, theirs) = (length(&base.manifest), length(&new.manifest));
        // A run that crashed does not know how long its phases were.
        let differ = ours.min(theirs) > 0.0 && !alike(ours, theirs) && (ours - theirs).abs() > 1.0;
        differ.then(|| format!("phase {phase} took {ours:.0} s in BASE, {theirs:.0} s in {name}"))
    });
    lacks.into_iter().flatten().chain(lengths).collect()
}

/// The phases that count. A merged run may have one more than once, and a crashed one has them in its summary alone.
fn counted(run: &Run) -> Vec<String> {
    let of_manifest = run.manifest.phases.iter().filter(|phase| phase.record).map(|phase| &phase.name);
    let of_summary = run.summary.iter().filter(|row| !row.is_of_all()).map(|row| &row.phase);
    let mut names: Vec<String> = Vec::new();
    for phase in of_manifest.chain(of_summary) {
        if !names.contains(phase) {
            names.push(phase.clone());
        }
    }
    names
}

/// The rows of what was executed in a phase.
fn executed(run: &Run) -> impl Iterator<Item = &SummaryRow> {
    run.summary.iter().filter(|row| !row.is_of_all() && row.total_count > 0)
}

/// What the second run has nothing of in a phase that it has.
fn lacking(have: &Run, lack: &Run, who: &str) -> Vec<String> {
    let phases = counted(lack);
    let mut missing: Vec<(&str, Vec<String>)> = Vec::new();
    for row in executed(have).filter(|row| phases.contains(&row.phase)) {
        let same = |theirs: &SummaryRow| theirs.phase == row.phase && theirs.operation() == row.operation();
        if !executed(lack).any(same) {
            match missing.iter_mut().find(|(phase, _)| *phase == row.phase) {
                Some((_, operations)) => operations.push(row.operation()),
                None => missing.push((&row.phase, vec![row.operation()])),
            }
        }
    }
    let missing = missing.into_iter();
    missing.map(|(phase, operations)| format!("{who} has no {} in {phase}", operations.join(", "))).collect()
}

fn alike(a: f64, b: f64) -> bool {
    (a - b).abs() <= ALIKE * a.max(b)
}

/// How the scenarios of two runs differ, a few of the places: `phases.2.duration: 60s, 30s`.
pub(crate) fn scenarios(base: &Run, new: &Run) -> Vec<String> {
    let read = |run: &Run| -> Option<Value> {
        serde_yaml::from_str(&std::fs::read_to_string(run.dir.scenario()).ok()?).ok()
    };
    let (Some(ours), Some(theirs)) = (read(base), read(new)) else { return Vec::new() };
    let mut found = Vec::new();
    walk("", Some(&ours), Some(&theirs), &mut found);
    // What is said of it once is enough.
    found.retain(|difference| !difference.starts_with("seed: "));
    let more = found.len().saturating_sub(NAMED);
    found.truncate(NAMED);
    if more > 0 {
        found.push(format!("{more} more"));
    }
    found
}

fn walk(path: &str, ours: Option<&Value>, theirs: Option<&Value>, found: &mut Vec<String>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match (ours, theirs) {
        (Some(Value::Mapping(a)), Some(Value::Mapping(b))) => {
            let keys = a.keys().chain(b.keys().filter(|key| !a.contains_key(*key)));
            for key in keys {
                walk(&below(&plain(Some(key))), a.get(key), b.get(key), found);
            }
        }
        (Some(Value::Sequence(a)), Some(Value::Sequence(b))) => {
            for i in 0..a.len().max(b.len()) {
                walk(&below(&(i + 1).to_string()), a.get(i), b.get(i), found);
            }
        }
        (a, b) if a != b => found.push(format!("{path}: {}, {}", plain(a), plain(b))),
        _ => {}
    }
}

/// A value in a few letters.
fn plain(value: Option<&Value>) -> String {
    match value {
        None => "none".to_owned(),
        Some(Value::String(text)) => text.chars().take(40).collect(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Bool(bool)) => bool.to_string(),
        Some(_) => "...".to_owned(),
    }
}
