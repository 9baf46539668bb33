//! A run from its plan to its outcome.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::context::Context;
use super::error::RunError;
use super::health::Health;
use super::incidents;
use super::options::{Outcome, RunOptions};
use super::phases::Phases;
use super::retry::RetryPolicy;
use super::senders::Senders;
use super::signals::Signals;
use super::stop::Stop;
use super::table;
use super::user::Crew;
use crate::clock::{Clock, SystemClock, nanos};
use crate::exit::Exit;
use crate::feed::Feed;
use crate::load::Unit;
use crate::plan::{Pace, Plan, QueryLoad, ThreadLogs, Work};
use crate::queries::QuerySet;
use crate::recorder::{Names, Recorded, Recorder, Setup};
use crate::results::{
    Accounts, Fleet, Machine, Manifest, Meter, RecentRows, RunDir, State, Usage, Validity, stamp, utc,
};
use crate::target::{Prepared, Target, connect};

/// Users up to whom `thread_logs: auto` writes their logs.
const AUTO_THREADS: u32 = 100;

/// Runs a plan and leaves a run directory under `options.out`.
///
/// # Errors
/// Whatever keeps the run from beginning. What goes wrong later is in the outcome.
pub async fn run(mut plan: Plan, options: RunOptions) -> Result<Outcome, RunError> {
    select_phases(&mut plan, options.phases.as_deref(), &options.feed)?;
    // Before anything is made elsewhere.
    RunDir::make_room(&options.out)?;
    let target = connect(&plan.target, &options.target).await?;
    let stop = Arc::new(Stop::default());
    let _signals = Signals::listen(Arc::clone(&stop), options.feed.clone());
    run_on(plan, target, &options, Arc::new(SystemClock::start()), stop).await
}

/// Keeps the named phases, in the scenario's order.
pub(super) fn select_phases(plan: &mut Plan, wanted: Option<&[String]>, feed: &Feed) -> Result<(), RunError> {
    let Some(wanted) = wanted else { return Ok(()) };
    let names = plan.phases.iter().map(|phase| phase.name.as_str());
    if let Some(name) = wanted.iter().find(|name| !names.clone().any(|known| known == name.as_str())) {
        return Err(RunError::unknown_phase(name, names));
    }
    plan.phases.retain(|phase| wanted.contains(&phase.name));
    // What does not run cannot be judged.
    let (phases, workloads) = (&plan.phases, &plan.workloads);
    plan.limits.thresholds.retain(|threshold| {
        let of = threshold.phase.as_ref();
        let mut judged = phases.iter().filter(|phase| of.map_or(phase.record, |name| *name == phase.name));
        let runs = judged.any(|phase| phase.workloads().any(|workload| workload == threshold.workload));
        if !runs {
            let reason = match of {
                Some(phase) if !phases.iter().any(|own| own.name == *phase) => {
                    format!("phase `{phase}` does not run")
                }
                _ => format!("{} does not run in these phases", workloads[threshold.workload].name),
            };
            feed.remark(format!("threshold `{threshold}` is left out: {reason}"));
        }
        runs
    });
    Ok(())
}

/// Runs a plan on a target that is connected, by a clock, until it ends or is stopped.
pub(super) async fn run_on(
    plan: Plan,
    target: Target,
    options: &RunOptions,
    clock: Arc<dyn Clock>,
    stop: Arc<Stop>,
) -> Result<Outcome, RunError> {
    let prepared = target.prepare(plan.target.retention, &plan.name).await?;
    let feed = &options.feed;
    let mut notes = Notes { feed, kept: Vec::new() };
    describe(&prepared, &target, &mut notes);
    let queries = query_sets(&plan)?;
    let at_start = count_recent(&target, &*clock, &stop, feed, "before").await;

    let start = clock.now();
    let meter = Meter::start();
    let began = DateTime::from_timestamp_nanos(start);
    let dir = RunDir::create(&options.out, &plan.name, began)?;
    let thread_stem = thread_stem(&plan, &target, options, &dir, began, &mut notes);
    plan.fault_notes().into_iter().for_each(|text| notes.add(text));
    // Those are said before their phases.
    notes.kept.extend(plan.warnings());
    let mut manifest = manifest(&plan, &target, start, notes.kept);
    manifest.recent_rows.at_start = at_start;
    manifest.write(&dir)?;
    crate::results::files::replace(&dir.scenario(), plan.resolved_yaml.as_bytes())?;

    let recorder = recorder(&plan, &dir, thread_stem, start, &clock, (&stop, feed))?;
    let timeouts = plan.target.timeouts;
    let target = Arc::new(target);
    let senders = Senders::start(&target, plan.senders(Machine::this().cores)).await?;
    let context = Arc::new(Context {
        health: Health::new(start, nanos(timeouts.operation)),
        retry: RetryPolicy { operation: nanos(timeouts.operation) },
        events: recorder.events(),
        stop: Arc::clone(&stop),
        clock: Arc::clone(&clock),
        plan,
        target,
        senders,
    });
    let crews = crews(&context, queries);
    // Everything is ready: measuring starts here, at one instant for all.
    manifest.phases = Phases::new(Arc::clone(&context), crews).run(clock.now()).await;
    let recorded = recorder.finish();
    if let Err(error) = incidents::write(&context.plan, &dir, start, clock.now()) {
        stop.fail(Exit::Failed, error.to_string());
    }

    manifest.recent_rows.at_end = count_recent(&context.target, &*clock, &stop, feed, "after").await;
    manifest.usage = meter.read();
    Ok(conclude(manifest, &dir, recorded, &stop, clock.now()))
}

