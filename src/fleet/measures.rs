//! A record's values from the YAML: names, expressions, types, and the order in which they can be
//! worked out; and the problems they can have. Not here: the rest of a record (`records`, `timing`).

use std::collections::HashMap;
use std::sync::Arc;

use super::constant::{common_type, constant, widen};
use super::incident::Incident;
use super::levels::{key_text, problem_of};
use super::names::{AtTick, Names, Ticking};
use super::records::{RecordReader, column_name_problem, limit};
use super::tick::{Measure, MeasureValue, Values};
use crate::diagnostics::{Path, Problem};
use crate::scenario::{self, Yaml};
use crate::values::{Expression, Fault, Text, Type, Value, WeightedChoice, draw, time_left};

impl<'a> RecordReader<'a> {
    /// What changes from tick to tick: measures in the order of the file, then the record's texts, then
    /// incidents; and what they are known as.
    pub(super) fn values(
        &mut self,
        record: &str,
        wire: &scenario::Record,
        (names, interval): (&Names, i64),
        path: &Path,
    ) -> Option<(Values, Vec<Ticking>)> {
        let (listed, columns) = self.listed(wire, names, path)?;
        let order = self.order(&listed)?;
        let mut ticking: Vec<Ticking> = listed
            .iter()
            .map(|value| Ticking { name: value.name.clone(), value_type: None, bounds: UNBOUNDED })
            .collect();
        let mut read: Vec<Option<MeasureValue>> = listed.iter().map(|_| None).collect();
        let mut sound = true;
        for index in &order {
            let scope = AtTick { names, ticking: &ticking, interval };
            match self.value(&listed[*index], &scope) {
                Some((value, value_type, bounds)) => {
                    ticking[*index].value_type = Some(value_type);
                    ticking[*index].bounds = bounds;
                    read[*index] = Some(value);
                }
                None => {
                    // Those that read it are spared a second complaint.
                    ticking[*index].value_type = Some(Type::Double);
                    sound = false;
                }
            }
        }
        if !sound {
            return None;
        }
        let record_key = draw::child(0, "record", record);
        let all = ticking
            .iter()
            .zip(read)
            .map(|(Ticking { name, value_type, .. }, value)| {
                let salt = draw::child(record_key, "measure", name);
                Some(Measure { salt, name: name.clone(), value: value?, value_type: (*value_type)? })
            })
            .collect::<Option<Vec<_>>>()?;
        Some((Values { all, columns, order, interval }, ticking))
    }

