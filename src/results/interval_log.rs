//! HdrHistogram interval logs (`*.hlog`), as any HdrHistogram tool reads them: microseconds, one
//! file a workload, tags `PHASE/QUERY` or, of ingest, `PHASE/service`; response times of what has an
//! intended start `PHASE/QUERY/response` and `PHASE/response`.

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
        // Commas, spaces and line ends would break the log's format.
        let tag = tag.replace([',', ' ', '\r', '\n'], "-");
        self.write(None, |log| {
            log.write_histogram(histogram, since(from, start), since(to, from), Tag::new(&tag))
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
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    use super::*;

    #[test]
    fn what_is_logged_reads_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("users.hlog");
        let start = 1_605_251_059_000_000_000;
        let mut log = IntervalLog::create(path.clone(), start).unwrap();
        let mut histogram = super::super::latency::histogram();
        histogram.record(15_000).unwrap();
        log.add("steady, x/do-q1", start + 1_000_000_000, start + 2_000_000_000, &histogram).unwrap();
        log.flush().unwrap();
        let text = std::fs::read(&path).unwrap();
        let intervals: Vec<_> = IntervalLogIterator::new(&text)
            .filter_map(|entry| match entry.unwrap() {
                LogEntry::Interval(interval) => Some(interval),
                _ => None,
            })
            .collect();
        assert_eq!(intervals.len(), 1);
        assert_eq!(intervals[0].tag().unwrap().as_str(), "steady--x/do-q1");
        assert_eq!(intervals[0].start_timestamp(), Duration::from_secs(1));
        use base64_of as decode;
        let bytes = decode(intervals[0].encoded_histogram());
        let read: Histogram<u64> = Deserializer::new().deserialize(&mut bytes.as_slice()).unwrap();
        assert_eq!(read.value_at_quantile(0.5), histogram.value_at_quantile(0.5));
    }

    /// Standard base64, which the log's format uses and no dependency of ours exposes.
    fn base64_of(text: &str) -> Vec<u8> {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let (mut bytes, mut bits, mut held) = (Vec::new(), 0u32, 0);
        for c in text.bytes().filter(|c| *c != b'=') {
            let six = ALPHABET.iter().position(|a| *a == c).unwrap();
            bits = (bits << 6) | u32::try_from(six).unwrap();
            held += 6;
            if held >= 8 {
                held -= 8;
                bytes.push((bits >> held & 0xff) as u8);
            }
        }
        bytes
    }
}
