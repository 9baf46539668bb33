//! What the live view shows of a run, as lines that fit. Pure. Not here: drawing them (`screen`).

use unicode_width::UnicodeWidthStr as _;

use super::queries::queries;
use super::text::{Line, Tone, flow, flow_by};
use super::words::{clock, kept, of_phase, percent, rate, span};
use crate::feed::{Extent, Figures, PhaseFigures, Recent, Work, WorkloadFigures};
use crate::results::SummaryRow;
use crate::units::{counted, print_count};

/// The columns that are used at the most: wider lines are hard to read.
const WIDEST: usize = 80;
/// The least and the most columns of the bar.
const BAR: (usize, usize) = (12, 32);
/// A load that has done less than this share of its plan of late is late.
const SHORT: f64 = 0.98;

/// Rows and columns that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub width: usize,
    pub height: usize,
}

/// The view of a run, at most as large as the terminal.
pub(crate) fn frame(figures: &Figures, scenario: &str, now: i64, size: Size) -> Vec<Line> {
    // A line below what is drawn is the cursor's.
    let (width, height) = (size.width.min(WIDEST), size.height.saturating_sub(1));
    let mut lines = vec![head(&figures.phase, scenario, now, width)];
    let active = || figures.workloads.iter().filter(|workload| workload.is_active(figures.phase.number));
    for workload in active() {
        lines.extend(flow(&workload.name, &about(workload, figures), width));
    }
    let mut below = Vec::new();
    below.extend(flow("errors", &errors(figures), width));
    below.extend(flow("runner", &runner(figures), width));
    for workload in active() {
        let late = workload.lag.zip(workload.advice.as_ref());
        if let Some((lag, advice)) = late {
            let text = format!("{} is {lag:.1} s behind: {advice}", workload.name);
            let words: Vec<(Tone, String)> =
                text.split(' ').map(|word| (Tone::Late, word.to_owned())).collect();
            below.extend(flow_by("late", &words, " ", width));
        }
    }
    let room = height.saturating_sub(lines.len() + below.len());
    lines.extend(queries(figures, width, room));
    lines.extend(below);
    lines.truncate(height);
    lines.into_iter().map(|line| line.cut(width)).collect()
}

fn head(phase: &PhaseFigures, scenario: &str, now: i64, width: usize) -> Line {
    let mut line = Line::default();
    let elapsed = clock(phase.elapsed(now));
    let place = format!(" ({} of {})", phase.number, phase.of);
    let time = match (phase.ended, phase.extent) {
        (Some(_), _) => format!("over after {elapsed}, what is late is still sent"),
        (None, Extent::Forever) => format!("{elapsed}, until Ctrl-C"),
        (None, Extent::Until(_)) => format!("{elapsed}, {} left", clock(phase.left(now).unwrap_or(0.0))),
        (None, Extent::History(share)) => format!("{elapsed}, {:.1} % of history", 100.0 * share),
        (None, Extent::Once { done, of }) => format!("{elapsed}, {done} of {of} queries"),
    };
    let fixed = phase.name.width() + place.width() + 2 + time.width();
    if fixed + 2 + scenario.width() + BAR.0 < width {
        line.add(Tone::Faint, format!("{scenario}  "));
    }
    line.add(Tone::Strong, &phase.name);
    line.add(Tone::Plain, place);
    let room = width.saturating_sub(line.columns() + 4 + time.width()).min(BAR.1);
    match phase.share(now) {
        Some(share) if room >= BAR.0 => line.add(Tone::Plain, format!("  {}  {time}", bar(share, room))),
        _ => line.add(Tone::Plain, format!("  {time}")),
    }
    line
}

/// A bar of so many columns.
fn bar(share: f64, columns: usize) -> String {
    let inside = columns.saturating_sub(2);
    let done = ((share * inside as f64).floor() as usize).min(inside);
    let tip = if done < inside { ">" } else { "" };
    format!("[{}{tip}{}]", "=".repeat(done), " ".repeat(inside - done - tip.len()))
}

