//! Run directories that are made, not run: what a run would leave, with figures that follow from its seconds.

use hdrhistogram::Histogram;
use tempfile::TempDir;

use crate::results::files::{CsvFile, replace, replace_csv};
use crate::results::interval_log::IntervalLog;
use crate::results::latency::{Latencies, histogram};
use crate::results::{
    Accounts, ErrorRow, Fleet, FleetLevel, FleetRecord, IncidentRow, Machine, Manifest, PhaseTimes,
    RecentRows, RunDir, State, SummaryRow, ThresholdRow, TimelineRow, Timing, Usage, Validity, utc,
};
use crate::target::Place;
use crate::units::SECOND;

/// 2026-11-13T07:04:19Z.
const START: i64 = 1_794_553_459 * SECOND;

/// A run to be written.
pub(super) struct Sample {
    pub manifest: Manifest,
    pub ingest: Option<String>,
    /// The workload of queries, whether they have a rate, and their names.
    pub queries: Option<(String, bool, Vec<String>)>,
    pub seconds: u32,
    /// Executions of each query, or writes, in a second.
    pub a_second: u32,
    /// Every so many seconds.
    pub every: u32,
    /// Attempts that are throttled in a second.
    pub throttled: u64,
    pub errors: Vec<ErrorRow>,
    pub thresholds: Vec<ThresholdRow>,
    pub incidents: Vec<IncidentRow>,
    pub yaml: String,
}

impl Sample {
    /// A run of a minute, ten seconds of which do not count, that went well.
    pub(super) fn good() -> Self {
        Self::lasting(60)
    }

    /// The same, of another length.
    pub(super) fn lasting(seconds: u32) -> Self {
        let phase = |name: &str, record, from: u32, to: u32| PhaseTimes {
            name: name.to_owned(),
            record,
            started_utc: utc(START + i64::from(from) * SECOND),
            ended_utc: utc(START + i64::from(to) * SECOND),
        };
        let manifest = Manifest {
            scenario: "small".to_owned(),
            scenario_hash: "d41d8cd98f00b204e9800998ecf8427e".to_owned(),
            seed: 12_345,
            version: "0.1.0".to_owned(),
            git_revision: Some("bd20646".to_owned()),
            target: Place {
                kind: "local".to_owned(),
                region: "us-east-1".to_owned(),
                endpoint: Some("http://127.0.0.1:8086".to_owned()),
                data_dir: None,
            },
            database: "perf_scale".to_owned(),
            table: "small".to_owned(),
            machine: Machine { host: "bench-1".to_owned(), platform: "linux-x86_64".to_owned(), cores: 4 },
            fleet: Fleet {
                levels: vec![
                    FleetLevel { name: "region".to_owned(), nodes: 6 },
                    FleetLevel { name: "host".to_owned(), nodes: 1_000 },
                ],
                hosts: 1_000,
                series: 26_000,
                records_per_second: 433,
                row_bytes: 311.25,
                mb_per_second: 0.13,
                gb_per_day: 11.04,
                records: vec![FleetRecord {
                    name: "metrics".to_owned(),
                    every_seconds: 60.0,
                    dimension_sets: 1_000,
                    measures: 20,
                    multi: false,
                }],
            },
            started_utc: utc(START),
            ended_utc: Some(utc(START + i64::from(seconds) * SECOND)),
            state: State::Completed,
            failure: None,
            phases: vec![phase("warm-up", false, 0, 10), phase("steady", true, 10, seconds)],
            recent_rows: RecentRows { at_start: Some(0), at_end: Some(26_000) },
            records: Accounts::default(),
            usage: Usage { cpu_seconds: 12.34, peak_memory_bytes: Some(88_000_000) },
            validity: Validity { valid: true, reasons: Vec::new() },
            notes: Vec::new(),
            parts: Vec::new(),
        };
        Self {
            manifest,
            ingest: Some("ingest".to_owned()),
            queries: Some(("users".to_owned(), false, vec!["do-q1".to_owned(), "do-q2".to_owned()])),
            seconds,
            a_second: 2,
            every: 1,
            throttled: 0,
            errors: Vec::new(),
            thresholds: vec![threshold("ingest.rejected == 0", "0", true)],
            incidents: Vec::new(),
            yaml: "name: small\nseed: 12345\n".to_owned(),
        }
    }

    /// Writes it.
    pub(super) fn write(mut self) -> (TempDir, RunDir) {
        let folder = TempDir::new().unwrap();
        let dir = RunDir::open(folder.path());
        let mut summary = Vec::new();
        if let Some(name) = self.ingest.clone() {
            summary.push(self.writes(&dir, &name));
        }
        if let Some((workload, rated, names)) = self.queries.clone() {
            let mut log = IntervalLog::create(dir.histograms(&workload), START).unwrap();
            for (rank, query) in names.iter().enumerate() {
                let row = self.operation(&mut log, rank as u64 + 2, rated, Some(query));
                summary.push(SummaryRow {
                    query_type: query.clone(),
                    kind: "query".to_owned(),
                    workload: workload.clone(),
                    rows: 12 * row.total_count,
                    bytes_metered: 10_000_000 * row.total_count,
                    ..row
                });
            }
            log.flush().unwrap();
        }
        let all = summary.iter().map(|row| SummaryRow { phase: "all".to_owned(), ..row.clone() });
        let summary: Vec<SummaryRow> = summary.iter().cloned().chain(all).collect();
        replace_csv(&dir.summary(), &summary).unwrap();
        self.timeline(&dir);
        replace_csv(&dir.errors(), &self.errors).unwrap();
        if !self.thresholds.is_empty() {
            replace_csv(&dir.thresholds(), &self.thresholds).unwrap();
        }
        if !self.incidents.is_empty() {
            replace_csv(&dir.incidents(), &self.incidents).unwrap();
        }
        replace(&dir.scenario(), self.yaml.as_bytes()).unwrap();
        self.manifest.write(&dir).unwrap();
        (folder, dir)
    }

