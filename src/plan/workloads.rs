//! Workloads, resolved: which keys belong to which kind, ranges, the query mix. Not here: what the
//! templates say (`queries`).

use std::path::PathBuf;

use super::model::{
    Behind, EndTime, IngestLoad, Mode, Pace, Pattern, Pick, Query, QueryLoad, Work, Workload,
};
use super::reader::{Reader, plain};
use crate::diagnostics::{Path, Problem, did_you_mean};
use crate::fleet::{constant, problem_of};
use crate::scenario::{self, Kind, Map, Yaml};
use crate::units::parse_rate;
use crate::values::{Binding, Expression, Scope, Type, Value};

const IN_FLIGHT: u32 = 64;
const USERS: u32 = 1;

/// Resolves every workload; `params` are the names that `think` may use.
pub(super) fn workloads(
    wire: &Map<scenario::Workload>,
    params: &[(String, Value)],
    reader: &mut Reader,
) -> Vec<Workload> {
    let path = Path::root().key("workloads");
    if wire.is_empty() {
        reader.problem::<()>(Problem::new(&path, "there are no workloads"));
    }
    wire.iter()
        .filter_map(|(name, workload)| {
            let path = path.key(name);
            let name = reader.name(name, "workload", 1, &path)?;
            foreign_keys(workload, &path, reader);
            let work = match workload.kind {
                Kind::Ingest => Work::Ingest(ingest(workload, params, &path, reader)?),
                Kind::Query => Work::Query(query_load(workload, params, &path, reader)?),
            };
            Some(Workload { name, work })
        })
        .collect()
}

/// Keys that belong to another kind of workload.
fn foreign_keys(wire: &scenario::Workload, path: &Path, reader: &mut Reader) {
    let query_keys = [
        ("users", wire.users.is_some()),
        ("rate", wire.rate.is_some()),
        ("arrivals", wire.arrivals.is_some()),
        ("end", wire.end.is_some()),
        ("mode", wire.mode.is_some()),
        ("pick", wire.pick.is_some()),
        ("queries", !wire.queries.is_empty()),
    ];
    let open_keys = [("in_flight", wire.in_flight.is_some()), ("behind", wire.behind.is_some())];
    let open_queries_keys = [("arrivals", wire.arrivals.is_some())];
    let closed_keys = [("users", wire.users.is_some()), ("think", wire.think.is_some())];
    let (keys, is, other): (Vec<(&str, bool)>, _, _) = match (wire.kind, &wire.rate) {
        (Kind::Ingest, _) => (query_keys.to_vec(), "this one is of kind ingest", "a workload of kind query"),
        (Kind::Query, None) => {
            let keys = [&open_keys[..], &open_queries_keys].concat();
            (keys, "this one has users", "ingest and to queries with a `rate`")
        }
        (Kind::Query, Some(_)) => (closed_keys.to_vec(), "this one has a `rate`", "queries with users"),
    };
    if wire.kind == Kind::Query && wire.senders.is_some() {
        let message = "`senders` belongs to a workload of kind ingest, this one is of kind query";
        reader.problem::<()>(Problem::new(&path.key("senders"), message).on_key());
    }
    for (key, _) in keys.iter().filter(|(_, given)| *given) {
        reader.problem::<()>(
            Problem::new(&path.key(*key), format!("`{key}` belongs to {other}, {is}")).on_key(),
        );
    }
}

fn ingest(
    wire: &scenario::Workload,
    params: &[(String, Value)],
    path: &Path,
    reader: &mut Reader,
) -> Option<IngestLoad> {
    let in_flight = in_flight(wire, path, reader);
    let behind = behind(wire.behind.as_ref(), &path.key("behind"), reader);
    let think = match &wire.think {
        Some(yaml) => Some(think(yaml, params, &path.key("think"), reader)?),
        None => None,
    };
    let senders = match wire.senders {
        Some(count) => Some(reader.count(count, 1..=256, &path.key("senders"))? as usize),
        None => None,
    };
    Some(IngestLoad { in_flight: in_flight?, senders, think, behind: behind? })
}

fn in_flight(wire: &scenario::Workload, path: &Path, reader: &mut Reader) -> Option<usize> {
    let in_flight = wire.in_flight.unwrap_or(IN_FLIGHT);
    reader.count(in_flight, 1..=10_000, &path.key("in_flight")).map(|count| count as usize)
}

