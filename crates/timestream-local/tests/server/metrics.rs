//! `GET /metrics`: the text that Prometheus reads, and what it counts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::batch_load::multi;
use crate::scheduled::{create, fleet, request};
use crate::scheduled_runs::execute;
use crate::support::{Local, NOW, http, record};

/// A sample's value by its name with labels, as it stands in the text.
type Samples = BTreeMap<String, f64>;

/// Reads the text as strictly as Prometheus does; the families with their types, and the samples.
fn parse(text: &str) -> (BTreeMap<String, String>, Samples) {
    let mut families = BTreeMap::new();
    let mut samples = Samples::new();
    let mut helped = BTreeSet::new();
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').unwrap();
            assert!(!help.is_empty() && helped.insert(name.to_owned()), "{line}");
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(families.insert(name.to_owned(), kind.to_owned()).is_none(), "{line}");
        } else {
            let (sample, value) = line.rsplit_once(' ').unwrap();
            let name = sample.split('{').next().unwrap();
            let family = families.keys().find(|family| {
                let suffix = name.strip_prefix(family.as_str());
                let histogram = families[*family] == "histogram";
                suffix.is_some_and(|suffix| match histogram {
                    true => ["_bucket", "_sum", "_count"].contains(&suffix),
                    false => suffix.is_empty(),
                })
            });
            assert!(family.is_some(), "{line} is of no family");
            assert!(samples.insert(sample.to_owned(), value.parse().unwrap()).is_none(), "{line}");
        }
    }
    assert_eq!(families.keys().cloned().collect::<BTreeSet<_>>(), helped);
    (families, samples)
}

impl Local {
    pub(crate) async fn metrics(&self) -> (BTreeMap<String, String>, Samples) {
        let (status, head, text) = http(self.address, "GET /metrics", "Accept: */*", "").await;
        assert_eq!(status, 200);
        assert!(head.to_lowercase().contains("content-type: text/plain; version=0.0.4"), "{head}");
        parse(&text)
    }
}

