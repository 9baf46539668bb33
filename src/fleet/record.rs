//! A record of the metric catalog, resolved, and the batches it makes. Not here: reading it from
//! YAML (`records`), the time grid (`grid`).

use std::sync::Arc;

use super::delay::Delay;
use super::grid::Grid;
use super::level::Level;
use super::shape::Shape;
use super::tick::{Chain, Values};
use super::walk::Walk;
use super::{Batch, Measures, Record, Slot};
use crate::values::{Expression, Instant, Value, draw};

const MILLISECOND: i64 = 1_000_000;

/// One record of the catalog: who reports it, what, and when.
#[derive(Debug)]
pub(super) struct Catalogued {
    pub name: Arc<str>,
    /// The levels down to the one that reports it: the fleet's, then the record's own.
    pub levels: Vec<Level>,
    /// How many of the levels are the fleet's.
    pub fleet_levels: usize,
    pub shape: Shape,
    pub dimensions: Vec<Dimension>,
    /// Its measures, and what else changes from tick to tick.
    pub values: Values,
    /// The names of the columns, which MULTI records share.
    pub names: Arc<[Arc<str>]>,
    /// What of them a record needs.
    pub chain: Chain,
    /// Whether a reporter reports at a tick.
    pub when: Option<Condition>,
    /// How late its records are.
    pub delay: Option<Delay>,
    /// True for one MULTI record, false for a record a measure.
    pub multi: bool,
    pub packing: Packing,
    pub grid: Grid,
    /// Places in the table of attributes.
    pub table: Vec<Value>,
}

/// A dimension of a record.
#[derive(Debug)]
pub(super) struct Dimension {
    pub name: Arc<str>,
    pub source: Source,
    /// The depth of the deepest level that it depends on, from 1; 0 where it is constant, more than
    /// there are levels where it changes from tick to tick.
    pub depth: usize,
}

/// Where a dimension's value comes from.
#[derive(Debug)]
pub(super) enum Source {
    /// A parameter.
    Constant(Arc<str>),
    /// An attribute.
    Slot(usize),
    /// A value of the tick.
    Tick(usize),
}

/// What must hold of a reporter and a tick.
#[derive(Debug)]
pub(super) struct Condition {
    pub expression: Expression,
    /// Hash of the record; with the series' key it keys the draws.
    pub salt: u64,
}

/// How reporters' records are cut into batches.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packing {
    /// Reporters of a batch: several where their records fit, else one.
    pub reporters: u64,
    /// Batches that one reporter's records take.
    pub parts: u64,
    /// Records of one reporter in one batch at the most.
    pub records: usize,
}

impl Packing {
    /// The packing of reporters with so many records each into batches of `batch`, both above 0.
    pub(super) fn new(records: usize, batch: usize) -> Self {
        if records > batch {
            Self { reporters: 1, parts: records.div_ceil(batch) as u64, records: batch }
        } else {
            Self { reporters: (batch / records) as u64, parts: 1, records }
        }
    }

    /// Batches that so many reporters take.
    pub(super) fn batches(self, reporters: u64) -> u64 {
        reporters.div_ceil(self.reporters) * self.parts
    }
}

impl Catalogued {
    /// The records of `slot`, of reporters whose host belongs to `share`.
    pub(super) fn batch(&self, root: u64, slot: Slot, share: f64) -> Batch {
        let (first, last) = self.reporters(slot);
        let part = (slot.batch % self.packing.parts) as usize;
        let common_depth = self.common_depth(first, last);
        let levels: Vec<&Level> = self.levels.iter().collect();
        let nanos = slot.time.saturating_mul(MILLISECOND);
        let mut walk = Walk::new(&levels, &self.shape, root, self.table.clone(), first, nanos);
        let mut batch = Batch {
            time: slot.time,
            common: self.dimensions(&walk.attributes, &[], |depth| depth <= common_depth),
            records: Vec::with_capacity((last - first + 1) as usize * self.packing.records),
        };
        let mut values = self.values.table();
        for reporter in first..=last {
            if reporter > first {
                walk.step();
            }
            if share < 1.0 && !in_share(walk.key_at(self.fleet_levels - 1), share) {
                continue;
            }
            if self.delay.as_ref().is_some_and(|of| self.delay(of, &walk, nanos, &mut values) != slot.delay) {
                continue;
            }
            self.values.fill(&self.chain, &walk, nanos, &mut values);
            if self.when.as_ref().is_some_and(|when| !when.holds(&walk, nanos, &values)) {
                continue;
            }
            let dimensions = self.dimensions(&walk.attributes, &values, |depth| depth > common_depth);
            let columns = &values[..self.values.columns];
            self.report(part, &dimensions.into(), columns, &mut batch.records);
        }
        batch
    }

    /// How many records a slot has; none where that depends on who reports.
    pub(super) fn count(&self, slot: Slot, share: f64) -> Option<u64> {
        if share < 1.0 || self.delay.is_some() || self.when.is_some() {
            return None;
        }
        let (first, last) = self.reporters(slot);
        let each = if self.multi { 1 } else { self.values.columns as u64 };
        let before = slot.batch % self.packing.parts * self.packing.records as u64;
        Some((last - first + 1) * (each - before).min(self.packing.records as u64))
    }

    /// The first and the last reporter of a slot's batch.
    fn reporters(&self, slot: Slot) -> (u64, u64) {
        let first = slot.batch / self.packing.parts * self.packing.reporters;
        (first, (first + self.packing.reporters).min(self.shape.total()) - 1)
    }

