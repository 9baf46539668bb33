//! Starting, stopping, and finding a server by its data directory.

use std::sync::Arc;

use timestream_local::clock::ManualClock;
use timestream_local::server::{Server, StartError, find};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Local, NOW, NOW_NANOS, config, record};

#[tokio::test]
async fn a_restart_finds_everything() {
    let local = Local::start().await;
    local.create_table().await;
    local.write_records().records(record("a", "1.5", NOW)).send().await.unwrap();

    let local = Local::start_on(local.stop().await).await;
    let answer = local.write.describe_table().database_name("fleet").table_name("metrics").send().await;
    let table = answer.unwrap();
    let retention = table.table().unwrap().retention_properties().unwrap();
    assert_eq!(retention.memory_store_retention_period_in_hours(), 2);
    let rows = local.rows("SELECT host, measure_value::double FROM fleet.metrics").await;
    assert_eq!(rows, [["a", "1.5"]]);
}

#[tokio::test]
async fn a_second_server_is_refused_with_the_firsts_address() {
    let local = Local::start().await;
    assert_eq!(find(local.dir()).unwrap(), Some(local.address));

    let clock = Arc::new(ManualClock::at(NOW_NANOS));
    let refused = Server::start(config(local.dir(), &clock)).await.err().unwrap();
    let expected = format!(
        "the data directory {} is in use by the server at {}; use that server, or another data directory",
        local.dir().display(),
        local.address
    );
    assert_eq!(refused.to_string(), expected);

    let dir = local.stop().await;
    assert_eq!(find(dir.path()).unwrap(), None);
    Server::start(config(dir.path(), &clock)).await.unwrap();
}

#[tokio::test]
async fn tables_without_a_catalog_are_left_alone() {
    let local = Local::start().await;
    local.create_table().await;
    local.write_records().records(record("a", "1.5", NOW)).send().await.unwrap();
    let dir = local.stop().await;
    let (catalog, aside) = (dir.path().join("catalog.json"), dir.path().join("aside"));
    std::fs::rename(&catalog, &aside).unwrap();
    let clock = Arc::new(ManualClock::at(NOW_NANOS));
    let refused = Server::start(config(dir.path(), &clock)).await.err().unwrap().to_string();
    assert!(refused.contains("catalog.json is missing, which names the tables in"), "{refused}");

    std::fs::rename(&aside, &catalog).unwrap();
    let local = Local::start_on(dir).await;
    assert_eq!(local.rows("SELECT host FROM fleet.metrics").await, [["a"]]);
}

#[tokio::test]
async fn a_taken_port_and_an_unusable_directory_are_told() {
    let local = Local::start().await;
    let clock = Arc::new(ManualClock::at(NOW_NANOS));
    let dir = tempfile::tempdir().unwrap();
    let mut taken = config(dir.path(), &clock);
    taken.listen = local.address;
    let refused = Server::start(taken).await.err().unwrap();
    assert!(matches!(&refused, StartError::Listen { address, .. } if *address == local.address), "{refused}");

    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let refused = Server::start(config(&file, &clock)).await.err().unwrap();
    assert!(matches!(&refused, StartError::DataDir { path, .. } if *path == file), "{refused}");

    std::fs::write(dir.path().join("catalog.json"), "{}").unwrap();
    let refused = Server::start(config(dir.path(), &clock)).await.err().unwrap();
    assert!(refused.to_string().contains("catalog.json: not what this program wrote"), "{refused}");
    assert_eq!(find(dir.path()).unwrap(), None, "a server that did not start holds nothing");
}

#[tokio::test]
async fn a_request_in_flight_is_finished() {
    let local = Local::start().await;
    let mut stream = TcpStream::connect(local.address).await.unwrap();
    let head = "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: Timestream_20181101.ListDatabases\r\n\
                Content-Length: 2\r\nExpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).await.unwrap();
    assert!(go_on.starts_with(b"HTTP/1.1 100 Continue"), "now the request is being read");

    let client = async {
        stream.write_all(b"{}").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let (_dir, answer) = tokio::join!(local.stop(), client);
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

#[tokio::test]
async fn what_a_crash_left_is_removed() {
    let local = Local::start().await;
    local.create_database("fleet").await;
    let dir = local.stop().await;
    let half_made = dir.path().join("tables").join("77");
    std::fs::create_dir_all(&half_made).unwrap();
    let local = Local::start_on(dir).await;
    assert!(!half_made.exists());
    local.stop().await;
}
