//! Counts what workers did and writes it down as the run goes. One thread owns all counts and all
//! files; workers send it a message for each write and each attempt of a query, and share nothing. Not here: the files' forms
//! (`results`), deciding what happens next (`runner`).

mod errors;
pub(crate) mod event;
mod names;
mod own;
mod progress;
mod series;
mod tally;
#[cfg(test)]
mod tests;
mod thread_logs;
mod thresholds;
mod validity;
mod writer;

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

pub(crate) use event::Event;
pub(crate) use names::Names;
use own::OwnUse;
use tally::Tally;
use writer::RunFiles;

use crate::clock::Clock;
use crate::exit::Exit;
use crate::load::Span;
use crate::plan::Limits;
use crate::results::files::Resource;
use crate::results::{Accounts, ResultsError, RunDir, TimelineRow, Validity, round};
use crate::units::SECOND;

/// What comes in meanwhile is taken together: to wake a thread for each message costs more than all
/// that is counted of it.
const PAUSE: Duration = Duration::from_millis(5);
/// Messages that are taken together at the most, so that a second ends in time under any load.
const TOGETHER: usize = 10_000;

/// Nanoseconds from one line of figures to the next.
const LINE_EVERY: i64 = 5 * SECOND;

/// What a recorder needs to know of its run.
pub(crate) struct Setup {
    pub dir: RunDir,
    pub names: Names,
    /// What the run is judged by.
    pub limits: Limits,
    /// Whether the target charges for what it does.
    pub billed: bool,
    /// Cores that the run may use.
    pub cores: usize,
    /// Where the directories of users begin (`RUN/PREFIX-time-P-`), where they are written.
    pub thread_stem: Option<PathBuf>,
    /// When the run began, in nanoseconds since the epoch.
    pub start: i64,
    pub clock: Arc<dyn Clock>,
    /// Where lines of figures go.
    pub lines: Box<dyn Write + Send>,
    /// Ends the run: a file cannot be written, a threshold is broken, the money is spent.
    pub halt: Box<dyn Fn(Exit, String) + Send>,
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub accounts: Accounts,
    pub validity: Validity,
    /// Whether every threshold holds.
    pub passed: bool,
}

/// A running recorder.
pub(crate) struct Recorder {
    events: Events,
    thread: JoinHandle<Recorded>,
}

/// A way to send to the recorder; never blocks.
#[derive(Debug, Clone)]
pub(crate) struct Events {
    sender: Sender<Event>,
    waiting: Arc<AtomicU64>,
}

impl Events {
    /// Sends; to a recorder that is gone it does not matter, since then the run has failed and is ending.
    pub(crate) fn send(&self, event: Event) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let _ = self.sender.send(event);
    }
}

impl Recorder {
    /// Makes the run's files and starts to listen.
    pub(crate) fn start(setup: Setup) -> Result<Self, ResultsError> {
        let files = RunFiles::create(&setup)?;
        let (sender, receiver) = channel();
        let waiting = Arc::new(AtomicU64::new(0));
        let events = Events { sender, waiting: Arc::clone(&waiting) };
        let thread = std::thread::Builder::new()
            .name("recorder".to_owned())
            .spawn(move || Listener::new(setup, files, waiting).listen(&receiver))
            .map_err(|error| ResultsError::new("start the recorder of", std::path::Path::new("."), error))?;
        Ok(Self { events, thread })
    }

    /// A way to send to it.
    pub(crate) fn events(&self) -> Events {
        self.events.clone()
    }

