//! What goes over the wire, and what is made of the answers.

mod writes;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::fake::{Fake, Reply, Request, error, page};
use super::*;
use crate::clock::{Clock, FakeClock};
use crate::fleet::{Batch, Measures, Record};
use crate::plan::{Retention, TargetKind, TargetPlan, Timeouts};
use crate::values::Value;

const RETENTION: Retention = Retention { memory_hours: 2, magnetic_days: 365, magnetic_writes: true };

async fn target(fake: &Fake) -> Target {
    target_within(fake, Duration::from_secs(2)).await
}

async fn target_within(fake: &Fake, limit: Duration) -> Target {
    let plan = TargetPlan {
        kind: TargetKind::Local,
        database: "fleet".to_owned(),
        table: "tiny".to_owned(),
        retention: RETENTION,
        timeouts: Timeouts { connect: limit, attempt: limit, operation: limit },
        connections: 4,
        common_attributes: true,
        region: None,
        profile: None,
        endpoint_url: Some(format!("http://{}", fake.address)),
    };
    connect(&plan, &Overrides::default()).await.unwrap()
}

type Seen = Arc<Mutex<Vec<(String, Json)>>>;

/// A fake that answers with `script` and keeps what it was asked.
async fn watched(script: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static) -> (Fake, Seen) {
    let seen = Seen::default();
    let kept = Arc::clone(&seen);
    let fake = Fake::start(move |request| {
        kept.lock().unwrap().push((request.operation.clone(), request.body.clone()));
        script(request)
    });
    (fake.await, seen)
}

fn missing() -> Reply {
    error(404, "ResourceNotFoundException", "not there")
}

#[tokio::test]
async fn what_is_missing_is_made_with_its_tag() {
    let (fake, seen) = watched(|request| request.operation.starts_with("describe").then(missing)).await;
    let prepared = target(&fake).await.prepare(RETENTION, "tiny").await.unwrap();
    assert!(prepared.database_created && prepared.table_created && prepared.retention_differs.is_none());
    let seen = seen.lock().unwrap();
    let made = &seen.iter().find(|(operation, _)| operation == "createtable").unwrap().1;
    assert_eq!(made["RetentionProperties"]["MemoryStoreRetentionPeriodInHours"], 2);
    assert_eq!(made["MagneticStoreWriteProperties"]["EnableMagneticStoreWrites"], true);
    assert_eq!(made["Tags"][0], json!({ "Key": "tsrun:created-by", "Value": "tsrun" }));
}

#[tokio::test]
async fn a_table_that_is_there_keeps_its_retention() {
    let (fake, seen) = watched(|request| {
        let retention =
            json!({ "MemoryStoreRetentionPeriodInHours": 6, "MagneticStoreRetentionPeriodInDays": 1 });
        let table = json!({ "Table": { "TableName": "tiny", "RetentionProperties": retention } });
        (request.operation == "describetable").then_some(Reply::Json(200, table))
    })
    .await;
    let prepared = target(&fake).await.prepare(RETENTION, "tiny").await.unwrap();
    let differs = prepared.retention_differs.unwrap();
    assert_eq!((differs.table.memory_hours, differs.scenario.memory_hours), (6, 2));
    assert!(
        !prepared.table_created
            && seen.lock().unwrap().iter().all(|(operation, _)| !operation.starts_with("update"))
    );
}

/// A service with our table in a database, and the tags on both.
fn inventory(tags: Json, tables: Json) -> impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static {
    move |request| {
        let body = match request.operation.as_str() {
            "describetable" => json!({ "Table": { "TableName": "tiny", "Arn": "arn:table" } }),
            "describedatabase" => json!({ "Database": { "DatabaseName": "fleet", "Arn": "arn:database" } }),
            "listtagsforresource" => json!({ "Tags": tags }),
            "listtables" => json!({ "Tables": tables }),
            _ => return None,
        };
        Some(Reply::Json(200, body))
    }
}

#[tokio::test]
async fn cleanup_drops_what_is_tagged_and_nothing_else() {
    let ours = json!([{ "Key": "tsrun:created-by", "Value": "tsrun" }]);
    let (own, other) =
        (json!([{ "TableName": "tiny" }]), json!([{ "TableName": "tiny" }, { "TableName": "other" }]));
    for (tags, tables, force, table, database) in [
        (&ours, &own, false, Fate::Dropped, Fate::Dropped),
        (&ours, &other, false, Fate::Dropped, Fate::InUse),
        (&json!([]), &own, false, Fate::Untagged, Fate::InUse),
        (&json!([]), &own, true, Fate::Dropped, Fate::Dropped),
    ] {
        let (fake, _) = watched(inventory(tags.clone(), tables.clone())).await;
        let cleaned = target(&fake).await.cleanup(force).await.unwrap();
        assert_eq!(cleaned, Cleaned { table, database }, "{tags} {tables} {force}");
        assert_eq!(fake.requests("deletetable"), usize::from(table == Fate::Dropped));
        assert_eq!(fake.requests("deletedatabase"), usize::from(database == Fate::Dropped));
    }
}

#[tokio::test]
async fn cleanup_of_nothing_says_so() {
    let (fake, _) = watched(|_| Some(missing())).await;
    let cleaned = target(&fake).await.cleanup(false).await.unwrap();
    assert_eq!(cleaned, Cleaned { table: Fate::Missing, database: Fate::Missing });
}