/// What the manifest will hold of what was said.
struct Notes<'a> {
    feed: &'a Feed,
    kept: Vec<String>,
}

impl Notes<'_> {
    /// Says and keeps it.
    fn add(&mut self, text: String) {
        self.feed.remark(&text);
        self.kept.push(text);
    }
}

fn describe(prepared: &Prepared, target: &Target, notes: &mut Notes<'_>) {
    let (database, table) = (target.database(), target.table());
    let feed = notes.feed;
    feed.remark(format!("target: {}", target.place()));
    if prepared.database_created {
        feed.remark(format!("created database {database}"));
    }
    if prepared.table_created {
        feed.remark(format!("created table {database}.{table}"));
    }
    if let Some(retention) = &prepared.retention_differs {
        let (has, wants) = (retention.table, retention.scenario);
        notes.add(format!(
            "table {database}.{table} keeps its retention of {} h in memory and {} d magnetic (late writes {}); \
             the scenario says {} h and {} d (late writes {})",
            has.memory_hours,
            has.magnetic_days,
            on_off(has.magnetic_writes),
            wants.memory_hours,
            wants.magnetic_days,
            on_off(wants.magnetic_writes)
        ));
    }
}

fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// The query workloads' mixes, by workload.
fn query_sets(plan: &Plan) -> Result<Vec<(usize, QueryLoad, QuerySet)>, RunError> {
    let mut sets = Vec::new();
    for (index, workload) in plan.workloads.iter().enumerate() {
        if let Work::Query(load) = &workload.work {
            let set = QuerySet::new(load, Arc::clone(&plan.templates)).map_err(|error| RunError::Mix {
                workload: workload.name.clone(),
                cause: error.to_string(),
            })?;
            sets.push((index, load.clone(), set));
        }
    }
    Ok(sets)
}

/// Rows of the last 15 minutes, said and kept; none where the count failed.
async fn count_recent(
    target: &Target,
    clock: &dyn Clock,
    stop: &Stop,
    feed: &Feed,
    when: &str,
) -> Option<u64> {
    let counted = tokio::select! {
        biased;
        () = stop.abandoned() => return None,
        counted = table::recent_rows(target, clock) => counted,
    };
    match counted {
        Ok(rows) => {
            feed.remark(format!(
                "rows of the last 15 minutes {when} the run: {}",
                crate::units::print_count(rows)
            ));
            Some(rows)
        }
        Err(error) => {
            feed.remark(format!("cannot count the rows of the last 15 minutes {when} the run: {error}"));
            None
        }
    }
}

/// Where the users' directories begin; none where they are left out.
fn thread_stem(
    plan: &Plan,
    target: &Target,
    options: &RunOptions,
    dir: &RunDir,
    began: DateTime<Utc>,
    notes: &mut Notes<'_>,
) -> Option<PathBuf> {
    let users = (0..plan.workloads.len()).map(|workload| users(plan, workload)).fold(0, u32::saturating_add);
    let write = match plan.thread_logs {
        ThreadLogs::On => true,
        ThreadLogs::Off => false,
        ThreadLogs::Auto => users <= AUTO_THREADS,
    };
    if !write && plan.thread_logs == ThreadLogs::Auto {
        notes.add(format!(
            "{users} users are more than {AUTO_THREADS}, so they get no directories of their own; `thread_logs: on` writes them"
        ));
    }
    let place = target.place();
    let own = if place.kind == "local" { "local" } else { place.region.as_str() };
    let prefix = crate::results::plain(options.prefix.as_deref().unwrap_or(own));
    write.then(|| dir.path().join(format!("{prefix}-{}-1-", stamp(began))))
}

