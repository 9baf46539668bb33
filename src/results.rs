//! What a run leaves on disk: the run directory, the types of its rows, the manifest, histograms.
//! The files are the interface: reports read nothing else. Not here: counting (`recorder`).

mod accounts;
pub(crate) mod files;
mod fleet;
pub(crate) mod interval_log;
pub(crate) mod latency;
#[cfg(test)]
pub(crate) mod made_up;
mod manifest;
mod rows;
mod run;
mod run_dir;
mod timing;
mod usage;

pub use accounts::Accounts;
pub use files::ResultsError;
pub use fleet::{Fleet, FleetLevel, FleetRecord};
pub use latency::Latencies;
pub(crate) use manifest::instant;
pub use manifest::{Machine, Manifest, Part, PhaseTimes, RecentRows, State, Validity};
pub use rows::{
    ErrorRow, FailedWriteRow, IncidentRow, QueryRow, SummaryRow, THREAD_SUMMARY_HEADER, ThresholdRow,
    TimelineRow,
};
pub use run::{Run, newest_run};
pub use run_dir::{RunDir, stamp};
pub(crate) use run_dir::{plain, round, seconds, utc};
pub use timing::Timing;
pub use usage::Usage;
pub(crate) use usage::{Meter, processor_time};
