//! Failures by kind: exact counts, a few samples of what was said.

use std::collections::BTreeMap;

use crate::results::{ErrorRow, utc};

/// Different messages that are kept of a kind.
const SAMPLES: usize = 3;
/// Bytes of a message that are kept.
const SAMPLE_BYTES: usize = 500;

/// Counts the failures of a run.
#[derive(Debug, Default)]
pub(crate) struct Failures(BTreeMap<Key, Ledger>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    phase: usize,
    workload: usize,
    /// None for writes.
    query: Option<usize>,
    kind: &'static str,
}

#[derive(Debug)]
struct Ledger {
    count: u64,
    first: i64,
    last: i64,
    samples: Vec<String>,
}

/// Where failures belong: phase, workload, and query where it is one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Of {
    pub phase: usize,
    pub workload: usize,
    pub query: Option<usize>,
}

impl Failures {
    pub(crate) fn add(&mut self, of: Of, kind: &'static str, message: &str, time: i64) {
        let key = Key { phase: of.phase, workload: of.workload, query: of.query, kind };
        let ledger =
            self.0.entry(key).or_insert(Ledger { count: 0, first: time, last: time, samples: Vec::new() });
        ledger.count += 1;
        // What workers tell does not come in the order in which it happened.
        ledger.first = ledger.first.min(time);
        ledger.last = ledger.last.max(time);
        if ledger.samples.len() < SAMPLES {
            let sample = shortened(message);
            if !ledger.samples.contains(&sample) {
                ledger.samples.push(sample);
            }
        }
    }

    /// How many failures of a kind a phase has seen.
    pub(crate) fn count(&self, phase: usize, kind: &str) -> u64 {
        let of = self.0.iter().filter(|(key, _)| key.phase == phase && key.kind == kind);
        of.map(|(_, ledger)| ledger.count).sum()
    }

    /// The rows of `errors.csv`; `names` gives phase, workload and operation.
    pub(crate) fn rows(&self, names: impl Fn(Of) -> (String, String, String)) -> Vec<ErrorRow> {
        let row = |(key, ledger): (&Key, &Ledger)| {
            let of = Of { phase: key.phase, workload: key.workload, query: key.query };
            let (phase, workload, operation) = names(of);
            ErrorRow {
                phase,
                workload,
                operation,
                kind: key.kind.to_owned(),
                count: ledger.count,
                first_utc: utc(ledger.first),
                last_utc: utc(ledger.last),
                samples: ledger.samples.join("\n"),
            }
        };
        self.0.iter().map(row).collect()
    }
}

/// The kind of a rejected record, from the service's reason: reasons hold times and versions, so
/// they are no kinds themselves.
pub(crate) fn reject_kind(reason: &str) -> &'static str {
    if reason.contains("outside the time range") {
        "rejected_outside_retention"
    } else if reason.contains("already exists") {
        "rejected_older_version"
    } else {
        "rejected_other"
    }
}

fn shortened(message: &str) -> String {
    let end = message.floor_char_boundary(SAMPLE_BYTES);
    message[..end].replace(['\r', '\n'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_exact_and_samples_few() {
        let mut failures = Failures::default();
        let of = Of { phase: 0, workload: 0, query: None };
        for i in 0..1_000 {
            failures.add(of, "throttled", &format!("slow down {i}"), i);
        }
        let rows = failures.rows(|_| ("steady".into(), "ingest".into(), "write".into()));
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].count, 1_000);
        assert_eq!(rows[0].samples, "slow down 0\nslow down 1\nslow down 2");
        assert_eq!(rows[0].last_utc, "1970-01-01T00:00:00.000000Z");
    }

    #[test]
    fn reasons_fall_into_kinds() {
        let late = "The record timestamp is outside the time range [2026-11-22T22:00:00.000Z, 2026-11-23T00:15:00.000Z) of the memory store.";
        assert_eq!(reject_kind(late), "rejected_outside_retention");
        assert_eq!(reject_kind("something new"), "rejected_other");
    }
}
