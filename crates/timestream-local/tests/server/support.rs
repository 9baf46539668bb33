//! A server on a free port, on a clock that stands still, and clients for it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use aws_sdk_timestreamquery as query;
use aws_sdk_timestreamwrite as write;
use serde_json::Value as Json;
use tempfile::TempDir;
use timestream_local::clock::ManualClock;
use timestream_local::server::{Config, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use write::types::{Dimension, MeasureValueType, Record, TimeUnit};

/// 2026-01-01 00:00:00 UTC, where the clock of the tests stands; in seconds and in nanoseconds.
pub(crate) const NOW: i64 = 1_767_225_600;
pub(crate) const NOW_NANOS: i64 = NOW * 1_000_000_000;

/// A running server.
pub(crate) struct Local {
    pub(crate) write: write::Client,
    pub(crate) query: query::Client,
    pub(crate) address: SocketAddr,
    pub(crate) clock: Arc<ManualClock>,
    dir: TempDir,
    stop: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
}

impl Local {
    /// A server with nothing in it.
    pub(crate) async fn start() -> Self {
        Self::start_on(tempfile::tempdir().unwrap()).await
    }

    /// A server on what is in `dir`.
    pub(crate) async fn start_on(dir: TempDir) -> Self {
        Self::start_with(dir, |_| {}).await
    }

    /// The same, with some things set otherwise.
    pub(crate) async fn start_with(dir: TempDir, set: impl FnOnce(&mut Config)) -> Self {
        Self::start_at(dir, NOW_NANOS, set).await
    }

    /// The same, at another time.
    pub(crate) async fn start_at(dir: TempDir, now: i64, set: impl FnOnce(&mut Config)) -> Self {
        let clock = Arc::new(ManualClock::at(now));
        let mut config = config(dir.path(), &clock);
        set(&mut config);
        let server = Server::start(config).await.unwrap();
        let address = server.address();
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(server.serve(async { drop(stopped.await) }));
        Self {
            write: write_client(address, "key", "secret"),
            query: query_client(address),
            address,
            clock,
            dir,
            stop,
            served,
        }
    }

    /// Stops the server as Ctrl-C does; its directory stays.
    pub(crate) async fn stop(self) -> TempDir {
        self.stop.send(()).unwrap();
        self.served.await.unwrap().unwrap();
        self.dir
    }

    /// A client of somebody.
    pub(crate) fn signed_as(&self, key: &str, secret: &str) -> write::Client {
        write_client(self.address, key, secret)
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) async fn create_database(&self, name: &str) {
        self.write.create_database().database_name(name).send().await.unwrap();
    }

    /// The table `fleet.metrics`, which keeps two hours in memory, ten days more, and takes late data.
    pub(crate) async fn create_table(&self) {
        self.create_database("fleet").await;
        let retention = write::types::RetentionProperties::builder()
            .memory_store_retention_period_in_hours(2)
            .magnetic_store_retention_period_in_days(10)
            .build()
            .unwrap();
        let late = write::types::MagneticStoreWriteProperties::builder()
            .enable_magnetic_store_writes(true)
            .build()
            .unwrap();
        let create = self.write.create_table().database_name("fleet").table_name("metrics");
        create.retention_properties(retention).magnetic_store_write_properties(late).send().await.unwrap();
    }

    /// Writes to `fleet.metrics`.
    pub(crate) fn write_records(
        &self,
    ) -> write::operation::write_records::builders::WriteRecordsFluentBuilder {
        self.write.write_records().database_name("fleet").table_name("metrics")
    }

    /// All rows of a query, over all its pages, as text.
    pub(crate) async fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        let mut token = None;
        loop {
            let page = self.query.query().query_string(sql).set_next_token(token).send().await.unwrap();
            rows.extend(page.rows().iter().map(texts));
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                return rows;
            }
        }
    }

    /// Sends `body` to `operation`; the answer's status and JSON.
    pub(crate) async fn post(&self, operation: &str, body: &str) -> (u16, Json) {
        let target = format!("X-Amz-Target: Timestream_20181101.{operation}");
        let (status, _, body) = http(self.address, "POST /", &target, body).await;
        (status, serde_json::from_str(&body).unwrap())
    }

    /// The same in one line, for snapshots.
    pub(crate) async fn posted(&self, operation: &str, body: &str) -> String {
        let (status, json) = self.post(operation, body).await;
        format!("{status} {json}")
    }
}

