//! A user: asks, reads the answer, thinks, asks again (closed load); or serves the queries that
//! arrive (`arrivals`). Not here: one query (`ask`), how many users there are (`schedule`).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};
use rand::{Rng, RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::context::{Context, PhaseEnd, Wait};
use super::error::RunError;
use super::table;
use crate::load::Span;
use crate::plan::{EndTime, Pace, Pick, QueryLoad};
use crate::queries::QuerySet;
use crate::recorder::event::WindowWait;
use crate::schedule::Users;
use crate::units::SECOND;
use crate::values::{Value, draw};

/// How long a user waits at the least who could not even ask: a query that cannot be written now can
/// mostly not be written in the next instant either.
const VAIN_PAUSE: i64 = SECOND;

/// The parameters of a query: names and values of one host.
pub(crate) type Parameters = Arc<Vec<(Arc<str>, Value)>>;

/// What the users of one workload share.
#[derive(Debug)]
pub(crate) struct Crew {
    pub context: Arc<Context>,
    /// Index into the plan's workloads.
    pub workload: usize,
    pub load: QueryLoad,
    pub queries: QuerySet,
    /// The first nanosecond after the newest row when the phase began; for windows that end there.
    latest: AtomicI64,
    /// Users of the workloads before this one; a user's number in the run follows it.
    pub threads_before: u32,
}

impl Crew {
    pub(crate) fn new(
        context: Arc<Context>,
        workload: usize,
        load: QueryLoad,
        queries: QuerySet,
        threads_before: u32,
    ) -> Self {
        let latest = AtomicI64::new(context.clock.now());
        Self { context, workload, load, queries, latest, threads_before }
    }

    /// Reads the newest time of the table, at which windows end.
    ///
    /// # Errors
    /// The target's, or an empty table.
    pub(crate) async fn read_latest(&self) -> Result<(), RunError> {
        let latest = table::latest(&self.context).await?;
        self.latest.store(latest.timestamp_nanos_opt().unwrap_or(i64::MAX), Ordering::Relaxed);
        Ok(())
    }

    /// The end of a window that is asked for now.
    pub(crate) fn window_end(&self) -> DateTime<Utc> {
        match self.load.end {
            EndTime::At(time) => time,
            EndTime::Latest => DateTime::from_timestamp_nanos(self.latest.load(Ordering::Relaxed)),
            EndTime::Now => self.now(),
        }
    }

    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_nanos(self.context.clock.now())
    }
}

/// When a query was meant to be asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn {
    pub intended: i64,
    /// How somebody was found who asks it.
    pub wait: WindowWait,
}

/// One user of a workload. All its draws are its own, so that users do not change each other.
#[derive(Debug)]
pub(crate) struct User {
    pub crew: Arc<Crew>,
    /// From 1.
    pub number: u32,
    pub rng: Xoshiro256PlusPlus,
    key: u64,
    thoughts: i64,
    parameters: Option<Parameters>,
    /// When it asks next; none before its first question.
    next: Option<i64>,
}

impl User {
    pub(crate) fn new(crew: Arc<Crew>, number: u32) -> Self {
        let root = draw::root(crew.context.plan.seed);
        let name = &crew.context.plan.workloads[crew.workload].name;
        let key = draw::child(root, name, &number.to_string());
        let rng = Xoshiro256PlusPlus::seed_from_u64(key);
        Self { crew, number, rng, key, thoughts: 0, parameters: None, next: None }
    }

    /// The user's number in the run, from 1.
    pub(crate) fn thread(&self) -> u32 {
        self.crew.threads_before + self.number
    }

    /// Asks for as long as it is there in a phase; what was begun is finished after.
    pub(crate) async fn work(&mut self, phase: usize, users: &Users, mut end: PhaseEnd) {
        // One who was busy with an answer for longer than the phase before need not hurry now.
        let mut from = self.crew.context.clock.now();
        while let Some(span) = users.presence(self.number - 1, from) {
            if self.stay(phase, span, &mut end).await != Wait::Ended {
                return;
            }
            let Some(left) = span.end else { return };
            from = left.max(self.crew.context.clock.now());
        }
    }

