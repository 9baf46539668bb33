//! What comes again: `sine`, `saw`, `hold`. Not here: what never does (`walk`).

use std::f64::consts::TAU;
use std::sync::Arc;

use crate::values::code::{Code, Eval};
use crate::values::compile::{Compiler, Typed};
use crate::values::functions::Call;
use crate::values::syntax::{Argument, Node};
use crate::values::{Fault, Value};

/// `sine(period, peak)`: from -1 to 1 and back, 1 at `peak` past each whole period from the Unix epoch.
pub(super) fn sine(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Option<Typed> {
    let phase = phase(compiler, call)?;
    call.drawn(Code::Double(Arc::new(move |at| libm::cos(TAU * phase(at)))))
}

/// `saw(period, offset)`: from 0 up to 1 in each period, and at 0 again.
pub(super) fn saw(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Option<Typed> {
    let phase = phase(compiler, call)?;
    call.drawn(Code::Double(phase))
}

/// `hold(period, value)`: the value as it was when the period began.
pub(super) fn hold(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Option<Typed> {
    let (period, value, offset) = match call.arguments {
        [Argument::Plain(period), Argument::Plain(value)] => (period, value, None),
        [Argument::Plain(period), Argument::Plain(value), Argument::Plain(offset)] => {
            (period, value, Some(offset))
        }
        _ => return call.misuse(compiler),
    };
    compiler.without_measures(value, "hold");
    let period = self::period(compiler, call, period);
    let value = compiler.node(value);
    let offset: Eval<i64> = match offset {
        Some(offset) => self::offset(compiler, call, offset)?,
        None => Arc::new(|_| 0),
    };
    let (period, value) = (period?, value?);
    call.drawn(value.code.at_time(move |at| {
        let (period, offset) = (period(at).max(1), offset(at));
        let past = at.time.wrapping_sub(offset).rem_euclid(period);
        at.time.saturating_sub(past)
    }))
}

/// How much of its period has passed, from 0 to 1.
fn phase(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Option<Eval<f64>> {
    let [Argument::Plain(period), Argument::Plain(offset)] = call.arguments else {
        return call.misuse(compiler);
    };
    let (period, offset) = (self::period(compiler, call, period), self::offset(compiler, call, offset));
    let (period, offset) = (period?, offset?);
    Some(Arc::new(move |at| {
        let period = period(at).max(1);
        at.time.wrapping_sub(offset(at)).rem_euclid(period) as f64 / period as f64
    }))
}

fn period(compiler: &mut Compiler<'_>, call: &Call<'_>, node: &Node) -> Option<Eval<i64>> {
    let name = call.function.name;
    let period = compiler.steady(&node.span, name, |compiler| compiler.node(node))?;
    if matches!(period.constant, Some(Value::Duration(nanos)) if nanos <= 0) {
        let message = format!("{name}: period {} is not above 0", compiler.text(&node.span));
        return compiler.refuse(Fault::new(node.span.clone(), message));
    }
    compiler.duration(period)
}

fn offset(compiler: &mut Compiler<'_>, call: &Call<'_>, node: &Node) -> Option<Eval<i64>> {
    let offset = compiler.steady(&node.span, call.function.name, |compiler| compiler.node(node))?;
    compiler.duration(offset)
}
