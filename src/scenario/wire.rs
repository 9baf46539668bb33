//! The scenario file's types, one to one with the YAML. Unknown keys are errors. Values that hold
//! expressions, sets or durations stay raw [`Yaml`] here; `plan` and `fleet` read them.
//! Their doc comments are also the hover texts of `scenarios/schema.json` and the lines of
//! `docs/scenario-keys.md`.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};

use super::schema::forms;

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

impl<T: JsonSchema> JsonSchema for Map<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("MapOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": generator.subschema_for::<T>() })
    }
}

/// A scenario: a fleet, its metrics, a target, workloads, and phases that run them.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Names the run directory.
    pub name: String,
    /// One line for people.
    pub description: Option<String>,
    /// The seed of every draw.
    #[schemars(extend("default" = 1))]
    pub seed: Option<u64>,
    /// Values that `-P name=value` may set; `$name` and expressions use them.
    #[serde(default)]
    pub params: Map<Param>,
    /// The levels of the fleet, outermost first; the last is the host.
    pub fleet: Vec<Level>,
    /// Trouble that comes over nodes and goes again, by name.
    #[serde(default)]
    pub incidents: Map<Incident>,
    /// What hosts report.
    pub metrics: Metrics,
    /// Where it goes.
    pub target: Target,
    /// Loads by name: who writes, who asks.
    pub workloads: Map<Workload>,
    /// What runs, in order.
    pub phases: Vec<Phase>,
    /// Whether each user and worker writes logs of its own.
    #[schemars(extend("default" = "auto"))]
    pub thread_logs: Option<ThreadLogs>,
    /// What the runner may use before the run is invalid.
    pub validity: Option<Validity>,
    /// Bounds on figures; a run that does not keep them ends with exit code 3.
    #[serde(default)]
    #[schemars(with = "Vec<forms::Bound>")]
    pub thresholds: Vec<Yaml>,
    /// What a run may cost on a billed target, in the price file's currency.
    #[schemars(range(min = 0.0))]
    pub max_cost: Option<f64>,
}

/// A bound on a figure, in one phase or with an early end.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// The figure, a comparison and the bound: `users.do-q1.service.p99 < 2s`.
    pub check: String,
    /// The phase; all that count if not given.
    pub phase: Option<String>,
    /// Ends the run where it fails so long after its phase, or the run, began.
    #[schemars(with = "Option<forms::Duration>")]
    pub abort_after: Option<Yaml>,
}

/// What the runner may use of its machine.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Validity {
    /// How late operations may be sent, at the 99th percentile.
    #[schemars(with = "Option<forms::Duration>", extend("default" = "1s"))]
    pub lag: Option<Yaml>,
    /// The share of the cores that a phase may use.
    #[schemars(with = "Option<forms::Share>", extend("default" = "95%"))]
    pub cpu: Option<Yaml>,
    /// Messages that may wait for the recorder at once.
    #[schemars(extend("default" = 100_000))]
    pub queue: Option<u64>,
}

/// A parameter.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Parameter")]
pub struct Param {
    /// Its value where `-P` gives none; its type is the parameter's.
    #[schemars(with = "forms::Scalar")]
    pub default: Yaml,
    /// The least value.
    #[schemars(with = "Option<forms::Scalar>")]
    pub min: Option<Yaml>,
    /// The greatest value.
    #[schemars(with = "Option<forms::Scalar>")]
    pub max: Option<Yaml>,
    /// The only values allowed.
    #[schemars(with = "Option<Vec<forms::Scalar>>")]
    pub one_of: Option<Vec<Yaml>>,
    /// One line for people.
    pub doc: Option<String>,
}

/// A level of the fleet.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// Its name; the member's text or number under this name.
    pub level: String,
    /// Its members under each node of the level above.
    #[schemars(with = "forms::Set")]
    pub of: Yaml,
    /// How long a node stands there before another takes its place; for ever if not given.
    #[schemars(with = "Option<forms::Expression>")]
    pub lifetime: Option<Yaml>,
    /// Attributes made of others, by name.
    #[serde(default, rename = "let")]
    #[schemars(with = "Map<forms::Text>")]
    pub lets: Map<Yaml>,
    /// Attributes drawn once a node, by name: one member of a set, with what it brings along.
    #[serde(default)]
    #[schemars(with = "Map<forms::Set>")]
    pub draw: Map<Yaml>,
}

