//! What settings and time end, and what an answered write waits for, over the wire.

use aws_sdk_timestreamwrite::types::RetentionProperties;
use timestream_local::server::Durability;

use crate::support::{Local, NOW, NOW_NANOS, record};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// How long `support` makes its table keep records: two hours and ten days.
const LIFE: i64 = 2 * HOUR + 10 * DAY;

async fn retain(local: &Local, hours: i64, days: i64) {
    let retention = RetentionProperties::builder()
        .memory_store_retention_period_in_hours(hours)
        .magnetic_store_retention_period_in_days(days)
        .build()
        .unwrap();
    let update = local.write.update_table().database_name("fleet").table_name("metrics");
    update.retention_properties(retention).send().await.unwrap();
}

async fn hosts(local: &Local) -> String {
    let rows = local.rows("SELECT host FROM fleet.metrics ORDER BY host").await;
    rows.concat().concat()
}

#[tokio::test]
async fn a_record_is_seen_until_its_life_ends_to_the_second() {
    let local = Local::start().await;
    local.create_table().await;
    let write = local.write_records().records(record("a", "1", NOW + 60)).records(record("b", "2", NOW + 61));
    write.send().await.unwrap();
    local.clock.advance((LIFE + 61) * 1_000_000_000);
    assert_eq!(hosts(&local).await, "b", "in memory");
    let local = Local::start_at(local.stop().await, NOW_NANOS + (LIFE + 61) * 1_000_000_000, |_| {}).await;
    assert_eq!(hosts(&local).await, "b", "in a file of the same hour");
    let filtered = "SELECT count(*) FROM fleet.metrics WHERE measure_value::double < 1.5";
    assert_eq!(local.rows(filtered).await, [["0"]]);
    local.clock.advance(1_000_000_000);
    assert_eq!(hosts(&local).await, "");
}

#[tokio::test]
async fn a_record_that_was_overwritten_ends_with_its_life_as_well() {
    let local = Local::start().await;
    local.create_table().await;
    for version in [1, 2] {
        let mut again = record("a", &version.to_string(), NOW);
        again.version = Some(version);
        local.write_records().records(again).records(record("b", "1", NOW + 60)).send().await.unwrap();
    }
    local.clock.advance((LIFE + 1) * 1_000_000_000);
    assert_eq!(hosts(&local).await, "b");
}

#[tokio::test]
async fn a_shorter_life_ends_records_at_once_and_a_longer_one_brings_none_back() {
    let local = Local::start().await;
    local.create_table().await;
    let old = NOW - 3 * DAY;
    let write = local.write_records().records(record("a", "1", old)).records(record("b", "2", NOW));
    write.send().await.unwrap();
    assert_eq!(hosts(&local).await, "ab");
    retain(&local, 1, 1).await;
    assert_eq!(hosts(&local).await, "b");
    retain(&local, 1, 100).await;
    assert_eq!(hosts(&local).await, "b");
    let local = Local::start_on(local.stop().await).await;
    assert_eq!(hosts(&local).await, "b");
    local.write_records().records(record("a", "3", old)).send().await.unwrap();
    assert_eq!(hosts(&local).await, "ab");
}

#[tokio::test]
async fn requests_that_wait_for_the_disk_are_answered() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start_with(dir, |config| config.durability = Durability::Disk).await;
    local.create_table().await;
    let write = |at: i64| local.write_records().records(record("a", "1", NOW - at)).send();
    for written in futures::future::join_all((0..64).map(write)).await {
        assert_eq!(written.unwrap().records_ingested().unwrap().total(), 1);
    }
    assert_eq!(local.rows("SELECT count(*) FROM fleet.metrics").await, [["64"]]);
    // A part that is rejected does not spare the rest the wait.
    let (rejected, stored) = (record("a", "1", NOW - 100 * DAY), record("b", "1", NOW));
    local.write_records().records(rejected).records(stored).send().await.unwrap_err();
    assert_eq!(hosts(&local).await.len(), 65);
}
