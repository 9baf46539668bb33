//! What a write stores and rejects, and what a snapshot shows.

use super::*;
use crate::model::{Ingested, Rejected};

#[test]
fn a_conflict_names_the_stored_version_and_the_rest_is_stored() {
    let fixture = Fixture::new();
    fixture.write(&[version(3, record("a", "cpu", NOW, 1.0))]);
    let outcome = fixture.write(&[version(3, record("a", "cpu", NOW, 2.0)), record("b", "cpu", NOW, 2.0)]);
    let reason = "A record already exists with the same time, dimensions, measure name, and record version. A \
                  higher record version must be specified in order to update the measure value.";
    let rejected = Rejected { index: 0, reason: reason.to_owned(), existing_version: Some(3) };
    assert_eq!(outcome.rejected, [rejected]);
    assert_eq!(outcome.ingested, Ingested { memory: 1, magnetic: 0 });
    assert_eq!(fixture.stored().len(), 2);
}

#[test]
fn an_overwrite_of_rows_in_a_file_rewrites_that_file() {
    let fixture = Fixture::new();
    fixture.write(&[record("a", "cpu", NOW, 1.0), record("b", "cpu", NOW, 1.0)]);
    fixture.flush();
    assert!(!fixture.snapshot().overlaps);
    fixture.write(&[version(2, record("a", "cpu", NOW, 2.0))]);
    assert!(fixture.snapshot().overlaps);
    fixture.flush();
    let snapshot = fixture.snapshot();
    assert!(!snapshot.overlaps);
    assert_eq!(snapshot.files.len(), 1);
    assert_eq!(snapshot.files[0].rows(), 2);
}

#[test]
fn history_written_twice_is_stored_once() {
    let mut fixture = Fixture::new();
    let hosts: Vec<String> = (0..50).map(|host| format!("host-{host:03}")).collect();
    let history = |fixture: &Fixture| {
        for minute in (0..120).rev() {
            let records: Vec<_> =
                hosts.iter().map(|host| record(host, "cpu", NOW - minute * MINUTE, 1.0)).collect();
            assert_eq!(fixture.write(&records).ingested.memory, 50);
        }
    };
    history(&fixture);
    fixture.flush();
    history(&fixture);
    fixture.reopen();
    history(&fixture);
    let snapshot = fixture.snapshot();
    assert!(snapshot.memory.is_empty());
    assert_eq!(snapshot.files.iter().map(|file| file.rows()).sum::<u64>(), 50 * 120);
}

#[test]
fn a_full_memory_table_is_flushed_behind_the_writers() {
    let fixture = Fixture::flushing_at(100);
    // More than fits in two memory tables, so the last writers wait for a flush.
    for minute in (0..200).rev() {
        let records: Vec<_> =
            ["a", "b", "c"].map(|host| record(host, "cpu", NOW - minute * MINUTE, 1.0)).into();
        fixture.write(&records);
    }
    assert_eq!(fixture.stored().len(), 600);
    assert!(!fixture.snapshot().files.is_empty());
}

#[test]
fn a_snapshot_does_not_change_and_keeps_its_files() {
    let fixture = Fixture::new();
    fixture.write(&[record("a", "cpu", NOW, 1.0)]);
    fixture.flush();
    fixture.write(&[record("b", "cpu", NOW, 1.0)]);
    let before = fixture.snapshot();
    fixture.write(&[version(2, record("a", "cpu", NOW, 2.0)), record("c", "memory", NOW, 1.0)]);
    fixture.flush();
    assert_eq!(stored(&before).len(), 2);
    assert_eq!(fixture.stored().len(), 3);
    let replaced = before.files[0].path.clone();
    assert!(replaced.exists());
    drop(before);
    assert!(!replaced.exists());
}

#[test]
fn columns_born_late_are_listed_and_absent_in_files() {
    let fixture = Fixture::new();
    fixture.write(&[record("a", "cpu", NOW, 1.0)]);
    fixture.flush();
    fixture.write(&[record("b", "cpu", NOW, 1.0)]);
    let measures = Measures::Multi(vec![("x", Value::Bigint(1))]);
    let multi = Record { measures, measure_name: "m", ..record("c", "", NOW, 0.0) };
    fixture.write(&[multi]);
    let snapshot = fixture.snapshot();
    let names: Vec<_> = snapshot.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["host", "measure_name", "time", "measure_value::double", "x"]);
    assert_eq!(stored(&snapshot).len(), 3);
    assert_eq!(snapshot.measures[1].columns[0].kind, ColumnKind::Multi(MeasureType::Bigint));
}

#[test]
fn a_failed_flush_loses_nothing_and_is_tried_again() {
    let mut fixture = Fixture::new();
    fixture.write(&[record("a", "cpu", NOW, 1.0)]);
    let data = fixture.path("data");
    std::fs::remove_dir(&data).unwrap();
    std::fs::write(&data, "in the way").unwrap();
    let error = fixture.table().flush().unwrap_err().to_string();
    assert!(error.contains("data"), "{error}");
    fixture.write(&[record("b", "cpu", NOW, 1.0)]);
    assert_eq!(fixture.stored().len(), 2);
    std::fs::remove_file(&data).unwrap();
    std::fs::create_dir(&data).unwrap();
    fixture.flush();
    fixture.reopen();
    assert_eq!(fixture.stored().len(), 2);
    assert!(fixture.snapshot().memory.is_empty());
}

#[test]
fn a_query_makes_the_columns_that_it_asks_for_and_no_others() {
    let fixture = Fixture::new();
    // A whole chunk, and a row more: what is asked of a chunk that takes no more is kept with it.
    let rows = 8_192;
    for second in 0..=rows {
        fixture.write(&[record("a", "cpu", NOW - second * 1_000_000_000, 1.0)]);
    }
    let taken = || fixture.table().stats().memory_bytes;
    let before = taken();
    let time = super::super::columns::field(&fixture.snapshot().columns[2]);
    let schema = Arc::new(Schema::new(vec![time]));
    for _ in 0..2 {
        let snapshot = fixture.snapshot();
        let lengths = snapshot.memory.iter().map(|rows| rows.batch(&schema).unwrap().num_rows());
        assert_eq!(lengths.collect::<Vec<_>>(), [rows as usize, 1]);
        assert_eq!(taken() - before, 8 * rows as u64, "a time is eight bytes, and made once");
    }
    assert_eq!(fixture.stored().len(), rows as usize + 1);
    let all = 8 + 16 + 16 + 8;
    assert_eq!(taken() - before, all * rows as u64, "and a host and a measure name, and a version");
}
