//! The scenario file's types, one to one with the YAML. Unknown keys are errors. Values that hold
//! expressions, sets or durations stay raw [`Yaml`] here; `plan` and `fleet` read them.

use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};

pub use serde_yaml::Value as Yaml;

#[cfg(not(feature = "local"))]
pub use serde_yaml::Value as FaultRule;
/// A rule of a fault plan, in the local Timestream's own form. A build without it leaves rules to the
/// server that it meets.
#[cfg(feature = "local")]
pub use timestream_local::faults::Rule as FaultRule;

/// A map in the order of the file. A key given twice is an error.
#[derive(Debug, Clone, PartialEq)]
pub struct Map<T>(pub Vec<(String, T)>);

impl<T> Default for Map<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Map<T> {
    /// The entries in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The entry with this key.
    pub fn get(&self, key: &str) -> Option<&T> {
        self.iter().find(|(k, _)| *k == key).map(|(_, value)| value)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Map<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Map<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
                let mut entries: Vec<(String, T)> = Vec::new();
                let mut seen = HashSet::new();
                while let Some(key) = access.next_key::<String>()? {
                    if !seen.insert(key.clone()) {
                        return Err(A::Error::custom(format!("`{key}` is given twice")));
                    }
                    entries.push((key, access.next_value()?));
                }
                Ok(Map(entries))
            }
        }
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

/// A scenario: a fleet, its metrics, a target, workloads, and phases that run them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Names the run directory.
    pub name: String,
    /// One line for people.
    pub description: Option<String>,
    /// The seed of every draw; 1 if not given.
    pub seed: Option<u64>,
    /// Values that `-P name=value` may set; `$name` and expressions use them.
    #[serde(default)]
    pub params: Map<Param>,
    /// The levels of the fleet, outermost first; the last is the host.
    pub fleet: Vec<Level>,
    /// Trouble that comes over nodes and goes again: name -> where, when, how long.
    #[serde(default)]
    pub incidents: Map<Incident>,
    /// What hosts report.
    pub metrics: Metrics,
    /// Where it goes.
    pub target: Target,
    /// Named loads.
    pub workloads: Map<Workload>,
    /// What runs, in order.
    pub phases: Vec<Phase>,
    /// Whether each user and worker writes logs of its own; auto if not given.
    pub thread_logs: Option<ThreadLogs>,
    /// What the runner may use before the run is invalid.
    pub validity: Option<Validity>,
    /// Bounds on figures: texts, or [`Threshold`]s.
    #[serde(default)]
    pub thresholds: Vec<Yaml>,
    /// What a run may cost on a billed target, in the price file's currency.
    pub max_cost: Option<f64>,
}

/// A bound on a figure, in one phase or with an early end.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// The figure, a comparison and the bound.
    pub check: String,
    /// The phase; all that count if not given.
    pub phase: Option<String>,
    /// Ends the run where it fails so long after its phase, or the run, began.
    pub abort_after: Option<Yaml>,
}

/// What the runner may use of its machine.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validity {
    /// How late operations may be sent, at the 99th percentile; 1s if not given.
    pub lag: Option<Yaml>,
    /// Share of the cores; 95% if not given.
    pub cpu: Option<Yaml>,
    /// Messages that wait for the recorder; 100000 if not given.
    pub queue: Option<u64>,
}

/// A parameter.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Param {
    /// Its value where `-P` gives none; its type is the parameter's.
    pub default: Yaml,
    /// The least value.
    pub min: Option<Yaml>,
    /// The greatest value.
    pub max: Option<Yaml>,
    /// The only values allowed.
    pub one_of: Option<Vec<Yaml>>,
    /// One line for people.
    pub doc: Option<String>,
}

/// A level of the fleet.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// Its name; the member's text or number under this name.
    pub level: String,
    /// Its members under each node of the level above: a range, a list, a map, or a list attribute's name.
    pub of: Yaml,
    /// How long a node stands there before another takes its place; for ever if not given.
    pub lifetime: Option<Yaml>,
    /// Attributes made of others: name -> text.
    #[serde(default, rename = "let")]
    pub lets: Map<Yaml>,
    /// Attributes drawn once a node: name -> set.
    #[serde(default)]
    pub draw: Map<Yaml>,
}

/// Trouble that comes over nodes and goes again; expressions below name it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// The level whose nodes it comes over.
    pub level: String,
    /// The span of time that brings one to a node, or none.
    pub every: Yaml,
    /// How likely it brings one.
    pub chance: Yaml,
    /// How long one lasts.
    #[serde(rename = "for")]
    pub length: Yaml,
}

/// What hosts report.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// A record a measure, or one MULTI record; single if not given.
    pub layout: Option<Layout>,
    /// The interval of records that give none.
    pub every: Option<Yaml>,
    /// How late the records arrive that do not say so themselves; at once if not given.
    pub delay: Option<Yaml>,
    /// The dimensions of records that give none.
    pub dimensions: Option<Vec<String>>,
    /// Records in a request at the most: 1 to 100; 100 if not given.
    pub batch: Option<u32>,
    /// The records by name.
    pub records: Map<Record>,
}

