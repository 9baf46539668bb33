//! The only source of time of a run, so that tests can pass their own. Not here: the server's clock.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::future::BoxFuture;
use tokio::time::Instant;

/// Tells the time and waits for it. Times are nanoseconds since the Unix epoch.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The time now; never goes back.
    fn now(&self) -> i64;
    /// Returns once `time` is reached; at once if it is past.
    fn sleep_until(&self, time: i64) -> BoxFuture<'static, ()>;
}

/// The wall clock, read once and then carried on by the monotonic clock: a correction of the wall
/// clock in the middle of a run must not look like latency.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    epoch: i64,
    origin: Instant,
}

impl SystemClock {
    /// A clock that agrees with the wall clock now.
    #[must_use]
    pub fn start() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { epoch: nanos(since_epoch), origin: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> i64 {
        self.epoch.saturating_add(nanos(self.origin.elapsed()))
    }

    fn sleep_until(&self, time: i64) -> BoxFuture<'static, ()> {
        let after = u64::try_from(time.saturating_sub(self.epoch)).unwrap_or(0);
        let deadline = self.origin + Duration::from_nanos(after);
        Box::pin(tokio::time::sleep_until(deadline))
    }
}

/// A duration in nanoseconds; the longest there is where it does not fit.
#[must_use]
pub fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

/// A clock for tests: sleeping moves it on and takes no time.
#[cfg(test)]
#[derive(Debug)]
pub(crate) struct FakeClock(std::sync::atomic::AtomicI64);

#[cfg(test)]
impl FakeClock {
    pub(crate) fn at(time: i64) -> Self {
        Self(std::sync::atomic::AtomicI64::new(time))
    }
}

#[cfg(test)]
impl Clock for FakeClock {
    fn now(&self) -> i64 {
        self.0.load(std::sync::atomic::Ordering::SeqCst)
    }

    fn sleep_until(&self, time: i64) -> BoxFuture<'static, ()> {
        self.0.fetch_max(time, std::sync::atomic::Ordering::SeqCst);
        Box::pin(std::future::ready(()))
    }
}
