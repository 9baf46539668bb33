//! What a table is after a kill.

use super::super::locks::write;
use super::*;

fn hosts(stored: &Stored) -> Vec<&str> {
    stored.keys().map(|(dimensions, ..)| dimensions["host"].as_str()).collect()
}

#[test]
fn acknowledged_rows_survive_a_kill_before_and_after_a_flush() {
    let mut fixture = Fixture::new();
    fixture.write(&[record("a", "cpu", NOW, 1.0)]);
    fixture.reopen();
    fixture.write(&[record("b", "cpu", NOW, 1.0)]);
    fixture.flush();
    fixture.write(&[record("c", "cpu", NOW, 1.0)]);
    fixture.reopen();
    assert_eq!(hosts(&fixture.stored()), ["a", "b", "c"]);
    assert_eq!(fixture.snapshot().files.len(), 1);
}

#[test]
fn a_log_cut_at_any_byte_of_its_last_frame_loses_that_frame_alone() {
    let mut fixture = Fixture::new();
    fixture.write(&[record("a", "cpu", NOW, 1.0)]);
    let log = fixture.path("log/0000000001.log");
    let first = std::fs::metadata(&log).unwrap().len() as usize;
    fixture.write(&[record("b", "cpu", NOW, 1.0), record("c", "memory", NOW, 2.0)]);
    fixture.table = None;
    let whole = std::fs::read(&log).unwrap();
    for cut in first..whole.len() {
        std::fs::write(&log, &whole[..cut]).unwrap();
        fixture.reopen();
        assert_eq!(hosts(&fixture.stored()), ["a"], "cut at {cut}");
        fixture.write(&[record("d", "cpu", NOW, 1.0)]);
        fixture.reopen();
        assert_eq!(hosts(&fixture.stored()), ["a", "d"], "cut at {cut}");
    }
}

#[test]
fn a_dictionary_cut_at_any_byte_takes_the_rows_that_need_it() {
    let mut fixture = Fixture::new();
    fixture.write(&[record("a", "cpu", NOW, 1.0)]);
    let path = fixture.path("dictionary");
    let first = std::fs::metadata(&path).unwrap().len() as usize;
    fixture.write(&[record("b", "cpu", NOW, 1.0)]);
    fixture.table = None;
    let log = fixture.path("log/0000000001.log");
    let (whole, whole_log) = (std::fs::read(&path).unwrap(), std::fs::read(&log).unwrap());
    for cut in first..whole.len() {
        std::fs::write(&path, &whole[..cut]).unwrap();
        std::fs::write(&log, &whole_log).unwrap();
        fixture.reopen();
        assert_eq!(hosts(&fixture.stored()), ["a"], "cut at {cut}");
    }
}

#[test]
fn rows_behind_a_damaged_frame_of_the_log_stay() {
    let mut fixture = Fixture::new();
    let log = fixture.path("log/0000000001.log");
    let mut ends = Vec::new();
    for host in ["a", "b", "c"] {
        fixture.write(&[record(host, "cpu", NOW, 1.0)]);
        ends.push(std::fs::metadata(&log).unwrap().len() as usize);
    }
    fixture.table = None;
    let mut bytes = std::fs::read(&log).unwrap();
    bytes[ends[1] - 1] ^= 1;
    std::fs::write(&log, &bytes).unwrap();
    for _ in 0..2 {
        fixture.reopen();
        assert_eq!(hosts(&fixture.stored()), ["a", "c"]);
    }
    assert_eq!(std::fs::read(fixture.path("log/0000000001.damaged")).unwrap(), bytes);
    fixture.flush();
    fixture.reopen();
    assert_eq!(hosts(&fixture.stored()), ["a", "c"]);
}

#[test]
fn a_row_whose_definition_is_lost_never_gets_the_name_of_another() {
    let mut fixture = Fixture::new();
    fixture.write(&[record("a", "cpu", NOW, 1.0)]);
    let path = fixture.path("dictionary");
    let first = std::fs::metadata(&path).unwrap().len();
    fixture.write(&[record("b", "cpu", NOW, 1.0)]);
    fixture.write(&[record("a", "cpu", NOW - 1, 1.0)]);
    fixture.table = None;
    // A power cut took the end of the dictionary and spared the log.
    std::fs::File::options().write(true).open(&path).unwrap().set_len(first).unwrap();
    fixture.reopen();
    assert_eq!(hosts(&fixture.stored()), ["a", "a"]);
    fixture.write(&[record("c", "cpu", NOW, 1.0)]);
    fixture.reopen();
    assert_eq!(hosts(&fixture.stored()), ["a", "a", "c"]);
}

