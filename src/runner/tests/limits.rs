//! What a run is judged by: its own resources, what it costs.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_that_cannot_be_kept_is_sent_late_and_is_invalid() {
    let bench = Bench::new(|_| None).await;
    let mut plan = bench.plan("\n  - { name: only, duration: 200ms, load: { ingest: 100% } }\n");
    if let crate::plan::Work::Ingest(load) = &mut plan.workloads[0].work {
        load.in_flight = 1;
    }
    let options = bench.options();
    let target = connect(&plan.target, &options.target).await.unwrap();
    let clock = Arc::new(Slow(SystemClock::start()));
    let outcome = run_on(plan, target, &options, clock, Arc::default()).await.unwrap();
    assert_eq!(outcome.exit, Exit::Invalid);
    assert_eq!(outcome.records.planned, outcome.records.acknowledged);
    assert!(outcome.validity.reasons[0].starts_with("phase only: writes of ingest were sent up to"));
    assert!(
        crate::report::render(&outcome.run_dir, crate::report::Format::Text, None)
            .unwrap()
            .contains("INVALID")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_that_runs_out_makes_a_run_invalid() {
    let bench = Bench::new(stalling("writerecords", 4, Duration::from_millis(1_200))).await;
    let mut plan = bench.plan("\n  - { name: only, duration: 1500ms, load: { ingest: 100% } }\n");
    plan.limits.bounds.lag = Duration::from_millis(300);
    let outcome = bench.run_plan(plan, Arc::default()).await;
    assert_eq!(outcome.exit, Exit::Invalid);
    assert_eq!(outcome.records.planned, outcome.records.acknowledged);
    let reason = &outcome.validity.reasons[0];
    assert!(
        reason.contains("writes of ingest were sent up to") && reason.contains("the bound is 0.3 s"),
        "{reason}"
    );
    assert!(reason.contains("the in-flight window ran out: all of its 8 places were taken for"), "{reason}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_much_cpu_makes_a_run_invalid() {
    let bench = Bench::new(|_| None).await;
    let mut plan = bench.plan("\n  - { name: only, duration: 1200ms, load: { ingest: 100% } }\n");
    plan.limits.bounds.cpu = 0.000_001;
    let outcome = bench.run_plan(plan, Arc::default()).await;
    assert_eq!(outcome.exit, Exit::Invalid);
    let reason = &outcome.validity.reasons[0];
    assert!(reason.starts_with("phase only: CPU ran out: tsrun used "), "{reason}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_ends_when_its_money_is_spent() {
    let bench = Bench::new(|_| None).await;
    let mut plan = bench.plan("\n  - { name: only, duration: 60s, load: { ingest: 100% } }\n");
    let options = bench.options();
    let target = connect(&plan.target, &options.target).await.unwrap();
    // From here on it counts as billed. A unit costs half a millionth, and each request is one.
    plan.target.kind = crate::plan::TargetKind::Timestream;
    plan.limits.max_cost = Some(20.0 * 0.5e-6);
    let outcome =
        run_on(plan, target, &options, Arc::new(SystemClock::start()), Arc::default()).await.unwrap();
    assert_eq!(outcome.exit, Exit::Threshold);
    let failure = outcome.failure.unwrap();
    assert!(failure.starts_with("the run has cost 0.00") && failure.contains("its max_cost is"), "{failure}");
    let requests = outcome.records.acknowledged / 10;
    assert!((20..200).contains(&requests), "{requests}");
}

/// A clock that wakes everyone 1.5 s late, by its own time.
#[derive(Debug)]
struct Slow(SystemClock);

impl Clock for Slow {
    fn now(&self) -> i64 {
        self.0.now()
    }

    fn sleep_until(&self, time: i64) -> futures::future::BoxFuture<'static, ()> {
        self.0.sleep_until(time + 1_500_000_000)
    }
}
