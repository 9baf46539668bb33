//! Faults on demand, as the SDK meets them.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use aws_sdk_timestreamquery::operation::query::QueryError;
use aws_sdk_timestreamwrite as write;
use aws_sdk_timestreamwrite::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_timestreamwrite::operation::write_records::{WriteRecordsError, WriteRecordsOutput};
use aws_sdk_timestreamwrite::types::Record;
use serde_json::{Value as Json, json};
use timestream_local::server::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use write::config::retry::RetryConfig;
use write::config::timeout::TimeoutConfig;

use crate::support::{Local, NOW, config, http, record};

const SECOND: i64 = 1_000_000_000;

type Wrote = Result<WriteRecordsOutput, SdkError<WriteRecordsError>>;

impl Local {
    async fn about_faults(&self, what: &str, body: &str) -> (u16, String) {
        let (status, _, said) = http(self.address, what, "Accept: */*", body).await;
        (status, said)
    }

    async fn set_faults(&self, rules: Json) {
        let plan = json!({ "seed": 7, "faults": rules }).to_string();
        assert_eq!(self.about_faults("PUT /faults", &plan).await.0, 200, "{plan}");
    }

    /// What the plan has done: asked and hit of its rules, over their operations.
    async fn counts(&self) -> Vec<(u64, u64)> {
        let report: Json = serde_json::from_str(&self.about_faults("GET /faults", "").await.1).unwrap();
        let of = |rule: &Json, key: &str| {
            rule.as_object().unwrap().values().map(|count| count[key].as_u64().unwrap()).sum()
        };
        report["counts"].as_array().unwrap().iter().map(|rule| (of(rule, "asked"), of(rule, "hit"))).collect()
    }

    async fn write_one(&self, host: &str) -> Wrote {
        self.write_records().records(record(host, "1", NOW)).send().await
    }

    async fn hosts(&self) -> BTreeSet<String> {
        self.rows("SELECT host FROM fleet.metrics").await.into_iter().flatten().collect()
    }
}

async fn ready() -> Local {
    let local = Local::start().await;
    local.create_table().await;
    local
}

/// The error as clients tell it apart: status and type; or that the connection broke.
fn told(wrote: &Wrote) -> String {
    match wrote {
        Ok(_) => "stored".to_owned(),
        Err(SdkError::ServiceError(error)) => {
            format!("{} {}", error.raw().status(), error.err().code().unwrap_or("?"))
        }
        Err(SdkError::DispatchFailure(error)) if error.is_io() => "broken connection".to_owned(),
        Err(SdkError::TimeoutError(_)) => "no answer".to_owned(),
        Err(other) => format!("{other:?}"),
    }
}

