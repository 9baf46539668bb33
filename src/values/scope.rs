//! What an expression meets: names when it is compiled, slots when it is evaluated. Not here: who
//! fills them (`fleet`).

use crate::values::{Type, Value};

/// What a name stands for.
#[derive(Debug, Clone, PartialEq)]
pub enum Binding {
    /// The same everywhere: a parameter.
    Constant(Value),
    /// An attribute of a node.
    Attribute {
        /// Index into [`Instant::attributes`].
        slot: usize,
        /// The type of every value that slot will hold; BIGINT may stand for DOUBLE.
        value_type: Type,
    },
    /// Another value of the same tick: a measure, say.
    Measure {
        /// Index into [`Instant::measures`].
        slot: usize,
        /// The type of every value that slot will hold; BIGINT may stand for DOUBLE.
        value_type: Type,
    },
}

/// What names mean where an expression stands.
pub trait Scope {
    /// What `name` stands for, if it is known here.
    fn lookup(&self, name: &str) -> Option<Binding>;

    /// Every name known here, to find the one that was meant.
    fn names(&self) -> Vec<String>;

    /// The members of a set by its name: a level's map, a list attribute. Where the list differs
    /// from node to node, every member that any of them has; the draw is then from the node's own.
    fn set(&self, name: &str) -> Option<Vec<Value>>;

    /// Nanoseconds from tick to tick, where values are made anew at each; none where a node has them once.
    fn interval(&self) -> Option<i64> {
        None
    }

    /// What `name` stood for a tick before, where it is a measure.
    fn before(&self, _name: &str) -> Option<Binding> {
        None
    }

    /// The least and the greatest number (or nanoseconds) that `name` can stand for, where known.
    fn bounds(&self, _name: &str) -> Option<(f64, f64)> {
        None
    }
}

/// Where and when an expression is evaluated: all that its value depends on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Instant<'a> {
    /// Attributes by slot.
    pub attributes: &'a [Value],
    /// Measures and other values of this tick by slot, as far as they are made; where somebody looks
    /// back, those of the tick before follow them.
    pub measures: &'a [Value],
    /// The key of the stream of draws: a node and attribute, or a series and measure.
    pub key: u64,
    /// Nanoseconds since the Unix epoch; 0 for a node's own draws.
    pub time: i64,
}