    fn writes(&mut self, dir: &RunDir, name: &str) -> SummaryRow {
        let mut log = IntervalLog::create(dir.histograms(name), START).unwrap();
        let row = self.operation(&mut log, 1, true, None);
        log.flush().unwrap();
        let records = 100 * row.total_count;
        let lost = self.errors.iter().filter(|row| row.operation == "write").map(|row| row.count).sum();
        let accounts = &mut self.manifest.records;
        if accounts.planned == 0 {
            let planned = 100 * u64::from(self.a_second) * u64::from(self.seconds);
            *accounts =
                Accounts { planned, acknowledged: planned - lost, rejected: lost, ..Accounts::default() };
        }
        SummaryRow {
            query_type: name.to_owned(),
            kind: "ingest".to_owned(),
            workload: name.to_owned(),
            planned_records: records,
            acknowledged_records: records - lost,
            rejected_records: lost,
            throttled_count: self.throttled * u64::from(self.seconds),
            ..row
        }
    }

    /// The intervals of an operation, and its row but for its names. `pace` tells it apart.
    fn operation(&self, log: &mut IntervalLog, pace: u64, rated: bool, query: Option<&str>) -> SummaryRow {
        let (mut service, mut response) = (Latencies::default(), Latencies::default());
        for second in (0..self.seconds).step_by(self.every as usize) {
            let at = START + i64::from(second) * SECOND;
            let phase = self.manifest.phases.iter().rfind(|phase| phase.started_utc <= utc(at));
            let phase = phase.map_or("steady", |phase| phase.name.as_str());
            let mut of_second = [histogram(), histogram()];
            for number in 0..self.a_second {
                let micros = micros(pace, second, number);
                of_second[0].record(micros).unwrap();
                of_second[1].record(2 * micros).unwrap();
                if phase != "warm-up" {
                    service.record(micros as i64 * 1_000);
                    response.record(2 * micros as i64 * 1_000);
                }
            }
            let timings: &[Timing] =
                if rated { &[Timing::Service, Timing::Response] } else { &[Timing::Service] };
            for (timing, of_second) in timings.iter().zip(&of_second) {
                add(log, &timing.tag(phase, query), at, of_second);
            }
            if second % 1_000 == 999 {
                log.flush().unwrap();
            }
        }
        let answered = |quantile| if rated { response.quantile(quantile) } else { 0.0 };
        SummaryRow {
            phase: "steady".to_owned(),
            total_count: service.count(),
            successful_count: service.count(),
            attempts: service.count(),
            mean: crate::results::round(service.mean()),
            standard_deviation: crate::results::round(service.standard_deviation()),
            median: service.quantile(0.5),
            p90: service.quantile(0.9),
            p99: service.quantile(0.99),
            geometric_mean: crate::results::round(service.geometric_mean()),
            p999_seconds: service.quantile(0.999),
            max_seconds: service.quantile(1.0),
            response_median_seconds: answered(0.5),
            response_p99_seconds: answered(0.99),
            lag_p99_seconds: 0.001,
            ..SummaryRow::default()
        }
    }

    fn timeline(&self, dir: &RunDir) {
        let mut file = CsvFile::create(dir.timeline()).unwrap();
        for second in 0..self.seconds {
            let at = utc(START + i64::from(second) * SECOND);
            let phase = self.manifest.phases.iter().rfind(|phase| phase.started_utc <= at);
            let records = if self.ingest.is_some() { 100 * u64::from(self.a_second) } else { 0 };
            let queries = self.queries.as_ref().map_or(0, |(.., names)| names.len() as u64);
            let row = TimelineRow {
                time_utc: at,
                phase: phase.map_or("steady", |phase| phase.name.as_str()).to_owned(),
                planned_records: records,
                written_records: records,
                throttled: self.throttled,
                queries_done: queries * u64::from(self.a_second),
                cpu_cores: 0.2,
                ..TimelineRow::default()
            };
            file.add(&row).unwrap();
        }
        file.flush().unwrap();
    }
}

/// A latency that looks drawn: around `pace` milliseconds, now and then ten times as long.
fn micros(pace: u64, second: u32, number: u32) -> u64 {
    let draw = u64::from(second).wrapping_mul(2_654_435_761).wrapping_add(u64::from(number) * 40_503) % 1_000;
    let slow = if draw > 980 { 10 } else { 1 };
    slow * (pace * 1_000 + draw)
}

fn add(log: &mut IntervalLog, tag: &str, at: i64, of_second: &Histogram<u64>) {
    log.add(tag, at, at + SECOND, of_second).unwrap();
}

/// A threshold that came out so.
pub(super) fn threshold(text: &str, value: &str, passed: bool) -> ThresholdRow {
    ThresholdRow { threshold: text.to_owned(), phase: "all".to_owned(), value: value.to_owned(), passed }
}

/// Failures of a kind.
pub(super) fn failures(operation: &str, kind: &str, count: u64, samples: &str) -> ErrorRow {
    ErrorRow {
        phase: "steady".to_owned(),
        workload: if operation == "write" { "ingest" } else { "users" }.to_owned(),
        operation: operation.to_owned(),
        kind: kind.to_owned(),
        count,
        first_utc: utc(START + 20 * SECOND),
        last_utc: utc(START + 30 * SECOND),
        samples: samples.to_owned(),
    }
}
