//! What a run tells while it goes on, through the binary: nothing, JSON lines, and metrics.

mod otlp;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use otlp::{points, receiver};
use serde_json::Value;

use super::fleets::CPU_ONLY;
use super::runs::{Desk, figure, fleet_of};

/// Writes, some of them throttled, and queries; `phases` after it.
fn desk(phases: &str) -> Desk {
    let load = format!(
        "
workloads:
  ingest: {{ kind: ingest, in_flight: 8 }}
  panels: {{ kind: query, rate: 20/s, queries: {{ hosts: {{ weight: 1, sql: hosts.sql.j2, window: 1h }} }} }}
phases:
  - name: work
    duration: 2s
    load: {{ ingest: 100%, panels: 100% }}
    faults: [ {{ on: WriteRecords, throttle: 20% }}, {{ on: Query, error: 10% }} ]
{phases}"
    );
    let fleet = CPU_ONLY.replace("every: 10s", "every: 10s\n  batch: 20");
    let desk = Desk::new(&fleet_of(&fleet, &load));
    desk.write(
        "queries/hosts.sql.j2",
        "SELECT COUNT(DISTINCT hostname) AS hosts FROM {{ table }} WHERE time >= {{ from }} AND time < {{ to }}\n",
    );
    desk
}

const SMALL: &str = "scale=4000";

#[test]
fn a_quiet_run_tells_its_summary_and_errors_alone() {
    let desk = desk("");
    let run = desk.run(&["-P", SMALL, "--quiet"]);
    assert_eq!(run.code(), Some(0), "{}{}", run.stdout(), run.stderr());
    assert_eq!(run.stderr(), "");
    assert!(run.stdout().contains("results: "), "{}", run.stdout());
    let failed = desk.run(&["-q", "--endpoint-url", "http://127.0.0.1:9"]);
    assert_eq!(failed.code(), Some(4));
    assert_eq!(failed.stderr().lines().count(), 1, "{}", failed.stderr());
    assert!(failed.stderr().starts_with("error: "), "{}", failed.stderr());
}

#[test]
fn plain_lines_tell_phases_in_their_order() {
    let desk = desk("  - { name: more, duration: 1s, load: { panels: 100% } }");
    let run = desk.run(&["-P", SMALL]);
    let told = run.stderr();
    let place = |text: &str| told.find(text).unwrap_or_else(|| panic!("no `{text}` in {told}"));
    let order = [
        "target: ",
        "phase 1 of 2: work, 2s",
        "work over after 2s: ",
        "phase 2 of 2: more, 1s",
        "more over after 1s: ",
    ];
    assert!(order.map(place).is_sorted(), "{told}");
}

/// The lines of a run's standard error, each a JSON object.
fn json_lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect()
}

#[test]
fn json_lines_end_with_the_figures_of_the_files() {
    let desk = desk("  - { name: more, duration: 1s, load: { panels: 50% } }");
    let run = desk.run(&["-P", SMALL, "--log-format", "json"]);
    assert_eq!(run.code(), Some(0), "{}{}", run.stdout(), run.stderr());
    let lines = json_lines(&run.stderr());
    for kind in ["remark", "phase", "figures", "result"] {
        assert!(lines.iter().any(|line| line["kind"] == kind), "no {kind}");
    }
    let last = lines.iter().rfind(|line| line["kind"] == "figures").expect("there are some");
    assert_eq!(last["last"], true);
    let run_dir = &desk.runs()[0];
    let mut seen = 0;
    for (workload, operation) in operations(last) {
        let (phase, name) = (text(&operation["phase"]), text(&operation["operation"]));
        let row = if name == "write" { workload } else { name };
        for (field, column) in [
            ("total_count", "Total Count"),
            ("successful_count", "Successful Count"),
            ("failed_count", "failed_count"),
            ("throttled_count", "throttled_count"),
            ("attempts", "attempts"),
            ("rows", "rows"),
            ("acknowledged_records", "acknowledged_records"),
            ("planned_records", "planned_records"),
            ("p50_seconds", "Median"),
            ("p99_seconds", "99th Perc (in secs)"),
            ("response_p99_seconds", "response_p99_seconds"),
        ] {
            let told = operation["total"][field].as_f64().expect("it is a number");
            assert_eq!(told, figure(run_dir, phase, row, column), "{phase} {row} {column}");
            seen += usize::from(told > 0.0);
        }
    }
    assert!(seen > 20, "most figures are of something: {seen}");
    let errors: BTreeMap<String, u64> = last["errors"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| {
            let key = ["phase", "workload", "operation", "error"].map(|field| text(&row[field])).join(",");
            (key, row["count"].as_u64().expect("a count"))
        })
        .collect();
    assert_eq!(errors, errors_of(run_dir));
    assert!(errors.contains_key("work,ingest,write,throttled"), "{errors:?}");
    let result = lines.last().expect("there are lines");
    assert_eq!((text(&result["kind"]), &result["exit_code"]), ("result", &Value::from(0)));
    assert_eq!(text(&result["run"]), run_dir.to_str().expect("plain names"));
}

