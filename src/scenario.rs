//! The YAML as written: strict wire types, parameters put in, and the way from a path in the document
//! to a line and a column. Not here: what the values mean (`plan`, `fleet`, `values`).

mod document;
mod fault;
mod load;
mod params;
mod reader;
mod schema;
mod tree;
mod wire;

pub use document::Document;
pub use load::{Loaded, LoadedAs, Unreadable, load, load_as, load_text};
pub use schema::{keys, schema};
pub use wire::{
    Each, FaultRule, Incident, Kind, Layout, Level, Map, Metrics, Param, Phase, Query, Record, Retention,
    Scenario, Target, TargetKind, ThreadLogs, Threshold, Timeouts, Validity, Workload, Yaml,
};

#[cfg(test)]
mod tests;
