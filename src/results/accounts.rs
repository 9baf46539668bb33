//! What became of every record that was to be written.

/// Records of an ingest workload, counted once each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Accounts {
    /// Due in the time that the run lasted.
    pub planned: u64,
    /// Stored, as the service said.
    pub acknowledged: u64,
    /// Left out by the service.
    pub rejected: u64,
    /// Answered with an error for good: not stored.
    pub refused: u64,
    /// Perhaps stored: no answer in time, a broken connection, or an answer that the service failed (5xx).
    pub unknown: u64,
    /// Due, but never sent, because the run ended or they were too late for the scenario.
    pub skipped: u64,
}

impl Accounts {
    /// Records that were made: everything but the skipped.
    #[must_use]
    pub fn made(&self) -> u64 {
        self.acknowledged + self.rejected + self.refused + self.unknown
    }

    pub(crate) fn skip(&mut self, records: u64) {
        self.planned += records;
        self.skipped += records;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.planned += other.planned;
        self.acknowledged += other.acknowledged;
        self.rejected += other.rejected;
        self.refused += other.refused;
        self.unknown += other.unknown;
        self.skipped += other.skipped;
    }
}