/// A run of which more is told than a pipe takes, once all its files are written.
fn unread() -> (Desk, Child) {
    // One line of figures on so many queries is longer than that.
    let query = |number| format!("q{number}: {{ weight: 1, sql: hosts.sql.j2, window: 1h }}");
    let queries: Vec<String> = (0..150).map(query).collect();
    let one = "hosts: { weight: 1, sql: hosts.sql.j2, window: 1h }";
    let desk = desk("");
    let scenario = std::fs::read_to_string(desk.path("scenario.yaml")).expect("it was written");
    desk.write("scenario.yaml", &scenario.replace(one, &queries.join(", ")));
    let mut run = desk.start(&["-P", SMALL, "--log-format", "json"]);
    let deadline = Instant::now() + Duration::from_secs(60);
    let ended = |run: &Path| {
        let manifest = std::fs::read_to_string(run.join("manifest.json"));
        run.join("report.html").exists() && manifest.is_ok_and(|manifest| manifest.contains("\"completed\""))
    };
    while !desk.path("results").exists() || !desk.runs().iter().any(|run| ended(run)) {
        assert!(Instant::now() < deadline, "the run waits for its reader");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(run.try_wait().expect("it can be asked").is_none(), "there is something left to read");
    (desk, run)
}

#[test]
fn a_pipe_that_nobody_reads_holds_up_no_run() {
    let (_desk, mut run) = unread();
    let mut told = String::new();
    run.stderr.take().expect("it is piped").read_to_string(&mut told).expect("it is text");
    assert_eq!(run.wait().expect("it ends").code(), Some(0), "{told}");
    let lines = json_lines(&told);
    let last = lines.iter().rfind(|line| line["kind"] == "figures").expect("the newest are told");
    assert_eq!(last["last"], true);
    assert_eq!(operations(last).len(), 151);
}

#[test]
fn ctrl_c_ends_the_wait_for_who_reads() {
    let (_desk, mut run) = unread();
    let interrupted = Command::new("kill").args(["-INT", &run.id().to_string()]).status();
    assert!(interrupted.expect("kill is there").success());
    assert_eq!(run.wait().expect("it ends").code(), Some(130));
}

#[test]
fn errors_are_json_lines_too() {
    let desk = desk("");
    let lost = desk.run(&["--log-format", "json", "--endpoint-url", "http://127.0.0.1:9"]);
    let lines = json_lines(&lost.stderr());
    let last = lines.last().expect("it failed");
    assert_eq!((text(&last["kind"]), &last["exit_code"]), ("error", &Value::from(4)));
    assert!(text(&last["message"]).contains("http://127.0.0.1:9"), "{last}");
    desk.write("scenario.yaml", "nam: demo\n");
    let bad = json_lines(&desk.run(&["--log-format", "json", "--quiet"]).stderr());
    assert_eq!((bad.len(), text(&bad[0]["kind"]), &bad[0]["exit_code"]), (1, "error", &Value::from(2)));
    assert!(text(&bad[0]["message"]).contains("did you mean `name`"), "{}", bad[0]);
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

/// The operations of a line of figures, with their workloads.
fn operations(figures: &Value) -> Vec<(&str, &Value)> {
    let workloads = figures["workloads"].as_array().expect("a list").iter();
    workloads
        .flat_map(|of| {
            let operations = of["operations"].as_array().expect("a list").iter();
            operations.map(|operation| (text(&of["workload"]), operation))
        })
        .collect()
}

/// Counts of `errors.csv` by phase, workload, operation and kind.
fn errors_of(run: &Path) -> BTreeMap<String, u64> {
    let mut reader = csv::Reader::from_path(run.join("errors.csv")).expect("every run has one");
    let rows = reader.records().map(|row| row.expect("rows read"));
    rows.map(|row| {
        let key: Vec<&str> = (0..4).map(|column| &row[column]).collect();
        (key.join(","), row[4].parse().expect("a count"))
    })
    .collect()
}

/// A run whose second phase does nothing but wait, so that the first one's figures can be read when they are whole.
struct Held {
    run: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStderr>>,
}

const IDLE: &str = "  - { name: idle, duration: forever, load: { panels: 0/s } }";

impl Held {
    fn start(desk: &Desk, more: &[&str]) -> Self {
        let mut run = desk.start(&[&["-P", SMALL, "--log-format", "json"], more].concat());
        let stderr = run.stderr.take().expect("it is piped");
        Self { run, lines: BufReader::new(stderr).lines() }
    }

    /// The next line that a test is after.
    fn line(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut lines = self.lines.by_ref().map(|line| line.expect("lines read"));
        let line = lines.find_map(|line| {
            let line = serde_json::from_str(&line).expect("each line is JSON");
            wanted(&line).then_some(line)
        });
        line.expect("it is told before the run ends")
    }

    fn end(mut self) -> Vec<Value> {
        let interrupted = Command::new("kill").args(["-INT", &self.run.id().to_string()]).status();
        assert!(interrupted.expect("kill is there").success());
        let rest = self.lines.map(|line| serde_json::from_str(&line.expect("lines read")).expect("JSON"));
        let rest: Vec<Value> = rest.collect();
        assert_eq!(self.run.wait().expect("it ends").code(), Some(130));
        rest
    }
}

/// What a server answers to a request for a path.
fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

/// The value of a metric, by its whole name and labels.
fn metric(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().expect("it is a number")
}

#[test]
fn metrics_are_read_while_a_run_goes_on() {
    let desk = desk(IDLE);
    let mut run = Held::start(&desk, &["--metrics-listen", "0"]);
    let remark = run.line(|line| line["message"].as_str().is_some_and(|text| text.starts_with("metrics at")));
    let address = text(&remark["message"]).trim_start_matches("metrics at http://");
    let address: SocketAddr = address.trim_end_matches("/metrics").parse().expect("an address");
    assert!(address.ip().is_loopback(), "for this machine alone");
    run.line(|line| line["kind"] == "phase" && line["phase"]["name"] == "idle");
    // All of the first phase is counted once the second has figures.
    run.line(|line| line["kind"] == "figures" && line["phase"]["name"] == "idle");
    let scraped = get(address, "/metrics");
    assert!(get(address, "/").contains("metrics are at /metrics"));
    let rest = run.end();
    let result = rest.last().expect("it tells its result");
    assert_eq!(result["exit_code"], 130);

    let run_dir = &desk.runs()[0];
    let of = |name: &str, column: &str| figure(run_dir, "work", name, column);
    for (name, row, column) in [
        (
            r#"tsrun_records_total{outcome="acknowledged",phase="work",workload="ingest"}"#,
            "ingest",
            "acknowledged_records",
        ),
        (
            r#"tsrun_records_total{outcome="refused",phase="work",workload="ingest"}"#,
            "ingest",
            "refused_records",
        ),
        (r#"tsrun_attempts_total{operation="write",phase="work",workload="ingest"}"#, "ingest", "attempts"),
        (
            r#"tsrun_queries_total{outcome="ok",phase="work",query="hosts",workload="panels"}"#,
            "hosts",
            "Successful Count",
        ),
        (
            r#"tsrun_queries_total{outcome="failed",phase="work",query="hosts",workload="panels"}"#,
            "hosts",
            "failed_count",
        ),
        (r#"tsrun_query_rows_total{phase="work",query="hosts",workload="panels"}"#, "hosts", "rows"),
        (
            r#"tsrun_query_duration_seconds{phase="work",quantile="0.99",query="hosts",timing="service",workload="panels"}"#,
            "hosts",
            "99th Perc (in secs)",
        ),
        (
            r#"tsrun_write_duration_seconds{phase="work",quantile="0.99",timing="response",workload="ingest"}"#,
            "ingest",
            "response_p99_seconds",
        ),
    ] {
        assert_eq!(metric(&scraped, name), of(row, column), "{name}");
    }
    let errors = errors_of(run_dir);
    let throttled =
        r#"tsrun_errors_total{kind="throttled",operation="write",phase="work",workload="ingest"}"#;
    assert_eq!(metric(&scraped, throttled) as u64, errors["work,ingest,write,throttled"]);
    assert!(metric(&scraped, r#"tsrun_phase_elapsed_seconds{phase="idle"}"#) > 0.0);
    assert!(metric(&scraped, "tsrun_cpu_time_seconds_total") > 0.0);
}

#[test]
fn a_port_that_is_taken_is_told_before_the_run() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = taken.local_addr().expect("it has one").to_string();
    let run = desk("").run(&["--metrics-listen", &address]);
    assert_eq!(run.code(), Some(2));
    let expected = format!("error: cannot serve metrics on {address}: ");
    assert!(run.stderr().starts_with(&expected), "{}", run.stderr());
    assert!(run.stderr().contains("give --metrics-listen another address"), "{}", run.stderr());
    let unreadable = desk("").run(&["--metrics-listen", "here"]);
    assert!(
        unreadable.stderr().contains("write a port, or an address such as 127.0.0.1:PORT"),
        "{}",
        unreadable.stderr()
    );
}

#[test]
fn metrics_are_sent_by_otlp_and_the_last_ones_are_the_files() {
    let (url, receiver) = receiver();
    let desk = desk("");
    let run = desk.run(&["-P", SMALL, "--otlp-endpoint", &format!("{url}/")]);
    assert_eq!(run.code(), Some(0), "{}{}", run.stdout(), run.stderr());
    let (head, last) = receiver.try_iter().last().expect("all were sent before the run ended");
    assert!(head.starts_with("POST /v1/metrics "), "{head}");
    let run_dir = &desk.runs()[0];
    let records = points(&last, "tsrun.records");
    for outcome in ["acknowledged", "refused", "unknown"] {
        let sent = records[&format!("outcome={outcome},phase=work,workload=ingest")];
        assert_eq!(sent, figure(run_dir, "work", "ingest", &format!("{outcome}_records")));
    }
    let queries = points(&last, "tsrun.queries");
    let sent = queries["outcome=ok,phase=work,query=hosts,workload=panels"];
    assert_eq!(sent, figure(run_dir, "work", "hosts", "Successful Count"));
    assert!(sent > 0.0);
    let median = points(&last, "tsrun.query.duration");
    let median = median["phase=work,quantile=0.5,query=hosts,timing=service,workload=panels"];
    assert_eq!(median, figure(run_dir, "work", "hosts", "Median"));
}

#[test]
fn a_receiver_that_is_away_is_told_of_once() {
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("http://{}", closed.local_addr().expect("it has one"));
    drop(closed);
    let desk = desk("");
    let run = desk.run(&["-P", SMALL, "--otlp-endpoint", &url]);
    assert_eq!(run.code(), Some(0), "{}{}", run.stdout(), run.stderr());
    assert_eq!(run.stderr().matches("metrics").count(), 1, "{}", run.stderr());
    let wanted = format!("warning: metrics cannot be sent to {url}: ");
    assert!(run.stderr().contains(&wanted), "{}", run.stderr());
    let bad = desk.run(&["--otlp-endpoint", "localhost:4318"]);
    assert_eq!(bad.code(), Some(2));
    assert!(bad.stderr().contains("write it as http://localhost:4318"), "{}", bad.stderr());
}

#[test]
fn a_server_logs_json_lines() {
    let data = tempfile::TempDir::new().expect("a folder can be made");
    let mut command = Command::new(env!("CARGO_BIN_EXE_tsrun"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--data-dir"]).arg(data.path());
    let mut server = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    let lines = BufReader::new(server.stderr.take().expect("it is piped")).lines();
    let first = lines.map(|line| line.expect("lines read")).next().expect("it says that it listens");
    server.kill().expect("it runs");
    server.wait().expect("it ends");
    let first: Value = serde_json::from_str(&first).expect("it is JSON");
    assert_eq!(text(&first["fields"]["message"]), "local Timestream listens");
    assert_eq!(text(&first["level"]), "INFO");
}
