//! The only source of time in this crate, and of waiting for one. Not here: timeouts, which bound how long we
//! work and are none of the data's business.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::watch;

/// How long the wall clock is slept on before it is looked at again: it may be set, and the machine may sleep.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// Tells the time in nanoseconds since the Unix epoch.
///
/// A server takes its clock when it is built; no client can set it.
pub trait Clock: Send + Sync + 'static {
    /// Nanoseconds since the Unix epoch.
    fn now(&self) -> i64;

    /// Done once this clock shows `time` or later.
    fn reached(&self, time: i64) -> BoxFuture<'static, ()>;
}

/// The wall clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> i64 {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX)
    }

    fn reached(&self, time: i64) -> BoxFuture<'static, ()> {
        async move {
            while let Ok(left @ 1..) = u64::try_from(time.saturating_sub(Self.now())) {
                tokio::time::sleep(Duration::from_nanos(left).min(LOOK_AGAIN)).await;
            }
        }
        .boxed()
    }
}

/// A clock that stands still until it is moved, for tests.
#[derive(Debug, Default)]
pub struct ManualClock(watch::Sender<i64>);

impl ManualClock {
    /// A clock that stands at `nanos` since the Unix epoch.
    #[must_use]
    pub fn at(nanos: i64) -> Self {
        Self(watch::Sender::new(nanos))
    }

    /// Moves the clock by `nanos`.
    pub fn advance(&self, nanos: i64) {
        self.0.send_modify(|now| *now = now.wrapping_add(nanos));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> i64 {
        *self.0.borrow()
    }

    fn reached(&self, time: i64) -> BoxFuture<'static, ()> {
        let mut now = self.0.subscribe();
        async move {
            if now.wait_for(|now| *now >= time).await.is_err() {
                // Nobody moves a clock that is gone.
                std::future::pending::<()>().await;
            }
        }
        .boxed()
    }
}
