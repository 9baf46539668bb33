//! A run's counts as the figures that watchers get. Not here: when they get them (`recorder`).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::advice::Suspect;
use super::event::WindowWait;
use super::names::Kind;
use super::pace::Current;
use super::recent::Operation as Key;
use super::tally::Tally;
use crate::feed::{Extent, Figures, Operation, PhaseFigures, Recent, Runner, Totals, Work, WorkloadFigures};
use crate::plan::Count;

/// When figures are taken, and what is known beside the counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    pub time: i64,
    /// When the run began.
    pub start: i64,
    pub last: bool,
    pub runner: Runner,
    /// The share of the cores, 0.0 to 1.0, from which on CPU is what is short.
    pub cpu_bound: f64,
}

impl Tally {
    /// The figures of now; none before the first phase.
    pub(crate) fn figures(&mut self, taken: &Taken) -> Option<Figures> {
        let current = self.pace().current(taken.time)?;
        let mut totals = self.totals();
        let workloads = 0..self.names().workloads.len();
        let workloads = workloads.map(|workload| self.workload(workload, &mut totals, current, taken));
        let workloads = workloads.collect();
        Some(Figures {
            time: taken.time,
            start: taken.start,
            last: taken.last,
            phases: self.names().phases.iter().map(|phase| phase.name.clone()).collect(),
            phase: self.phase(current),
            workloads,
            errors: self.error_rows(),
            runner: taken.runner,
        })
    }

    fn phase(&self, current: Current) -> PhaseFigures {
        let Current { phase, span, ended, history } = current;
        let names = self.names();
        let extent = match (names.phases[phase].once, history, span.end) {
            (Some(workload), ..) => {
                let asked = self.of_workload(workload).filter(|(of, ..)| *of == phase);
                Extent::Once {
                    done: asked.map(|(.., series)| series.count(Count::Operations)).sum(),
                    of: names.workloads[workload].queries.len() as u64,
                }
            }
            (None, Some(share), _) => Extent::History(share),
            (None, None, Some(end)) => Extent::Until(end),
            (None, None, None) => Extent::Forever,
        };
        PhaseFigures {
            name: names.phases[phase].name.clone(),
            record: names.phases[phase].record,
            number: phase + 1,
            of: names.phases.len(),
            start: span.start,
            ended,
            extent,
        }
    }

    fn workload(
        &mut self,
        workload: usize,
        totals: &mut BTreeMap<Key, Vec<Totals>>,
        current: Current,
        taken: &Taken,
    ) -> WorkloadFigures {
        let lag = if current.ended.is_none() { self.pace().lag(taken.time, Some(workload)) } else { None };
        let keys: Vec<Key> = self.operations().filter(|(of, _)| *of == workload).collect();
        let (mut sum, mut late, mut operations) = (Recent::default(), WindowWait::default(), Vec::new());
        for key in keys {
            let (recent, wait) = self.recent(key);
            sum.throttled += recent.throttled;
            sum.broken += recent.broken;
            late.waited += wait.waited;
            late.cycle += wait.cycle;
            operations.push(Operation {
                query: key.1.map(|query| self.names().workloads[workload].queries[query].clone()),
                recent,
                totals: totals.remove(&key).unwrap_or_default(),
            });
        }
        let kind = self.names().workloads[workload].kind;
        let advice = lag.zip(kind.in_flight()).and_then(|(lag, in_flight)| {
            let Taken { runner, cpu_bound, .. } = *taken;
            Suspect { lag, recent: sum, late, in_flight, runner, cpu_bound }.advice()
        });
        WorkloadFigures {
            name: self.names().workloads[workload].name.clone(),
            work: match kind {
                Kind::Ingest { .. } => Work::Ingest,
                Kind::Closed => Work::Users,
                Kind::Open { .. } => Work::Rate,
            },
            lag,
            advice,
            recent_planned: self.recent_planned(workload),
            planned: self.pace().planned(workload).map(|(phase, due)| (phase + 1, due)).collect(),
            operations,
        }
    }

    /// By operation: what it has come to in each phase; nothing yet is a row of zeros.
    fn totals(&mut self) -> BTreeMap<Key, Vec<Totals>> {
        let mut totals: BTreeMap<Key, Vec<Totals>> = BTreeMap::new();
        self.each_row(|(phase, workload, query), row| {
            let of = totals.entry((workload, query)).or_default();
            of.push(Totals { phase: phase + 1, row: Arc::clone(row) });
        });
        for (workload, query) in self.operations() {
            let of = totals.entry((workload, query)).or_default();
            for phase in self.pace().phases_of(workload) {
                if !of.iter().any(|total| total.phase == phase + 1) {
                    let name = &self.names().phases[phase].name;
                    let row = Self::summary_row(self.names(), name, workload, query, None);
                    of.push(Totals { phase: phase + 1, row: Arc::new(row) });
                }
            }
            of.sort_by_key(|total| total.phase);
        }
        totals
    }
}
