//! Whether parts of a scenario that are each in order go together. Not here: templates against the
//! metrics (`queries`).

use std::time::Duration;

use super::model::{Phase, PhaseKind, Retention, TargetPlan, Work, Workload};
use super::reader::Reader;
use crate::clock::nanos;
use crate::diagnostics::{Path, Problem};
use crate::fleet::{Generator, RecordSummary};
use crate::load::Unit;
use crate::scenario;
use crate::units::{SECOND, print_duration, print_rate};

/// History that no store of the table would take.
pub(super) fn history(phases: &[Phase], target: &TargetPlan, reader: &mut Reader) {
    let Retention { memory_hours, magnetic_days, magnetic_writes } = target.retention;
    let memory = Duration::from_secs(u64::from(memory_hours) * 3_600);
    let all = memory + Duration::from_secs(u64::from(magnetic_days) * 86_400);
    for (i, phase) in phases.iter().enumerate() {
        let PhaseKind::Backfill { history, .. } = phase.kind else { continue };
        let (wrong, help) = if history > memory && !magnetic_writes {
            let wrong = format!("is past memory retention {memory_hours}h and magnetic writes are off");
            (wrong, "set `magnetic_writes: true`, or a longer `memory`")
        } else if history > all {
            let kept = format!("{memory_hours}h in memory and {magnetic_days}d magnetic");
            (format!("is longer than the table keeps any: {kept}"), "set a longer `magnetic`")
        } else {
            continue;
        };
        let message = format!("history of {} {wrong}", print_duration(nanos(history)));
        let path = Path::root().key("phases").index(i).key("backfill");
        let problem = Problem::new(&path, message).and(&Path::root().key("target").key("retention"));
        reader.problem::<()>(problem.help(help));
    }
}

/// Late records that no store of the table would take.
pub(super) fn late_data(
    generator: &Generator,
    target: &TargetPlan,
    metrics: &scenario::Metrics,
    reader: &mut Reader,
) {
    let hours = target.retention.memory_hours;
    let memory = i64::from(hours) * 3_600_000;
    let late = |record: &RecordSummary| record.longest_delay > memory && !target.retention.magnetic_writes;
    for record in generator.records().into_iter().filter(late) {
        let path = Path::root().key("metrics");
        let has_own = metrics.records.get(&record.name).is_some_and(|wire| wire.delay.is_some());
        let path = if has_own { path.key("records").key(&*record.name) } else { path }.key("delay");
        let message = format!(
            "delay up to {} is past memory retention {hours}h and magnetic writes are off",
            print_duration(record.longest_delay.div_euclid(1_000).saturating_mul(SECOND))
        );
        let problem = Problem::new(&path, message).and(&Path::root().key("target").key("retention"));
        reader.problem::<()>(problem.help("set `magnetic_writes: true`, or a longer `memory`"));
    }
}

/// Rates that the fleet cannot make, or that would never catch up with it.
pub(super) fn rates(phases: &[Phase], workloads: &[Workload], generator: &Generator, reader: &mut Reader) {
    let makes = generator.records_per_second();
    for (i, phase) in phases.iter().enumerate() {
        for load in phase.loads.iter().filter(|load| load.amount.unit == Unit::Rate) {
            let Workload { name, work: Work::Ingest(_) } = &workloads[load.workload] else { continue };
            // History is written at the rate's mean, on the whole.
            let rate = match phase.kind {
                PhaseKind::Backfill { .. } => load.amount.shape.mean(),
                _ => load.amount.shape.most(),
            };
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
