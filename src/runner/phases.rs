//! Runs the phases one after the other. A phase lasts as long as the plan says; what is late at its
//! end goes on beside the next one, which waits for nothing but its own users and its own grid.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use super::arrivals::{Reception, Servers};
use super::context::{Context, PhaseEnd, joined};
use super::error::{RunError, exit_of};
use super::ingest::{History, Pacer};
use super::user::{Crew, Turn, User};
use crate::clock::nanos;
use crate::feed::Remark;
use crate::load::{Curve, Span, Unit};
use crate::plan::{EndTime, IngestLoad, Load, Pace, Phase, PhaseKind, Work};
use crate::recorder::event::{ArrivalPlan, Event, HistoryPlan, IngestPlan, PhaseStart, WindowWait};
use crate::results::{PhaseTimes, utc};
use crate::schedule::{self, Arrivals, Users};
use crate::values::draw;

/// Where the phases of a run have got to.
pub(crate) struct Phases {
    context: Arc<Context>,
    crews: HashMap<usize, Arc<Crew>>,
    windows: HashMap<usize, Arc<Semaphore>>,
    /// By workload with a rate: who serves its arrivals.
    servers: HashMap<usize, Arc<Servers>>,
    /// Workloads whose history an earlier phase has sent, and which may still be under way.
    historians: Vec<usize>,
    /// By workload: the pacer of an earlier phase, which goes before that of the next.
    pacers: HashMap<usize, JoinHandle<()>>,
    /// By workload and user: the user in an earlier phase.
    users: HashMap<(usize, u32), JoinHandle<User>>,
}

/// A phase under way.
struct Running<'a> {
    index: usize,
    phase: &'a Phase,
    span: Span,
    end: PhaseEnd,
}

impl Phases {
    pub(crate) fn new(context: Arc<Context>, crews: HashMap<usize, Arc<Crew>>) -> Self {
        let windows = context.plan.workloads.iter().enumerate().filter_map(|(index, workload)| {
            let Work::Ingest(load) = &workload.work else { return None };
            Some((index, Arc::new(Semaphore::new(room(load)))))
        });
        let windows = windows.collect();
        let servers = crews.iter().filter_map(|(index, crew)| {
            let Pace::Open { in_flight, .. } = crew.load.pace else { return None };
            Some((*index, Arc::new(Servers::new(crew, in_flight))))
        });
        let servers = servers.collect();
        Self {
            context,
            crews,
            windows,
            servers,
            historians: Vec::new(),
            pacers: HashMap::new(),
            users: HashMap::new(),
        }
    }

    /// Runs all phases from `start` on, and returns once nothing is under way any more.
    pub(crate) async fn run(mut self, start: i64) -> Vec<PhaseTimes> {
        let context = Arc::clone(&self.context);
        let mut times = Vec::new();
        let mut start = start;
        for (index, phase) in context.plan.phases.iter().enumerate() {
            if context.stop.is_asked() {
                break;
            }
            if let Err(error) = self.read_latest(phase).await {
                if !context.stop.is_asked() {
                    context.stop.fail(error.exit(), error.to_string());
                }
                break;
            }
            // The time that this took is no part of a phase that nothing but its queries would miss.
            if !phase
                .loads
                .iter()
                .any(|load| matches!(context.plan.workloads[load.workload].work, Work::Ingest(_)))
            {
                start = start.max(context.clock.now());
            }
            if let Some(warning) = context.plan.warning(index) {
                context.tell(Event::Remark(Remark::warning(warning)));
            }
            if let Err(error) = context.target.set_faults(phase.faults.as_ref()).await {
                context.stop.fail(exit_of(error.kind), error.to_string());
                break;
            }
            let end = self.phase(index, phase, start).await;
            times.push(PhaseTimes {
                name: phase.name.clone(),
                record: phase.record,
                started_utc: utc(start),
                ended_utc: utc(end),
            });
            // Where this one ends on the grid, the next goes on: no gap, no overlap.
            start = end;
        }
        self.finish().await;
        // What cannot be cleared goes with the connection that holds it.
        let _ = context.target.set_faults(None).await;
        times
    }

    /// Finds out where the windows of a phase's queries end.
    async fn read_latest(&mut self, phase: &Phase) -> Result<(), RunError> {
        for workload in phase.workloads() {
            if let Some(crew) = self.crews.get(&workload).filter(|crew| crew.load.end == EndTime::Latest) {
                let crew = Arc::clone(crew);
                self.history_stored().await;
                crew.read_latest().await?;
            }
        }
        Ok(())
    }

