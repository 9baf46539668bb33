//! A server that is killed again and again under load keeps every record that it acknowledged, once.
//!
//! `TSRUN_KILLS=2000 cargo test --release --test integration kills` is the long form.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::served::Served;
use super::truth::service::Service;

const WRITERS: usize = 4;
/// Records of a request that are new, and those that overwrite one of before.
const NEW: usize = 20;
const AGAIN: usize = 3;

/// One connection that is used again and again.
struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(address: &str) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// The answer's status; an error where there is none.
    fn post(&mut self, operation: &str, body: &str) -> std::io::Result<u16> {
        let length = body.len();
        let request = format!(
            "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: Timestream_20181101.{operation}\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        self.0.get_mut().write_all(request.as_bytes())?;
        let (mut status, mut length) = (0, 0);
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(rest) = line.strip_prefix("http/1.1 ") {
                status = rest.split(' ').next().and_then(|code| code.parse().ok()).unwrap_or_default();
            } else if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().unwrap_or_default();
            } else if line.is_empty() {
                break;
            }
        }
        self.0.read_exact(&mut vec![0; length])?;
        Ok(status)
    }
}

/// What a writer knows of one record: versions are 1, 2, 3, and the value is the version.
#[derive(Default, Clone, Copy)]
struct Known {
    acknowledged: u64,
    attempted: u64,
}

/// A writer's records, by number.
struct Writer {
    number: usize,
    records: Vec<Known>,
    random: Xoshiro256PlusPlus,
    /// Milliseconds since the epoch.
    start: u64,
}

impl Writer {
    fn new(number: usize, start: u64) -> Self {
        let random = Xoshiro256PlusPlus::seed_from_u64(number as u64);
        Self { number, records: Vec::new(), random, start }
    }

    /// What record `number` is of: each request brings a new series, so that names are always on their way, too.
    fn host(&self, number: usize) -> String {
        format!("w{}-{}", self.number, number / NEW)
    }

    /// When record `number` was measured: over three hours, so that many files are written to.
    fn time(&self, number: usize) -> u64 {
        self.start - (number % 3) as u64 * 3_600_000 + number as u64
    }

    /// Writes until the server is gone.
    fn run(&mut self, address: &str, stop: &AtomicBool) {
        let Ok(mut client) = Client::connect(address) else { return };
        while !stop.load(Ordering::Relaxed) {
            let mut numbers: Vec<usize> = (self.records.len()..self.records.len() + NEW).collect();
            for _ in 0..AGAIN.min(self.records.len()) {
                let again = self.random.random_range(0..self.records.len());
                if !numbers.contains(&again) {
                    numbers.push(again);
                }
            }
            self.records.resize(self.records.len() + NEW, Known::default());
            let records: Vec<String> = numbers.iter().map(|&number| self.record(number)).collect();
            let body = format!(
                r#"{{"DatabaseName":"kills","TableName":"kills","CommonAttributes":{{"MeasureName":"m",
                "MeasureValueType":"BIGINT"}},"Records":[{}]}}"#,
                records.join(",")
            );
            match client.post("WriteRecords", &body) {
                Ok(200) => {
                    for number in numbers {
                        self.records[number].acknowledged = self.records[number].attempted;
                    }
                }
                Ok(status) => panic!("a write was answered with {status}"),
                Err(_) => return,
            }
        }
    }

    fn record(&mut self, number: usize) -> String {
        self.records[number].attempted += 1;
        let (version, time, host) = (self.records[number].attempted, self.time(number), self.host(number));
        format!(
            r#"{{"Dimensions":[{{"Name":"host","Value":"{host}"}}],"Time":"{time}","MeasureValue":"{version}",
            "Version":{version}}}"#
        )
    }

    /// Holds what is stored, times and values, against what this writer knows.
    fn check(&self, stored: &HashMap<(String, u64), Vec<u64>>) -> usize {
        let nothing = Vec::new();
        let mut lost = 0;
        for (number, known) in self.records.iter().enumerate() {
            let host = self.host(number);
            let found = stored.get(&(host.clone(), self.time(number))).unwrap_or(&nothing);
            assert!(found.len() <= 1, "{host} has record {number} as {found:?}");
            let version = found.first().copied().unwrap_or_default();
            let may_be = known.acknowledged..=known.attempted;
            assert!(may_be.contains(&version), "{host}: record {number} is {version}, not {may_be:?}");
            lost += usize::from(version == 0);
        }
        self.records.len() - lost
    }
}

