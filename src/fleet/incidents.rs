//! Incidents from the YAML, and the problems they can have. Not here: when they come (`incident`).

use std::sync::Arc;

use super::incident::Incident;
use super::level::Level;
use super::levels::{key_text, positive_duration, problem_of};
use super::names::Names;
use crate::diagnostics::{Path, Problem, did_you_mean};
use crate::scenario::{self, Map, Yaml};
use crate::units::print_duration;
use crate::values::{Expression, Type, draw};

/// Reads incidents; an incident with the place of its name.
pub(super) struct IncidentReader<'a> {
    pub levels: &'a [Level],
    /// The names known at each depth; `names[0]` holds the parameters alone.
    pub names: &'a [Names],
    pub problems: &'a mut Vec<Problem>,
}

impl IncidentReader<'_> {
    /// All of them, without those that have problems.
    pub(super) fn incidents(&mut self, wire: &Map<scenario::Incident>) -> Vec<(Arc<Incident>, Path)> {
        let path = Path::root().key("incidents");
        let read = wire.iter().map(|(name, incident)| {
            let path = path.key(name);
            self.incident(name, incident, &path).map(|incident| (Arc::new(incident), path))
        });
        read.collect::<Vec<_>>().into_iter().flatten().collect()
    }

    fn incident(&mut self, name: &str, wire: &scenario::Incident, path: &Path) -> Option<Incident> {
        let sound = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !sound {
            let message = format!("incident name `{name}`: expressions want letters, digits and `_`");
            return self.problem(Problem::new(path, message).on_key());
        }
        let known = self.names.last().and_then(|names| names.get(name));
        if let Some(known) = known {
            let problem = Problem::new(path, format!("`{name}` is defined twice")).on_key();
            let problem = problem.and(&known.path);
            return self.problem(problem);
        }
        let depth = self.depth(&wire.level, &path.key("level"))?;
        let every =
            positive_duration("every", &wire.every, &self.names[0], self.problems, &path.key("every"));
        let chance = self.expression("chance", &wire.chance, depth, &path.key("chance"));
        let length = self.expression("for", &wire.length, depth, &path.key("for"));
        let (every, (chance, chances), (length, lengths)) = (every?, chance?, length?);
        if !matches!(chance.value_type(), Type::Bigint | Type::Double) || chances.0 < 0.0 || chances.1 > 1.0 {
            let problem = Problem::new(&path.key("chance"), "`chance` must be a number from 0 to 1");
            return self.problem(problem.help("10% is 0.1"));
        }
        if length.value_type() != Type::Duration {
            let message = format!("`for` is {}, a duration is needed", length.value_type());
            return self.problem(Problem::new(&path.key("for"), message).help("as in uniform(5m..20m)"));
        }
        if lengths.1 > every as f64 {
            let longest = if lengths.1 < i64::MAX as f64 {
                print_duration(lengths.1 as i64)
            } else {
                "any length".to_owned()
            };
            let message = format!("`for` up to {longest} is longer than `every` {}", print_duration(every));
            return self.problem(Problem::new(&path.key("for"), message).and(&path.key("every")));
        }
        let salt = draw::child(0, "incident", name);
        Some(Incident {
            name: Arc::from(name),
            depth,
            every,
            chance,
            length,
            longest: lengths.1,
            salt,
            values_salt: draw::child(salt, "values", ""),
        })
    }

    fn depth(&mut self, level: &str, path: &Path) -> Option<usize> {
        if let Some(index) = self.levels.iter().position(|known| *known.name == *level) {
            return Some(index + 1);
        }
        let mut problem = Problem::new(path, format!("no level is called `{level}`")).following();
        problem.help = did_you_mean(level, self.levels.iter().map(|level| &*level.name));
        self.problem(problem)
    }

    /// An expression over the attributes of the nodes, with its bounds.
    fn expression(
        &mut self,
        key: &str,
        yaml: &Yaml,
        depth: usize,
        path: &Path,
    ) -> Option<(Expression, (f64, f64))> {
        let (source, names) = (key_text(yaml), &self.names[depth]);
        let expression = match Expression::compile(&source, names) {
            Ok(expression) => expression,
            Err(faults) => {
                self.problems.extend(faults.into_iter().map(|fault| problem_of(path, fault)));
                return None;
            }
        };
        match names.require(expression.reads_attributes(), &format!("`{key}`"), path) {
            Some(problem) => self.problem(problem),
            None => Some((expression, Expression::bounds(&source, names))),
        }
    }

    fn problem<T>(&mut self, problem: Problem) -> Option<T> {
        self.problems.push(problem);
        None
    }
}