/// The most users that a workload ever has, or queries under way; 0 for ingest.
fn users(plan: &Plan, workload: usize) -> u32 {
    let Work::Query(load) = &plan.workloads[workload].work else { return 0 };
    let users = match load.pace {
        Pace::Closed { users, .. } => users,
        Pace::Open { in_flight, .. } => return u32::try_from(in_flight).unwrap_or(u32::MAX),
    };
    let loads = plan.phases.iter().flat_map(|phase| &phase.loads).filter(|of| of.workload == workload);
    let counts = loads.filter(|of| of.amount.unit == Unit::Users).map(|of| of.amount.shape.most());
    counts.map(|most| most as u32).fold(users, u32::max)
}

fn recorder(
    plan: &Plan,
    dir: &RunDir,
    thread_stem: Option<PathBuf>,
    start: i64,
    clock: &Arc<dyn Clock>,
    (stop, feed): (&Arc<Stop>, &Feed),
) -> Result<Recorder, RunError> {
    let stop = Arc::clone(stop);
    Ok(Recorder::start(Setup {
        dir: dir.clone(),
        names: Names::of(plan),
        limits: plan.limits.clone(),
        billed: plan.is_billed(),
        cores: Machine::this().cores,
        thread_stem,
        start,
        clock: Arc::clone(clock),
        feed: feed.clone(),
        halt: Box::new(move |exit, message| stop.fail(exit, message)),
    })?)
}

fn crews(context: &Arc<Context>, queries: Vec<(usize, QueryLoad, QuerySet)>) -> HashMap<usize, Arc<Crew>> {
    let mut threads_before = 0;
    let mut crews = HashMap::new();
    for (workload, load, queries) in queries {
        let context = Arc::clone(context);
        let threads = users(&context.plan, workload);
        crews.insert(workload, Arc::new(Crew::new(context, workload, load, queries, threads_before)));
        threads_before = u32::saturating_add(threads_before, threads);
    }
    crews
}

fn manifest(plan: &Plan, target: &Target, start: i64, notes: Vec<String>) -> Manifest {
    let hash = twox_hash::XxHash3_128::oneshot(plan.resolved_yaml.as_bytes());
    Manifest {
        scenario: plan.name.clone(),
        scenario_hash: format!("{hash:032x}"),
        seed: plan.seed,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        git_revision: option_env!("TSRUN_GIT_REVISION").map(ToOwned::to_owned),
        target: target.place().clone(),
        database: target.database().to_owned(),
        table: target.table().to_owned(),
        machine: Machine::this(),
        fleet: Fleet::of(plan),
        started_utc: utc(start),
        ended_utc: None,
        state: State::Running,
        failure: None,
        phases: Vec::new(),
        recent_rows: RecentRows::default(),
        records: Accounts::default(),
        usage: Usage::default(),
        validity: Validity::default(),
        notes,
        parts: Vec::new(),
    }
}

/// Closes the manifest and says how it went.
fn conclude(mut manifest: Manifest, dir: &RunDir, recorded: Recorded, stop: &Stop, now: i64) -> Outcome {
    let mut exit = if recorded.validity.valid { Exit::Good } else { Exit::Invalid };
    let mut failure = None;
    if !recorded.passed {
        exit = exit.graver(Exit::Threshold);
    }
    manifest.state = State::Completed;
    if stop.is_interrupted() {
        manifest.state = State::Interrupted;
        exit = exit.graver(Exit::Interrupted);
    }
    if let Some((code, message)) = stop.failure().cloned() {
        manifest.state = State::Failed;
        exit = exit.graver(code);
        failure = Some(message);
    }
    manifest.ended_utc = Some(utc(now));
    manifest.failure.clone_from(&failure);
    manifest.records = recorded.accounts;
    manifest.validity = recorded.validity.clone();
    if let Err(error) = manifest.write(dir) {
        exit = exit.graver(Exit::Failed);
        failure.get_or_insert_with(|| error.to_string());
    }
    let run_dir = dir.path().to_owned();
    Outcome { run_dir, exit, failure, records: recorded.accounts, validity: recorded.validity }
}
