use serde_json::json;

use super::*;
use crate::clock::ManualClock;
use crate::scheduled::{ExecutionStats, Schedule, Status};

const MINUTE: i64 = 60_000_000_000;
const NONE: [i64; 0] = [];

/// A book whose clock stands at 0, and a query in it that runs every minute.
fn book() -> (tempfile::TempDir, Arc<ManualClock>, Book, String) {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(0));
    let book = Book::open(dir.path().to_owned(), Arc::clone(&clock) as _).unwrap();
    let id = book.create(definition("means"), None, Tags::new()).unwrap().id();
    (dir, clock, book, id)
}

fn definition(name: &str) -> Definition {
    let s3 = json!({ "S3Configuration": { "BucketName": "reports", "EncryptionOption": "SSE_S3" } });
    Definition {
        name: name.to_owned(),
        query_string: "SELECT 1".to_owned(),
        schedule: Schedule::parse("rate(1 minute)").unwrap(),
        target: None,
        error_reports: serde_json::from_value(s3).unwrap(),
        notifications: serde_json::from_value(json!({ "SnsConfiguration": { "TopicArn": "topic" } }))
            .unwrap(),
        role_arn: "role".to_owned(),
        kms_key_id: None,
    }
}

/// The times that are to be run for now, in minutes.
fn due(book: &Book) -> Vec<i64> {
    book.take_jobs(10).iter().map(|job| job.invocation / MINUTE).collect()
}

#[test]
fn while_a_query_runs_it_is_not_due_and_then_its_last_time_is() {
    let (_dir, clock, book, id) = book();
    assert_eq!(due(&book), NONE);
    clock.advance(MINUTE);
    assert_eq!(due(&book), [1]);
    clock.advance(3 * MINUTE + 5);
    assert_eq!(due(&book), NONE, "it still runs");
    book.ended(&id);
    assert_eq!(due(&book), [4], "the times between were left out");
    book.ended(&id);
    assert_eq!(due(&book), NONE);
}

#[test]
fn no_more_jobs_are_taken_than_there_is_room_for() {
    let (_dir, clock, book, id) = book();
    book.create(definition("others"), None, Tags::new()).unwrap();
    book.ask(&id, 7 * MINUTE, false).unwrap();
    clock.advance(MINUTE);
    let jobs = [book.take_jobs(0), book.take_jobs(2), book.take_jobs(2), book.take_jobs(2)];
    assert_eq!(
        jobs.map(|jobs| jobs.iter().map(|job| job.invocation / MINUTE).collect::<Vec<_>>()),
        [vec![], vec![7, 1], vec![1], vec![],]
    );
    for _ in 0..MAX_ASKED {
        book.ask(&id, 0, false).unwrap();
    }
    assert!(matches!(book.ask(&id, 0, false), Err(BookError::TooManyRuns)));
}

#[test]
fn what_cannot_be_saved_is_not_shown() {
    let (dir, _clock, book, id) = book();
    drop(dir);
    assert!(matches!(book.set_state(&id, State::Disabled), Err(BookError::File(_))));
    assert!(matches!(book.create(definition("others"), None, Tags::new()), Err(BookError::File(_))));
    assert_eq!(book.list().len(), 1);
    assert_eq!((book.get(&id).unwrap().state, book.next_run(&id)), (State::Enabled, Some(MINUTE)));
}

#[test]
fn what_an_interrupted_save_left_is_no_query() {
    let (dir, clock, book, id) = book();
    std::fs::write(dir.path().join("0123.tmp"), "{").unwrap();
    let again = Book::open(dir.path().to_owned(), clock).unwrap();
    assert_eq!(again.list(), book.list());
    assert_eq!(again.get(&id).unwrap(), book.get(&id).unwrap());
}

#[test]
fn a_damaged_file_is_named() {
    let (dir, clock, _book, _id) = book();
    std::fs::write(dir.path().join("0123.json"), "{\"format\": 1}").unwrap();
    let told = Book::open(dir.path().to_owned(), clock).err().unwrap().to_string();
    assert!(told.contains("0123.json: not what this program wrote"), "{told}");
}

#[test]
fn a_query_that_is_disabled_by_its_run_is_due_no_more() {
    let (_dir, clock, book, id) = book();
    clock.advance(MINUTE);
    assert_eq!(due(&book), [1]);
    let run = RunSummary {
        invocation: MINUTE,
        trigger: MINUTE,
        status: Status::AutoTriggerFailure,
        stats: ExecutionStats::default(),
        insights: None,
        report: None,
        failure: Some("no table".to_owned()),
    };
    book.note(&id, run, 1, true).unwrap();
    book.ended(&id);
    clock.advance(MINUTE);
    assert_eq!(due(&book), NONE);
    book.set_state(&id, State::Enabled).unwrap();
    assert_eq!(book.next_run(&id), Some(3 * MINUTE));
}
