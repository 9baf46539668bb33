//! Where and when incidents come: the nodes of a level, one after the other, over a span of time.
//! Not here: what an incident is (`incident`).

use std::sync::Arc;

use super::incident::{Incident, Occurrence};
use super::level::Level;
use super::names::Names;
use super::shape::Shape;
use super::walk::Walk;
use crate::values::{Binding, Value};

/// The nodes of the last of some levels.
pub(super) struct Nodes<'a> {
    levels: Vec<&'a Level>,
    /// None where they cannot be counted; then there is no fleet either.
    shape: Option<Shape>,
    root: u64,
    names: &'a Names,
}

impl<'a> Nodes<'a> {
    pub(super) fn new(levels: &'a [Level], root: u64, names: &'a Names) -> Self {
        let levels: Vec<&Level> = levels.iter().collect();
        let shape = Shape::of(&levels, &mut names.table()).ok();
        Self { levels, shape, root, names }
    }

    /// What overlaps a span of time, node by node.
    pub(super) fn occurrences(
        self,
        incident: &'a Arc<Incident>,
        from: i64,
        to: i64,
    ) -> impl Iterator<Item = Occurrence> + 'a {
        let count = self.shape.as_ref().map_or(0, Shape::total);
        (0..count).flat_map(move |node| self.of_node(node, incident, from, to))
    }

    fn of_node(&self, node: u64, incident: &Incident, from: i64, to: i64) -> Vec<Occurrence> {
        let Some(shape) = &self.shape else { return Vec::new() };
        let mut found = Vec::new();
        let mut time = from;
        // Generation by generation, where nodes come and go.
        while time < to {
            let walk = Walk::new(&self.levels, shape, self.root, self.names.table(), node, time);
            let life = walk.life();
            // Past the end of all time nobody is born.
            let until = life.end.clamp(time.saturating_add(1), to);
            let first = time.div_euclid(incident.every).saturating_sub(1);
            for block in first..=(until - 1).div_euclid(incident.every) {
                let Some(span) = incident.of_block(walk.key(), &walk.attributes, block) else { continue };
                let (start, end) = (span.start.max(life.start), span.end.min(life.end));
                if start < until && end > time {
                    found.push(Occurrence {
                        incident: Arc::clone(&incident.name),
                        level: Arc::clone(&self.levels[incident.depth - 1].name),
                        node: self.path(&walk.attributes, incident.depth),
                        start,
                        end,
                    });
                }
            }
            time = until;
        }
        found
    }

    /// The names that tell a node apart, with their values.
    fn path(&self, attributes: &[Value], depth: usize) -> String {
        let told = self.names.iter().filter_map(|name| match name.binding {
            Binding::Attribute { slot, .. } if name.depth <= depth && !name.tells_apart.is_empty() => {
                Some(format!("{}={}", name.name, attributes[slot]))
            }
            _ => None,
        });
        told.collect::<Vec<_>>().join("/")
    }
}
