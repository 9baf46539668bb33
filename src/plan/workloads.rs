//! Workloads, resolved: which keys belong to which kind, ranges, the query mix. Not here: what the
//! templates say (`queries`).

use std::path::PathBuf;

use super::model::{EndTime, IngestLoad, Mode, Pick, Query, QueryLoad, Work, Workload};
use super::reader::{Reader, plain};
use crate::diagnostics::{Path, Problem, did_you_mean};
use crate::fleet::{constant, problem_of};
use crate::scenario::{self, Kind, Map, Yaml};
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
                Kind::Ingest => Work::Ingest(ingest(workload, &path, reader)?),
                Kind::Query => Work::Query(query_load(workload, params, &path, reader)?),
            };
            Some(Workload { name, work })
        })
        .collect()
}

/// Keys that belong to the other kind of workload.
fn foreign_keys(wire: &scenario::Workload, path: &Path, reader: &mut Reader) {
    let query_keys = [
        ("users", wire.users.is_some()),
        ("think", wire.think.is_some()),
        ("end", wire.end.is_some()),
        ("mode", wire.mode.is_some()),
        ("pick", wire.pick.is_some()),
        ("queries", !wire.queries.is_empty()),
    ];
    let ingest_keys = [("in_flight", wire.in_flight.is_some())];
    let (keys, kind, other): (&[(&str, bool)], _, _) = match wire.kind {
        Kind::Ingest => (&query_keys, "ingest", "query"),
        Kind::Query => (&ingest_keys, "query", "ingest"),
    };
    for (key, _) in keys.iter().filter(|(_, given)| *given) {
        let message = format!("`{key}` belongs to a workload of kind {other}, this one is of kind {kind}");
        reader.problem::<()>(Problem::new(&path.key(*key), message).on_key());
    }
}

fn ingest(wire: &scenario::Workload, path: &Path, reader: &mut Reader) -> Option<IngestLoad> {
    let in_flight = wire.in_flight.unwrap_or(IN_FLIGHT);
    let in_flight = reader.count(in_flight, 1..=10_000, &path.key("in_flight"))?;
    Some(IngestLoad { in_flight: in_flight as usize })
}

fn query_load(
    wire: &scenario::Workload,
    params: &[(String, Value)],
    path: &Path,
    reader: &mut Reader,
) -> Option<QueryLoad> {
    let users = reader.count(wire.users.unwrap_or(USERS), 1..=1_000_000, &path.key("users"));
    let think = think(wire.think.as_ref(), params, &path.key("think"), reader);
    let end = end(wire.end.as_ref(), &path.key("end"), reader);
    let mode = mode(wire.mode.as_deref(), &path.key("mode"), reader);
    let pick = pick(wire.pick.as_ref(), &path.key("pick"), reader);
    let queries = queries(&wire.queries, &path.key("queries"), reader);
    Some(QueryLoad { users: users?, think: think?, end: end?, mode: mode?, pick: pick?, queries: queries? })
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

fn think(
    yaml: Option<&Yaml>,
    params: &[(String, Value)],
    path: &Path,
    reader: &mut Reader,
) -> Option<Expression> {
    let source = yaml.map_or_else(|| "0s".to_owned(), plain);
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
