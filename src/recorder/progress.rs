//! The line of figures that a run prints every few seconds. Not here: counting.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::event::WindowWait;
use crate::results::latency::{histogram, quantile_seconds};
use crate::units::print_count;

/// Late by less than this is not worth a word, in seconds.
const LAG_WORTH_A_WORD: f64 = 1.0;

/// What happened since the last line.
#[derive(Debug)]
pub(crate) struct Progress {
    /// Records that live load meant to write.
    pub planned: f64,
    pub written: u64,
    pub rejected: u64,
    pub lost: u64,
    pub throttled: u64,
    pub writes: Histogram<u64>,
    /// Attempts that failed otherwise.
    pub broken: u64,
    /// How late requests came by their places in the window.
    pub late: WindowWait,
    /// Cores that tsrun kept busy, and those it may use.
    pub busy: f64,
    pub cores: usize,
    /// The share of them, 0.0 to 1.0, from which on CPU is what is short.
    pub cpu_bound: f64,
    /// By workload and query.
    pub queries: BTreeMap<(usize, usize), QueryProgress>,
}

/// A query since the last line.
#[derive(Debug)]
pub(crate) struct QueryProgress {
    pub done: u64,
    pub failed: u64,
    pub latencies: Histogram<u64>,
}

impl Default for QueryProgress {
    fn default() -> Self {
        Self { done: 0, failed: 0, latencies: histogram() }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            planned: 0.0,
            written: 0,
            rejected: 0,
            lost: 0,
            throttled: 0,
            writes: histogram(),
            broken: 0,
            late: WindowWait::default(),
            busy: 0.0,
            cores: 1,
            cpu_bound: 1.0,
            queries: BTreeMap::new(),
        }
    }
}

/// Where a line belongs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct When<'a> {
    pub phase: &'a str,
    /// Seconds since the phase began.
    pub into_phase: f64,
    /// Seconds since the last line.
    pub length: f64,
}

/// How far writes have got.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pace {
    /// How late the next live write is, in seconds.
    pub lag: f64,
    /// The share of a back-fill that is done, 0.0 to 1.0.
    pub history: Option<f64>,
}

impl Progress {
    /// Whether there is anything to say about writes.
    pub(crate) fn has_writes(&self) -> bool {
        self.planned > 0.0 || !self.writes.is_empty() || self.lost + self.rejected > 0
    }

    /// The line on ingest.
    pub(crate) fn ingest_line(&self, when: When<'_>, pace: Pace, in_flight: usize) -> String {
        let written = self.written as f64 / when.length;
        let planned = self.planned / when.length;
        let rate = print_count(written.round() as u64);
        let against = match pace.history {
            Some(done) => format!(", {:.1} % of history written", 100.0 * done),
            None if planned > 0.0 => {
                let planned_rate = print_count(planned.round() as u64);
                format!(" of {planned_rate} planned ({:.0} %)", 100.0 * written / planned)
            }
            None => String::new(),
        };
        let lost = if self.lost > 0 { format!(", {} lost", print_count(self.lost)) } else { String::new() };
        format!(
            "{}ingest {rate} records/s{against}, p50 {}, p99 {}, lag {:.1} s, {} throttled, {} rejected{lost}{}",
            prefix(when),
            span(quantile_seconds(&self.writes, 0.5)),
            span(quantile_seconds(&self.writes, 0.99)),
            pace.lag,
            print_count(self.throttled),
            print_count(self.rejected),
            self.advice(pace.lag, in_flight)
        )
    }

    /// By how much it lags and what would help, where it does.
    fn advice(&self, lag: f64, in_flight: usize) -> String {
        if lag < LAG_WORTH_A_WORD {
            return String::new();
        }
        let remedy = if self.broken > self.throttled {
            format!("{} attempts failed: see errors.csv, and the target's own log", print_count(self.broken))
        } else if self.throttled > 0 {
            "the target throttles: keep the load up while it scales, or lower the rate".to_owned()
        } else if self.busy > self.cpu_bound * self.cores as f64 {
            format!(
                "tsrun keeps {:.1} of {} cores busy: use a machine with more of them, or a smaller fleet",
                self.busy, self.cores
            )
        } else if self.late.ran_out() {
            format!("{in_flight} requests in flight are too few for this target's latency: raise in_flight")
        } else {
            "this machine is busy with something else: give tsrun one of its own".to_owned()
        };
        format!("; it cannot keep up and is {lag:.1} s behind: {remedy}")
    }

