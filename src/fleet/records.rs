//! The metric catalog from the YAML: who reports a record, with which dimensions; and the problems
//! it can have. Not here: measures (`measures`), when it is reported (`timing`), levels (`levels`),
//! batches (`record`).

use std::sync::Arc;

use super::delay::Delay;
use super::grid::Grid;
use super::incident::Incident;
use super::level::Level;
use super::levels::LevelReader;
use super::names::{AtTick, Names};
use super::record::{Catalogued, Condition, Dimension, Packing, Source};
use super::shape::Shape;
use super::tick::{Chain, Values};
use crate::diagnostics::{Path, Problem, did_you_mean};
use crate::scenario::{self, Layout};
use crate::values::{Binding, Type};

/// What every record is read with.
pub(super) struct RecordReader<'a> {
    pub levels: &'a [Level],
    /// The names known at each depth; `names[0]` holds the parameters alone.
    pub names: &'a [Names],
    pub metrics: &'a scenario::Metrics,
    /// Each with the place of its name.
    pub incidents: &'a [(Arc<Incident>, Path)],
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
        // Where there is no interval all else is looked at for another: every problem at once.
        let interval = every.unwrap_or(1_000) * 1_000_000;
        let (values, ticking) = self.values(name, wire, (&names, interval), path).unzip();
        let scope = AtTick { names: &names, ticking: ticking.as_deref().unwrap_or_default(), interval };
        let dimensions = self.dimensions(name, wire, &scope, &levels, path);
        let values = values?;
        let when = self.when(name, wire, &scope, path);
        let delay = self.delay(name, wire, (&scope, &values), path);
        let (dimensions, when, delay) = (dimensions?, when?, delay?);
        let chain = self.chain(&values, &dimensions, (when.as_ref(), delay.as_ref()), path)?;
        let multi = self.metrics.layout == Some(Layout::Multi);
        let (every, batch) = (every?, batch?);
        let shape = Shape::of(&levels.iter().collect::<Vec<_>>(), &mut names.table());
        let Ok(shape) = shape else {
            return self.problem(Problem::new(path, format!("record {name} has more than 2^53 series")));
        };
        if shape.total() == 0 {
            return self.problem(Problem::new(path, format!("record {name} has nobody to report it")));
        }
        let packing = Packing::new(if multi { 1 } else { values.columns }, batch);
        Some(Catalogued {
            name: Arc::from(name),
            levels,
            fleet_levels: depth,
            dimensions,
            multi,
            packing,
            grid: Grid::new(every, packing.batches(shape.total())),
            shape,
            chain,
            names: values.columns().iter().map(|measure| measure.name.clone()).collect(),
            values,
            when,
            delay,
            table: names.table(),
        })
    }

    /// What a record needs of the values: columns, dimensions, condition.
    fn chain(
        &mut self,
        values: &Values,
        dimensions: &[Dimension],
        (when, delay): (Option<&Condition>, Option<&Delay>),
        path: &Path,
    ) -> Option<Chain> {
        let mut slots: Vec<usize> = (0..values.columns).collect();
        slots.extend(dimensions.iter().filter_map(|dimension| match dimension.source {
            Source::Tick(slot) => Some(slot),
            Source::Constant(_) | Source::Slot(_) => None,
        }));
        slots.extend(when.iter().flat_map(|when| when.expression.reads_measures()));
        let late = delay.iter().flat_map(|delay| delay.expression.reads_measures());
        let everything = values.chain(slots.iter().chain(late).copied());
        if let Some(measure) = values.two_ticks_back(&everything) {
            let name = &measure.name;
            let message =
                format!("`{name}` looks at the tick before, and something looks at `{name}` a tick before");
            let help = "one tick back is as far as a value can look";
            return self.problem(Problem::new(path, message).on_key().help(help));
        }
        Some(values.chain(slots))
    }

    /// The depth of the level that reports.
    pub(super) fn per(&mut self, wire: &scenario::Record, path: &Path) -> Option<usize> {
        let Some(per) = &wire.per else { return Some(self.levels.len()) };
        if let Some(index) = self.levels.iter().position(|level| *level.name == **per) {
            return Some(index + 1);
        }
        let mut problem = Problem::new(&path.key("per"), format!("no level is called `{per}`")).following();
        problem.help = did_you_mean(per, self.levels.iter().map(|level| &*level.name));
        self.problem(problem)
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
        scope: &AtTick<'_>,
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
            let found = match scope.ticking.iter().position(|value| *value.name == **name) {
                Some(slot) if wire.lets.get(name).is_some() => {
                    let depth = levels.len() + 1;
                    self.changing(name, (scope.ticking[slot].value_type, slot), depth, &at)
                }
                // Its own problem is told already.
                _ if wire.lets.get(name).is_some() => None,
                _ => self.dimension(record, name, scope.names, &at),
            };
            match found {
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

    /// A dimension that changes from tick to tick.
    fn changing(
        &mut self,
        name: &str,
        (value_type, slot): (Option<Type>, usize),
        depth: usize,
        path: &Path,
    ) -> Option<(Dimension, Vec<usize>)> {
        if let Some(problem) = column_name_problem(name, "dimension", limit::DIMENSION_NAME, path) {
            return self.problem(problem);
        }
        if let Some(value_type @ (Type::List | Type::Duration)) = value_type {
            let message = format!("dimension `{name}` is {value_type}, not a text");
            return self.problem(Problem::new(path, message));
        }
        // It tells ticks apart, not those who report.
        Some((Dimension { name: Arc::from(name), source: Source::Tick(slot), depth }, Vec::new()))
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
