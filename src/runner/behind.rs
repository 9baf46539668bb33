//! What becomes of an operation that is late, by the scenario's choice.

use super::context::Context;
use crate::exit::Exit;
use crate::plan::Behind;
use crate::units::print_duration;

/// What is done with an operation whose turn has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Send,
    /// It is counted instead.
    Skip,
    /// The run ends.
    Stop,
}

impl Behind {
    /// What to do at `now` with what was meant for `instant`.
    fn verdict(self, instant: i64, now: i64) -> Verdict {
        let late = u128::try_from(now.saturating_sub(instant)).unwrap_or(0);
        match self {
            Self::Skip(limit) if late > limit.as_nanos() => Verdict::Skip,
            Self::Stop(limit) if late > limit.as_nanos() => Verdict::Stop,
            Self::CatchUp | Self::Skip(_) | Self::Stop(_) => Verdict::Send,
        }
    }
}

impl Context {
    /// What to do now with an operation of a workload that was meant for `instant`; a run that is to
    /// stop is told so.
    pub(crate) fn verdict(&self, workload: usize, behind: Behind, instant: i64) -> Verdict {
        let now = self.clock.now();
        let verdict = behind.verdict(instant, now);
        if verdict == Verdict::Stop {
            let late = (now - instant) / 1_000_000 * 1_000_000;
            let name = &self.plan.workloads[workload].name;
            let message = format!(
                "workload `{name}` is {} behind, and its scenario says to stop then",
                print_duration(late)
            );
            self.stop.fail(Exit::Invalid, message);
        }
        verdict
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_late_is_sent_skipped_or_ends_the_run() {
        let second = Duration::from_secs(1);
        for (behind, late) in [
            (Behind::CatchUp, Verdict::Send),
            (Behind::Skip(second), Verdict::Skip),
            (Behind::Stop(second), Verdict::Stop),
        ] {
            assert_eq!(behind.verdict(5, 1_000_000_005), Verdict::Send, "{behind:?}");
            assert_eq!(behind.verdict(5, 1_000_000_006), late, "{behind:?}");
            assert_eq!(behind.verdict(i64::MAX, 0), Verdict::Send, "{behind:?}");
        }
    }
}