/// A rejected record: its place, why, and the version that is stored.
pub(crate) type Rejection = (u64, String, Option<i64>);

/// Writes of JSON to `fleet.metrics`.
pub(crate) trait Writes {
    /// The status and the answer.
    async fn sent(&self, common: Option<Json>, records: Json) -> (u16, Json);

    /// How many of them went to the memory store and to the magnetic store.
    async fn stores(&self, records: Json) -> (u64, u64) {
        let (status, answer) = self.sent(None, records).await;
        assert_eq!(status, 200, "{answer}");
        let ingested = &answer["RecordsIngested"];
        let count = |name: &str| ingested[name].as_u64().unwrap();
        assert_eq!(count("Total"), count("MemoryStore") + count("MagneticStore"));
        (count("MemoryStore"), count("MagneticStore"))
    }

    /// How many of them were taken.
    async fn ingested(&self, records: Json) -> u64 {
        let (memory, magnetic) = self.stores(records).await;
        memory + magnetic
    }

    async fn rejected(&self, records: Json) -> Vec<Rejection> {
        self.rejected_of(Json::Null, records).await
    }

    async fn rejected_of(&self, common: Json, records: Json) -> Vec<Rejection> {
        let (status, answer) = self.sent(Some(common), records).await;
        assert_eq!(status, 419, "{answer}");
        let rejected = answer["RejectedRecords"].as_array().unwrap();
        let read = |record: &Json| {
            let reason = record["Reason"].as_str().unwrap().to_owned();
            (record["RecordIndex"].as_u64().unwrap(), reason, record["ExistingVersion"].as_i64())
        };
        rejected.iter().map(read).collect()
    }

    async fn refused(&self, records: Json) -> String {
        self.refused_of(Json::Null, records).await
    }

    /// The message of the ValidationException.
    async fn refused_of(&self, common: Json, records: Json) -> String {
        let (status, answer) = self.sent(Some(common), records).await;
        assert_eq!((status, &answer["__type"]), (400, &Json::from("ValidationException")), "{answer}");
        answer["Message"].as_str().unwrap().to_owned()
    }
}

impl Writes for Local {
    async fn sent(&self, common: Option<Json>, records: Json) -> (u16, Json) {
        let request = serde_json::json!({
            "DatabaseName": "fleet", "TableName": "metrics", "CommonAttributes": common, "Records": records,
        });
        self.post("WriteRecords", &request.to_string()).await
    }
}

/// A configuration on `dir` whose clock is `clock`.
pub(crate) fn config(dir: &Path, clock: &Arc<ManualClock>) -> Config {
    Config { clock: Arc::clone(clock) as _, ..Config::new(dir) }
}

/// One HTTP request on a connection of its own: status, head and body of the answer.
pub(crate) async fn http(address: SocketAddr, what: &str, header: &str, body: &str) -> (u16, String, String) {
    let length = body.len();
    let request = format!(
        "{what} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n{header}\r\n\r\n{body}"
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_owned(), body.to_owned())
}

/// A record of `cpu` on one host, at `time` in seconds.
pub(crate) fn record(host: &str, value: &str, time: i64) -> Record {
    Record::builder()
        .dimensions(dimension("host", host))
        .measure_name("cpu")
        .measure_value(value)
        .measure_value_type(MeasureValueType::Double)
        .time(time.to_string())
        .time_unit(TimeUnit::Seconds)
        .build()
}

pub(crate) fn dimension(name: &str, value: &str) -> Dimension {
    Dimension::builder().name(name).value(value).build().unwrap()
}

fn texts(row: &query::types::Row) -> Vec<String> {
    row.data().iter().map(|datum| datum.scalar_value().unwrap_or("NULL").to_owned()).collect()
}

fn write_client(address: SocketAddr, key: &str, secret: &str) -> write::Client {
    use write::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
    let config = write::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(format!("http://{address}"))
        .credentials_provider(Credentials::new(key, secret, None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .build();
    write::Client::from_conf(config)
}

fn query_client(address: SocketAddr) -> query::Client {
    use query::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
    let config = query::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(format!("http://{address}"))
        .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .build();
    query::Client::from_conf(config)
}
