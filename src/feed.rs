//! What a run tells whoever watches it: remarks, phases and its newest figures, in the order in which they came about.
//! Telling never waits for the watcher: figures that nobody has taken yet give way to newer ones. Not here: counting
//! (`recorder`), showing (`watch`).

mod figures;

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use figures::{Extent, Figures, Operation, PhaseFigures, Recent, Runner, Totals, Work, WorkloadFigures};

use crate::exit::Exit;
use crate::results::{Accounts, Validity};

/// One piece of news.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// Something that people should know.
    Remark(Remark),
    /// A phase has begun.
    PhaseBegan(Arc<Figures>),
    /// The figures of now.
    Figures(Arc<Figures>),
    /// A phase is over; what is late is still sent.
    PhaseEnded(Arc<Figures>),
    /// The run is over and everything is written.
    Result(Arc<RunResult>),
}

/// A sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// How much it matters.
    pub level: Level,
    /// What it says.
    pub text: String,
}

/// How much a remark matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Good to know.
    Info,
    /// The figures may not be what they seem.
    Warning,
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq)]
pub struct RunResult {
    /// When everything was written, in nanoseconds since the epoch.
    pub time: i64,
    /// How the process will end.
    pub exit: Exit,
    /// The run directory.
    pub run_dir: String,
    /// Why it ended before its plan, where nobody asked it to.
    pub failure: Option<String>,
    /// Records over all phases.
    pub records: Accounts,
    /// Whether its figures count.
    pub validity: Validity,
}

impl Remark {
    /// Something good to know.
    #[must_use]
    pub fn info(text: impl Into<String>) -> Self {
        Self { level: Level::Info, text: text.into() }
    }

    /// Something that may spoil the figures.
    #[must_use]
    pub fn warning(text: impl Into<String>) -> Self {
        Self { level: Level::Warning, text: text.into() }
    }
}

/// The way from a run to its watchers; nobody watches by default. Clones are the same way.
#[derive(Debug, Clone, Default)]
pub struct Feed(Option<Arc<Shared>>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct State {
    news: VecDeque<News>,
    latest: Option<Arc<Figures>>,
    closed: bool,
}

/// What waiting for news comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// There is some.
    News(News),
    /// There was none in time.
    Nothing,
    /// There will never be any again.
    Closed,
}

impl Feed {
    /// One that is watched.
    #[must_use]
    pub fn watched() -> Self {
        Self(Some(Arc::default()))
    }

    /// Whether anybody watches; to whom nobody listens need not count.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.0.is_some()
    }

    /// Tells a piece of news. Figures take the place of those just before them that wait to be taken.
    pub fn tell(&self, news: News) {
        let Some(shared) = &self.0 else { return };
        let mut state = shared.lock();
        if let News::Figures(figures) | News::PhaseBegan(figures) | News::PhaseEnded(figures) = &news {
            state.latest = Some(Arc::clone(figures));
        }
        match (&news, state.news.back_mut()) {
            (News::Figures(_), Some(last @ News::Figures(_))) => *last = news,
            _ => state.news.push_back(news),
        }
        shared.arrived.notify_all();
    }

    /// Tells something that is good to know.
    pub fn remark(&self, text: impl Into<String>) {
        self.tell(News::Remark(Remark::info(text)));
    }

    /// Nothing follows.
    pub fn close(&self) {
        if let Some(shared) = &self.0 {
            shared.lock().closed = true;
            shared.arrived.notify_all();
        }
    }

    /// The oldest news that nobody has taken, waited for if there is none.
    #[must_use]
    pub fn next(&self, patience: Duration) -> Next {
        let Some(shared) = &self.0 else { return Next::Closed };
        let waits = |state: &mut State| state.news.is_empty() && !state.closed;
        let waited = shared.arrived.wait_timeout_while(shared.lock(), patience, waits);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match state.news.pop_front() {
            Some(news) => Next::News(news),
            None if state.closed => Next::Closed,
            None => Next::Nothing,
        }
    }

    /// The newest figures, taken or not.
    #[must_use]
    pub fn latest(&self) -> Option<Arc<Figures>> {
        self.0.as_ref()?.lock().latest.clone()
    }
}

impl Shared {
    /// A watcher that panicked leaves nothing half done here.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(time: i64) -> Arc<Figures> {
        Arc::new(Figures { time, ..Figures::default() })
    }

    #[test]
    fn only_the_newest_figures_wait_and_all_else_keeps_its_order() {
        let feed = Feed::watched();
        let ended = News::PhaseEnded(figures(3));
        for news in [News::Figures(figures(1)), News::Figures(figures(2)), ended.clone()] {
            feed.tell(news);
        }
        feed.remark("next");
        (4..9).for_each(|time| feed.tell(News::Figures(figures(time))));
        feed.close();
        assert_eq!(feed.latest(), Some(figures(8)));
        let all: Vec<Next> = std::iter::repeat_with(|| feed.next(Duration::MAX)).take(5).collect();
        let expected =
            [News::Figures(figures(2)), ended, News::Remark(Remark::info("next")), News::Figures(figures(8))];
        assert_eq!(all[..4], expected.map(Next::News));
        assert_eq!(all[4], Next::Closed);
    }

    #[test]
    fn nobody_listens_unless_asked_to() {
        let feed = Feed::default();
        feed.remark("unheard");
        assert!(!feed.is_watched());
        assert_eq!((feed.latest(), feed.next(Duration::MAX)), (None, Next::Closed));
    }

    #[test]
    fn waiting_ends() {
        assert_eq!(Feed::watched().next(Duration::ZERO), Next::Nothing);
    }
}
