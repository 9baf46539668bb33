//! Timelines of several runs as one: counts of the same second are added, its percentiles come from its merged histograms. Not here:
//! merging those (`histograms`).

use std::collections::BTreeMap;

use super::histograms::{Histograms, second};
use crate::results::files::replace_csv;
use crate::results::{ResultsError, Run, RunDir, TimelineRow, instant, utc};
use crate::units::SECOND;

/// Merges timelines, a row a second; `start` is the first run's. A second in which a phase ends is the earlier phase's.
pub(super) fn merge(
    parts: &[Run],
    start: i64,
    histograms: &Histograms,
    dir: &RunDir,
) -> Result<(), ResultsError> {
    let mut seconds: BTreeMap<i64, TimelineRow> = BTreeMap::new();
    for part in parts {
        for row in part.timeline_rows()? {
            let row = row?;
            let at = second(instant(&row.time_utc).unwrap_or(start), start);
            let sum = seconds.entry(at).or_insert_with(|| TimelineRow {
                time_utc: utc(start + at * SECOND),
                phase: row.phase.clone(),
                ..TimelineRow::default()
            });
            add(sum, &row);
        }
    }
    let rows: Vec<TimelineRow> = seconds
        .into_iter()
        .map(|(at, row)| {
            let of = histograms.in_second(at);
            TimelineRow {
                write_p50_seconds: of.write_p50,
                write_p99_seconds: of.write_p99,
                query_p50_seconds: of.query_p50,
                query_p99_seconds: of.query_p99,
                ..row
            }
        })
        .collect();
    replace_csv(&dir.timeline(), &rows)
}

fn add(sum: &mut TimelineRow, row: &TimelineRow) {
    // Named one by one, so that no column is forgotten.
    let TimelineRow {
        time_utc: _,
        phase: _,
        planned_records,
        written_records,
        rejected_records,
        refused_records,
        unknown_records,
        write_requests,
        throttled,
        failed_attempts,
        lag_seconds,
        write_p50_seconds: _,
        write_p99_seconds: _,
        planned_queries,
        queries_done,
        queries_failed,
        query_p50_seconds: _,
        query_p99_seconds: _,
        cpu_cores,
        recorder_queue,
    } = row;
    sum.planned_records += planned_records;
    sum.written_records += written_records;
    sum.rejected_records += rejected_records;
    sum.refused_records += refused_records;
    sum.unknown_records += unknown_records;
    sum.write_requests += write_requests;
    sum.throttled += throttled;
    sum.failed_attempts += failed_attempts;
    sum.planned_queries += planned_queries;
    sum.queries_done += queries_done;
    sum.queries_failed += queries_failed;
    sum.cpu_cores += cpu_cores;
    sum.lag_seconds = sum.lag_seconds.max(*lag_seconds);
    sum.recorder_queue = sum.recorder_queue.max(*recorder_queue);
}
