//! Levels from the YAML: members, attributes, draws; and the problems they can have. Not here:
//! records (`records`).

use std::sync::Arc;

use super::constant::{common_type, constant, widen};
use super::level::{Draw, Let, Level, Lifetime, MemberMap, Members};
use super::names::{Listed, Name, Names, Origin};
use crate::diagnostics::{Path, Problem};
use crate::scenario::{self, Yaml};
use crate::units::meant_duration;
use crate::values::{Expression, Fault, SetSource, Text, Type, Value};

/// Where a set is read: it decides what may size it and how its members' attributes count.
#[derive(Clone, Copy)]
struct Place<'a> {
    path: &'a Path,
    /// The name that its members stand under.
    name: &'a str,
    depth: usize,
    drawn: bool,
}

/// Reads levels and adds the names that they define.
pub(super) struct LevelReader<'a> {
    pub names: &'a mut Names,
    pub problems: &'a mut Vec<Problem>,
}

impl LevelReader<'_> {
    /// A level of the fleet at `depth`, from 1; none where it has problems.
    pub(super) fn level(&mut self, wire: &scenario::Level, depth: usize, path: &Path) -> Option<Level> {
        let level = self.plain(&wire.level, &wire.of, depth, path);
        let lifetime = match &wire.lifetime {
            Some(yaml) => self.lifetime(&wire.level, yaml, depth, &path.key("lifetime")).map(Some),
            None => Some(None),
        };
        // What stands in a level that cannot be is looked at all the same: every problem at once.
        let draws: Vec<_> = wire
            .draw
            .iter()
            .map(|(name, set)| self.draw(name, set, depth, &path.key("draw").key(name)))
            .collect();
        let lets: Vec<_> = wire
            .lets
            .iter()
            .map(|(name, text)| self.text(name, text, depth, &path.key("let").key(name)))
            .collect();
        Some(Level {
            draws: draws.into_iter().collect::<Option<_>>()?,
            lets: lets.into_iter().collect::<Option<_>>()?,
            lifetime: lifetime?,
            ..level?
        })
    }

    fn draw(&mut self, name: &str, set: &Yaml, depth: usize, path: &Path) -> Option<Draw> {
        let place = Place { path, name, depth, drawn: true };
        let members = self.members(set, place)?;
        let slot = self.member(&members, place)?;
        Some(Draw { name: Arc::from(name), slot, members })
    }

    /// A level with members alone.
    pub(super) fn plain(&mut self, name: &str, of: &Yaml, depth: usize, path: &Path) -> Option<Level> {
        let of_path = path.key("of");
        let place = Place { path: &of_path, name, depth, drawn: false };
        let members = self.members(of, place);
        let slot = members.as_ref().and_then(|members| self.member(members, place));
        let Some(slot) = slot else {
            // Those who use the name should not be told that it is unknown.
            self.undefined(name, of, depth, path);
            return None;
        };
        let (lets, draws) = (Vec::new(), Vec::new());
        Some(Level { name: Arc::from(name), slot, members: members?, lifetime: None, lets, draws })
    }

    /// How long nodes live, and the name that counts their generations.
    fn lifetime(&mut self, level: &str, yaml: &Yaml, depth: usize, path: &Path) -> Option<Lifetime> {
        let length = positive_duration("lifetime", yaml, self.names, self.problems, path)?;
        let slot = self.names.slot();
        let name = format!("{level}_generation");
        self.define(Name::attribute(&name, (slot, Type::Bigint), Origin::Generation, depth, path))?;
        Some(Lifetime { length, slot })
    }

    fn undefined(&mut self, name: &str, of: &Yaml, depth: usize, path: &Path) {
        let slot = self.names.slot();
        // Whether it is there already does not matter here.
        let value_type = if matches!(of, Yaml::String(_)) { Type::Bigint } else { Type::Text };
        let name = Name::attribute(name, (slot, value_type), Origin::Member, depth, path);
        let _ = self.names.define(Name { tells_apart: vec![depth], ..name });
    }

    fn text(&mut self, name: &str, yaml: &Yaml, depth: usize, path: &Path) -> Option<Let> {
        let source = match yaml {
            Yaml::String(source) => source.clone(),
            other => match constant(other) {
                Ok(Value::List(_)) | Err(_) => {
                    let message = format!("`{name}` wants a text such as \"{{region}}-1\"");
                    return self.problem(Problem::new(path, message));
                }
                Ok(value) => value.to_string(),
            },
        };
        let text = match Text::compile(&source, self.names) {
            Ok(text) => text,
            Err(faults) => return self.faults(path, faults),
        };
        let user = format!("`{name}`");
        if let Some(problem) = self.names.require(text.reads_attributes(), &user, path) {
            return self.problem(problem);
        }
        let slot = self.names.slot();
        let tells_apart = self.names.told_apart(text.reads_attributes());
        let known = Name::attribute(name, (slot, text.value_type()), Origin::Let, depth, path);
        let bounds = Some(Text::bounds(&source, self.names));
        self.define(Name { tells_apart, bounds, ..known })?;
        Some(Let { name: Arc::from(name), slot, text })
    }

    fn members(&mut self, yaml: &Yaml, place: Place<'_>) -> Option<Members> {
        match yaml {
            Yaml::String(source) => self.source(source, place),
            Yaml::Sequence(items) if items.is_empty() => self.empty(place),
            Yaml::Sequence(_) => match constant(yaml) {
                Ok(Value::List(list)) => Some(Members::List(list)),
                Ok(_) => None,
                Err(message) => self.problem(Problem::new(place.path, message)),
            },
            Yaml::Mapping(map) if map.is_empty() => self.empty(place),
            Yaml::Mapping(map) => self.map(map, place),
            _ => {
                let message = "expected a set: a range 1..9, a list, a map, or the name of a list attribute";
                self.problem(Problem::new(place.path, message))
            }
        }
    }

    fn empty(&mut self, place: Place<'_>) -> Option<Members> {
        let message = format!("`{}` has no members", place.name);
        self.problem(Problem::new(place.path, message))
    }

    fn source(&mut self, source: &str, place: Place<'_>) -> Option<Members> {
        let set = match SetSource::compile(source, self.names) {
            Ok(set) => set,
            Err(faults) => return self.faults(place.path, faults),
        };
        match set {
            SetSource::Range { from, to } => {
                let slots = [from.reads_attributes(), to.reads_attributes()].concat();
                self.may_size(&slots, place)?;
                if from.draws() || to.draws() {
                    let message =
                        format!("the bounds of `{}` are drawn: a range's are known beforehand", place.name);
                    let help = "use parameters and map entries; `draw` draws one member of a range";
                    return self.problem(Problem::new(place.path, message).help(help));
                }
                if let (Some(Value::Bigint(from)), Some(Value::Bigint(to))) = (from.constant(), to.constant())
                    && from > to
                {
                    return self.problem(Problem::new(place.path, format!("range {from}..{to} is empty")));
                }
                Some(Members::Range { from, to })
            }
            SetSource::Name { name, span } => match self.names.list(&name) {
                Some(Listed::Constant(list)) => Some(Members::List(list)),
                Some(Listed::Slot { slot, items }) => {
                    self.may_size(&[slot], place)?;
                    Some(Members::Named { slot, items })
                }
                None if self.names.get(&name).is_some_and(Name::is_list) => {
                    let message = format!("every `{name}` is empty, so `{}` has no members", place.name);
                    self.problem(Problem::new(place.path, message).at(span))
                }
                None => {
                    let message = format!("`{name}` is not a list");
                    self.problem(Problem::new(place.path, message).at(span).following())
                }
            },
        }
    }

    fn map(&mut self, map: &serde_yaml::Mapping, place: Place<'_>) -> Option<Members> {
        let entries: Vec<(String, &Yaml)> = map.iter().map(|(key, value)| (key_text(key), value)).collect();
        let mut weights = Vec::new();
        let mut columns: Vec<(String, Vec<Option<Value>>)> = Vec::new();
        for (index, (member, value)) in entries.iter().enumerate() {
            let path = place.path.key(member.as_str());
            let weight = match value {
                Yaml::Mapping(attributes) => {
                    self.entries(attributes, index, entries.len(), &mut columns, &path)?
                }
                Yaml::Null => 1.0,
                other => self.weight(other, &path)?,
            };
            weights.push(weight);
        }
        let total: f64 = weights.iter().sum();
        if total <= 0.0 {
            return self.problem(Problem::new(place.path, "weights add up to 0"));
        }
        let members = entries.iter().map(|(key, _)| Value::Text(Arc::from(key.as_str()))).collect();
        let attributes = columns
            .into_iter()
            .map(|(name, column)| self.column(&name, column, &entries, place))
            .collect::<Option<Vec<_>>>()?;
        let cumulative = weights
            .iter()
            .scan(0.0, |sum, weight| {
                *sum += weight;
                Some(*sum)
            })
            .collect();
        Some(Members::Map(Arc::new(MemberMap { members, attributes, cumulative })))
    }

    /// Sorts a member's attributes into columns; returns its weight.
    fn entries(
        &mut self,
        attributes: &serde_yaml::Mapping,
        index: usize,
        count: usize,
        columns: &mut Vec<(String, Vec<Option<Value>>)>,
        path: &Path,
    ) -> Option<f64> {
        let mut weight = 1.0;
        for (key, value) in attributes {
            let key = key_text(key);
            let path = path.key(key.as_str());
            if key == "weight" {
                weight = self.weight(value, &path)?;
                continue;
            }
            let value = match constant(value) {
                Ok(value) => value,
                Err(message) => return self.problem(Problem::new(&path, message)),
            };
            let at = columns.iter().position(|(name, _)| *name == key).unwrap_or_else(|| {
                columns.push((key, vec![None; count]));
                columns.len() - 1
            });
            columns[at].1[index] = Some(value);
        }
        Some(weight)
    }

    /// An attribute that a map's members bring along: one slot, one type.
    fn column(
        &mut self,
        name: &str,
        column: Vec<Option<Value>>,
        entries: &[(String, &Yaml)],
        place: Place<'_>,
    ) -> Option<(usize, Vec<Option<Value>>)> {
        let path = place.path.key(entries[column.iter().position(Option::is_some)?].0.as_str()).key(name);
        let known: Vec<Value> = column.iter().flatten().cloned().collect();
        let value_type = match common_type(&known) {
            Ok(common) => common?,
            Err(message) => {
                let message = format!("attribute `{name}` has members of two types: {message}");
                return self.problem(Problem::new(&path, message));
            }
        };
        let listed = listed_items(&known);
        let items = match common_type(&listed) {
            Ok(items) => items,
            Err(message) => return self.problem(Problem::new(&path, message)),
        };
        let lacking = column.iter().position(Option::is_none).map(|i| Arc::from(entries[i].0.as_str()));
        let slot = self.names.slot();
        let origin = if place.drawn { Origin::Drawn } else { Origin::Entry };
        let known_as = Name::attribute(name, (slot, value_type), origin, place.depth, &path);
        let set = (value_type == Type::List).then_some(listed);
        let bounds = bounds(&known);
        self.define(Name { lacking, items, set, bounds, ..known_as })?;
        Some((slot, column.into_iter().map(|value| value.map(|value| widen(value, value_type))).collect()))
    }

    /// Defines the name that a set's members stand under; returns its slot.
    fn member(&mut self, members: &Members, place: Place<'_>) -> Option<usize> {
        let (value_type, set) = match members {
            Members::Range { .. } => (Type::Bigint, None),
            Members::List(list) => (common_type(list).ok()??, Some(list.to_vec())),
            Members::Named { items, .. } => (*items, None),
            Members::Map(map) => (Type::Text, Some(map.members.clone())),
        };
        let slot = self.names.slot();
        let origin = if place.drawn { Origin::Drawn } else { Origin::Member };
        let tells_apart = if place.drawn { Vec::new() } else { vec![place.depth] };
        let name = Name::attribute(place.name, (slot, value_type), origin, place.depth, place.path);
        self.define(Name { tells_apart, set, ..name })?;
        Some(slot)
    }

    /// Sizes come from parameters and map entries of levels above, so that counting needs no draw.
    fn may_size(&mut self, slots: &[usize], place: Place<'_>) -> Option<()> {
        let user = format!("`of` of {}", place.name);
        if let Some(problem) = self.names.require(slots, &user, place.path) {
            return self.problem(problem);
        }
        if place.drawn {
            return Some(());
        }
        let wrong =
            slots.iter().filter_map(|slot| self.names.of_slot(*slot)).find(|n| n.origin != Origin::Entry);
        let Some(wrong) = wrong else { return Some(()) };
        let how = match wrong.origin {
            Origin::Drawn => "which is drawn",
            Origin::Let => "which is made by `let`",
            Origin::Generation => "which changes with time",
            Origin::Member | Origin::Entry => "which is a member",
        };
        let message = format!(
            "`of` of level {} uses `{}`, {how}: only parameters and map entries can size a level",
            place.name, wrong.name
        );
        self.problem(Problem::new(place.path, message))
    }

    fn weight(&mut self, yaml: &Yaml, path: &Path) -> Option<f64> {
        match yaml.as_f64() {
            Some(weight) if weight.is_finite() && weight >= 0.0 => Some(weight),
            _ => self.problem(Problem::new(path, "a weight is a number of 0 or more")),
        }
    }

    fn define(&mut self, name: Name) -> Option<()> {
        match self.names.define(name) {
            Ok(()) => Some(()),
            Err(problem) => self.problem(*problem),
        }
    }

    fn faults<T>(&mut self, path: &Path, faults: Vec<Fault>) -> Option<T> {
        self.problems.extend(faults.into_iter().map(|fault| problem_of(path, fault)));
        None
    }

    fn problem<T>(&mut self, problem: Problem) -> Option<T> {
        self.problems.push(problem);
        None
    }
}

