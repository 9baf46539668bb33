//! `tsrun serve` as a process: what it says at its start, how it ends, what it logs, where its buckets are.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

struct Serving {
    process: Child,
    /// The line that it said at its start.
    line: String,
    address: String,
    desk: TempDir,
}

impl Serving {
    fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, &[])
    }

    fn start_with(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::start_at(TempDir::new().expect("a folder can be made"), arguments, environment)
    }

    fn start_at(desk: TempDir, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tsrun"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(desk.path().join("data"));
        command.args(arguments).env_remove("RUST_LOG").envs(environment.iter().copied());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).current_dir(desk.path());
        let mut process = command.spawn().expect("the binary starts");
        let mut line = String::new();
        let stdout = process.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("it says where it listens");
        let address = line.strip_prefix("listening on http://").and_then(|rest| rest.split(' ').next());
        let address = address.expect("its line begins with its address").to_owned();
        Self { process, line, address, desk }
    }

    /// Sends `body` to `operation`, and gives the whole answer.
    fn post(&self, operation: &str, body: &str) -> String {
        self.ask(&format!(
            "POST / HTTP/1.1\r\nHost: here\r\nConnection: close\r\nX-Amz-Target: Timestream_20181101.{operation}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    }

    fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    }

    /// Writes a record of now.
    fn write(&self) {
        self.post("CreateDatabase", r#"{"DatabaseName":"plant"}"#);
        self.post("CreateTable", r#"{"DatabaseName":"plant","TableName":"rooms"}"#);
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = since_epoch.expect("it is after 1970").as_millis();
        let body = format!(
            r#"{{"DatabaseName":"plant","TableName":"rooms","Records":[{{"Dimensions":[{{"Name":"room","Value":"attic"}}],
            "MeasureName":"celsius","MeasureValue":"21.5","Time":"{now}"}}]}}"#
        );
        let answer = self.post("WriteRecords", &body);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.process.id().to_string()]).status();
        assert!(sent.expect("kill is there").success());
    }

    /// The exit code and what was logged.
    fn end(mut self) -> (Option<i32>, String) {
        let mut log = String::new();
        self.process.stderr.take().expect("it is piped").read_to_string(&mut log).expect("it is text");
        (self.process.wait().expect("it ends").code(), log)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Where it has ended already there is nothing left to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn one_line_says_all_that_it_takes() {
    let serving = Serving::start(&[]);
    let address = &serving.address;
    let data = serving.desk.path().join("data");
    let expected = format!(
        "listening on http://{address} data={} durability=process users=any AWS_ENDPOINT_URL=http://{address} \
         AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1\n",
        data.display()
    );
    assert_eq!(serving.line, expected);
}

#[test]
fn a_stop_writes_the_tables_to_files_and_says_so() {
    for signal in ["-TERM", "-INT"] {
        let serving = Serving::start(&["--log-format", "json"]);
        serving.write();
        serving.signal(signal);
        let (code, log) = serving.end();
        assert_eq!(code, Some(0), "{log}");
        let events: Vec<serde_json::Value> =
            log.lines().map(|line| serde_json::from_str(line).expect("each line is an event")).collect();
        let of = |message: &str| {
            let found = events.iter().find(|event| event["fields"]["message"] == message);
            found.unwrap_or_else(|| panic!("no `{message}` in {log}"))["fields"].clone()
        };
        assert_eq!(of("memory table written to files")["rows"], 1);
        let stopped = of("local Timestream stopped: its rows are written to files");
        assert_eq!(stopped["rows"], 1);
        assert!(stopped["ms"].is_u64(), "{stopped}");
        assert_eq!(events.len(), 3, "no event a request: {log}");
    }
}

#[test]
fn what_a_kill_left_in_the_log_is_replayed_and_told() {
    let mut serving = Serving::start(&[]);
    serving.write();
    serving.process.kill().and_then(|()| serving.process.wait()).expect("it ends");
    let desk = std::mem::replace(&mut serving.desk, TempDir::new().expect("a folder can be made"));
    let serving = Serving::start_at(desk, &["--log-format", "json"], &[]);
    let asked = serving.post("Query", r#"{"QueryString":"SELECT room FROM plant.rooms"}"#);
    assert!(asked.contains("attic"), "{asked}");
    serving.signal("-TERM");
    let (code, log) = serving.end();
    assert_eq!(code, Some(0), "{log}");
    let first = log.lines().next().expect("an event");
    assert!(first.contains("\"log replayed\"") && first.contains("\"rows\":1"), "{log}");
}

#[test]
fn a_second_ctrl_c_ends_at_once() {
    let serving = Serving::start(&[]);
    serving.write();
    // A request that is never complete: the first Ctrl-C waits for it.
    let mut stream = TcpStream::connect(&serving.address).expect("it listens");
    let head = "POST / HTTP/1.1\r\nHost: here\r\nX-Amz-Target: Timestream_20181101.ListTables\r\nContent-Length: 2\r\n\
                Expect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).expect("it reads");
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).expect("it asks for the rest");
    serving.signal("-INT");
    // It has taken the first one when it listens no more.
    while TcpStream::connect(&serving.address).is_ok() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let began = Instant::now();
    serving.signal("-INT");
    let (code, log) = serving.end();
    assert_eq!(code, Some(130), "{log}");
    assert!(log.contains("stopped at once"), "{log}");
    assert!(began.elapsed() < Duration::from_secs(5), "it waits ten seconds for requests");
}

#[test]
fn logs_tell_as_much_as_was_asked_for() {
    for (arguments, environment, requests, starts) in [
        (&["--log-level", "debug"][..], &[][..], true, true),
        (&["--log-level", "info"][..], &[("RUST_LOG", "debug")][..], false, true),
        (&[][..], &[("RUST_LOG", "timestream_local=debug")][..], true, true),
        (&["--log-level", "error"][..], &[][..], false, false),
    ] {
        let serving = Serving::start_with(arguments, environment);
        serving.post("ListTables", "{}");
        serving.signal("-TERM");
        let (_, log) = serving.end();
        assert_eq!(log.contains("request operation=\"ListTables\" outcome=\"ok\""), requests, "{log}");
        assert_eq!(log.contains("local Timestream listens"), starts, "{log}");
    }
    let refused = Command::new(env!("CARGO_BIN_EXE_tsrun")).arg("serve").env("RUST_LOG", "a=b=c").output();
    let refused = refused.expect("the binary starts");
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("RUST_LOG is `a=b=c`"), "{refused:?}");
}

#[test]
fn buckets_are_where_they_are_said_to_be() {
    let serving = Serving::start(&["--buckets", "here"]);
    let bucket = serving.desk.path().join("here/source");
    std::fs::create_dir_all(&bucket).expect("a folder can be made");
    std::fs::write(bucket.join("a.csv"), "at,room,celsius\n").expect("it is written");
    serving.write();
    let load = |bucket: &str| {
        format!(
            r#"{{"TargetDatabaseName":"plant","TargetTableName":"rooms","ReportConfiguration":{{}},
            "DataSourceConfiguration":{{"DataFormat":"CSV","DataSourceS3Configuration":{{"BucketName":"{bucket}"}}}},
            "DataModelConfiguration":{{"DataModel":{{"TimeColumn":"at","DimensionMappings":[{{"SourceColumn":"room"}}],
            "MixedMeasureMappings":[{{"SourceColumn":"celsius","MeasureValueType":"DOUBLE"}}]}}}}}}"#
        )
    };
    let answer = serving.post("CreateBatchLoadTask", &load("source"));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let answer = serving.post("CreateBatchLoadTask", &load("other"));
    assert!(answer.contains("here/other."), "{answer}");
}
