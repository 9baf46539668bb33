//! Figures of runs that never were, for tests.

use std::sync::Arc;

use super::frame::{Size, frame};
use crate::feed::{Extent, Figures, Operation, PhaseFigures, Recent, Runner, Totals, Work, WorkloadFigures};
use crate::results::{ErrorRow, SummaryRow};
use crate::units::SECOND;

/// When runs that never were began: 2026-11-23 06:00:00 UTC.
pub(crate) const START: i64 = 1_795_413_600 * SECOND;

/// 35 seconds into the fourth phase of four: an ingest that keeps up and six queries.
pub(crate) fn steady() -> Figures {
    let queries = [
        ("do-q1", 1_812, 0, 0.016, 0.041),
        ("do-q2", 1_045, 0, 0.0094, 0.0213),
        ("do-q3", 86, 2, 0.131, 1.24),
        ("do-q4", 61, 0, 0.212, 0.9),
        ("do-q5", 1, 0, 1.7, 1.7),
        ("do-q6", 0, 0, 0.0, 0.0),
    ];
    let queries = queries.map(|(name, runs, failed, p50, p99)| query(name, runs, failed, (p50, p99)));
    Figures {
        time: START + 75 * SECOND,
        start: START,
        phases: ["warm-up", "prove", "ramp", "steady"].map(ToOwned::to_owned).into_iter().collect(),
        phase: PhaseFigures {
            name: "steady".to_owned(),
            record: true,
            number: 4,
            of: 4,
            start: START + 40 * SECOND,
            ended: None,
            extent: Extent::Until(START + 100 * SECOND),
        },
        workloads: vec![ingest(), users("users", queries.into())],
        runner: Runner { cpu_cores: 0.52, cores: 2, cpu_seconds: 31.25, queue: 0 },
        ..Figures::default()
    }
}

/// The same, with a store that throttles and breaks connections: everything is late.
pub(crate) fn late() -> Figures {
    let mut figures = steady();
    let ingest = &mut figures.workloads[0];
    ingest.lag = Some(2.5);
    ingest.advice =
        Some("the target throttles: keep the load up while it scales, or lower the rate".to_owned());
    let recent = &mut ingest.operations[0].recent;
    (recent.written, recent.throttled, recent.lost) = (108_330, 1_204, 200);
    let row = Arc::make_mut(&mut ingest.operations[0].totals[0].row);
    (row.acknowledged_records, row.rejected_records, row.unknown_records) = (1_210_050, 12, 1_300);
    let error = |operation: &str, kind: &str, count| ErrorRow {
        phase: "steady".to_owned(),
        workload: if operation == "write" { "ingest" } else { "users" }.to_owned(),
        operation: operation.to_owned(),
        kind: kind.to_owned(),
        count,
        ..ErrorRow::default()
    };
    figures.errors = vec![
        error("write", "network", 13),
        error("write", "rejected_outside_retention", 12),
        error("write", "throttled", 1_204),
        error("do-q3", "throttled", 3),
        error("do-q3", "timeout", 2),
        ErrorRow { phase: "ramp".to_owned(), ..error("write", "server", 9) },
    ];
    figures.runner.queue = 37;
    figures
}

/// The same with a second query workload, at a rate: far more queries than fit.
pub(crate) fn crowded() -> Figures {
    let mut figures = steady();
    let names = (1..=24).map(|number| format!("panel-{number:02}-of-the-dashboard-of-a-whole-region"));
    let queries = names.map(|name| query(&name, 40, 0, (0.02, 0.03)));
    let mut panels = users("panels", queries.collect());
    (panels.work, panels.lag, panels.recent_planned) = (Work::Rate, Some(0.0), 50.0);
    figures.workloads.push(panels);
    figures
}

fn ingest() -> WorkloadFigures {
    let recent =
        Recent { seconds: 5.0, done: 2_166, written: 216_665, p50: 0.0032, p99: 0.0123, ..Recent::default() };
    let row = SummaryRow {
        query_type: "ingest".to_owned(),
        total_count: 15_167,
        successful_count: 15_166,
        failed_count: 1,
        acknowledged_records: 1_516_655,
        planned_records: 1_516_655,
        attempts: 15_170,
        median: 0.0031,
        p90: 0.0078,
        p99: 0.0119,
        max_seconds: 0.25,
        response_median_seconds: 0.0032,
        response_p99_seconds: 0.012,
        ..of_steady("ingest")
    };
    WorkloadFigures {
        name: "ingest".to_owned(),
        work: Work::Ingest,
        lag: Some(0.001),
        advice: None,
        recent_planned: 216_665.0,
        planned: vec![(4, 1_516_655.0)],
        operations: vec![operation(None, recent, row)],
    }
}

fn users(name: &str, operations: Vec<Operation>) -> WorkloadFigures {
    WorkloadFigures { name: name.to_owned(), work: Work::Users, operations, ..WorkloadFigures::default() }
}

fn query(name: &str, runs: u64, failed: u64, (p50, p99): (f64, f64)) -> Operation {
    let recent = Recent { seconds: 5.0, done: runs / 100, failed: failed / 2, p50, p99, ..Recent::default() };
    let row = SummaryRow {
        query_type: name.to_owned(),
        total_count: runs,
        successful_count: runs - failed,
        failed_count: failed,
        attempts: runs + failed,
        rows: runs * 12,
        bytes_metered: runs * 10_000_000,
        median: p50,
        p90: f64::midpoint(p50, p99),
        p99: p99 * 1.5,
        max_seconds: p99 * 2.0,
        ..of_steady("users")
    };
    operation(Some(name.to_owned()), recent, row)
}

fn of_steady(workload: &str) -> SummaryRow {
    SummaryRow { workload: workload.to_owned(), phase: "steady".to_owned(), ..SummaryRow::default() }
}

fn operation(query: Option<String>, recent: Recent, row: SummaryRow) -> Operation {
    Operation { query, recent, totals: vec![Totals { phase: 4, row: Arc::new(row) }] }
}

/// The view as text, with bars where the terminal ends.
pub(crate) fn pictured(figures: &Figures, width: usize, height: usize) -> String {
    let lines = frame(figures, "small", figures.time, Size { width, height });
    let line = |line: &super::text::Line| {
        assert!(line.columns() <= width, "{} of {width} columns", line.columns());
        let gap = " ".repeat(width - line.columns());
        format!("{}{gap}|\n", line.text(false))
    };
    lines.iter().map(line).collect()
}
