//! A run as JSON lines, for programs; `docs/watching.md` tells every field. Not here: what is counted (`recorder`).

use std::io::Write;
use std::sync::Arc;

use serde::Serialize;

use super::View;
use super::lines::EVERY;
use crate::clock::Clock;
use crate::exit::Exit;
use crate::feed::{Extent, Figures, Level, News, Operation, Recent, RunResult, Runner, WorkloadFigures};
use crate::results::{Accounts, ErrorRow, SummaryRow, round, utc};

/// Writes an object a line.
#[derive(Debug)]
pub(crate) struct Json<W> {
    out: W,
    clock: Arc<dyn Clock>,
    /// When figures were written last.
    written: i64,
}

impl<W: Write + Send> Json<W> {
    pub(crate) fn new(out: W, clock: Arc<dyn Clock>) -> Self {
        Self { out, clock, written: i64::MIN }
    }

    fn line(&mut self, time: i64, what: What<'_>) {
        // Nobody may be reading; the files hold the same figures.
        let _ = writeln!(self.out, "{}", Line { time_utc: utc(time), what }.text());
    }
}

impl<W: Write + Send> View for Json<W> {
    fn show(&mut self, news: &News) {
        match news {
            News::Remark(remark) => {
                let level = match remark.level {
                    Level::Info => "info",
                    Level::Warning => "warning",
                };
                self.line(self.clock.now(), What::Remark { level, message: &remark.text });
            }
            News::PhaseBegan(figures) => {
                self.written = figures.time;
                self.line(figures.time, What::Phase { event: "began", phase: phase(figures) });
            }
            News::Figures(figures) => {
                if figures.last || figures.time.saturating_sub(self.written) >= EVERY {
                    self.written = figures.time;
                    self.line(figures.time, all(figures));
                }
            }
            News::PhaseEnded(figures) => {
                self.written = figures.time;
                self.line(figures.time, all(figures));
                self.line(figures.time, What::Phase { event: "ended", phase: phase(figures) });
            }
            News::Result(result) => self.line(result.time, outcome(result)),
        }
    }
}

/// The failure with which a process ends, as a line.
pub(crate) fn failure(time: i64, exit: Exit, message: &str) -> String {
    let message = message.strip_prefix("error: ").unwrap_or(message);
    Line { time_utc: utc(time), what: What::Error { exit_code: exit as u8, message } }.text()
}

#[derive(Debug, Serialize)]
struct Line<'a> {
    time_utc: String,
    #[serde(flatten)]
    what: What<'a>,
}

impl Line<'_> {
    fn text(&self) -> String {
        // Numbers, texts and lists of them: nothing here fails to become JSON.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum What<'a> {
    Remark {
        level: &'static str,
        message: &'a str,
    },
    Phase {
        event: &'static str,
        phase: Phase<'a>,
    },
    Figures {
        last: bool,
        run_seconds: f64,
        phase: Phase<'a>,
        workloads: Vec<Workload<'a>>,
        errors: Vec<Failure<'a>>,
        runner: Own,
    },
    Result {
        exit_code: u8,
        run: &'a str,
        valid: bool,
        reasons: &'a [String],
        failure: Option<&'a str>,
        records: Accounts,
    },
    Error {
        exit_code: u8,
        message: &'a str,
    },
}

#[derive(Debug, Serialize)]
struct Phase<'a> {
    name: &'a str,
    number: usize,
    of: usize,
    record: bool,
    ends: &'static str,
    over: bool,
    elapsed_seconds: f64,
    left_seconds: Option<f64>,
    done_share: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Workload<'a> {
    workload: &'a str,
    lag_seconds: Option<f64>,
    advice: Option<&'a str>,
    planned_count: u64,
    recent_planned_rate: f64,
    operations: Vec<OfPhase<'a>>,
}

/// An operation in a phase.
#[derive(Debug, Serialize)]
struct OfPhase<'a> {
    operation: &'a str,
    phase: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    recent: Option<OfLate>,
    total: Total,
}

/// What it came to in the last seconds.
#[derive(Debug, Serialize)]
struct OfLate {
    seconds: f64,
    done_rate: f64,
    records_rate: f64,
    done_count: u64,
    failed_count: u64,
    throttled_count: u64,
    failed_attempts: u64,
    rejected_records: u64,
    lost_records: u64,
    p50_seconds: f64,
    p99_seconds: f64,
}

/// What it has come to in the phase.
#[derive(Debug, Serialize)]
struct Total {
    total_count: u64,
    successful_count: u64,
    failed_count: u64,
    throttled_count: u64,
    attempts: u64,
    skipped_count: u64,
    cancelled_count: u64,
    empty_count: u64,
    rows: u64,
    bytes_metered: u64,
    planned_records: u64,
    acknowledged_records: u64,
    rejected_records: u64,
    refused_records: u64,
    unknown_records: u64,
    skipped_records: u64,
    p50_seconds: f64,
    p90_seconds: f64,
    p99_seconds: f64,
    max_seconds: f64,
    response_p50_seconds: f64,
    response_p99_seconds: f64,
    lag_p99_seconds: f64,
}

