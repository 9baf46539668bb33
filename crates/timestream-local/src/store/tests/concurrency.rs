//! Writers, queries and the background side by side.

use std::sync::atomic::{AtomicBool, Ordering};

use futures::FutureExt as _;

use super::*;

#[test]
fn concurrent_writers_and_flushes_lose_nothing() {
    let fixture = Fixture::flushing_at(500);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    std::thread::scope(|scope| {
        for (host, waits) in [("a", false), ("b", false), ("c", true), ("d", true)] {
            let (table, runtime) = (fixture.table(), runtime.handle());
            scope.spawn(move || {
                for second in 0..1000_i64 {
                    let record = [record(host, "cpu", NOW - second * MINUTE / 60, 1.0)];
                    let written = match waits {
                        true => table.write(&record),
                        false => runtime.block_on(table.write_async(&record)),
                    };
                    written.unwrap();
                }
            });
        }
        for _ in 0..10 {
            fixture.stored();
        }
    });
    assert_eq!(fixture.stored().len(), 4000);
}

#[test]
fn snapshots_of_several_tables_are_of_one_instant() {
    let store =
        Store::new(Arc::new(ManualClock::at(NOW)), StoreOptions { flush_rows: 50, ..options() }).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let open = |name: &str| store.open_table(&dir.path().join(name), RETENTION).unwrap();
    let (first, second) = (open("first"), open("second"));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for second_of in 0..300_i64 {
                let row = [record("a", "cpu", NOW - second_of * MINUTE / 60, 1.0)];
                first.write(&row).unwrap();
                second.write(&row).unwrap();
            }
            done.store(true, Ordering::Relaxed);
        });
        while !done.load(Ordering::Relaxed) {
            let snapshots = Table::snapshots(&[&second, &first, &second]);
            let [b, a, again] = [0, 1, 2].map(|at| stored(&snapshots[at]).len());
            assert!(b <= a && a <= b + 1, "{a} rows in the one, {b} in the other");
            assert_eq!(b, again);
        }
    });
}

#[test]
fn the_memory_tables_of_many_tables_stay_within_their_share() {
    let bound = 64 * 1024;
    let options = StoreOptions { memory_bytes: bound, ..options() };
    let store = Store::new(Arc::new(ManualClock::at(NOW)), options).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let tables: Vec<Table> = (0..20)
        .map(|number| store.open_table(&dir.path().join(number.to_string()), RETENTION).unwrap())
        .collect();
    // Ten times what fits.
    for second in 0..700_i64 {
        for table in &tables {
            table.write(&[record("a", "cpu", NOW - second * MINUTE / 60, 1.0)]).unwrap();
            let taken: u64 = tables.iter().map(|table| table.stats().memory_bytes).sum();
            assert!(taken <= bound as u64 + 1024, "{taken} bytes are taken");
        }
    }
    for table in &tables {
        assert_eq!(stored(&table.snapshot()).len(), 700);
    }
}

#[tokio::test]
async fn a_write_that_waits_for_room_leaves_its_thread_to_others() {
    let fixture = Fixture::flushing_at(1);
    let rows = [0, 1, 2].map(|minute| [record("a", "cpu", NOW - minute * MINUTE, 1.0)]);
    let waiting = {
        // Nothing is flushed meanwhile, and there is room for two rows.
        let _changing = fixture.table().shared.begin_change().unwrap();
        fixture.write(&rows[0]);
        fixture.write(&rows[1]);
        let mut third = Box::pin(fixture.table().write_async(&rows[2]));
        assert!((&mut third).now_or_never().is_none());
        third
    };
    waiting.await.unwrap();
    assert_eq!(fixture.stored().len(), 3);
}

#[test]
fn a_merge_that_loses_its_files_to_a_flush_is_for_nothing() {
    let fixture = Fixture::new();
    for minute in 0..20 {
        fixture.write(&[record("a", "cpu", NOW - minute * MINUTE, 1.0)]);
        fixture.flush();
        // Replaces a file that the compactor may just be merging.
        fixture.write(&[version(minute + 2, record("a", "cpu", NOW, minute as f64))]);
        fixture.flush();
    }
    fixture.table().maintain().unwrap();
    assert_eq!(fixture.stored().len(), 20);
    let newest = fixture.stored().into_values().map(|(version, _)| version).max();
    assert_eq!(newest, Some(21));
}
