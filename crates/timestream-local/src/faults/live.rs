//! The plan that is set: asked about each request, counting what it does.

use std::array;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::act::{Act, Bucket, Refusal};
use super::draws::Draws;
use super::flaw::Flaw;
use super::operations::Operations;
use super::plan::FaultPlan;
use super::report::{Count, FaultReport};
use super::rule::Rule;
use super::window::Window;
use crate::clock::Clock;
use crate::model::Record;
use crate::protocol::OPERATIONS;

/// The faults of a server: of its plans the last one that was set and has not ended, or none.
pub(crate) struct Faults {
    clock: Arc<dyn Clock>,
    live: RwLock<Vec<Arc<Live>>>,
}

/// Plans that are held at once.
pub(crate) const MAX_HELD: usize = 100;

/// Why a plan is not held.
#[derive(Debug)]
pub(crate) enum NotHeld {
    Flawed(Vec<Flaw>),
    /// `MAX_HELD` are.
    Full,
}

/// A plan that is set.
pub(crate) struct Live {
    plan: FaultPlan,
    set_at: i64,
    rules: Vec<LiveRule>,
    /// Whether it ends with somebody who holds it.
    held: bool,
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
        Self { clock, live: RwLock::default() }
    }

    /// Sets a plan until it is cleared or another is set so; its windows are counted from now.
    pub(crate) fn set(&self, plan: FaultPlan) -> Result<Arc<Live>, Vec<Flaw>> {
        let live = Arc::new(Live::new(plan, false, self.clock.now())?);
        self.plans(|plans| {
            plans.retain(|plan| plan.held);
            plans.push(Arc::clone(&live));
        });
        Ok(live)
    }

    /// Sets a plan until it is ended; then those that were set before it count again.
    pub(crate) fn hold(&self, plan: FaultPlan) -> Result<Arc<Live>, NotHeld> {
        let live = Arc::new(Live::new(plan, true, self.clock.now()).map_err(NotHeld::Flawed)?);
        self.plans(|plans| {
            if plans.iter().filter(|plan| plan.held).count() >= MAX_HELD {
                return Err(NotHeld::Full);
            }
            plans.push(Arc::clone(&live));
            Ok(())
        })?;
        Ok(live)
    }

    /// Ends whatever plans are set.
    pub(crate) fn clear(&self) {
        self.plans(Vec::clear);
    }

    /// Ends this plan.
    pub(crate) fn end(&self, plan: &Arc<Live>) {
        self.plans(|plans| plans.retain(|live| !Arc::ptr_eq(live, plan)));
    }

    fn plans<T>(&self, change: impl FnOnce(&mut Vec<Arc<Live>>) -> T) -> T {
        change(&mut self.live.write().unwrap_or_else(PoisonError::into_inner))
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
        self.live.read().unwrap_or_else(PoisonError::into_inner).last().cloned()
    }
}

impl Live {
    fn new(plan: FaultPlan, held: bool, now: i64) -> Result<Self, Vec<Flaw>> {
        let flaws = plan.flaws();
        if !flaws.is_empty() {
            return Err(flaws);
        }
        let rules = plan.faults.iter().enumerate();
        let rules = rules.filter_map(|(index, rule)| LiveRule::new(plan.seed, index, rule)).collect();
        Ok(Self { plan, set_at: now, rules, held })
    }

