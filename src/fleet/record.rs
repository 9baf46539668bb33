//! A record of the metric catalog, resolved, and the batches it makes. Not here: reading it from
//! YAML (`records`), the time grid (`grid`).

use std::sync::Arc;

use super::grid::Grid;
use super::level::Level;
use super::shape::Shape;
use super::walk::Walk;
use super::{Batch, Measures, Record, Slot};
use crate::values::{Expression, Instant, Type, Value, WeightedChoice, draw};

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
    pub measures: Vec<Measure>,
    /// Indices into `measures`, each after those it reads.
    pub order: Vec<usize>,
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
    /// The depth of the deepest level that it depends on, from 1; 0 where it is constant.
    pub depth: usize,
}

/// Where a dimension's value comes from.
#[derive(Debug)]
pub(super) enum Source {
    /// A parameter.
    Constant(Arc<str>),
    /// An attribute.
    Slot(usize),
}

/// A measure of a record.
#[derive(Debug)]
pub(super) struct Measure {
    pub name: Arc<str>,
    pub value: MeasureValue,
    pub value_type: Type,
    /// Hash of record and measure; with the series' key it keys the draws.
    pub salt: u64,
}

/// How a measure's value comes about.
#[derive(Debug)]
pub(super) enum MeasureValue {
    /// An expression.
    Expression(Expression),
    /// One weighted draw a tick.
    Choice(WeightedChoice),
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
        let first = slot.batch / self.packing.parts * self.packing.reporters;
        let last = (first + self.packing.reporters).min(self.shape.total()) - 1;
        let part = (slot.batch % self.packing.parts) as usize;
        let common_depth = self.common_depth(first, last);
        let levels: Vec<&Level> = self.levels.iter().collect();
        let mut walk = Walk::new(&levels, &self.shape, root, self.table.clone(), first);
        let mut batch = Batch {
            time: slot.time,
            common: self.dimensions(&walk.attributes, |depth| depth <= common_depth),
            records: Vec::with_capacity((last - first + 1) as usize * self.packing.records),
        };
        let names = self.measures.iter().map(|measure| measure.name.clone()).collect();
        let mut values = vec![Value::Boolean(false); self.measures.len()];
        for reporter in first..=last {
            if reporter > first {
                walk.step();
            }
            if share < 1.0 && !in_share(walk.key_at(self.fleet_levels - 1), share) {
                continue;
            }
            self.evaluate(&walk, slot.time, &mut values);
            let dimensions = self.dimensions(&walk.attributes, |depth| depth > common_depth);
            self.report(part, &dimensions.into(), &names, &values, &mut batch.records);
        }
        batch
    }

    /// The attributes of the first reporter: those of the fleet's first host.
    pub(super) fn first_attributes(&self, root: u64) -> Vec<Value> {
        let levels: Vec<&Level> = self.levels.iter().collect();
        Walk::new(&levels, &self.shape, root, self.table.clone(), 0).attributes
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
    pub(super) fn dimensions(
        &self,
        attributes: &[Value],
        wanted: impl Fn(usize) -> bool,
    ) -> Vec<(Arc<str>, Arc<str>)> {
        let wanted = self.dimensions.iter().filter(|dimension| wanted(dimension.depth));
        wanted.map(|dimension| (dimension.name.clone(), dimension.value(attributes))).collect()
    }

    fn evaluate(&self, walk: &Walk<'_>, time: i64, values: &mut [Value]) {
        let nanos = time.saturating_mul(1_000_000);
        for index in &self.order {
            let measure = &self.measures[*index];
            let key = walk.key() ^ measure.salt;
            values[*index] = match &measure.value {
                MeasureValue::Choice(choice) => choice.pick(draw::unit(draw::uniform(key, 0, nanos))).clone(),
                MeasureValue::Expression(expression) => {
                    let at = Instant { attributes: &walk.attributes, measures: values, key, time: nanos };
                    expression.eval(&at)
                }
            };
        }
    }

    fn report(
        &self,
        part: usize,
        dimensions: &Arc<[(Arc<str>, Arc<str>)]>,
        names: &Arc<[Arc<str>]>,
        values: &[Value],
        records: &mut Vec<Record>,
    ) {
        if self.multi {
            let measures = Measures::Multi { names: Arc::clone(names), values: values.to_vec() };
            records.push(Record {
                dimensions: Arc::clone(dimensions),
                measure_name: self.name.clone(),
                measures,
            });
            return;
        }
        let measured = names.iter().zip(values);
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
    fn value(&self, attributes: &[Value]) -> Arc<str> {
        match &self.source {
            Source::Constant(text) => text.clone(),
            Source::Slot(slot) => match &attributes[*slot] {
                Value::Text(text) => text.clone(),
                other => Arc::from(other.to_string()),
            },
        }
    }
}

/// Whether a host belongs to a share of the fleet. A host of a share is one of every larger share.
fn in_share(host_key: u64, share: f64) -> bool {
    draw::unit(draw::uniform(draw::child(host_key, "share", ""), 0, 0)) < share
}
