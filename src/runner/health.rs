//! Notices that the target is gone, which is another thing than a target that is slow or busy.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use crate::target::ErrorKind;

/// Failures in a row at the least: one broken connection is no loss.
const FAILURES: u32 = 10;

/// Whether the target still answers, whatever it says.
#[derive(Debug)]
pub(crate) struct Health {
    last_answer: AtomicI64,
    failures: AtomicU32,
    /// Nanoseconds without any answer that are put up with.
    patience: i64,
}

impl Health {
    pub(crate) fn new(now: i64, patience: i64) -> Self {
        Self { last_answer: AtomicI64::new(now), failures: AtomicU32::new(0), patience }
    }

    pub(crate) fn answered(&self, now: i64) {
        self.last_answer.store(now, Ordering::Relaxed);
        self.failures.store(0, Ordering::Relaxed);
    }

    /// Notes a failed attempt; true where the target is lost.
    pub(crate) fn failed(&self, kind: ErrorKind, now: i64) -> bool {
        if !matches!(kind, ErrorKind::Connect | ErrorKind::Network | ErrorKind::Timeout) {
            self.answered(now);
            return false;
        }
        let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
        failures >= FAILURES && now - self.last_answer.load(Ordering::Relaxed) >= self.patience
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_lost_after_many_failures_over_a_long_time() {
        let health = Health::new(0, 100);
        assert!(!(0..20).any(|_| health.failed(ErrorKind::Connect, 99)));
        assert!(health.failed(ErrorKind::Connect, 100));
        health.answered(100);
        assert!(!health.failed(ErrorKind::Connect, 300));
    }

    #[test]
    fn a_target_that_throttles_is_there() {
        let health = Health::new(0, 100);
        assert!(!(0..50).any(|time| health.failed(ErrorKind::Throttled, time * 100)));
    }
}