    fn rule_on(self: &Arc<Self>, operation: usize, now: i64) -> Ruling {
        let age = now.saturating_sub(self.set_at);
        let mut ruling = Ruling::default();
        for (index, rule) in self.rules.iter().enumerate() {
            if !rule.operations.covers(operation) || !rule.window.contains(age) {
                continue;
            }
            if let Act::Reject(_) = rule.act {
                let none = || Rejects { live: Arc::clone(self), rules: Vec::new() };
                ruling.rejects.get_or_insert_with(none).rules.push(index);
                continue;
            }
            // One refusal or reset is enough; which records are rejected does not depend on it, so that
            // they are rejected again when a client that got no answer sends them again.
            if ruling.refusal.is_none() && !ruling.reset {
                rule.rule_on(operation, age, &mut ruling);
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
    act: Act,
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
    /// None for a rule that does nothing, which is a flaw.
    fn new(seed: u64, index: usize, rule: &Rule) -> Option<Self> {
        let act = *rule.acts().first()?;
        let bucket = match act {
            Act::ThrottleAbove(rate) => Some(Bucket::new(rate)),
            _ => None,
        };
        let tally = |operation: usize| Tally {
            draws: Draws::new(seed, index, OPERATIONS[operation]),
            asked: AtomicU64::new(0),
            hit: AtomicU64::new(0),
        };
        let (operations, window) = (rule.operations(), rule.window());
        Some(Self { operations, window, act, bucket, tallies: array::from_fn(tally) })
    }

    fn rule_on(&self, operation: usize, age: i64, ruling: &mut Ruling) {
        let tally = &self.tallies[operation];
        let n = tally.asked.fetch_add(1, Ordering::Relaxed);
        let hit = match self.act {
            Act::Refuse(_, share) | Act::ResetAfter(share) => tally.draws.nth(n) < share.fraction(),
            Act::ThrottleAbove(_) => self.bucket.as_ref().is_some_and(|bucket| !bucket.take(age)),
            Act::Delay(_) => true,
            Act::Reject(_) => false,
        };
        if !hit {
            return;
        }
        tally.hit.fetch_add(1, Ordering::Relaxed);
        match self.act {
            Act::Refuse(refusal, _) => {
                ruling.refusal = Some(refusal);
                ruling.reset = refusal == Refusal::Reset;
            }
            Act::ThrottleAbove(_) => ruling.refusal = Some(Refusal::Throttled),
            Act::ResetAfter(_) => ruling.reset = true,
            Act::Delay(latency) => {
                let delay = Duration::from_nanos(tally.draws.delay(n, latency));
                ruling.delay = ruling.delay.saturating_add(delay);
            }
            Act::Reject(_) => {}
        }
    }

    fn rejects(&self, record: &Record<'_>) -> bool {
        let Act::Reject(share) = self.act else { return false };
        // Only writes have records, and theirs is the first of the operations.
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clock::ManualClock;

    /// Two rules that refuse by share.
    fn faults(seed: u64, throttle: u32, error: u32) -> (Faults, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::at(0));
        let faults = Faults::new(Arc::clone(&clock) as _);
        let rules = format!(r#"[{{"throttle":"{throttle}%"}},{{"error":"{error}%"}}]"#);
        let plan = format!(r#"{{"seed":{seed},"faults":{rules}}}"#);
        assert!(faults.set(serde_json::from_str(&plan).unwrap()).is_ok());
        (faults, clock)
    }

    fn refusal(faults: &Faults, operation: &str) -> Option<Refusal> {
        faults.rule_on(operation).unwrap().refusal
    }

    proptest! {
        #[test]
        fn shares_are_of_the_requests_that_come_to_a_rule(seed: u64, throttle in 0_u32..=100, error in 0_u32..=100) {
            let (faults, _) = faults(seed, throttle, error);
            for _ in 0..4_000 {
                faults.rule_on("Query");
            }
            let report = faults.report();
            let [first, second] = [0, 1].map(|rule: usize| {
                report.counts[rule].get("Query").copied().unwrap_or_default()
            });
            prop_assert_eq!(first.asked, 4_000);
            prop_assert_eq!(second.asked, 4_000 - first.hit);
            for (count, percent) in [(first, throttle), (second, error)] {
                let (asked, share) = (count.asked as f64, f64::from(percent) / 100.0);
                // Seven standard deviations of a binomial, and a little for the few.
                let bound = 7.0 * (asked * share * (1.0 - share)).sqrt() + 2.0;
                prop_assert!((count.hit as f64 - asked * share).abs() <= bound, "{count:?} of {percent}%");
            }
        }

        #[test]
        fn an_operation_meets_the_same_whatever_else_is_asked_and_when(
            seed: u64,
            between in prop::collection::vec((0_usize..4, 0_i64..5_000_000_000), 50),
        ) {
            let alone: Vec<_> = {
                let (faults, _) = faults(seed, 30, 30);
                between.iter().map(|_| refusal(&faults, "WriteRecords")).collect()
            };
            let (faults, clock) = faults(seed, 30, 30);
            let among: Vec<_> = between
                .iter()
                .map(|(others, pause)| {
                    (0..*others).for_each(|_| drop(faults.rule_on("Query")));
                    clock.advance(*pause);
                    refusal(&faults, "WriteRecords")
                })
                .collect();
            prop_assert_eq!(alone, among);
        }
    }

    #[test]
    fn so_many_plans_are_held_at_once() {
        let faults = Faults::new(Arc::new(ManualClock::at(0)));
        let plan = || FaultPlan { seed: 1, faults: Vec::new() };
        let held: Vec<_> = (0..MAX_HELD).map(|_| faults.hold(plan()).expect("there is room")).collect();
        assert!(matches!(faults.hold(plan()), Err(NotHeld::Full)));
        faults.set(plan()).expect("that is not held");
        faults.end(&held[0]);
        assert!(faults.hold(plan()).is_ok());
        assert!(matches!(faults.hold(plan()), Err(NotHeld::Full)));
    }

    #[test]
    fn a_plan_ends_only_itself_and_those_before_it_count_again() {
        let faults = Faults::new(Arc::new(ManualClock::at(0)));
        let plan = |seed: u64| FaultPlan { seed, faults: Vec::new() };
        let seed = || faults.report().plan.map(|plan| plan.seed);
        faults.set(plan(1)).expect("it is good");
        let first = faults.hold(plan(2)).expect("it is good");
        let second = faults.hold(plan(3)).expect("it is good");
        faults.end(&first);
        assert_eq!(seed(), Some(3));
        faults.end(&second);
        assert_eq!(seed(), Some(1));
        // One that stands is there once, and the newest plan counts whoever set it.
        let third = faults.hold(plan(4)).expect("it is good");
        faults.set(plan(5)).expect("it is good");
        assert_eq!(seed(), Some(5));
        faults.end(&third);
        assert_eq!(seed(), Some(5));
        faults.clear();
        assert_eq!(faults.report(), FaultReport::default());
        assert!(faults.rule_on("Query").is_none());
    }
}
