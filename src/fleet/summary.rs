//! What the records of a fleet come to: sets, series, rates. Not here: bytes and prices (`plan`).

use std::sync::Arc;

use super::record::Catalogued;
use crate::values::Type;

/// What a record of the metric catalog comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordSummary {
    /// Its name.
    pub name: Arc<str>,
    /// Sets of dimensions, which is how many report it.
    pub dimension_sets: u64,
    /// Its interval in milliseconds.
    pub every: i64,
    /// Name and value of each dimension of the first that reports it.
    pub first_dimensions: Vec<(Arc<str>, Arc<str>)>,
    /// Name and type of each measure.
    pub measures: Vec<(Arc<str>, Type)>,
    /// True for one MULTI record, false for a record a measure.
    pub multi: bool,
    /// Requests in an interval.
    pub batches: u64,
    /// How late its records can be, in milliseconds.
    pub longest_delay: i64,
}

impl RecordSummary {
    /// Series: sets of dimensions by measure names.
    #[must_use]
    pub fn series(&self) -> u64 {
        self.dimension_sets * if self.multi { 1 } else { self.measures.len() as u64 }
    }

    /// Records a second; at the most, where a condition says when it is reported.
    #[must_use]
    pub fn records_per_second(&self) -> f64 {
        self.series() as f64 * 1_000.0 / self.every as f64
    }
}

impl Catalogued {
    /// What it comes to.
    pub(super) fn summary(&self, root: u64) -> RecordSummary {
        RecordSummary {
            name: self.name.clone(),
            dimension_sets: self.shape.total(),
            every: self.grid.every(),
            first_dimensions: self.first_dimensions(root),
            measures: self
                .values
                .columns()
                .iter()
                .map(|measure| (measure.name.clone(), measure.value_type))
                .collect(),
            multi: self.multi,
            batches: self.grid.batches(),
            longest_delay: self.delay.as_ref().map_or(0, |delay| delay.longest),
        }
    }
}
