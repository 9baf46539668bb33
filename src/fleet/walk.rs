//! From a node's number to its attributes, and on to its neighbours like an odometer: only the
//! levels that change are worked out again. Not here: the number of nodes (`shape`), records (`record`).

use std::fmt::Write as _;
use std::ops::Range;

use super::level::Level;
use super::shape::Shape;
use crate::values::{Instant, Value, draw};

/// A place in a chain of levels, with the attributes of the node that stands there.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    levels: &'a [&'a Level],
    shape: &'a Shape,
    node: u64,
    /// Nanoseconds since the Unix epoch; it says which generation of a node stands there.
    time: i64,
    /// Member index at each level.
    members: Vec<u64>,
    /// Those of the node before.
    previous: Vec<u64>,
    /// `keys[i]` is the key of the node above level i; the last is the node's own.
    keys: Vec<u64>,
    /// The table of attributes.
    pub attributes: Vec<Value>,
    text: String,
}

impl<'a> Walk<'a> {
    /// Stands on node number `node`, which must be below the shape's total, at `time` (nanoseconds).
    pub(super) fn new(
        levels: &'a [&'a Level],
        shape: &'a Shape,
        root: u64,
        attributes: Vec<Value>,
        node: u64,
        time: i64,
    ) -> Self {
        let mut members = Vec::with_capacity(levels.len());
        shape.locate(node, &mut members);
        let mut keys = Vec::with_capacity(levels.len() + 1);
        keys.push(root);
        let (previous, text) = (Vec::with_capacity(levels.len()), String::new());
        let mut walk = Self { levels, shape, node, time, members, previous, keys, attributes, text };
        walk.enter_from(0);
        walk
    }

    /// The node's key.
    pub(super) fn key(&self) -> u64 {
        self.keys[self.levels.len()]
    }

    /// The key of the node at `depth` (0 is the first level) above or at this one.
    pub(super) fn key_at(&self, depth: usize) -> u64 {
        self.keys[depth + 1]
    }

    /// The span of time for which this very node stands there, with all above it.
    pub(super) fn life(&self) -> Range<i64> {
        let mut life = i64::MIN..i64::MAX;
        for ((level, key), member) in self.levels.iter().zip(&self.keys).zip(&self.members) {
            let Some(lifetime) = &level.lifetime else { continue };
            let text = level.members.member(*member, &self.attributes).map(|member| member.to_string());
            let key = draw::child(*key, &level.name, &text.unwrap_or_default());
            let own = lifetime.span(key, self.time);
            life = life.start.max(own.start)..life.end.min(own.end);
        }
        life
    }

    /// Moves to the next node; the caller knows that there is one.
    pub(super) fn step(&mut self) {
        self.node += 1;
        std::mem::swap(&mut self.members, &mut self.previous);
        self.shape.locate(self.node, &mut self.members);
        let changed = self.members.iter().zip(&self.previous).position(|(a, b)| a != b).unwrap_or(0);
        self.enter_from(changed);
    }

    /// Works out the attributes from level `depth` down.
    fn enter_from(&mut self, depth: usize) {
        self.keys.truncate(depth + 1);
        for (level, member) in self.levels.iter().zip(&self.members).skip(depth) {
            level.members.enter(*member, level.slot, &mut self.attributes);
            self.text.clear();
            // Writing to a String cannot fail.
            let _ = write!(self.text, "{}", self.attributes[level.slot]);
            let parent = self.keys[self.keys.len() - 1];
            let mut key = draw::child(parent, &level.name, &self.text);
            if let Some(lifetime) = &level.lifetime {
                let generation = lifetime.generation(key, self.time);
                self.attributes[lifetime.slot] = Value::Bigint(generation);
                key = draw::child(key, "generation", &generation.to_string());
            }
            self.keys.push(key);
            for drawn in &level.draws {
                let bits = draw::uniform(draw::child(key, &drawn.name, ""), 0, 0);
                let index = drawn.members.draw(bits, &self.attributes);
                drawn.members.enter(index, drawn.slot, &mut self.attributes);
            }
            for text in &level.lets {
                let key = draw::child(key, &text.name, "");
                let at = Instant { attributes: &self.attributes, measures: &[], key, time: 0 };
                self.attributes[text.slot] = text.text.eval(&at);
            }
        }
    }
}
