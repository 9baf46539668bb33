//! What is recorded apart and merged is what is recorded together.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::event::{FailedWrite, WindowWait};
use super::*;
use crate::plan::{Subject, SubjectKind, Threshold};
use crate::results::made_up::MadeUp;
use crate::results::{ErrorRow, Machine, Run, ThresholdRow};

/// Nanoseconds since the epoch at which everything begins.
const START: i64 = 1_795_420_800 * SECOND;

/// Something that happened, and the part that recorded it.
#[derive(Debug, Clone)]
enum Happened {
    Write { phase: usize, wait: i64, millis: i64, acknowledged: u64, rejected: usize, lost: bool },
    Broken { phase: usize, kind: &'static str },
    Query { phase: usize, query: usize, user: u32, micros: i64, rows: u64, result: usize, wait: i64 },
    Skipped { phase: usize, count: u64 },
}

fn happened() -> impl Strategy<Value = Happened> {
    let phase = 0..3usize;
    prop_oneof![
        (phase.clone(), 0..5_000i64, 1..9_000i64, 0..100u64, 0..3usize, proptest::bool::weighted(0.1))
            .prop_map(|(phase, wait, millis, acknowledged, rejected, lost)| {
                Happened::Write { phase, wait, millis, acknowledged, rejected, lost }
            }),
        (phase.clone(), prop_oneof![Just("throttled"), Just("timeout")])
            .prop_map(|(phase, kind)| Happened::Broken { phase, kind }),
        (phase.clone(), 0..2usize, 1..4u32, 1..90_000_000i64, 0..3u64, 0..6usize, 0..900i64).prop_map(
            |(phase, query, user, micros, rows, result, wait)| {
                Happened::Query { phase, query, user, micros, rows, result, wait }
            }
        ),
        (phase, 1..50u64).prop_map(|(phase, count)| Happened::Skipped { phase, count }),
    ]
}

impl Happened {
    fn event(&self) -> Event {
        let millis = |millis: i64| START + millis * 1_000_000;
        match self.clone() {
            Self::Write { phase, wait, millis: took, acknowledged, rejected, lost } => {
                let unknown = if lost { acknowledged } else { 0 };
                Event::Write(WriteDone {
                    phase,
                    intended: START,
                    admitted: millis(wait),
                    start: millis(wait),
                    end: millis(wait + took),
                    answered: !lost,
                    outcome: WriteOutcome {
                        acknowledged: if lost { 0 } else { acknowledged },
                        rejected: vec!["already exists".to_owned(); rejected],
                        refused: 0,
                        unknown,
                    },
                    ..WriteDone::default()
                })
            }
            Self::Broken { phase, kind } => Event::Failed(FailedWrite {
                phase,
                workload: 0,
                attempt: 1,
                intended: START,
                start: START,
                end: millis(7),
                records: 10,
                kind,
                message: "slow down".to_owned(),
            }),
            Self::Query { phase, query, user, micros, rows, result, wait } => {
                let end = millis(wait) + micros * 1_000;
                let result = match result {
                    0 => QueryResult::Cancelled,
                    1 => QueryResult::Failed {
                        query_id: String::new(),
                        kind: "throttled",
                        message: "no".to_owned(),
                    },
                    _ => QueryResult::Answered {
                        query_id: "Q".to_owned(),
                        first_row: (rows > 0).then(|| millis(wait) + micros * 500),
                        rows,
                        bytes_metered: 10 * rows,
                    },
                };
                Event::Query(Box::new(QueryAttempt {
                    phase,
                    workload: 1,
                    query,
                    user,
                    thread: user,
                    attempt: 1,
                    last: true,
                    intended: START,
                    begun: millis(wait),
                    wait: WindowWait::default(),
                    start: millis(wait),
                    end,
                    sql: Arc::from("SELECT 1"),
                    result,
                }))
            }
            Self::Skipped { phase, count } => Event::Skipped { phase, workload: 0, query: None, count },
        }
    }
}

/// A clock that stands still, so that all is recorded in one interval.
#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now(&self) -> i64 {
        START
    }

    fn sleep_until(&self, _: i64) -> futures::future::BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}

fn thresholds() -> Vec<Threshold> {
    let subjects = [
        Subject { name: "ingest", queries: Vec::new(), kind: SubjectKind::Ingest },
        Subject { name: "users", queries: vec!["q1", "q2"], kind: SubjectKind::Closed },
    ];
    let texts = [
        "ingest.kept > 90%",
        "users.q1.service.p90 < 40s",
        "users.failed_share < 10%",
        "ingest.lag.p99 < 2s",
        "users.q2.first_row.mean < 20s",
    ];
    texts.iter().map(|text| Threshold::read(text, &subjects).unwrap()).collect()
}

