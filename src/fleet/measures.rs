//! A record's measures from the YAML: names, values, types, and the order in which they can be worked
//! out; and the problems they can have. Not here: the rest of a record (`records`).

use std::collections::HashMap;
use std::sync::Arc;

use super::constant::{common_type, constant, widen};
use super::levels::{key_text, problem_of};
use super::names::{Names, WithMeasures};
use super::record::{Measure, MeasureValue};
use super::records::{RecordReader, column_name_problem, limit};
use crate::diagnostics::{Path, Problem};
use crate::scenario::{self, Yaml};
use crate::values::{Expression, Type, Value, WeightedChoice, draw};

impl RecordReader<'_> {
    /// The measures in the order of the file, and the order in which they can be worked out.
    pub(super) fn measures(
        &mut self,
        record: &str,
        wire: &scenario::Record,
        names: &Names,
        path: &Path,
    ) -> Option<(Vec<Measure>, Vec<usize>)> {
        let path = path.key("measures");
        let listed = self.listed(wire, names, &path)?;
        let order = self.order(&listed)?;
        let mut typed: Vec<(Arc<str>, Option<Type>)> =
            listed.iter().map(|measure| (measure.name.clone(), None)).collect();
        let mut read: Vec<Option<MeasureValue>> = listed.iter().map(|_| None).collect();
        let mut sound = true;
        for index in &order {
            let scope = WithMeasures { names, measures: &typed };
            match self.value(&listed[*index], &scope) {
                Some((value, value_type)) => {
                    typed[*index].1 = Some(value_type);
                    read[*index] = Some(value);
                }
                None => {
                    // Those that read it are spared a second complaint.
                    typed[*index].1 = Some(Type::Double);
                    sound = false;
                }
            }
        }
        if !sound {
            return None;
        }
        let record_key = draw::child(0, "record", record);
        let measures = typed
            .into_iter()
            .zip(read)
            .map(|((name, value_type), value)| {
                let salt = draw::child(record_key, "measure", &name);
                Some(Measure { salt, name, value: value?, value_type: value_type? })
            })
            .collect::<Option<Vec<_>>>()?;
        Some((measures, order))
    }

    /// Splits keys that list several names, and checks the names.
    fn listed<'w>(
        &mut self,
        wire: &'w scenario::Record,
        names: &Names,
        path: &Path,
    ) -> Option<Vec<Listed<'w>>> {
        let mut listed: Vec<Listed<'w>> = Vec::new();
        let before = self.problems.len();
        for (key, yaml) in wire.measures.iter() {
            let path = path.key(key);
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
                listed.push(Listed { name: Arc::from(name), yaml, path: path.clone() });
            }
        }
        if listed.is_empty() || listed.len() > limit::MEASURES {
            let message = format!("{} measures: a record takes 1 to {}", listed.len(), limit::MEASURES);
            self.problems.push(Problem::new(path, message));
        }
        (self.problems.len() == before).then_some(listed)
    }

    /// Each measure after those that its expression names.
    fn order(&mut self, listed: &[Listed<'_>]) -> Option<Vec<usize>> {
        let index: HashMap<&str, usize> = listed.iter().enumerate().map(|(i, m)| (&*m.name, i)).collect();
        let reads: Vec<Vec<usize>> = listed
            .iter()
            .map(|measure| match measure.yaml {
                Yaml::String(source) => Expression::names(source)
                    .iter()
                    .filter_map(|(name, _)| index.get(name.as_str()).copied())
                    .collect(),
                _ => Vec::new(),
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

    fn value(&mut self, measure: &Listed<'_>, scope: &WithMeasures<'_>) -> Option<(MeasureValue, Type)> {
        let path = &measure.path;
        let (value, value_type) = match measure.yaml {
            Yaml::String(source) => match Expression::compile(source, scope) {
                Ok(expression) => {
                    let user = format!("measure {}", measure.name);
                    if let Some(problem) = scope.names.require(expression.reads_attributes(), &user, path) {
                        return self.problem(problem);
                    }
                    let value_type = expression.value_type();
                    (MeasureValue::Expression(expression), value_type)
                }
                Err(faults) => {
                    self.problems.extend(faults.into_iter().map(|fault| problem_of(path, fault)));
                    return None;
                }
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
            let message = format!("measure `{}` is {value_type}, which no column can hold", measure.name);
            return self.problem(Problem::new(path, message));
        }
        Some((value, value_type))
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

/// A measure as the file lists it.
struct Listed<'w> {
    name: Arc<str>,
    yaml: &'w Yaml,
    path: Path,
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
