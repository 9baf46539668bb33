//! What would help a load that cannot keep up. Not here: the verdict on a run (`validity`).

use super::event::WindowWait;
use crate::feed::{Recent, Runner};
use crate::units::print_count;

/// Late by less than this is not worth a word, in seconds.
const WORTH_A_WORD: f64 = 1.0;

/// What is known of a workload that may be late.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Suspect {
    /// How late its next operation is, in seconds.
    pub lag: f64,
    /// What happened of late, over its operations.
    pub recent: Recent,
    /// How late ones came by their places.
    pub late: WindowWait,
    /// Requests in flight at the most.
    pub in_flight: usize,
    pub runner: Runner,
    /// The share of the cores, 0.0 to 1.0, from which on CPU is what is short.
    pub cpu_bound: f64,
}

impl Suspect {
    /// The remedy, where it is late.
    pub(crate) fn advice(&self) -> Option<String> {
        if self.lag < WORTH_A_WORD {
            return None;
        }
        let Recent { throttled, broken, .. } = self.recent;
        let Runner { cpu_cores, cores, .. } = self.runner;
        Some(if broken > throttled {
            format!("{} attempts failed: see errors.csv, and the target's own log", print_count(broken))
        } else if throttled > 0 {
            "the target throttles: keep the load up while it scales, or lower the rate".to_owned()
        } else if cpu_cores > self.cpu_bound * cores as f64 {
            format!(
                "tsrun keeps {cpu_cores:.1} of {cores} cores busy: use a machine with more of them, or a smaller fleet"
            )
        } else if self.late.ran_out() {
            format!(
                "{} requests in flight are too few for this target's latency: raise in_flight",
                self.in_flight
            )
        } else {
            "this machine is busy with something else: give tsrun one of its own".to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_late_is_told_what_would_help() {
        let runner = Runner { cpu_cores: 0.2, cores: 2, ..Runner::default() };
        let late = WindowWait { waited: 9, cycle: 10 };
        let suspect =
            Suspect { lag: 2.5, recent: Recent::default(), late, in_flight: 4, runner, cpu_bound: 0.9 };
        let says = |suspect: Suspect| suspect.advice().unwrap();
        assert_eq!(
            says(suspect),
            "4 requests in flight are too few for this target's latency: raise in_flight"
        );
        let busy = Runner { cpu_cores: 1.9, ..runner };
        assert!(says(Suspect { runner: busy, ..suspect }).contains("tsrun keeps 1.9 of 2 cores busy"));
        let throttled = Recent { throttled: 7, ..Recent::default() };
        assert!(says(Suspect { recent: throttled, ..suspect }).contains("the target throttles"));
        let broken = Recent { broken: 8, ..throttled };
        assert!(says(Suspect { recent: broken, ..suspect }).contains("8 attempts failed"));
        assert!(
            says(Suspect { late: WindowWait::default(), ..suspect }).contains("busy with something else")
        );
        assert_eq!(Suspect { lag: 0.9, ..suspect }.advice(), None);
    }
}
