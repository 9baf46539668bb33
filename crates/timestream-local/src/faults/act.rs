//! What a rule does to a request. Not here: when and to which (`live`).

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};

use super::written::{Latency, Rate, Share};

/// How a request is refused, without being carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// ThrottlingException.
    Throttled,
    /// InternalServerException.
    Failed,
    /// 503, as from a service that is away.
    Unavailable,
    /// The connection is reset.
    Reset,
}

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Act {
    /// Refuses a share of the requests.
    Refuse(Refusal, Share),
    /// Throttles the requests above a rate.
    ThrottleAbove(Rate),
    /// Carries a share of the requests out and resets their connections instead of answering.
    ResetAfter(Share),
    /// Rejects a share of the records.
    Reject(Share),
    /// Delays every answer.
    Delay(Latency),
}

impl Act {
    /// The key that it has in a rule.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Refuse(Refusal::Throttled, _) => "throttle",
            Self::Refuse(Refusal::Failed, _) => "error",
            Self::Refuse(Refusal::Unavailable, _) => "unavailable",
            Self::Refuse(Refusal::Reset, _) => "reset_before",
            Self::ThrottleAbove(_) => "throttle_above",
            Self::ResetAfter(_) => "reset_after",
            Self::Reject(_) => "reject",
            Self::Delay(_) => "latency",
        }
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.key())?;
        match self {
            Self::Refuse(_, share) | Self::ResetAfter(share) | Self::Reject(share) => share.fmt(f),
            Self::ThrottleAbove(rate) => rate.fmt(f),
            Self::Delay(latency) => latency.fmt(f),
        }
    }
}

/// Lets requests pass at a rate, and those of a second at once: a token bucket, kept as the time at
/// which it will be full again.
#[derive(Debug)]
pub(super) struct Bucket {
    interval: i64,
    full_at: AtomicI64,
}

impl Bucket {
    const BURST: i64 = 1_000_000_000;

    pub(super) fn new(rate: Rate) -> Self {
        Self { interval: rate.interval(), full_at: AtomicI64::new(0) }
    }

    /// Whether a request may pass now.
    pub(super) fn take(&self, now: i64) -> bool {
        let taken = self.full_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| {
            let full_at = full_at.max(now).saturating_add(self.interval);
            (full_at - now <= Self::BURST.max(self.interval)).then_some(full_at)
        });
        taken.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bucket(rate: &str) -> Bucket {
        Bucket::new(serde_json::from_str(&format!("{rate:?}")).unwrap())
    }

    #[test]
    fn a_second_s_requests_pass_at_once_and_then_the_rate() {
        let bucket = bucket("500/s");
        let passed = |now| (0..1_000).filter(|_| bucket.take(now)).count();
        assert_eq!(passed(0), 500);
        assert_eq!(passed(0), 0);
        assert_eq!(passed(100_000_000), 50);
        assert_eq!(passed(10_000_000_000), 500, "no more than a second's are saved");
    }

    #[test]
    fn a_slow_rate_lets_the_first_one_pass() {
        let bucket = bucket("0.5/s");
        assert_eq!([0, 1_000_000_000, 2_000_000_000].map(|now| bucket.take(now)), [true, false, true]);
    }

    proptest! {
        #[test]
        fn what_passes_is_the_rate_and_a_second_s_burst(rate in 1_u32..2_000, gap in 1_i64..10_000_000) {
            let bucket = bucket(&format!("{rate}/s"));
            let passed = (0..5_000).filter(|n| bucket.take(n * gap)).count() as f64;
            let seconds = (4_999 * gap) as f64 / 1e9;
            let most = f64::from(rate) * (1.0 + seconds);
            prop_assert!(passed <= most + 1.0, "{passed} of {most}");
            let offered = 5_000_f64;
            prop_assert!(passed >= offered.min(f64::from(rate) * seconds) - 1.0, "{passed}");
        }
    }
}