    /// The delays in milliseconds that the reporters of a slot's batch have, each once.
    pub(super) fn delays(&self, root: u64, slot: Slot) -> Vec<i64> {
        let Some(delay) = &self.delay else { return vec![0] };
        let (first, last) = self.reporters(slot);
        let levels: Vec<&Level> = self.levels.iter().collect();
        let nanos = slot.time.saturating_mul(MILLISECOND);
        let mut walk = Walk::new(&levels, &self.shape, root, self.table.clone(), first, nanos);
        let mut values = self.values.table();
        let mut delays = Vec::new();
        for reporter in first..=last {
            if reporter > first {
                walk.step();
            }
            delays.push(self.delay(delay, &walk, nanos, &mut values));
        }
        delays.sort_unstable();
        delays.dedup();
        delays
    }

    /// How late a reporter's records of a tick are, in milliseconds.
    fn delay(&self, delay: &Delay, walk: &Walk<'_>, time: i64, values: &mut [Value]) -> i64 {
        self.values.fill(&delay.chain, walk, time, values);
        let key = walk.key() ^ delay.salt;
        let at = Instant { attributes: &walk.attributes, measures: values, key, time };
        match delay.expression.eval(&at) {
            Value::Duration(nanos) => (nanos / MILLISECOND).clamp(0, delay.longest),
            _ => 0,
        }
    }

    /// Name and value of the first reporter's dimensions, at the Unix epoch.
    pub(super) fn first_dimensions(&self, root: u64) -> Vec<(Arc<str>, Arc<str>)> {
        let levels: Vec<&Level> = self.levels.iter().collect();
        let walk = Walk::new(&levels, &self.shape, root, self.table.clone(), 0, 0);
        let mut values = self.values.table();
        self.values.fill(&self.chain, &walk, 0, &mut values);
        self.dimensions(&walk.attributes, &values, |_| true)
    }

    /// A member of each of the record's own levels, under a host with these attributes.
    pub(super) fn own_members(&self, host: &[Value], number: u64) -> Vec<(Arc<str>, Value)> {
        let mut table = self.table.clone();
        let shared = host.len().min(table.len());
        table[..shared].clone_from_slice(&host[..shared]);
        let mut members = Vec::new();
        for (call, level) in (0..).zip(&self.levels[self.fleet_levels..]) {
            let count = level.members.count(&table);
            if count == 0 {
                break;
            }
            let bits = draw::uniform(number, call, 0);
            level.members.enter(
                ((u128::from(bits) * u128::from(count)) >> 64) as u64,
                level.slot,
                &mut table,
            );
            members.push((level.name.clone(), table[level.slot].clone()));
        }
        members
    }

    /// The deepest level above which nothing changes between two reporters; levels count from 1.
    fn common_depth(&self, first: u64, last: u64) -> usize {
        if first == last {
            return self.levels.len();
        }
        let (mut a, mut b) = (Vec::new(), Vec::new());
        self.shape.locate(first, &mut a);
        self.shape.locate(last, &mut b);
        a.iter().zip(&b).take_while(|(a, b)| a == b).count()
    }

    /// Name and value of the dimensions whose depth is wanted.
    fn dimensions(
        &self,
        attributes: &[Value],
        ticks: &[Value],
        wanted: impl Fn(usize) -> bool,
    ) -> Vec<(Arc<str>, Arc<str>)> {
        let wanted = self.dimensions.iter().filter(|dimension| wanted(dimension.depth));
        wanted.map(|dimension| (dimension.name.clone(), dimension.value(attributes, ticks))).collect()
    }

    fn report(
        &self,
        part: usize,
        dimensions: &Arc<[(Arc<str>, Arc<str>)]>,
        values: &[Value],
        records: &mut Vec<Record>,
    ) {
        if self.multi {
            let measures = Measures::Multi { names: Arc::clone(&self.names), values: values.to_vec() };
            records.push(Record {
                dimensions: Arc::clone(dimensions),
                measure_name: self.name.clone(),
                measures,
            });
            return;
        }
        let measured = self.names.iter().zip(values);
        for (name, value) in measured.skip(part * self.packing.records).take(self.packing.records) {
            records.push(Record {
                dimensions: Arc::clone(dimensions),
                measure_name: Arc::clone(name),
                measures: Measures::Single(value.clone()),
            });
        }
    }
}

impl Dimension {
    fn value(&self, attributes: &[Value], ticks: &[Value]) -> Arc<str> {
        let value = match &self.source {
            Source::Constant(text) => return text.clone(),
            Source::Slot(slot) => &attributes[*slot],
            Source::Tick(slot) => &ticks[*slot],
        };
        match value {
            Value::Text(text) => text.clone(),
            other => Arc::from(other.to_string()),
        }
    }
}

impl Condition {
    fn holds(&self, walk: &Walk<'_>, time: i64, values: &[Value]) -> bool {
        let key = walk.key() ^ self.salt;
        let at = Instant { attributes: &walk.attributes, measures: values, key, time };
        matches!(self.expression.eval(&at), Value::Boolean(true))
    }
}

/// Whether a host belongs to a share of the fleet. A host of a share is one of every larger share.
fn in_share(host_key: u64, share: f64) -> bool {
    draw::unit(draw::uniform(draw::child(host_key, "share", ""), 0, 0)) < share
}
