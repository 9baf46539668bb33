//! Incidents: trouble that comes over a node and everything below it, and goes again. Not here:
//! reading them from YAML (`incidents`), what they do (expressions name them).

use std::ops::Range;
use std::sync::Arc;

use crate::values::{Expression, Instant, Value, draw};

/// A kind of incident. Each span of time of length `every` brings one to a node, or none.
#[derive(Debug)]
pub(super) struct Incident {
    pub name: Arc<str>,
    /// The depth of the level whose nodes it comes over, from 1.
    pub depth: usize,
    /// In nanoseconds, above 0.
    pub every: i64,
    /// How likely one is; a number.
    pub chance: Expression,
    /// How long it lasts; a duration, at the most `every`.
    pub length: Expression,
    /// The longest that it lasts, in nanoseconds.
    pub longest: f64,
    /// Hash of its name; with the node's key it keys whether and when.
    pub salt: u64,
    /// Another, for the draws of `chance` and `length`.
    pub values_salt: u64,
}

/// An incident that came over a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// The incident's name.
    pub incident: Arc<str>,
    /// The level of the node.
    pub level: Arc<str>,
    /// The node: the attributes that tell it apart, outermost first, as `name=value` joined by `/`.
    pub node: String,
    /// Its first nanosecond since the Unix epoch.
    pub start: i64,
    /// The first one after it.
    pub end: i64,
}

impl Incident {
    /// Nanoseconds for which it is still on after an instant, at the node with this key and these
    /// attributes; 0 where it is not on.
    pub(super) fn left(&self, node: u64, attributes: &[Value], time: i64) -> i64 {
        let block = time.div_euclid(self.every);
        // None lasts longer than a block, so older ones are over.
        let ends = [block, block.saturating_sub(1)].map(|block| {
            let span = self.of_block(node, attributes, block).filter(|span| span.contains(&time));
            span.map_or(time, |span| span.end)
        });
        ends[0].max(ends[1]) - time
    }

    /// The one that begins in a span of time of length `every`, counted from the Unix epoch.
    pub(super) fn of_block(&self, node: u64, attributes: &[Value], block: i64) -> Option<Range<i64>> {
        let key = node ^ self.salt;
        let at = Instant { attributes, measures: &[], key: node ^ self.values_salt, time: block };
        let chance = match self.chance.eval(&at) {
            Value::Double(chance) => chance,
            Value::Bigint(chance) => chance as f64,
            _ => 0.0,
        };
        if draw::unit(draw::uniform(key, 0, block)) >= chance {
            return None;
        }
        let within = draw::unit(draw::uniform(key, 1, block)) * self.every as f64;
        let start = block.saturating_mul(self.every).saturating_add(within as i64);
        let Value::Duration(length) = self.length.eval(&at) else { return None };
        (length > 0).then(|| start..start.saturating_add(length))
    }
}
