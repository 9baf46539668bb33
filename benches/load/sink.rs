//! A Timestream that answers at once and keeps nothing, over HTTP and TLS, in a process of its own:
//! what it spends is not the client's.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use crate::Failure;

/// Rows of a query's page.
const ROWS: usize = 60;

/// A running sink; it ends with this value.
pub(crate) struct Sink {
    child: Child,
    pub http: String,
    pub https: String,
    pub certificate: PathBuf,
}

impl Sink {
    /// Starts one; its certificate is written to `folder`.
    pub(crate) fn start(folder: &Path) -> Result<Self, Failure> {
        let certificate = folder.join("sink.pem");
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("sink").arg(&certificate).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("the sink has no output")?).lines();
        let mut line = || lines.next().ok_or("the sink did not start")?.map_err(Failure::from);
        Ok(Self { http: line()?, https: line()?, child, certificate })
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // It ends with its input; if it is gone already there is nothing to wait for.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Is a sink, until the input ends.
pub(crate) fn serve(certificate: &Path) -> Result<(), Failure> {
    let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])?;
    std::fs::write(certificate, own.cert.pem())?;
    let key = PrivatePkcs8KeyDer::from(own.signing_key.serialize_der());
    let config =
        ServerConfig::builder().with_no_client_auth().with_single_cert(vec![own.cert.into()], key.into())?;
    let tls = TlsAcceptor::from(Arc::new(config));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (http, https) = (listen().await?, listen().await?);
        println(&format!("http://{}", http.local_addr()?))?;
        println(&format!("https://{}", https.local_addr()?))?;
        let ended = tokio::task::spawn_blocking(|| io::copy(&mut io::stdin(), &mut io::sink()));
        let answers = Arc::new(Answers::new());
        let plain = async {
            while let Ok((stream, _)) = http.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&answers)));
            }
        };
        let secret = async {
            while let Ok((stream, _)) = https.accept().await {
                let (tls, answers) = (tls.clone(), Arc::clone(&answers));
                tokio::spawn(async move { converse(tls.accept(stream).await?, answers).await });
            }
        };
        tokio::select! {
            () = plain => {}
            () = secret => {}
            _ = ended => {}
        }
        Ok(())
    })
}

async fn listen() -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await
}

fn println(line: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}

/// Answers request after request of one connection.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, answers: Arc<Answers>) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(1 << 17);
    loop {
        let head = loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
        };
        let length = field(&bytes[..head], "content-length: ").parse().unwrap_or(0);
        while bytes.len() < head + length {
            if stream.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
        }
        let (head, body) = bytes[..head + length].split_at(head);
        let answer = answers.to(field(head, "x-amz-target: "), body);
        stream.write_all(answer).await?;
        bytes.drain(..head.len() + length);
    }
}

/// The value of a header, whose name clients write in small letters.
fn field<'a>(head: &'a [u8], name: &str) -> &'a str {
    let head = std::str::from_utf8(head).unwrap_or_default();
    head.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default()
}

/// Whole answers, ready to be sent.
struct Answers {
    written: Vec<u8>,
    page: Vec<u8>,
    count: Vec<u8>,
    database: Vec<u8>,
    table: Vec<u8>,
    other: Vec<u8>,
}

impl Answers {
    fn new() -> Self {
        Self {
            written: http(
                &json!({ "RecordsIngested": { "Total": 100, "MemoryStore": 100, "MagneticStore": 0 } }),
            ),
            page: http(&page(ROWS, 6)),
            count: http(&page(1, 1)),
            database: http(&json!({ "Database": { "DatabaseName": "bench" } })),
            table: http(&json!({ "Table": { "TableName": "bench" } })),
            other: http(&json!({})),
        }
    }

    fn to(&self, operation: &str, body: &[u8]) -> &[u8] {
        match operation.rsplit('.').next().unwrap_or_default() {
            "WriteRecords" => &self.written,
            // What the runner itself asks before and after.
            "Query" if body.windows(8).any(|eight| eight.eq_ignore_ascii_case(b"count(*)")) => &self.count,
            "Query" => &self.page,
            "DescribeDatabase" => &self.database,
            "DescribeTable" => &self.table,
            _ => &self.other,
        }
    }
}

/// A page of BIGINT columns.
fn page(rows: usize, columns: usize) -> Value {
    let datum =
        |row: usize, column: usize| json!({ "ScalarValue": (1_767_225_600 + row * 60 + column).to_string() });
    let row = |row| json!({ "Data": (0..columns).map(|column| datum(row, column)).collect::<Vec<_>>() });
    let column = |column: usize| json!({ "Name": format!("c{column}"), "Type": { "ScalarType": "BIGINT" } });
    json!({
        "QueryId": "AEBQEAMYNVTVFZJM5Z5J4HGGVMI5H5TTNVCWIWX6HQWSBHSNIWRLYBQ",
        "Rows": (0..rows).map(row).collect::<Vec<_>>(),
        "ColumnInfo": (0..columns).map(column).collect::<Vec<_>>(),
        "QueryStatus": { "ProgressPercentage": 100.0, "CumulativeBytesScanned": 1, "CumulativeBytesMetered": 10_000_000 },
    })
}

fn http(body: &Value) -> Vec<u8> {
    let body = body.to_string();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length:";
    format!("{head} {}\r\n\r\n{body}", body.len()).into_bytes()
}
