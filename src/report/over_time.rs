//! A run over time, in few enough steps to be drawn: rows of the timeline added up, intervals of histograms merged. Both
//! files are read a row at a time, since those of a run of days are long. Percentiles are those of merged
//! histograms, never made from other percentiles. Not here: drawing (`charts`).

mod latencies;
mod phases;
mod timeline;

pub(super) use latencies::{Latencies, Operation, read};
pub(super) use phases::Phase;
pub(super) use timeline::{Step, Timeline};

use chrono::DateTime;

use crate::results::Run;

/// Steps of a run at the most.
const MOST_STEPS: f64 = 240.0;

/// Lengths of steps that clocks count by, in seconds.
const LENGTHS: [f64; 16] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_200.0, 1_800.0, 3_600.0, 7_200.0,
    14_400.0,
];

/// The least length of steps of which so many at the most make up a time.
fn step_length(lasted: f64, most: f64) -> f64 {
    let least = lasted / most;
    LENGTHS.into_iter().find(|length| *length >= least).unwrap_or(least)
}

/// Seconds between the start of a run and an instant; none where it is no instant.
pub(super) fn since_start(run: &Run, utc: &str) -> Option<f64> {
    let nanos = |text: &str| DateTime::parse_from_rfc3339(text).ok()?.timestamp_nanos_opt();
    Some((nanos(utc)? - nanos(&run.manifest.started_utc)?) as f64 / 1e9)
}

/// The start of a run, in nanoseconds since the epoch.
fn start(run: &Run) -> i64 {
    let time = DateTime::parse_from_rfc3339(&run.manifest.started_utc).ok();
    time.and_then(|time| time.timestamp_nanos_opt()).unwrap_or(0)
}