fn query_load(
    wire: &scenario::Workload,
    params: &[(String, Value)],
    path: &Path,
    reader: &mut Reader,
) -> Option<QueryLoad> {
    let pace = match &wire.rate {
        Some(rate) => open(wire, rate, path, reader),
        None => closed(wire, params, path, reader),
    };
    let end = end(wire.end.as_ref(), &path.key("end"), reader);
    let mode = mode(wire.mode.as_deref(), &path.key("mode"), reader);
    let pick = pick(wire.pick.as_ref(), &path.key("pick"), reader);
    let queries = queries(&wire.queries, &path.key("queries"), reader);
    let pick = pick?;
    if matches!(pick, Pick::User) && wire.rate.is_some() {
        let message = "`pick: user` wants users: what arrives by a rate is asked by nobody in particular";
        return reader.problem(Problem::new(&path.key("pick"), message).help("use `pick: request`"));
    }
    Some(QueryLoad { pace: pace?, end: end?, mode: mode?, pick, queries: queries? })
}

fn closed(
    wire: &scenario::Workload,
    params: &[(String, Value)],
    path: &Path,
    reader: &mut Reader,
) -> Option<Pace> {
    let users = reader.count(wire.users.unwrap_or(USERS), 1..=1_000_000, &path.key("users"));
    let none = Yaml::String("0s".to_owned());
    let think = think(wire.think.as_ref().unwrap_or(&none), params, &path.key("think"), reader);
    Some(Pace::Closed { users: users?, think: think? })
}

fn open(wire: &scenario::Workload, rate: &Yaml, path: &Path, reader: &mut Reader) -> Option<Pace> {
    let rate = match parse_rate(&plain(rate)) {
        Some(rate) if rate > 0.0 => Some(rate),
        _ => {
            let message = format!("`{}` is not a rate above 0: write 5/s, 90/m or 1000/h", plain(rate));
            reader.problem(Problem::new(&path.key("rate"), message))
        }
    };
    let pattern = match wire.arrivals.as_deref() {
        None | Some("even") => Some(Pattern::Even),
        Some("poisson") => Some(Pattern::Poisson),
        Some(other) => {
            let message = format!("`{other}` is no pattern of arrivals: even or poisson");
            let mut problem = Problem::new(&path.key("arrivals"), message);
            problem.help = did_you_mean(other, ["even", "poisson"]);
            reader.problem(problem)
        }
    };
    let in_flight = in_flight(wire, path, reader);
    let behind = behind(wire.behind.as_ref(), &path.key("behind"), reader);
    Some(Pace::Open { rate: rate?, pattern: pattern?, in_flight: in_flight?, behind: behind? })
}

/// `catch_up`, `{ skip_after: 10s }` or `{ stop_after: 10s }`.
fn behind(yaml: Option<&Yaml>, path: &Path, reader: &mut Reader) -> Option<Behind> {
    let form = "catch_up, { skip_after: 10s } or { stop_after: 10s }";
    match yaml {
        None => Some(Behind::CatchUp),
        Some(Yaml::String(text)) if text == "catch_up" => Some(Behind::CatchUp),
        Some(Yaml::Mapping(map)) if map.len() == 1 && map.contains_key("skip_after") => {
            reader.span(map.get("skip_after")?, &path.key("skip_after")).map(Behind::Skip)
        }
        Some(Yaml::Mapping(map)) if map.len() == 1 && map.contains_key("stop_after") => {
            reader.span(map.get("stop_after")?, &path.key("stop_after")).map(Behind::Stop)
        }
        Some(other) => reader.problem(Problem::new(path, format!("`{}`: behind is {form}", plain(other)))),
    }
}

/// The parameters alone, as a scope.
struct Params<'a>(&'a [(String, Value)]);

impl Scope for Params<'_> {
    fn lookup(&self, name: &str) -> Option<Binding> {
        let (_, value) = self.0.iter().find(|(param, _)| param == name)?;
        Some(Binding::Constant(value.clone()))
    }

    fn names(&self) -> Vec<String> {
        self.0.iter().map(|(name, _)| name.clone()).collect()
    }

    fn set(&self, name: &str) -> Option<Vec<Value>> {
        match self.lookup(name)? {
            Binding::Constant(Value::List(items)) => Some(items.to_vec()),
            _ => None,
        }
    }
}

