//! How many nodes a chain of levels has, and which members node number N is made of: mixed radix,
//! with prefix sums where a map's members have subtrees of different sizes. A handful of rows
//! whatever the size of the fleet. Not here: what members are called (`level`).

use std::collections::HashMap;

use super::level::{Level, Members};
use crate::values::Value;

/// The shape of a chain of levels.
#[derive(Debug)]
pub(super) struct Shape {
    rows: Vec<Row>,
    root: usize,
}

/// What stands under a node, for all nodes whose subtrees look alike.
#[derive(Debug)]
enum Row {
    /// Below the last level: the node itself.
    Leaf,
    /// `members` subtrees that look alike, of `each` leaves.
    Alike { members: u64, each: u64, child: usize },
    /// Subtrees of different sizes: `ends[i]` leaves up to and with member i.
    Differing { ends: Vec<u64>, children: Vec<usize> },
}

/// Rows that look alike share one: a row depends on its level and on the map entries that size it
/// or a level below.
type Memo = HashMap<(usize, Vec<String>), usize>;

/// The fleet has more nodes than numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLarge;

impl Shape {
    /// The shape of `levels`; `attributes` holds the constants known before the first level.
    pub(super) fn of(levels: &[&Level], attributes: &mut [Value]) -> Result<Self, TooLarge> {
        let sizing = sizing_slots(levels);
        let mut shape = Self { rows: vec![Row::Leaf], root: 0 };
        shape.root = shape.row(levels, 0, &sizing, attributes, &mut Memo::new())?;
        if shape.leaves(shape.root) > 1 << 53 {
            return Err(TooLarge);
        }
        Ok(shape)
    }

    /// Nodes of the last level.
    pub(super) fn total(&self) -> u64 {
        self.leaves(self.root)
    }

    /// Members of the last level under one node above: the fewest and the most.
    pub(super) fn last_members(&self) -> (u64, u64) {
        // Rows whose subtrees are leaves are those of the last level; each stands somewhere.
        let leaves = |child: &usize| matches!(self.rows[*child], Row::Leaf);
        let counts = self.rows.iter().filter_map(|row| match row {
            Row::Alike { members, child, .. } if leaves(child) => Some(*members),
            Row::Differing { children, .. } if children.first().is_some_and(leaves) => {
                Some(children.len() as u64)
            }
            _ => None,
        });
        counts.fold((u64::MAX, 0), |(fewest, most), count| (fewest.min(count), most.max(count)))
    }

    /// Fills `members` with the member index at each level of leaf number `leaf`, which must be below the total.
    pub(super) fn locate(&self, mut leaf: u64, members: &mut Vec<u64>) {
        members.clear();
        let mut row = self.root;
        loop {
            match &self.rows[row] {
                Row::Leaf => return,
                Row::Alike { each, child, .. } => {
                    members.push(leaf / each);
                    leaf %= each;
                    row = *child;
                }
                Row::Differing { ends, children } => {
                    let member = ends.partition_point(|end| *end <= leaf);
                    leaf -= if member == 0 { 0 } else { ends[member - 1] };
                    members.push(member as u64);
                    row = children[member];
                }
            }
        }
    }

    fn leaves(&self, row: usize) -> u64 {
        match &self.rows[row] {
            Row::Leaf => 1,
            Row::Alike { members, each, .. } => members * each,
            Row::Differing { ends, .. } => ends.last().copied().unwrap_or(0),
        }
    }

    fn row(
        &mut self,
        levels: &[&Level],
        depth: usize,
        sizing: &[Vec<usize>],
        attributes: &mut [Value],
        memo: &mut Memo,
    ) -> Result<usize, TooLarge> {
        let Some(level) = levels.get(depth) else { return Ok(0) };
        let key = (depth, sizing[depth].iter().map(|slot| format!("{:?}", attributes[*slot])).collect());
        if let Some(row) = memo.get(&key) {
            return Ok(*row);
        }
        let row = match &level.members {
            Members::Map(map) => {
                let mut ends = Vec::with_capacity(map.len());
                let mut children = Vec::with_capacity(map.len());
                let mut end = 0u64;
                for member in 0..map.len() {
                    map.bring(member, attributes);
                    let child = self.row(levels, depth + 1, sizing, attributes, memo)?;
                    end = end.checked_add(self.leaves(child)).ok_or(TooLarge)?;
                    ends.push(end);
                    children.push(child);
                }
                Row::Differing { ends, children }
            }
            members => {
                let count = members.count(attributes);
                let child = self.row(levels, depth + 1, sizing, attributes, memo)?;
                let each = self.leaves(child);
                count.checked_mul(each).ok_or(TooLarge)?;
                Row::Alike { members: count, each: each.max(1), child }
            }
        };
        self.rows.push(row);
        memo.insert(key, self.rows.len() - 1);
        Ok(self.rows.len() - 1)
    }
}

/// For each level, the slots from above that size it or a level below.
fn sizing_slots(levels: &[&Level]) -> Vec<Vec<usize>> {
    let mut below: Vec<usize> = Vec::new();
    let mut slots = vec![Vec::new(); levels.len()];
    for (depth, level) in levels.iter().enumerate().rev() {
        if let Members::Map(map) = &level.members {
            below.retain(|slot| !map.slots().contains(slot));
        }
        below.extend(level.members.sized_by());
        below.sort_unstable();
        below.dedup();
        slots[depth].clone_from(&below);
    }
    slots
}
