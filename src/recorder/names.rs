//! The names behind the indices that workers use.

use crate::plan::{Plan, Work};

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
}

/// A workload's name and those of its queries.
#[derive(Debug, Clone)]
pub(crate) struct WorkloadName {
    pub name: String,
    /// Empty for ingest.
    pub queries: Vec<String>,
    /// Requests in flight at the most; none for queries.
    pub in_flight: Option<usize>,
}

impl Names {
    /// The names in a plan.
    pub(crate) fn of(plan: &Plan) -> Self {
        let phases = plan.phases.iter();
        let phases = phases.map(|phase| PhaseName { name: phase.name.clone(), record: phase.record });
        let workloads = plan.workloads.iter().map(|workload| {
            let (queries, in_flight) = match &workload.work {
                Work::Ingest(load) => (Vec::new(), Some(load.in_flight)),
                Work::Query(load) => (load.queries.iter().map(|query| query.name.clone()).collect(), None),
            };
            WorkloadName { name: workload.name.clone(), queries, in_flight }
        });
        Self { phases: phases.collect(), workloads: workloads.collect() }
    }

    /// The name of an operation: the query's, `write`, or `look_up` where parameters are read.
    pub(crate) fn operation(&self, workload: usize, query: Option<usize>) -> &str {
        let workload = &self.workloads[workload];
        match query {
            Some(query) => &workload.queries[query],
            None if workload.in_flight.is_some() => "write",
            None => "look_up",
        }
    }
}
