//! Phases, resolved: what ends each, and which workloads it runs. Not here: how much of each
//! (`amounts`), intended times (`schedule`).

use std::path::Path as FilePath;

use super::amounts;
use super::model::{Load, Pace, Phase, PhaseKind, QueryLoad, Work, Workload};
use super::reader::Reader;
use crate::diagnostics::{Path, Problem, did_you_mean};
use crate::load::{Shape, Unit};
use crate::scenario::{self, Map, Yaml};

/// What stands for all phases that count, where a phase is named.
pub const ALL_PHASES: &str = "all";

/// Resolves every phase; `folder` is the scenario's, where curves are looked up.
pub(super) fn phases(
    wire: &[scenario::Phase],
    named: &Map<scenario::Workload>,
    workloads: &[Workload],
    folder: &FilePath,
    reader: &mut Reader,
) -> Vec<Phase> {
    let workloads = Workloads { named, resolved: workloads };
    let path = Path::root().key("phases");
    if wire.is_empty() {
        reader.problem::<()>(Problem::new(&path, "there are no phases"));
    }
    for (i, phase) in wire.iter().enumerate() {
        if let Some(first) = wire[..i].iter().position(|other| other.name == phase.name) {
            let message = format!("phase `{}` is defined twice", phase.name);
            let problem = Problem::new(&path.index(i).key("name"), message);
            reader.problem::<()>(problem.and(&path.index(first).key("name")));
        }
    }
    wire.iter()
        .enumerate()
        .filter_map(|(i, phase)| {
            let path = path.index(i);
            let resolved = self::phase(phase, &workloads, folder, &path, reader)?;
            if resolved.kind == PhaseKind::Forever && i + 1 < wire.len() {
                let problem = Problem::new(&path.key("duration"), "only the last phase can last forever");
                return reader.problem(problem);
            }
            Some(resolved)
        })
        .collect()
}

fn phase(
    wire: &scenario::Phase,
    workloads: &Workloads<'_>,
    folder: &FilePath,
    path: &Path,
    reader: &mut Reader,
) -> Option<Phase> {
    let name = reader.name(&wire.name, "phase", 1, &path.key("name"));
    if name.as_deref() == Some(ALL_PHASES) {
        let message =
            format!("a phase cannot be called `{ALL_PHASES}`: summaries call all phases together so");
        reader.problem::<()>(Problem::new(&path.key("name"), message));
    }
    let kind = kind(wire, workloads, path, reader);
    let mut loads = Vec::new();
    for (name, amount) in wire.load.iter() {
        let path = path.key("load").key(name);
        let workload = find(name, workloads, &path, reader);
        let amount = amounts::amount(amount, folder, &path, reader);
        loads.extend(workload.zip(amount).map(|(workload, amount)| Load { workload, amount }));
    }
    let kind = kind?;
    fit(&kind, &loads, wire, workloads, path, reader)?;
    Some(Phase { name: name?, kind, loads, record: wire.record.unwrap_or(true), faults: None })
}

fn kind(
    wire: &scenario::Phase,
    workloads: &Workloads<'_>,
    path: &Path,
    reader: &mut Reader,
) -> Option<PhaseKind> {
    if wire.until.is_some() && wire.backfill.is_none() {
        reader.problem::<()>(
            Problem::new(&path.key("until"), "`until` belongs to a `backfill` phase").on_key(),
        );
    }
    match (&wire.duration, &wire.once, &wire.backfill) {
        (Some(Yaml::String(text)), None, None) if text == "forever" => Some(PhaseKind::Forever),
        (Some(duration), None, None) => reader.span(duration, &path.key("duration")).map(PhaseKind::Timed),
        (None, Some(name), None) => {
            let workload = find(name, workloads, &path.key("once"), reader)?;
            Some(PhaseKind::Once { workload })
        }
        (None, None, Some(backfill)) => {
            let history = reader.span(backfill, &path.key("backfill"))?;
            let until = match &wire.until {
                Some(until) => Some(reader.time(until, &path.key("until"))?),
                None => None,
            };
            Some(PhaseKind::Backfill { history, until })
        }
        _ => {
            let message = format!("phase `{}` wants one of `duration`, `once` and `backfill`", wire.name);
            reader.problem(Problem::new(path, message))
        }
    }
}

