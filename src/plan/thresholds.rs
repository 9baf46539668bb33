//! Thresholds, resolved: `users.do-q1.response.p99 < 2s`. Not here: the figures of a run (`recorder`).

use std::fmt;
use std::time::Duration;

use super::model::{Pace, Phase, Work, Workload};
use super::reader::{Reader, plain};
use crate::diagnostics::{Path, Problem, did_you_mean};
use crate::scenario::{self, Map, Yaml};
use crate::units::{parse_duration, parse_share};

/// A bound on a figure of the run.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// As the scenario has it.
    pub text: String,
    /// Index into the plan's workloads.
    pub workload: usize,
    /// Index into the workload's queries; all of them where there is none.
    pub query: Option<usize>,
    /// What is compared.
    pub figure: Figure,
    /// How.
    pub comparison: Comparison,
    /// With what: a count, a fraction, a rate a second, or seconds.
    pub bound: f64,
    /// The phase's name; all that count where there is none.
    pub phase: Option<String>,
    /// Ends the run where it fails so long after its phase, or the run, began.
    pub abort_after: Option<Duration>,
}

/// What a threshold may be about: a workload, as far as its figures go.
#[derive(Debug, Clone)]
pub(crate) struct Subject<'a> {
    pub(crate) name: &'a str,
    /// None where it writes.
    pub(crate) queries: Vec<&'a str>,
    pub(crate) kind: SubjectKind,
}

/// Which figures a workload has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SubjectKind {
    /// It writes.
    Ingest,
    /// Users ask and think.
    Closed,
    /// Queries arrive.
    Open,
}

impl<'a> Subject<'a> {
    fn of(workload: &'a Workload) -> Self {
        let (queries, kind) = match &workload.work {
            Work::Ingest(_) => (Vec::new(), SubjectKind::Ingest),
            Work::Query(load) => {
                let queries = load.queries.iter().map(|query| query.name.as_str()).collect();
                let is_closed = matches!(load.pace, Pace::Closed { .. });
                (queries, if is_closed { SubjectKind::Closed } else { SubjectKind::Open })
            }
        };
        Self { name: &workload.name, queries, kind }
    }
}

/// A figure of a workload or a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Figure {
    /// How many there were.
    Count(Count),
    /// Part of a whole, 0.0 to 1.0.
    Share(Count, Count),
    /// How many a second.
    Rate(Count),
    /// A latency in seconds.
    Latency(Latency, Statistic),
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the figures, which docs/scenario.md explains")]
pub enum Count {
    Planned,
    Acknowledged,
    Rejected,
    Refused,
    Unknown,
    Skipped,
    Operations,
    Failed,
    Empty,
    Rows,
    Attempts,
    Throttled,
}

/// Which span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Latency {
    /// From sending to the answer's end.
    Service,
    /// From the intended start to the answer's end.
    Response,
    /// From sending to the first row.
    FirstRow,
    /// From the intended start to sending.
    Lag,
}

/// What of many latencies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Statistic {
    /// The mean.
    Mean,
    /// A quantile, 0.0 to 1.0; the maximum is 1.
    Quantile(f64),
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "what their names say")]
pub enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

impl Comparison {
    /// Whether a figure is within a bound.
    #[must_use]
    pub fn holds(self, figure: f64, bound: f64) -> bool {
        match self {
            Self::Less => figure < bound,
            Self::LessOrEqual => figure <= bound,
            Self::Greater => figure > bound,
            Self::GreaterOrEqual => figure >= bound,
            Self::Equal => figure == bound,
            Self::NotEqual => figure != bound,
        }
    }
}

