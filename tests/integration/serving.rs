//! `tsrun serve` as a process: what it takes of the machine.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A server that is killed in the end.
struct Serve {
    child: Child,
    address: String,
    _data: TempDir,
}

impl Serve {
    fn start(options: &[&str]) -> Self {
        let data = TempDir::new().expect("a folder can be made");
        let mut command = Command::new(env!("CARGO_BIN_EXE_tsrun"));
        command.args(["serve", "--listen", "127.0.0.1:0"]).args(options);
        command.arg("--data-dir").arg(data.path()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the binary starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let line = lines.next().expect("it says where it listens").expect("it is text");
        let address = line.split_whitespace().find_map(|word| word.strip_prefix("http://"));
        Self { address: address.expect("an address").to_owned(), child, _data: data }
    }

    /// Sends a request; the answer is read from what is returned.
    fn send(&self, operation: &str, body: &Value) -> TcpStream {
        let body = body.to_string();
        let (address, length) = (&self.address, body.len());
        let mut stream = TcpStream::connect(address).expect("it listens");
        write!(
            stream,
            "POST / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\
             X-Amz-Target: Timestream_20181101.{operation}\r\n\r\n{body}"
        )
        .expect("it reads");
        stream
    }

    fn post(&self, operation: &str, body: &Value) -> Value {
        let mut answer = String::new();
        self.send(operation, body).read_to_string(&mut answer).expect("it answers");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        serde_json::from_str(body).expect("it is JSON")
    }

    /// The processor time it has used, in hundredths of a second.
    fn cpu(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("it runs");
        let (_, fields) = stat.rsplit_once(") ").expect("the name is in parentheses");
        let times = fields.split(' ').skip(11).take(2);
        times.map(|ticks| ticks.parse::<u64>().expect("a number")).sum()
    }

    /// The processor time that it still uses until it rests, in hundredths of a second.
    fn cpu_until_rest(&self) -> u64 {
        let (start, began) = (self.cpu(), Instant::now());
        let mut before = start;
        loop {
            std::thread::sleep(Duration::from_millis(300));
            let now = self.cpu();
            if now - before <= 1 {
                return now - start;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "it used {} ticks and goes on", now - start);
            before = now;
        }
    }

    /// Waits until it is at work.
    fn until_busy(&self) {
        let start = self.cpu();
        while self.cpu() < start + 20 {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Queries that would keep a processor busy for days, each in a way of its own.
fn endless() -> [String; 5] {
    const TEN: &str = "WITH t(x) AS (VALUES (1),(2),(3),(4),(5),(6),(7),(8),(9),(10)) ";
    let many = (b'a'..=b'n').map(|name| format!("t {}", char::from(name))).collect::<Vec<_>>().join(", ");
    [
        format!("{TEN}SELECT sum(a.x * b.x) FROM {many}"),
        format!("{TEN}SELECT a.x, approx_percentile(b.x, 0.9) FROM {many} GROUP BY a.x, c.x, d.x ORDER BY 2"),
        format!("{TEN}SELECT a.x FROM {many} WHERE a.x + b.x + g.x + h.x + m.x + n.x < 0"),
        format!("{TEN}SELECT a.x, row_number() OVER (PARTITION BY a.x ORDER BY b.x) FROM {many} LIMIT 3"),
        format!("{TEN}SELECT DISTINCT sqrt(a.x) + ln(b.x) * c.x FROM {many} ORDER BY 1"),
    ]
}

/// A second of two cores, in hundredths.
const ONE_SECOND: u64 = 200;

#[test]
fn a_cancelled_query_stops_within_a_second() {
    let serve = Serve::start(&["--page-wait", "50ms"]);
    for sql in endless() {
        let page = serve.post("Query", &json!({ "QueryString": sql }));
        assert!(page["NextToken"].is_string() && page["Rows"] == json!([]), "{page}");
        serve.until_busy();
        serve.post("CancelQuery", &json!({ "QueryId": page["QueryId"] }));
        let used = serve.cpu_until_rest();
        assert!(used < ONE_SECOND, "{used} ticks after the end of {sql}");
    }
}

#[test]
fn a_query_whose_client_goes_away_stops() {
    let serve = Serve::start(&[]);
    for sql in endless() {
        let waiting = serve.send("Query", &json!({ "QueryString": sql }));
        serve.until_busy();
        drop(waiting);
        let used = serve.cpu_until_rest();
        assert!(used < ONE_SECOND, "{used} ticks after the client of {sql} went");
    }
}