/// A constant duration above 0, in nanoseconds; `names` may give parameters.
pub(super) fn positive_duration(
    key: &str,
    yaml: &Yaml,
    names: &Names,
    problems: &mut Vec<Problem>,
    path: &Path,
) -> Option<i64> {
    let value = match yaml {
        Yaml::String(source) => match Expression::compile(source, names) {
            Ok(expression) => expression.constant(),
            Err(faults) => {
                match meant_duration(source) {
                    Some(meant) => problems.push(
                        Problem::new(path, format!("`{source}` is not a duration"))
                            .help(format!("write {meant}")),
                    ),
                    None => problems.extend(faults.into_iter().map(|fault| problem_of(path, fault))),
                }
                return None;
            }
        },
        other => constant(other).ok(),
    };
    match value {
        Some(Value::Duration(nanos)) if nanos > 0 => return Some(nanos),
        Some(value) => {
            let problem = Problem::new(path, format!("`{key}` must be a duration above 0, not {value}"));
            problems.push(match value {
                Value::Bigint(1..) => problem.help(format!("give it a unit: {value}s, {value}m or {value}h")),
                _ => problem,
            });
        }
        None => problems.push(Problem::new(path, format!("`{key}` must be a constant duration above 0"))),
    }
    None
}

/// The least and the greatest of some numbers or durations.
fn bounds(values: &[Value]) -> Option<(f64, f64)> {
    let number = |value: &Value| match value {
        Value::Bigint(value) | Value::Duration(value) => Some(*value as f64),
        Value::Double(value) => Some(*value),
        Value::Boolean(_) | Value::Text(_) | Value::List(_) => None,
    };
    let numbers = values.iter().map(number).collect::<Option<Vec<_>>>()?;
    let (least, greatest) =
        (numbers.iter().copied().reduce(f64::min), numbers.iter().copied().reduce(f64::max));
    least.zip(greatest)
}

/// An expression's fault, at its place in the file.
pub(crate) fn problem_of(path: &Path, fault: Fault) -> Problem {
    let mut problem = Problem::new(path, fault.message).at(fault.span);
    problem.help = fault.help;
    problem.follows = fault.follows;
    problem
}

/// A map's key as a text; numbers as they print.
pub(super) fn key_text(key: &Yaml) -> String {
    match key {
        Yaml::String(text) => text.clone(),
        Yaml::Bool(value) => value.to_string(),
        Yaml::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

/// Every item that any of these lists has, each once.
fn listed_items(lists: &[Value]) -> Vec<Value> {
    let mut items: Vec<Value> = Vec::new();
    for list in lists {
        let Value::List(list) = list else { continue };
        for item in list.iter() {
            if !items.contains(item) {
                items.push(item.clone());
            }
        }
    }
    items
}
