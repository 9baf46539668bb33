//! Whether the load was the plan's, and which resource ran out where it was not. Not here: measuring
//! (`own`, `series`).

use super::names::{Kind, Names};
use super::own::OwnUse;
use super::series::Series;
use super::tally::Tally;
use crate::plan::Bounds;
use crate::results::Validity;
use crate::target::ErrorKind;
use crate::units::print_count;

/// Judges the phases that count.
pub(crate) fn judge(tally: &Tally, own: &OwnUse, bounds: &Bounds, cores: usize) -> Validity {
    let judge = Judge { tally, own, bounds, cores };
    let phases = tally.names().phases.iter().enumerate().filter(|(_, phase)| phase.record);
    let mut reasons: Vec<String> = Vec::new();
    for (index, phase) in phases {
        let found = judge.lags(index).into_iter().chain(judge.cpu(index)).chain(judge.open_files(index));
        reasons.extend(
            found.chain(judge.recorder(index)).map(|reason| format!("phase {}: {reason}", phase.name)),
        );
    }
    Validity { valid: reasons.is_empty(), reasons }
}

/// Seconds that a phase must last for its use of CPU to mean anything.
const LONG_ENOUGH: f64 = 1.0;

struct Judge<'a> {
    tally: &'a Tally,
    own: &'a OwnUse,
    bounds: &'a Bounds,
    cores: usize,
}

impl Judge<'_> {
    fn names(&self) -> &Names {
        self.tally.names()
    }

    /// Operations that were sent too late, with what kept them.
    fn lags(&self, phase: usize) -> Vec<String> {
        let bound = self.bounds.lag.as_secs_f64();
        let of_phase = self.tally.counted().filter(|(of, ..)| *of == phase);
        of_phase
            .filter(|(.., series)| series.lag_p99() > bound)
            .map(|(_, workload, query, series)| {
                format!(
                    "{} of {} were sent up to {:.1} s late (99th percentile; the bound is {bound} s); {}",
                    query.map_or("writes", |_| self.names().operation(workload, query)),
                    self.names().workloads[workload].name,
                    series.lag_p99(),
                    self.cause(phase, workload, series)
                )
            })
            .collect()
    }

    /// Why operations were late.
    fn cause(&self, phase: usize, workload: usize, series: &Series) -> String {
        let late = series.late();
        match self.names().workloads[workload].kind {
            Kind::Ingest { in_flight } | Kind::Open { in_flight } if late.ran_out() => format!(
                "the in-flight window ran out: all of its {in_flight} places were taken for {:.0} % of the time in \
                 which they were late; raise in_flight, or the target is too slow for this load",
                (100.0 * late.full_share()).min(100.0)
            ),
            _ if self.is_out_of_cpu(phase) => format!("CPU ran out: {}", self.cpu_used(phase)),
            _ => format!(
                "tsrun was woken too late although {}: something else keeps this machine busy",
                self.cpu_used(phase)
            ),
        }
    }

    fn is_out_of_cpu(&self, phase: usize) -> bool {
        self.own.of(phase).cores() > self.bounds.cpu * self.cores as f64
    }

    fn cpu_used(&self, phase: usize) -> String {
        format!("tsrun used {:.2} of {} cores", self.own.of(phase).cores(), self.cores)
    }

    fn cpu(&self, phase: usize) -> Option<String> {
        // As fast as it goes is what such a phase is meant to be.
        let short = self.own.of(phase).wall < LONG_ENOUGH;
        if self.names().phases[phase].full_speed || short || !self.is_out_of_cpu(phase) {
            return None;
        }
        let bound = 100.0 * self.bounds.cpu;
        Some(format!(
            "CPU ran out: {} (the bound is {bound:.0} % of them); use a machine with more cores, or a smaller load",
            self.cpu_used(phase)
        ))
    }

    fn open_files(&self, phase: usize) -> Option<String> {
        let attempts = self.tally.failures(phase, ErrorKind::OpenFiles.name());
        (attempts > 0).then(|| {
            format!(
                "open files ran out: {} attempts found none left for a connection; raise `ulimit -n`, or lower \
                 the target's `connections`",
                print_count(attempts)
            )
        })
    }

    fn recorder(&self, phase: usize) -> Option<String> {
        let queue = self.own.of(phase).queue;
        (queue > self.bounds.queue).then(|| {
            format!(
                "the recorder could not keep up: {} messages waited to be written (the bound is {}); results need a \
                 faster disk, or the load more CPU",
                print_count(queue),
                print_count(self.bounds.queue)
            )
        })
    }
}
