//! The scenario resolved and cross-checked: what will run, in types that cannot be wrong; and what
//! it comes to. Not here: the YAML (`scenario`), running it (`runner`).

mod amounts;
mod build;
mod cost;
mod faults;
mod fit;
mod limits;
mod metering;
mod model;
mod model_summary;
mod outline;
mod phases;
mod prices;
mod reader;
mod target;
mod text;
mod thresholds;
mod timeline;
mod tree;
mod warnings;
mod workloads;

pub(crate) use build::template_folders;
pub use cost::Cost;
#[cfg(feature = "local")]
pub(crate) use faults::problem as fault_problem;
pub use metering::{write_bytes, write_units};
pub use model::{
    Behind, Bounds, EndTime, Faults, IngestLoad, Layout, Limits, Load, Mode, Pace, Pattern, Phase, PhaseKind,
    Pick, Plan, Query, QueryLoad, Retention, TargetKind, TargetPlan, ThreadLogs, Timeouts, Work, Workload,
};
pub use model_summary::ModelSummary;
pub use outline::Outline;
pub use phases::ALL_PHASES;
pub use prices::{Prices, QueryPrice};
pub use thresholds::{Comparison, Count, Figure, Latency, Statistic, Threshold};
pub(crate) use thresholds::{Subject, SubjectKind};
