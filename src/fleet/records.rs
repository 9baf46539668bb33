//! The metric catalog from the YAML: who reports a record, when, with which dimensions; and the
//! problems it can have. Not here: measures (`measures`), levels (`levels`), batches (`record`).

use std::sync::Arc;

use super::constant::constant;
use super::grid::Grid;
use super::level::Level;
use super::levels::{LevelReader, problem_of};
use super::names::Names;
use super::record::{Catalogued, Dimension, Packing, Source};
use super::shape::Shape;
use crate::diagnostics::{Path, Problem, did_you_mean};
use crate::scenario::{self, Layout, Yaml};
use crate::values::{Binding, Expression, Type, Value};

/// What every record is read with.
pub(super) struct RecordReader<'a> {
    pub levels: &'a [Level],
    /// The names known at each depth; `names[0]` holds the parameters alone.
    pub names: &'a [Names],
    pub metrics: &'a scenario::Metrics,
    pub problems: &'a mut Vec<Problem>,
}

/// The service's limits: <https://docs.aws.amazon.com/timestream/latest/developerguide/ts-limits.html>.
pub(super) mod limit {
    pub(in crate::fleet) const DIMENSIONS: usize = 128;
    pub(in crate::fleet) const DIMENSION_NAME: usize = 60;
    pub(in crate::fleet) const MEASURES: usize = 256;
    pub(in crate::fleet) const MEASURE_NAME: usize = 256;
    pub(in crate::fleet) const BATCH: u32 = 100;
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

    pub(super) fn problem<T>(&mut self, problem: Problem) -> Option<T> {
        self.problems.push(problem);
        None
    }
}

/// Columns are named as the service allows it, and not like its own.
pub(super) fn column_name_problem(name: &str, what: &str, longest: usize, path: &Path) -> Option<Problem> {
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
