//! The recorder as its workers see it.

mod apart;

use std::sync::Mutex;

use super::event::{PhaseStart, QueryAttempt, QueryResult, WriteDone, WriteOutcome};
use super::names::{Kind, PhaseName, WorkloadName};
use super::*;
use crate::clock::SystemClock;
use crate::feed::{Next, Remark};
use crate::load::Curve;
use crate::plan::Bounds;
use crate::results::files::read_csv;
use crate::results::{QueryRow, SummaryRow};

fn names() -> Names {
    let phase =
        |name: &str, record| PhaseName { name: name.to_owned(), record, full_speed: false, once: None };
    let workload = |name: &str, queries: &[&str], kind| WorkloadName {
        name: name.to_owned(),
        queries: queries.iter().map(|&query| query.to_owned()).collect(),
        kind,
    };
    Names {
        phases: vec![phase("warm-up", false), phase("ramp", true), phase("steady", true)],
        workloads: vec![
            workload("ingest", &[], Kind::Ingest { in_flight: 8 }),
            workload("users", &["q1", "q2"], Kind::Closed),
        ],
    }
}

fn limits() -> Limits {
    let text = "name: us\ncurrency: USD\nmillion_writes: 0.5\nmemory_gb_hour: 0.036\nmagnetic_gb_month: 0.03\n\
                queries: { gb_scanned: 0.01, least_bytes: 10000000 }";
    Limits {
        bounds: Bounds { lag: Duration::from_secs(1), cpu: 1.0, queue: 1_000 },
        thresholds: Vec::new(),
        prices: serde_yaml::from_str(text).unwrap(),
        max_cost: None,
    }
}

fn write(phase: usize, acknowledged: u64, unknown: u64) -> Event {
    let outcome = WriteOutcome { acknowledged, unknown, ..WriteOutcome::default() };
    Event::Write(WriteDone { phase, end: 5_000_000, outcome, ..WriteDone::default() })
}

fn answer(phase: usize, millis: i64) -> Event {
    Event::Query(Box::new(QueryAttempt {
        phase,
        workload: 1,
        query: 0,
        user: 1,
        thread: 1,
        attempt: 1,
        last: true,
        intended: 0,
        begun: 0,
        wait: event::WindowWait::default(),
        start: 0,
        end: millis * 1_000_000,
        sql: Arc::from("SELECT 1"),
        result: QueryResult::Answered {
            query_id: "Q1".to_owned(),
            first_row: None,
            rows: 0,
            bytes_metered: 10,
        },
    }))
}

fn recorder(dir: &RunDir, failures: &Arc<Mutex<Vec<String>>>) -> Recorder {
    watched(dir, failures, Feed::default())
}

fn watched(dir: &RunDir, failures: &Arc<Mutex<Vec<String>>>, feed: Feed) -> Recorder {
    let (clock, failures) = (SystemClock::start(), Arc::clone(failures));
    Recorder::start(Setup {
        dir: dir.clone(),
        names: names(),
        limits: limits(),
        billed: false,
        cores: 2,
        thread_stem: None,
        start: clock.now(),
        clock: Arc::new(clock),
        feed,
        halt: Box::new(move |_, message| failures.lock().unwrap().push(message)),
    })
    .unwrap()
}

#[test]
fn the_summary_has_a_row_a_phase_that_counts_and_their_sums() {
    let out = tempfile::tempdir().unwrap();
    let dir = RunDir::open(out.path());
    let recorder = recorder(&dir, &Arc::default());
    let sender = recorder.events();
    for event in
        [write(0, 100, 0), write(1, 100, 0), write(2, 90, 0), write(2, 0, 10), answer(1, 20), answer(2, 40)]
    {
        sender.send(event);
    }
    let recorded = recorder.finish();
    assert_eq!(
        (recorded.accounts.planned, recorded.accounts.acknowledged, recorded.accounts.unknown),
        (300, 290, 10)
    );

    let rows: Vec<SummaryRow> = read_csv(&dir.summary()).unwrap();
    let seen: Vec<(&str, &str, u64, u64)> = rows
        .iter()
        .map(|row| (row.phase.as_str(), row.query_type.as_str(), row.total_count, row.successful_count))
        .collect();
    assert_eq!(
        seen,
        [
            ("ramp", "ingest", 1, 1),
            ("ramp", "q1", 1, 1),
            ("ramp", "q2", 0, 0),
            ("steady", "ingest", 2, 1),
            ("steady", "q1", 1, 1),
            ("steady", "q2", 0, 0),
            ("all", "ingest", 3, 2),
            ("all", "q1", 2, 2),
            ("all", "q2", 0, 0),
        ]
    );
    let all = &rows[7];
    assert!((all.mean - 0.03).abs() < 1e-6 && (all.max_seconds - 0.04).abs() < 1e-4, "{all:?}");
    assert_eq!((all.empty_count, all.bytes_metered), (2, 20));
}