    /// Asks for a while; ended where it has to go, with the phase or before.
    async fn stay(&mut self, phase: usize, span: Span, end: &mut PhaseEnd) -> Wait {
        loop {
            let intended = self.next_question(span.start);
            if span.end.is_some_and(|end| intended >= end) {
                return Wait::Ended;
            }
            match self.crew.context.wait(intended, end).await {
                Wait::Due => {}
                // What ends a phase before its time ends it for good.
                Wait::Ended | Wait::Stopped => return Wait::Stopped,
            }
            let query = self.crew.queries.draw(&mut self.rng);
            let sent = self.ask(phase, query, Turn { intended, wait: WindowWait::default() }).await;
            let now = self.crew.context.clock.now();
            let pause = if sent { self.think() } else { self.think().max(VAIN_PAUSE) };
            self.next = Some(now.saturating_add(pause));
            // Nothing above need have waited for anything.
            tokio::task::yield_now().await;
        }
    }

    /// Asks what arrived with the draws of `key`: who serves it changes nothing.
    pub(crate) async fn serve(&mut self, phase: usize, key: u64, turn: Turn) {
        self.rng = Xoshiro256PlusPlus::seed_from_u64(key);
        let query = self.crew.queries.draw(&mut self.rng);
        self.ask(phase, query, turn).await;
    }

    /// When it asks next. Users who come to a phase are spread over a time of thinking, so that
    /// they do not ask all at once.
    fn next_question(&mut self, from: i64) -> i64 {
        match self.next {
            Some(next) if next >= from => next,
            _ => {
                let wait = self.think() as f64 * self.rng.random::<f64>();
                let next = from.saturating_add(wait as i64);
                self.next = Some(next);
                next
            }
        }
    }

    /// Nanoseconds until the next question.
    fn think(&mut self) -> i64 {
        let Pace::Closed { think, .. } = &self.crew.load.pace else { return 0 };
        self.thoughts += 1;
        think.span(self.key, self.thoughts)
    }

    /// The parameters of the next query.
    ///
    /// # Errors
    /// Kind and message, where they were to be read from the table and could not be.
    pub(crate) async fn parameters(&mut self) -> Result<Parameters, (&'static str, String)> {
        if let Some(parameters) = &self.parameters {
            return Ok(Arc::clone(parameters));
        }
        let (parameters, keep) = match &self.crew.load.pick {
            Pick::Request => (self.draw_host(), false),
            Pick::User => (self.draw_host(), true),
            Pick::Fixed(values) => {
                let values = values.iter().map(|(name, value)| (Arc::from(name.as_str()), value.clone()));
                (values.collect(), true)
            }
            Pick::Table { .. } => (self.look_up().await?, true),
        };
        let parameters = Arc::new(parameters);
        if keep {
            self.parameters = Some(Arc::clone(&parameters));
        }
        Ok(parameters)
    }

    fn draw_host(&mut self) -> Vec<(Arc<str>, Value)> {
        let generator = &self.crew.context.plan.generator;
        let host = self.rng.random_range(0..generator.hosts().max(1));
        let then = self.crew.window_end().timestamp_nanos_opt().unwrap_or(i64::MAX);
        generator.attributes(host, self.rng.next_u64(), then)
    }

    /// Reads the parameters from the table, as the columns of a row.
    async fn look_up(&self) -> Result<Vec<(Arc<str>, Value)>, (&'static str, String)> {
        let crew = &self.crew;
        let Some(sql) = crew.queries.render_look_up(crew.window_end()) else { return Ok(Vec::new()) };
        let sql = sql.map_err(|error| ("template", error.to_string()))?;
        let answer = crew.context.insist(&sql).await;
        let answer = answer.map_err(|error| (error.kind.name(), error.message))?;
        if answer.rows == 0 {
            return Err(("no_row", "the look-up found no row to take parameters from".to_owned()));
        }
        let value = |(name, text): (String, Option<String>)| {
            (Arc::from(name), Value::Text(Arc::from(text.unwrap_or_default())))
        };
        Ok(answer.first.into_iter().map(value).collect())
    }
}
