//! Sends an ingest workload's batches at their instants, or a back-fill's as fast as the window
//! allows. Whatever is late is sent late; nothing is left out. Not here: sending one (`write`).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::context::{Context, PhaseEnd, Wait};
use super::write::{Job, write};
use crate::fleet::Slot;
use crate::recorder::event::Event;
use crate::schedule::{self, Ramp};

/// Slots after which counting what is skipped lets others run.
const YIELD_EVERY: usize = 64;

/// One ingest workload in one phase.
#[derive(Debug)]
pub(crate) struct Pacer {
    pub context: Arc<Context>,
    pub phase: usize,
    pub workload: usize,
    /// The share of hosts that report.
    pub share: Ramp,
    /// Room for requests in flight.
    pub window: Arc<Semaphore>,
    /// The instant of the slot that is sent next.
    pub cursor: Arc<AtomicI64>,
    pub end: PhaseEnd,
}

impl Pacer {
    /// Sends every slot from `from` to the phase's end at its instant.
    pub(crate) async fn live(mut self, from: i64) {
        let mut slots = schedule::slots_from(&self.context.plan.generator, from);
        while let Some(slot) = slots.next() {
            let instant = schedule::instant(&slot);
            self.cursor.store(instant, Ordering::Relaxed);
            let room = match self.context.wait(instant, &mut self.end).await {
                Wait::Due => self.room().await,
                Wait::Ended => break,
                Wait::Stopped => None,
            };
            match room {
                Some(room) => self.send(slot, instant, room),
                None => return self.skip(std::iter::once(slot).chain(slots)).await,
            }
        }
        self.cursor.store(i64::MAX, Ordering::Relaxed);
    }

    /// Sends every slot from `from` to `until`, or until it has caught up with now; gives the instant
    /// before which everything is sent.
    pub(crate) async fn backfill(self, from: i64, until: Option<i64>) -> i64 {
        let slots = schedule::slots_from(&self.context.plan.generator, from);
        for slot in slots {
            let instant = schedule::instant(&slot);
            let limit = until.unwrap_or_else(|| self.context.clock.now());
            self.cursor.store(instant, Ordering::Relaxed);
            if instant >= limit {
                return limit;
            }
            if self.context.stop.is_asked() {
                return instant;
            }
            match self.room().await {
                Some(room) => self.send(slot, self.context.clock.now(), room),
                None => return instant,
            }
        }
        // A fleet without records has no history either.
        until.unwrap_or_else(|| self.context.clock.now())
    }

    /// Room for one more request; none where the run ends first.
    async fn room(&self) -> Option<OwnedSemaphorePermit> {
        tokio::select! {
            // The window is never closed.
            room = Arc::clone(&self.window).acquire_owned() => room.ok(),
            () = self.context.stop.asked() => None,
        }
    }

    fn send(&self, slot: Slot, intended: i64, room: OwnedSemaphorePermit) {
        let job = Job {
            phase: self.phase,
            workload: self.workload,
            slot,
            share: self.share.at(schedule::instant(&slot)),
            intended,
            admitted: self.context.clock.now(),
            room,
        };
        tokio::spawn(write(Arc::clone(&self.context), job));
    }

    /// Counts what was due when the run ended, so that nothing is missing from the accounts.
    async fn skip(&self, slots: impl Iterator<Item = Slot>) {
        let now = self.context.clock.now();
        let limit = self.end.borrow().map_or(now, |end| now.min(end));
        let due = slots.take_while(|slot| schedule::instant(slot) < limit);
        let mut records = 0;
        for (count, slot) in due.enumerate() {
            let share = self.share.at(schedule::instant(&slot));
            records += self.context.plan.generator.batch(slot, share).records.len() as u64;
            if count % YIELD_EVERY == 0 {
                tokio::task::yield_now().await;
            }
            if self.context.stop.is_abandoned() {
                break;
            }
        }
        let (phase, workload) = (self.phase, self.workload);
        self.context.tell(Event::Skipped { phase, workload, records });
    }
}
