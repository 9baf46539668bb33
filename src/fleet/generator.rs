//! Slot on the time grid -> the records of a batch.

use std::sync::Arc;

use crate::fleet::Batch;
use crate::values::Value;

/// One batch at one tick of its interval: a point on the time grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// Which record of the metric catalog, by index.
    pub record: usize,
    /// Which of its batches.
    pub batch: u64,
    /// The instant, in milliseconds since the Unix epoch.
    pub time: i64,
}

/// A fleet and its metrics: makes any batch of any tick, in any order.
#[derive(Debug)]
pub struct Generator {}

impl Generator {
    /// The slots from `time` (milliseconds since the epoch, included) on, in order of time, without end.
    pub fn slots_from(&self, time: i64) -> impl Iterator<Item = Slot> + Send + 'static {
        let _ = time;
        std::iter::empty()
    }

    /// The records of a slot, of the hosts that belong to `share` (0.0 to 1.0) of the fleet. Shares nest.
    #[must_use]
    pub fn batch(&self, slot: Slot, share: f64) -> Batch {
        let _ = (slot, share);
        Batch::default()
    }

    /// Records a second that the whole fleet makes.
    #[must_use]
    pub fn records_per_second(&self) -> f64 {
        0.0
    }

    /// Hosts in the fleet.
    #[must_use]
    pub fn hosts(&self) -> u64 {
        0
    }

    /// Every attribute of a host, one member of each record-local level drawn by `draw` (any number).
    #[must_use]
    pub fn attributes(&self, host: u64, draw: u64) -> Vec<(Arc<str>, Value)> {
        let _ = (host, draw);
        Vec::new()
    }
}
