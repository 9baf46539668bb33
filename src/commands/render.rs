//! `tsrun render`: the SQL of a scenario's queries, as it would be sent for a host of the fleet; with `--explain` what
//! the target scans for it, which is the only time that it talks to one.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::explain::explain;
use super::{Failure, load, target};
use crate::cli;
use crate::diagnostics::did_you_mean;
use crate::exit::Exit;
use crate::output::say;
use crate::plan::{EndTime, Pick, Plan, QueryLoad, Work};
use crate::queries::QuerySet;
use crate::units::parse_duration;
use crate::values::{Value, draw};

pub(super) fn run(args: cli::Render) -> Result<Exit, Failure> {
    let mut plan = load::plan(&args.scenario, &args.overrides)?;
    let mixes = mixes(&plan, &args)?;
    if args.explain {
        target::apply(&args.target, &mut plan.target);
        return explain(&plan, mixes, args);
    }
    for Rendered { name, sql } in render(&plan, mixes, &args.set)? {
        say(format!("-- {name}\n{sql}\n"));
    }
    Ok(Exit::Good)
}

/// The queries that are asked for, workload by workload.
fn mixes(plan: &Plan, args: &cli::Render) -> Result<Vec<Mix>, Failure> {
    let loads = plan.workloads.iter().filter_map(|workload| match &workload.work {
        Work::Query(load) => Some(load),
        Work::Ingest(_) => None,
    });
    let mut mixes: Vec<Mix> = loads.map(|load| Mix::of(load, plan, args)).collect();
    if let Some(wanted) = &args.query {
        known(wanted, &mixes)?;
        mixes.iter_mut().for_each(|mix| mix.load.queries.retain(|query| query.name == *wanted));
        mixes.retain(|mix| !mix.load.queries.is_empty());
    }
    Ok(mixes)
}

/// A query as it would be sent.
pub(super) struct Rendered {
    pub name: String,
    pub sql: String,
}

/// Their SQL, with these values in place of others.
pub(super) fn render(
    plan: &Plan,
    mut mixes: Vec<Mix>,
    values: &[(String, String)],
) -> Result<Vec<Rendered>, Failure> {
    for (name, text) in values {
        set(&mut mixes, name, text)?;
    }
    let rendered = mixes.iter().map(|mix| mix.render(plan));
    Ok(rendered.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// One workload's queries and what they are rendered with.
pub(super) struct Mix {
    pub load: QueryLoad,
    pub parameters: Vec<(Arc<str>, Value)>,
    pub end: DateTime<Utc>,
}

impl Mix {
    fn of(load: &QueryLoad, plan: &Plan, args: &cli::Render) -> Self {
        let end = args.end.unwrap_or_else(|| match load.end {
            EndTime::At(time) => time,
            // What the table's latest time is only the target knows, and what a look-up finds below.
            EndTime::Now | EndTime::Latest => Utc::now(),
        });
        let parameters = match &load.pick {
            Pick::Fixed(values) => {
                values.iter().map(|(name, value)| (name.as_str().into(), value.clone())).collect()
            }
            Pick::Request | Pick::User | Pick::Table { .. } => {
                let then = end.timestamp_nanos_opt().unwrap_or(i64::MAX);
                let host = host(plan.seed, args.draw);
                plan.generator.attributes(host, host, then)
            }
        };
        Self { load: load.clone(), parameters, end }
    }

    fn render(&self, plan: &Plan) -> Result<Vec<Rendered>, Failure> {
        let set = QuerySet::new(&self.load, Arc::clone(&plan.templates))
            .map_err(|error| Failure::new(Exit::Usage, format!("error: {error}")))?;
        let one = |(index, query): (usize, &crate::plan::Query)| {
            let sql = set
                .render(index, &self.parameters, self.end)
                .map_err(|error| Failure::new(Exit::Usage, format!("error: {error}")))?;
            Ok(Rendered { name: query.name.clone(), sql: sql.trim_end().to_owned() })
        };
        self.load.queries.iter().enumerate().map(one).collect()
    }

    /// The values of this name: the queries' own variables hide the host's.
    fn values<'a>(&'a mut self, name: &'a str) -> impl Iterator<Item = &'a mut Value> {
        let vars = self.load.queries.iter_mut().flat_map(|query| &mut query.vars);
        let vars = vars.filter(move |(other, _)| other == name).map(|(_, value)| value);
        let parameters = self.parameters.iter_mut().filter(move |(other, _)| **other == *name);
        vars.chain(parameters.map(|(_, value)| value))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let vars = self.load.queries.iter().flat_map(|query| &query.vars).map(|(name, _)| name.as_str());
        vars.chain(self.parameters.iter().map(|(name, _)| &**name))
    }
}

/// The number of the host that a draw gives; the first is the seed's own.
fn host(seed: u64, number: u64) -> u64 {
    if number == 0 { seed } else { draw::child(seed, "render", &number.to_string()) }
}

fn known(wanted: &str, mixes: &[Mix]) -> Result<(), Failure> {
    let names: Vec<&str> =
        mixes.iter().flat_map(|mix| mix.load.queries.iter()).map(|query| query.name.as_str()).collect();
    if names.contains(&wanted) {
        return Ok(());
    }
    let help =
        did_you_mean(wanted, names.iter().copied()).map_or_else(String::new, |help| format!(", {help}"));
    Err(Failure::new(Exit::Usage, format!("error: no query is called `{wanted}`{help}")))
}

/// Puts a value in place of every one of this name, in its type.
fn set(mixes: &mut [Mix], name: &str, text: &str) -> Result<(), Failure> {
    let refuse = |why: String| Err(Failure::new(Exit::Usage, format!("error: --set {name}={text}: {why}")));
    let mut found = false;
    for value in mixes.iter_mut().flat_map(|mix| mix.values(name)) {
        let Some(new) = like(value, text) else {
            return refuse(format!("`{name}` is {}, such as {value}", value.value_type()));
        };
        *value = new;
        found = true;
    }
    if found {
        return Ok(());
    }
    let mut names: Vec<&str> = mixes.iter().flat_map(Mix::names).collect();
    names.sort_unstable();
    names.dedup();
    let help = did_you_mean(name, names.iter().copied());
    refuse(help.map_or_else(
        || format!("no query has it; there are {}", names.join(", ")),
        |help| format!("no query has it, {help}"),
    ))
}

/// A value of the same type, written as text.
fn like(value: &Value, text: &str) -> Option<Value> {
    match value {
        Value::Boolean(_) => text.parse().ok().map(Value::Boolean),
        Value::Bigint(_) => text.parse().ok().map(Value::Bigint),
        Value::Double(_) => text.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Double),
        Value::Text(_) => Some(Value::Text(text.into())),
        Value::Duration(_) => parse_duration(text).ok().map(Value::Duration),
        Value::List(items) => {
            let texts = text.split(',').map(str::trim);
            let item =
                |text| items.first().map_or_else(|| Some(Value::Text(Arc::from(text))), |of| like(of, text));
            Some(Value::List(texts.map(item).collect::<Option<Vec<_>>>()?.into()))
        }
    }
}