/// Whether the loads suit the kind of phase and of workload.
fn fit(
    kind: &PhaseKind,
    loads: &[Load],
    wire: &scenario::Phase,
    workloads: &Workloads<'_>,
    path: &Path,
    reader: &mut Reader,
) -> Option<()> {
    let is_ingest = |load: &Load| matches!(workloads.resolved[load.workload].work, Work::Ingest(_));
    for load in loads {
        let Workload { name, work } = &workloads.resolved[load.workload];
        if let Some(message) = unfit(name, work, load.amount.unit) {
            return reader.problem(Problem::new(&path.key("load").key(name.as_str()), message));
        }
        let changes = match &load.amount.shape {
            Shape::Line { from, to } => from != to,
            Shape::Steps(_) | Shape::Points(_) => true,
            Shape::Sine { .. } => false,
        };
        if changes && !matches!(kind, PhaseKind::Timed(_)) {
            let message = format!("phase `{}` has no duration that `{name}` could change over", wire.name);
            return reader.problem(Problem::new(&path.key("load").key(name.as_str()), message));
        }
    }
    if loads.iter().filter(|load| is_ingest(load)).count() > 1 {
        let message =
            format!("phase `{}` runs two ingest workloads: they would write the same records", wire.name);
        return reader.problem(Problem::new(&path.key("load"), message));
    }
    match kind {
        PhaseKind::Backfill { .. } if !(loads.len() == 1 && is_ingest(&loads[0])) => {
            let message = format!("phase `{}` writes history: its load is one ingest workload", wire.name);
            reader.problem(Problem::new(&path.key("load"), message).following())
        }
        PhaseKind::Once { workload } if !matches!(workloads.resolved[*workload].work, Work::Query(_)) => {
            let message = format!("`{}` has no queries to run once", workloads.resolved[*workload].name);
            reader.problem(Problem::new(&path.key("once"), message))
        }
        PhaseKind::Timed(_) | PhaseKind::Forever if wire.load.is_empty() => {
            let message = format!("phase `{}` has no load", wire.name);
            reader.problem(Problem::new(path, message).help("give it `load: { WORKLOAD: 100% }`"))
        }
        _ => Some(()),
    }
}

/// Why a workload cannot be given in a unit, where it cannot.
fn unfit(name: &str, work: &Work, unit: Unit) -> Option<String> {
    let open = matches!(work, Work::Query(QueryLoad { pace: Pace::Open { .. }, .. }));
    match (work, unit) {
        (Work::Ingest(_), Unit::Users) => {
            Some(format!("workload `{name}` writes: it takes a share such as 50%, not users"))
        }
        (Work::Query(_), Unit::Users) if open => Some(format!(
            "workload `{name}` has a rate: it takes a share such as 50% or a rate such as 5/s, not users"
        )),
        (Work::Query(_), Unit::Rate) if !open => Some(format!(
            "workload `{name}` has users: it takes a share such as 50% or {{ users: 5 }}, not a rate"
        )),
        _ => None,
    }
}

/// The scenario's workloads: all by name, and those that could be resolved.
struct Workloads<'a> {
    named: &'a Map<scenario::Workload>,
    resolved: &'a [Workload],
}

/// The index of a workload; none also where it is there but has problems of its own.
fn find(name: &str, workloads: &Workloads<'_>, path: &Path, reader: &mut Reader) -> Option<usize> {
    if workloads.named.get(name).is_none() {
        let mut problem = Problem::new(path, format!("no workload is called `{name}`")).following();
        problem.help = did_you_mean(name, workloads.named.iter().map(|(name, _)| name));
        return reader.problem(problem);
    }
    workloads.resolved.iter().position(|workload| workload.name == name)
}
