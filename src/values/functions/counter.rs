//! `counter`: a whole number that rises from tick to tick, as those of operating systems do.

use std::sync::Arc;

use crate::values::code::{Code, Eval};
use crate::values::compile::{Compiler, Typed, measure};
use crate::values::functions::Call;
use crate::values::syntax::{Argument, Node};
use crate::values::{Fault, draw};

/// Nanoseconds in a second.
const SECOND: f64 = 1e9;

/// `counter(per_second)`: what has been counted since the Unix epoch. `counter(per_second, restart)`:
/// since it last began at 0, at a time drawn in each span of length `restart`.
pub(super) fn counter(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Option<Typed> {
    let (rate, restart) = match call.arguments {
        [Argument::Plain(rate)] => (rate, None),
        [Argument::Plain(rate), Argument::Plain(restart)] => (rate, Some(restart)),
        _ => return call.misuse(compiler),
    };
    let rate = positive(compiler, rate, "rate");
    let restart = restart.map(|node| positive(compiler, node, "restart"));
    let rate = compiler.number(rate?)?;
    let (number, every) = (call.number, call.every);
    let since_restart: Eval<i64> = match restart {
        None => Arc::new(|at| at.time),
        Some(restart) => {
            let restart = compiler.duration(restart?)?;
            let restarts = compiler.draw();
            Arc::new(move |at| {
                let stream = draw::stream(at.key, restarts);
                at.time.saturating_sub(last_restart(stream, restart(at).max(1), at.time))
            })
        }
    };
    call.drawn(Code::Bigint(Arc::new(move |at| {
        let a_tick = rate(at) * (every as f64 / SECOND);
        let ticks = since_restart(at).div_euclid(every);
        count(a_tick, ticks, draw::bits(at, number))
    })))
}

fn positive(compiler: &mut Compiler<'_>, node: &Node, what: &str) -> Option<Typed> {
    let part = compiler.steady(&node.span, "counter", |compiler| compiler.node(node))?;
    if part.constant.as_ref().and_then(measure).is_some_and(|value| value <= 0.0) {
        let message = format!("counter: {what} {} is not above 0", compiler.text(&node.span));
        return compiler.refuse(Fault::new(node.span.clone(), message));
    }
    Some(part)
}

/// The newest restart that is not after `time`: each span of time has one.
fn last_restart(stream: u64, span: i64, time: i64) -> i64 {
    let restart = |block: i64| {
        let within = draw::whole(draw::word(stream, block), 0, span - 1);
        block.saturating_mul(span).saturating_add(within)
    };
    let block = time.div_euclid(span);
    let last = restart(block);
    if last <= time { last } else { restart(block.saturating_sub(1)) }
}

/// The count after so many ticks: somewhere between what they come to and what one more would, so
/// that it rises at every tick wherever a tick counts one at least.
fn count(a_tick: f64, ticks: i64, bits: u64) -> i64 {
    // The casts saturate.
    let after = |ticks: i64| (a_tick * ticks as f64).floor() as i64;
    let least = after(ticks);
    draw::whole(bits, least, after(ticks.saturating_add(1)).saturating_sub(1).max(least))
}
