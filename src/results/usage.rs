//! What a run takes of the machine that makes the load.

use std::time::Duration;

use cpu_time::ProcessTime;
use serde::{Deserialize, Serialize};

/// What a run took of its machine.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Processor time of the process over the run, in user and in system mode, in seconds.
    pub cpu_seconds: f64,
    /// The most memory that the process ever held, in bytes; none where the system does not say.
    pub peak_memory_bytes: Option<u64>,
}

/// Processor time from one instant on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meter(Duration);

impl Meter {
    /// Starts to count.
    pub(crate) fn start() -> Self {
        Self(processor_time())
    }

    /// What was taken since then.
    pub(crate) fn read(self) -> Usage {
        let spent = processor_time().saturating_sub(self.0);
        Usage { cpu_seconds: spent.as_micros() as f64 / 1e6, peak_memory_bytes: peak_memory() }
    }
}

/// Processor time of the process so far; 0 where the system does not tell.
pub(crate) fn processor_time() -> Duration {
    ProcessTime::try_now().map_or(Duration::ZERO, |time| time.as_duration())
}

/// The high-water mark of the resident set, as Linux tells it.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    Some(kibibytes * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_takes_time() {
        let meter = Meter::start();
        let mut sum = 0u64;
        while meter.read().cpu_seconds < 0.001 {
            sum = std::hint::black_box(sum + 1);
        }
        let usage = meter.read();
        assert!(usage.cpu_seconds < 60.0, "{usage:?}");
        assert!(usage.peak_memory_bytes.is_none_or(|bytes| bytes > 1_000_000), "{usage:?}");
    }
}
