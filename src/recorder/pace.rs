//! What the phase of now plans, and how far behind it the load is. Not here: what was done (`series`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use super::event::PhaseStart;
use super::recent::Window;
use crate::load::Span;
use crate::results::seconds;

/// The plan of a run's phases as they come.
#[derive(Debug)]
pub(crate) struct Pace {
    current: Option<PhaseStart>,
    /// When the phase of now was over, where it is.
    ended: Option<i64>,
    /// What was planned since that was taken last.
    due: Due,
    /// By phase and workload: what was planned so far.
    planned: BTreeMap<(usize, usize), f64>,
    /// Up to where what was planned is counted.
    planned_until: i64,
    /// The workloads that phases ran: phase and workload.
    ran: BTreeSet<(usize, usize)>,
}

/// What loads that have instants meant to do.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Due {
    pub records: f64,
    pub queries: f64,
}

/// The phase of now, or the last one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Current {
    pub phase: usize,
    pub span: Span,
    /// When it was over, where it is.
    pub ended: Option<i64>,
    /// The share of its history that is written, 0.0 to 1.0.
    pub history: Option<f64>,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            current: None,
            ended: None,
            due: Due::default(),
            planned: BTreeMap::new(),
            planned_until: i64::MIN,
            ran: BTreeSet::new(),
        }
    }
}

impl Pace {
    /// From now on it is this phase.
    pub(crate) fn begin(&mut self, start: &PhaseStart, window: &mut Window) {
        self.plan_until(start.span.start, window);
        self.ran.extend(start.workloads.iter().map(|workload| (start.phase, *workload)));
        self.current = Some(start.clone());
        self.ended = None;
    }

    /// The phase of now is over: nothing more becomes due.
    pub(crate) fn end(&mut self, time: i64) {
        if let Some(current) = &mut self.current {
            current.span.end = Some(current.span.end.map_or(time, |end| end.min(time)));
            self.ended = Some(time);
        }
    }

    /// The phase of now, as it is at `now`; none before the first.
    pub(crate) fn current(&self, now: i64) -> Option<Current> {
        let current = self.current.as_ref()?;
        let history = self.history(self.ended.unwrap_or(now));
        Some(Current { phase: current.phase, span: current.span, ended: self.ended, history })
    }

    /// The index of the phase of now, or the last one.
    pub(crate) fn phase(&self) -> Option<usize> {
        self.current.as_ref().map(|current| current.phase)
    }

    /// Counts what the phase's loads planned from where that was counted last.
    pub(crate) fn plan_until(&mut self, to: i64, window: &mut Window) {
        let from = std::mem::replace(&mut self.planned_until, to);
        let Some(current) = &self.current else { return };
        let from = from.max(current.span.start);
        let to = current.span.end.map_or(to, |end| to.min(end));
        let mut plan = |workload, due: f64| {
            window.plan(workload, due);
            *self.planned.entry((current.phase, workload)).or_default() += due;
            due
        };
        for load in &current.ingest {
            self.due.records += plan(load.workload, load.rate.area(from, to));
        }
        for load in &current.arrivals {
            self.due.queries += plan(load.workload, load.rate.area(from, to));
        }
    }

    /// What was planned since this was asked last.
    pub(crate) fn take_due(&mut self) -> Due {
        std::mem::take(&mut self.due)
    }

    /// What was planned of a workload in each phase so far.
    pub(crate) fn planned(&self, workload: usize) -> impl Iterator<Item = (usize, f64)> {
        let of = self.planned.iter().filter(move |((_, other), _)| *other == workload);
        of.map(|((phase, _), due)| (*phase, *due))
    }

    /// The phases that ran a workload, with the one of now.
    pub(crate) fn phases_of(&self, workload: usize) -> impl Iterator<Item = usize> {
        self.ran.iter().filter(move |(_, other)| *other == workload).map(|(phase, _)| *phase)
    }

    /// How late the next operation that has an instant is at `now`, in seconds, of one workload or of all;
    /// none where none has.
    pub(crate) fn lag(&self, now: i64, wanted: Option<usize>) -> Option<f64> {
        let current = self.current.as_ref()?;
        let writes = current.ingest.iter().map(|plan| (plan.workload, &plan.cursor));
        let queries = current.arrivals.iter().map(|plan| (plan.workload, &plan.cursor));
        let of =
            writes.chain(queries).filter(|(workload, _)| wanted.is_none_or(|wanted| wanted == *workload));
        let late = of.map(|(_, cursor)| now.saturating_sub(cursor.load(Ordering::Relaxed)).max(0)).max();
        late.map(seconds)
    }

    /// The share of a back-fill that is written at `now`; of several, the least.
    fn history(&self, now: i64) -> Option<f64> {
        let plans = self.current.iter().flat_map(|current| &current.history);
        let done = plans.map(|plan| {
            let length = plan.until.unwrap_or(now).saturating_sub(plan.from).max(1);
            let written = plan.cursor.load(Ordering::Relaxed).saturating_sub(plan.from);
            (written as f64 / length as f64).clamp(0.0, 1.0)
        });
        done.min_by(f64::total_cmp)
    }
}
