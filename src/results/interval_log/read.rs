//! Reads interval logs back, a line at a time: those of long runs are long.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogHistogram, IntervalLogIterator, LogEntry};

use crate::results::ResultsError;

/// A histogram of an interval log.
#[derive(Debug, Clone)]
pub(crate) struct Interval {
    /// What it measures: `Timing::tag`.
    pub(crate) tag: String,
    /// Its first instant and the first one after it, in nanoseconds since the epoch, to the millisecond.
    pub(crate) from: i64,
    pub(crate) to: i64,
    /// Microseconds.
    pub(crate) histogram: Histogram<u64>,
}

/// The histograms of an interval log, in the order in which they were written.
pub(crate) struct Intervals {
    path: PathBuf,
    lines: BufReader<File>,
    number: usize,
    base: Duration,
    deserializer: Deserializer,
}

impl Intervals {
    /// Opens a log.
    pub(crate) fn open(path: &Path) -> Result<Self, ResultsError> {
        let file = File::open(path).map_err(|error| ResultsError::new("read", path, error))?;
        Ok(Self {
            path: path.to_owned(),
            lines: BufReader::new(file),
            number: 0,
            base: Duration::ZERO,
            deserializer: Deserializer::new(),
        })
    }

    /// The interval of a line; none where the line is something else, or a crash cut it short.
    fn interval(&mut self, line: &[u8]) -> Result<Option<Interval>, String> {
        if !line.ends_with(b"\n") {
            return Ok(None);
        }
        match IntervalLogIterator::new(line).next() {
            Some(Ok(LogEntry::Interval(interval))) => self.decode(&interval).map(Some),
            Some(Ok(LogEntry::BaseTime(base))) => {
                self.base = base;
                Ok(None)
            }
            Some(Ok(LogEntry::StartTime(_))) | None => Ok(None),
            Some(Err(_)) => Err("it is not a line of an interval log".to_owned()),
        }
    }

    fn decode(&mut self, interval: &IntervalLogHistogram<'_>) -> Result<Interval, String> {
        let bytes = BASE64_STANDARD
            .decode(interval.encoded_histogram())
            .map_err(|error| format!("its histogram is not base64: {error}"))?;
        let histogram = self
            .deserializer
            .deserialize(&mut bytes.as_slice())
            .map_err(|error| format!("its histogram cannot be read: {error}"))?;
        let from = nanos(self.base + interval.start_timestamp());
        Ok(Interval {
            tag: interval.tag().map_or_else(String::new, |tag| tag.as_str().to_owned()),
            from,
            to: from.saturating_add(nanos(interval.duration())),
            histogram,
        })
    }

    fn error(&self, cause: &str) -> ResultsError {
        let cause = io::Error::other(format!("line {}: {cause}", self.number));
        ResultsError::new("read", &self.path, cause)
    }
}

impl Iterator for Intervals {
    type Item = Result<Interval, ResultsError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut line = Vec::new();
        loop {
            line.clear();
            self.number += 1;
            match self.lines.read_until(b'\n', &mut line) {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) => return Some(Err(ResultsError::new("read", &self.path, error))),
            }
            match self.interval(&line) {
                Ok(None) => {}
                Ok(Some(interval)) => return Some(Ok(interval)),
                Err(cause) => return Some(Err(self.error(&cause))),
            }
        }
    }
}

fn nanos(span: Duration) -> i64 {
    i64::try_from(span.as_nanos()).unwrap_or(i64::MAX)
}
