//! Serves the queries of an open load: each is asked when it arrives, by whoever is free. Who finds
//! nobody free is late, and the lateness is recorded. Not here: when they arrive (`schedule`).

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::behind;
use super::context::{PhaseEnd, Wait};
use super::user::{Crew, Turn, User};
use crate::plan::Behind;
use crate::recorder::event::{Event, WindowWait};
use crate::schedule::Arrivals;
use crate::values::draw;

/// Those who serve a workload's arrivals: as many as may be in flight.
#[derive(Debug)]
pub(crate) struct Servers {
    crew: Arc<Crew>,
    idle: Mutex<Vec<User>>,
    room: Arc<Semaphore>,
    count: u32,
}

impl Servers {
    pub(crate) fn new(crew: &Arc<Crew>, count: usize) -> Self {
        let count = u32::try_from(count).unwrap_or(u32::MAX).max(1);
        // The first is taken first, so that a quiet load is asked by few.
        let idle = (1..=count).rev().map(|number| User::new(Arc::clone(crew), number)).collect();
        let room = Arc::new(Semaphore::new(count as usize));
        Self { crew: Arc::clone(crew), idle: Mutex::new(idle), room, count }
    }

    /// Somebody who is free; none where the run ends first.
    async fn free(&self) -> Option<(User, OwnedSemaphorePermit)> {
        let permit = tokio::select! {
            // The semaphore is never closed.
            permit = Arc::clone(&self.room).acquire_owned() => permit.ok()?,
            () = self.crew.context.stop.asked() => return None,
        };
        // There are as many users as permits.
        let user = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
        Some((user, permit))
    }

    fn give_back(&self, user: User, permit: OwnedSemaphorePermit) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(user);
        drop(permit);
    }

    /// Returns once nobody is busy.
    pub(crate) async fn rest(&self) {
        // The semaphore is never closed.
        let _ = self.room.acquire_many(self.count).await;
    }
}

/// One workload's arrivals in one phase.
#[derive(Debug)]
pub(crate) struct Reception {
    pub servers: Arc<Servers>,
    pub phase: usize,
    pub arrivals: Arrivals,
    pub behind: Behind,
    /// The instant of the arrival that is served next.
    pub cursor: Arc<AtomicI64>,
    pub end: PhaseEnd,
}

impl Reception {
    /// Has every arrival of the phase served.
    pub(crate) async fn open(mut self) {
        let context = Arc::clone(&self.servers.crew.context);
        let mut number = 0;
        let mut before = None;
        while let Some(intended) = self.arrivals.next() {
            number += 1;
            self.cursor.store(intended, Ordering::Relaxed);
            let verdict = match context.wait(intended, &mut self.end).await {
                Wait::Due => context.verdict(self.servers.crew.workload, self.behind, intended),
                Wait::Ended => break,
                Wait::Stopped => behind::Verdict::Stop,
            };
            match verdict {
                behind::Verdict::Skip => {
                    self.skip(number);
                    continue;
                }
                behind::Verdict::Stop => return self.skip_rest(number, intended),
                behind::Verdict::Send => {}
            }
            let asked = context.clock.now();
            let Some((mut user, permit)) = self.servers.free().await else {
                return self.skip_rest(number, intended);
            };
            let admitted = context.clock.now();
            let cycle = admitted - before.replace(admitted).unwrap_or(asked);
            let turn = Turn { intended, wait: WindowWait { waited: admitted - asked, cycle } };
            let (servers, phase, key) = (Arc::clone(&self.servers), self.phase, self.key(number));
            tokio::spawn(Arc::clone(&context).guarded(async move {
                user.serve(phase, key, turn).await;
                servers.give_back(user, permit);
            }));
        }
        self.cursor.store(i64::MAX, Ordering::Relaxed);
    }

    /// The key of an arrival's draws: which query it is, and of which host.
    fn key(&self, number: u64) -> u64 {
        let crew = &self.servers.crew;
        let plan = &crew.context.plan;
        let workload = draw::child(draw::root(plan.seed), &plan.workloads[crew.workload].name, "arrivals");
        draw::child(workload, &plan.phases[self.phase].name, &number.to_string())
    }

    /// Counts an arrival that is not served, as the query that it would have been.
    fn skip(&self, number: u64) {
        let crew = &self.servers.crew;
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(self.key(number));
        let query = Some(crew.queries.draw(&mut rng));
        crew.context.tell(Event::Skipped { phase: self.phase, workload: crew.workload, query, count: 1 });
    }

    /// Counts what was due when the run ended.
    fn skip_rest(mut self, first: u64, intended: i64) {
        let now = self.servers.crew.context.clock.now();
        let limit = self.end.borrow().map_or(now, |end| now.min(end));
        let mut next = Some(intended);
        for number in first.. {
            if next.is_none_or(|instant| instant >= limit) {
                return;
            }
            self.skip(number);
            next = self.arrivals.next();
        }
    }
}
