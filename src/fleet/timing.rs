//! When a record is reported and when it arrives, from the YAML: `every`, `when`, `delay`; and the
//! problems these can have. Not here: what it holds (`measures`).

use super::delay::Delay;
use super::levels::{key_text, positive_duration};
use super::names::{AtTick, Names};
use super::record::Condition;
use super::records::RecordReader;
use super::tick::Values;
use crate::diagnostics::{Path, Problem};
use crate::scenario::{self, Yaml};
use crate::units::print_duration;
use crate::values::{Expression, Type, draw};

const MILLISECOND: i64 = 1_000_000;

impl RecordReader<'_> {
    /// The interval in milliseconds.
    pub(super) fn every(&mut self, wire: &scenario::Record, names: &Names, path: &Path) -> Option<i64> {
        let (yaml, path) = match (&wire.every, &self.metrics.every) {
            (Some(own), _) => (own, path.key("every")),
            (None, Some(shared)) => (shared, Path::root().key("metrics").key("every")),
            (None, None) => {
                let problem = Problem::new(path, "the record has no interval").following();
                return self.problem(problem.help("give `every` here or under `metrics`"));
            }
        };
        let nanos = positive_duration("every", yaml, names, self.problems, &path)?;
        if nanos % MILLISECOND == 0 {
            return Some(nanos / MILLISECOND);
        }
        let message = format!("`every` must be in whole milliseconds, not {}", print_duration(nanos));
        self.problem(Problem::new(&path, message))
    }

    /// What must hold for a reporter to report at a tick, where something must.
    pub(super) fn when(
        &mut self,
        record: &str,
        wire: &scenario::Record,
        scope: &AtTick<'_>,
        path: &Path,
    ) -> Option<Option<Condition>> {
        let Some(yaml) = &wire.when else { return Some(None) };
        let path = path.key("when");
        let expression = self.expression("`when`", yaml, scope, &path)?;
        if expression.value_type() != Type::Boolean {
            let message = format!("`when` is {}, a condition is needed", expression.value_type());
            return self.problem(Problem::new(&path, message).help("compare, or draw: chance(5%)"));
        }
        Some(Some(Condition { expression, salt: salt(record, "when") }))
    }

    /// How late a record is, where it is.
    pub(super) fn delay(
        &mut self,
        record: &str,
        wire: &scenario::Record,
        (scope, values): (&AtTick<'_>, &Values),
        path: &Path,
    ) -> Option<Option<Delay>> {
        let (yaml, path) = match (&wire.delay, &self.metrics.delay) {
            (Some(own), _) => (own, path.key("delay")),
            (None, Some(shared)) => (shared, Path::root().key("metrics").key("delay")),
            (None, None) => return Some(None),
        };
        let expression = self.expression("`delay`", yaml, scope, &path)?;
        if expression.value_type() != Type::Duration {
            let message = format!("`delay` is {}, a duration is needed", expression.value_type());
            let help = "as in uniform(0s..30s), or if(chance(2%), uniform(1m..10m), 0s)";
            return self.problem(Problem::new(&path, message).help(help));
        }
        let (least, greatest) = Expression::bounds(&key_text(yaml), scope);
        if least < 0.0 {
            let least =
                if least.is_finite() { print_duration(least as i64) } else { "any length".to_owned() };
            let message = format!("`delay` can be negative, down to {least}");
            return self.problem(Problem::new(&path, message).help("bound it: clamp(..., 0s..10m)"));
        }
        if greatest >= i64::MAX as f64 {
            let problem = Problem::new(&path, "`delay` has no longest value");
            return self.problem(problem.help("bound it: clamp(..., 0s..10m)"));
        }
        let longest = greatest as i64 / MILLISECOND;
        if longest == 0 {
            return Some(None);
        }
        let chain = values.chain(expression.reads_measures().iter().copied());
        Some(Some(Delay { expression, chain, salt: salt(record, "delay"), longest }))
    }

    fn expression(&mut self, user: &str, yaml: &Yaml, scope: &AtTick<'_>, path: &Path) -> Option<Expression> {
        let expression = match Expression::compile(&key_text(yaml), scope) {
            Ok(expression) => expression,
            Err(faults) => return self.faults(path, faults),
        };
        self.require(expression.reads_attributes(), scope.names, user, path)?;
        Some(expression)
    }
}

fn salt(record: &str, what: &str) -> u64 {
    draw::child(draw::child(0, "record", record), what, "")
}
