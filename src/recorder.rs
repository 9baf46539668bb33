//! Counts what workers did and writes it down as the run goes. One thread owns all counts and all
//! files; workers send it one message an attempt and share nothing. Not here: the files' forms
//! (`results`), deciding what happens next (`runner`).

mod errors;
pub(crate) mod event;
mod names;
mod progress;
mod series;
mod tally;
#[cfg(test)]
mod tests;
mod writer;

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

pub(crate) use event::Event;
pub(crate) use names::Names;
use tally::Tally;
use writer::RunFiles;

use crate::clock::Clock;
use crate::results::{Accounts, ResultsError, RunDir, Validity};
use crate::schedule::Span;
use crate::units::SECOND;

/// Seconds from one line of figures to the next.
const LINE_EVERY: u64 = 5;

/// What a recorder needs to know of its run.
pub(crate) struct Setup {
    pub dir: RunDir,
    pub names: Names,
    /// Where the directories of users begin (`RUN/PREFIX-time-P-`), where they are written.
    pub thread_stem: Option<PathBuf>,
    /// When the run began, in nanoseconds since the epoch.
    pub start: i64,
    pub clock: Arc<dyn Clock>,
    /// Where lines of figures go.
    pub lines: Box<dyn Write + Send>,
    /// Told once if a file cannot be written.
    pub on_failure: Box<dyn Fn(&ResultsError) + Send>,
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub accounts: Accounts,
    pub validity: Validity,
    /// The first file that could not be written.
    pub failure: Option<ResultsError>,
}

/// A running recorder.
pub(crate) struct Recorder {
    sender: Sender<Event>,
    thread: JoinHandle<Recorded>,
}

impl Recorder {
    /// Makes the run's files and starts to listen.
    pub(crate) fn start(setup: Setup) -> Result<Self, ResultsError> {
        let files = RunFiles::create(&setup)?;
        let (sender, receiver) = channel();
        let thread = std::thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || Listener::new(setup, files).listen(&receiver))
            .map_err(|error| ResultsError::new("start the recorder of", std::path::Path::new("."), error))?;
        Ok(Self { sender, thread })
    }

    /// A way to send to it; never blocks.
    pub(crate) fn sender(&self) -> Sender<Event> {
        self.sender.clone()
    }

    /// Ends after all that was sent before, with all files written.
    pub(crate) fn finish(self) -> Recorded {
        // A recorder that is gone has panicked, which joining tells.
        let _ = self.sender.send(Event::End);
        match self.thread.join() {
            Ok(recorded) => recorded,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

struct Listener {
    tally: Tally,
    files: RunFiles,
    clock: Arc<dyn Clock>,
    lines: Box<dyn Write + Send>,
    on_failure: Box<dyn Fn(&ResultsError) + Send>,
    failure: Option<ResultsError>,
    second: i64,
    seconds: u64,
    /// When figures were printed last.
    reported: i64,
}

impl Listener {
    fn new(setup: Setup, files: RunFiles) -> Self {
        Self {
            tally: Tally::new(setup.names),
            files,
            clock: setup.clock,
            lines: setup.lines,
            on_failure: setup.on_failure,
            failure: None,
            second: setup.start,
            seconds: 0,
            reported: setup.start,
        }
    }

    fn listen(mut self, receiver: &Receiver<Event>) -> Recorded {
        loop {
            let left = self.second.saturating_add(SECOND).saturating_sub(self.clock.now());
            let Ok(left) = u64::try_from(left) else {
                self.end_second();
                continue;
            };
            match receiver.recv_timeout(Duration::from_nanos(left)) {
                Ok(Event::End) => return self.finish(),
                Ok(event) => self.take(&event),
                Err(RecvTimeoutError::Timeout) => self.end_second(),
                Err(RecvTimeoutError::Disconnected) => return self.finish(),
            }
        }
    }

    fn take(&mut self, event: &Event) {
        self.tally.add(event);
        if let Event::Query(attempt) = event
            && self.failure.is_none()
        {
            let written = self.files.query(self.tally.names(), attempt);
            self.check(written);
        }
    }

    fn end_second(&mut self) {
        // One row may stand for several seconds where the machine was asleep or too busy.
        let end = self.clock.now().max(self.second.saturating_add(SECOND));
        let span = Span { start: self.second, end: Some(end) };
        self.second = end;
        self.seconds += 1;
        self.write_second(span);
        if self.seconds.is_multiple_of(LINE_EVERY) {
            self.report();
        }
    }

    fn write_second(&mut self, span: Span) {
        let (row, logged) = self.tally.end_second(span, |workload, tag, histogram| {
            self.files.histogram(workload, tag, span, histogram)
        });
        if self.failure.is_none() {
            let written = logged.and_then(|()| self.files.second(&row));
            self.check(written);
        }
    }

    /// Prints a line of figures and writes what is replaced whole.
    fn report(&mut self) {
        let progress = self.tally.take_progress();
        let now = self.clock.now();
        let length = crate::results::seconds(now - std::mem::replace(&mut self.reported, now));
        if let Some((phase, start)) = self.tally.phase_start() {
            let into_phase = crate::results::seconds(now - start);
            let when = progress::When { phase, into_phase, length };
            let mut lines = Vec::new();
            let names = self.tally.names();
            if progress.has_writes() {
                let in_flight = names.workloads.iter().filter_map(|workload| workload.in_flight).sum();
                lines.push(progress.ingest_line(when, self.tally.pace(now), in_flight));
            }
            lines.extend(progress.query_lines(when, |workload, query| {
                (&names.workloads[workload].name, names.operation(workload, Some(query)))
            }));
            for line in lines {
                // Nobody may be reading; the files hold the same figures.
                let _ = writeln!(self.lines, "{line}");
            }
        }
        if self.failure.is_none() {
            let written = self.files.replace(&self.tally);
            self.check(written);
        }
    }

    fn finish(mut self) -> Recorded {
        let span = Span { start: self.second, end: Some(self.clock.now().max(self.second + 1)) };
        self.write_second(span);
        if self.failure.is_none() {
            let written = self.files.finish(&self.tally);
            self.check(written);
        }
        Recorded { accounts: self.tally.accounts(), validity: self.tally.validity(), failure: self.failure }
    }

    fn check(&mut self, written: Result<(), ResultsError>) {
        if let Err(error) = written {
            (self.on_failure)(&error);
            self.failure = Some(error);
        }
    }
}