#[tokio::test]
async fn each_fault_is_the_error_that_clients_know() {
    let local = ready().await;
    let mut errors = Vec::new();
    for key in ["throttle", "error", "unavailable", "reset_before", "reset_after"] {
        local.set_faults(json!([{ "on": "WriteRecords", key: "100%" }])).await;
        errors.push(format!("{key}: {}", told(&local.write_one(key).await)));
        assert_eq!(local.counts().await, [(1, 1)]);
    }
    insta::assert_snapshot!(errors.join("\n"), @r"
    throttle: 429 ThrottlingException
    error: 500 InternalServerException
    unavailable: 503 ServiceUnavailableException
    reset_before: broken connection
    reset_after: broken connection
    ");
    // Only what is reset afterwards was carried out.
    assert_eq!(local.hosts().await, BTreeSet::from(["reset_after".to_owned()]));
}

#[tokio::test]
async fn errors_are_typed_for_writes_and_queries() {
    let local = ready().await;
    let query = || async {
        let asked = local.query.query().query_string("SELECT 1").send().await;
        asked.unwrap_err().into_service_error()
    };
    local.set_faults(json!([{ "throttle": "100%" }])).await;
    let throttled = local.write_one("a").await.unwrap_err().into_service_error();
    assert!(throttled.is_throttling_exception());
    assert!(matches!(query().await, QueryError::ThrottlingException(_)));
    assert_eq!(throttled.meta().message(), Some("The request was throttled by the fault plan."));
    local.set_faults(json!([{ "error": "100%" }])).await;
    assert!(local.write_one("a").await.unwrap_err().into_service_error().is_internal_server_exception());
    assert!(matches!(query().await, QueryError::InternalServerException(_)));
}

#[tokio::test]
async fn a_reset_is_a_tcp_reset() {
    let local = ready().await;
    local.set_faults(json!([{ "on": "ListDatabases", "reset_before": "100%" }])).await;
    let mut stream = TcpStream::connect(local.address).await.unwrap();
    let head = "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: Timestream_20181101.ListDatabases\r\n\
                Content-Length: 2\r\n\r\n{}";
    stream.write_all(head.as_bytes()).await.unwrap();
    let error = stream.read(&mut [0; 64]).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn the_sdk_s_own_retries_get_through() {
    let local = ready().await;
    let retries =
        RetryConfig::standard().with_max_attempts(20).with_initial_backoff(Duration::from_millis(1));
    let config = local.write.config().to_builder().retry_config(retries).build();
    let client = write::Client::from_conf(config);
    for key in ["throttle", "error", "unavailable", "reset_before", "reset_after"] {
        local.set_faults(json!([{ "on": "WriteRecords", key: "50%" }])).await;
        for n in 0..20 {
            let write = client.write_records().database_name("fleet").table_name("metrics");
            write.records(record(&format!("{key}-{n}"), "1", NOW)).send().await.unwrap();
        }
        let (asked, hit) = local.counts().await[0];
        assert_eq!(asked - hit, 20, "{key}: each is answered once");
        assert!(hit > 0, "{key}");
    }
    assert_eq!(local.hosts().await.len(), 100);
}

#[tokio::test]
async fn a_share_of_the_records_is_rejected_and_the_others_are_stored() {
    let local = ready().await;
    local.set_faults(json!([{ "reject": "30%" }])).await;
    let host = |index: i32| format!("host-{index}");
    let mut records: Vec<Record> = (0..100).map(|index| record(&host(index), "1", NOW)).collect();
    records[50].measure_value = Some("twelve".to_owned());
    let write = async || {
        let wrote = local.write_records().set_records(Some(records.clone())).send().await;
        match wrote.map_err(SdkError::into_service_error) {
            Err(WriteRecordsError::RejectedRecordsException(error)) => error.rejected_records().to_vec(),
            other => panic!("not rejected: {other:?}"),
        }
    };
    let rejected = write().await;
    let indices: Vec<i32> = rejected.iter().map(write::types::RejectedRecord::record_index).collect();
    assert!(indices.is_sorted_by(|a, b| a < b), "{indices:?}");
    assert!((15..=45).contains(&indices.len()), "{indices:?}");
    for record in &rejected {
        let expected = match record.record_index() {
            50 => "The measure value 'twelve' is not a valid DOUBLE.",
            _ => "The record was rejected by the fault plan.",
        };
        assert_eq!(record.reason(), Some(expected));
    }
    let stored: BTreeSet<String> = (0..100).filter(|index| !indices.contains(index)).map(host).collect();
    assert_eq!(local.hosts().await, stored);
    // A bad record stays bad: sent again, the same ones are rejected.
    assert_eq!(write().await, rejected);
    assert_eq!(local.counts().await, [(198, 2 * (indices.len() as u64 - 1))]);
}

#[tokio::test]
async fn above_a_rate_requests_are_throttled() {
    let local = ready().await;
    local.set_faults(json!([{ "on": "WriteRecords", "throttle_above": "5/s" }])).await;
    let stored = async || {
        let mut stored = 0;
        for _ in 0..8 {
            let wrote = told(&local.write_one("a").await);
            assert!(["stored", "429 ThrottlingException"].contains(&wrote.as_str()), "{wrote}");
            stored += u32::from(wrote == "stored");
        }
        stored
    };
    assert_eq!(stored().await, 5);
    local.clock.advance(SECOND / 5 * 2);
    assert_eq!(stored().await, 2);
    local.clock.advance(60 * SECOND);
    assert_eq!(stored().await, 5);
}

#[tokio::test]
async fn an_outage_begins_ends_and_comes_again() {
    let local = ready().await;
    let outage = json!([{ "unavailable": "100%", "from": "10s", "for": "10s", "every": "60s" }]);
    local.set_faults(outage).await;
    let mut away = Vec::new();
    for second in (0..150).step_by(5) {
        if told(&local.write_one("a").await) == "503 ServiceUnavailableException" {
            away.push(second);
        }
        local.clock.advance(5 * SECOND);
    }
    assert_eq!(away, [10, 15, 70, 75, 130, 135]);
}

#[tokio::test]
async fn answers_come_later_by_the_latency() {
    let local = ready().await;
    let two = json!([{ "latency": "30ms" }, { "latency": { "median": "30ms", "sigma": 0 } }]);
    local.set_faults(two).await;
    let start = Instant::now();
    local.write_one("a").await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(60), "{:?}", start.elapsed());
    assert_eq!(local.counts().await, [(1, 1), (1, 1)]);
}

#[tokio::test]
async fn who_does_not_wait_cannot_know_whether_it_is_stored() {
    let local = ready().await;
    local.set_faults(json!([{ "on": "WriteRecords", "latency": "1h" }])).await;
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(1)).build();
    let config = local.write.config().to_builder().timeout_config(timeouts).build();
    let client = write::Client::from_conf(config);
    let write = client.write_records().database_name("fleet").table_name("metrics");
    let wrote = write.records(record("a", "1", NOW)).send().await;
    assert_eq!(told(&wrote), "no answer");
    assert_eq!(local.hosts().await.len(), 1, "and it is");
}

