//! What a run came to, in a few sentences: whether it ended well, whether its figures count, whether thresholds were
//! kept, whether ingest kept its plan, what became of the queries. Not here: judging the load (`recorder`).

use serde::Serialize;

use crate::chart::{Unit, elapsed};
use crate::results::{Accounts, Run, State, SummaryRow};
use crate::units::{counted, print_count};

/// How something came out, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As it should be.
    Good,
    /// Worth a look.
    Doubt,
    /// Not as it should be.
    Bad,
}

impl Outcome {
    /// Its sign, so that nothing hangs on colours.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Doubt => "!",
            Self::Bad => "✗",
        }
    }
}

/// A sentence on how a part of the run came out, and what there is to know or to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// What it is about: `run`, `validity`, `thresholds`, `ingest` or `queries`.
    pub about: &'static str,
    /// How it came out.
    pub outcome: Outcome,
    /// The sentence.
    pub says: String,
    /// More on it, a sentence each.
    pub details: Vec<String>,
}

impl Verdict {
    fn new(about: &'static str, outcome: Outcome, says: impl Into<String>) -> Self {
        Self { about, outcome, says: says.into(), details: Vec::new() }
    }

    fn details(self, details: Vec<String>) -> Self {
        Self { details, ..self }
    }
}

/// All that there is to say; what the run has none of is left out.
pub(super) fn verdicts(run: &Run) -> Vec<Verdict> {
    let all = [Some(ended(run)), validity(run), thresholds(run), ingest(run), queries(run)];
    all.into_iter().flatten().collect()
}

fn ended(run: &Run) -> Verdict {
    let verdict = |outcome, says: String| Verdict::new("run", outcome, says);
    let lasted = || match run.manifest.lasted() {
        None => "some time".to_owned(),
        Some(seconds) if seconds < 0.5 => "less than a second".to_owned(),
        Some(seconds) => elapsed(seconds),
    };
    let phases = run.manifest.phases.len();
    match run.manifest.state {
        State::Completed => verdict(
            Outcome::Good,
            format!("completed: {} in {}", counted(phases as u64, "phase", "phases"), lasted()),
        ),
        State::Interrupted => verdict(
            Outcome::Doubt,
            format!("interrupted after {}: what was to come is not in these figures", lasted()),
        ),
        State::Failed => {
            let why = run.manifest.failure.as_deref().unwrap_or("it does not say why");
            verdict(Outcome::Bad, format!("failed after {}: {why}", lasted()))
        }
        State::Running => verdict(
            Outcome::Doubt,
            "has not ended, or crashed: these are the figures that it wrote last".to_owned(),
        ),
    }
}

fn validity(run: &Run) -> Option<Verdict> {
    let validity = &run.manifest.validity;
    let verdict = |outcome, says: &str| Some(Verdict::new("validity", outcome, says));
    match (run.manifest.state, validity.valid) {
        // Judged at the end.
        (State::Running, _) => None,
        (_, true) => verdict(Outcome::Good, "valid: the load was the plan's"),
        (_, false) => {
            verdict(Outcome::Bad, "INVALID: the load was not the plan's, so these figures do not count")
                .map(|verdict| verdict.details(validity.reasons.clone()))
        }
    }
}

fn thresholds(run: &Run) -> Option<Verdict> {
    let all = run.thresholds.len() as u64;
    let broken: Vec<String> = run
        .thresholds
        .iter()
        .filter(|row| !row.passed)
        .map(|row| format!("{} in phase {}: {}", row.threshold, row.phase, row.value))
        .map(|text| text.replace(" in phase all:", ":"))
        .collect();
    match (all, broken.len()) {
        (0, _) => None,
        (1, 0) => Some(Verdict::new("thresholds", Outcome::Good, "the threshold was kept")),
        (_, 0) => Some(Verdict::new("thresholds", Outcome::Good, format!("all {all} thresholds were kept"))),
        (_, some) => {
            let says = format!("{some} of {} broken", counted(all, "threshold", "thresholds"));
            Some(Verdict::new("thresholds", Outcome::Bad, says).details(broken))
        }
    }
}

/// Records over all phases; of a run without an end, those of the phases that count.
pub(super) fn records(run: &Run) -> Accounts {
    if run.manifest.state != State::Running {
        return run.manifest.records;
    }
    let mut all = Accounts::default();
    run.summary.iter().filter(|row| row.is_of_all()).for_each(|row| all.add(&row.accounts()));
    all
}

fn ingest(run: &Run) -> Option<Verdict> {
    let records = records(run);
    let over =
        if run.manifest.state == State::Running { "over the phases that count" } else { "over all phases" };
    if records.planned == 0 {
        return None;
    }
    let planned = counted(records.planned, "record that was due is", "records that were due are");
    if records.acknowledged == records.planned {
        return Some(Verdict::new(
            "ingest",
            Outcome::Good,
            format!("ingest kept its plan: {planned} stored, {over}"),
        ));
    }
    let missed = records.planned.saturating_sub(records.acknowledged);
    let share = Unit::Share.print(records.acknowledged as f64 / records.planned as f64);
    let says = format!(
        "ingest missed its plan by {} of {} records: {share} are stored, {over}",
        print_count(missed),
        print_count(records.planned)
    );
    let parts = [
        (records.rejected, "left out by the store of writes that it took (rejected)"),
        (records.refused, "of writes that the store did not take (refused)"),
        (records.unknown, "without a sure answer: they may be stored (unknown)"),
        (records.skipped, "never sent, because the run ended or they were too late (skipped)"),
    ];
    let told = parts.into_iter().filter(|(count, _)| *count > 0);
    let details = told.map(|(count, what)| format!("{} {what}", print_count(count))).collect();
    Some(Verdict::new("ingest", Outcome::Doubt, says).details(details))
}

fn queries(run: &Run) -> Option<Verdict> {
    let rows: Vec<&SummaryRow> =
        run.summary.iter().filter(|row| row.kind == "query" && row.is_of_all()).collect();
    if rows.is_empty() {
        return None;
    }
    let sum = |figure: fn(&SummaryRow) -> u64| rows.iter().map(|row| figure(row)).sum::<u64>();
    let (total, failed) = (sum(|row| row.total_count), sum(|row| row.failed_count));
    let mut outcome = Outcome::Good;
    let mut details = Vec::new();
    for (count, what) in [
        (sum(|row| row.empty_count), "answers without a row: is there data in their windows?"),
        (sum(|row| row.skipped_count), "were due and not sent"),
        (sum(|row| row.cancelled_count), "under way when the run ended were given up"),
    ] {
        if count > 0 {
            details.push(format!("{} {what}", print_count(count)));
        }
    }
    if sum(|row| row.empty_count) + sum(|row| row.skipped_count) > 0 {
        outcome = Outcome::Doubt;
    }
    let says = match (total, failed) {
        (0, _) if details.is_empty() && records(run).planned > 0 => return None,
        (0, _) => {
            outcome = Outcome::Doubt;
            "no query ran in a phase that counts".to_owned()
        }
        (_, 0) => format!("{} ran, none failed", counted(total, "query", "queries")),
        _ => {
            outcome = Outcome::Bad;
            let share = Unit::Share.print(failed as f64 / total as f64);
            let all = counted(total, "query", "queries");
            format!("{} of {all} failed for good ({share})", print_count(failed))
        }
    };
    Some(Verdict::new("queries", outcome, says).details(details))
}
