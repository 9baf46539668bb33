//! When a failed attempt is made again: full jitter over exponential steps, by kind of failure.
//! Not here: making attempts, counting them.

use crate::target::ErrorKind;

const MILLISECOND: i64 = 1_000_000;

/// The first and the longest step between attempts: a service that asks to slow down is given more
/// time than a connection that broke, which mostly is there again at once.
fn steps(kind: ErrorKind) -> (i64, i64) {
    match kind {
        ErrorKind::Throttled => (100 * MILLISECOND, 10_000 * MILLISECOND),
        ErrorKind::Connect | ErrorKind::OpenFiles | ErrorKind::Network => {
            (50 * MILLISECOND, 2_000 * MILLISECOND)
        }
        _ => (50 * MILLISECOND, 5_000 * MILLISECOND),
    }
}

/// How long failed operations are tried again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RetryPolicy {
    /// From the first attempt's start to the last one's, in nanoseconds.
    pub operation: i64,
}

impl RetryPolicy {
    /// Nanoseconds to wait before the next attempt; none where there is to be none.
    ///
    /// `attempt` counts from 1, `spent` is the time since the first attempt began, `unit` a random
    /// number in 0.0..1.0. A step doubles with each attempt and the wait is any part of it, so
    /// that those who failed together do not come back together.
    pub(crate) fn delay(&self, kind: ErrorKind, attempt: u32, spent: i64, unit: f64) -> Option<i64> {
        if !kind.is_transient() {
            return None;
        }
        let (first, longest) = steps(kind);
        let step = first.saturating_mul(1 << (attempt.clamp(1, 20) - 1)).min(longest);
        let delay = (step as f64 * unit) as i64;
        (spent.saturating_add(delay) <= self.operation).then_some(delay)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clock::{Clock, FakeClock};

    const POLICY: RetryPolicy = RetryPolicy { operation: 30_000 * MILLISECOND };

    #[test]
    fn only_what_may_pass_is_tried_again() {
        for kind in [
            ErrorKind::Throttled,
            ErrorKind::Server,
            ErrorKind::Network,
            ErrorKind::Connect,
            ErrorKind::Timeout,
        ] {
            assert!(POLICY.delay(kind, 1, 0, 0.5).is_some(), "{kind:?}");
        }
        for kind in [ErrorKind::Validation, ErrorKind::Rejected, ErrorKind::Denied, ErrorKind::NotFound] {
            assert_eq!(POLICY.delay(kind, 1, 0, 0.5), None, "{kind:?}");
        }
    }

    #[tokio::test]
    async fn lasting_throttles_end_with_the_operation() {
        let clock = FakeClock::at(0);
        let mut attempts = 1;
        while let Some(delay) = POLICY.delay(ErrorKind::Throttled, attempts, clock.now(), 1.0) {
            clock.sleep_until(clock.now() + delay).await;
            attempts += 1;
        }
        // 100 + 200 + ... + 6,400 ms, then 10 s, then one that would end after 30 s.
        assert_eq!((attempts, clock.now() / MILLISECOND), (9, 22_700));
    }

    proptest! {
        #[test]
        fn a_wait_is_a_part_of_its_step(attempt in 1u32..100, unit in 0.0f64..1.0) {
            let delay = POLICY.delay(ErrorKind::Throttled, attempt, 0, unit).unwrap();
            let (first, longest) = steps(ErrorKind::Throttled);
            prop_assert!((0..=longest).contains(&delay));
            if attempt == 1 {
                prop_assert!(delay <= first);
            }
        }
    }
}
