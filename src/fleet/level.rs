//! Levels and their sets of members, resolved: names are slots in a table of attributes. Not here:
//! reading them from YAML (`levels`), counting nodes (`shape`), walking them (`walk`).

use std::ops::Range;
use std::sync::Arc;

use crate::values::{Expression, Instant, Text, Type, Value, draw};

/// A level of the fleet, or one local to a record.
#[derive(Debug, Clone)]
pub(super) struct Level {
    /// Its name; the member stands under it.
    pub name: Arc<str>,
    /// Where the member stands in the table of attributes.
    pub slot: usize,
    /// Its members under each node of the level above.
    pub members: Members,
    /// How long a node stands there before another takes its place.
    pub lifetime: Option<Lifetime>,
    /// Attributes made of others, in the order of the file.
    pub lets: Vec<Let>,
    /// Attributes drawn once a node.
    pub draws: Vec<Draw>,
}

/// How long the nodes of a level live. Each is replaced on a grid of its own, so that they do not all
/// go at once.
#[derive(Debug, Clone)]
pub(super) struct Lifetime {
    /// In nanoseconds, above 0.
    pub length: i64,
    /// Where the number of the generation stands in the table of attributes.
    pub slot: usize,
}

impl Lifetime {
    /// The generation that stands at `time` where the member with this key has its place.
    pub(super) fn generation(&self, key: u64, time: i64) -> i64 {
        time.saturating_sub(self.offset(key)).div_euclid(self.length)
    }

    /// The time for which it stands there.
    pub(super) fn span(&self, key: u64, time: i64) -> Range<i64> {
        let generation = self.generation(key, time);
        let start = generation.saturating_mul(self.length).saturating_add(self.offset(key));
        start..start.saturating_add(self.length)
    }

    fn offset(&self, key: u64) -> i64 {
        let bits = draw::uniform(draw::child(key, "lifetime", ""), 0, 0);
        // Below the length, so it fits.
        ((u128::from(bits) * self.length.unsigned_abs() as u128) >> 64) as i64
    }
}

/// An attribute made of others.
#[derive(Debug, Clone)]
pub(super) struct Let {
    pub name: Arc<str>,
    pub slot: usize,
    pub text: Text,
}

/// An attribute drawn once a node.
#[derive(Debug, Clone)]
pub(super) struct Draw {
    pub name: Arc<str>,
    pub slot: usize,
    pub members: Members,
}

/// A set of members.
#[derive(Debug, Clone)]
pub(super) enum Members {
    /// Whole numbers, both ends included; the ends may use parameters and map entries from above.
    Range { from: Expression, to: Expression },
    /// Constants.
    List(Arc<[Value]>),
    /// The constants of a list that a map entry from above holds.
    Named { slot: usize, items: Type },
    /// Members that bring attributes along.
    Map(Arc<MemberMap>),
}

/// The members of a map, with what they bring along.
#[derive(Debug)]
pub(super) struct MemberMap {
    /// The members' own texts or numbers.
    pub members: Vec<Value>,
    /// Where each attribute stands, and its value for each member; none where a member lacks it.
    pub attributes: Vec<(usize, Vec<Option<Value>>)>,
    /// Relative weights, added up; for draws.
    pub cumulative: Vec<f64>,
}

impl Members {
    /// How many there are under a node with these attributes.
    pub(super) fn count(&self, attributes: &[Value]) -> u64 {
        match self {
            Members::Range { from, to } => {
                let (from, to) = (whole(from, attributes), whole(to, attributes));
                u64::try_from(i128::from(to) - i128::from(from) + 1).unwrap_or(0)
            }
            Members::List(list) => list.len() as u64,
            Members::Named { slot, .. } => match &attributes[*slot] {
                Value::List(list) => list.len() as u64,
                _ => 0,
            },
            Members::Map(map) => map.len() as u64,
        }
    }

    /// Whether there is exactly one, wherever it stands.
    pub(super) fn is_single(&self) -> bool {
        self.sized_by().is_empty() && self.count(&[]) == 1
    }

    /// The slots from above that the number of members depends on.
    pub(super) fn sized_by(&self) -> Vec<usize> {
        match self {
            Members::Range { from, to } => [from.reads_attributes(), to.reads_attributes()].concat(),
            Members::Named { slot, .. } => vec![*slot],
            Members::List(_) | Members::Map(_) => Vec::new(),
        }
    }

    /// Puts member number `index` into `slot`, and what it brings along into its slots.
    pub(super) fn enter(&self, index: u64, slot: usize, attributes: &mut [Value]) {
        if let Members::Map(map) = self {
            // Indices come from `count` or from a draw below it, so they are within a list's bounds.
            map.bring(usize::try_from(index).unwrap_or(usize::MAX), attributes);
        }
        if let Some(member) = self.member(index, attributes) {
            attributes[slot] = member;
        }
    }

    /// Member number `index` under a node with these attributes.
    pub(super) fn member(&self, index: u64, attributes: &[Value]) -> Option<Value> {
        let at = usize::try_from(index).unwrap_or(usize::MAX);
        match self {
            Members::Range { from, .. } => {
                Some(Value::Bigint(whole(from, attributes).saturating_add_unsigned(index)))
            }
            Members::List(list) => list.get(at).cloned(),
            Members::Named { slot, .. } => match &attributes[*slot] {
                Value::List(list) => list.get(at).cloned(),
                _ => None,
            },
            Members::Map(map) => map.members.get(at).cloned(),
        }
    }

    /// The index of the member that `bits` (64 random ones) draws.
    pub(super) fn draw(&self, bits: u64, attributes: &[Value]) -> u64 {
        match self {
            Members::Map(map) => map.draw(draw::unit(bits)) as u64,
            members => ((u128::from(bits) * u128::from(members.count(attributes))) >> 64) as u64,
        }
    }
}

impl MemberMap {
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    /// The slots that members fill.
    pub(super) fn slots(&self) -> Vec<usize> {
        self.attributes.iter().map(|(slot, _)| *slot).collect()
    }

    /// Puts what a member brings along into its slots.
    pub(super) fn bring(&self, member: usize, attributes: &mut [Value]) {
        for (slot, values) in &self.attributes {
            if let Some(Some(value)) = values.get(member) {
                attributes[*slot] = value.clone();
            }
        }
    }

    fn draw(&self, u: f64) -> usize {
        let total = self.cumulative.last().copied().unwrap_or(0.0);
        let last = self.len().saturating_sub(1);
        self.cumulative.partition_point(|end| *end <= u * total).min(last)
    }
}

fn whole(expression: &Expression, attributes: &[Value]) -> i64 {
    match expression.eval(&Instant { attributes, measures: &[], key: 0, time: 0 }) {
        Value::Bigint(value) => value,
        _ => 0,
    }
}
