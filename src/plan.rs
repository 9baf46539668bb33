//! The scenario resolved and cross-checked: what will run, in types that cannot be wrong; and what
//! it comes to. Not here: the YAML (`scenario`), running it (`runner`).

mod build;
mod model;
mod model_summary;
mod phases;
mod reader;
mod target;
mod warnings;
mod workloads;

pub use model::{
    Amount, EndTime, IngestLoad, Layout, Load, Mode, Phase, PhaseKind, Pick, Plan, Query, QueryLoad,
    Retention, TargetKind, TargetPlan, ThreadLogs, Timeouts, Work, Workload,
};
pub use model_summary::ModelSummary;