    /// Ends after all that was sent before, with all files written.
    pub(crate) fn finish(self) -> Recorded {
        // A recorder that is gone has panicked, which joining tells.
        self.events.send(Event::End);
        match self.thread.join() {
            Ok(recorded) => recorded,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

struct Listener {
    tally: Tally,
    own: OwnUse,
    limits: Limits,
    billed: bool,
    cores: usize,
    /// When the run began.
    start: i64,
    halted: bool,
    /// Messages that wait for it.
    waiting: Arc<AtomicU64>,
    files: RunFiles,
    clock: Arc<dyn Clock>,
    lines: Box<dyn Write + Send>,
    halt: Box<dyn Fn(Exit, String) + Send>,
    failure: Option<ResultsError>,
    second: i64,
    /// Cores that were busy in the last second.
    busy: f64,
    /// When figures were printed last.
    reported: i64,
}

impl Listener {
    fn new(setup: Setup, files: RunFiles, waiting: Arc<AtomicU64>) -> Self {
        Self {
            tally: Tally::new(setup.names),
            own: OwnUse::new(setup.start),
            limits: setup.limits,
            billed: setup.billed,
            cores: setup.cores,
            start: setup.start,
            halted: false,
            waiting,
            files,
            clock: setup.clock,
            lines: setup.lines,
            halt: setup.halt,
            failure: None,
            second: setup.start,
            busy: 0.0,
            reported: setup.start,
        }
    }

    fn listen(mut self, receiver: &Receiver<Event>) -> Recorded {
        // So that a run that crashes in its first seconds can be reported on, too.
        let written = self.files.replace(&self.tally);
        self.check(written);
        loop {
            let left = self.second.saturating_add(SECOND).saturating_sub(self.clock.now());
            let Ok(left) = u64::try_from(left) else {
                self.end_second();
                continue;
            };
            match receiver.recv_timeout(Duration::from_nanos(left)) {
                Ok(event) => {
                    for event in std::iter::once(event).chain(receiver.try_iter().take(TOGETHER)) {
                        if matches!(event, Event::End) {
                            return self.finish();
                        }
                        self.take(&event);
                    }
                    std::thread::sleep(PAUSE);
                }
                Err(RecvTimeoutError::Timeout) => self.end_second(),
                Err(RecvTimeoutError::Disconnected) => return self.finish(),
            }
        }
    }

    fn take(&mut self, event: &Event) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        if let Event::PhaseStarted(start) = event {
            self.own.enter(start.phase, start.span.start);
        }
        if let Event::PhaseEnded { phase, time } = event {
            self.end_phase(*phase, *time);
        }
        self.tally.add(event);
        if self.failure.is_none() {
            let written = match event {
                Event::Query(attempt) => self.files.query(self.tally.names(), attempt),
                Event::Failed(failed) => self.files.failed_write(self.tally.names(), failed),
                _ => return,
            };
            self.check(written);
        }
    }

    fn end_second(&mut self) {
        // One row may stand for several seconds where the machine was asleep or too busy.
        let end = self.clock.now().max(self.second.saturating_add(SECOND));
        self.write_until(end);
        self.keep_limits(end);
        if end - self.reported >= LINE_EVERY {
            self.report();
        }
    }

    /// Ends a phase with a row and a line of its own, so that neither mixes two phases.
    fn end_phase(&mut self, phase: usize, now: i64) {
        if now > self.second {
            self.write_until(now);
        }
        self.own.leave(phase, now);
        if now - self.reported >= SECOND {
            self.report();
        }
        // What is left belongs to no line: too short to say anything.
        self.tally.take_progress();
        self.reported = now;
    }

    fn write_until(&mut self, end: i64) {
        let span = Span { start: self.second, end: Some(end) };
        self.second = end;
        self.write_second(span);
    }

    /// Ends the run where a threshold says so, or the money is spent.
    fn keep_limits(&mut self, now: i64) {
        if self.halted {
            return;
        }
        let Limits { thresholds, prices, max_cost, .. } = &self.limits;
        let spent = prices.writes(self.tally.write_units()) + prices.scanned(self.tally.bytes_metered());
        let broken = thresholds::broken(thresholds, &self.tally, &self.own, (self.start, now));
        let message = match (broken, max_cost) {
            (Some((threshold, value)), _) => format!("threshold `{threshold}` is broken: {value}"),
            (None, Some(most)) if self.billed && spent >= *most => {
                let currency = &prices.currency;
                format!("the run has cost {spent:.2} {currency}, and its max_cost is {most:.2} {currency}")
            }
            _ => return,
        };
        self.halted = true;
        (self.halt)(Exit::Threshold, message);
    }

    fn write_second(&mut self, span: Span) {
        let queue = self.waiting.load(Ordering::Relaxed);
        let cpu_cores = self.own.sample(span.end.unwrap_or(span.start), queue);
        self.busy = cpu_cores;
        let (row, logged) = self.tally.end_second(span, |workload, tag, histogram| {
            self.files.histogram(workload, tag, span, histogram)
        });
        if self.failure.is_none() {
            let row = TimelineRow { cpu_cores: round(cpu_cores), recorder_queue: queue, ..row };
            let written = logged.and_then(|()| self.files.second(&row));
            self.check(written);
        }
    }

    /// Prints a line of figures and writes what is replaced whole.
    fn report(&mut self) {
        let mut progress = self.tally.take_progress();
        let now = self.clock.now();
        let length = crate::results::seconds(now - std::mem::replace(&mut self.reported, now));
        (progress.busy, progress.cores) = (self.busy, self.cores);
        progress.cpu_bound = self.limits.bounds.cpu;
        if let Some((phase, start)) = self.tally.phase_start() {
            let into_phase = crate::results::seconds(now - start);
            let when = progress::When { phase, into_phase, length };
            let mut lines = Vec::new();
            let names = self.tally.names();
            if progress.has_writes() {
                let writers = names.workloads.iter().filter(|workload| workload.queries.is_empty());
                let in_flight = writers.filter_map(|workload| workload.kind.in_flight()).sum();
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
        let thresholds = thresholds::rows(&self.limits.thresholds, &self.tally, &self.own);
        if self.failure.is_none() {
            let written = self.files.thresholds(&thresholds);
            self.check(written);
        }
        let mut validity = validity::judge(&self.tally, &self.own, &self.limits.bounds, self.cores);
        if let Some(failure) = &self.failure
            && let Some(resource) = failure.exhausted()
        {
            validity.valid = false;
            validity.reasons.push(match resource {
                Resource::Disk => format!("the disk ran out: {failure}"),
                Resource::OpenFiles => format!("open files ran out: {failure}; raise `ulimit -n`"),
            });
        }
        let passed = thresholds.iter().all(|row| row.passed);
        Recorded { accounts: self.tally.accounts(), validity, passed }
    }

    fn check(&mut self, written: Result<(), ResultsError>) {
        if let Err(error) = written {
            let exit = if error.exhausted().is_some() { Exit::Invalid } else { Exit::Failed };
            (self.halt)(exit, error.to_string());
            self.failure = Some(error);
        }
    }
}