fn think(yaml: &Yaml, params: &[(String, Value)], path: &Path, reader: &mut Reader) -> Option<Expression> {
    let source = plain(yaml);
    match Expression::compile(&source, &Params(params)) {
        Ok(expression) if expression.value_type() == Type::Duration => Some(expression),
        Ok(expression) => {
            let message =
                format!("`think` is a duration such as uniform(5s..30s), not {}", expression.value_type());
            reader.problem(Problem::new(path, message))
        }
        Err(faults) => {
            reader.problems.extend(faults.into_iter().map(|fault| problem_of(path, fault)));
            None
        }
    }
}

fn end(yaml: Option<&Yaml>, path: &Path, reader: &mut Reader) -> Option<EndTime> {
    match yaml {
        None => Some(EndTime::Now),
        Some(Yaml::String(text)) if text == "now" => Some(EndTime::Now),
        Some(Yaml::String(text)) if text == "latest" => Some(EndTime::Latest),
        Some(Yaml::String(text)) if !text.starts_with(|c: char| c.is_ascii_digit()) => {
            let mut problem = Problem::new(path, format!("`{text}` is not an end: now, latest, or a time"));
            problem.help = did_you_mean(text, ["now", "latest"]);
            reader.problem(problem)
        }
        Some(other) => reader.time(other, path).map(EndTime::At),
    }
}

fn mode(text: Option<&str>, path: &Path, reader: &mut Reader) -> Option<Mode> {
    match text {
        None | Some("regular") => Some(Mode::Regular),
        Some("row_count") => Some(Mode::RowCount),
        Some(other) => {
            let mut problem = Problem::new(path, format!("`{other}` is not a mode: regular or row_count"));
            problem.help = did_you_mean(other, ["regular", "row_count"]);
            reader.problem(problem)
        }
    }
}

fn pick(yaml: Option<&Yaml>, path: &Path, reader: &mut Reader) -> Option<Pick> {
    let form = "request, user, { table: TEMPLATE } or { fixed: { NAME: VALUE } }";
    match yaml {
        None => Some(Pick::Request),
        Some(Yaml::String(text)) if text == "request" => Some(Pick::Request),
        Some(Yaml::String(text)) if text == "user" => Some(Pick::User),
        Some(Yaml::Mapping(map)) if map.len() == 1 => match (map.get("table"), map.get("fixed")) {
            (Some(Yaml::String(file)), None) => Some(Pick::Table { sql: PathBuf::from(file) }),
            (None, Some(Yaml::Mapping(fixed))) => {
                let values = fixed.iter().map(|(name, value)| {
                    let name = plain(name);
                    let value = variable(value, &path.key("fixed").key(name.as_str()), reader)?;
                    Some((name, value))
                });
                values.collect::<Option<_>>().map(Pick::Fixed)
            }
            _ => reader.problem(Problem::new(path, format!("pick is {form}"))),
        },
        Some(other) => reader.problem(Problem::new(path, format!("`{}`: pick is {form}", plain(other)))),
    }
}

fn queries(wire: &Map<scenario::Query>, path: &Path, reader: &mut Reader) -> Option<Vec<Query>> {
    if wire.is_empty() {
        return reader.problem(Problem::new(path, "the workload has no queries").following());
    }
    let queries: Vec<Option<Query>> =
        wire.iter().map(|(name, query)| self::query(name, query, &path.key(name), reader)).collect();
    let queries = queries.into_iter().collect::<Option<Vec<_>>>()?;
    if queries.iter().map(|query| query.weight).sum::<f64>() <= 0.0 {
        return reader
            .problem(Problem::new(path, "weights add up to 0").help("give one query a weight above 0"));
    }
    Some(queries)
}

fn query(name: &str, wire: &scenario::Query, path: &Path, reader: &mut Reader) -> Option<Query> {
    let name = reader.name(name, "query", 1, path);
    let window = reader.span(&wire.window, &path.key("window"));
    let vars = wire
        .vars
        .iter()
        .map(|(name, yaml)| Some((name.to_owned(), variable(yaml, &path.key("vars").key(name), reader)?)))
        .collect::<Option<Vec<_>>>();
    if !(wire.weight.is_finite() && wire.weight >= 0.0) {
        let message = format!("weight {} is not a number of 0 or more", wire.weight);
        return reader.problem(Problem::new(&path.key("weight"), message));
    }
    Some(Query {
        name: name?,
        weight: wire.weight,
        sql: PathBuf::from(&wire.sql),
        window: window?,
        vars: vars?,
    })
}

fn variable(yaml: &Yaml, path: &Path, reader: &mut Reader) -> Option<Value> {
    match constant(yaml) {
        Ok(value) => Some(value),
        Err(message) => reader.problem(Problem::new(path, message)),
    }
}