/// Trouble that comes over nodes and goes again; expressions below name it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// The level whose nodes it comes over.
    pub level: String,
    /// The span of time that brings one to a node, or none.
    #[schemars(with = "forms::Expression")]
    pub every: Yaml,
    /// How likely it brings one.
    #[schemars(with = "forms::Expression")]
    pub chance: Yaml,
    /// How long one lasts.
    #[serde(rename = "for")]
    #[schemars(with = "forms::Expression")]
    pub length: Yaml,
}

/// What hosts report.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// A record a measure, or one MULTI record for all of them.
    #[schemars(extend("default" = "single"))]
    pub layout: Option<Layout>,
    /// The interval of records that give none.
    #[schemars(with = "Option<forms::Expression>")]
    pub every: Option<Yaml>,
    /// How late the records arrive that do not say so themselves; at once if not given.
    #[schemars(with = "Option<forms::Expression>")]
    pub delay: Option<Yaml>,
    /// The dimensions of records that give none.
    pub dimensions: Option<Vec<String>>,
    /// Records in a request at the most.
    #[schemars(range(min = 1, max = 100), extend("default" = 100))]
    pub batch: Option<u32>,
    /// The records by name.
    pub records: Map<Record>,
}

/// How measures become records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// A record a measure.
    Single,
    /// One MULTI record.
    Multi,
}

/// A record: some measures that are reported together.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The level that reports it; the last if not given.
    pub per: Option<String>,
    /// Levels of its own below that: a host's processes, a turbine's sensors.
    #[serde(default)]
    pub each: Vec<Each>,
    /// Its interval, instead of that of `metrics`.
    #[schemars(with = "Option<forms::Expression>")]
    pub every: Option<Yaml>,
    /// What must hold for it to be reported at a tick; always if not given.
    #[schemars(with = "Option<forms::Expression>")]
    pub when: Option<Yaml>,
    /// How late it arrives, instead of what `metrics` says.
    #[schemars(with = "Option<forms::Expression>")]
    pub delay: Option<Yaml>,
    /// Texts made anew at each tick, by name.
    #[serde(default, rename = "let")]
    #[schemars(with = "Map<forms::Text>")]
    pub lets: Map<Yaml>,
    /// Its dimensions, instead of those of `metrics`.
    pub dimensions: Option<Vec<String>>,
    /// Its measures: a name, or several with commas between, and their value.
    #[schemars(with = "Map<forms::Value>")]
    pub measures: Map<Yaml>,
}

/// A level local to a record.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Each {
    /// Its name.
    pub level: String,
    /// Its members under each node that reports.
    #[schemars(with = "forms::Set")]
    pub of: Yaml,
}

/// Where a scenario runs.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Where: on this machine, or on AWS.
    #[schemars(extend("default" = "local"))]
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
    #[schemars(range(min = 1, max = 10_000), extend("default" = 64))]
    pub connections: Option<u32>,
    /// Whether what the records of a write have in common is sent once.
    #[schemars(extend("default" = true))]
    pub common_attributes: Option<bool>,
    /// The AWS region.
    pub region: Option<String>,
    /// The AWS profile.
    pub profile: Option<String>,
    /// An endpoint instead of the service's own.
    pub endpoint_url: Option<String>,
    /// A price file, instead of the prices that come with tsrun.
    pub prices: Option<String>,
    /// What is to go wrong on a local target, in every phase without faults of its own.
    #[schemars(with = "Option<Vec<forms::Fault>>")]
    pub faults: Option<Vec<FaultRule>>,
}

/// The kinds of target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// The local Timestream that comes with tsrun.
    Local,
    /// Amazon Timestream.
    Timestream,
}

/// How long a table keeps data.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// In the memory store: whole hours, 1h to 8766h.
    #[schemars(with = "Option<forms::Duration>", extend("default" = "6h"))]
    pub memory: Option<Yaml>,
    /// In the magnetic store: whole days, 1d to 73000d.
    #[schemars(with = "Option<forms::Duration>", extend("default" = "365d"))]
    pub magnetic: Option<Yaml>,
    /// Whether late records are taken into the magnetic store.
    #[schemars(extend("default" = true))]
    pub magnetic_writes: Option<bool>,
}