#[derive(Debug, Serialize)]
struct Failure<'a> {
    phase: &'a str,
    workload: &'a str,
    operation: &'a str,
    error: &'a str,
    count: u64,
}

#[derive(Debug, Serialize)]
struct Own {
    cpu_cores: f64,
    cores: usize,
    cpu_seconds: f64,
    recorder_queue: u64,
}

fn phase(figures: &Figures) -> Phase<'_> {
    let phase = &figures.phase;
    Phase {
        name: &phase.name,
        number: phase.number,
        of: phase.of,
        record: phase.record,
        ends: match phase.extent {
            Extent::Forever => "interrupt",
            Extent::Until(_) => "time",
            Extent::History(_) => "history",
            Extent::Once { .. } => "once",
        },
        over: phase.ended.is_some(),
        elapsed_seconds: phase.elapsed(figures.time),
        left_seconds: phase.left(figures.time),
        done_share: phase.share(figures.time).map(round),
    }
}

fn all(figures: &Figures) -> What<'_> {
    What::Figures {
        last: figures.last,
        run_seconds: crate::results::seconds(figures.time.saturating_sub(figures.start)),
        phase: phase(figures),
        workloads: figures.workloads.iter().map(|of| workload(of, figures)).collect(),
        errors: figures.errors.iter().map(error).collect(),
        runner: runner(figures.runner),
    }
}

fn workload<'a>(workload: &'a WorkloadFigures, figures: &Figures) -> Workload<'a> {
    let phase = figures.phase.number;
    let seconds = workload.operations.first().map(|one| one.recent).unwrap_or_default();
    Workload {
        workload: &workload.name,
        lag_seconds: workload.lag,
        advice: workload.advice.as_deref(),
        planned_count: workload.planned_in(phase).round() as u64,
        // What rounds to nothing from below would keep its sign.
        recent_planned_rate: round(seconds.rate(workload.recent_planned)) + 0.0,
        operations: workload.operations.iter().flat_map(|one| operation(one, figures)).collect(),
    }
}

/// An operation in the phase of now; in the last line, in every phase.
fn operation<'a>(operation: &'a Operation, figures: &Figures) -> impl Iterator<Item = OfPhase<'a>> + use<'a> {
    let (now, last) = (figures.phase.number, figures.last);
    operation.totals.iter().filter(move |total| last || total.phase == now).map(move |total| OfPhase {
        operation: operation.query.as_deref().unwrap_or("write"),
        phase: &total.row.phase,
        recent: (total.phase == now).then(|| of_late(&operation.recent)),
        total: sums(&total.row),
    })
}

fn of_late(recent: &Recent) -> OfLate {
    OfLate {
        seconds: recent.seconds,
        done_rate: round(recent.rate(recent.done as f64)),
        records_rate: round(recent.rate(recent.written as f64)),
        done_count: recent.done,
        failed_count: recent.failed,
        throttled_count: recent.throttled,
        failed_attempts: recent.broken,
        rejected_records: recent.rejected,
        lost_records: recent.lost,
        p50_seconds: recent.p50,
        p99_seconds: recent.p99,
    }
}

fn sums(row: &SummaryRow) -> Total {
    Total {
        total_count: row.total_count,
        successful_count: row.successful_count,
        failed_count: row.failed_count,
        throttled_count: row.throttled_count,
        attempts: row.attempts,
        skipped_count: row.skipped_count,
        cancelled_count: row.cancelled_count,
        empty_count: row.empty_count,
        rows: row.rows,
        bytes_metered: row.bytes_metered,
        planned_records: row.planned_records,
        acknowledged_records: row.acknowledged_records,
        rejected_records: row.rejected_records,
        refused_records: row.refused_records,
        unknown_records: row.unknown_records,
        skipped_records: row.skipped_records,
        p50_seconds: row.median,
        p90_seconds: row.p90,
        p99_seconds: row.p99,
        max_seconds: row.max_seconds,
        response_p50_seconds: row.response_median_seconds,
        response_p99_seconds: row.response_p99_seconds,
        lag_p99_seconds: row.lag_p99_seconds,
    }
}

fn error(row: &ErrorRow) -> Failure<'_> {
    let ErrorRow { phase, workload, operation, kind, count, .. } = row;
    Failure { phase, workload, operation, error: kind, count: *count }
}

fn runner(runner: Runner) -> Own {
    let Runner { cpu_cores, cores, cpu_seconds, queue } = runner;
    Own { cpu_cores, cores, cpu_seconds, recorder_queue: queue }
}

fn outcome(result: &RunResult) -> What<'_> {
    What::Result {
        exit_code: result.exit as u8,
        run: &result.run_dir,
        valid: result.validity.valid,
        reasons: &result.validity.reasons,
        failure: result.failure.as_deref(),
        records: result.records,
    }
}
