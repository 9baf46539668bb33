//! The names behind the indices that workers use.

use crate::plan::{Pace, PhaseKind, Plan, Work};

/// The names of a run's phases, workloads and queries.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    pub phases: Vec<PhaseName>,
    pub workloads: Vec<WorkloadName>,
}

/// A phase's name.
#[derive(Debug, Clone)]
pub(crate) struct PhaseName {
    pub name: String,
    /// Whether it counts in the summary.
    pub record: bool,
    /// Whether it runs as fast as the target takes it, so that no CPU is left over by design.
    pub full_speed: bool,
    /// The workload whose queries all run once, where that is what ends it.
    pub once: Option<usize>,
}

/// A workload's name and those of its queries.
#[derive(Debug, Clone)]
pub(crate) struct WorkloadName {
    pub name: String,
    /// Empty for ingest.
    pub queries: Vec<String>,
    pub kind: Kind,
}

/// What a workload does, as far as counting goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It writes, with so many requests in flight at the most.
    Ingest { in_flight: usize },
    /// Users ask and think.
    Closed,
    /// Queries arrive, so many in flight at the most.
    Open { in_flight: usize },
}

impl Kind {
    /// Requests in flight at the most; none where users set the pace.
    pub(crate) fn in_flight(self) -> Option<usize> {
        match self {
            Self::Ingest { in_flight } | Self::Open { in_flight } => Some(in_flight),
            Self::Closed => None,
        }
    }
}

impl Names {
    /// The names in a plan.
    pub(crate) fn of(plan: &Plan) -> Self {
        let phases = plan.phases.iter();
        let phases = phases.map(|phase| PhaseName {
            name: phase.name.clone(),
            record: phase.record,
            full_speed: matches!(phase.kind, PhaseKind::Backfill { .. }),
            once: match phase.kind {
                PhaseKind::Once { workload } => Some(workload),
                PhaseKind::Timed(_) | PhaseKind::Forever | PhaseKind::Backfill { .. } => None,
            },
        });
        let workloads = plan.workloads.iter().map(|workload| {
            let (queries, kind) = match &workload.work {
                Work::Ingest(load) => (Vec::new(), Kind::Ingest { in_flight: load.in_flight }),
                Work::Query(load) => {
                    let queries = load.queries.iter().map(|query| query.name.clone()).collect();
                    let kind = match load.pace {
                        Pace::Closed { .. } => Kind::Closed,
                        Pace::Open { in_flight, .. } => Kind::Open { in_flight },
                    };
                    (queries, kind)
                }
            };
            WorkloadName { name: workload.name.clone(), queries, kind }
        });
        Self { phases: phases.collect(), workloads: workloads.collect() }
    }

    /// The name of an operation: the query's, `write`, or `look_up` where parameters are read.
    pub(crate) fn operation(&self, workload: usize, query: Option<usize>) -> &str {
        let workload = &self.workloads[workload];
        match query {
            Some(query) => &workload.queries[query],
            None if matches!(workload.kind, Kind::Ingest { .. }) => "write",
            None => "look_up",
        }
    }
}
