//! Sends an ingest workload's batches at their instants, or a back-fill's at a rate or as fast as the
//! window allows. Whatever is late is sent late, unless the scenario says otherwise (`behind`);
//! nothing is left out of the accounts. Not here: sending one (`write`).

use std::iter::Peekable;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::Semaphore;

use super::behind::Verdict;
use super::context::{Context, PhaseEnd, Wait, joined};
use super::write::{Job, Room, write};
use crate::fleet::Slot;
use crate::load::Curve;
use crate::plan::IngestLoad;
use crate::recorder::event::{Event, WindowWait};
use crate::schedule;

/// Slots after which counting what is skipped lets others run.
const YIELD_EVERY: usize = 64;

/// One ingest workload in one phase.
#[derive(Debug)]
pub(crate) struct Pacer {
    pub context: Arc<Context>,
    pub phase: usize,
    pub workload: usize,
    pub load: IngestLoad,
    /// The share of hosts that report.
    pub share: Curve,
    /// Room for requests in flight.
    pub window: Arc<Semaphore>,
    /// The instant of the slot that is sent next.
    pub cursor: Arc<AtomicI64>,
    pub end: PhaseEnd,
    /// When the slot before got its place in the window.
    pub admitted: Option<i64>,
}

/// A back-fill's part of history.
#[derive(Debug)]
pub(crate) struct History {
    pub from: i64,
    /// Where it ends; with now if not given.
    pub until: Option<i64>,
    /// Records a second; as fast as the window allows if not given.
    pub rate: Option<Curve>,
}

impl Pacer {
    /// Sends every slot from `from` to the phase's end at its instant.
    pub(crate) async fn live(mut self, from: i64) {
        let mut slots = self.slots_from(from).await;
        while let Some(slot) = slots.next() {
            let instant = schedule::instant(&slot);
            self.cursor.store(instant, Ordering::Relaxed);
            let verdict = match self.context.wait(instant, &mut self.end).await {
                Wait::Due => self.context.verdict(self.workload, self.load.behind, instant),
                Wait::Ended => break,
                Wait::Stopped => Verdict::Stop,
            };
            let room = match verdict {
                Verdict::Send => self.room().await,
                Verdict::Skip => {
                    self.count_skipped(std::iter::once(slot)).await;
                    continue;
                }
                Verdict::Stop => None,
            };
            match room {
                Some(room) => self.send(slot, instant, room),
                None => return self.skip(std::iter::once(slot).chain(slots)).await,
            }
        }
        self.cursor.store(i64::MAX, Ordering::Relaxed);
    }

    /// Sends every slot of a history, or until it has caught up with now; gives the instant before
    /// which everything is sent.
    pub(crate) async fn backfill(mut self, history: History) -> i64 {
        let slots = self.slots_from(history.from).await;
        let mut pace = history.rate.map(|rate| HistoryPace::new(rate, self.context.clock.now()));
        for slot in slots {
            let instant = schedule::instant(&slot);
            let limit = history.until.unwrap_or_else(|| self.context.clock.now());
            self.cursor.store(instant, Ordering::Relaxed);
            if instant >= limit {
                return limit;
            }
            let due = match &mut pace {
                // A batch may hold fewer records than it could: late ones come by themselves, some not at all.
                Some(pace) => pace.next(self.context.plan.generator.count(slot, 1.0)),
                None => i64::MIN,
            };
            if self.context.wait(due, &mut self.end).await == Wait::Stopped {
                return instant;
            }
            if pace.is_some() {
                match self.context.verdict(self.workload, self.load.behind, due) {
                    Verdict::Send => {}
                    Verdict::Skip => {
                        self.count_skipped(std::iter::once(slot)).await;
                        continue;
                    }
                    Verdict::Stop => return instant,
                }
            }
            let Some(room) = self.room().await else { return instant };
            // Without a rate it is meant for the moment at which there is room for it.
            let intended = if pace.is_some() { due } else { room.admitted };
            self.send(slot, intended, room);
        }
        // A fleet without records has no history either.
        history.until.unwrap_or_else(|| self.context.clock.now())
    }

    /// The slots from an instant on. Late data is looked for as far back as it can come from, which may
    /// take long and must not keep anybody else from running.
    async fn slots_from(&self, from: i64) -> Peekable<impl Iterator<Item = Slot> + Send + 'static> {
        let mut slots = schedule::slots_from(&self.context.plan.generator, from).peekable();
        let first = move || {
            slots.peek();
            slots
        };
        joined(tokio::task::spawn_blocking(first)).await
    }

    /// Room for one more request; none where the run ends first.
    async fn room(&mut self) -> Option<Room> {
        let asked = self.context.clock.now();
        let place = tokio::select! {
            // The window is never closed.
            place = Arc::clone(&self.window).acquire_owned() => place.ok()?,
            () = self.context.stop.asked() => return None,
        };
        let admitted = self.context.clock.now();
        let cycle = admitted - self.admitted.replace(admitted).unwrap_or(asked);
        Some(Room { place, admitted, wait: WindowWait { waited: admitted - asked, cycle } })
    }

    fn send(&self, slot: Slot, intended: i64, room: Room) {
        let job = Job {
            phase: self.phase,
            workload: self.workload,
            slot,
            share: self.share.at(schedule::instant(&slot)),
            intended,
            room,
            think: self.load.think.clone(),
        };
        let context = &self.context;
        context.senders.spawn(|target| Arc::clone(context).guarded(write(Arc::clone(context), target, job)));
    }

    /// Counts what was due when the run ended, so that nothing is missing from the accounts.
    async fn skip(&self, slots: impl Iterator<Item = Slot>) {
        let now = self.context.clock.now();
        let limit = self.end.borrow().map_or(now, |end| now.min(end));
        self.count_skipped(slots.take_while(|slot| schedule::instant(slot) < limit)).await;
    }

    async fn count_skipped(&self, slots: impl Iterator<Item = Slot>) {
        let mut records = 0;
        for (count, slot) in slots.enumerate() {
            let share = self.share.at(schedule::instant(&slot));
            records += self.context.plan.generator.count(slot, share);
            if count % YIELD_EVERY == 0 {
                tokio::task::yield_now().await;
            }
            if self.context.stop.is_abandoned() {
                break;
            }
        }
        let (phase, workload) = (self.phase, self.workload);
        self.context.tell(Event::Skipped { phase, workload, query: None, count: records });
    }
}

/// When the batches of a back-fill that has a rate are due.
struct HistoryPace {
    rate: Curve,
    due: i64,
    owed: f64,
}

impl HistoryPace {
    fn new(rate: Curve, start: i64) -> Self {
        Self { rate, due: start, owed: 0.0 }
    }

    /// When a slot of so many records is due; never, where the rate has come to nothing for good.
    fn next(&mut self, records: u64) -> i64 {
        self.due = self.rate.reach(self.due, self.owed).unwrap_or(i64::MAX);
        self.owed = records as f64;
        self.due
    }
}
