//! HdrHistogram interval logs (`*.hlog`), as any HdrHistogram tool reads them: microseconds, one
//! file a workload, tags by phase, query and timing (`Timing::tag`). Service and response times have an
//! interval a second, the other timings one a phase.

mod read;

pub(crate) use read::{Interval, Intervals};

use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};

use super::files::{ResultsError, append};

/// An interval log that grows while a run goes on.
pub(crate) struct IntervalLog {
    path: PathBuf,
    start: i64,
    serializer: V2DeflateSerializer,
    bytes: Vec<u8>,
}

impl std::fmt::Debug for IntervalLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IntervalLog").field("path", &self.path).finish_non_exhaustive()
    }
}

impl IntervalLog {
    /// Begins a log; `start` is the run's, in nanoseconds since the epoch.
    pub(crate) fn create(path: PathBuf, start: i64) -> Result<Self, ResultsError> {
        let mut log = Self { path, start, serializer: V2DeflateSerializer::new(), bytes: Vec::new() };
        let time = UNIX_EPOCH + since(start, 0);
        log.write(Some(time), |_| Ok(()))?;
        log.flush()?;
        Ok(log)
    }

    /// Adds the histogram of an interval; flush to have it written.
    pub(crate) fn add(
        &mut self,
        tag: &str,
        from: i64,
        to: i64,
        histogram: &Histogram<u64>,
    ) -> Result<(), ResultsError> {
        let start = self.start;
        self.write(None, |log| {
            log.write_histogram(histogram, since(from, start), since(to, from), Tag::new(tag))
                .map_err(|error| error.to_string())
        })
    }

    /// Writes what was added.
    pub(crate) fn flush(&mut self) -> Result<(), ResultsError> {
        if !self.bytes.is_empty() {
            append(&self.path, &self.bytes)?;
            self.bytes.clear();
        }
        Ok(())
    }

    fn write(
        &mut self,
        start: Option<SystemTime>,
        body: impl FnOnce(&mut Writer<'_, '_>) -> Result<(), String>,
    ) -> Result<(), ResultsError> {
        let mut builder = IntervalLogWriterBuilder::new();
        if let Some(time) = start {
            builder.add_comment("[Values in microseconds]").with_start_time(time).with_base_time(time);
        }
        builder.with_max_value_divisor(1.0);
        builder
            .begin_log_with(&mut self.bytes, &mut self.serializer)
            .map_err(|error| error.to_string())
            .and_then(|mut log| body(&mut log))
            .map_err(|cause| ResultsError::new("write", &self.path, io::Error::other(cause)))
    }
}

type Writer<'a, 'b> =
    hdrhistogram::serialization::interval_log::IntervalLogWriter<'a, 'b, Vec<u8>, V2DeflateSerializer>;

fn since(to: i64, from: i64) -> Duration {
    Duration::from_nanos(u64::try_from(to.saturating_sub(from)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::latency::histogram;

    #[test]
    fn what_is_logged_reads_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("users.hlog");
        let start = 1_605_251_059_123_000_000;
        let mut log = IntervalLog::create(path.clone(), start).unwrap();
        let mut latencies = histogram();
        latencies.record(15_000).unwrap();
        log.add("steady/do-q1/service", start + 1_000_000_000, start + 2_000_000_000, &latencies).unwrap();
        log.add("steady/do-q2/service", start + 1_000_000_000, start + 2_000_000_000, &latencies).unwrap();
        log.flush().unwrap();
        let read: Vec<_> = Intervals::open(&path).unwrap().map(Result::unwrap).collect();
        let tags: Vec<&str> = read.iter().map(|interval| interval.tag.as_str()).collect();
        assert_eq!(tags, ["steady/do-q1/service", "steady/do-q2/service"]);
        assert_eq!((read[0].from, read[0].to), (start + 1_000_000_000, start + 2_000_000_000));
        assert_eq!(read[0].histogram, latencies);
    }

    #[test]
    fn a_line_that_a_crash_cut_short_is_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("users.hlog");
        let mut log = IntervalLog::create(path.clone(), 0).unwrap();
        for second in 0..2 {
            log.add("steady/service", second, second + 1, &histogram()).unwrap();
        }
        log.flush().unwrap();
        let text = std::fs::read(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - 5]).unwrap();
        assert_eq!(Intervals::open(&path).unwrap().map(Result::unwrap).count(), 1);
        // The same in the middle is a file that somebody spoilt.
        std::fs::write(&path, [&text[..text.len() - 9], b"!!!!\n"].concat()).unwrap();
        let error = Intervals::open(&path).unwrap().find_map(Result::err).unwrap().to_string();
        assert!(error.contains("users.hlog") && error.contains("line 5"), "{error}");
    }
}
