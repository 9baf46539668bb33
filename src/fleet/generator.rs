//! A fleet with its metrics: makes any batch of any tick, in any order, as a pure function of the
//! seed. Not here: which batches a run asks for (`schedule`).

use std::sync::Arc;

use super::delay::arrivals;
use super::grid::{self, Slots};
use super::incident::{Incident, Occurrence};
use super::level::Level;
use super::names::Names;
use super::occurrences::Nodes;
use super::record::Catalogued;
use super::shape::Shape;
use super::walk::Walk;
use super::{Batch, LevelSummary, RecordSummary};
use crate::diagnostics::{Path, Problem};
use crate::values::{Binding, Value};

/// One batch at one tick of its interval: a point on the time grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// Which record of the metric catalog, by index.
    pub record: usize,
    /// Which of its batches.
    pub batch: u64,
    /// The instant, in milliseconds since the Unix epoch.
    pub time: i64,
    /// How much later it arrives, in milliseconds: it stands for the records that are so late.
    pub delay: i64,
}

impl Slot {
    /// When it arrives, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn arrival(&self) -> i64 {
        self.time.saturating_add(self.delay)
    }
}

/// A fleet and its metrics.
#[derive(Debug)]
pub struct Generator {
    root: u64,
    levels: Vec<Level>,
    hosts: Shape,
    names: Names,
    records: Vec<Arc<Catalogued>>,
    incidents: Vec<Arc<Incident>>,
}

impl Generator {
    pub(super) fn new(
        root: u64,
        levels: Vec<Level>,
        names: Names,
        records: Vec<Catalogued>,
        incidents: Vec<Arc<Incident>>,
    ) -> Result<Self, Box<Problem>> {
        let chain: Vec<&Level> = levels.iter().collect();
        let hosts = Shape::of(&chain, &mut names.table());
        let path = Path::root().key("fleet");
        let records = records.into_iter().map(Arc::new).collect();
        match hosts {
            Ok(hosts) if hosts.total() > 0 => Ok(Self { root, levels, hosts, names, records, incidents }),
            Ok(_) => Err(Box::new(Problem::new(&path, "the fleet has no hosts"))),
            Err(_) => Err(Box::new(Problem::new(&path, "the fleet has more than 2^53 hosts"))),
        }
    }

    /// The slots that arrive from `time` (milliseconds since the epoch, included) on, in order of
    /// arrival, without end.
    pub fn slots_from(&self, time: i64) -> impl Iterator<Item = Slot> + Send + 'static {
        let stream = |(number, record): (usize, &Arc<Catalogued>)| -> Slots {
            match &record.delay {
                None => Box::new(record.grid.slots_from(number, time)),
                Some(delay) => Box::new(arrivals(Arc::clone(record), delay, number, self.root, time)),
            }
        };
        grid::merge(self.records.iter().enumerate().map(stream).collect())
    }

    /// The slots in which a batch of record number `record` arrives that reports at `time` (milliseconds
    /// since the epoch): one, or one for each delay that its reporters have.
    #[must_use]
    pub fn slots_of(&self, record: usize, batch: u64, time: i64) -> Vec<Slot> {
        let Some(of) = self.records.get(record).filter(|of| batch < of.grid.batches()) else {
            return Vec::new();
        };
        let slot = Slot { record, batch, time, delay: 0 };
        of.delays(self.root, slot).into_iter().map(|delay| Slot { delay, ..slot }).collect()
    }

    /// The records of a slot of this generator's grid, of the hosts that belong to `share` (0.0 to
    /// 1.0) of the fleet. The hosts of a share belong to every larger share.
    #[must_use]
    pub fn batch(&self, slot: Slot, share: f64) -> Batch {
        match self.records.get(slot.record) {
            Some(record) if slot.batch < record.grid.batches() => record.batch(self.root, slot, share),
            _ => Batch { time: slot.time, ..Batch::default() },
        }
    }

    /// How many records [`Generator::batch`] makes of a slot; without making them, where that can be known.
    #[must_use]
    pub fn count(&self, slot: Slot, share: f64) -> u64 {
        let known = self.records.get(slot.record).filter(|record| slot.batch < record.grid.batches());
        let whole = known.and_then(|record| record.count(slot, share));
        whole.unwrap_or_else(|| self.batch(slot, share).records.len() as u64)
    }

    /// Hosts in the fleet.
    #[must_use]
    pub fn hosts(&self) -> u64 {
        self.hosts.total()
    }

    /// Records a second that the whole fleet makes.
    #[must_use]
    pub fn records_per_second(&self) -> f64 {
        self.records().iter().map(RecordSummary::records_per_second).sum()
    }

    /// What each record of the catalog comes to.
    #[must_use]
    pub fn records(&self) -> Vec<RecordSummary> {
        self.records.iter().map(|record| record.summary(self.root)).collect()
    }

    /// The names that [`Generator::attributes`] gives.
    #[must_use]
    pub fn attribute_names(&self) -> Vec<Arc<str>> {
        self.attributes(0, 0, 0).into_iter().map(|(name, _)| name).collect()
    }

    /// Every attribute that host number `host` (counted round where the fleet has fewer) has at `time`
    /// (nanoseconds since the epoch), with one member of each record's own levels drawn by `draw`, and
    /// the parameters.
    #[must_use]
    pub fn attributes(&self, host: u64, draw: u64, time: i64) -> Vec<(Arc<str>, Value)> {
        let levels: Vec<&Level> = self.levels.iter().collect();
        let host = host % self.hosts.total();
        let walk = Walk::new(&levels, &self.hosts, self.root, self.names.table(), host, time);
        let mut attributes: Vec<(Arc<str>, Value)> = self
            .names
            .iter()
            .map(|name| match &name.binding {
                Binding::Constant(value) => (name.name.clone(), value.clone()),
                Binding::Attribute { slot, .. } | Binding::Measure { slot, .. } => {
                    (name.name.clone(), walk.attributes[*slot].clone())
                }
            })
            .collect();
        for record in &self.records {
            attributes.extend(record.own_members(&walk.attributes, draw));
        }
        let mut seen = std::collections::HashSet::new();
        attributes.retain(|(name, _)| seen.insert(name.clone()));
        attributes
    }

    /// How late records can be at the most, in nanoseconds.
    #[must_use]
    pub fn longest_delay(&self) -> i64 {
        let longest =
            self.records.iter().filter_map(|record| record.delay.as_ref()).map(|delay| delay.longest);
        longest.max().unwrap_or(0).saturating_mul(1_000_000)
    }

    /// Whether there are incidents at all.
    #[must_use]
    pub fn has_incidents(&self) -> bool {
        !self.incidents.is_empty()
    }

    /// The incidents that are on at some time from `from` to `to` (nanoseconds since the epoch, the end
    /// left out), node by node in the order of their start: the truth, by the plan alone.
    pub fn incidents(&self, from: i64, to: i64) -> impl Iterator<Item = Occurrence> + '_ {
        self.incidents.iter().flat_map(move |incident| {
            let nodes = Nodes::new(&self.levels[..incident.depth], self.root, &self.names);
            nodes.occurrences(incident, from, to)
        })
    }

    /// What each level comes to, outermost first; the last is the host.
    #[must_use]
    pub fn levels(&self) -> Vec<LevelSummary> {
        let levels: Vec<&Level> = self.levels.iter().collect();
        let table = self.names.table();
        (1..=levels.len()).filter_map(|depth| LevelSummary::of(&levels[..depth], &table)).collect()
    }
}
