//! The metric catalog from the YAML: reporters, dimensions, measures and their order; and the
//! problems they can have. Not here: levels (`levels`), making batches (`record`).

use std::collections::HashMap;
use std::sync::Arc;

use super::constant::{common_type, constant, widen};
use super::grid::Grid;
use super::level::Level;
use super::levels::{LevelReader, key_text, problem_of};
use super::names::{Names, WithMeasures};
use super::record::{Catalogued, Dimension, Measure, MeasureValue, Packing, Source};
use super::shape::Shape;
use crate::diagnostics::{Path, Problem, did_you_mean};
use crate::scenario::{self, Layout, Yaml};
use crate::values::{Binding, Expression, Type, Value, WeightedChoice, draw};

/// What every record is read with.
pub(super) struct RecordReader<'a> {
    pub levels: &'a [Level],
    /// The names known at each depth; `names[0]` holds the parameters alone.
    pub names: &'a [Names],
    pub metrics: &'a scenario::Metrics,
    pub problems: &'a mut Vec<Problem>,
}

/// The service's limits: <https://docs.aws.amazon.com/timestream/latest/developerguide/ts-limits.html>.
mod limit {
    pub(super) const DIMENSIONS: usize = 128;
    pub(super) const DIMENSION_NAME: usize = 60;
    pub(super) const MEASURES: usize = 256;
    pub(super) const MEASURE_NAME: usize = 256;
    pub(super) const BATCH: u32 = 100;
}

