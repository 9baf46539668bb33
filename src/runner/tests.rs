//! Whole runs against a fake service: what users rely on when things go well and when they do not.

use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

mod limits;
mod load;

use super::run::{run_on, select_phases};
use super::stop::Stop;
use super::{Outcome, RunOptions};
use crate::clock::{Clock, SystemClock};
use crate::exit::Exit;
use crate::feed::Feed;
use crate::plan::{Behind, Pace, Pattern, Plan, Work};
use crate::results::files::read_csv;
use crate::results::{
    ErrorRow, FailedWriteRow, IncidentRow, Manifest, QueryRow, RunDir, State, SummaryRow, TimelineRow,
};
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
            Ok(mut plan) if loaded.problems.is_empty() => {
                // The process is that of all tests, and what it uses theirs.
                plan.limits.bounds.cpu = f64::INFINITY;
                plan
            }
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
            feed: Feed::default(),
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
    let text = crate::report::render(run.path(), crate::report::Format::Text, None).unwrap();
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
    let attempts: Vec<FailedWriteRow> = read_csv(&RunDir::open(&outcome.run_dir).failed_writes()).unwrap();
    let mut seen: Vec<(&str, u64)> = attempts.iter().map(|row| (row.status.as_str(), row.records)).collect();
    seen.sort_unstable();
    assert_eq!(seen, [("network", 10), ("server", 10), ("throttled", 10), ("throttled", 10)]);
    assert!(attempts.iter().all(|row| row.attempt >= 1 && row.service_seconds < 2.0));
    let ingest = summary(&outcome.run_dir, "ingest", "only");
    assert_eq!(ingest.attempts, ingest.total_count + 4);
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
    assert!(
        crate::report::render(&outcome.run_dir, crate::report::Format::Text, None)
            .unwrap()
            .contains("missed its plan")
    );
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn phases_are_picked_by_name() {
    let bench = Bench::new(|_| None).await;
    let mut plan = bench.plan("\n  - { name: warm, duration: 1s, load: { ingest: 100% } }\n  - { name: steady, duration: 1s, load: { ingest: 100% } }\n");
    let unknown = select_phases(&mut plan, Some(&["stedy".to_owned()]), &Feed::default()).unwrap_err();
    assert_eq!(unknown.to_string(), "the scenario has no phase `stedy`, did you mean `steady`?");
    assert_eq!(unknown.exit(), Exit::Usage);
    select_phases(&mut plan, Some(&["steady".to_owned()]), &Feed::default()).unwrap();
    assert_eq!(plan.phases.len(), 1);
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_time_is_asked_for_once_history_is_stored() {
    const TAKES: Duration = Duration::from_millis(300);
    let (sent, asked) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(None)));
    let (writes, asks) = (Arc::clone(&sent), Arc::clone(&asked));
    let bench = Bench::new(move |request| match request.operation.as_str() {
        "writerecords" => {
            writes.lock().unwrap().push(Instant::now());
            Some(Reply::Late(TAKES))
        }
        "query" if request.text.contains("MAX(time)") => {
            asks.lock().unwrap().get_or_insert_with(Instant::now);
            Some(Reply::Json(200, page(&[json!("2026-01-01 00:00:00.000000000")], None)))
        }
        _ => None,
    })
    .await;
    let mut plan = bench.plan(
        "\n  - { name: history, backfill: 100ms, until: 2026-01-01, load: { ingest: 100% } }\n  - { name: prove, once: users }\n",
    );
    let Work::Query(load) = &mut plan.workloads[1].work else { panic!("users ask queries") };
    load.end = crate::plan::EndTime::Latest;
    let outcome = bench.run_plan(plan, Arc::default()).await;
    assert_eq!((outcome.exit, &outcome.failure), (Exit::Good, &None));
    let (sent, asked) = (sent.lock().unwrap(), asked.lock().unwrap().unwrap());
    assert_eq!(sent.len(), 4);
    assert!(sent.iter().all(|at| asked.duration_since(*at) >= TAKES), "asked while history was under way");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_rejected_after_an_attempt_without_an_answer_is_unknown() {
    let bench = Bench::new(|request| match (request.operation.as_str(), request.number) {
        ("writerecords", 0) => Some(Reply::Reset),
        // The same batch again: nothing else is sent before the next instant, 25 ms later.
        ("writerecords", 1) => {
            let rejected = json!([{ "RecordIndex": 0, "Reason": "no" }]);
            Some(Reply::Json(419, json!({ "__type": "RejectedRecordsException", "Message": "rejected", "RejectedRecords": rejected })))
        }
        _ => None,
    })
    .await;
    let mut plan =
        bench.plan("\n  - { name: history, backfill: 25ms, until: 2026-01-01, load: { ingest: 100% } }\n");
    let Work::Ingest(load) = &mut plan.workloads[0].work else { panic!("ingest writes") };
    load.in_flight = 1;
    let records = bench.run_plan(plan, Arc::default()).await.records;
    assert_eq!((records.planned, records.acknowledged, records.rejected, records.unknown), (10, 9, 0, 1));
}