/// Records all of this in a run directory.
fn record(out: &std::path::Path, name: &str, events: &[&Happened]) -> std::path::PathBuf {
    let path = out.join(name);
    let made_up = MadeUp::new(10);
    made_up.write(&path);
    let dir = RunDir::open(&path);
    for file in [dir.queries(), dir.failed_writes(), dir.timeline()] {
        std::fs::remove_file(file).unwrap();
    }
    let recorder = Recorder::start(Setup {
        dir: dir.clone(),
        names: names(),
        limits: Limits { thresholds: thresholds(), ..limits() },
        billed: false,
        cores: 2,
        thread_stem: None,
        start: START,
        clock: Arc::new(Still),
        feed: Feed::default(),
        halt: Box::new(|_, message| panic!("{message}")),
    })
    .unwrap();
    let sender = recorder.events();
    for phase in 0..3 {
        let span = Span { start: START, end: Some(START + 10 * SECOND) };
        sender.send(Event::PhaseStarted(PhaseStart {
            phase,
            span,
            workloads: vec![0, 1],
            ingest: vec![],
            history: vec![],
            arrivals: vec![],
        }));
    }
    events.iter().for_each(|happened| sender.send(happened.event()));
    let recorded = recorder.finish();
    let machine = Machine { host: name.to_owned(), ..made_up.manifest.machine.clone() };
    let manifest = crate::results::Manifest { machine, records: recorded.accounts, ..made_up.manifest };
    manifest.write(&dir).unwrap();
    path
}

/// What must be the same of two runs: everything but means, which are rounded in rows, and the order of rows.
#[derive(Debug, PartialEq)]
struct Exact {
    summary: Vec<SummaryRow>,
    errors: Vec<ErrorRow>,
    thresholds: Vec<ThresholdRow>,
    histograms: BTreeMap<String, Vec<(u64, u64)>>,
    queries: Vec<String>,
    timeline: [u64; 5],
    records: Accounts,
}

fn exact(run: &Run) -> Exact {
    let summary = run.summary.iter().map(|row| SummaryRow {
        mean: 0.0,
        standard_deviation: 0.0,
        geometric_mean: 0.0,
        ..row.clone()
    });
    let mut errors = run.errors.clone();
    errors.sort_by(|a, b| (&a.phase, &a.operation, &a.kind).cmp(&(&b.phase, &b.operation, &b.kind)));
    let mut histograms: BTreeMap<String, Vec<(u64, u64)>> = BTreeMap::new();
    for workload in run.workloads() {
        for interval in run.intervals(workload).unwrap() {
            let interval = interval.unwrap();
            let bins = interval.histogram.iter_recorded();
            histograms
                .entry(format!("{workload} {}", interval.tag))
                .or_default()
                .extend(bins.map(|bin| (bin.value_iterated_to(), bin.count_since_last_iteration())));
        }
    }
    let mut queries: Vec<String> = read_csv::<QueryRow>(&run.dir.queries())
        .unwrap()
        .into_iter()
        .map(|row| format!("{:?}", QueryRow { user: 0, ..row }))
        .collect();
    queries.sort();
    let timeline = run.timeline().unwrap();
    let sum = |of: fn(&TimelineRow) -> u64| timeline.iter().map(of).sum();
    Exact {
        summary: summary.collect(),
        errors,
        thresholds: run.thresholds.clone(),
        histograms,
        queries,
        timeline: [
            sum(|row| row.write_requests),
            sum(|row| row.written_records),
            sum(|row| row.throttled),
            sum(|row| row.queries_done),
            sum(|row| row.queries_failed),
        ],
        records: run.manifest.records,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_recorded_apart_and_merged_is_what_is_recorded_together(
        events in proptest::collection::vec((happened(), 0..3usize), 0..200),
    ) {
        let out = tempfile::tempdir().unwrap();
        let all: Vec<&Happened> = events.iter().map(|(happened, _)| happened).collect();
        let together = Run::read(&record(out.path(), "together", &all)).unwrap();
        let parts = (0..3).map(|part| {
            let own: Vec<&Happened> = events.iter().filter(|(_, of)| *of == part).map(|(happened, _)| happened).collect();
            record(out.path(), &format!("part-{part}"), &own)
        });
        let parts: Vec<std::path::PathBuf> = parts.collect();
        crate::merge::merge(&parts, &out.path().join("merged"), false).unwrap();
        let merged = Run::read(&out.path().join("merged")).unwrap();
        prop_assert_eq!(exact(&merged), exact(&together));
        for (merged, together) in merged.summary.iter().zip(&together.summary) {
            for (a, b) in [
                (merged.mean, together.mean),
                (merged.standard_deviation, together.standard_deviation),
                (merged.geometric_mean, together.geometric_mean),
            ] {
                prop_assert!((a - b).abs() <= 3e-6 + 1e-6 * b, "{} and {} of {}", a, b, merged.query_type);
            }
        }
    }
}
