//! The figures: what is done for each, and what it is held against. Not here: how it is done (`load`, `queries`).

use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chrono::Utc;
use serde_json::json;
use tsrun::results::{Manifest, RunDir};

use crate::client::Connection;
use crate::fleet::{Fleet, Write, scenario_path};
use crate::load::{self, Written};
use crate::server::{Disk, Server};
use crate::{Failure, Figure, Options, Row, number, queries, tell};

/// A fleet as large as the Small row's.
const SMALL_HOSTS: u64 = 100_000;
const SMALL_HOURS: f64 = 1.0;
/// What the Small row writes, in records a second.
const LIVE_RATE: f64 = 43_333.0;
/// Records that 1,000 hosts make in three days, which may take so many seconds.
const HISTORY: (f64, f64) = (112_320_000.0, 300.0);
/// Megabytes: the default of the server's bound, and 2 GiB.
const MEMORY: f64 = 2_147.0;

const ALL: [Figure; 5] = [Figure::Rate, Figure::Latency, Figure::Backfill, Figure::Queries, Figure::Restart];

/// All that is asked for, in order.
pub(crate) fn measure(options: &Options) -> Result<Vec<Row>, Failure> {
    let figures = if options.figures.is_empty() { ALL.as_slice() } else { &options.figures };
    let folder = tempfile::tempdir()?;
    let bench = Bench {
        options,
        fleet: Fleet::new(options.hosts, options.days * 24.0)?,
        history: options.data.clone().unwrap_or_else(|| folder.path().join("history")),
    };
    let mut rows = Vec::new();
    for figure in figures {
        rows.extend(match figure {
            Figure::Rate => bench.rate()?,
            Figure::Latency => bench.latency()?,
            Figure::Backfill | Figure::Disk => bench.backfill()?,
            Figure::Queries => bench.queries(&["do-q1", "do-q2", "do-q3", "do-q4", "do-q5", "do-q6"])?,
            Figure::Restart => bench.restart()?,
            Figure::Small => small(options)?,
        });
    }
    Ok(rows)
}

/// The same for a hundred times the hosts; their three days would be eleven billion records.
fn small(options: &Options) -> Result<Vec<Row>, Failure> {
    let folder = tempfile::tempdir()?;
    let fleet = Fleet::new(SMALL_HOSTS, SMALL_HOURS)?;
    let bench = Bench { options, fleet, history: folder.path().to_owned() };
    let mut rows = bench.rate()?;
    rows.extend(bench.restart()?);
    rows.extend(bench.backfill()?);
    rows.extend(bench.queries(&["do-q1", "do-q2", "do-q3", "do-q4"])?);
    let goal =
        |row: Row| Row { goal: row.goal.filter(|_| row.name.contains("memory") || row.unit == "s"), ..row };
    Ok(rows.into_iter().map(|row| Row { name: format!("small: {}", row.name), ..goal(row) }).collect())
}

struct Bench<'a> {
    options: &'a Options,
    fleet: Fleet,
    /// Where the back-filled data is.
    history: PathBuf,
}