    /// Everything that has a name at a tick, with the number of columns among it, which come first:
    /// splits keys that list several names, and checks the names.
    fn listed<'w>(
        &mut self,
        wire: &'w scenario::Record,
        names: &Names,
        path: &Path,
    ) -> Option<(Vec<Listed<'w>>, usize)>
    where
        'a: 'w,
    {
        let mut listed: Vec<Listed<'w>> = Vec::new();
        let before = self.problems.len();
        let measures = path.key("measures");
        for (key, yaml) in wire.measures.iter() {
            let path = measures.key(key);
            for name in key.split(',').map(str::trim) {
                if let Some(first) = listed.iter().find(|measure| *measure.name == *name) {
                    let message = format!("measure `{name}` is given twice");
                    self.problems.push(Problem::new(&path, message).on_key().and(&first.path));
                }
                if let Some(problem) = column_name_problem(name, "measure", limit::MEASURE_NAME, &path) {
                    self.problems.push(problem.on_key());
                }
                if let Some(known) = names.get(name) {
                    let message = format!("`{name}` is defined twice");
                    self.problems.push(Problem::new(&path, message).on_key().and(&known.path));
                }
                listed.push(Listed {
                    name: Arc::from(name),
                    source: Source::Measure(yaml),
                    path: path.clone(),
                });
            }
        }
        let columns = listed.len();
        if columns == 0 || columns > limit::MEASURES {
            let message = format!("{columns} measures: a record takes 1 to {}", limit::MEASURES);
            self.problems.push(Problem::new(&measures, message));
        }
        for (name, yaml) in wire.lets.iter() {
            let path = path.key("let").key(name);
            self.add(Listed { name: Arc::from(name), source: Source::Let(yaml), path }, names, &mut listed);
        }
        let incidents = self.incidents;
        let depth = self.per(wire, path).unwrap_or_default();
        for (incident, path) in incidents.iter().filter(|(incident, _)| incident.depth <= depth) {
            let (name, path) = (incident.name.clone(), path.clone());
            let left = Arc::from(time_left(&name));
            self.add(
                Listed { name, source: Source::Incident(incident), path: path.clone() },
                names,
                &mut listed,
            );
            listed.push(Listed { name: left, source: Source::TimeLeft(incident), path });
        }
        (self.problems.len() == before).then_some((listed, columns))
    }

    /// Adds what is no column.
    fn add<'w>(&mut self, value: Listed<'w>, names: &Names, listed: &mut Vec<Listed<'w>>) {
        let known = listed.iter().find(|other| other.name == value.name).map(|other| &other.path);
        if let Some(known) = known.or(names.get(&value.name).map(|name| &name.path)) {
            let message = format!("`{}` is defined twice", value.name);
            self.problems.push(Problem::new(&value.path, message).on_key().and(known));
        }
        listed.push(value);
    }

    /// Each value after those that its expression names.
    fn order(&mut self, listed: &[Listed<'_>]) -> Option<Vec<usize>> {
        let index: HashMap<&str, usize> = listed.iter().enumerate().map(|(i, m)| (&*m.name, i)).collect();
        let reads: Vec<Vec<usize>> = listed
            .iter()
            .map(|value| {
                let names = match value.source {
                    Source::Measure(Yaml::String(source)) => Expression::names(source),
                    Source::Let(Yaml::String(source)) => Text::names(source),
                    Source::Measure(_) | Source::Let(_) | Source::Incident(_) | Source::TimeLeft(_) => {
                        Vec::new()
                    }
                };
                names.iter().filter_map(|(name, _)| index.get(name.as_str()).copied()).collect()
            })
            .collect();
        let mut order = Vec::with_capacity(listed.len());
        let mut state = vec![Visit::New; listed.len()];
        for start in 0..listed.len() {
            let mut trail = Vec::new();
            if let Err(cycle) = visit(start, &reads, &mut state, &mut trail, &mut order) {
                let round: Vec<&str> = cycle.iter().map(|i| &*listed[*i].name).collect();
                let problem = Problem::new(&listed[cycle[0]].path, format!("cycle {}", round.join(" -> ")));
                return self.problem(problem);
            }
        }
        Some(order)
    }

    /// A value, its type and its bounds.
    fn value(&mut self, listed: &Listed<'_>, scope: &AtTick<'_>) -> Option<(MeasureValue, Type, (f64, f64))> {
        match listed.source {
            Source::Measure(yaml) => self.measure(listed, yaml, scope),
            Source::Let(yaml) => {
                let source = plain_text(yaml);
                let text = match Text::compile(&source, scope) {
                    Ok(text) => text,
                    Err(faults) => return self.faults(&listed.path, faults),
                };
                self.require(
                    text.reads_attributes(),
                    scope.names,
                    &format!("`{}`", listed.name),
                    &listed.path,
                )?;
                let value_type = text.value_type();
                Some((MeasureValue::Text(text), value_type, Text::bounds(&source, scope)))
            }
            Source::Incident(incident) => {
                Some((MeasureValue::Incident(Arc::clone(incident)), Type::Boolean, UNBOUNDED))
            }
            Source::TimeLeft(incident) => {
                let bounds = (0.0, incident.longest);
                Some((MeasureValue::TimeLeft(Arc::clone(incident)), Type::Duration, bounds))
            }
        }
    }

    fn measure(
        &mut self,
        listed: &Listed<'_>,
        yaml: &Yaml,
        scope: &AtTick<'_>,
    ) -> Option<(MeasureValue, Type, (f64, f64))> {
        let path = &listed.path;
        let mut bounds = UNBOUNDED;
        let (value, value_type) = match yaml {
            Yaml::String(source) => match Expression::compile(source, scope) {
                Ok(expression) => {
                    let user = format!("measure {}", listed.name);
                    self.require(expression.reads_attributes(), scope.names, &user, path)?;
                    bounds = Expression::bounds(source, scope);
                    let value_type = expression.value_type();
                    (MeasureValue::Expression(expression), value_type)
                }
                Err(faults) => return self.faults(path, faults),
            },
            Yaml::Sequence(items) => {
                let items = items.iter().map(|item| constant(item).map(|value| (value, 1.0)));
                self.choice(items.collect(), path)?
            }
            Yaml::Mapping(map) => {
                let items = map.iter().map(|(key, weight)| match weight.as_f64() {
                    Some(weight) => Ok((Value::Text(Arc::from(key_text(key))), weight)),
                    None => Err(format!("the weight of `{}` is not a number", key_text(key))),
                });
                self.choice(items.collect(), path)?
            }
            other => {
                let items = constant(other).map(|value| vec![(value, 1.0)]);
                self.choice(items, path)?
            }
        };
        if matches!(value_type, Type::List | Type::Duration) {
            let message = format!("measure `{}` is {value_type}, which no column can hold", listed.name);
            return self.problem(Problem::new(path, message).help("what is no column may stand under `let`"));
        }
        Some((value, value_type, bounds))
    }

    /// Complains where a used attribute is missing from a member of its map.
    pub(super) fn require(&mut self, slots: &[usize], names: &Names, user: &str, path: &Path) -> Option<()> {
        match names.require(slots, user, path) {
            Some(problem) => self.problem(problem),
            None => Some(()),
        }
    }

    pub(super) fn faults<T>(&mut self, path: &Path, faults: Vec<Fault>) -> Option<T> {
        self.problems.extend(faults.into_iter().map(|fault| problem_of(path, fault)));
        None
    }

    fn choice(
        &mut self,
        items: Result<Vec<(Value, f64)>, String>,
        path: &Path,
    ) -> Option<(MeasureValue, Type)> {
        let read = items.and_then(|items| {
            let values: Vec<Value> = items.iter().map(|(value, _)| value.clone()).collect();
            let value_type = common_type(&values)?.ok_or("a measure needs at least one value")?;
            let items = items.into_iter().map(|(value, weight)| (widen(value, value_type), weight)).collect();
            Ok((MeasureValue::Choice(WeightedChoice::new(items)?), value_type))
        });
        match read {
            Ok(read) => Some(read),
            Err(message) => self.problem(Problem::new(path, message)),
        }
    }
}