    /// Waits until the history that earlier phases sent is answered, or somebody ends the run.
    async fn history_stored(&mut self) {
        for workload in std::mem::take(&mut self.historians) {
            tokio::select! {
                () = self.idle(workload) => {}
                () = self.context.stop.asked() => return,
            }
        }
    }

    /// Waits until no write of a workload is under way.
    async fn idle(&self, workload: usize) {
        if let (Some(window), Work::Ingest(load)) =
            (self.windows.get(&workload), &self.context.plan.workloads[workload].work)
        {
            // Room for all is there once no request is in flight; the window is never closed.
            let _ = window.acquire_many(u32::try_from(room(load)).unwrap_or(u32::MAX)).await;
        }
    }

    /// Runs one phase; gives its end.
    async fn phase(&mut self, index: usize, phase: &Phase, start: i64) -> i64 {
        let span = schedule::phase_span(phase, start);
        let (ends, end) = watch::channel(span.end);
        let running = Running { index, phase, span, end };
        let (mut ingest, mut histories, mut arrivals) = (Vec::new(), Vec::new(), Vec::new());
        let mut history = Vec::new();
        for load in &phase.loads {
            let context = Arc::clone(&self.context);
            match (&context.plan.workloads[load.workload].work, phase.kind) {
                (Work::Ingest(of), PhaseKind::Backfill { history: length, until }) => {
                    let last = until.and_then(|time| time.timestamp_nanos_opt());
                    let from = last.unwrap_or(start).saturating_sub(nanos(length));
                    let (plan, task) = self.backfill(&running, load, of, (from, last));
                    histories.push(plan);
                    self.historians.push(load.workload);
                    history.push(task);
                }
                (Work::Ingest(of), _) => ingest.push(self.ingest(&running, load, of)),
                (Work::Query(_), _) => arrivals.extend(self.query(&running, load)),
            }
        }
        let workloads = phase.workloads().collect();
        let started = PhaseStart { phase: index, span, workloads, ingest, history: histories, arrivals };
        self.context.tell(Event::PhaseStarted(started));
        let end = self.until_end(&running, history).await;
        self.context.tell(Event::PhaseEnded { phase: index, time: self.context.clock.now() });
        // Nobody listens where nothing runs.
        let _ = ends.send(Some(end));
        end
    }

    /// Returns at the phase's end, with its instant.
    async fn until_end(&mut self, running: &Running<'_>, history: Vec<JoinHandle<i64>>) -> i64 {
        let context = &self.context;
        match running.phase.kind {
            PhaseKind::Timed(_) => {
                let end = running.span.end.unwrap_or(running.span.start);
                tokio::select! {
                    () = context.clock.sleep_until(end) => return end,
                    () = context.stop.asked() => {}
                }
            }
            PhaseKind::Forever => context.stop.asked().await,
            PhaseKind::Once { workload } => {
                if let Some(crew) = self.crews.get(&workload) {
                    once(Arc::clone(crew), running.index).await;
                }
            }
            PhaseKind::Backfill { until, .. } => {
                let mut reached = Vec::new();
                for task in history {
                    reached.push(joined(task).await);
                }
                // Live load goes on where history ends; with `until` that may be long ago.
                if let (None, Some(end), false) = (until, reached.into_iter().min(), context.stop.is_asked())
                {
                    return end;
                }
            }
        }
        context.clock.now()
    }

    fn pacer(&self, running: &Running<'_>, load: &Load, ingest: &IngestLoad) -> Pacer {
        let window = self.windows.get(&load.workload).cloned();
        Pacer {
            context: Arc::clone(&self.context),
            phase: running.index,
            workload: load.workload,
            load: ingest.clone(),
            share: Curve::share(&load.amount, running.span, self.context.plan.generator.records_per_second()),
            window: window.unwrap_or_else(|| Arc::new(Semaphore::new(1))),
            cursor: Arc::new(AtomicI64::new(running.span.start)),
            end: running.end.clone(),
            admitted: None,
        }
    }

    /// Starts an ingest load that follows the clock, behind what an earlier phase has left to send.
    fn ingest(&mut self, running: &Running<'_>, load: &Load, ingest: &IngestLoad) -> IngestPlan {
        let pacer = self.pacer(running, load, ingest);
        let makes = self.context.plan.generator.records_per_second();
        let plan = IngestPlan {
            workload: load.workload,
            rate: Curve::of(&load.amount, running.span, makes),
            cursor: Arc::clone(&pacer.cursor),
        };
        let start = running.span.start;
        self.after_earlier(load.workload, async move { pacer.live(start).await });
        plan
    }