#[tokio::test]
async fn a_batch_is_one_request_with_common_attributes() {
    let (fake, seen) = watched(|_| None).await;
    let pair = |name: &str, value: &str| (Arc::from(name), Arc::from(value));
    let record =
        |measures| Record { dimensions: [pair("host", "h1")].into(), measure_name: Arc::from("m"), measures };
    let batch = Batch {
        time: 1_605_251_059_000,
        common: vec![pair("region", "us-east-1")],
        records: vec![
            record(Measures::Single(Value::Double(1.5))),
            record(Measures::Multi {
                names: [Arc::from("n"), Arc::from("s")].into(),
                values: vec![Value::Bigint(7), Value::Text(Arc::from("x"))],
            }),
        ],
    };
    let ingested = target(&fake).await.write(&batch).await.unwrap();
    assert_eq!(ingested, Ingested { memory: 2, magnetic: 0 });
    let seen = seen.lock().unwrap();
    assert_eq!(
        seen[0].1,
        json!({
            "DatabaseName": "fleet",
            "TableName": "tiny",
            "CommonAttributes": {
                "Dimensions": [{ "Name": "region", "Value": "us-east-1" }],
                "Time": "1605251059000",
            },
            "Records": [
                { "Dimensions": [{ "Name": "host", "Value": "h1" }], "MeasureName": "m", "MeasureValue": "1.5" },
                { "Dimensions": [{ "Name": "host", "Value": "h1" }], "MeasureName": "m", "MeasureValueType": "MULTI", "MeasureValues": [
                    { "Name": "n", "Value": "7", "Type": "BIGINT" },
                    { "Name": "s", "Value": "x", "Type": "VARCHAR" },
                ] },
            ],
        })
    );
}

#[tokio::test]
async fn a_query_is_read_to_its_last_page() {
    let (fake, seen) = watched(|request| match request.number {
        0 => Some(Reply::Json(200, page(&[], Some("one")))),
        1 => Some(Reply::Json(200, page(&[json!("a"), json!("b")], Some("two")))),
        _ => Some(Reply::Json(200, page(&[json!("c")], None))),
    })
    .await;
    let clock = FakeClock::at(5);
    let answer = target(&fake).await.query("SELECT 1", &clock).await.unwrap();
    assert_eq!((answer.rows, answer.first_row, answer.bytes_metered), (3, Some(clock.now()), 10_000_000));
    assert_eq!(answer.first, [("_col0".to_owned(), Some("a".to_owned()))]);
    assert_eq!(seen.lock().unwrap()[2].1["NextToken"], "two");
}

#[tokio::test]
async fn an_explanation_is_that_of_the_last_page() {
    let (fake, seen) = watched(|request| {
        let rows = request.number as i64 + 1;
        let mut answer = page(&[json!("a")], (request.number == 0).then_some("more"));
        answer["QueryInsightsResponse"] = json!({
            "QuerySpatialCoverage": { "Max": { "Value": 0.25, "TableArn": "arn", "PartitionKey": ["host"] } },
            "QueryTemporalRange": { "Max": { "Value": 60_000_000_000_i64, "TableArn": "arn" } },
            "QueryTableCount": 1,
            "OutputRows": rows,
            "OutputBytes": 10 * rows,
        });
        Some(Reply::Json(200, answer))
    })
    .await;
    let explanation = target(&fake).await.explain("SELECT 1").await.unwrap();
    let insights = explanation.insights.unwrap();
    assert_eq!((insights.rows, insights.bytes, insights.tables), (2, 20, 1));
    assert_eq!(insights.range.unwrap().length, Duration::from_secs(60));
    let coverage = insights.coverage.unwrap();
    assert_eq!((coverage.share, coverage.keys), (0.25, vec!["host".to_owned()]));
    assert_eq!(insights.scans, [], "the service's own answer tells nothing of files");
    let asked = json!({ "Mode": "ENABLED_WITH_RATE_CONTROL" });
    assert!(seen.lock().unwrap().iter().all(|(_, body)| body["QueryInsights"] == asked));
}

#[tokio::test]
async fn a_target_may_have_no_insights() {
    let (fake, _) = watched(|_| Some(Reply::Json(200, page(&[json!("a")], None)))).await;
    assert!(target(&fake).await.explain("SELECT 1").await.unwrap().insights.is_none());
    let (fake, _) = watched(|_| Some(error(400, "ValidationException", "line 1:1: no"))).await;
    let refused = target(&fake).await.explain("SELECT 1").await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Validation);
}

#[tokio::test]
async fn a_query_that_is_given_up_between_pages_is_cancelled() {
    let (fake, _) = watched(|request| match (request.operation.as_str(), request.number) {
        ("query", 0) => Some(Reply::Json(200, page(&[json!("a")], Some("more")))),
        ("query", _) => Some(Reply::Stall),
        _ => None,
    })
    .await;
    let target = target(&fake).await;
    let clock = FakeClock::at(0);
    let reading = target.query("SELECT 1", &clock);
    let asked_twice = async {
        while fake.requests("query") < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = reading => panic!("the second page never comes"),
        () = asked_twice => {}
    }
    while fake.requests("cancelquery") == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn nobody_at_the_endpoint_is_a_failed_connection() {
    let (fake, _) = watched(|_| None).await;
    let mut target = target(&fake).await;
    // A port that was just given back: nobody listens there.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = target.write.config().to_builder().endpoint_url(format!("http://{free}")).build();
    target.write = aws_sdk_timestreamwrite::Client::from_conf(config);
    let error = target.prepare(RETENTION, "tiny").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Connect, "{error}");
    assert!(error.message.starts_with("local Timestream at http://127.0.0.1:"), "{error}");
    assert!(error.message.contains("cannot describe database `fleet`: cannot connect: "), "{error}");
    assert!(error.message.contains("--endpoint-url"));
}
