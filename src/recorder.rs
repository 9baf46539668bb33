//! Counts what workers did and writes it down as the run goes. One thread owns all counts and all
//! files; workers send it a message for each write and each attempt of a query, and share nothing. Not here: the files' forms
//! (`results`), deciding what happens next (`runner`).

mod advice;
mod errors;
pub(crate) mod event;
mod figures;
mod names;
mod own;
mod pace;
mod recent;
mod series;
mod tally;
#[cfg(test)]
mod tests;
mod thread_logs;
pub(crate) mod thresholds;
mod validity;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

pub(crate) use event::Event;
use figures::Taken;
pub(crate) use names::Names;
use own::OwnUse;
pub(crate) use series::Series;
use tally::Tally;
use writer::RunFiles;

use crate::clock::Clock;
use crate::exit::Exit;
use crate::feed::{Feed, Figures, News, Runner};
use crate::load::Span;
use crate::plan::Limits;
use crate::results::files::Resource;
use crate::results::{Accounts, ResultsError, RunDir, TimelineRow, Validity, processor_time, round};
use crate::units::SECOND;

/// What comes in meanwhile is taken together: to wake a thread for each message costs more than all
/// that is counted of it.
const PAUSE: Duration = Duration::from_millis(5);
/// Messages that are taken together at the most, so that a second ends in time under any load.
const TOGETHER: usize = 10_000;

/// Nanoseconds after which the files that hold sums are written anew.
const REPLACE_EVERY: i64 = 5 * SECOND;

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
    /// Where figures go as the run goes on.
    pub feed: Feed,
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
    feed: Feed,
    halt: Box<dyn Fn(Exit, String) + Send>,
    failure: Option<ResultsError>,
    second: i64,
    /// Cores that were busy in the last second.
    busy: f64,
    /// Messages that waited for it when the last second ended.
    queue: u64,
    /// When the files that hold sums were written last.
    replaced: i64,
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
            feed: setup.feed,
            halt: setup.halt,
            failure: None,
            second: setup.start,
            busy: 0.0,
            queue: 0,
            replaced: setup.start,
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
        self.pass_on(event);
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
        if end - self.replaced >= REPLACE_EVERY {
            self.replaced = end;
            let written = if self.failure.is_none() { self.files.replace(&self.tally) } else { Ok(()) };
            self.check(written);
        }
        self.tell(News::Figures);
    }

    /// Ends a phase with a row of its own, so that none mixes two phases.
    fn end_phase(&mut self, phase: usize, now: i64) {
        if now > self.second {
            self.write_until(now);
        }
        self.own.leave(phase, now);
    }

    /// Tells those who watch of what is news to them.
    fn pass_on(&mut self, event: &Event) {
        match event {
            Event::PhaseStarted(_) => {
                self.tally.forget_recent();
                self.tell(News::PhaseBegan);
            }
            Event::PhaseEnded { .. } => self.tell(News::PhaseEnded),
            Event::Remark(remark) => self.feed.tell(News::Remark(remark.clone())),
            _ => {}
        }
    }

    fn tell(&mut self, news: impl FnOnce(Arc<Figures>) -> News) {
        self.tell_figures(false, news);
    }

    /// Tells the figures of now, which nobody makes for nobody.
    fn tell_figures(&mut self, last: bool, news: impl FnOnce(Arc<Figures>) -> News) {
        if !self.feed.is_watched() {
            return;
        }
        let runner = Runner {
            cpu_cores: round(self.busy),
            cores: self.cores,
            cpu_seconds: round(processor_time().as_secs_f64()),
            queue: self.queue,
        };
        let cpu_bound = self.limits.bounds.cpu;
        let taken = Taken { time: self.clock.now(), start: self.start, last, runner, cpu_bound };
        if let Some(figures) = self.tally.figures(&taken) {
            self.feed.tell(news(Arc::new(figures)));
        }
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
        (self.busy, self.queue) = (cpu_cores, queue);
        let (row, logged) = self.tally.end_second(span, |workload, tag, histogram| {
            self.files.histogram(workload, tag, span, histogram)
        });
        if self.failure.is_none() {
            let row = TimelineRow { cpu_cores: round(cpu_cores), recorder_queue: queue, ..row };
            let written = logged.and_then(|()| self.files.second(&row));
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
        self.tell_figures(true, News::Figures);
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
