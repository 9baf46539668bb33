//! What the fleet of a run comes to, so that its reports can say what was written. Not here: how it is counted
//! (`plan`).

use serde::{Deserialize, Serialize};

use crate::plan::{ModelSummary, Plan};

/// The fleet of a run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Fleet {
    /// Its levels, outermost first.
    pub levels: Vec<FleetLevel>,
    /// Hosts.
    pub hosts: u64,
    /// Time series.
    pub series: u64,
    /// Records that all of it reports a second.
    pub records_per_second: u64,
    /// Bytes of a row, the mean over all rows.
    pub row_bytes: f64,
    /// What they come to: mebibytes a second.
    pub mb_per_second: f64,
    /// Gibibytes a day.
    pub gb_per_day: f64,
    /// The records that it reports.
    pub records: Vec<FleetRecord>,
}

/// A level of a fleet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FleetLevel {
    /// Its name.
    pub name: String,
    /// Its nodes in the whole fleet.
    pub nodes: u64,
}

/// A record of a fleet.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FleetRecord {
    /// Its name.
    pub name: String,
    /// How often it is reported, in seconds.
    pub every_seconds: f64,
    /// How many report it: sets of dimensions.
    pub dimension_sets: u64,
    /// Its measures.
    pub measures: u64,
    /// True for one MULTI record, false for a record a measure.
    pub multi: bool,
}

impl Fleet {
    /// The fleet of a plan.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let summary = ModelSummary::of(&plan.generator);
        let levels = plan.generator.levels().into_iter();
        let levels = levels.map(|level| FleetLevel { name: level.name.to_string(), nodes: level.nodes });
        let records = plan.generator.records().into_iter().map(|record| FleetRecord {
            name: record.name.to_string(),
            every_seconds: record.every as f64 / 1e3,
            dimension_sets: record.dimension_sets,
            measures: record.measures.len() as u64,
            multi: record.multi,
        });
        Self {
            levels: levels.collect(),
            hosts: summary.hosts,
            series: summary.series,
            records_per_second: summary.points_per_second,
            row_bytes: summary.row_bytes,
            mb_per_second: summary.mb_per_second,
            gb_per_day: summary.gb_per_day,
            records: records.collect(),
        }
    }
}
