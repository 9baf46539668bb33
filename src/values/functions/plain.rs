//! Functions without a draw. Not here: operators.

use std::sync::Arc;

use crate::values::code::{Code, Eval};
use crate::values::compile::{Compiler, Typed};
use crate::values::functions::Call;
use crate::values::syntax::{Argument, Node};
use crate::values::{Fault, Instant, Type};

/// `clamp(value, a..b)`: the value, no less than a and no more than b; b where a lies above it.
pub(super) fn clamp(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Option<Typed> {
    let [Argument::Plain(value), Argument::Range(from, to)] = call.arguments else {
        return call.misuse(compiler);
    };
    let (value, range) = (compiler.node(value), compiler.range(from, to));
    let (value, (from, to, _)) = (value?, range?);
    let constant = value.constant.is_some() && from.constant.is_some() && to.constant.is_some();
    let joint = compiler.joint_type([&value, &from, &to])?;
    let raised = pick(compiler, joint, value.code, from.code, call, Ord::max, f64::max)?;
    let code = pick(compiler, joint, raised, to.code, call, Ord::min, f64::min)?;
    Some(Typed::folded(code, call.span.clone(), constant))
}

/// `min(a, b)`: the least.
pub(super) fn min(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Option<Typed> {
    extreme(compiler, call, Ord::min, f64::min)
}

/// `max(a, b)`: the greatest.
pub(super) fn max(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Option<Typed> {
    extreme(compiler, call, Ord::max, f64::max)
}

/// `round(value)`: the nearest BIGINT, halves away from 0.
pub(super) fn round(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Option<Typed> {
    let [Argument::Plain(node)] = call.arguments else { return call.misuse(compiler) };
    let value = compiler.node(node)?;
    let constant = value.constant.is_some();
    let code = match value.code {
        code @ Code::Bigint(_) => code,
        code => {
            let number = compiler.number(Typed { code, ..value })?;
            // The cast saturates.
            Code::Bigint(Arc::new(move |at| number(at).round() as i64))
        }
    };
    Some(Typed::folded(code, call.span.clone(), constant))
}

/// `abs(value)`: without its sign.
pub(super) fn abs(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Option<Typed> {
    let [Argument::Plain(node)] = call.arguments else { return call.misuse(compiler) };
    let value = compiler.node(node)?;
    let constant = value.constant.is_some();
    let code = match value.code {
        Code::Bigint(eval) => Code::Bigint(Arc::new(move |at| eval(at).saturating_abs())),
        Code::Duration(eval) => Code::Duration(Arc::new(move |at| eval(at).saturating_abs())),
        code => {
            let number = compiler.number(Typed { code, ..value })?;
            Code::Double(Arc::new(move |at| number(at).abs()))
        }
    };
    Some(Typed::folded(code, call.span.clone(), constant))
}

/// `if(condition, a, b)`: a where the condition holds, b elsewhere.
pub(super) fn if_else(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Option<Typed> {
    let [Argument::Plain(condition), Argument::Plain(yes), Argument::Plain(no)] = call.arguments else {
        return call.misuse(compiler);
    };
    let (condition, yes, no) = (compiler.node(condition), compiler.node(yes), compiler.node(no));
    let (condition, yes, no) = (condition?, yes?, no?);
    let constant = condition.constant.is_some() && yes.constant.is_some() && no.constant.is_some();
    let (condition, joint) = (compiler.boolean(condition), compiler.joint_type([&yes, &no]));
    let condition = condition?;
    let index = Arc::new(move |at: &Instant<'_>| usize::from(!condition(at)));
    let code = Code::select(joint?, vec![yes.code, no.code], index)?;
    Some(Typed::folded(code, call.span.clone(), constant))
}

fn extreme(
    compiler: &mut Compiler<'_>,
    call: &Call<'_>,
    whole: fn(i64, i64) -> i64,
    real: fn(f64, f64) -> f64,
) -> Option<Typed> {
    let nodes: Option<Vec<&Node>> = call.arguments.iter().map(plain).collect();
    let Some(nodes) = nodes.filter(|nodes| nodes.len() > 1) else { return call.misuse(compiler) };
    let parts = compiler.nodes(nodes)?;
    let constant = parts.iter().all(|part| part.constant.is_some());
    let joint = compiler.joint_type(&parts)?;
    let mut codes = parts.into_iter().map(|part| part.code);
    let mut code = codes.next()?;
    for next in codes {
        code = pick(compiler, joint, code, next, call, whole, real)?;
    }
    Some(Typed::folded(code, call.span.clone(), constant))
}

fn plain(argument: &Argument) -> Option<&Node> {
    if let Argument::Plain(node) = argument { Some(node) } else { None }
}

/// One of two values of a joint type, by a rule for whole numbers and the same for others.
fn pick(
    compiler: &mut Compiler<'_>,
    joint: Type,
    one: Code,
    other: Code,
    call: &Call<'_>,
    whole: fn(i64, i64) -> i64,
    real: fn(f64, f64) -> f64,
) -> Option<Code> {
    fn both<T: 'static>(pick: fn(T, T) -> T, one: Eval<T>, other: Eval<T>) -> Eval<T> {
        Arc::new(move |at| pick(one(at), other(at)))
    }
    Some(match joint {
        Type::Bigint => Code::Bigint(both(whole, one.whole()?, other.whole()?)),
        Type::Duration => Code::Duration(both(whole, one.whole()?, other.whole()?)),
        Type::Double => Code::Double(both(real, one.number()?, other.number()?)),
        Type::Boolean | Type::Text | Type::List => {
            let message = format!("`{}` takes numbers or durations, not {joint}", call.function.name);
            return compiler.refuse(Fault::new(call.span.clone(), message));
        }
    })
}
