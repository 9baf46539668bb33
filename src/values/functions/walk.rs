//! `walk`: a number that wanders between two bounds, a small step a tick. Not here: what draws anew
//! at each tick (`draws`).
//!
//! A Brownian bridge, worked out at one tick without those before it. Time is cut into blocks of
//! 2^k ticks; where two blocks meet stands a number drawn evenly from the range. In between, the
//! middle of a stretch is the mean of its ends and a deviation that belongs to its length, and so on
//! down to the tick. k is such that a free walk comes as far as the range is wide within a block.
//! What leaves the range is reflected at its bounds, which leaves steps as small as they were.

use std::cmp::Ordering;
use std::f64::consts::FRAC_1_SQRT_2;
use std::sync::Arc;

use crate::values::code::Eval;
use crate::values::compile::{Compiler, Typed, measure};
use crate::values::functions::Call;
use crate::values::functions::draws::quantity;
use crate::values::syntax::Argument;
use crate::values::{Fault, draw};

/// The longest block is 2^40 ticks: what a value costs stays bounded, however small the step.
const MOST_LEVELS: i64 = 40;

/// `walk(a..b by step)`: a DOUBLE, or a duration; `step` is the standard deviation of a tick's change.
pub(super) fn walk(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Option<Typed> {
    let [Argument::RangeBy(from, to, step)] = call.arguments else { return call.misuse(compiler) };
    let range = from.span.start..to.span.end;
    let bounds = compiler.steady(&range, "walk", |compiler| compiler.range(from, to));
    let step = compiler.steady(&step.span, "walk", |compiler| compiler.node(step));
    let ((low, high, _), step) = (bounds?, step?);
    compiler.joint_type([&low, &high, &step])?;
    let constant = |part: &Typed| part.constant.as_ref().and_then(measure);
    let known = (constant(&low), constant(&high), constant(&step));
    check(compiler, known, &step)?;
    let ((low, kind), (high, _), (step, _)) =
        (quantity(compiler, low)?, quantity(compiler, high)?, quantity(compiler, step)?);
    let (number, every) = (call.number, call.every);
    let walked: Eval<f64> = match known {
        (Some(low), Some(high), Some(step)) => {
            let path = Path::new(low, high, step);
            Arc::new(move |at| path.at(draw::stream(at.key, number), at.time.div_euclid(every)))
        }
        _ => Arc::new(move |at| {
            let path = Path::new(low(at), high(at), step(at));
            path.at(draw::stream(at.key, number), at.time.div_euclid(every))
        }),
    };
    call.drawn(kind(walked))
}

fn check(
    compiler: &mut Compiler<'_>,
    (low, high, size): (Option<f64>, Option<f64>, Option<f64>),
    step: &Typed,
) -> Option<()> {
    let size = size.unwrap_or(f64::MIN_POSITIVE);
    let range = high.zip(low).map_or(f64::INFINITY, |(high, low)| high - low);
    let text = compiler.text(&step.span);
    if size <= 0.0 {
        return compiler.refuse(Fault::new(step.span.clone(), format!("walk: step {text} is not above 0")));
    }
    if size > range {
        let fault = Fault::new(step.span.clone(), format!("walk: step {text} is larger than its range"));
        return compiler.refuse(fault.help("uniform(a..b) goes anywhere in its range at every tick"));
    }
    Some(())
}

/// Where a walk goes, whoever walks.
#[derive(Debug, Clone, Copy)]
struct Path {
    low: f64,
    high: f64,
    range: f64,
    /// Ticks of a block.
    length: i64,
    /// The standard deviation in the middle of a block.
    deviation: f64,
}

impl Path {
    fn new(low: f64, high: f64, step: f64) -> Self {
        let range = (high - low).max(0.0);
        let length = 1i64 << levels(range / step);
        Self { low, high, range, length, deviation: step * (length as f64).sqrt() * 0.5 }
    }

    /// The place at a tick, never outside the bounds, however sums are rounded.
    fn at(&self, stream: u64, tick: i64) -> f64 {
        self.reflected(self.free(stream, tick)).min(self.high).max(self.low)
    }

    /// The same without bounds; each tick's word of the stream is used once, at its own level.
    fn free(&self, stream: u64, tick: i64) -> f64 {
        let anchor = |tick: i64| self.low + self.range * draw::unit(draw::word(stream, tick));
        // A power of two long, so that its start is the tick without its low bits.
        let mut start = tick & -self.length;
        let mut from = anchor(start);
        if tick == start {
            return from;
        }
        let mut to = anchor(start.wrapping_add(self.length));
        let (mut half, mut deviation) = (self.length / 2, self.deviation);
        while half > 0 {
            let middle = start.wrapping_add(half);
            let place = (from + to) * 0.5 + deviation * bell(draw::word(stream, middle));
            match tick.cmp(&middle) {
                Ordering::Equal => return place,
                Ordering::Less => to = place,
                Ordering::Greater => (start, from) = (middle, place),
            }
            half /= 2;
            deviation *= FRAC_1_SQRT_2;
        }
        from
    }

    /// The place within the bounds that mirrors at both ends lead to.
    fn reflected(&self, place: f64) -> f64 {
        let above = place - self.low;
        if self.range <= 0.0 || (0.0..=self.range).contains(&above) {
            return place;
        }
        let round = above.rem_euclid(2.0 * self.range);
        let within = if round > self.range { 2.0 * self.range - round } else { round };
        self.low + within
    }
}

/// k of the least 2^k above the square of `ratio`: a free walk of n steps comes sqrt(n) steps far.
fn levels(ratio: f64) -> i64 {
    // The exponent of a double: its base-2 logarithm, rounded down.
    let exponent = ((ratio * ratio).to_bits() >> 52 & 0x7ff) as i64 - 1023;
    (exponent + 1).clamp(0, MOST_LEVELS)
}

/// A number from a bell curve of mean 0 and standard deviation 1: the sum of four even ones. As good
/// as normal here, where many are added up, and a fraction of the price.
fn bell(bits: u64) -> f64 {
    /// One by sqrt((65536^2 - 1) / 3), the standard deviation of the sum.
    const SCALE: f64 = 2.642_899_792_130_301_4e-5;
    let quarter = |shift: u32| bits >> shift & 0xffff;
    let sum = quarter(0) + quarter(16) + quarter(32) + quarter(48);
    (sum as f64 - 131_070.0) * SCALE
}