fn make_table(address: &str) {
    let mut client = Client::connect(address).expect("the server listens");
    let made = client.post("CreateDatabase", r#"{"DatabaseName":"kills"}"#).expect("it answers");
    assert_eq!(made, 200);
    let table = r#"{"DatabaseName":"kills","TableName":"kills","RetentionProperties":{
        "MemoryStoreRetentionPeriodInHours":24,"MagneticStoreRetentionPeriodInDays":10}}"#;
    assert_eq!(client.post("CreateTable", table).expect("it answers"), 200);
}

/// Everything that is stored: host and time in milliseconds to the values there.
fn stored(data_dir: &Path) -> HashMap<(String, u64), Vec<u64>> {
    let runtime = tokio::runtime::Runtime::new().expect("threads can be made");
    let service = Service::fresh(data_dir);
    let sql = "SELECT host, CAST(time AS VARCHAR), measure_value::bigint FROM kills.kills";
    let answer = runtime.block_on(service.ask(sql));
    let mut stored: HashMap<_, Vec<u64>> = HashMap::new();
    for row in answer.rows {
        let time = chrono::NaiveDateTime::parse_from_str(&row[1], "%Y-%m-%d %H:%M:%S%.f").expect("a time");
        let time = time.and_utc().timestamp_millis() as u64;
        stored.entry((row[0].clone(), time)).or_default().push(row[2].parse().expect("a number"));
    }
    stored
}

/// Kills a server `kills` times, with what `then` does to its directory; returns how many records were stored and checked.
fn kill_under_load(kills: u32, durability: &str, seed: u64, then: impl Fn(&Path)) -> usize {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_millis() as u64;
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut writers: Vec<Writer> = (0..WRITERS).map(|number| Writer::new(number, now - 7_200_000)).collect();
    for kill in 0..kills {
        // So few rows that it is always about to write files, and to merge them.
        let mut server = Served::start(dir.path(), &["--flush-rows", "1500", "--durability", durability]);
        let address = server.address.clone();
        if kill == 0 {
            make_table(&address);
        }
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for writer in &mut writers {
                scope.spawn(|| writer.run(&address, &stop));
            }
            std::thread::sleep(Duration::from_millis(random.random_range(0..250)));
            server.kill();
            stop.store(true, Ordering::Relaxed);
        });
        then(dir.path());
    }
    let stored = stored(dir.path());
    let checked: usize = writers.iter().map(|writer| writer.check(&stored)).sum();
    assert_eq!(stored.len(), checked, "there are records that nobody wrote");
    checked
}

#[test]
fn every_acknowledged_record_is_there_once_after_a_hundred_kills() {
    let kills: u32 = std::env::var("TSRUN_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(100);
    // Most of them where a kill comes upon what no sync has covered.
    let disk = kills / 5;
    let records = [("process", kills - disk, 1), ("disk", disk, 2)]
        .map(|(durability, kills, seed)| kill_under_load(kills, durability, seed, |_| {}));
    assert!(records.iter().all(|&records| records > 1_000), "too little load to tell: {records:?} records");
    eprintln!("{kills} kills, {records:?} records");
}

/// Cuts the last requests off the log, as no kill does.
fn cut_log(data_dir: &Path) {
    let log = data_dir.join("tables/1/log");
    let segments =
        std::fs::read_dir(&log).expect("there is a table").map(|entry| entry.expect("it reads").path());
    let last = segments.max().expect("there is a segment");
    let file = std::fs::File::options().write(true).open(last).expect("it opens");
    let length = file.metadata().expect("it has a length").len();
    file.set_len(length.saturating_sub(8_000)).expect("it can be cut");
}

#[test]
#[should_panic(expected = "not ")]
fn a_record_that_is_lost_would_be_noticed() {
    // Of a few kills each may come upon a log that has just begun.
    kill_under_load(10, "process", 3, cut_log);
}