#[tokio::test]
async fn what_happens_is_counted() {
    let local = Local::start().await;
    local.create_table().await;
    let hour = 3_600;
    for (host, value, time) in [("a", "1", NOW), ("b", "2", NOW), ("c", "3", NOW - 3 * hour), ("a", "9", NOW)]
    {
        let _ = local.write_records().records(record(host, value, time)).send().await;
    }
    local.rows("SELECT * FROM fleet.metrics").await;
    let _ = local.query.query().query_string("SELEC").send().await;
    local.post("Fly", "{}").await;
    local.post("FlyHigher", "{}").await;

    let (_, samples) = local.metrics().await;
    let sample = |name: &str| samples[&format!("timestream_local_{name}")];
    assert_eq!(sample(r#"requests_total{operation="WriteRecords",outcome="ok"}"#), 3.0);
    assert_eq!(sample(r#"requests_total{operation="WriteRecords",outcome="RejectedRecordsException"}"#), 1.0);
    assert_eq!(sample(r#"requests_total{operation="Query",outcome="ok"}"#), 1.0);
    assert_eq!(sample(r#"requests_total{operation="Query",outcome="ValidationException"}"#), 1.0);
    assert_eq!(sample(r#"requests_total{operation="unknown",outcome="UnknownOperationException"}"#), 2.0);
    assert_eq!(sample(r#"request_duration_seconds_count{operation="WriteRecords"}"#), 4.0);
    assert_eq!(sample(r#"records_ingested_total{store="memory"}"#), 2.0);
    assert_eq!(sample(r#"records_ingested_total{store="magnetic"}"#), 1.0);
    assert_eq!(sample("records_rejected_total"), 1.0);
    assert_eq!(sample("memory_table_rows"), 3.0);
    assert_eq!(sample("tables"), 1.0);
    assert_eq!((sample("files"), sample("file_bytes")), (0.0, 0.0));
    for name in ["log_bytes", "memory_table_bytes", "request_bytes_total", "query_scanned_bytes_total"] {
        assert!(sample(name) > 0.0, "{name}");
    }
    assert!(sample("connections") >= 1.0, "the one that asks");
    assert!(sample("connections_total") >= sample("connections"));
    assert_eq!(sample(r#"build_info{version="0.1.0"}"#), 1.0);
    assert_eq!((sample("queries_running"), sample("queries_waiting")), (0.0, 0.0));
}

#[tokio::test]
async fn what_runs_and_loads_write_is_counted_too() {
    let local = fleet().await;
    let (memory, magnetic) =
        (r#"records_ingested_total{store="memory"}"#, r#"records_ingested_total{store="magnetic"}"#);
    let counted = async || {
        let (_, samples) = local.metrics().await;
        [memory, magnetic, "records_rejected_total"].map(|name| samples[&format!("timestream_local_{name}")])
    };
    assert_eq!(counted().await, [2.0, 0.0, 0.0]);
    // One is taken, one is too far ahead, one has a value that is none.
    let mut scheduled = request();
    scheduled["QueryString"] = json!(
        "SELECT host, CASE WHEN host = 'a' THEN @scheduled_runtime ELSE @scheduled_runtime + 1h END AS at, \
         1.5 AS mean, 2 AS n FROM fleet.metrics UNION ALL SELECT 'd', @scheduled_runtime, 0.0 / 0.0, 1"
    );
    let arn = create(&local, &scheduled).await;
    execute(&local, &arn, NOW).await;
    assert_eq!(counted().await, [3.0, 0.0, 2.0]);

    let old = NOW - 1_000 * 86_400;
    local.put("source", "in/a.csv", format!("at,host,load,jobs\n{NOW},a,1.5,3\n{old},a,2.5,4\nlate,a,1,1\n"));
    local.load(&multi()).await;
    assert_eq!(counted().await, [3.0, 1.0, 4.0]);
}

#[tokio::test]
async fn files_are_counted_after_a_restart() {
    let local = Local::start().await;
    local.create_table().await;
    local.write_records().records(record("a", "1", NOW)).send().await.unwrap();
    let local = Local::start_on(local.stop().await).await;
    let (_, samples) = local.metrics().await;
    assert_eq!(samples["timestream_local_files"], 1.0);
    assert_eq!(samples["timestream_local_memory_table_rows"], 0.0);
    let on_disk: u64 =
        walk(&local.dir().join("tables")).iter().map(|file| file.metadata().unwrap().len()).sum();
    assert_eq!(samples["timestream_local_file_bytes"], on_disk as f64);
}

/// The Parquet files below `dir`.
fn walk(dir: &std::path::Path) -> Vec<std::fs::File> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(walk(&path));
        } else if path.extension().is_some_and(|extension| extension == "parquet") {
            found.push(std::fs::File::open(path).unwrap());
        }
    }
    found
}

#[tokio::test]
async fn faults_are_outcomes_too() {
    let local = Local::start().await;
    http(
        local.address,
        "PUT /faults",
        "Accept: */*",
        r#"{"faults":[{"on":"ListTables","throttle":"100%"}]}"#,
    )
    .await;
    local.post("ListTables", "{}").await;
    let (_, samples) = local.metrics().await;
    let throttled =
        r#"timestream_local_requests_total{operation="ListTables",outcome="ThrottlingException"}"#;
    assert_eq!(samples[throttled], 1.0);
}

#[tokio::test]
async fn the_document_lists_every_figure() {
    let local = Local::start().await;
    local.post("ListTables", "{}").await;
    let (families, _) = local.metrics().await;
    let document = include_str!("../../../../docs/local-timestream.md");
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| `timestream_local_")?.split(" | ");
        let name = cells.next()?.split(['`', '{']).next()?;
        Some((format!("timestream_local_{name}"), cells.next()?.to_owned()))
    };
    let listed: BTreeMap<String, String> = document.lines().filter_map(row).collect();
    let mut made = families;
    // It comes with the first write.
    made.entry("timestream_local_records_ingested_total".to_owned()).or_insert_with(|| "counter".to_owned());
    assert_eq!(listed, made);
}
