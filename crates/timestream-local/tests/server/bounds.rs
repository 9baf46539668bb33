//! Bounds: clients that are slow, want too much, or are too many cost the others nothing.

use std::time::{Duration, Instant};

use timestream_local::server::Bounds;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Local, http};

/// As short as a test may wait, and long enough for a busy machine.
const SHORT: Duration = Duration::from_millis(200);

async fn bounded(bounds: Bounds) -> Local {
    let dir = tempfile::tempdir().unwrap();
    Local::start_with(dir, |config| config.bounds = bounds).await
}

/// What the server says until it closes the connection.
async fn rest(mut stream: TcpStream) -> String {
    let mut said = Vec::new();
    // A reset is an end, too.
    let _ = stream.read_to_end(&mut said).await;
    String::from_utf8(said).unwrap()
}

async fn connect(local: &Local, sent: &str) -> TcpStream {
    let mut stream = TcpStream::connect(local.address).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn a_head_that_does_not_come_ends_the_connection() {
    let local = bounded(Bounds { head: SHORT, ..Bounds::default() }).await;
    for begun in ["", "POST / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "] {
        let started = Instant::now();
        let said = rest(connect(&local, begun).await).await;
        assert!(started.elapsed() >= SHORT, "it was waited for");
        assert!(!said.contains("200 OK"), "{said}");
    }
    // The same bound holds between requests.
    let said = rest(connect(&local, "GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n").await).await;
    assert!(said.starts_with("HTTP/1.1 200 OK") && said.ends_with("ok\n"), "{said}");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_told() {
    let local = bounded(Bounds { body: SHORT, ..Bounds::default() }).await;
    let head = "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: Timestream_20181101.ListDatabases\r\n\
                Content-Length: 2\r\n\r\n{";
    let said = rest(connect(&local, head).await).await;
    assert!(said.starts_with("HTTP/1.1 408 "), "{said}");
    assert!(said.contains("RequestTimeoutException"), "{said}");
    assert!(said.contains("did not come within 0.2 s"), "{said}");
}

#[tokio::test]
async fn a_body_that_is_cut_off_is_not_carried_out() {
    let local = bounded(Bounds::default()).await;
    let head = "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: Timestream_20181101.CreateDatabase\r\n\
                Content-Length: 30\r\n\r\n{\"DatabaseName\":\"fleet\"}";
    let mut stream = connect(&local, head).await;
    stream.shutdown().await.unwrap();
    rest(stream).await;
    assert_eq!(local.posted("ListDatabases", "{}").await, r#"200 {"Databases":[]}"#);
}

#[tokio::test]
async fn heads_and_bodies_have_their_sizes() {
    let local = bounded(Bounds::default()).await;
    let long = "x".repeat(70_000);
    let said = rest(
        connect(&local, &format!("GET /ping HTTP/1.1\r\nHost: localhost\r\nX-Long: {long}\r\n\r\n")).await,
    )
    .await;
    assert!(said.starts_with("HTTP/1.1 431 "), "{said}");
    let many: String = (0..200).map(|n| format!("X-{n}: 1\r\n")).collect();
    let said =
        rest(connect(&local, &format!("GET /ping HTTP/1.1\r\nHost: localhost\r\n{many}\r\n")).await).await;
    assert!(said.starts_with("HTTP/1.1 431 "), "{said}");

    // Chunks do not say how many there will be.
    let head = |operation: &str| {
        format!(
            "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: Timestream_20181101.{operation}\r\n\
             Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        )
    };
    for (operation, most) in [("Query", 4 << 20), ("WriteRecords", 16 << 20)] {
        let (mut from, mut to) = connect(&local, &head(operation)).await.into_split();
        let sending = tokio::spawn(async move {
            let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
            // It ends when the server no longer listens.
            while to.write_all(chunk.as_bytes()).await.is_ok() {}
        });
        let mut said = vec![0; 300];
        let length = from.read(&mut said).await.unwrap();
        let said = String::from_utf8_lossy(&said[..length]);
        assert!(said.starts_with("HTTP/1.1 413 "), "{said}");
        assert!(said.contains(&format!("larger than {most} bytes")), "{said}");
        drop(from);
        sending.await.unwrap();
    }
}

#[tokio::test]
async fn depth_costs_an_answer_and_nothing_else() {
    let local = bounded(Bounds::default()).await;
    let deep = "[".repeat(1 << 20);
    for body in [
        deep.clone(),
        format!(r#"{{"QueryString":{deep}"#),
        format!(r#"{{"Unknown":{deep}"#),
        format!(r#"{{"Records":{deep}"#),
        r#"{"Unknown":"#.repeat(1 << 18),
    ] {
        for operation in ["Query", "WriteRecords", "CreateTable"] {
            let said = local.posted(operation, &body).await;
            assert!(said.starts_with("400 ") && said.contains("SerializationException"), "{said}");
        }
    }
    let parentheses = format!(r#"{{"QueryString":"SELECT {}1"}}"#, "(".repeat(200_000));
    let said = local.posted("Query", &parentheses).await;
    assert!(said.starts_with("400 ") && said.contains("too complex"), "{said}");
}

/// An entry of three bytes is not to become hundreds of them a million times.
#[tokio::test]
async fn lists_that_are_too_long_are_told_by_their_names_and_longer_ones_are_not_kept() {
    let local = bounded(Bounds::default()).await;
    let entries = |count: usize| vec!["{}"; count].join(",");
    let records =
        |count| format!(r#"{{"DatabaseName":"fleet","TableName":"metrics","Records":[{}]}}"#, entries(count));
    let mixed = |count| {
        let measures = format!(r#"{{"MixedMeasureMappings":[{}]}}"#, entries(count));
        (
            format!(r#"{{"DataModelConfiguration":{{"DataModel":{measures}}}}}"#),
            format!(r#"{{"TargetConfiguration":{{"TimestreamConfiguration":{measures}}}}}"#),
        )
    };
    let write = local.posted("WriteRecords", &records(101)).await;
    insta::assert_snapshot!(write, @r#"400 {"Message":"1 validation error detected: Value '[101 members]' at 'records' failed to satisfy constraint: Member must have length less than or equal to 100","__type":"ValidationException"}"#);
    let (load, query) = mixed(1_025);
    for (operation, body) in [("CreateBatchLoadTask", load), ("CreateScheduledQuery", query)] {
        let told = local.posted(operation, &body).await;
        assert!(told.contains("ValidationException") && told.contains("[1025 members]"), "{told}");
    }

    let (load, query) = mixed(1_300_000);
    let dimensions = format!(r#"{{"Records":[{{"Dimensions":[{}]}}]}}"#, entries(5_500_000));
    for (operation, body, most) in [
        ("WriteRecords", records(5_500_000), 39_885),
        ("WriteRecords", dimensions, 39_885),
        ("CreateBatchLoadTask", load, 4_096),
        ("CreateScheduledQuery", query, 4_096),
    ] {
        let told = local.posted(operation, &body).await;
        assert!(told.contains("SerializationException"), "{told}");
        assert!(told.contains(&format!("more than {most} entries")), "{told}");
    }
}

#[tokio::test]
async fn names_are_no_paths() {
    let local = bounded(Bounds::default()).await;
    let around = local.dir().parent().unwrap();
    let list = |dir: &std::path::Path| {
        let mut names: Vec<_> =
            std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let (before, tables) = (list(local.dir()), local.dir().join("tables"));
    for (database, name) in [("...", "..."), ("fleet", "..-"), ("CON", "NUL.")] {
        local.create_database(database).await;
        local.write.create_table().database_name(database).table_name(name).send().await.unwrap();
    }
    for name in ["../", "../../etc", "a/b", "a\\b", "a\0b", "/etc/passwd"] {
        let refused = local.write.create_database().database_name(name).send().await.unwrap_err();
        assert!(refused.into_service_error().is_validation_exception(), "{name}");
    }
    assert!(list(around).iter().all(|name| name != "etc" && name != "passwd"));
    assert!(
        list(&tables).iter().all(|name| name.to_str().unwrap().parse::<u64>().is_ok()),
        "folders are numbers"
    );
    let new: Vec<_> = list(local.dir()).into_iter().filter(|name| !before.contains(name)).collect();
    assert_eq!(new, ["catalog.json"]);
}

#[tokio::test]
async fn who_takes_nothing_of_an_answer_is_cut_off() {
    let local = bounded(Bounds { stall: SHORT, ..Bounds::default() }).await;
    // Answers of 200 kB each, until the sockets' buffers are full.
    let text = "x".repeat(200_000);
    let body = format!(r#"{{"QueryString":"SELECT '{text}'"}}"#);
    let request = format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: Timestream_20181101.Query\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(local.address).await.unwrap();
    let mut sent = 0;
    let stopped = async {
        while stream.write_all(request.as_bytes()).await.is_ok() {
            sent += 1;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), stopped).await.expect("the server ends it");
    assert!(sent > 0);
    assert_eq!(http(local.address, "GET /ping", "a: b", "").await.0, 200, "nobody else is");
}

#[tokio::test]
async fn answers_that_nobody_takes_leave_no_room_for_others() {
    let local = bounded(Bounds { answers: 300_000, ..Bounds::default() }).await;
    let query = format!(r#"{{"QueryString":"SELECT '{}'"}}"#, "x".repeat(200_000));
    assert_eq!(local.post("Query", &query).await.0, 200);
    // Reads nothing, and asks until the sockets' buffers are full and an answer lies in the server.
    let mut stream = TcpStream::connect(local.address).await.unwrap();
    let request = format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: Timestream_20181101.Query\r\nContent-Length: {}\r\n\r\n{query}",
        query.len()
    );
    let asking = tokio::spawn(async move { while stream.write_all(request.as_bytes()).await.is_ok() {} });
    let deadline = Instant::now() + Duration::from_secs(60);
    let told = loop {
        assert!(Instant::now() < deadline, "there is room still");
        let (status, told) = local.post("Query", &query).await;
        if status == 503 {
            break told;
        }
    };
    assert_eq!(told["__type"], "ServiceUnavailableException");
    assert!(
        told["Message"].as_str().unwrap().starts_with("The server has no room for an answer of 200"),
        "{told}"
    );
    assert!(local.posted("ListDatabases", "{}").await.starts_with("200"), "small answers need none");
    // They go with their connection.
    asking.abort();
    while local.post("Query", &query).await.0 != 200 {
        assert!(Instant::now() < deadline, "there is no room still");
    }
}

#[tokio::test]
async fn a_query_has_its_time() {
    let local = bounded(Bounds { query: SHORT, ..Bounds::default() }).await;
    let values = "(VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9))";
    let tables: Vec<_> = ('a'..'m').map(|name| format!("{values} AS {name}(n)")).collect();
    let for_hours =
        format!(r#"{{"QueryString":"SELECT count(*) FROM {} WHERE a.n + l.n < 0"}}"#, tables.join(", "));
    let told = local.posted("Query", &for_hours).await;
    insta::assert_snapshot!(told, @r#"400 {"Message":"The query was stopped: it took longer than 0.2 s.","__type":"QueryExecutionException"}"#);
    assert!(local.posted("Query", r#"{"QueryString":"SELECT 1"}"#).await.starts_with("200"));
    assert!(local.posted("ListDatabases", "{}").await.starts_with("200"), "that is not about other requests");
}

#[tokio::test]
async fn connections_beyond_the_bound_are_told_so_and_room_is_made_again() {
    let local = bounded(Bounds { connections: 2, ..Bounds::default() }).await;
    let ping = "GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = connect(&local, ping).await;
        let mut byte = [0];
        stream.read_exact(&mut byte).await.unwrap();
        held.push(stream);
    }
    let said = rest(TcpStream::connect(local.address).await.unwrap()).await;
    let (head, body) = said.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("HTTP/1.1 503 ") && head.contains(&format!("content-length: {}", body.len())),
        "{said}"
    );
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["__type"], "ServiceUnavailableException");

    held.clear();
    // The server sees the ends of the others a moment later.
    while !rest(connect(&local, &ping.replace("Host", "Connection: close\r\nHost")).await)
        .await
        .contains("200 OK")
    {}
}

/// Takes as many as the process may open: 10,500 file descriptors (`ulimit -n`) are enough for all of them.
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_clients_cost_the_server_nothing() {
    const CLIENTS: usize = 10_000;
    let local = bounded(Bounds { connections: 400, ..Bounds::default() }).await;
    let mut idle = Vec::with_capacity(CLIENTS);
    for _ in 0..CLIENTS {
        match TcpStream::connect(local.address).await {
            Ok(stream) => idle.push(stream),
            // The process's own bound, which is the client's here, too.
            Err(error) => {
                eprintln!("only {} clients: {error}; see ulimit -n", idle.len());
                break;
            }
        }
    }
    assert!(idle.len() > 400, "{} clients", idle.len());
    drop(idle.split_off(400));
    drop(idle.split_off(300));
    let answered = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            let ping = "GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            if rest(connect(&local, ping).await).await.contains("200 OK") {
                break;
            }
        }
    });
    answered.await.expect("there is room again");
    local.stop().await;
}