#[test]
fn a_dictionary_that_is_damaged_in_the_middle_is_told_and_left_alone() {
    let mut fixture = Fixture::new();
    fixture.write(&[record("a", "cpu", NOW, 1.0)]);
    fixture.write(&[record("b", "cpu", NOW, 1.0)]);
    fixture.table = None;
    let path = fixture.path("dictionary");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[14] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let error = fixture.open().err().unwrap().to_string();
    assert!(error.contains("dictionary is damaged: at byte 0 it is not what was written"), "{error}");
    assert!(error.ends_with("restore the table's directory or remove it"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
}

#[test]
fn a_dictionary_that_files_need_is_missed() {
    let mut fixture = Fixture::new();
    fixture.write(&[record("a", "cpu", NOW, 1.0)]);
    fixture.flush();
    fixture.table = None;
    std::fs::remove_file(fixture.path("dictionary")).unwrap();
    let error = fixture.open().err().unwrap().to_string();
    assert!(error.contains("dictionary is damaged: it has 0 dimension sets and files need 1"), "{error}");
}

#[test]
fn names_of_records_that_were_never_stored_are_not_missed() {
    let mut fixture = Fixture::new();
    fixture.write(&[record("a", "cpu", NOW, 1.0)]);
    // As of a request that waits for room, or that failed.
    let waiting = [record("b", "cpu", NOW, 1.0)];
    let defined = write(&fixture.table().shared.dictionary).define(&waiting[0], &mut Vec::new());
    assert!(defined.is_ok());
    fixture.flush();
    fixture.reopen();
    assert_eq!(hosts(&fixture.stored()), ["a"]);
    fixture.write(&waiting);
    fixture.flush();
    fixture.reopen();
    assert_eq!(hosts(&fixture.stored()), ["a", "b"]);
}

#[test]
fn a_manifest_that_is_missed_costs_no_file() {
    let mut fixture = Fixture::new();
    fixture.write(&[record("a", "cpu", NOW, 1.0)]);
    fixture.flush();
    fixture.table = None;
    let (manifest, aside) = (fixture.path("manifest.json"), fixture.path("aside"));
    std::fs::rename(&manifest, &aside).unwrap();
    let error = fixture.open().err().unwrap().to_string();
    assert!(error.contains("manifest.json is damaged: it is missing, and there are rows"), "{error}");
    std::fs::rename(&aside, &manifest).unwrap();
    fixture.reopen();
    assert_eq!(hosts(&fixture.stored()), ["a"]);
}

#[test]
fn a_half_made_flush_is_done_again() {
    let mut fixture = Fixture::new();
    fixture.write(&[record("a", "cpu", NOW, 1.0), record("b", "cpu", NOW - HOUR, 1.0)]);
    fixture.table = None;
    let log = fixture.path("log/0000000001.log");
    let segment = std::fs::read(&log).unwrap();
    fixture.reopen();
    fixture.flush();
    fixture.table = None;
    // As if the kill came before the manifest: one file is whole, one is not, the segment is there.
    let files = names(&fixture.path("data"));
    std::fs::remove_file(fixture.path("manifest.json")).unwrap();
    std::fs::rename(fixture.path("data").join(&files[1]), fixture.path("data/x.parquet.tmp")).unwrap();
    std::fs::write(&log, segment).unwrap();
    fixture.reopen();
    assert_eq!(names(&fixture.path("data")), [""; 0]);
    assert_eq!(hosts(&fixture.stored()), ["a", "b"]);
    fixture.flush();
    assert_eq!(hosts(&fixture.stored()), ["a", "b"]);
}

#[test]
fn a_segment_whose_rows_are_in_files_is_not_replayed() {
    let mut fixture = Fixture::new();
    fixture.write(&[record("a", "cpu", NOW, 1.0)]);
    let log = fixture.path("log/0000000001.log");
    let segment = std::fs::read(&log).unwrap();
    fixture.flush();
    assert_eq!(names(&fixture.path("log")), ["0000000002.log"]);
    fixture.table = None;
    // As if the kill came between the manifest and the removal of the segment.
    std::fs::write(&log, segment).unwrap();
    fixture.reopen();
    let snapshot = fixture.snapshot();
    assert!(snapshot.memory.is_empty());
    assert_eq!(hosts(&stored(&snapshot)), ["a"]);
    assert_eq!(names(&fixture.path("log")), ["0000000002.log"]);
}