/// How measures become records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// A record a measure.
    Single,
    /// One MULTI record.
    Multi,
}

/// A record: some measures that are reported together.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The level that reports it; the last if not given.
    pub per: Option<String>,
    /// Levels of its own below that: a host's processes, a turbine's sensors.
    #[serde(default)]
    pub each: Vec<Each>,
    /// Its interval.
    pub every: Option<Yaml>,
    /// What must hold for it to be reported at a tick; always if not given.
    pub when: Option<Yaml>,
    /// How late it arrives.
    pub delay: Option<Yaml>,
    /// Texts made anew at each tick: name -> text.
    #[serde(default, rename = "let")]
    pub lets: Map<Yaml>,
    /// Its dimensions.
    pub dimensions: Option<Vec<String>>,
    /// Names (one or several, by comma) -> value.
    pub measures: Map<Yaml>,
}

/// A level local to a record.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Each {
    /// Its name.
    pub level: String,
    /// Its members.
    pub of: Yaml,
}

/// Where a scenario runs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// local or timestream; local if not given.
    pub kind: Option<TargetKind>,
    /// The database; made if missing.
    pub database: String,
    /// The table; made if missing.
    pub table: String,
    /// What the table gets where tsrun makes it.
    pub retention: Option<Retention>,
    /// Limits of every request.
    pub timeouts: Option<Timeouts>,
    /// Connections at the most.
    pub connections: Option<u32>,
    /// Whether what the records of a write have in common is sent once; true if not given.
    pub common_attributes: Option<bool>,
    /// The AWS region.
    pub region: Option<String>,
    /// The AWS profile.
    pub profile: Option<String>,
    /// An endpoint instead of the service's own.
    pub endpoint_url: Option<String>,
    /// A price file, instead of the prices that come with tsrun.
    pub prices: Option<String>,
    /// What is to go wrong on a local target.
    pub faults: Option<Vec<FaultRule>>,
}

/// The kinds of target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// The local Timestream that comes with tsrun.
    Local,
    /// Amazon Timestream.
    Timestream,
}

/// How long a table keeps data.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// In the memory store: 1h to 8766h.
    pub memory: Option<Yaml>,
    /// In the magnetic store: 1d to 73000d.
    pub magnetic: Option<Yaml>,
    /// Whether late records are taken into the magnetic store.
    pub magnetic_writes: Option<bool>,
}

/// Limits of every request.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timeouts {
    /// To open a connection.
    pub connect: Option<Yaml>,
    /// One attempt.
    pub attempt: Option<Yaml>,
    /// All attempts of an operation.
    pub operation: Option<Yaml>,
}

/// The kinds of workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Writes the fleet's records.
    Ingest,
    /// Runs a mix of queries.
    Query,
}

/// A named load. One type for both kinds, so that every problem keeps its place; `plan` sorts out
/// which keys belong to which kind.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// ingest or query.
    pub kind: Kind,
    /// Ingest, and queries with a rate: requests under way at the most.
    pub in_flight: Option<u32>,
    /// Ingest: threads that send; as many as the fleet's rate needs if not given.
    pub senders: Option<u32>,
    /// Ingest, and queries with a rate: what becomes of what is late; `catch_up`,
    /// `{ skip_after: 10s }` or `{ stop_after: 10s }`.
    pub behind: Option<Yaml>,
    /// Query: users at 100 % (closed load).
    pub users: Option<u32>,
    /// Query: queries a second at 100 %, instead of users (open load).
    pub rate: Option<Yaml>,
    /// Query with a rate: even or poisson.
    pub arrivals: Option<String>,
    /// Time between an answer and the same user's, or sender's, next request.
    pub think: Option<Yaml>,
    /// Query: now, latest or a time.
    pub end: Option<Yaml>,
    /// Query: regular or row_count.
    pub mode: Option<String>,
    /// Query: request, user, `{ table: template }` or `{ fixed: { name: value } }`.
    pub pick: Option<Yaml>,
    /// Query: the mix.
    #[serde(default)]
    pub queries: Map<Query>,
}

/// A query of a mix.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// Relative to the other queries.
    pub weight: f64,
    /// The template, in `queries/`.
    pub sql: String,
    /// The length of its window.
    pub window: Yaml,
    /// Variables for its template.
    #[serde(default)]
    pub vars: Map<Yaml>,
}

/// A phase.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// Its name.
    pub name: String,
    /// How long it lasts: a duration, or forever.
    pub duration: Option<Yaml>,
    /// A query workload of which every query runs once; the phase ends then.
    pub once: Option<String>,
    /// So much history, at a rate or as fast as the target takes it.
    pub backfill: Option<Yaml>,
    /// With backfill: where history ends, instead of now.
    pub until: Option<Yaml>,
    /// Workload -> how much of it.
    #[serde(default)]
    pub load: Map<Yaml>,
    /// Whether it counts in the summary; true if not given.
    pub record: Option<bool>,
    /// What is to go wrong, instead of the target's faults.
    pub faults: Option<Vec<FaultRule>>,
}

/// Whether each user and worker writes logs of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThreadLogs {
    /// Up to 100 of them.
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}
