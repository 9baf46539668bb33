//! What a query sees of tables that change while it is under way.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use crate::support::{Local, NOW, record};

const HOURS: i64 = 24;

/// Writes a record of each of the last hours, which is a memory table full.
async fn write_hours(local: &Local, version: i64) {
    let records = (0..HOURS).map(|hour| {
        let mut record = record("a", &version.to_string(), NOW - hour * 3_600);
        record.version = Some(version);
        record
    });
    local.write_records().set_records(Some(records.collect())).send().await.unwrap();
}

/// The names of the table's files, once `done` says so of them.
async fn files(local: &Local, done: impl Fn(&BTreeSet<String>) -> bool) -> BTreeSet<String> {
    let data = local.dir().join("tables/1/data");
    loop {
        let found = names(&data);
        if done(&found) {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn names(data: &Path) -> BTreeSet<String> {
    let names = std::fs::read_dir(data).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".parquet")).collect()
}

#[tokio::test]
async fn pages_of_a_query_are_of_one_instant_though_all_its_files_are_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let local = Local::start_with(dir, |config| config.flush_rows = HOURS as usize).await;
    local.create_table().await;
    write_hours(&local, 1).await;
    let before = files(&local, |files| files.len() == HOURS as usize).await;

    let sql = "SELECT measure_value::double FROM fleet.metrics";
    let ask = |token: Option<String>| {
        local.query.query().query_string(sql).max_rows(1).set_next_token(token).send()
    };
    let page = ask(None).await.unwrap();
    let (mut rows, mut token) = (page.rows().to_vec(), page.next_token().map(str::to_owned));

    write_hours(&local, 2).await;
    files(&local, |files| files.difference(&before).count() == HOURS as usize).await;
    assert_eq!(local.rows(sql).await, vec![["2.0"]; HOURS as usize]);
    while token.is_some() {
        let page = ask(token).await.unwrap();
        rows.extend(page.rows().to_vec());
        token = page.next_token().map(str::to_owned);
    }
    let values: Vec<_> = rows.iter().map(|row| row.data()[0].scalar_value().unwrap()).collect();
    assert_eq!(values, ["1.0"; HOURS as usize]);
    // The space of what was replaced comes back.
    files(&local, |files| files.is_disjoint(&before)).await;
}
