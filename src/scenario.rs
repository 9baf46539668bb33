//! The YAML as written: strict wire types, and the way from a path in the document to a line and a
//! column. Not here: what the values mean (`plan`, `fleet`, `values`).

mod wire;

pub use wire::{
    Each, Kind, Layout, Level, Map, Metrics, Param, Phase, Query, Record, Retention, Scenario, Target,
    TargetKind, ThreadLogs, Timeouts, Workload, Yaml,
};
