//! The incidents of a run, written down: the truth that detectors are held against. By the plan
//! alone: nothing is observed.

use crate::clock::nanos;
use crate::plan::{PhaseKind, Plan};
use crate::results::files::CsvFile;
use crate::results::{IncidentRow, ResultsError, RunDir, utc};

/// Writes the incidents that overlap the data of a run which began at `start` and ended at `end`; no file where
/// the scenario has none.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn write(plan: &Plan, dir: &RunDir, start: i64, end: i64) -> Result<(), ResultsError> {
    if !plan.generator.has_incidents() {
        return Ok(());
    }
    let mut file = CsvFile::create(dir.incidents())?;
    for occurrence in plan.generator.incidents(first_tick(plan, start), end) {
        file.add(&IncidentRow {
            incident: occurrence.incident.to_string(),
            level: occurrence.level.to_string(),
            node: occurrence.node,
            start_utc: utc(occurrence.start),
            end_utc: utc(occurrence.end),
        })?;
    }
    file.flush()
}

/// The earliest instant that the run has data of: history goes back behind its start.
fn first_tick(plan: &Plan, start: i64) -> i64 {
    let history = plan.phases.iter().filter_map(|phase| match phase.kind {
        PhaseKind::Backfill { history, until } => {
            let until = until.and_then(|until| until.timestamp_nanos_opt());
            Some(until.unwrap_or(start).saturating_sub(nanos(history)))
        }
        PhaseKind::Timed(_) | PhaseKind::Forever | PhaseKind::Once { .. } => None,
    });
    // What arrives first may have been made as long before as data can be late.
    history.fold(start, i64::min).saturating_sub(plan.generator.longest_delay())
}
