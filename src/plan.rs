//! The scenario resolved and cross-checked: what will run, in types that cannot be wrong. Not here:
//! the YAML (`scenario`), running it (`runner`).

mod model;

pub use model::{
    Amount, EndTime, IngestLoad, Layout, Load, Mode, Phase, PhaseKind, Pick, Plan, Query, QueryLoad,
    Retention, TargetKind, TargetPlan, ThreadLogs, Timeouts, Work, Workload,
};
