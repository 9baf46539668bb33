//! What a write waits for, and what a disk that fails does to it.

use std::os::unix::fs::symlink;

use super::*;

fn on_disk() -> StoreOptions {
    StoreOptions { durability: Durability::Disk, ..options() }
}

/// Makes a log segment a file that the system writes to and cannot sync.
fn spoil(fixture: &Fixture, segment: &str) {
    let path = fixture.path("log").join(segment);
    let _ = std::fs::remove_file(&path);
    symlink("/dev/null", path).unwrap();
}

#[tokio::test]
async fn requests_in_flight_share_a_sync() {
    let fixture = Fixture::with(on_disk());
    let write = |host: String| {
        let table = fixture.table();
        async move {
            let outcome = table.write(&[record(&host, "cpu", NOW, 1.0)]).unwrap();
            table.settled(outcome.position).await.unwrap();
        }
    };
    futures::future::join_all((0..64).map(|host| write(host.to_string()))).await;
    let syncs = fixture.table().stats().syncs;
    assert!((1..=8).contains(&syncs), "{syncs} syncs of 64 requests");
}

#[tokio::test]
async fn an_idempotent_retry_waits_for_the_disk_as_the_first_did() {
    let mut fixture = Fixture::with(on_disk());
    let row = [record("a", "cpu", NOW, 1.0)];
    fixture.write(&row);
    fixture.reopen();
    let again = fixture.write(&row);
    fixture.table().settled(again.position).await.unwrap();
    assert_eq!(fixture.table().stats().syncs, 1);
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_sync_that_failed_is_never_taken_for_done_and_a_flush_makes_good() {
    let mut fixture = Fixture::with(on_disk());
    fixture.table = None;
    spoil(&fixture, "0000000001.log");
    // So that only this test flushes.
    std::fs::remove_dir(fixture.path("data")).unwrap();
    fixture.table = Some(fixture.open().unwrap());
    let data = fixture.path("data");
    std::fs::remove_dir(&data).unwrap();
    std::fs::write(&data, "in the way").unwrap();

    let row = [record("a", "cpu", NOW, 1.0)];
    let position = fixture.write(&row).position;
    for _ in 0..2 {
        let error = fixture.table().settled(position).await.unwrap_err().to_string();
        assert!(error.contains("0000000001.log could not be synced to the disk"), "{error}");
    }
    std::fs::remove_file(&data).unwrap();
    std::fs::create_dir(&data).unwrap();
    fixture.flush();
    // In a file of its own it is safe, so the retry is answered.
    let retry = fixture.write(&row);
    assert_eq!(retry.ingested.memory, 1);
    fixture.table().settled(retry.position).await.unwrap();
    fixture.reopen();
    assert_eq!(fixture.stored().len(), 1);
}

#[test]
#[cfg(target_os = "linux")]
fn a_log_that_cannot_be_synced_is_left_for_files_in_the_background() {
    let mut fixture = Fixture::new();
    fixture.table = None;
    spoil(&fixture, "0000000001.log");
    fixture.table = Some(fixture.open().unwrap());
    fixture.write(&[record("a", "cpu", NOW, 1.0)]);
    while fixture.table().stats().file_rows == 0 {
        std::thread::yield_now();
    }
    fixture.write(&[record("b", "cpu", NOW, 1.0)]);
    fixture.reopen();
    assert_eq!(fixture.stored().len(), 2);
}
