//! The least and the greatest number that an expression can give, from its text alone: enough to
//! tell how late data can be, never less than what is. Not here: what it gives (`compile`).

use crate::values::compile::{measure, time_left};
use crate::values::syntax::{Argument, Arithmetic, Binary, Kind, Node, Unary};
use crate::values::{Binding, Scope};

/// The least and the greatest; durations in nanoseconds.
type Bounds = (f64, f64);

/// The longest exponential draw, in means: bits make nothing less likely than 2^-53.
const LONGEST: f64 = 53.0 * std::f64::consts::LN_2;

/// The same of normal draws, in standard deviations: 8.21, rounded up.
const FARTHEST: f64 = 8.3;

/// Any number.
pub(super) const UNKNOWN: Bounds = (f64::NEG_INFINITY, f64::INFINITY);

/// The bounds of a tree.
pub(super) fn of(node: &Node, scope: &dyn Scope) -> Bounds {
    match &node.kind {
        Kind::Literal(value) => measure(value).map_or(UNKNOWN, |value| (value, value)),
        Kind::Name(name) => match scope.lookup(name) {
            Some(Binding::Constant(value)) => measure(&value).map_or(UNKNOWN, |value| (value, value)),
            _ => scope.bounds(name).unwrap_or(UNKNOWN),
        },
        Kind::Unary(Unary::Negate, operand) => {
            let (low, high) = of(operand, scope);
            (-high, -low)
        }
        Kind::Binary(Binary::Arithmetic(operator), operands) => {
            let [left, right] = operands.as_ref();
            reckoned(*operator, of(left, scope), of(right, scope))
        }
        Kind::Call { function, arguments, .. } => call(function, arguments, scope),
        Kind::Unary(Unary::Not, _) | Kind::Binary(..) => UNKNOWN,
    }
}

fn reckoned(operator: Arithmetic, (a, b): Bounds, (c, d): Bounds) -> Bounds {
    // Infinite by 0 is 0 here: a bound, not a limit.
    let times = |x: f64, y: f64| if x == 0.0 || y == 0.0 { 0.0 } else { x * y };
    let corners = |results: [f64; 4]| {
        (
            results.into_iter().fold(f64::INFINITY, f64::min),
            results.into_iter().fold(f64::NEG_INFINITY, f64::max),
        )
    };
    let over = |x: f64, y: f64| if x == 0.0 || y.is_infinite() { 0.0 } else { x / y };
    let (low, high) = match operator {
        Arithmetic::Add => (a + c, b + d),
        Arithmetic::Subtract => (a - d, b - c),
        Arithmetic::Multiply => corners([times(a, c), times(a, d), times(b, c), times(b, d)]),
        Arithmetic::Divide if c > 0.0 || d < 0.0 => corners([over(a, c), over(a, d), over(b, c), over(b, d)]),
        Arithmetic::Divide => UNKNOWN,
        Arithmetic::Modulo => (0.0, c.abs().max(d.abs())),
    };
    // Infinite less infinite is no number, and could be any.
    let (least, greatest) = UNKNOWN;
    (if low.is_nan() { least } else { low }, if high.is_nan() { greatest } else { high })
}

fn call(function: &str, arguments: &[Argument], scope: &dyn Scope) -> Bounds {
    let bounds = |node: &Node| of(node, scope);
    match (function, arguments) {
        ("uniform" | "choice", [Argument::Range(from, to)]) | ("walk", [Argument::RangeBy(from, to, _)]) => {
            (bounds(from).0, bounds(to).1)
        }
        ("choice", [Argument::Plain(Node { kind: Kind::Name(name), .. })]) => {
            let members = scope.set(name).unwrap_or_default();
            let members =
                members.iter().map(|member| measure(member).map_or(UNKNOWN, |value| (value, value)));
            members.reduce(either).unwrap_or(UNKNOWN)
        }
        ("choice", items) => {
            let items = items.iter().filter_map(|item| item.nodes().next()).map(bounds);
            items.reduce(either).unwrap_or(UNKNOWN)
        }
        ("if", [_, Argument::Plain(yes), Argument::Plain(no)]) => either(bounds(yes), bounds(no)),
        ("clamp", [Argument::Plain(value), Argument::Range(from, to)]) => {
            let (value, from, to) = (bounds(value), bounds(from), bounds(to));
            (value.0.max(from.0).min(to.0), value.1.max(from.1).min(to.1))
        }
        ("min" | "max", arguments) => {
            let pick = if function == "min" { f64::min } else { f64::max };
            let parts = arguments.iter().filter_map(|argument| argument.nodes().next()).map(bounds);
            parts.reduce(|one, other| (pick(one.0, other.0), pick(one.1, other.1))).unwrap_or(UNKNOWN)
        }
        ("abs", [Argument::Plain(value)]) => {
            let (low, high) = bounds(value);
            (low.max(-high).max(0.0), high.abs().max(low.abs()))
        }
        ("round", [Argument::Plain(value)]) => {
            let (low, high) = bounds(value);
            (low.round(), high.round())
        }
        ("hold", [_, Argument::Plain(value), ..]) | ("before", [Argument::Plain(value)]) => bounds(value),
        ("left", [Argument::Plain(Node { kind: Kind::Name(name), .. })]) => {
            scope.bounds(&time_left(name)).unwrap_or(UNKNOWN)
        }
        ("exponential", [Argument::Plain(mean)]) => (0.0, bounds(mean).1 * LONGEST),
        ("normal", [Argument::By(mean, deviation)]) => {
            let (mean, far) = (bounds(mean), bounds(deviation).1 * FARTHEST);
            (mean.0 - far, mean.1 + far)
        }
        ("lognormal", [Argument::By(median, sigma)]) => {
            (0.0, bounds(median).1 * libm::exp(bounds(sigma).1 * FARTHEST))
        }
        ("zipf", [Argument::By(count, _)]) => (1.0, bounds(count).1),
        ("sine", _) => (-1.0, 1.0),
        ("saw", _) => (0.0, 1.0),
        ("counter", [_, _]) => (0.0, f64::INFINITY),
        _ => UNKNOWN,
    }
}

fn either((a, b): Bounds, (c, d): Bounds) -> Bounds {
    (a.min(c), b.max(d))
}
