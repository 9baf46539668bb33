//! `tsrun serve` as a process: what it takes of the machine.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::served::Served;

/// A server, and what it uses.
struct Serve {
    served: Served,
    _data: TempDir,
}

impl Serve {
    fn start(options: &[&str]) -> Self {
        let data = TempDir::new().expect("a folder can be made");
        Self { served: Served::start(data.path(), options), _data: data }
    }

    fn post(&self, operation: &str, body: &Value) -> Value {
        let answer = self.served.post(operation, &body.to_string());
        let (_, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        serde_json::from_str(body).expect("it is JSON")
    }

    /// The processor time it has used, in hundredths of a second.
    fn cpu(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.served.id())).expect("it runs");
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
        let waiting = serve.served.send("Query", &json!({ "QueryString": sql }).to_string());
        serve.until_busy();
        drop(waiting);
        let used = serve.cpu_until_rest();
        assert!(used < ONE_SECOND, "{used} ticks after the client of {sql} went");
    }
}

/// A data directory with more tables than the next process may have open is told from one that is broken.
#[test]
fn a_start_with_too_few_file_descriptors_tells_how_many_are_enough() {
    let data = TempDir::new().expect("a folder can be made");
    let server = Served::start(data.path(), &[]);
    server.post("CreateDatabase", r#"{"DatabaseName": "many"}"#);
    for number in 0..30 {
        let table = format!(r#"{{"DatabaseName": "many", "TableName": "table-{number}"}}"#);
        assert!(server.post("CreateTable", &table).contains("TableName"));
    }
    drop(server);
    let (binary, dir) = (env!("CARGO_BIN_EXE_tsrun"), data.path().display());
    let script = format!("ulimit -n 50; exec {binary} serve --listen 127.0.0.1:0 --data-dir {dir}");
    let output = std::process::Command::new("bash").args(["-c", &script]).output().expect("bash is there");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("there are 30 tables") && told.contains("`ulimit -n`), 120 are enough"), "{told}");
    Served::start(data.path(), &[]);
}
