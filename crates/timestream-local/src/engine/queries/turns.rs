//! How many pages are made at once. Not here: what a page is made of (`making`).
//!
//! All queries share one memory: each gets the less of it, the more are at work, and a sort that gets too little fails.
//! So few begin at once. Were that all, as many long ones would hold up a `SELECT 1` until they are done. So one that
//! takes long goes on in a place beside them, of which there are as many as there is memory for; only where all of
//! these are taken, too, does it keep its turn, and others wait for it.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::metrics::{Counted, QueryMetrics};

/// Memory of queries for which there is a place for a long one: what a few sorts at least take.
const PLACE_BYTES: usize = 32 << 20;

/// The turns of pages.
pub(super) struct Turns {
    turns: Semaphore,
    places: Semaphore,
    /// What takes longer is long.
    long: Duration,
    metrics: QueryMetrics,
}

impl Turns {
    /// `turns` pages at once, and those that take longer than `long` beside them, as `memory` allows.
    pub(super) fn new(turns: usize, memory: usize, long: Duration, metrics: QueryMetrics) -> Self {
        let places = Semaphore::new((memory / PLACE_BYTES).max(1));
        Self { turns: Semaphore::new(turns), places, long, metrics }
    }

    /// Does `work` when it is its turn.
    pub(super) async fn take<T>(&self, work: impl Future<Output = T>) -> T {
        let waiting = Counted::new(&self.metrics.waiting);
        let turn = self.turns.acquire().await.expect("the semaphore is never closed");
        drop(waiting);
        let _running = Counted::new(&self.metrics.running);
        let mut work = pin!(work);
        let _place = tokio::select! {
            biased;
            done = &mut work => return done,
            place = self.place() => place,
        };
        drop(turn);
        work.await
    }

    /// A place for work that has begun now, once it takes long.
    async fn place(&self) -> SemaphorePermit<'_> {
        tokio::time::sleep(self.long).await;
        self.places.acquire().await.expect("the semaphore is never closed")
    }
}