#[test]
fn what_is_planned_in_a_second_spans_its_phases() {
    const HALF: i64 = SECOND / 2;
    let span = |start, end| Span { start, end: Some(end) };
    let phase = |phase, span, share: f64| {
        let plan =
            event::IngestPlan { workload: 0, rate: Curve::constant(100.0 * share), cursor: Arc::default() };
        let arrivals = vec![event::ArrivalPlan {
            workload: 1,
            rate: Curve::constant(8.0 * share),
            cursor: Arc::default(),
        }];
        Event::PhaseStarted(PhaseStart {
            phase,
            span,
            workloads: vec![0, 1],
            ingest: vec![plan],
            history: Vec::new(),
            arrivals,
        })
    };
    let mut tally = Tally::new(names());
    tally.add(&phase(0, span(0, HALF), 1.0));
    tally.add(&phase(1, span(HALF, 3 * SECOND), 0.5));
    let (first, _) = tally.end_second(span(0, SECOND), |_, _, _| Ok::<(), ()>(()));
    let (second, _) = tally.end_second(span(SECOND, 2 * SECOND), |_, _, _| Ok::<(), ()>(()));
    assert_eq!((first.planned_records, second.planned_records), (75, 50));
    assert_eq!((first.planned_queries, second.planned_queries), (6, 4));
}

#[test]
fn nothing_is_planned_past_a_phase_that_was_ended() {
    let plan = event::IngestPlan { workload: 0, rate: Curve::constant(100.0), cursor: Arc::default() };
    let mut tally = Tally::new(names());
    tally.add(&Event::PhaseStarted(PhaseStart {
        phase: 1,
        span: Span { start: 0, end: None },
        workloads: vec![0],
        ingest: vec![plan],
        history: Vec::new(),
        arrivals: Vec::new(),
    }));
    tally.add(&Event::PhaseEnded { phase: 1, time: SECOND / 4 });
    let (row, _) = tally.end_second(Span { start: 0, end: Some(3 * SECOND) }, |_, _, _| Ok::<(), ()>(()));
    assert_eq!(row.planned_records, 25);
}

#[test]
fn a_file_that_cannot_be_written_ends_the_writing_and_not_the_counting() {
    let out = tempfile::tempdir().unwrap();
    let dir = RunDir::open(out.path());
    let failures = Arc::default();
    let recorder = recorder(&dir, &failures);
    let sender = recorder.events();
    sender.send(answer(1, 20));
    std::fs::remove_file(dir.histograms("users")).unwrap();
    std::fs::create_dir(dir.histograms("users")).unwrap();
    sender.send(write(1, 100, 0));
    let recorded = recorder.finish();
    let failures = failures.lock().unwrap();
    assert_eq!(failures.len(), 1);
    assert!(
        failures[0].starts_with("cannot write ") && failures[0].contains("users.hlog"),
        "{}",
        failures[0]
    );
    assert_eq!(recorded.accounts.acknowledged, 100);
    // What was written before stays.
    let rows: Vec<QueryRow> = read_csv(&dir.queries()).unwrap();
    assert_eq!(rows.len(), 1);
}

#[test]
fn news_comes_in_the_order_of_events_and_the_last_figures_are_the_files() {
    let out = tempfile::tempdir().unwrap();
    let (dir, feed) = (RunDir::open(out.path()), Feed::watched());
    let recorder = watched(&dir, &Arc::default(), feed.clone());
    let sender = recorder.events();
    let begin = |phase, workloads: &[usize]| {
        let span = Span { start: 0, end: None };
        let (ingest, history, arrivals) = (Vec::new(), Vec::new(), Vec::new());
        Event::PhaseStarted(PhaseStart {
            phase,
            span,
            workloads: workloads.to_vec(),
            ingest,
            history,
            arrivals,
        })
    };
    for event in [
        begin(1, &[0, 1]),
        write(1, 100, 0),
        answer(1, 20),
        Event::PhaseEnded { phase: 1, time: 5 },
        Event::Remark(Remark::warning("the next one is short of data")),
        begin(2, &[0]),
        // Late, and of the phase in which it was due.
        write(1, 90, 10),
    ] {
        sender.send(event);
    }
    recorder.finish();
    feed.close();

    let mut told = Vec::new();
    let mut last = Arc::default();
    while let Next::News(news) = feed.next(Duration::ZERO) {
        told.push(match news {
            News::Remark(remark) => remark.text,
            News::PhaseBegan(figures) => format!("{} begins", figures.phase.name),
            News::PhaseEnded(figures) => format!("{} ends", figures.phase.name),
            News::Figures(figures) => {
                last = figures;
                continue;
            }
            News::Result(_) => "a result".to_owned(),
        });
    }
    assert_eq!(told, ["ramp begins", "ramp ends", "the next one is short of data", "steady begins"]);
    assert!(last.last && last.phase.ended.is_none());

    let rows: Vec<SummaryRow> = read_csv(&dir.summary()).unwrap();
    let written = rows.iter().find(|row| row.phase == "ramp" && row.query_type == "ingest").unwrap();
    let writes = &last.workloads[0].operations[0];
    assert_eq!(writes.total(2), Some(written));
    assert_eq!((written.acknowledged_records, written.unknown_records), (190, 10));
    let asked = rows.iter().find(|row| row.phase == "ramp" && row.query_type == "q1").unwrap();
    assert_eq!(last.workloads[1].operations[0].total(2), Some(asked));
    // What a phase runs has figures from its beginning, what it does not run none.
    assert_eq!(writes.total(3).map(|row| row.total_count), Some(0));
    assert_eq!(last.workloads[1].operations[1].total(2).map(|row| row.total_count), Some(0));
    assert_eq!(last.workloads[1].operations[1].total(3), None);
}