    /// Starts to write history, behind what an earlier phase has left to send.
    fn backfill(
        &mut self,
        running: &Running<'_>,
        load: &Load,
        ingest: &IngestLoad,
        (from, until): (i64, Option<i64>),
    ) -> (HistoryPlan, JoinHandle<i64>) {
        let mut pacer = self.pacer(running, load, ingest);
        let rate = (load.amount.unit == Unit::Rate).then(|| Curve::of(&load.amount, running.span, 1.0));
        if rate.is_some() {
            // The rate is that of the whole fleet's history.
            pacer.share = Curve::constant(1.0);
        }
        pacer.cursor.store(from, Ordering::Relaxed);
        let plan = HistoryPlan { from, until, cursor: Arc::clone(&pacer.cursor) };
        let earlier = self.pacers.remove(&load.workload);
        let task = tokio::spawn(async move {
            if let Some(earlier) = earlier {
                joined(earlier).await;
            }
            pacer.backfill(History { from, until, rate }).await
        });
        (plan, task)
    }

    /// Starts a query load: its users, or those who serve what arrives.
    fn query(&mut self, running: &Running<'_>, load: &Load) -> Option<ArrivalPlan> {
        let crew = self.crews.get(&load.workload)?;
        match crew.load.pace {
            Pace::Closed { users, .. } => {
                let curve = Curve::of(&load.amount, running.span, f64::from(users));
                self.send_users(running, load.workload, Users::new(curve, running.span));
                None
            }
            Pace::Open { rate, pattern, behind, .. } => {
                let plan = &self.context.plan;
                let (workload, phase) = (&plan.workloads[load.workload].name, &running.phase.name);
                let rate = Curve::of(&load.amount, running.span, rate);
                let key = draw::child(draw::child(draw::root(plan.seed), workload, "rate"), phase, "");
                let cursor = Arc::new(AtomicI64::new(running.span.start));
                let reception = Reception {
                    servers: Arc::clone(self.servers.get(&load.workload)?),
                    phase: running.index,
                    arrivals: Arrivals::new(rate.clone(), pattern, key, running.span),
                    behind,
                    cursor: Arc::clone(&cursor),
                    end: running.end.clone(),
                };
                self.after_earlier(load.workload, reception.open());
                Some(ArrivalPlan { workload: load.workload, rate, cursor })
            }
        }
    }

    /// Starts a workload's task in a phase once its task in an earlier phase is done.
    fn after_earlier(&mut self, workload: usize, task: impl Future<Output = ()> + Send + 'static) {
        let earlier = self.pacers.remove(&workload);
        let task = tokio::spawn(async move {
            if let Some(earlier) = earlier {
                joined(earlier).await;
            }
            task.await;
        });
        self.pacers.insert(workload, task);
    }

    /// Sends a workload's users to the phase; who is still busy with an earlier one comes after.
    fn send_users(&mut self, running: &Running<'_>, workload: usize, users: Users) {
        let Some(crew) = self.crews.get(&workload) else { return };
        let users = Arc::new(users);
        for index in 0..users.most() {
            let earlier = self.users.remove(&(workload, index));
            let (crew, users) = (Arc::clone(crew), Arc::clone(&users));
            let (end, phase) = (running.end.clone(), running.index);
            let task = tokio::spawn(async move {
                let mut user = match earlier {
                    Some(earlier) => joined(earlier).await,
                    None => User::new(crew, index + 1),
                };
                user.work(phase, &users, end).await;
                user
            });
            self.users.insert((workload, index), task);
        }
    }

    /// Waits for everything that is under way.
    async fn finish(mut self) {
        for (_, pacer) in self.pacers.drain() {
            joined(pacer).await;
        }
        for (_, user) in self.users.drain() {
            joined(user).await;
        }
        for servers in self.servers.values() {
            servers.rest().await;
        }
        for workload in self.windows.keys() {
            self.idle(*workload).await;
        }
    }
}

/// Runs every query of a workload once, one after the other.
async fn once(crew: Arc<Crew>, phase: usize) {
    let mut user = User::new(Arc::clone(&crew), 1);
    for query in 0..crew.queries.queries().len() {
        if crew.context.stop.is_asked() {
            return;
        }
        user.ask(phase, query, Turn { intended: crew.context.clock.now(), wait: WindowWait::default() })
            .await;
    }
}

/// Requests that may be in flight.
fn room(load: &IngestLoad) -> usize {
    load.in_flight.clamp(1, u32::MAX as usize)
}
