//! The manifest of a merged run. Not here: its other files.

use crate::results::{Machine, Manifest, Part, PhaseTimes, Run, State, Validity, instant};

/// Of these runs, of which the first one began first.
pub(super) fn of(first: &Run, parts: &[Run]) -> Manifest {
    let manifests = || parts.iter().map(|part| &part.manifest);
    let first = &first.manifest;
    let mut merged = first.clone();
    merged.machine = machine(&manifests().map(|manifest| &manifest.machine).collect::<Vec<_>>());
    let ended = manifests().map(|manifest| manifest.ended_utc.clone());
    merged.ended_utc = ended.collect::<Option<Vec<String>>>().and_then(|ended| ended.into_iter().max());
    merged.state =
        manifests().map(|manifest| manifest.state).max_by_key(|state| gravity(*state)).unwrap_or(first.state);
    let failures =
        parts.iter().filter_map(|part| Some(format!("{}: {}", name(part), part.manifest.failure.as_ref()?)));
    let failures: Vec<String> = failures.collect();
    merged.failure = (!failures.is_empty()).then(|| failures.join("; "));
    merged.phases = phases(parts);
    let last = manifests().max_by(|a, b| a.ended_utc.cmp(&b.ended_utc)).unwrap_or(first);
    merged.recent_rows.at_end = last.recent_rows.at_end;
    for other in manifests().skip(1) {
        merged.records.add(&other.records);
        merged.usage.cpu_seconds += other.usage.cpu_seconds;
        merged.usage.peak_memory_bytes = merged.usage.peak_memory_bytes.max(other.usage.peak_memory_bytes);
    }
    merged.validity = validity(parts);
    merged.notes = notes(parts);
    merged.parts = parts.iter().flat_map(members).collect();
    merged
}

/// When a run began, in nanoseconds since the epoch.
pub(super) fn start(manifest: &Manifest) -> i64 {
    instant(&manifest.started_utc).unwrap_or(0)
}

fn name(part: &Run) -> String {
    let path = part.dir.path();
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// How far a whole has come when a part has come so far.
fn gravity(state: State) -> u8 {
    match state {
        State::Completed => 0,
        State::Interrupted => 1,
        State::Failed => 2,
        State::Running => 3,
    }
}

/// All of them as one: the cores of each machine once.
fn machine(machines: &[&Machine]) -> Machine {
    let mut different: Vec<&Machine> = Vec::new();
    for machine in machines {
        if !different.contains(machine) {
            different.push(machine);
        }
    }
    let join = |of: fn(&Machine) -> &str| {
        let mut texts: Vec<&str> = Vec::new();
        for machine in &different {
            if !texts.contains(&of(machine)) {
                texts.push(of(machine));
            }
        }
        texts.join(" + ")
    };
    Machine {
        host: join(|machine| &machine.host),
        platform: join(|machine| &machine.platform),
        cores: different.iter().map(|machine| machine.cores).sum(),
    }
}

/// Every time that a phase ran, those that overlap as one.
fn phases(parts: &[Run]) -> Vec<PhaseTimes> {
    let mut all: Vec<PhaseTimes> = parts.iter().flat_map(|part| part.manifest.phases.clone()).collect();
    all.sort_by(|a, b| a.started_utc.cmp(&b.started_utc));
    let mut merged: Vec<PhaseTimes> = Vec::new();
    for phase in all {
        let before = merged.iter_mut().rev().find(|before| before.name == phase.name);
        match before {
            Some(before) if phase.started_utc < before.ended_utc => {
                before.ended_utc = before.ended_utc.clone().max(phase.ended_utc);
            }
            _ => merged.push(phase),
        }
    }
    merged
}

fn validity(parts: &[Run]) -> Validity {
    let reasons = parts.iter().flat_map(|part| {
        let reasons = part.manifest.validity.reasons.iter();
        reasons.map(|reason| format!("{}: {reason}", name(part)))
    });
    Validity { valid: parts.iter().all(|part| part.manifest.validity.valid), reasons: reasons.collect() }
}

fn notes(parts: &[Run]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for note in parts.iter().flat_map(|part| &part.manifest.notes) {
        if !all.contains(note) {
            all.push(note.clone());
        }
    }
    all
}

/// A run as a part; of a merged one its own.
pub(super) fn members(part: &Run) -> Vec<Part> {
    let manifest = &part.manifest;
    if !manifest.parts.is_empty() {
        return manifest.parts.clone();
    }
    vec![Part {
        run: name(part),
        machine: manifest.machine.clone(),
        started_utc: manifest.started_utc.clone(),
        ended_utc: manifest.ended_utc.clone(),
        state: manifest.state,
        valid: manifest.validity.valid,
    }]
}
