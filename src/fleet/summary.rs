//! What a fleet and its records come to: levels, sets, series, rates. Not here: bytes and prices (`plan`).

use std::sync::Arc;

use super::level::{Level, Members};
use super::record::Catalogued;
use super::shape::Shape;
use crate::values::{Type, Value};

/// What a level comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelSummary {
    /// Its name.
    pub name: Arc<str>,
    /// Its nodes in the whole fleet.
    pub nodes: u64,
    /// How many of them stand under one node of the level above: the fewest and the most.
    pub members: (u64, u64),
    /// How long a node stands there before another takes its place, in nanoseconds.
    pub lifetime: Option<i64>,
    /// The attributes that are drawn for each node, and of how many members, where that is known.
    pub draws: Vec<(Arc<str>, Option<u64>)>,
}

impl LevelSummary {
    /// The last level of a chain; `table` is the table of attributes before the first.
    pub(super) fn of(chain: &[&Level], table: &[Value]) -> Option<Self> {
        let level = chain.last()?;
        // A chain that is too large was refused when the fleet was built.
        let shape = Shape::of(chain, &mut table.to_vec()).ok()?;
        let known = |members: &Members| members.sized_by().is_empty().then(|| members.count(table));
        Some(Self {
            name: level.name.clone(),
            nodes: shape.total(),
            members: shape.last_members(),
            lifetime: level.lifetime.as_ref().map(|lifetime| lifetime.length),
            draws: level.draws.iter().map(|draw| (draw.name.clone(), known(&draw.members))).collect(),
        })
    }
}

/// What a record of the metric catalog comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordSummary {
    /// Its name.
    pub name: Arc<str>,
    /// Sets of dimensions, which is how many report it.
    pub dimension_sets: u64,
    /// The level of the fleet that reports it, from 1; its own levels stand below that.
    pub depth: usize,
    /// Its own levels, outermost first.
    pub each: Vec<LevelSummary>,
    /// Its interval in milliseconds.
    pub every: i64,
    /// Name and value of each dimension of the first that reports it.
    pub first_dimensions: Vec<(Arc<str>, Arc<str>)>,
    /// Name and type of each measure.
    pub measures: Vec<(Arc<str>, Type)>,
    /// True for one MULTI record, false for a record a measure.
    pub multi: bool,
    /// Whether a condition may leave records out.
    pub conditional: bool,
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
            depth: self.fleet_levels,
            each: self.each(),
            every: self.grid.every(),
            first_dimensions: self.first_dimensions(root),
            measures: self
                .values
                .columns()
                .iter()
                .map(|measure| (measure.name.clone(), measure.value_type))
                .collect(),
            multi: self.multi,
            conditional: self.when.is_some(),
            batches: self.grid.batches(),
            longest_delay: self.delay.as_ref().map_or(0, |delay| delay.longest),
        }
    }

    fn each(&self) -> Vec<LevelSummary> {
        let levels: Vec<&Level> = self.levels.iter().collect();
        let own = self.fleet_levels + 1..=levels.len();
        own.filter_map(|depth| LevelSummary::of(&levels[..depth], &self.table)).collect()
    }
}