/// The operators; those of two characters first, since they begin like the others.
const OPERATORS: [(&str, Comparison); 6] = [
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("==", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

/// Figures of ingest by name.
const INGEST: [(&str, Figure); 14] = [
    ("planned", Figure::Count(Count::Planned)),
    ("acknowledged", Figure::Count(Count::Acknowledged)),
    ("rejected", Figure::Count(Count::Rejected)),
    ("refused", Figure::Count(Count::Refused)),
    ("unknown", Figure::Count(Count::Unknown)),
    ("skipped", Figure::Count(Count::Skipped)),
    ("kept", Figure::Share(Count::Acknowledged, Count::Planned)),
    ("rate", Figure::Rate(Count::Acknowledged)),
    ("requests", Figure::Count(Count::Operations)),
    ("failed", Figure::Count(Count::Failed)),
    ("failed_share", Figure::Share(Count::Failed, Count::Operations)),
    ("attempts", Figure::Count(Count::Attempts)),
    ("throttled", Figure::Count(Count::Throttled)),
    ("throttled_share", Figure::Share(Count::Throttled, Count::Attempts)),
];

/// Figures of queries by name.
const QUERY: [(&str, Figure); 10] = [
    ("runs", Figure::Count(Count::Operations)),
    ("rate", Figure::Rate(Count::Operations)),
    ("failed", Figure::Count(Count::Failed)),
    ("failed_share", Figure::Share(Count::Failed, Count::Operations)),
    ("skipped", Figure::Count(Count::Skipped)),
    ("empty", Figure::Count(Count::Empty)),
    ("rows", Figure::Count(Count::Rows)),
    ("attempts", Figure::Count(Count::Attempts)),
    ("throttled", Figure::Count(Count::Throttled)),
    ("throttled_share", Figure::Share(Count::Throttled, Count::Attempts)),
];

const LATENCIES: [(&str, Latency); 4] = [
    ("service", Latency::Service),
    ("response", Latency::Response),
    ("first_row", Latency::FirstRow),
    ("lag", Latency::Lag),
];

/// Resolves every threshold; `named` are all workloads, `workloads` those without problems.
pub(super) fn thresholds(
    wire: &[Yaml],
    named: &Map<scenario::Workload>,
    workloads: &[Workload],
    phases: &[Phase],
    reader: &mut Reader,
) -> Vec<Threshold> {
    let path = Path::root().key("thresholds");
    // With a problem of its own a workload is not there, though it is named.
    let broken = |text: &str| {
        let mut names = named.iter().map(|(name, _)| name);
        names.any(|name| {
            text.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
                && workloads.iter().all(|workload| workload.name != name)
        })
    };
    let read = |(i, yaml): (usize, &Yaml)| {
        let text = yaml.as_str().or_else(|| yaml.get("check").and_then(Yaml::as_str)).unwrap_or_default();
        if broken(text) { None } else { threshold(yaml, workloads, phases, &path.index(i), reader) }
    };
    wire.iter().enumerate().filter_map(read).collect()
}

/// A text, or `{ check: TEXT, phase: NAME, abort_after: 10s }`.
fn threshold(
    yaml: &Yaml,
    workloads: &[Workload],
    phases: &[Phase],
    path: &Path,
    reader: &mut Reader,
) -> Option<Threshold> {
    let (text, path_of_text, phase, abort_after) = match yaml {
        Yaml::String(text) => (text.clone(), path.clone(), None, None),
        Yaml::Mapping(map) => {
            reader.known_keys(map, &["check", "phase", "abort_after"], path)?;
            let wire: scenario::Threshold = match serde_yaml::from_value(yaml.clone()) {
                Ok(wire) => wire,
                Err(error) => return reader.problem(Problem::new(path, error.to_string()).help(FORM)),
            };
            let phase = match &wire.phase {
                Some(name) => Some(find_phase(name, phases, &path.key("phase"), reader)?),
                None => None,
            };
            let abort_after = match &wire.abort_after {
                Some(after) => Some(reader.duration(after, &path.key("abort_after"))?),
                None => None,
            };
            (wire.check, path.key("check"), phase, abort_after)
        }
        other => {
            let message = format!("`{}` is not a threshold", plain(other));
            return reader.problem(Problem::new(path, message).help(FORM));
        }
    };
    let subjects: Vec<Subject<'_>> = workloads.iter().map(Subject::of).collect();
    match parse(&text, &subjects) {
        Ok(threshold) => Some(Threshold { phase, abort_after, ..threshold }),
        Err((message, help)) => {
            let mut problem = Problem::new(&path_of_text, message);
            problem.help = help;
            reader.problem(problem)
        }
    }
}

const FORM: &str = "write `ingest.rejected == 0`, `users.do-q1.service.p99 < 2s` or \
                    { check: TEXT, phase: NAME, abort_after: 10s }";

fn find_phase(name: &str, phases: &[Phase], path: &Path, reader: &mut Reader) -> Option<String> {
    let found = phases.iter().find(|phase| phase.name == name).map(|phase| phase.name.clone());
    found.or_else(|| {
        let mut problem = Problem::new(path, format!("no phase is called `{name}`")).following();
        problem.help = did_you_mean(name, phases.iter().map(|phase| phase.name.as_str()));
        reader.problem(problem)
    })
}

/// What is wrong with a threshold, and the remedy.
type Fault = (String, Option<String>);

impl Threshold {
    /// A threshold's text, of any phase; none where it is about something else.
    pub(crate) fn read(text: &str, subjects: &[Subject<'_>]) -> Option<Self> {
        parse(text, subjects).ok()
    }
}

fn parse(text: &str, workloads: &[Subject<'_>]) -> Result<Threshold, Fault> {
    let split = OPERATORS.iter().find_map(|(sign, comparison)| {
        text.split_once(sign).map(|(figure, bound)| (figure.trim(), *comparison, bound.trim()))
    });
    let Some((name, comparison, bound)) = split else {
        return Err((format!("`{text}` compares nothing"), Some(FORM.to_owned())));
    };
    let (workload, rest) = workloads
        .iter()
        .enumerate()
        .find_map(|(i, workload)| Some((i, name.strip_prefix(workload.name)?.strip_prefix('.')?)))
        .ok_or_else(|| {
            let names = workloads.iter().map(|workload| workload.name);
            let first = name.split('.').next().unwrap_or_default();
            (format!("`{name}` begins with no workload"), did_you_mean(first, names))
        })?;
    let subject = &workloads[workload];
    let (query, rest) = query_of(subject, rest);
    let figure = figure(rest, subject)?;
    let bound = self::bound(figure, bound)?;
    let text = text.to_owned();
    Ok(Threshold { text, workload, query, figure, comparison, bound, phase: None, abort_after: None })
}

/// The query that a name begins with, and the rest of the name.
fn query_of<'a>(subject: &Subject<'_>, name: &'a str) -> (Option<usize>, &'a str) {
    let mut queries = subject.queries.iter().enumerate();
    let found = queries.find_map(|(i, query)| Some((Some(i), name.strip_prefix(query)?.strip_prefix('.')?)));
    found.unwrap_or((None, name))
}

fn figure(name: &str, subject: &Subject<'_>) -> Result<Figure, Fault> {
    let counts: &[(&str, Figure)] = match subject.kind {
        SubjectKind::Ingest => &INGEST,
        SubjectKind::Closed | SubjectKind::Open => &QUERY,
    };
    if let Some((_, figure)) = counts.iter().find(|(known, _)| *known == name) {
        return Ok(*figure);
    }
    let (latency, statistic) = name.split_once('.').unwrap_or((name, ""));
    let Some((_, latency)) = LATENCIES.iter().find(|(known, _)| *known == latency) else {
        let known = counts.iter().map(|(name, _)| *name).chain(LATENCIES.iter().map(|(name, _)| *name));
        let first = name.split('.').next().unwrap_or(name);
        return Err((
            format!("no figure is called `{name}`"),
            did_you_mean(first, known.chain(subject.queries.iter().copied())),
        ));
    };
    if subject.kind == SubjectKind::Ingest && *latency == Latency::FirstRow {
        return Err((
            "writes have no rows to wait for".to_owned(),
            Some("use service or response".to_owned()),
        ));
    }
    if subject.kind == SubjectKind::Closed && *latency == Latency::Response {
        let help = "its users wait for each answer, so there is no schedule to be late for: use service";
        return Err(("a workload with users has no response time".to_owned(), Some(help.to_owned())));
    }
    let statistic = parse_statistic(statistic).ok_or_else(|| {
        let message = format!("`{name}` names no statistic");
        (message, Some("write p50, p99, p99.9, mean or max after it".to_owned()))
    })?;
    Ok(Figure::Latency(*latency, statistic))
}

fn parse_statistic(name: &str) -> Option<Statistic> {
    match name {
        "mean" => Some(Statistic::Mean),
        "max" => Some(Statistic::Quantile(1.0)),
        _ => {
            let percent: f64 = name.strip_prefix('p')?.parse().ok()?;
            (0.0..=100.0).contains(&percent).then_some(Statistic::Quantile(percent / 100.0))
        }
    }
}

fn bound(figure: Figure, text: &str) -> Result<f64, Fault> {
    let number = || text.parse::<f64>().ok().filter(|number| number.is_finite());
    let (read, wanted) = match figure {
        Figure::Latency(..) => (
            parse_duration(text).ok().map(|nanos| nanos as f64 / 1e9),
            "a latency with a duration such as 200ms",
        ),
        Figure::Share(..) => (parse_share(text), "a share with one such as 1%"),
        Figure::Rate(_) => (crate::units::parse_rate(text), "a rate with one such as 40000/s"),
        Figure::Count(_) => (number(), "a count with a number"),
    };
    read.ok_or_else(|| (format!("`{text}` does not fit its figure"), Some(format!("compare {wanted}"))))
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Figure {
    /// A value of this figure as people write it.
    #[must_use]
    pub fn print(self, value: f64) -> String {
        match self {
            Self::Count(_) => crate::units::print_count(value.round() as u64),
            Self::Share(..) => format!("{:.2} %", 100.0 * value),
            Self::Rate(_) => format!("{value:.1}/s"),
            Self::Latency(..) if value < 1.0 => format!("{:.1} ms", 1e3 * value),
            Self::Latency(..) => format!("{value:.2} s"),
        }
    }
}
