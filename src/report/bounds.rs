//! Which query a threshold is about, read from its text: `users.do-q1.response.p99 < 2s`. Not here: whether it was
//! kept (`recorder`).

use crate::results::{SummaryRow, ThresholdRow};
use crate::units::parse_duration;

/// Whether a threshold is on a figure of a row's operation, in whichever phase.
pub(super) fn is_on(bound: &ThresholdRow, row: &SummaryRow) -> bool {
    figure(bound, row).is_some()
}

/// An upper bound on a latency of a row, such as `response.p99` and seconds.
pub(super) fn of_latency<'a>(bound: &'a ThresholdRow, row: &SummaryRow) -> Option<(&'a str, f64)> {
    let figure = figure(bound, row)?;
    let (_, written) = bound.threshold.split_once('<')?;
    let nanos = parse_duration(written.trim_start_matches('=').trim()).ok()?;
    Some((figure, nanos as f64 / 1e9))
}

/// The figure that a threshold names of a row's operation: `response.p99` of `users.do-q1.response.p99 < 2s`.
fn figure<'a>(bound: &'a ThresholdRow, row: &SummaryRow) -> Option<&'a str> {
    let name = bound.threshold.split(['<', '>', '=', '!']).next()?.trim();
    let of_workload = name.strip_prefix(row.workload.as_str())?.strip_prefix('.')?;
    if row.kind == "ingest" {
        return Some(of_workload);
    }
    of_workload.strip_prefix(row.query_type.as_str())?.strip_prefix('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_found_by_the_names_in_them() {
        let row = |kind: &str, workload: &str, name: &str| SummaryRow {
            kind: kind.into(),
            workload: workload.into(),
            query_type: name.into(),
            ..SummaryRow::default()
        };
        let bound = |text: &str| ThresholdRow { threshold: text.into(), ..ThresholdRow::default() };
        let query = row("query", "users", "do-q1");
        assert_eq!(of_latency(&bound("users.do-q1.response.p99 <= 2s"), &query), Some(("response.p99", 2.0)));
        assert_eq!(of_latency(&bound("users.do-q10.response.p99 < 2s"), &query), None);
        assert_eq!(of_latency(&bound("users.do-q1.failed == 0"), &query), None);
        assert_eq!(figure(&bound("users.do-q1.failed == 0"), &query), Some("failed"));
        assert_eq!(
            figure(&bound("ingest.rejected == 0"), &row("ingest", "ingest", "ingest")),
            Some("rejected")
        );
    }
}
