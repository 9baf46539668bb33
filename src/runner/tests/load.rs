//! What a scenario says about the load: open and closed, what becomes of what is late.

use super::*;

/// Changes a plan's workload `users` into one that has a rate.
fn open_load(plan: &mut Plan, rate: f64, pattern: Pattern, in_flight: usize, behind: Behind) {
    let Work::Query(load) = &mut plan.workloads[1].work else { panic!("users ask queries") };
    load.pace = Pace::Open { rate, pattern, in_flight, behind };
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn response_time_tells_a_stall_of_the_target_and_nothing_is_skipped() {
    // The count of recent rows is query 0.
    let bench = Bench::new(stalling("query", 20, Duration::from_secs(1))).await;
    let mut plan = bench.plan("\n  - { name: only, duration: 1500ms, load: { users: 100% } }\n");
    open_load(&mut plan, 50.0, Pattern::Even, 2, Behind::CatchUp);
    let outcome = bench.run_plan(plan, Arc::default()).await;

    let count = summary(&outcome.run_dir, "count", "only");
    assert_eq!((count.total_count, count.failed_count, count.skipped_count), (75, 0, 0));
    // Two of them met the stall at the target, fifty waited for it: service time does not know.
    assert!(count.p90 < count.response_median_seconds, "{count:?}");
    assert!(count.response_p99_seconds > 0.9 && count.response_median_seconds > 0.1, "{count:?}");
    assert!(count.lag_p99_seconds > 0.9, "{count:?}");
    let queries: Vec<QueryRow> = read_csv(&RunDir::open(&outcome.run_dir).queries()).unwrap();
    let of_users = queries.iter().filter(|row| row.phase == "only");
    assert!(of_users.clone().all(|row| row.response_seconds >= row.service_seconds && row.user <= 2));
    assert_eq!(of_users.count(), 75);
    let timeline: Vec<TimelineRow> = read_csv(&RunDir::open(&outcome.run_dir).timeline()).unwrap();
    assert!(timeline.iter().map(|row| row.planned_queries).sum::<u64>().abs_diff(75) <= 1);
    assert!(timeline.iter().any(|row| row.lag_seconds > 0.5), "{timeline:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_late_is_skipped_with_a_count_where_the_scenario_says_so() {
    let bench = Bench::new(stalling("writerecords", 4, Duration::from_secs(1))).await;
    let mut plan = bench.plan("\n  - { name: only, duration: 1500ms, load: { ingest: 100% } }\n");
    let Work::Ingest(load) = &mut plan.workloads[0].work else { panic!("ingest writes") };
    load.behind = Behind::Skip(Duration::from_millis(200));
    let outcome = bench.run_plan(plan, Arc::default()).await;
    let records = outcome.records;
    assert_eq!(records.planned, records.acknowledged + records.skipped);
    assert_eq!(records.acknowledged, bench.fake.stored().0 as u64);
    // Of 60 batches some 8 find room before the stall, 10 wait for it and some 12 come after it.
    assert!((200..400).contains(&records.skipped) && records.planned >= 590, "{records:?}");
    assert!(
        crate::report::render(&outcome.run_dir, crate::report::Format::Text, None)
            .unwrap()
            .contains("missed its plan")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queries_that_are_too_late_are_skipped_with_a_count() {
    let bench = Bench::new(stalling("query", 10, Duration::from_secs(1))).await;
    let mut plan = bench.plan("\n  - { name: only, duration: 1500ms, load: { users: 100% } }\n");
    open_load(&mut plan, 40.0, Pattern::Poisson, 1, Behind::Skip(Duration::from_millis(100)));
    let outcome = bench.run_plan(plan, Arc::default()).await;
    let count = summary(&outcome.run_dir, "count", "only");
    let (planned, skipped) = (count.total_count + count.skipped_count, count.skipped_count);
    assert!((30..100).contains(&planned) && (15..70).contains(&skipped), "{count:?}");
    assert!(count.lag_p99_seconds < 1.2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_too_late_stops_where_the_scenario_says_so() {
    let bench = Bench::new(stalling("writerecords", 4, Duration::from_secs(1))).await;
    let mut plan = bench.plan("\n  - { name: only, duration: 60s, load: { ingest: 100% } }\n");
    let Work::Ingest(load) = &mut plan.workloads[0].work else { panic!("ingest writes") };
    load.behind = Behind::Stop(Duration::from_millis(300));
    let outcome = bench.run_plan(plan, Arc::default()).await;
    assert_eq!(outcome.exit, Exit::Invalid);
    let failure = outcome.failure.unwrap();
    assert!(
        failure.starts_with("workload `ingest` is ") && failure.ends_with("its scenario says to stop then"),
        "{failure}"
    );
    assert_eq!(outcome.records.planned, outcome.records.acknowledged + outcome.records.skipped);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_can_be_written_at_a_rate() {
    let bench = Bench::new(|_| None).await;
    // 5 s are 2,000 records.
    let phases = "\n  - { name: history, backfill: 5s, until: 2026-01-01, load: { ingest: 2500/s } }\n";
    let began = Instant::now();
    let outcome = bench.run(phases).await;
    assert_eq!(outcome.records.acknowledged, 2_000);
    assert!(began.elapsed() >= Duration::from_millis(790), "{:?}", began.elapsed());
    let ingest = summary(&outcome.run_dir, "ingest", "history");
    assert!(ingest.response_p99_seconds >= ingest.p99, "{ingest:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_can_think() {
    let bench = Bench::new(|_| None).await;
    let mut plan =
        bench.plan("\n  - { name: history, backfill: 1s, until: 2026-01-01, load: { ingest: 100% } }\n");
    let Work::Ingest(load) = &mut plan.workloads[0].work else { panic!("ingest writes") };
    load.in_flight = 4;
    load.think = Some(crate::values::Expression::compile("100ms", &Nothing).unwrap());
    let began = Instant::now();
    let outcome = bench.run_plan(plan, Arc::default()).await;
    // 40 batches by 4 senders: each thinks nine times before its last one.
    assert_eq!(outcome.records.acknowledged, 400);
    assert!(began.elapsed() >= Duration::from_millis(900), "{:?}", began.elapsed());
}

#[tokio::test]
async fn several_senders_write_the_same_as_one() {
    let bench = Bench::new(|_| None).await;
    let phases = "\n  - { name: history, backfill: 2s, until: 2026-01-01, load: { ingest: 100% } }\n";
    let mut stored = Vec::new();
    for senders in [1, 3] {
        let mut plan = bench.plan(phases);
        let Work::Ingest(load) = &mut plan.workloads[0].work else { panic!("ingest writes") };
        load.senders = Some(senders);
        let outcome = bench.run_plan(plan, Arc::default()).await;
        assert_eq!((outcome.exit, outcome.records.acknowledged), (Exit::Good, 800));
        stored.push(bench.fake.stored());
    }
    // The second run wrote each of the first one's records again, and no other.
    assert_eq!(stored, [(800, 0), (800, 800)]);
}

#[tokio::test]
async fn users_whose_query_cannot_be_written_hold_nobody_up() {
    let bench = Bench::new(|_| None).await;
    let mut plan = bench.plan("\n  - { name: only, duration: 600ms, load: { ingest: 100%, users: 100% } }\n");
    let Work::Query(users) = &mut plan.workloads[1].work else { panic!("users ask queries") };
    // Its parameters lack the host that the template wants, and nobody thinks.
    users.pick = crate::plan::Pick::Fixed(Vec::new());
    let Pace::Closed { think, .. } = &mut users.pace else { panic!("users think") };
    *think = crate::values::Expression::compile("0s", &Nothing).unwrap();
    let outcome = bench.run_plan(plan, Arc::default()).await;
    assert_eq!(outcome.records.planned, outcome.records.acknowledged);
    let count = summary(&outcome.run_dir, "count", "only");
    // Each of three users asks once, and waits a second.
    assert_eq!((count.total_count, count.failed_count), (3, 3));
    assert_eq!(errors(&outcome.run_dir)[0].kind, "template");
}

/// A scope without names.
struct Nothing;

impl crate::values::Scope for Nothing {
    fn lookup(&self, _: &str) -> Option<crate::values::Binding> {
        None
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }

    fn set(&self, _: &str) -> Option<Vec<crate::values::Value>> {
        None
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_that_is_interrupted_ends_now() {
    let stop = Arc::new(Stop::default());
    let bench = Bench::new(interrupting(&stop, 5, 1)).await;
    let outcome =
        bench.run_until("\n  - { name: history, backfill: 10d, load: { ingest: 100% } }\n", stop).await;
    let manifest = Manifest::read(&RunDir::open(&outcome.run_dir)).unwrap();
    let phase = &manifest.phases[0];
    assert!(phase.ended_utc >= phase.started_utc, "{phase:?}");
    assert_eq!(outcome.exit, Exit::Interrupted);
}