    /// The lines on queries, one a workload; `name` gives the workload's and the query's names.
    pub(crate) fn query_lines<'a>(
        &self,
        when: When<'_>,
        name: impl Fn(usize, usize) -> (&'a str, &'a str),
    ) -> Vec<String> {
        let mut lines: Vec<(usize, String)> = Vec::new();
        for ((workload, query), progress) in &self.queries {
            let (workload_name, query_name) = name(*workload, *query);
            let figures = format!(
                "{query_name} {} done, {} failed, p50 {}, p99 {}",
                print_count(progress.done),
                print_count(progress.failed),
                span(quantile_seconds(&progress.latencies, 0.5)),
                span(quantile_seconds(&progress.latencies, 0.99)),
            );
            match lines.last_mut() {
                Some((last, line)) if last == workload => line.push_str(&format!("; {figures}")),
                _ => lines.push((*workload, format!("{}{workload_name} {figures}", prefix(when)))),
            }
        }
        lines.into_iter().map(|(_, line)| line).collect()
    }
}

fn prefix(when: When<'_>) -> String {
    format!("{} {:.0} s: ", when.phase, when.into_phase)
}

/// Seconds in the unit that people read: `16 ms`, `1.24 s`.
pub(crate) fn span(seconds: f64) -> String {
    match seconds {
        0.0 => "-".to_owned(),
        s if s < 0.01 => format!("{:.1} ms", s * 1e3),
        s if s < 1.0 => format!("{:.0} ms", s * 1e3),
        s => format!("{s:.2} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHEN: When<'static> = When { phase: "steady", into_phase: 35.0, length: 5.0 };

    const LATE: Pace = Pace { lag: 2.5, history: None };

    fn progress(written: u64) -> Progress {
        let mut progress = Progress { planned: 50_000.0, written, ..Progress::default() };
        progress.writes.record(3_200).unwrap();
        progress
    }

    #[test]
    fn a_line_that_keeps_up_gives_figures_only() {
        assert_eq!(
            progress(50_000).ingest_line(WHEN, Pace { lag: 0.01, history: None }, 64),
            "steady 35 s: ingest 10,000 records/s of 10,000 planned (100 %), p50 3.2 ms, p99 3.2 ms, lag 0.0 s, 0 throttled, 0 rejected"
        );
    }

    #[test]
    fn a_line_that_lags_says_what_would_help() {
        let late = WindowWait { waited: 9, cycle: 10 };
        let full = Progress { late, ..progress(25_000) };
        assert!(full.ingest_line(WHEN, LATE, 4).ends_with(
            "it cannot keep up and is 2.5 s behind: 4 requests in flight are too few for this target's latency: raise in_flight"
        ));
        let says = |progress: Progress| progress.ingest_line(WHEN, LATE, 4);
        assert!(
            says(Progress { busy: 1.9, cores: 2, cpu_bound: 0.9, late, ..progress(25_000) })
                .contains("tsrun keeps 1.9 of 2 cores busy")
        );
        assert!(says(Progress { throttled: 7, late, ..progress(25_000) }).contains("the target throttles"));
        assert!(
            says(Progress { throttled: 7, broken: 8, late, ..progress(25_000) })
                .contains("8 attempts failed")
        );
        assert!(says(progress(25_000)).contains("busy with something else"));
    }

    #[test]
    fn a_back_fill_says_how_far_it_has_got() {
        let pace = Pace { lag: 0.0, history: Some(0.4321) };
        let line = Progress { planned: 0.0, ..progress(5_000_000) }.ingest_line(WHEN, pace, 64);
        assert!(line.starts_with("steady 35 s: ingest 1,000,000 records/s, 43.2 % of history written, p50"));
    }

    #[test]
    fn queries_of_a_workload_share_a_line() {
        let mut progress = Progress::default();
        for query in 0..2 {
            progress.queries.entry((1, query)).or_default().done = 3;
        }
        let names = ["do-q1", "do-q2"];
        let lines = progress.query_lines(WHEN, |_, query| ("users", names[query]));
        assert_eq!(
            lines,
            ["steady 35 s: users do-q1 3 done, 0 failed, p50 -, p99 -; do-q2 3 done, 0 failed, p50 -, p99 -"]
        );
    }
}