/// A value of a tick as the file lists it.
struct Listed<'w> {
    name: Arc<str>,
    source: Source<'w>,
    path: Path,
}

/// What a value is made from.
#[derive(Clone, Copy)]
enum Source<'w> {
    Measure(&'w Yaml),
    Let(&'w Yaml),
    Incident(&'w Arc<Incident>),
    TimeLeft(&'w Arc<Incident>),
}

/// Nothing is known of how large a value is.
const UNBOUNDED: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

/// A text as written; numbers and truths as they print.
fn plain_text(yaml: &Yaml) -> String {
    match yaml {
        Yaml::String(text) => text.clone(),
        other => key_text(other),
    }
}

/// Where the search for an order stands with a measure.
#[derive(Clone, Copy, PartialEq)]
enum Visit {
    New,
    Open,
    Done,
}

/// Depth first; an error is a cycle, its first measure again at the end.
fn visit(
    at: usize,
    reads: &[Vec<usize>],
    state: &mut [Visit],
    trail: &mut Vec<usize>,
    order: &mut Vec<usize>,
) -> Result<(), Vec<usize>> {
    match state[at] {
        Visit::Done => return Ok(()),
        Visit::Open => {
            let start = trail.iter().position(|i| *i == at).unwrap_or(0);
            let mut cycle = trail[start..].to_vec();
            cycle.push(at);
            return Err(cycle);
        }
        Visit::New => state[at] = Visit::Open,
    }
    trail.push(at);
    for next in &reads[at] {
        visit(*next, reads, state, trail, order)?;
    }
    trail.pop();
    state[at] = Visit::Done;
    order.push(at);
    Ok(())
}
