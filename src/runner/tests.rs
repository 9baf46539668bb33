//! Whole runs against a fake service: what users rely on when things go well and when they do not.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use super::run::{run_on, select_phases};
use super::stop::Stop;
use super::{Outcome, RunOptions};
use crate::clock::{Clock, SystemClock};
use crate::exit::Exit;
use crate::plan::{Behind, Pace, Pattern, Plan, Work};
use crate::results::files::read_csv;
use crate::results::{ErrorRow, IncidentRow, Manifest, QueryRow, RunDir, State, SummaryRow, TimelineRow};
use crate::target::fake::{Fake, Reply, Request, error, page};
use crate::target::{Overrides, connect};

/// 20 hosts that report two measures every 100 ms, four batches an interval.
const SCENARIO: &str = "
name: tiny
seed: 7
fleet:
  - { level: rack, of: 1..4 }
  - { level: host, of: 1..5 }
metrics:
  every: 100ms
  batch: 10
  records:
    m:
      dimensions: [rack, host]
      measures:
        a, b: uniform(0..1)
target:
  kind: local
  database: fleet
  table: tiny
  timeouts: { connect: 500ms, attempt: ATTEMPT, operation: OPERATION }
workloads:
  ingest: { kind: ingest, in_flight: 8 }
  users:
    kind: query
    users: 3
    think: uniform(5ms..20ms)
    pick: request
    queries:
      count: { weight: 1, sql: count.sql.j2, window: 1h }
      never: { weight: 0, sql: count.sql.j2, window: 1h }
phases:
";

struct Bench {
    dir: TempDir,
    fake: Fake,
    attempt: &'static str,
    operation: &'static str,
    /// More keys of `metrics`.
    metrics: &'static str,
}

impl Bench {
    async fn new(script: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("queries")).unwrap();
        let template = "SELECT COUNT(*) FROM {{ table }} WHERE host = {{ host }}";
        std::fs::write(dir.path().join("queries/count.sql.j2"), template).unwrap();
        Self { dir, fake: Fake::start(script).await, attempt: "2s", operation: "4s", metrics: "" }
    }

    fn plan(&self, phases: &str) -> Plan {
        let file = self.dir.path().join("tiny.yaml");
        let text = SCENARIO.replace("ATTEMPT", self.attempt).replace("OPERATION", self.operation);
        let text = text.replace("metrics:\n", &format!("metrics:\n{}", self.metrics)) + phases;
        std::fs::write(&file, text).unwrap();
        let loaded = crate::scenario::load(&file, &[]).unwrap();
        let scenario = loaded.scenario.as_ref().unwrap();
        match Plan::resolve(scenario, &loaded.params, &file, loaded.resolved_yaml.clone()) {
            Ok(plan) if loaded.problems.is_empty() => plan,
            Ok(_) => panic!("{}", loaded.document.render(&loaded.problems)),
            Err(problems) => panic!("{}", loaded.document.render(&loaded.with_problems(problems))),
        }
    }

    fn options(&self) -> RunOptions {
        RunOptions {
            phases: None,
            out: self.dir.path().join("results"),
            prefix: None,
            target: Overrides {
                endpoint_url: Some(format!("http://{}", self.fake.address)),
                ..Overrides::default()
            },
        }
    }

    async fn run(&self, phases: &str) -> Outcome {
        self.run_until(phases, Arc::default()).await
    }

    async fn run_until(&self, phases: &str, stop: Arc<Stop>) -> Outcome {
        self.run_plan(self.plan(phases), stop).await
    }

    /// Runs a plan that a test has changed.
    async fn run_plan(&self, plan: Plan, stop: Arc<Stop>) -> Outcome {
        let options = self.options();
        let target = connect(&plan.target, &options.target).await.unwrap();
        run_on(plan, target, &options, Arc::new(SystemClock::start()), stop).await.unwrap()
    }
}

fn summary(run: &Path, query: &str, phase: &str) -> SummaryRow {
    let rows: Vec<SummaryRow> = read_csv(&RunDir::open(run).summary()).unwrap();
    rows.into_iter().find(|row| row.query_type == query && row.phase == phase).unwrap()
}

