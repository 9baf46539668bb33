//! What a plan has done so far, as the server tells it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::plan::FaultPlan;

/// The plan that is set, and what its rules have done.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FaultReport {
    /// The plan, where there is one.
    pub plan: Option<FaultPlan>,
    /// For each rule of the plan its counts by operation.
    pub counts: Vec<BTreeMap<String, Count>>,
}

/// How often a rule was asked, and how often it struck.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Requests that came to the rule within its window; of `reject`, records.
    pub asked: u64,
    /// Those of them that met the fault.
    pub hit: u64,
}
