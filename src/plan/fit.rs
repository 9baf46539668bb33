//! Whether parts of a scenario that are each in order go together. Not here: templates against the
//! metrics (`queries`).

use std::time::Duration;

use super::model::{Phase, PhaseKind, TargetPlan, Unit, Work, Workload};
use super::reader::Reader;
use crate::diagnostics::{Path, Problem};
use crate::fleet::Generator;
use crate::units::{print_duration, print_rate};

/// History that no store of the table would take.
pub(super) fn history(phases: &[Phase], target: &TargetPlan, reader: &mut Reader) {
    let memory = Duration::from_secs(u64::from(target.retention.memory_hours) * 3_600);
    for (i, phase) in phases.iter().enumerate() {
        let PhaseKind::Backfill { history, .. } = phase.kind else { continue };
        if history > memory && !target.retention.magnetic_writes {
            let message = format!(
                "history of {} is past memory retention {}h and magnetic writes are off",
                print_duration(i64::try_from(history.as_nanos()).unwrap_or(i64::MAX)),
                target.retention.memory_hours
            );
            let path = Path::root().key("phases").index(i).key("backfill");
            let problem = Problem::new(&path, message).and(&Path::root().key("target").key("retention"));
            reader.problem::<()>(problem.help("set `magnetic_writes: true`, or a longer `memory`"));
        }
    }
}

/// Rates that the fleet cannot make, or that would never catch up with it.
pub(super) fn rates(phases: &[Phase], workloads: &[Workload], generator: &Generator, reader: &mut Reader) {
    let makes = generator.records_per_second();
    for (i, phase) in phases.iter().enumerate() {
        for load in phase.loads.iter().filter(|load| load.amount.unit == Unit::Rate) {
            let Workload { name, work: Work::Ingest(_) } = &workloads[load.workload] else { continue };
            let rate = load.amount.shape.most();
            let (wrong, help) = match phase.kind {
                PhaseKind::Backfill { until: None, .. } if rate <= makes => {
                    ("would never catch up", "write faster, or end the history at a time with `until`")
                }
                PhaseKind::Backfill { .. } if rate > 0.0 => continue,
                PhaseKind::Backfill { .. } => ("would never end", "give it a rate above 0"),
                _ if rate > makes => ("cannot be made", "make the fleet larger, or its intervals shorter"),
                _ => continue,
            };
            let message = format!(
                "{} of workload `{name}` {wrong}: the whole fleet makes {}",
                print_rate(rate),
                print_rate(makes)
            );
            let path = Path::root().key("phases").index(i).key("load").key(name.as_str());
            reader.problem::<()>(Problem::new(&path, message).help(help));
        }
    }
}
