//! The plan that is set: asked about each request, counting what it does.

use std::array;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::act::{Act, Bucket, Refusal};
use super::draws::Draws;
use super::operations::Operations;
use super::plan::{FaultPlan, Flaw};
use super::report::{Count, FaultReport};
use super::rule::Rule;
use super::window::Window;
use crate::clock::Clock;
use crate::model::Record;
use crate::protocol::OPERATIONS;

/// The faults of a server: a plan, or none.
pub(crate) struct Faults {
    clock: Arc<dyn Clock>,
    live: RwLock<Option<Arc<Live>>>,
}

/// A plan that is set.
pub(crate) struct Live {
    plan: FaultPlan,
    set_at: i64,
    rules: Vec<LiveRule>,
}

/// What is to become of a request.
#[derive(Default)]
pub(crate) struct Ruling {
    /// How it is refused; none where it is carried out.
    pub(crate) refusal: Option<Refusal>,
    /// Which of its records are rejected.
    pub(crate) rejects: Option<Rejects>,
    /// How much later it is answered.
    pub(crate) delay: Duration,
    /// Whether its connection is reset instead of an answer.
    pub(crate) reset: bool,
}

/// The rules about a request's records.
pub(crate) struct Rejects {
    live: Arc<Live>,
    rules: Vec<usize>,
}

impl Faults {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, live: RwLock::new(None) }
    }

    /// Sets a plan instead of the one that was set; its windows are counted from now.
    pub(crate) fn set(&self, plan: FaultPlan) -> Result<Arc<Live>, Vec<Flaw>> {
        let live = Arc::new(Live::new(plan, self.clock.now())?);
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&live));
        Ok(live)
    }

    /// Ends whatever plan is set.
    pub(crate) fn clear(&self) {
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Ends this plan, unless another one was set since.
    pub(crate) fn end(&self, plan: &Arc<Live>) {
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        if live.as_ref().is_some_and(|live| Arc::ptr_eq(live, plan)) {
            *live = None;
        }
    }

    /// Rules on a request; nothing where no plan is set or the operation is unknown.
    pub(crate) fn rule_on(&self, operation: &str) -> Option<Ruling> {
        let live = self.live()?;
        let operation = OPERATIONS.iter().position(|known| *known == operation)?;
        Some(live.rule_on(operation, self.clock.now()))
    }

    /// The plan and what it has done.
    pub(crate) fn report(&self) -> FaultReport {
        self.live().map_or_else(FaultReport::default, |live| FaultReport {
            plan: Some(live.plan.clone()),
            counts: live.rules.iter().map(LiveRule::counts).collect(),
        })
    }

    fn live(&self) -> Option<Arc<Live>> {
        self.live.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Live {
    fn new(plan: FaultPlan, now: i64) -> Result<Self, Vec<Flaw>> {
        let flaws = plan.flaws();
        if !flaws.is_empty() {
            return Err(flaws);
        }
        let rules = plan.faults.iter().enumerate();
        let rules = rules.map(|(index, rule)| LiveRule::new(plan.seed, index, rule)).collect();
        Ok(Self { plan, set_at: now, rules })
    }

    fn rule_on(self: &Arc<Self>, operation: usize, now: i64) -> Ruling {
        let age = now.saturating_sub(self.set_at);
        let mut ruling = Ruling::default();
        for (index, rule) in self.rules.iter().enumerate() {
            if !rule.operations.covers(operation) || !rule.window.contains(age) {
                continue;
            }
            if let Some(Act::Reject(_)) = rule.act {
                let none = || Rejects { live: Arc::clone(self), rules: Vec::new() };
                ruling.rejects.get_or_insert_with(none).rules.push(index);
                continue;
            }
            rule.rule_on(operation, age, &mut ruling);
            if ruling.refusal.is_some() || ruling.reset {
                break;
            }
        }
        ruling
    }
}

impl Rejects {
    /// Why a record is rejected.
    pub(crate) const REASON: &str = "The record was rejected by the fault plan.";

    /// Whether a record is to be rejected.
    pub(crate) fn hit(&self, record: &Record<'_>) -> bool {
        self.rules.iter().any(|rule| self.live.rules[*rule].rejects(record))
    }
}

/// A rule and its state.
struct LiveRule {
    operations: Operations,
    window: Window,
    /// None for a rule that does nothing, which no plan without flaws has.
    act: Option<Act>,
    bucket: Option<Bucket>,
    tallies: [Tally; OPERATIONS.len()],
}

/// A rule's draws for one operation, and what came of them.
struct Tally {
    draws: Draws,
    asked: AtomicU64,
    hit: AtomicU64,
}

impl LiveRule {
    fn new(seed: u64, index: usize, rule: &Rule) -> Self {
        let act = rule.acts().first().copied();
        let bucket = match act {
            Some(Act::ThrottleAbove(rate)) => Some(Bucket::new(rate)),
            _ => None,
        };
        let tally = |operation: usize| Tally {
            draws: Draws::new(seed, index, OPERATIONS[operation]),
            asked: AtomicU64::new(0),
            hit: AtomicU64::new(0),
        };
        let (operations, window) = (rule.operations(), rule.window());
        Self { operations, window, act, bucket, tallies: array::from_fn(tally) }
    }

    fn rule_on(&self, operation: usize, age: i64, ruling: &mut Ruling) {
        let tally = &self.tallies[operation];
        let n = tally.asked.fetch_add(1, Ordering::Relaxed);
        let struck = |share: super::written::Share| tally.draws.nth(n) < share.fraction();
        let hit = match self.act {
            Some(Act::Refuse(refusal, share)) if struck(share) => {
                ruling.refusal = Some(refusal);
                ruling.reset |= refusal == Refusal::Reset;
                true
            }
            Some(Act::ThrottleAbove(_)) if self.bucket.as_ref().is_some_and(|bucket| !bucket.take(age)) => {
                ruling.refusal = Some(Refusal::Throttled);
                true
            }
            Some(Act::ResetAfter(share)) if struck(share) => {
                ruling.reset = true;
                true
            }
            Some(Act::Delay(latency)) => {
                let delay = Duration::from_nanos(tally.draws.delay(n, latency));
                ruling.delay = ruling.delay.saturating_add(delay);
                true
            }
            _ => false,
        };
        tally.hit.fetch_add(u64::from(hit), Ordering::Relaxed);
    }

    fn rejects(&self, record: &Record<'_>) -> bool {
        let Some(Act::Reject(share)) = self.act else { return false };
        // Only writes have records, and their index is 0.
        let tally = &self.tallies[0];
        tally.asked.fetch_add(1, Ordering::Relaxed);
        let hit = tally.draws.of_record(record) < share.fraction();
        tally.hit.fetch_add(u64::from(hit), Ordering::Relaxed);
        hit
    }

    fn counts(&self) -> BTreeMap<String, Count> {
        let counts = OPERATIONS.iter().zip(&self.tallies).map(|(operation, tally)| {
            let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
            ((*operation).to_owned(), Count { asked: read(&tally.asked), hit: read(&tally.hit) })
        });
        counts.filter(|(_, count)| count.asked > 0).collect()
    }
}