impl Bench<'_> {
    fn rate(&self) -> Result<Vec<Row>, Failure> {
        let folder = tempfile::tempdir()?;
        let server = self.start(folder.path())?;
        let idle = server.cpu()?;
        let written = self.load(&server, "rate", None, self.options.seconds)?;
        let memory = server.peak_memory()?;
        let cpu = server.stop()? - idle;
        let records = written.records as f64;
        let note = format!("{} by the clock, with the client on the same cores", number(written.rate()));
        Ok(vec![
            Row::new("rate: records a second a core of the server's", records / cpu, "")
                .at_least(600_000.0)
                .noting(note),
            Row::new("rate: memory at the most", memory, "MB").at_most(MEMORY),
        ])
    }

    fn latency(&self) -> Result<Vec<Row>, Failure> {
        let folder = tempfile::tempdir()?;
        let server = self.start(folder.path())?;
        let sustained = self.load(&server, "sustained", None, self.options.seconds)?;
        let rate = sustained.rate() / 2.0;
        let latency = self.load(&server, "half", Some(rate), self.options.seconds)?.latency;
        server.stop()?;
        let milliseconds = |quantile| latency.value_at_quantile(quantile) as f64 / 1e3;
        let (median, longest) = (milliseconds(0.5), latency.max() as f64 / 1e3);
        let note = format!("{} records a second; median {median:.1}, longest {longest:.0}", number(rate));
        let p99 = Row::new("latency: p99 at half the sustained rate", milliseconds(0.99), "ms");
        Ok(vec![p99.at_most(50.0).noting(note)])
    }

    fn backfill(&self) -> Result<Vec<Row>, Failure> {
        if self.history.join("lock").exists() {
            return Err(format!("{} holds data already; take another folder", self.history.display()).into());
        }
        let server = self.start(&self.history)?;
        self.hold(&server)?;
        let out = tempfile::tempdir()?;
        let start = Instant::now();
        let (ended, most) = watched(&self.history, || self.run(out.path()));
        ended?;
        let seconds = start.elapsed().as_secs_f64();
        let memory = server.peak_memory()?;
        let cpu = server.stop()?;
        let run = std::fs::read_dir(out.path())?.next().ok_or("the run left no directory")??.path();
        let manifest = Manifest::read(&RunDir::open(&run))?;
        let records = manifest.records.acknowledged as f64;
        let disk = Disk::of(&self.history);
        let goal = HISTORY.1 * records / HISTORY.0;
        let runner = format!("the runner's processor {:.0}", manifest.usage.cpu_seconds);
        let by_clock = format!("{} records a second", number(records / seconds));
        let files = format!("{} files of an hour at the most", most.files);
        Ok(vec![
            Row::new(format!("back-fill of {} records", number(records)), seconds, "s")
                .at_most(goal)
                .noting(by_clock),
            Row::new("back-fill: records a second a core of the server's", records / cpu, "").noting(runner),
            Row::new("back-fill: memory at the most", memory, "MB").at_most(MEMORY),
            Row::new("disk: bytes a record once flushed", disk.all * 1e6 / records, "").at_most(9.0),
            Row::new("disk: logs and unmerged files at the most", most.passing, "MB")
                .at_most(536.9)
                .noting(files),
        ])
    }

    fn queries(&self, names: &[&str]) -> Result<Vec<Row>, Failure> {
        if !self.history.exists() {
            self.backfill()?;
        }
        let server = self.start(&self.history)?;
        self.hold(&server)?;
        let (fleet, draws) = (&self.fleet, self.options.draws);
        let mut rows = vec![Row::new("start on the back-filled data", server.start, "s").at_most(10.0)];
        rows.extend(block_on(queries::ask_all(&server, fleet, draws, 1.0, names))?);
        let stopped = AtomicBool::new(false);
        // Kept data may have such a table from before.
        let other = format!("other-{}", Utc::now().timestamp_millis());
        let writes = self.writes(&other);
        let beside = std::thread::scope(|scope| {
            let written = scope.spawn(|| {
                let on = || !stopped.load(Ordering::Relaxed);
                self.write(&server, &other, &writes, Some(LIVE_RATE), on)
            });
            std::thread::sleep(Duration::from_secs(1));
            let asked = block_on(queries::ask_all(&server, fleet, draws, 3.0, names));
            stopped.store(true, Ordering::Relaxed);
            let written = written.join().map_err(|_| "the load panicked")??;
            Ok::<_, Failure>((asked?, written))
        });
        let (asked, written) = beside?;
        rows.extend(asked);
        let note = format!("{} records a second were written", number(written.rate()));
        rows.push(
            Row::new("queries: memory at the most", server.peak_memory()?, "MB").at_most(MEMORY).noting(note),
        );
        server.stop()?;
        Ok(rows)
    }

    fn restart(&self) -> Result<Vec<Row>, Failure> {
        let folder = tempfile::tempdir()?;
        let server = self.start(folder.path())?;
        let written = self.load(&server, "restart", None, self.options.seconds)?;
        server.kill()?;
        let log = Disk::of(folder.path());
        let server = self.start(folder.path())?;
        let note = format!("{} records before, {:.0} MB of logs", number(written.records as f64), log.log);
        Ok(vec![
            Row::new("restart after kill -9 until it listens", server.start, "s").at_most(10.0).noting(note),
        ])
    }

    fn start(&self, data: &Path) -> Result<Server, Failure> {
        let server = Server::start(&self.options.tsrun, &self.options.durability, data)?;
        tell(&format!("process {} listens after {:.2} s", server.id(), server.start))?;
        Ok(server)
    }

    /// Makes a table and writes to it for a while.
    fn load(
        &self,
        server: &Server,
        table: &str,
        rate: Option<f64>,
        seconds: u64,
    ) -> Result<Written, Failure> {
        let writes = self.writes(table);
        self.hold(server)?;
        let written = self.write(server, table, &writes, rate, load::during(seconds))?;
        tell(&format!("{table}: {:.0} records a second", written.rate()))?;
        Ok(written)
    }

    /// The fleet's records from three days ago on.
    fn writes(&self, table: &str) -> Vec<Write> {
        let from = Utc::now() - chrono::Duration::days(3);
        self.fleet.writes(table, from.timestamp_millis())
    }

    fn write(
        &self,
        server: &Server,
        table: &str,
        writes: &[Write],
        rate: Option<f64>,
        on: impl Fn() -> bool,
    ) -> Result<Written, Failure> {
        block_on(async {
            self.create(server, table).await?;
            load::write(server.address, writes, self.fleet.lap(), rate, on).await
        })
    }

    async fn create(&self, server: &Server, table: &str) -> Result<(), Failure> {
        let mut connection = Connection::open(server.address).await?;
        let database = self.fleet.database();
        // Another table's load may have made it.
        let _ = connection.ask("CreateDatabase", &json!({ "DatabaseName": database })).await;
        let table = json!({
            "DatabaseName": database,
            "TableName": table,
            "RetentionProperties": { "MemoryStoreRetentionPeriodInHours": 2, "MagneticStoreRetentionPeriodInDays": 365 },
            "MagneticStoreWriteProperties": { "EnableMagneticStoreWrites": true },
        });
        connection.ask("CreateTable", &table).await.map(drop)
    }

    /// The runner itself, over the server that holds the data directory.
    fn run(&self, out: &Path) -> Result<(), Failure> {
        let mut command = Command::new(&self.options.tsrun);
        command
            .arg(scenario_path())
            .arg("--out")
            .arg(out)
            .arg("--data-dir")
            .arg(&self.history)
            .arg("--quiet");
        for (name, value) in &self.fleet.params {
            command.arg("-P").arg(format!("{name}={value}"));
        }
        let ended = command.stdin(Stdio::null()).current_dir(env!("CARGO_MANIFEST_DIR")).output()?;
        if ended.status.success() {
            return Ok(());
        }
        Err(format!("the run failed with {}: {}", ended.status, String::from_utf8_lossy(&ended.stderr))
            .into())
    }

    fn hold(&self, server: &Server) -> Result<(), Failure> {
        if self.options.hold {
            tell(&format!("process {} is about to be loaded: Enter goes on", server.id()))?;
            std::io::stdin().read_line(&mut String::new())?;
        }
        Ok(())
    }
}

/// Does something while the disk is watched; gives the most of everything.
fn watched<T: Send>(data: &Path, work: impl FnOnce() -> T) -> (T, Disk) {
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut most = Disk::default();
            while !ended.load(Ordering::Relaxed) {
                let now = Disk::of(data);
                most.passing = most.passing.max(now.passing);
                most.files = most.files.max(now.files);
                std::thread::sleep(Duration::from_millis(250));
            }
            most
        });
        let done = work();
        ended.store(true, Ordering::Relaxed);
        (done, watch.join().unwrap_or_default())
    })
}

fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}