#[tokio::test]
async fn rules_are_asked_in_their_order() {
    let local = ready().await;
    let rules = json!([
        { "on": "WriteRecords", "throttle": "50%" },
        { "on": "WriteRecords", "error": "100%" },
        { "on": "WriteRecords", "throttle": "100%" },
    ]);
    local.set_faults(rules).await;
    for _ in 0..40 {
        assert!(local.write_one("a").await.is_err());
    }
    let counts = local.counts().await;
    let throttled = counts[0].1;
    assert!((5..=35).contains(&throttled), "{counts:?}");
    assert_eq!(counts[1..], [(40 - throttled, 40 - throttled), (0, 0)], "what is refused is asked no more");
    assert_eq!(local.query.query().query_string("SELECT 1").send().await.unwrap().rows().len(), 1);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_sequence() {
    let sequence = async |seed: u64| {
        let local = ready().await;
        let plan = json!({ "seed": seed, "faults": [{ "on": "WriteRecords", "throttle": "50%" }] });
        assert_eq!(local.about_faults("PUT /faults", &plan.to_string()).await.0, 200);
        let mut sequence = String::new();
        for _ in 0..64 {
            sequence.push(if local.write_one("a").await.is_ok() { '.' } else { 'x' });
        }
        sequence
    };
    let seven = sequence(7).await;
    assert_eq!(sequence(7).await, seven);
    assert_ne!(sequence(8).await, seven);
}

#[tokio::test]
async fn plans_change_while_the_server_runs() {
    let local = ready().await;
    assert_eq!(local.about_faults("GET /faults", "").await.1, "{\"plan\":null,\"counts\":[]}\n");
    local.set_faults(json!([{ "on": ["WriteRecords", "Query"], "throttle": "100%" }])).await;
    assert_eq!(told(&local.write_one("a").await), "429 ThrottlingException");
    insta::assert_snapshot!(local.about_faults("GET /faults", "").await.1, @r#"{"plan":{"seed":7,"faults":[{"on":["WriteRecords","Query"],"throttle":"100%"}]},"counts":[{"WriteRecords":{"asked":1,"hit":1}}]}"#);
    local.set_faults(json!([{ "reset_before": "100%" }])).await;
    assert_eq!(told(&local.write_one("a").await), "broken connection");
    assert_eq!(local.about_faults("DELETE /faults", "").await.0, 200, "control is never faulty");
    assert_eq!(told(&local.write_one("a").await), "stored");
}

/// A connection that holds a plan.
async fn hold(local: &Local, rules: Json) -> TcpStream {
    let body = json!({ "faults": rules }).to_string();
    let mut stream = TcpStream::connect(local.address).await.unwrap();
    let length = body.len();
    let request =
        format!("PUT /faults/held HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut status = [0; 15];
    stream.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 200 OK");
    stream
}

#[tokio::test]
async fn a_held_plan_goes_with_its_connection() {
    let local = ready().await;
    let first = hold(&local, json!([{ "throttle": "100%" }])).await;
    assert_eq!(told(&local.write_one("a").await), "429 ThrottlingException");
    let second = hold(&local, json!([{ "error": "100%" }])).await;
    drop(first);
    // The server sees the end of a connection when it sees it.
    let deadline = Instant::now() + Duration::from_secs(10);
    for _ in 0..20 {
        assert_eq!(told(&local.write_one("a").await), "500 InternalServerException", "the second plan stays");
    }
    drop(second);
    while told(&local.write_one("a").await) != "stored" {
        assert!(Instant::now() < deadline, "the plan stays without its connection");
        tokio::task::yield_now().await;
    }
    local.stop().await;
}

#[tokio::test]
async fn so_many_plans_are_held_and_have_so_many_rules() {
    let local = ready().await;
    let rules = |count| json!({ "faults": vec![json!({ "reject": "1%" }); count] }).to_string();
    let (status, said) = local.about_faults("PUT /faults/held", &rules(1_001)).await;
    assert_eq!(
        (status, said.as_str()),
        (400, "faults[1000]: the plan has 1001 rules; give it at most 1000\n")
    );
    let (status, said) = local.about_faults("PUT /faults", &rules(60_000)).await;
    assert_eq!((status, said.as_str()), (413, "a fault plan has at most 262144 bytes\n"));
    let mut held = Vec::new();
    for _ in 0..100 {
        held.push(hold(&local, json!([])).await);
    }
    let (status, said) = local.about_faults("PUT /faults/held", &rules(1)).await;
    let full = "100 fault plans are held already; close a connection that holds one\n";
    assert_eq!((status, said.as_str()), (503, full));
}

#[tokio::test]
async fn bad_plans_are_told_what_is_wrong() {
    let local = Local::start().await;
    let plans = [
        "",
        "[]",
        r#"{"faults":7}"#,
        r#"{"faults":[]} x"#,
        r#"{"fault":[]}"#,
        r#"{"faults":[{"throttle":"1%"},{"throttle":20}]}"#,
        r#"{"faults":[{"throttle":"120%"}]}"#,
        r#"{"faults":[{"throtle":"20%"}]}"#,
        r#"{"faults":[{"on":["Query","WriteRecord"],"throttle":"20%"}]}"#,
        r#"{"faults":[{"throttle_above":"500"}]}"#,
        r#"{"faults":[{"latency":{"median":"20ms"}}]}"#,
        r#"{"faults":[{"latency":"fast"}]}"#,
        r#"{"faults":[{"error":"5%","for":"ten seconds"}]}"#,
        r#"{"faults":[{"on":"Query"},{"error":"1%","throttle":"1%"},{"error":"1%","every":"10s"}]}"#,
    ];
    let mut told = Vec::new();
    for plan in plans {
        let (status, said) = local.about_faults("PUT /faults", plan).await;
        assert_eq!(status, 400, "{plan}");
        told.push(format!("{plan}\n{said}"));
    }
    insta::assert_snapshot!(told.join("\n"));
    assert_eq!(local.about_faults("GET /faults", "").await.1, "{\"plan\":null,\"counts\":[]}\n");
}

#[tokio::test]
async fn a_plan_may_name_the_operations_that_there_are() {
    let local = Local::start().await;
    let (_, said) = local.about_faults("PUT /faults", r#"{"faults":[{"on":"Fly"}]}"#).await;
    let names: Vec<&str> = said.split('`').skip(3).step_by(2).collect();
    assert_eq!((names.len(), names[0]), (31, "any"), "{said}");
    for operation in &names[1..] {
        let answer = local.posted(operation, "{}").await;
        assert!(!answer.contains("UnknownOperationException"), "{operation}: {answer}");
    }
}

#[tokio::test]
async fn a_server_starts_with_a_plan() {
    let dir = tempfile::tempdir().unwrap();
    let clock = std::sync::Arc::new(timestream_local::clock::ManualClock::at(0));
    let server = Server::start(config(dir.path(), &clock)).await.unwrap();
    let plan = |json: &str| serde_json::from_str(json).unwrap();
    let flaws = server.set_faults(plan(r#"{"faults":[{}]}"#)).unwrap_err();
    assert_eq!((flaws.len(), flaws[0].rule), (1, 0));
    server.set_faults(plan(r#"{"faults":[{"throttle":"100%"}]}"#)).unwrap();
    let address = server.address();
    let serving = tokio::spawn(server.serve(std::future::pending()));
    let target = "X-Amz-Target: Timestream_20181101.ListDatabases";
    assert_eq!(http(address, "POST /", target, "{}").await.0, 429);
    serving.abort();
}
