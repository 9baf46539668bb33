//! Figures as people read them, in lines and in the live view. Not here: what is said of them.

use crate::feed::{Extent, Figures, Operation, PhaseFigures, WorkloadFigures};
use crate::results::SummaryRow;
use crate::units::{counted, print_count};

/// Seconds in the unit that people read: `3.2 ms`, `16 ms`, `1.24 s`; nothing measured is `-`.
pub(crate) fn span(seconds: f64) -> String {
    match seconds {
        0.0 => "-".to_owned(),
        s if s < 0.01 => format!("{:.1} ms", s * 1e3),
        s if s < 1.0 => format!("{:.0} ms", s * 1e3),
        s => format!("{s:.2} s"),
    }
}

/// Seconds as a clock tells them: `35s`, `2m05s`, `3h04m`, `2d07h`.
pub(crate) fn clock(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m{:02}s", seconds % 60),
        (0, ..) => format!("{hours}h{:02}m", minutes % 60),
        _ => format!("{days}d{:02}h", hours % 24),
    }
}

/// A rate a second: `43,333`, `3.1`.
pub(crate) fn rate(rate: f64) -> String {
    if rate < 100.0 { format!("{rate:.1}") } else { print_count(rate.round() as u64) }
}

/// Records or queries of a plan from which on it says something that some are missing: a time grid goes in steps of a
/// request, up to 100 records that must be less than a percent, and some are always on their way.
const ENOUGH: f64 = 10_000.0;

/// How much of a plan was done, 0.0 to 1.0 or a little more; none where the plan is too small to say.
pub(crate) fn kept(done: f64, planned: f64) -> Option<f64> {
    (planned >= ENOUGH).then(|| done / planned)
}

/// The same in brackets: ` (98 %)`.
pub(crate) fn percent(done: f64, planned: f64) -> String {
    kept(done, planned).map_or_else(String::new, |share| format!(" ({:.0} %)", 100.0 * share))
}

/// What will end a phase.
pub(crate) fn extent(phase: &PhaseFigures) -> String {
    match phase.extent {
        Extent::Forever => "until Ctrl-C".to_owned(),
        Extent::Until(end) => clock(crate::results::seconds(end.saturating_sub(phase.start))),
        Extent::History(_) => "until its history is written".to_owned(),
        Extent::Once { of, .. } => format!("{} once each", counted(of, "query", "queries")),
    }
}

/// Workloads and operations of which the phase of now has something, with what they have come to in it.
pub(crate) fn of_phase<'a>(
    figures: &'a Figures,
    workload: &'a WorkloadFigures,
) -> impl Iterator<Item = (&'a Operation, &'a SummaryRow)> {
    let phase = figures.phase.number;
    workload.operations.iter().filter_map(move |one| Some((one, one.total(phase)?)))
}

/// What a phase has come to, in a line: `ramp over after 20s: 866,660 of 866,660 records written (100 %), 43 queries, 0
/// failed`.
pub(crate) fn phase_over(figures: &Figures) -> String {
    let phase = &figures.phase;
    let (mut parts, mut ingests, mut asks) = (Vec::new(), false, false);
    let (mut planned, mut written, mut runs, mut failed) = (0.0, 0, 0, 0);
    for workload in &figures.workloads {
        for (operation, row) in of_phase(figures, workload) {
            if operation.query.is_some() {
                asks = true;
                runs += row.total_count;
                failed += row.failed_count;
            } else {
                ingests = true;
                planned += workload.planned_in(phase.number).max(row.planned_records as f64).round();
                written += row.acknowledged_records;
            }
        }
    }
    if ingests {
        let against = match (kept(written as f64, planned), phase.extent) {
            // The last of it may still be under way, and only then is known what it comes to.
            (_, Extent::History(_)) => " records written so far".to_owned(),
            (Some(_), _) => {
                format!(
                    " of {} records written{}",
                    print_count(planned as u64),
                    percent(written as f64, planned)
                )
            }
            (None, _) => " records written".to_owned(),
        };
        parts.push(format!("{}{against}", print_count(written)));
    }
    if asks {
        parts.push(format!("{}, {} failed", counted(runs, "query", "queries"), print_count(failed)));
    }
    if parts.is_empty() {
        parts.push("nothing was done".to_owned());
    }
    let elapsed = clock(phase.elapsed(figures.time));
    format!("{} over after {elapsed}: {}", phase.name, parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_the_unit_that_people_read() {
        let said: Vec<String> = [0.0, 0.0032, 0.016, 1.239, 75.0].map(span).into();
        assert_eq!(said, ["-", "3.2 ms", "16 ms", "1.24 s", "75.00 s"]);
    }

    #[test]
    fn a_small_plan_has_no_share() {
        assert_eq!(
            (percent(0.0, 9_999.0), percent(9_800.0, 10_000.0)),
            (String::new(), " (98 %)".to_owned())
        );
    }

    #[test]
    fn clocks_tell_two_units_at_the_most() {
        let said: Vec<String> = [0.0, 59.4, 59.6, 125.0, 11_070.0, 198_000.0].map(clock).into();
        assert_eq!(said, ["0s", "59s", "1m00s", "2m05s", "3h04m", "2d07h"]);
    }
}