fn errors(run: &Path) -> Vec<ErrorRow> {
    read_csv(&RunDir::open(run).errors()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_writes_its_plan_and_leaves_its_files() {
    let bench = Bench::new(|_| None).await;
    let phases = "
  - { name: first, duration: 300ms, load: { ingest: 100% } }
  - { name: prove, once: users, load: { ingest: 100% } }
  - { name: second, duration: 400ms, load: { ingest: 100%, users: 100% } }
";
    let outcome = bench.run(phases).await;
    assert_eq!((outcome.exit, &outcome.failure), (Exit::Good, &None));

    // What was due is stored, each record once, over the boundaries of phases too.
    let (stored, twice) = bench.fake.stored();
    assert_eq!((stored as u64, twice), (outcome.records.acknowledged, 0));
    assert_eq!(outcome.records.planned, outcome.records.acknowledged);
    let instants = bench.fake.instants();
    let span = instants.last().unwrap() - instants.first().unwrap();
    assert!((600..2_000).contains(&span), "{span} ms");
    let gaps = instants.windows(2).map(|pair| pair[1] - pair[0]);
    assert!(gaps.max().unwrap() <= 50, "batches are spread over the interval, so no gap is longer");

    let run = RunDir::open(&outcome.run_dir);
    let manifest = Manifest::read(&run).unwrap();
    assert_eq!((manifest.state, manifest.phases.len()), (State::Completed, 3));
    assert_eq!((manifest.recent_rows.at_start, manifest.recent_rows.at_end), (Some(7), Some(7)));
    assert!(manifest.validity.valid, "{:?}", manifest.validity);
    assert_eq!(manifest.records, outcome.records);

    let queries: Vec<QueryRow> = read_csv(&run.queries()).unwrap();
    let proved: Vec<&str> =
        queries.iter().filter(|row| row.phase == "prove").map(|row| row.query.as_str()).collect();
    assert_eq!(proved, ["count", "never"]);
    assert!(queries.iter().all(|row| row.status == "ok" && row.rows == 1 && row.bytes_metered == 10_000_000));
    assert!(queries.iter().filter(|row| row.phase == "second").any(|row| row.user == 3));
    assert_eq!(
        summary(run.path(), "count", "all").total_count,
        queries.iter().filter(|row| row.query == "count").count() as u64
    );
    assert_eq!(summary(run.path(), "never", "second").total_count, 0);

    let timeline: Vec<TimelineRow> = read_csv(&run.timeline()).unwrap();
    assert_eq!(timeline.iter().map(|row| row.written_records).sum::<u64>(), outcome.records.acknowledged);
    let threads = std::fs::read_dir(run.path()).unwrap().filter(|entry| {
        let entry = entry.as_ref().unwrap();
        entry.path().is_dir()
            && entry.path().join("count.sql").exists()
            && entry.path().join("count.log").exists()
    });
    assert_eq!(threads.count(), 3);
    let text = crate::report::text(run.path()).unwrap();
    assert!(text.contains("kept its plan") && !text.contains("do not count"), "{text}");
    assert!(
        manifest.usage.cpu_seconds > 0.0 && text.contains("runner: ") && text.contains("% of one core"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn throttles_and_failures_are_tried_again_and_counted() {
    let bench = Bench::new(|request| match (request.operation.as_str(), request.number) {
        ("writerecords", 0 | 3) => Some(error(429, "ThrottlingException", "slow down")),
        ("writerecords", 5) => Some(error(500, "InternalServerException", "oops")),
        ("writerecords", 7) => Some(Reply::Reset),
        _ => None,
    })
    .await;
    let outcome = bench.run("\n  - { name: only, duration: 500ms, load: { ingest: 100% } }\n").await;
    assert_eq!(outcome.exit, Exit::Good);
    assert_eq!(outcome.records.planned, outcome.records.acknowledged);
    assert_eq!(summary(&outcome.run_dir, "ingest", "only").throttled_count, 2);
    let kinds: Vec<(String, u64)> =
        errors(&outcome.run_dir).into_iter().map(|row| (row.kind, row.count)).collect();
    assert_eq!(kinds, [("network".into(), 1), ("server".into(), 1), ("throttled".into(), 2)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rejects_are_counted_by_reason_and_not_sent_again() {
    let bench = Bench::new(|request| {
        (request.operation == "writerecords" && request.number == 0).then(|| {
            let reason = "The record timestamp is outside the time range [a, b) of the memory store.";
            let rejected = json!([{ "RecordIndex": 0, "Reason": reason }, { "RecordIndex": 1, "Reason": reason }]);
            Reply::Json(419, json!({ "__type": "RejectedRecordsException", "Message": "rejected", "RejectedRecords": rejected }))
        })
    })
    .await;
    let outcome = bench.run("\n  - { name: only, duration: 300ms, load: { ingest: 100% } }\n").await;
    assert_eq!(outcome.records.rejected, 2);
    assert_eq!(outcome.records.planned, outcome.records.acknowledged + 2);
    let rows = errors(&outcome.run_dir);
    assert_eq!((rows[0].kind.as_str(), rows[0].count), ("rejected_outside_retention", 2));
    assert!(crate::report::text(&outcome.run_dir).unwrap().contains("missed its plan"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_without_an_answer_is_unknown() {
    let mut bench = Bench::new(|request| {
        (request.operation == "writerecords" && request.records() > 0 && request.number == 0)
            .then_some(Reply::Stall)
    })
    .await;
    // One attempt takes all the time that the operation has.
    (bench.attempt, bench.operation) = ("200ms", "200ms");
    let outcome = bench.run("\n  - { name: only, duration: 300ms, load: { ingest: 100% } }\n").await;
    assert_eq!(outcome.records.unknown, 10);
    assert_eq!(outcome.records.planned, outcome.records.acknowledged + 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn validation_is_refused_for_good() {
    let bench = Bench::new(|request| {
        (request.operation == "writerecords").then(|| error(400, "ValidationException", "no"))
    })
    .await;
    let outcome = bench.run("\n  - { name: only, duration: 200ms, load: { ingest: 100% } }\n").await;
    assert_eq!(outcome.records.refused, outcome.records.planned);
    let requests = bench.fake.requests("writerecords") as u64;
    assert_eq!(summary(&outcome.run_dir, "ingest", "all").failed_count, requests);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_meets_live_load_without_gap_or_overlap() {
    let bench = Bench::new(|_| None).await;
    let phases = "
  - { name: history, backfill: 5s, load: { ingest: 100% } }
  - { name: live, duration: 300ms, load: { ingest: 100% } }
";
    let outcome = bench.run(phases).await;
    assert_eq!(outcome.exit, Exit::Good);
    let (stored, twice) = bench.fake.stored();
    assert_eq!((stored as u64, twice), (outcome.records.acknowledged, 0));
    let instants = bench.fake.instants();
    assert!(instants.windows(2).all(|pair| pair[1] - pair[0] <= 50));
    assert!(instants.last().unwrap() - instants.first().unwrap() >= 5_200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn late_data_comes_once_whichever_phase_it_falls_in() {
    let mut bench = Bench::new(|_| None).await;
    bench.metrics = "  delay: if(chance(30%), uniform(1ms..400ms), 0s)\n";
    let phases = "
  - { name: history, backfill: 3s, load: { ingest: 100% } }
  - { name: live, duration: 300ms, load: { ingest: 100% } }
  - { name: more, duration: 300ms, load: { ingest: 100% } }
incidents:
  storm: { level: rack, every: 1s, chance: 100%, for: 200ms }
";
    let outcome = bench.run(phases).await;
    assert_eq!(outcome.exit, Exit::Good);
    let (stored, twice) = bench.fake.stored();
    assert_eq!((stored as u64, twice), (outcome.records.acknowledged, 0));
    assert_eq!(outcome.records.planned, outcome.records.acknowledged);
    // 40 records every 100 ms for 3.6 s and a little. What is on its way at the end is as much as was
    // on its way at the start.
    assert!(stored > 1_300, "{stored}");
    let run = RunDir::open(&outcome.run_dir);
    let requests = summary(run.path(), "ingest", "all").total_count;
    assert!(requests > 4 * 37, "late hosts have requests of their own: {requests}");
    let incidents: Vec<IncidentRow> = read_csv(&run.incidents()).unwrap();
    for rack in 1..=4 {
        let here =
            incidents.iter().filter(|row| row.node == format!("rack={rack}") && row.incident == "storm");
        assert!(here.count() >= 3, "one a second");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_that_fails_is_counted_and_the_run_goes_on() {
    let bench = Bench::new(|request| match (request.operation.as_str(), request.number) {
        ("query", 1) => Some(error(400, "ValidationException", "line 1:8: Column 'x' does not exist")),
        ("query", 2) => Some(error(429, "ThrottlingException", "Request rate limit exceeded")),
        ("query", 3) => Some(Reply::Json(200, page(&[], Some("more")))),
        ("query", 4) => Some(Reply::Json(200, page(&[json!("1"), json!("2")], None))),
        _ => None,
    })
    .await;
    let outcome = bench.run("\n  - { name: prove, once: users }\n  - { name: again, once: users }\n").await;
    assert_eq!(outcome.exit, Exit::Good);
    let rows: Vec<QueryRow> = read_csv(&RunDir::open(&outcome.run_dir).queries()).unwrap();
    let seen: Vec<(u32, &str, u64)> =
        rows.iter().map(|row| (row.attempt, row.status.as_str(), row.rows)).collect();
    // The first query of all was the count before the run.
    assert_eq!(seen, [(1, "validation", 0), (1, "throttled", 0), (2, "ok", 2), (1, "ok", 1), (1, "ok", 1)]);
    let count = summary(&outcome.run_dir, "count", "prove");
    assert_eq!((count.total_count, count.successful_count, count.failed_count), (1, 0, 1));
    let never = summary(&outcome.run_dir, "never", "prove");
    assert_eq!((never.total_count, never.successful_count, never.throttled_count), (1, 1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_goes_away_ends_the_run() {
    let mut bench = Bench::new(|request| {
        (request.operation == "writerecords" && request.number >= 4).then_some(Reply::Reset)
    })
    .await;
    (bench.attempt, bench.operation) = ("300ms", "300ms");
    let outcome = bench.run("\n  - { name: only, duration: 60s, load: { ingest: 100% } }\n").await;
    assert_eq!(outcome.exit, Exit::Target);
    assert!(outcome.failure.unwrap().starts_with("the target is lost"));
    let records = outcome.records;
    assert_eq!(records.planned, records.made() + records.skipped);
    assert_eq!(records.acknowledged, bench.fake.stored().0 as u64);
    assert_eq!(Manifest::read(&RunDir::open(&outcome.run_dir)).unwrap().state, State::Failed);
}

/// Interrupts a run as soon as the fake has seen `writes` writes.
fn interrupting(stop: &Arc<Stop>, writes: usize, times: usize) -> impl Fn(&Request) -> Option<Reply> + use<> {
    let stop = Arc::clone(stop);
    move |request| {
        if request.operation == "writerecords" && request.number == writes {
            (0..times).for_each(|_| stop.interrupt());
        }
        None
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_ends_gracefully_with_everything_written() {
    let stop = Arc::new(Stop::default());
    let bench = Bench::new(interrupting(&stop, 10, 1)).await;
    let phases = "\n  - { name: endless, duration: forever, load: { ingest: 100%, users: 100% } }\n";
    let outcome = bench.run_until(phases, stop).await;
    assert_eq!(outcome.exit, Exit::Interrupted);
    assert_eq!((outcome.records.unknown, outcome.records.refused), (0, 0));
    assert_eq!(outcome.records.acknowledged, bench.fake.stored().0 as u64);
    let manifest = Manifest::read(&RunDir::open(&outcome.run_dir)).unwrap();
    assert_eq!((manifest.state, manifest.recent_rows.at_end), (State::Interrupted, Some(7)));
    assert_eq!(
        summary(&outcome.run_dir, "ingest", "endless").acknowledged_records,
        outcome.records.acknowledged
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_ctrl_c_ends_at_once() {
    let stop = Arc::new(Stop::default());
    let interrupt = interrupting(&stop, 9, 2);
    let bench = Bench::new(move |request| {
        interrupt(request);
        (request.operation == "writerecords" && request.number >= 5).then_some(Reply::Stall)
    })
    .await;
    let outcome =
        bench.run_until("\n  - { name: only, duration: 60s, load: { ingest: 100% } }\n", stop).await;
    assert_eq!(outcome.exit, Exit::Interrupted);
    // Five requests were left without their answers.
    assert_eq!((outcome.records.acknowledged, outcome.records.unknown), (50, 50));
    assert_eq!(outcome.records.planned, outcome.records.made() + outcome.records.skipped);
}

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
    assert!(crate::report::text(&outcome.run_dir).unwrap().contains("INVALID"));
}

/// A script by which every request of an operation from the `first` on is answered only once the
/// stall, which begins with that one, is over.
fn stalling(operation: &'static str, first: usize, stall: Duration) -> impl Fn(&Request) -> Option<Reply> {
    let over = OnceLock::new();
    move |request| {
        if request.operation != operation || request.number < first {
            return None;
        }
        let over: Instant = *over.get_or_init(|| Instant::now() + stall);
        let left = over.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(Reply::Late(left))
    }
}

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
    let mut plan = bench.plan("\n  - { name: only, duration: 400ms, load: { ingest: 100% } }\n");
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
    assert!(crate::report::text(&outcome.run_dir).unwrap().contains("missed its plan"));
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
    let Work::Query(users) = &plan.workloads[1].work else { panic!("users ask queries") };
    let Pace::Closed { think, .. } = &users.pace else { panic!("users think") };
    let think = Some(think.clone());
    let Work::Ingest(load) = &mut plan.workloads[0].work else { panic!("ingest writes") };
    load.think = think;
    let began = Instant::now();
    let outcome = bench.run_plan(plan, Arc::default()).await;
    // 40 batches by 4 senders who think 12.5 ms each on the whole, and 5 ms at the least.
    assert_eq!(outcome.records.acknowledged, 400);
    assert!(began.elapsed() >= Duration::from_millis(45), "{:?}", began.elapsed());
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn phases_are_picked_by_name() {
    let bench = Bench::new(|_| None).await;
    let mut plan = bench.plan("\n  - { name: warm, duration: 1s, load: { ingest: 100% } }\n  - { name: steady, duration: 1s, load: { ingest: 100% } }\n");
    let unknown = select_phases(&mut plan, Some(&["stedy".to_owned()])).unwrap_err();
    assert_eq!(unknown.to_string(), "the scenario has no phase `stedy`, did you mean `steady`?");
    assert_eq!(unknown.exit(), Exit::Usage);
    select_phases(&mut plan, Some(&["steady".to_owned()])).unwrap();
    assert_eq!(plan.phases.len(), 1);
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_run_itself_asks_is_asked_again() {
    let bench = Bench::new(|request| match (request.operation.as_str(), request.number) {
        // The count before the run, then the newest time, twice in vain.
        ("query", 1 | 2) => Some(error(429, "ThrottlingException", "Request rate limit exceeded")),
        ("query", 3) => Some(Reply::Json(200, page(&[json!("2026-01-01 00:00:00.000000000")], None))),
        _ => None,
    })
    .await;
    let mut plan = bench.plan("\n  - { name: prove, once: users }\n");
    let Work::Query(load) = &mut plan.workloads[1].work else { panic!("users ask queries") };
    load.end = crate::plan::EndTime::Latest;
    let outcome = bench.run_plan(plan, Arc::default()).await;
    assert_eq!((outcome.exit, &outcome.failure), (Exit::Good, &None));
    assert_eq!(summary(&outcome.run_dir, "count", "prove").total_count, 1);
}
