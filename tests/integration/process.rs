//! `tsrun serve` as a process: what it says at its start, how it ends, what it logs, where its buckets are.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::served::Served;

/// A server on a desk of its own, whose log is read in the end.
struct Serving {
    served: Served,
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
        let mut command = Served::command(&desk.path().join("data"), arguments);
        command.envs(environment.iter().copied()).stderr(Stdio::piped()).current_dir(desk.path());
        Self { served: Served::spawn(&mut command), desk }
    }

    /// Writes a record of now.
    fn write(&self) {
        self.served.post("CreateDatabase", r#"{"DatabaseName":"plant"}"#);
        self.served.post("CreateTable", r#"{"DatabaseName":"plant","TableName":"rooms"}"#);
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = since_epoch.expect("it is after 1970").as_millis();
        let body = format!(
            r#"{{"DatabaseName":"plant","TableName":"rooms","Records":[{{"Dimensions":[{{"Name":"room","Value":"attic"}}],
            "MeasureName":"celsius","MeasureValue":"21.5","Time":"{now}"}}]}}"#
        );
        let answer = self.served.post("WriteRecords", &body);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

#[test]
fn one_line_says_all_that_it_takes() {
    let serving = Serving::start(&[]);
    let address = &serving.served.address;
    let data = serving.desk.path().join("data");
    let expected = format!(
        "listening on http://{address} data={} durability=process users=any AWS_ENDPOINT_URL=http://{address} \
         AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1\n",
        data.display()
    );
    assert_eq!(serving.served.line, expected);
}

#[test]
fn a_stop_writes_the_tables_to_files_and_says_so() {
    for signal in ["-TERM", "-INT"] {
        let serving = Serving::start(&["--log-format", "json"]);
        serving.write();
        serving.served.signal(signal);
        let (code, log) = serving.served.end();
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
    let serving = Serving::start(&[]);
    serving.write();
    let Serving { mut served, desk } = serving;
    served.kill();
    let serving = Serving::start_at(desk, &["--log-format", "json"], &[]);
    let asked = serving.served.post("Query", r#"{"QueryString":"SELECT room FROM plant.rooms"}"#);
    assert!(asked.contains("attic"), "{asked}");
    serving.served.signal("-TERM");
    let (code, log) = serving.served.end();
    assert_eq!(code, Some(0), "{log}");
    let first = log.lines().next().expect("an event");
    assert!(first.contains("\"log replayed\"") && first.contains("\"rows\":1"), "{log}");
}

#[test]
fn a_second_ctrl_c_ends_at_once() {
    let serving = Serving::start(&[]);
    serving.write();
    // A request that is never complete: the first Ctrl-C waits for it.
    let mut stream = TcpStream::connect(&serving.served.address).expect("it listens");
    let head = "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: Timestream_20181101.ListTables\r\nContent-Length: 2\r\n\
                Expect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).expect("it reads");
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).expect("it asks for the rest");
    serving.served.signal("-INT");
    // It has taken the first one when it listens no more.
    while TcpStream::connect(&serving.served.address).is_ok() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let began = Instant::now();
    serving.served.signal("-INT");
    let (code, log) = serving.served.end();
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
        serving.served.post("ListTables", "{}");
        serving.served.signal("-TERM");
        let (_, log) = serving.served.end();
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
    let answer = serving.served.post("CreateBatchLoadTask", &load("source"));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let answer = serving.served.post("CreateBatchLoadTask", &load("other"));
    assert!(answer.contains("here/other."), "{answer}");
}
