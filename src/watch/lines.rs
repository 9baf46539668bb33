//! A run in plain lines, for pipes and logs. Not here: when news comes (`feed`).

use std::io::Write;

use super::View;
use super::words::{clock, extent, percent, phase_over, rate, span};
use crate::feed::{Extent, Figures, Level, News, Operation, Recent, Remark, Work, WorkloadFigures};
use crate::units::{SECOND, print_count};

/// Nanoseconds from one line of figures to the next.
pub(crate) const EVERY: i64 = 5 * SECOND;

/// Writes lines.
#[derive(Debug)]
pub(crate) struct Lines<W> {
    out: W,
    /// When figures were written last.
    written: i64,
}

impl<W: Write + Send> Lines<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { out, written: i64::MIN }
    }

    fn line(&mut self, line: &str) {
        // Nobody may be reading; the files hold the same figures.
        let _ = writeln!(self.out, "{line}");
    }
}

impl<W: Write + Send> View for Lines<W> {
    fn show(&mut self, news: &News) {
        match news {
            News::Remark(remark) => self.line(&said(remark)),
            News::PhaseBegan(figures) => {
                self.written = figures.time;
                let phase = &figures.phase;
                let (name, number, of) = (&phase.name, phase.number, phase.of);
                self.line(&format!("phase {number} of {of}: {name}, {}", extent(phase)));
            }
            News::Figures(figures) => {
                if figures.time.saturating_sub(self.written) >= EVERY {
                    self.written = figures.time;
                    of_late(figures).iter().for_each(|line| self.line(line));
                }
            }
            News::PhaseEnded(figures) => {
                self.written = figures.time;
                self.line(&phase_over(figures));
            }
            News::Result(_) => {}
        }
    }
}

/// A remark as a line.
pub(crate) fn said(remark: &Remark) -> String {
    match remark.level {
        Level::Info => remark.text.clone(),
        Level::Warning => format!("warning: {}", remark.text),
    }
}

/// The last seconds, a line a workload of which there is something to say.
fn of_late(figures: &Figures) -> Vec<String> {
    let phase = &figures.phase;
    let prefix = match phase.ended {
        None => format!("{} {}", phase.name, clock(phase.elapsed(figures.time))),
        Some(ended) => {
            let since = crate::results::seconds(figures.time.saturating_sub(ended));
            format!("{} over for {}, what is late is still sent", phase.name, clock(since))
        }
    };
    let active = figures.workloads.iter().filter(|workload| match phase.ended {
        None => workload.is_active(phase.number),
        Some(_) => workload.operations.iter().any(|operation| !operation.recent.is_empty()),
    });
    active
        .filter_map(|workload| match workload.work {
            Work::Ingest => ingest(figures, workload),
            Work::Users | Work::Rate => Some(queries(workload)),
        })
        .map(|line| format!("{prefix}: {line}"))
        .collect()
}

fn ingest(figures: &Figures, workload: &WorkloadFigures) -> Option<String> {
    let recent = &workload.operations.first()?.recent;
    let Recent { written, rejected, lost, throttled, p50, p99, .. } = *recent;
    let (rate_written, planned) = (recent.rate(written as f64), recent.rate(workload.recent_planned));
    let against = match figures.phase.extent {
        Extent::History(share) => format!(", {:.1} % of history written", 100.0 * share),
        _ if planned > 0.0 => {
            format!(" of {} planned{}", rate(planned), percent(written as f64, workload.recent_planned))
        }
        _ => String::new(),
    };
    let lost = if lost > 0 { format!(", {} lost", print_count(lost)) } else { String::new() };
    Some(format!(
        "{} {} records/s{against}, p50 {}, p99 {}{}, {} throttled, {} rejected{lost}{}",
        workload.name,
        rate(rate_written),
        span(p50),
        span(p99),
        lag(workload),
        print_count(throttled),
        print_count(rejected),
        advice(workload)
    ))
}

fn queries(workload: &WorkloadFigures) -> String {
    let asked: Vec<&Operation> = workload.operations.iter().filter(|one| !one.recent.is_empty()).collect();
    let done: u64 = asked.iter().map(|one| one.recent.done).sum();
    let first = workload.operations.first().map(|one| one.recent).unwrap_or_default();
    let planned = first.rate(workload.recent_planned);
    let against =
        if workload.work == Work::Rate { format!(" of {} planned", rate(planned)) } else { String::new() };
    let mut line =
        format!("{} {} queries/s{against}{}", workload.name, rate(first.rate(done as f64)), lag(workload));
    for operation in asked {
        let Recent { done, failed, throttled, p50, p99, .. } = operation.recent;
        let name = operation.query.as_deref().unwrap_or_default();
        let throttled =
            if throttled > 0 { format!(", {} throttled", print_count(throttled)) } else { String::new() };
        line.push_str(&format!(
            "; {name} {} done, {} failed{throttled}, p50 {}, p99 {}",
            print_count(done),
            print_count(failed),
            span(p50),
            span(p99)
        ));
    }
    line + &advice(workload)
}

fn lag(workload: &WorkloadFigures) -> String {
    workload.lag.map_or_else(String::new, |lag| format!(", lag {lag:.1} s"))
}

/// By how much it lags and what would help, where it does.
fn advice(workload: &WorkloadFigures) -> String {
    let late = workload.lag.zip(workload.advice.as_ref());
    late.map_or_else(String::new, |(lag, remedy)| {
        format!("; it cannot keep up and is {lag:.1} s behind: {remedy}")
    })
}