/// What is said of a workload on the whole.
fn about(workload: &WorkloadFigures, figures: &Figures) -> Vec<(Tone, String)> {
    let first = workload.operations.first().map(|one| one.recent).unwrap_or_default();
    let mut pieces = match workload.work {
        Work::Ingest => written(&first, workload.recent_planned, figures),
        Work::Users | Work::Rate => asked(workload, &first),
    };
    if let Some(lag) = workload.lag {
        let tone = if workload.advice.is_some() { Tone::Late } else { Tone::Plain };
        pieces.push((tone, format!("lag {lag:.1} s")));
    }
    if workload.work == Work::Ingest {
        of_phase(figures, workload).for_each(|(_, row)| sums(workload, row, figures, &mut pieces));
    }
    pieces
}

fn written(recent: &Recent, planned: f64, figures: &Figures) -> Vec<(Tone, String)> {
    let done = recent.written as f64;
    let against = match figures.phase.extent {
        Extent::History(_) => String::new(),
        _ if planned > 0.0 => format!(" of {} planned{}", rate(recent.rate(planned)), percent(done, planned)),
        _ => String::new(),
    };
    vec![
        (tone(done, planned), format!("{} records/s{against}", rate(recent.rate(done)))),
        (Tone::Plain, format!("p50 {}", span(recent.p50))),
        (Tone::Plain, format!("p99 {}", span(recent.p99))),
    ]
}

/// Of queries; `recent` tells how long the last seconds are.
fn asked(workload: &WorkloadFigures, recent: &Recent) -> Vec<(Tone, String)> {
    let done: u64 = workload.operations.iter().map(|one| one.recent.done).sum();
    let (done, planned) = (done as f64, workload.recent_planned);
    let answered = format!("{} queries/s", rate(recent.rate(done)));
    match workload.work {
        Work::Rate => {
            vec![(tone(done, planned), format!("{answered} of {} planned", rate(recent.rate(planned))))]
        }
        Work::Ingest | Work::Users => vec![(Tone::Plain, answered)],
    }
}

fn tone(done: f64, planned: f64) -> Tone {
    if kept(done, planned).is_some_and(|share| share < SHORT) { Tone::Late } else { Tone::Plain }
}

/// What became of a workload's records in the phase.
fn sums(workload: &WorkloadFigures, row: &SummaryRow, figures: &Figures, pieces: &mut Vec<(Tone, String)>) {
    let (planned, done) = (workload.planned_in(figures.phase.number), row.acknowledged_records);
    let of = match kept(done as f64, planned) {
        Some(_) => format!(" of {}", print_count(planned.round() as u64)),
        None => String::new(),
    };
    pieces.push((Tone::Plain, format!("{}{of} written", print_count(done))));
    for (records, what) in [
        (row.rejected_records, "rejected"),
        (row.refused_records, "refused"),
        (row.unknown_records, "unknown"),
        (row.skipped_records, "skipped"),
    ] {
        if records > 0 {
            pieces.push((Tone::Bad, format!("{} {what}", print_count(records))));
        }
    }
}

/// Failures of the phase by kind, whatever failed.
fn errors(figures: &Figures) -> Vec<(Tone, String)> {
    let mut kinds: Vec<(&str, u64)> = Vec::new();
    for row in figures.errors.iter().filter(|row| row.phase == figures.phase.name) {
        match kinds.iter_mut().find(|(kind, _)| *kind == row.kind) {
            Some((_, count)) => *count += row.count,
            None => kinds.push((&row.kind, row.count)),
        }
    }
    if kinds.is_empty() {
        return vec![(Tone::Plain, "none".to_owned())];
    }
    let said = kinds.iter().map(|(kind, count)| (Tone::Bad, format!("{kind} {}", print_count(*count))));
    said.collect()
}

fn runner(figures: &Figures) -> Vec<(Tone, String)> {
    let runner = figures.runner;
    let mut pieces = vec![(Tone::Plain, format!("{:.2} of {} cores", runner.cpu_cores, runner.cores))];
    if runner.queue > 0 {
        pieces
            .push((Tone::Plain, format!("{} to be recorded", counted(runner.queue, "message", "messages"))));
    }
    pieces
}
