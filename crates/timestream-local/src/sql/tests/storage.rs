//! Files and memory together: late columns, overwritten rows, pruning, bounds.

use std::fmt::Write as _;
use std::sync::Arc;

use super::{Fixture, parse, write_parquet};
use crate::sql::SqlError;
use crate::store::{Snapshot, SnapshotFile};

#[test]
fn files_and_memory_are_one_table() {
    let fixture = Fixture::new().table(
        "t",
        &[
            "host | measure_name | time | v:double\na | m | 01:00 | 1\nb | m | 01:30 | 2",
            "host | measure_name | time | v:double\na | m | 02:00 | 3",
        ],
        &["rack | host | measure_name | time | v:double\nr1 | a | m | 03:00 | 4"],
        false,
    );
    assert_eq!(
        fixture.rows("SELECT host, hour(time), v, rack FROM db.t ORDER BY time"),
        ["a|1|1.0|NULL", "b|1|2.0|NULL", "a|2|3.0|NULL", "a|3|4.0|r1"]
    );
    assert_eq!(fixture.rows("SELECT v FROM db.t WHERE host = 'a' AND v > 1 ORDER BY v"), ["3.0", "4.0"]);
    assert_eq!(fixture.value("SELECT count(*) FROM db.t"), "4");
    assert_eq!(fixture.value("SELECT count(*) FROM db.t WHERE rack IS NULL"), "3");
    assert_eq!(
        fixture.value("SELECT count(*) FROM db.t WHERE rack = 'r1' AND time >= '2020-08-08 03:00:00'"),
        "1"
    );
}

#[test]
fn an_empty_table_answers_too() {
    let columns = parse("host | measure_name | time | v:double", &mut Vec::new());
    assert_eq!(columns.num_rows(), 0);
    let fixture = Fixture::new().table("t", &[], &[], false);
    assert_eq!(fixture.value("SELECT count(*) FROM db.t"), "0");
    let fixture = Fixture::new().memory("t", "host | measure_name | time | v:double");
    assert_eq!(fixture.rows("SELECT * FROM db.t"), [""; 0]);
    assert_eq!(fixture.value("SELECT max(v) FROM db.t"), "NULL");
}

#[test]
fn of_overlapping_rows_the_highest_version_counts() {
    let fixture = Fixture::new().table(
        "t",
        &["host | measure_name | time | v:double | #\na | m | 01:00 | 1 | 1\nb | m | 01:00 | 2 | 1"],
        &["host | measure_name | time | v:double | #\na | m | 01:00 | 10 | 3\na | m | 01:00 | 5 | 2\na | m | 02:00 | 7 | 1"],
        true,
    );
    assert_eq!(
        fixture.rows("SELECT * FROM db.t ORDER BY time, host"),
        [
            "a|m|2020-08-08 01:00:00.000000000|10.0",
            "b|m|2020-08-08 01:00:00.000000000|2.0",
            "a|m|2020-08-08 02:00:00.000000000|7.0",
        ]
    );
    // An overwritten value must not come back because the new one fails the filter.
    assert_eq!(fixture.rows("SELECT host FROM db.t WHERE v < 6"), ["b"]);
    assert_eq!(
        fixture.rows("SELECT v FROM db.t x WHERE x.host = 'a' AND time < '2020-08-08 02:00:00'"),
        ["10.0"]
    );
    assert!(fixture.error("SELECT __version FROM db.t").to_string().contains("does not exist"));
}

/// A day of hour files, each of 24 hosts a second apart, and an answer's bytes.
fn day() -> Fixture {
    let mut fixture = Fixture::new();
    let mut snapshot = Snapshot::empty();
    for hour in 0..12 {
        let mut text = String::from("host | measure_name | time | v:double\n");
        for host in 0..24 {
            for second in (0..3600).step_by(10) {
                let (minute, second) = (second / 60, second % 60);
                let value = f64::from((host * 7919 + minute * 104_729 + second * 31 + hour) % 1000) / 8.0;
                writeln!(text, "host-{host:02} | m | {hour:02}:{minute:02}:{second:02} | {value}")
                    .expect("text");
            }
        }
        let path = fixture.dir.path().join(format!("{hour}.parquet"));
        write_parquet(&path, &parse(&text, &mut snapshot.columns));
        snapshot.files.push(Arc::new(SnapshotFile::at(path)));
    }
    fixture.add("t", snapshot);
    fixture
}

fn bytes_of(fixture: &Fixture, text: &str) -> (Vec<String>, u64) {
    let mut answer = fixture.query(text).expect("an answer");
    assert_eq!(answer.bytes_scanned(), 0, "nothing is read before it is asked for");
    let rows = super::drain(&mut answer).expect("rows");
    (rows, answer.bytes_scanned())
}

#[test]
fn a_window_reads_little_of_a_day() {
    let fixture = day();
    let select = "SELECT count(v), max(v) IS NOT NULL FROM db.t";
    let (rows, all) = bytes_of(&fixture, select);
    assert_eq!(rows, ["103680|true"]);
    for (filter, expected, share) in [
        ("time > ago(1h) AND time <= now()", "8616|true", 6),
        ("time BETWEEN now() - 3h AND '2020-08-08 09:59:59'", "8640|true", 6),
        ("time BETWEEN now() - 3h AND '2020-08-08 09:59:59' AND host = 'host-07'", "360|true", 20),
    ] {
        let (rows, bytes) = bytes_of(&fixture, &format!("{select} WHERE {filter}"));
        assert_eq!(rows, [expected], "{filter}");
        assert!(bytes > 0 && bytes * share < all, "{filter}: {bytes} of {all}");
    }
}

#[test]
fn memory_rows_are_metered_once_they_are_read() {
    let fixture = Fixture::new()
        .memory("t", "host | measure_name | time | v:double\na | m | 01:00 | 1\nb | m | 01:30 | 2");
    let (_, bytes) = bytes_of(&fixture, "SELECT v FROM db.t");
    assert_eq!(bytes, 16);
}

#[test]
fn a_query_beyond_the_memory_limit_fails_alone() {
    let mut fixture = day();
    let small = Fixture::with_memory(512 << 10);
    fixture.sql = small.sql;
    let error = fixture.error("SELECT array_agg(v), array_agg(time) FROM db.t");
    let SqlError::Execution(message) = &error else { panic!("{error:?}") };
    assert!(message.contains("memory limit"), "{message}");
    assert_eq!(fixture.value("SELECT count(*) FROM db.t"), "103680");
    drop(small.dir);
}

#[test]
fn groups_beyond_the_memory_limit_spill() {
    let mut fixture = day();
    let small = Fixture::with_memory(8 << 20);
    fixture.sql = small.sql;
    let groups = "SELECT host, time, max(v) AS high FROM db.t GROUP BY host, time";
    let answer = fixture.value(&format!("SELECT count(*), count(DISTINCT time) FROM ({groups})"));
    assert_eq!(answer, "103680|4320");
    drop(small.dir);
}
