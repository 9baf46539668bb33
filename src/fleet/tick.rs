//! The values that a record has at one tick: measures, texts, incidents, each after those that it
//! reads. Not here: reading them from YAML (`measures`), the records that they go into (`record`).

use std::sync::Arc;

use super::incident::Incident;
use super::walk::Walk;
use crate::values::{Expression, Instant, Text, Type, Value, WeightedChoice, draw};

/// A value of a tick; its slot is its index.
#[derive(Debug)]
pub(super) struct Measure {
    pub name: Arc<str>,
    pub value: MeasureValue,
    pub value_type: Type,
    /// Hash of record and measure; with the series' key it keys the draws.
    pub salt: u64,
}

/// How a value comes about.
#[derive(Debug)]
pub(super) enum MeasureValue {
    /// An expression.
    Expression(Expression),
    /// One weighted draw a tick.
    Choice(WeightedChoice),
    /// A text, which is no column.
    Text(Text),
    /// Whether an incident is on at the node or one above.
    Incident(Arc<Incident>),
    /// How long it will still be on; 0 where it is not.
    TimeLeft(Arc<Incident>),
}

impl MeasureValue {
    /// The slots that it reads.
    fn reads(&self) -> &[usize] {
        match self {
            MeasureValue::Expression(expression) => expression.reads_measures(),
            MeasureValue::Text(text) => text.reads_measures(),
            MeasureValue::Choice(_) | MeasureValue::Incident(_) | MeasureValue::TimeLeft(_) => &[],
        }
    }
}

/// All values of a record's ticks. Where there are n of them, slot n + i is value i a tick before.
#[derive(Debug)]
pub(super) struct Values {
    /// Those that are columns first.
    pub all: Vec<Measure>,
    /// How many are columns.
    pub columns: usize,
    /// Indices into `all`, each after those it reads.
    pub order: Vec<usize>,
    /// Nanoseconds from tick to tick.
    pub interval: i64,
}

/// What must be worked out for some values, and no more.
#[derive(Debug, Default)]
pub(super) struct Chain {
    before: Vec<usize>,
    now: Vec<usize>,
}

impl Values {
    /// The columns.
    pub(super) fn columns(&self) -> &[Measure] {
        &self.all[..self.columns]
    }

    /// What must be worked out for the values of these slots.
    pub(super) fn chain(&self, slots: impl IntoIterator<Item = usize>) -> Chain {
        let count = self.all.len();
        let (mut now, mut before) = (vec![false; count], vec![false; count]);
        let mark = |slot: usize, now: &mut [bool], before: &mut [bool]| match slot.checked_sub(count) {
            None => now[slot] = true,
            Some(slot) => before[slot] = true,
        };
        for slot in slots {
            mark(slot, &mut now, &mut before);
        }
        // Those who read come before those who are read.
        for index in self.order.iter().rev().copied() {
            for slot in self.all[index].value.reads() {
                if now[index] {
                    mark(*slot, &mut now, &mut before);
                }
            }
        }
        for index in self.order.iter().rev().copied() {
            for slot in self.all[index].value.reads().iter().filter(|slot| **slot < count) {
                before[*slot] |= before[index];
            }
        }
        let order = |wanted: &[bool]| self.order.iter().copied().filter(|index| wanted[*index]).collect();
        Chain { before: order(&before), now: order(&now) }
    }

    /// A value that is looked at a tick before and looks back itself, which would be two ticks.
    pub(super) fn two_ticks_back(&self, chain: &Chain) -> Option<&Measure> {
        let looks_back =
            |measure: &&Measure| measure.value.reads().iter().any(|slot| *slot >= self.all.len());
        chain.before.iter().map(|index| &self.all[*index]).find(looks_back)
    }

    /// A table to fill.
    pub(super) fn table(&self) -> Vec<Value> {
        vec![Value::Boolean(false); 2 * self.all.len()]
    }

    /// Fills the slots of a chain, for the series at `walk` and the tick at `time` (nanoseconds).
    pub(super) fn fill(&self, chain: &Chain, walk: &Walk<'_>, time: i64, table: &mut [Value]) {
        if !chain.before.is_empty() {
            let before = time.saturating_sub(self.interval);
            self.tick(&chain.before, walk, before, &mut table[self.all.len()..]);
        }
        self.tick(&chain.now, walk, time, table);
    }

    fn tick(&self, order: &[usize], walk: &Walk<'_>, time: i64, table: &mut [Value]) {
        for index in order {
            let Measure { value, salt, .. } = &self.all[*index];
            let key = walk.key() ^ salt;
            let at = Instant { attributes: &walk.attributes, measures: table, key, time };
            table[*index] = match value {
                MeasureValue::Expression(expression) => expression.eval(&at),
                MeasureValue::Choice(choice) => choice.pick(draw::unit(draw::uniform(key, 0, time))).clone(),
                MeasureValue::Text(text) => text.eval(&at),
                MeasureValue::Incident(incident) => Value::Boolean(left(incident, walk, time) > 0),
                MeasureValue::TimeLeft(incident) => Value::Duration(left(incident, walk, time)),
            };
        }
    }
}

fn left(incident: &Incident, walk: &Walk<'_>, time: i64) -> i64 {
    incident.left(walk.key_at(incident.depth - 1), &walk.attributes, time)
}