impl RecordReader<'_> {
    /// A record of the catalog; none where it has problems.
    pub(super) fn record(&mut self, name: &str, wire: &scenario::Record, path: &Path) -> Option<Catalogued> {
        let depth = self.per(wire, path)?;
        let mut names = self.names[depth].clone();
        let mut levels = self.levels[..depth].to_vec();
        for (i, each) in wire.each.iter().enumerate() {
            let path = path.key("each").index(i);
            let mut reader = LevelReader { names: &mut names, problems: self.problems };
            levels.push(reader.plain(&each.level, &each.of, depth + 1 + i, &path)?);
        }
        let every = self.every(wire, &names, path);
        let batch = self.batch();
        let dimensions = self.dimensions(name, wire, &names, &levels, path);
        let (measures, order) = self.measures(name, wire, &names, path)?;
        let multi = self.metrics.layout == Some(Layout::Multi);
        let (dimensions, every, batch) = (dimensions?, every?, batch?);
        let chain: Vec<&Level> = levels.iter().collect();
        let shape = Shape::of(&chain, &mut names.table());
        let Ok(shape) = shape else {
            return self.problem(Problem::new(path, format!("record {name} has more than 2^53 series")));
        };
        if shape.total() == 0 {
            return self.problem(Problem::new(path, format!("record {name} has nobody to report it")));
        }
        let packing = Packing::new(if multi { 1 } else { measures.len() }, batch);
        let grid = Grid::new(every, packing.batches(shape.total()));
        let table = names.table();
        let fleet_levels = depth;
        let name = Arc::from(name);
        Some(Catalogued {
            name,
            levels,
            fleet_levels,
            shape,
            dimensions,
            measures,
            order,
            multi,
            packing,
            grid,
            table,
        })
    }

    /// The depth of the level that reports.
    fn per(&mut self, wire: &scenario::Record, path: &Path) -> Option<usize> {
        let Some(per) = &wire.per else { return Some(self.levels.len()) };
        if let Some(index) = self.levels.iter().position(|level| *level.name == **per) {
            return Some(index + 1);
        }
        let mut problem = Problem::new(&path.key("per"), format!("no level is called `{per}`")).following();
        problem.help = did_you_mean(per, self.levels.iter().map(|level| &*level.name));
        self.problem(problem)
    }

    /// The interval in milliseconds.
    fn every(&mut self, wire: &scenario::Record, names: &Names, path: &Path) -> Option<i64> {
        let (yaml, path) = match (&wire.every, &self.metrics.every) {
            (Some(own), _) => (own, path.key("every")),
            (None, Some(shared)) => (shared, Path::root().key("metrics").key("every")),
            (None, None) => {
                let problem = Problem::new(path, "the record has no interval").following();
                return self.problem(problem.help("give `every` here or under `metrics`"));
            }
        };
        let value = match yaml {
            Yaml::String(source) => match Expression::compile(source, names) {
                Ok(expression) => expression.constant(),
                Err(faults) => {
                    self.problems.extend(faults.into_iter().map(|fault| problem_of(&path, fault)));
                    return None;
                }
            },
            other => constant(other).ok(),
        };
        match value {
            Some(Value::Duration(nanos)) if nanos > 0 && nanos % 1_000_000 == 0 => Some(nanos / 1_000_000),
            Some(value) => {
                let message =
                    format!("`every` must be a duration above 0, in whole milliseconds, not {value}");
                self.problem(Problem::new(&path, message))
            }
            None => self.problem(Problem::new(&path, "`every` must be a constant duration above 0")),
        }
    }

    fn batch(&mut self) -> Option<usize> {
        let batch = self.metrics.batch.unwrap_or(limit::BATCH);
        if (1..=limit::BATCH).contains(&batch) {
            return Some(batch as usize);
        }
        let path = Path::root().key("metrics").key("batch");
        // Every record reads the key; one complaint is enough.
        if self.problems.iter().any(|problem| problem.path == path) {
            return None;
        }
        self.problem(Problem::new(
            &path,
            format!("batch of {batch}: the service takes 1 to 100 records a request"),
        ))
    }

    fn dimensions(
        &mut self,
        record: &str,
        wire: &scenario::Record,
        names: &Names,
        levels: &[Level],
        path: &Path,
    ) -> Option<Vec<Dimension>> {
        let (listed, path) = match (&wire.dimensions, &self.metrics.dimensions) {
            (Some(own), _) => (own, path.key("dimensions")),
            (None, Some(shared)) => (shared, Path::root().key("metrics").key("dimensions")),
            (None, None) => {
                let problem = Problem::new(path, format!("record {record} has no dimensions")).following();
                return self.problem(problem.help("give `dimensions` here or under `metrics`"));
            }
        };
        if listed.is_empty() || listed.len() > limit::DIMENSIONS {
            let message =
                format!("{} dimensions: the service takes 1 to {}", listed.len(), limit::DIMENSIONS);
            return self.problem(Problem::new(&path, message));
        }
        let mut dimensions = Vec::with_capacity(listed.len());
        let mut sound = true;
        let mut told_apart = Vec::new();
        for (i, name) in listed.iter().enumerate() {
            let at = path.index(i);
            match self.dimension(record, name, names, &at) {
                Some((dimension, tells_apart)) => {
                    told_apart.extend(tells_apart);
                    dimensions.push(dimension);
                }
                None => sound = false,
            }
            if listed[..i].contains(name) {
                self.problems.push(Problem::new(&at, format!("dimension `{name}` is given twice")));
                sound = false;
            }
        }
        if sound {
            self.collisions(record, levels, &told_apart, &path);
        }
        sound.then_some(dimensions)
    }

    fn dimension(
        &mut self,
        record: &str,
        name: &str,
        names: &Names,
        path: &Path,
    ) -> Option<(Dimension, Vec<usize>)> {
        if let Some(problem) = column_name_problem(name, "dimension", limit::DIMENSION_NAME, path) {
            return self.problem(problem);
        }
        let Some(known) = names.get(name) else {
            let message = format!("dimension `{name}` is not defined for record {record}");
            let mut problem = Problem::new(path, message).following();
            problem.help = did_you_mean(name, names.all());
            return self.problem(problem);
        };
        if let Some(lacking) = &known.lacking {
            let message =
                format!("member {lacking} has no `{name}`, which dimension {name} of record {record} needs");
            return self.problem(Problem::new(path, message).and(&known.path));
        }
        let (source, value_type) = match &known.binding {
            Binding::Constant(value) => (Source::Constant(Arc::from(value.to_string())), value.value_type()),
            Binding::Attribute { slot, value_type } | Binding::Measure { slot, value_type } => {
                (Source::Slot(*slot), *value_type)
            }
        };
        if matches!(value_type, Type::List | Type::Duration) {
            return self
                .problem(Problem::new(path, format!("dimension `{name}` is {value_type}, not a text")));
        }
        let dimension = Dimension { name: Arc::from(name), source, depth: known.depth };
        Some((dimension, known.tells_apart.clone()))
    }

    /// Two series with the same dimensions would overwrite each other.
    fn collisions(
        &mut self,
        record: &str,
        levels: &[Level],
        told_apart: &[usize],
        path: &Path,
    ) -> Option<()> {
        let mut deep = levels.iter().enumerate();
        let (_, level) =
            deep.find(|(i, level)| !told_apart.contains(&(i + 1)) && !level.members.is_single())?;
        let message = format!(
            "level {} changes none of the dimensions of record {record}: its series would collide",
            level.name
        );
        self.problem(Problem::new(path, message))
    }

    /// The measures in the order of the file, and the order in which they can be worked out.
    fn measures(
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

    fn problem<T>(&mut self, problem: Problem) -> Option<T> {
        self.problems.push(problem);
        None
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

/// Columns are named as the service allows it, and not like its own.
fn column_name_problem(name: &str, what: &str, longest: usize, path: &Path) -> Option<Problem> {
    let refuse = |message: String| Some(Problem::new(path, message));
    if name.is_empty() || name.len() > longest {
        return refuse(format!(
            "{what} name `{name}` has {} bytes: the service takes 1 to {longest}",
            name.len()
        ));
    }
    let own = ["time", "measure_name", "measure_value"];
    if own.contains(&name) || name.starts_with("measure_value") || name.starts_with("ts_") {
        return refuse(format!("{what} name `{name}` is reserved by the service"));
    }
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')) {
        return refuse(format!("{what} name `{name}` may hold letters, digits, `_`, `-` and `.` only"));
    }
    None
}