/// Limits of every request.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Timeouts {
    /// To open a connection.
    #[schemars(with = "Option<forms::Duration>", extend("default" = "3s"))]
    pub connect: Option<Yaml>,
    /// One attempt.
    #[schemars(with = "Option<forms::Duration>", extend("default" = "60s"))]
    pub attempt: Option<Yaml>,
    /// All attempts of an operation.
    #[schemars(with = "Option<forms::Duration>", extend("default" = "120s"))]
    pub operation: Option<Yaml>,
}

/// The kinds of workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Writes the fleet's records.
    Ingest,
    /// Runs a mix of queries.
    Query,
}

// One type for both kinds, so that every problem keeps its place; `plan` sorts out which keys belong
// to which kind.
/// A named load: writes, or queries.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// Whether it writes or asks.
    pub kind: Kind,
    /// Ingest, and queries with a rate: requests under way at the most.
    #[schemars(range(min = 1, max = 10_000), extend("default" = 64))]
    pub in_flight: Option<u32>,
    /// Ingest: threads that send; if not given one for each 1,000,000 records a second of the fleet, up to the cores.
    #[schemars(range(min = 1, max = 256))]
    pub senders: Option<u32>,
    /// Ingest, and queries with a rate: what becomes of what is late.
    #[schemars(with = "Option<forms::Behind>", extend("default" = "catch_up"))]
    pub behind: Option<Yaml>,
    /// Query: users at 100 % (closed load).
    #[schemars(range(min = 1, max = 1_000_000), extend("default" = 1))]
    pub users: Option<u32>,
    /// Query: queries a second at 100 %, instead of users (open load).
    #[schemars(with = "Option<forms::Rate>")]
    pub rate: Option<Yaml>,
    /// Query with a rate: how they follow each other.
    #[schemars(with = "Option<forms::Arrivals>", extend("default" = "even"))]
    pub arrivals: Option<String>,
    /// Time between an answer and the same user's, or sender's, next request.
    #[schemars(with = "Option<forms::Expression>", extend("default" = "0s"))]
    pub think: Option<Yaml>,
    /// Query: the end of every window.
    #[schemars(with = "Option<forms::End>", extend("default" = "now"))]
    pub end: Option<Yaml>,
    /// Query: what is asked of each.
    #[schemars(with = "Option<forms::Mode>", extend("default" = "regular"))]
    pub mode: Option<String>,
    /// Query: where the parameters of its templates come from.
    #[schemars(with = "Option<forms::Pick>", extend("default" = "request"))]
    pub pick: Option<Yaml>,
    /// Query: the mix, by name.
    #[serde(default)]
    pub queries: Map<Query>,
}

/// A query of a mix.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// How often it is asked, relative to the other queries.
    #[schemars(range(min = 0.0))]
    pub weight: f64,
    /// The template, a file in `queries/`.
    pub sql: String,
    /// How far it looks back from the end.
    #[schemars(with = "forms::Duration")]
    pub window: Yaml,
    /// Variables for its template, by name.
    #[serde(default)]
    #[schemars(with = "Map<forms::Constant>")]
    pub vars: Map<Yaml>,
}

/// A phase.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// Its name.
    pub name: String,
    /// How long it lasts.
    #[schemars(with = "Option<forms::PhaseLength>")]
    pub duration: Option<Yaml>,
    /// Instead: a query workload of which every query runs once; the phase ends then.
    pub once: Option<String>,
    /// Instead: so much history, at a rate or as fast as the target takes it.
    #[schemars(with = "Option<forms::Duration>")]
    pub backfill: Option<Yaml>,
    /// With `backfill`: where history ends, instead of now.
    #[schemars(with = "Option<forms::Time>")]
    pub until: Option<Yaml>,
    /// How much of each workload it runs, by name.
    #[serde(default)]
    #[schemars(with = "Map<forms::Amount>")]
    pub load: Map<Yaml>,
    /// Whether it counts in the summary.
    #[schemars(extend("default" = true))]
    pub record: Option<bool>,
    /// What is to go wrong, instead of the target's faults.
    #[schemars(with = "Option<Vec<forms::Fault>>")]
    pub faults: Option<Vec<FaultRule>>,
}

/// Whether each user and worker writes logs of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ThreadLogs {
    /// Up to 100 of them.
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}
