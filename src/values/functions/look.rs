//! Looks at other ticks: `before`, `changed`, `left`. Not here: who works out what is seen (`fleet`).

use std::sync::Arc;

use crate::values::Type;
use crate::values::code::Code;
use crate::values::compile::{Compiler, Typed};
use crate::values::functions::Call;
use crate::values::syntax::{Argument, Kind};

/// `before(measure)`: its value a tick before.
pub(super) fn before(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Option<Typed> {
    let (_, before, value_type) = slots(compiler, call)?;
    call.drawn(Code::read(value_type, move |at| at.measures.get(before)))
}

/// `changed(measure)`: whether it is another than a tick before.
pub(super) fn changed(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Option<Typed> {
    let (now, before, _) = slots(compiler, call)?;
    call.drawn(Code::Boolean(Arc::new(move |at| at.measures.get(now) != at.measures.get(before))))
}

/// `left(incident)`: how long it will still be on; 0 where it is not.
pub(super) fn left(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Option<Typed> {
    let [Argument::Plain(node)] = call.arguments else { return call.misuse(compiler) };
    let Kind::Name(name) = &node.kind else { return call.misuse(compiler) };
    let code = compiler.time_left(name, node.span.clone())?;
    call.drawn(code)
}

fn slots(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Option<(usize, usize, Type)> {
    let [Argument::Plain(node)] = call.arguments else { return call.misuse(compiler) };
    let Kind::Name(name) = &node.kind else { return call.misuse(compiler) };
    compiler.look_back(name, node.span.clone())
}
