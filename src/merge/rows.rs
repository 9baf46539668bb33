//! Rows that stay what they are: executions, failed writes, failures, incidents. Not here: rows that are sums (`summary`, `timeline`).

use std::collections::BTreeMap;

use crate::results::files::CsvFile;
use crate::results::{ErrorRow, FailedWriteRow, IncidentRow, QueryRow, ResultsError, Run, RunDir};

/// Different messages that are kept of a kind of failure.
const SAMPLES: usize = 3;

/// All executions, run by run; users are numbered on, since they are others in each run.
pub(super) fn queries(parts: &[Run], dir: &RunDir) -> Result<(), ResultsError> {
    let mut file = CsvFile::create(dir.queries())?;
    let mut before: BTreeMap<String, u32> = BTreeMap::new();
    for part in parts {
        let mut users = before.clone();
        for row in part.rows::<QueryRow>(&part.dir.queries())? {
            let mut row = row?;
            row.user = row.user.saturating_add(before.get(&row.workload).copied().unwrap_or(0));
            let most = users.entry(row.workload.clone()).or_default();
            *most = row.user.max(*most);
            file.add(&row)?;
        }
        before = users;
    }
    file.flush()
}

/// All failed attempts of writes, run by run.
pub(super) fn failed_writes(parts: &[Run], dir: &RunDir) -> Result<(), ResultsError> {
    let mut file = CsvFile::create(dir.failed_writes())?;
    for part in parts {
        for row in part.rows::<FailedWriteRow>(&part.dir.failed_writes())? {
            file.add(&row?)?;
        }
    }
    file.flush()
}

/// Failures by kind, with the counts of all.
pub(super) fn errors(parts: &[Run]) -> Vec<ErrorRow> {
    let mut all: Vec<ErrorRow> = Vec::new();
    for row in parts.iter().flat_map(|part| &part.errors) {
        let key = |row: &ErrorRow| {
            (row.phase.clone(), row.workload.clone(), row.operation.clone(), row.kind.clone())
        };
        let Some(sum) = all.iter_mut().find(|sum| key(sum) == key(row)) else {
            all.push(row.clone());
            continue;
        };
        sum.count += row.count;
        sum.first_utc = sum.first_utc.clone().min(row.first_utc.clone());
        sum.last_utc = sum.last_utc.clone().max(row.last_utc.clone());
        let mut samples: Vec<&str> = sum.samples.lines().collect();
        for sample in row.samples.lines() {
            if samples.len() < SAMPLES && !samples.contains(&sample) {
                samples.push(sample);
            }
        }
        sum.samples = samples.join("\n");
    }
    all
}

/// Incidents, each once.
pub(super) fn incidents(parts: &[Run]) -> Vec<IncidentRow> {
    let mut all: Vec<IncidentRow> = Vec::new();
    for row in parts.iter().flat_map(|part| &part.incidents) {
        if !all.contains(row) {
            all.push(row.clone());
        }
    }
    all.sort_by(|a, b| a.start_utc.cmp(&b.start_utc));
    all
}
