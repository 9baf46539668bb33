//! Run directories that never ran, for tests of what reads them.

use std::path::Path;

use super::files::{CsvFile, replace_csv};
use super::interval_log::IntervalLog;
use super::latency::{histogram, quantile_seconds};
use super::{
    Accounts, ErrorRow, FailedWriteRow, Machine, Manifest, PhaseTimes, QueryRow, RecentRows, RunDir, State,
    SummaryRow, TimelineRow, Timing, Usage, Validity, instant, utc,
};
use crate::target::Place;
use crate::units::SECOND;

/// A run to be written.
#[derive(Debug, Clone)]
pub(crate) struct MadeUp {
    pub(crate) manifest: Manifest,
    pub(crate) scenario: String,
    operations: Vec<Operation>,
}

#[derive(Debug, Clone)]
struct Operation {
    row: SummaryRow,
    timings: Vec<Timing>,
    /// Microseconds, second by second from the start of the phase.
    seconds: Vec<Vec<u64>>,
}

impl MadeUp {
    /// A run of one phase, `steady`, of so many seconds.
    pub(crate) fn new(seconds: i64) -> Self {
        let start = instant("2026-11-23T08:00:00Z").unwrap();
        let phase = PhaseTimes {
            name: "steady".into(),
            record: true,
            started_utc: utc(start),
            ended_utc: utc(start + seconds * SECOND),
        };
        let manifest = Manifest {
            scenario: "small".into(),
            scenario_hash: "6f1ed002ab5595859014ebf0951522d9".into(),
            seed: 12345,
            version: "0.1.0".into(),
            git_revision: None,
            target: Place {
                kind: "local".into(),
                region: "us-east-1".into(),
                endpoint: Some("http://127.0.0.1:40000".into()),
                data_dir: None,
            },
            database: "perf_scale".into(),
            table: "small".into(),
            machine: Machine { host: "bench-1".into(), platform: "linux-x86_64".into(), cores: 8 },
            fleet: super::Fleet::default(),
            started_utc: utc(start),
            ended_utc: Some(utc(start + seconds * SECOND)),
            state: State::Completed,
            failure: None,
            phases: vec![phase],
            recent_rows: RecentRows::default(),
            records: Accounts::default(),
            usage: Usage::default(),
            validity: Validity { valid: true, reasons: Vec::new() },
            notes: Vec::new(),
            parts: Vec::new(),
        };
        Self { manifest, scenario: "name: small\nseed: 12345\n".into(), operations: Vec::new() }
    }

    /// With a query (of the workload `users`, in the phase `steady`) or, without a name, the ingest; latencies are microseconds, second
    /// by second.
    pub(crate) fn with(mut self, query: Option<&str>, seconds: Vec<Vec<u64>>) -> Self {
        let count = seconds.iter().flatten().count() as u64;
        let workload = if query.is_some() { "users" } else { "ingest" };
        let row = SummaryRow {
            query_type: query.unwrap_or(workload).into(),
            kind: if query.is_some() { "query" } else { "ingest" }.into(),
            workload: workload.into(),
            phase: "steady".into(),
            total_count: count,
            successful_count: count,
            attempts: count,
            ..SummaryRow::default()
        };
        let timings =
            if query.is_some() { vec![Timing::Service] } else { vec![Timing::Service, Timing::Response] };
        self.operations.push(Operation { row, timings, seconds });
        self
    }

    /// With other counts in the row of the operation that was added last.
    pub(crate) fn counting(mut self, change: impl FnOnce(&mut SummaryRow)) -> Self {
        change(&mut self.operations.last_mut().unwrap().row);
        self
    }

    /// Writes its directory.
    pub(crate) fn write(&self, path: &Path) -> RunDir {
        std::fs::create_dir_all(path).unwrap();
        let dir = RunDir::open(path);
        let start = instant(&self.manifest.started_utc).unwrap();
        self.manifest.write(&dir).unwrap();
        std::fs::write(dir.scenario(), &self.scenario).unwrap();
        let mut rows = Vec::new();
        for Operation { row, timings, seconds } in &self.operations {
            let query = (row.kind == "query").then_some(row.query_type.as_str());
            let path = dir.histograms(&row.workload);
            // One log a workload: what was added before is kept.
            let mut log = if path.exists() {
                let before = std::fs::read(&path).unwrap();
                let log = IntervalLog::create(path.clone(), start).unwrap();
                std::fs::write(&path, before).unwrap();
                log
            } else {
                IntervalLog::create(path, start).unwrap()
            };
            let mut all = histogram();
            for (second, latencies) in (0..).zip(seconds) {
                let mut of_second = histogram();
                latencies.iter().for_each(|latency| of_second.record(*latency).unwrap());
                all.add(&of_second).unwrap();
                let from = start + second * SECOND;
                for timing in timings {
                    log.add(&timing.tag(&row.phase, query), from, from + SECOND, &of_second).unwrap();
                }
            }
            log.flush().unwrap();
            let row =
                SummaryRow { median: quantile_seconds(&all, 0.5), mean: all.mean() / 1e6, ..row.clone() };
            rows.push(SummaryRow { phase: "all".into(), ..row.clone() });
            rows.insert(rows.len() / 2, row);
        }
        replace_csv(&dir.summary(), &rows).unwrap();
        replace_csv::<ErrorRow>(&dir.errors(), &[]).unwrap();
        drop(CsvFile::<QueryRow>::create(dir.queries()).unwrap());
        drop(CsvFile::<FailedWriteRow>::create(dir.failed_writes()).unwrap());
        let lasts = self.operations.iter().map(|of| of.seconds.len()).max().unwrap_or(0);
        let timeline = (0..lasts).map(|second| TimelineRow {
            time_utc: utc(start + second as i64 * SECOND),
            phase: "steady".into(),
            queries_done: self.operations.iter().filter_map(|of| of.seconds.get(second)).flatten().count()
                as u64,
            ..TimelineRow::default()
        });
        replace_csv(&dir.timeline(), &timeline.collect::<Vec<_>>()).unwrap();
        dir
    }
}
