//! A run as it is seen while it goes on: a live view in a terminal, plain lines in a pipe, JSON lines for programs, and
//! metrics. Each reads the run's feed and nothing else, in threads of its own, so that a reader who is slow or gone holds
//! up nothing. Not here: counting (`recorder`), the summary at the end (`report`).

mod frame;
mod json;
mod lines;
mod live;
#[cfg(test)]
mod made_up;
mod metrics;
mod queries;
mod screen;
#[cfg(test)]
mod tests;
mod text;
mod words;

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use frame::Size;
use json::Json;
use lines::Lines;
use live::Live;
use metrics::Metrics;
pub use metrics::MetricsError;

use crate::clock::{Clock, SystemClock};
use crate::exit::Exit;
use crate::feed::{Feed, News, Next, RunResult};

/// How long a view waits for news before it looks at the clock and the window.
const PATIENCE: Duration = Duration::from_millis(250);

/// How a run is to be watched.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What is written on standard error.
    pub show: Show,
    /// Where metrics are to be read from, as Prometheus text.
    pub metrics_listen: Option<SocketAddr>,
    /// Where metrics are sent by OTLP, instead of where the environment says.
    pub otlp_endpoint: Option<String>,
}

/// What is written on standard error while a run goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Show {
    /// Nothing.
    Nothing,
    /// A live view in a terminal, plain lines anywhere else.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

/// What is watched.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    /// The scenario's name.
    pub scenario: String,
    /// The seed of every draw.
    pub seed: u64,
}

/// The watchers of a run.
#[derive(Debug)]
pub struct Watch {
    feed: Feed,
    view: Option<JoinHandle<()>>,
    metrics: Option<Metrics>,
}

/// A way to show news.
trait View: Send {
    /// Shows it.
    fn show(&mut self, news: &News);
    /// Some time is over and nothing came.
    fn tick(&mut self) {}
    /// Nothing follows.
    fn end(&mut self) {}
}

/// Shows nothing.
struct Blind;

impl View for Blind {
    fn show(&mut self, _: &News) {}
}

impl Watch {
    /// Begins to watch.
    ///
    /// # Errors
    /// Metrics cannot be served where they were asked for.
    pub fn start(options: &Options, subject: &Subject) -> Result<Self, MetricsError> {
        let feed = Feed::watched();
        let metrics = Metrics::start(options, subject, &feed)?;
        if options.show == Show::Nothing && metrics.is_none() {
            return Ok(Self { feed: Feed::default(), view: None, metrics: None });
        }
        let mut view = view(options.show, subject);
        let news = feed.clone();
        let thread = std::thread::Builder::new().name("view".to_owned());
        let thread = thread.spawn(move || watch(&news, &mut *view)).map_err(MetricsError::Threads)?;
        Ok(Self { feed, view: Some(thread), metrics })
    }

    /// Where the run tells its news.
    #[must_use]
    pub fn feed(&self) -> Feed {
        self.feed.clone()
    }

    /// Shows what is left to show, sends the last metrics, and ends.
    pub fn end(self, result: Option<RunResult>) {
        if let Some(result) = result {
            self.feed.tell(News::Result(Arc::new(result)));
        }
        // First, since what becomes of the last export may be worth a remark.
        drop(self.metrics);
        self.feed.close();
        if let Some(view) = self.view {
            // A view that panicked shows nothing more; the run is none the worse for it.
            let _ = view.join();
        }
    }
}

/// Shows news as it comes.
fn watch(feed: &Feed, view: &mut dyn View) {
    loop {
        match feed.next(PATIENCE) {
            Next::News(news) => view.show(&news),
            Next::Nothing => view.tick(),
            Next::Closed => return view.end(),
        }
    }
}

fn view(show: Show, subject: &Subject) -> Box<dyn View> {
    let (err, clock) = (std::io::stderr(), Arc::new(SystemClock::start()));
    match show {
        Show::Nothing => Box::new(Blind),
        Show::Json => Box::new(Json::new(err, clock)),
        Show::Text if is_live() => {
            let colours = console::colors_enabled_stderr();
            Box::new(Live::new(err, subject.scenario.clone(), clock, Box::new(terminal), colours))
        }
        Show::Text => Box::new(Lines::new(err)),
    }
}

/// Whether standard error is a terminal in which lines can be drawn again, and somebody looks at it.
fn is_live() -> bool {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let dumb = set("TERM").is_none_or(|term| term == "dumb");
    std::io::stderr().is_terminal() && !dumb && set("CI").is_none_or(|ci| ci == "false")
}

fn terminal() -> Size {
    let (height, width) = console::Term::stderr().size();
    Size { width: usize::from(width), height: usize::from(height) }
}

/// The failure with which a process ends, as a JSON line.
#[must_use]
pub fn failure_line(exit: Exit, message: &str) -> String {
    json::failure(SystemClock::start().now(), exit, message)
}
