//! A tiny Timestream for tests: real HTTP on a real port, canned answers.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the fake does with a request.
#[derive(Clone)]
pub(crate) enum Reply {
    /// Answers with this status and JSON.
    Json(u16, Value),
    /// Behaves, after so long.
    Late(Duration),
    /// Never answers.
    Stall,
    /// Closes the connection.
    Reset,
}

/// A request: its operation, its number among those of this operation (from 0), its head and its body.
pub(crate) struct Request {
    pub operation: String,
    pub number: usize,
    pub head: String,
    pub text: String,
    pub body: Value,
}

impl Request {
    /// Records of a WriteRecords request.
    pub(crate) fn records(&self) -> usize {
        self.body["Records"].as_array().map_or(0, Vec::len)
    }
}

type Script = Arc<dyn Fn(&Request) -> Option<Reply> + Send + Sync>;

/// A running fake.
pub(crate) struct Fake {
    pub address: SocketAddr,
    log: Arc<Mutex<Log>>,
}

#[derive(Default)]
struct Log {
    numbers: HashMap<String, usize>,
    /// Identities of stored records: series and time.
    stored: HashMap<String, usize>,
}

impl Fake {
    /// Starts one; where `script` gives nothing, it behaves.
    pub(crate) async fn start(script: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let log = Arc::new(Mutex::new(Log::default()));
        let (script, shared): (Script, _) = (Arc::new(script), Arc::clone(&log));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&script), Arc::clone(&shared)));
            }
        });
        Self { address, log }
    }

    /// Requests of an operation so far.
    pub(crate) fn requests(&self, operation: &str) -> usize {
        self.log.lock().unwrap().numbers.get(operation).copied().unwrap_or(0)
    }

    /// Records that were acknowledged, and how many of them more than once.
    pub(crate) fn stored(&self) -> (usize, usize) {
        let log = self.log.lock().unwrap();
        (log.stored.len(), log.stored.values().filter(|times| **times > 1).count())
    }

    /// The instants at which records are stored, sorted, in milliseconds.
    pub(crate) fn instants(&self) -> Vec<i64> {
        let log = self.log.lock().unwrap();
        let mut instants: Vec<i64> =
            log.stored.keys().map(|key| key.split_once('|').unwrap().0.parse().unwrap()).collect();
        instants.sort_unstable();
        instants
    }
}

async fn serve(stream: TcpStream, script: Script, log: Arc<Mutex<Log>>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some((head, text)) = read(&mut stream).await? {
        let operation = field(&head, "x-amz-target").unwrap_or_default();
        let operation = operation.rsplit('.').next().unwrap_or_default().to_lowercase();
        let number = {
            let mut log = log.lock().unwrap();
            let number = log.numbers.entry(operation.clone()).or_default();
            *number += 1;
            *number - 1
        };
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        let request = Request { operation, number, head, text, body };
        let mut reply = script(&request).unwrap_or_else(|| behave(&request, &log));
        if let Reply::Late(after) = reply {
            tokio::time::sleep(after).await;
            reply = behave(&request, &log);
        }
        match reply {
            Reply::Json(status, body) => stream.write_all(http(status, &body).as_bytes()).await?,
            Reply::Stall | Reply::Late(_) => std::future::pending().await,
            Reply::Reset => return Ok(()),
        }
    }
    Ok(())
}

async fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Option<(String, String)>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return Ok(None),
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let length = field(&head, "content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Some((head, String::from_utf8_lossy(&body).into_owned())))
}

/// The value of a header.
pub(crate) fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

fn http(status: u16, body: &Value) -> String {
    let body = body.to_string();
    format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The answer of a service in order, with one table and no rows but those of a count.
fn behave(request: &Request, log: &Mutex<Log>) -> Reply {
    let body = match request.operation.as_str() {
        "describedatabase" => json!({ "Database": { "DatabaseName": "db" } }),
        "describetable" => json!({ "Table": { "TableName": "t" } }),
        "writerecords" => {
            store(request, log);
            let all = request.records();
            json!({ "RecordsIngested": { "Total": all, "MemoryStore": all, "MagneticStore": 0 } })
        }
        "query" => page(&[json!("7")], None),
        _ => json!({}),
    };
    Reply::Json(200, body)
}

fn store(request: &Request, log: &Mutex<Log>) {
    let time = request.body["CommonAttributes"]["Time"].as_str().unwrap_or_default();
    let common = &request.body["CommonAttributes"]["Dimensions"];
    let mut log = log.lock().unwrap();
    for record in request.body["Records"].as_array().unwrap() {
        let identity = format!("{time}|{common}|{}|{}", record["Dimensions"], record["MeasureName"]);
        *log.stored.entry(identity).or_default() += 1;
    }
}

/// A page of one column.
pub(crate) fn page(rows: &[Value], next: Option<&str>) -> Value {
    let rows: Vec<Value> = rows.iter().map(|row| json!({ "Data": [{ "ScalarValue": row }] })).collect();
    let mut page = json!({
        "QueryId": "Q1",
        "Rows": rows,
        "ColumnInfo": [{ "Name": "_col0", "Type": { "ScalarType": "BIGINT" } }],
        "QueryStatus": { "ProgressPercentage": 100.0, "CumulativeBytesScanned": 1, "CumulativeBytesMetered": 10_000_000 },
    });
    if let Some(next) = next {
        page["NextToken"] = json!(next);
    }
    page
}

/// An error as the service gives it.
pub(crate) fn error(status: u16, kind: &str, message: &str) -> Reply {
    Reply::Json(status, json!({ "__type": kind, "message": message, "Message": message }))
}
