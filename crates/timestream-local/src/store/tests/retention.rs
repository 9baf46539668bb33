//! What time and settings end.

use super::*;
use crate::model::Ingested;

/// How long `RETENTION` keeps a row.
const LIFE: i64 = 30 * HOUR;

fn at(time: i64) -> Record<'static> {
    record("a", "cpu", time, 1.0)
}

/// The times of all rows that are shown.
fn shown(fixture: &Fixture) -> Vec<i64> {
    let mut times: Vec<i64> = fixture.stored().into_keys().map(|(.., time)| time - NOW).collect();
    times.sort_unstable();
    times
}

/// Waits until the directory of files has this many: a background thread may still hold one.
fn wait_for_files(fixture: &Fixture, count: usize) {
    let data = fixture.path("data");
    while names(&data).len() != count {
        std::thread::yield_now();
    }
}

#[test]
fn a_row_ends_to_the_nanosecond_wherever_it_is() {
    for flushed in [false, true] {
        let mut fixture = Fixture::new();
        fixture.write(&[at(NOW - 1), at(NOW), at(NOW + 1)]);
        if flushed {
            fixture.flush();
        }
        fixture.clock.advance(LIFE);
        assert_eq!(shown(&fixture), [0, 1], "flushed: {flushed}");
        fixture.reopen();
        assert_eq!(shown(&fixture), [0, 1], "flushed: {flushed}");
        fixture.clock.advance(1);
        assert_eq!(shown(&fixture), [1], "flushed: {flushed}");
    }
}

#[test]
fn the_space_of_an_hour_comes_back_when_nothing_shows_it() {
    let fixture = Fixture::new();
    fixture.write(&[at(NOW - 2 * HOUR), at(NOW)]);
    fixture.flush();
    let held = fixture.snapshot();
    fixture.clock.advance(LIFE - HOUR);
    fixture.table().maintain().unwrap();
    assert_eq!(stored(&held).len(), 2);
    drop(held);
    wait_for_files(&fixture, 1);
}

#[test]
fn space_comes_back_where_no_file_can_be_written() {
    let fixture = Fixture::flushing_at(1);
    fixture.write(&[at(NOW)]);
    fixture.flush();
    let now = NOW + LIFE + 2 * HOUR;
    let hour = chrono::DateTime::from_timestamp_nanos(now).format("%Y%m%dT%H");
    for number in 2..100 {
        std::fs::create_dir(fixture.path("data").join(format!("{hour}-{number:010}.parquet.tmp"))).unwrap();
    }
    fixture.clock.advance(now - NOW);
    fixture.write(&[at(now)]);
    assert!(fixture.table().maintain().is_err());
    let stats = fixture.table().stats();
    assert_eq!((stats.files, stats.memory_rows), (0, 1));
}

#[test]
fn rows_of_an_idle_memory_table_end_with_their_log() {
    let fixture = Fixture::new();
    fixture.write(&[at(NOW - 2 * HOUR), at(NOW)]);
    fixture.clock.advance(LIFE - HOUR);
    fixture.table().maintain().unwrap();
    let stats = fixture.table().stats();
    assert_eq!((stats.memory_rows, stats.log_bytes, stats.file_rows), (0, 0, 1));
    fixture.clock.advance(2 * HOUR);
    fixture.table().maintain().unwrap();
    assert_eq!(fixture.table().stats().files, 0);
    assert_eq!(names(&fixture.path("log")), ["0000000002.log"]);
}

#[test]
fn the_memory_stores_age_decides_where_a_write_goes() {
    let mut fixture = Fixture::new();
    let late = [at(NOW - 7 * HOUR)];
    assert_eq!(fixture.write(&late).ingested, Ingested { memory: 0, magnetic: 1 });
    fixture.retain(Retention { magnetic_writes: false, ..RETENTION });
    assert_eq!(fixture.write(&late).rejected.len(), 1);
    fixture.retain(Retention { memory_hours: 8, ..RETENTION });
    assert_eq!(fixture.write(&late).ingested, Ingested { memory: 1, magnetic: 0 });
    fixture.clock.advance(2 * HOUR);
    assert_eq!(fixture.write(&late).ingested, Ingested { memory: 0, magnetic: 1 });
}

#[test]
fn what_a_shorter_life_ends_a_longer_one_does_not_bring_back() {
    let long = Retention { magnetic_days: 5, ..RETENTION };
    for flushed in [false, true] {
        let mut fixture = Fixture::new();
        fixture.retain(long);
        // The last two are of one hour, which the shorter life ends in part.
        fixture.write(&[at(NOW), at(NOW - 40 * HOUR), at(NOW - LIFE - 1), at(NOW - LIFE)]);
        if flushed {
            fixture.flush();
        }
        fixture.retain(RETENTION);
        assert_eq!(shown(&fixture), [-LIFE, 0], "flushed: {flushed}");
        fixture.retain(long);
        assert_eq!(shown(&fixture), [-LIFE, 0], "flushed: {flushed}");
        fixture.reopen();
        assert_eq!(shown(&fixture), [-LIFE, 0], "flushed: {flushed}");
        // The table takes such times again, and shows what is written now.
        fixture.write(&[at(NOW - 40 * HOUR)]);
        assert_eq!(shown(&fixture), [-40 * HOUR, -LIFE, 0], "flushed: {flushed}");
    }
}

#[test]
fn a_longer_life_that_was_never_told_brings_nothing_back() {
    let mut fixture = Fixture::new();
    let long = Retention { magnetic_days: 5, ..RETENTION };
    fixture.write(&[at(NOW), at(NOW - LIFE + 1)]);
    fixture.clock.advance(2);
    fixture.table().prepare_retention(long).unwrap();
    // Killed before the settings were stored, and then after.
    fixture.reopen();
    assert_eq!(shown(&fixture), [0]);
    fixture.retention = long;
    fixture.reopen();
    assert_eq!(shown(&fixture), [0]);
}
