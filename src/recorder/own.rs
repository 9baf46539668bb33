//! What the runner itself uses, by phase: CPU time, and messages that wait for the recorder. Not here: what
//! is too much (`validity`).

use std::collections::BTreeMap;
use std::time::Duration;

use crate::results::{processor_time, seconds};

/// The runner's own use of the machine.
#[derive(Debug)]
pub(crate) struct OwnUse {
    /// CPU time of the process and the instant at which it was read.
    last: (Duration, i64),
    phase: Option<usize>,
    phases: BTreeMap<usize, PhaseUse>,
    /// By phase: when it began.
    began: BTreeMap<usize, i64>,
}

/// What a phase has used.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PhaseUse {
    /// CPU seconds of the process.
    pub cpu: f64,
    /// Seconds that the phase took.
    pub wall: f64,
    /// Messages that waited for the recorder at once, at the most.
    pub queue: u64,
}

impl PhaseUse {
    /// Cores that were busy on the whole.
    pub(crate) fn cores(&self) -> f64 {
        if self.wall > 0.0 { self.cpu / self.wall } else { 0.0 }
    }
}

impl OwnUse {
    pub(crate) fn new(now: i64) -> Self {
        Self { last: (processor_time(), now), phase: None, phases: BTreeMap::new(), began: BTreeMap::new() }
    }

    /// From now on it is another phase's.
    pub(crate) fn enter(&mut self, phase: usize, now: i64) {
        self.sample(now, 0);
        self.phase = Some(phase);
        self.began.insert(phase, now);
    }

    /// What follows is no phase's any more, but that of what it left to do.
    pub(crate) fn leave(&mut self, phase: usize, now: i64) {
        if self.phase == Some(phase) {
            self.sample(now, 0);
            self.phase = None;
        }
    }

    /// When a phase began, if it has.
    pub(crate) fn began(&self, phase: usize) -> Option<i64> {
        self.began.get(&phase).copied()
    }

    /// Reads what was used since the last reading; gives the cores that were busy.
    pub(crate) fn sample(&mut self, now: i64, queue: u64) -> f64 {
        let cpu = processor_time();
        let (last_cpu, last) = std::mem::replace(&mut self.last, (cpu, now));
        let used = PhaseUse {
            cpu: cpu.saturating_sub(last_cpu).as_secs_f64(),
            wall: seconds(now.saturating_sub(last).max(0)),
            queue,
        };
        if let Some(phase) = self.phase {
            let sum = self.phases.entry(phase).or_default();
            sum.cpu += used.cpu;
            sum.wall += used.wall;
            sum.queue = sum.queue.max(queue);
        }
        used.cores()
    }

    /// What a phase has used so far.
    pub(crate) fn of(&self, phase: usize) -> PhaseUse {
        self.phases.get(&phase).copied().unwrap_or_default()
    }
}
