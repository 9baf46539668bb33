//! `choice`: one member of a range, of a set by name, or of weighted items. Not here: sets as
//! levels have them (`set`).

use std::sync::Arc;

use crate::values::code::{Code, Eval};
use crate::values::compile::{Compiler, Typed};
use crate::values::functions::Call;
use crate::values::syntax::{Argument, Kind, Node};
use crate::values::weights::Weights;
use crate::values::{Fault, Instant, Type, Value, draw};

/// `choice(a..b)`, `choice(NAME)`, `choice('x' 70, 'y' 30)`.
pub(super) fn choice(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Option<Typed> {
    match call.arguments {
        [] => call.misuse(compiler),
        [Argument::Range(from, to)] => range(compiler, call, from, to),
        [Argument::Plain(node)] => match &node.kind {
            Kind::Name(name) => set(compiler, call, name, node),
            _ => call.misuse(compiler),
        },
        arguments => items(compiler, call, arguments),
    }
}

fn range(compiler: &mut Compiler<'_>, call: &Call<'_>, from: &Node, to: &Node) -> Option<Typed> {
    let (from, to, _) = compiler.range(from, to)?;
    let (from, to) = (compiler.bigint(from), compiler.bigint(to));
    let (from, to, number) = (from?, to?, call.number);
    call.drawn(Code::Bigint(Arc::new(move |at| draw::whole(draw::bits(at, number), from(at), to(at)))))
}

fn set(compiler: &mut Compiler<'_>, call: &Call<'_>, name: &str, node: &Node) -> Option<Typed> {
    let span = node.span.clone();
    let (members, slot) = compiler.set(name, span.clone())?;
    if members.is_empty() {
        return compiler.refuse(Fault::new(span, format!("`{name}` has no members to choose from")));
    }
    let parts: Vec<_> = members.into_iter().map(|member| Typed::constant(member, span.clone())).collect();
    let joint = compiler.joint_type(&parts)?;
    let number = call.number;
    if let Some(slot) = slot {
        return call.drawn(Code::read(joint, move |at| {
            let Some(Value::List(own)) = at.attributes.get(slot) else { return None };
            own.get(place(draw::bits(at, number), own.len()))
        }));
    }
    let count = parts.len();
    let index = Arc::new(move |at: &Instant<'_>| place(draw::bits(at, number), count));
    select(call, joint, parts, index)
}

fn items(compiler: &mut Compiler<'_>, call: &Call<'_>, arguments: &[Argument]) -> Option<Typed> {
    let mut weighted = Vec::new();
    for argument in arguments {
        match argument {
            Argument::Plain(node) => weighted.push((node, None)),
            Argument::Weighted(node, weight) => weighted.push((node, Some(*weight))),
            _ => return call.misuse(compiler),
        }
    }
    let given = weighted.iter().filter(|(_, weight)| weight.is_some()).count();
    if given != 0 && given != weighted.len() {
        let fault =
            Fault::new(call.span.clone(), "some items of the choice have a weight and some have none");
        return compiler.refuse(fault.help("give each one, as in choice('x' 70, 'y' 30), or none"));
    }
    let parts = compiler.nodes(weighted.iter().map(|(node, _)| *node))?;
    let joint = compiler.joint_type(&parts)?;
    let weights = match Weights::new(weighted.iter().map(|(_, weight)| weight.unwrap_or(1.0))) {
        Ok(weights) => weights,
        Err(message) => return compiler.refuse(Fault::new(call.span.clone(), message)),
    };
    let number = call.number;
    let index = Arc::new(move |at: &Instant<'_>| weights.index(draw::unit(draw::bits(at, number))));
    select(call, joint, parts, index)
}

fn select(call: &Call<'_>, joint: Type, parts: Vec<Typed>, index: Eval<usize>) -> Option<Typed> {
    let codes = parts.into_iter().map(|part| part.code).collect();
    call.drawn(Code::select(joint, codes, index)?)
}

/// Bits as an index below `count`.
fn place(bits: u64, count: usize) -> usize {
    ((u128::from(bits) * count as u128) >> 64) as usize
}
