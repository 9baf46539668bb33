//! The rights that docs/aws.md lists, against the operations that commands call.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;

use super::documents::saved;
use super::fleets::CPU_ONLY;
use super::runs::{Desk, fleet_of};
use super::truth::service::Service;

const LOADS: &str = "
workloads:
  ingest: { kind: ingest }
  users: { kind: query, users: 1, queries: { hosts: { weight: 1, sql: hosts.sql.j2, window: 1h } } }
phases:
  - { name: history, backfill: 1m, load: { ingest: 100% } }
  - { name: prove, once: users }
";

/// What a policy allows.
fn allowed(policy: &str) -> BTreeSet<String> {
    let policy: Value = serde_json::from_str(&saved("docs/aws.md", policy)).expect("policies are JSON");
    let statements = policy["Statement"].as_array().expect("a policy has statements");
    let actions = statements.iter().flat_map(|statement| match &statement["Action"] {
        Value::Array(actions) => actions.clone(),
        one => vec![one.clone()],
    });
    actions
        .map(|action| {
            action.as_str().and_then(|action| action.strip_prefix("timestream:")).expect("ours").to_owned()
        })
        .collect()
}

/// How often each operation has been called, by a fault plan that delays nothing and counts all.
fn calls(service: &Service) -> BTreeMap<String, u64> {
    let report = http(service, "GET", "");
    let counts = report["counts"][0].as_object().expect("the rule has counts");
    counts
        .iter()
        .map(|(operation, count)| (operation.clone(), count["asked"].as_u64().unwrap_or(0)))
        .collect()
}

fn http(service: &Service, method: &str, body: &str) -> Value {
    let authority = service.url.strip_prefix("http://").expect("a plain address");
    let mut stream = TcpStream::connect(authority).expect("it listens");
    let length = body.len();
    write!(stream, "{method} /faults HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")
        .expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let (_, body) = answer.split_once("\r\n\r\n").expect("it has a body");
    serde_json::from_str(body).unwrap_or(Value::Null)
}

/// The actions that a command took.
fn taken(service: &Service, command: impl FnOnce()) -> BTreeSet<String> {
    let before = calls(service);
    command();
    let after = calls(service).into_iter().filter(|(operation, count)| before.get(operation) != Some(count));
    // The one right whose name is not that of its operation.
    after.map(|(operation, _)| if operation == "Query" { "Select".to_owned() } else { operation }).collect()
}

#[test]
fn the_rights_in_the_documents_are_those_that_commands_use() {
    let desk = Desk::new(&fleet_of(CPU_ONLY, LOADS));
    desk.write(
        "queries/hosts.sql.j2",
        "SELECT COUNT(*) FROM {{ table }} WHERE time >= {{ from }} AND time < {{ to }}\n",
    );
    let service = Service::fresh(&desk.path("data"));
    http(&service, "PUT", r#"{"faults": [{"latency": "0ms"}]}"#);
    let target = ["--endpoint-url", &service.url];
    let run = |phase: &str| {
        let run = desk.run(&[&target[..], &["-P", "scale=40", "--phase", phase]].concat());
        assert_eq!(run.code(), Some(0), "{}", run.stderr());
    };
    for (policy, taken, without_calling) in [
        // Discovery is left out where there is an endpoint; queries are cancelled and tags given without a call of their own.
        (
            "run.json",
            taken(&service, || ["history", "prove"].map(run).into_iter().collect()),
            &["DescribeEndpoints", "CancelQuery", "TagResource"][..],
        ),
        ("query.json", taken(&service, || run("prove")), &["DescribeEndpoints", "CancelQuery"]),
        (
            "cleanup.json",
            taken(&service, || {
                let cleanup = desk.cleanup(&[&target[..], &["--yes"]].concat());
                assert_eq!(cleanup.code(), Some(0), "{}", cleanup.stderr());
            }),
            &["DescribeEndpoints"],
        ),
    ] {
        let listed = allowed(policy);
        let wanted: BTreeSet<String> =
            taken.into_iter().chain(without_calling.iter().map(ToString::to_string)).collect();
        assert_eq!(listed, wanted, "{policy} of docs/aws.md");
    }
}
