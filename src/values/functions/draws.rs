//! Draws from distributions. Not here: choices among members (`choice`).

use std::sync::Arc;

use crate::values::code::{Code, Eval, finite};
use crate::values::compile::{Compiler, Typed};
use crate::values::functions::Call;
use crate::values::quantile::normal_quantile;
use crate::values::syntax::Argument;
use crate::values::{Fault, Instant, Type, Value, draw};

/// The longest `code`.
const MAX_CODE: i64 = 64;

/// `uniform(a..b)`: a DOUBLE, or a duration.
pub(super) fn uniform(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Option<Typed> {
    let [Argument::Range(from, to)] = call.arguments else { return call.misuse(compiler) };
    let (from, to, joint) = compiler.range(from, to)?;
    let number = call.number;
    if joint == Type::Duration {
        let (from, to) = (from.code.whole()?, to.code.whole()?);
        return call.drawn(Code::Duration(Arc::new(move |at| {
            draw::whole(draw::bits(at, number), from(at), to(at))
        })));
    }
    let between = move |from: f64, to: f64, bits| finite(from + (to - from) * draw::unit(bits));
    call.drawn(Code::Double(match (constant(&from), constant(&to)) {
        (Some(from), Some(to)) => Arc::new(move |at| between(from, to, draw::bits(at, number))),
        _ => {
            let (from, to) = (compiler.number(from)?, compiler.number(to)?);
            Arc::new(move |at| between(from(at), to(at), draw::bits(at, number)))
        }
    }))
}

/// `normal(mean by deviation)`: a DOUBLE, or a duration where both are.
pub(super) fn normal(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Option<Typed> {
    let [Argument::By(mean, deviation)] = call.arguments else { return call.misuse(compiler) };
    let (mean, deviation) = (compiler.node(mean), compiler.node(deviation));
    let (mean, deviation) = (mean?, deviation?);
    compiler.joint_type([&mean, &deviation])?;
    let ((mean, kind), (deviation, _)) = (quantity(compiler, mean)?, quantity(compiler, deviation)?);
    let number = call.number;
    let drawn = move |at: &Instant<'_>| mean(at) + deviation(at) * standard_normal(draw::bits(at, number));
    call.drawn(kind(Arc::new(drawn)))
}

/// `lognormal(median by sigma)`: median x e^(sigma x standard normal); sigma is a number.
pub(super) fn lognormal(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Option<Typed> {
    let [Argument::By(median, sigma)] = call.arguments else { return call.misuse(compiler) };
    let (median, sigma) = (compiler.node(median), compiler.node(sigma));
    let (median, sigma) = (quantity(compiler, median?), compiler.number(sigma?));
    let ((median, kind), sigma) = (median?, sigma?);
    let number = call.number;
    let drawn =
        move |at: &Instant<'_>| median(at) * libm::exp(sigma(at) * standard_normal(draw::bits(at, number)));
    call.drawn(kind(Arc::new(drawn)))
}

/// `exponential(mean)`: a DOUBLE, or a duration.
pub(super) fn exponential(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Option<Typed> {
    let [Argument::Plain(mean)] = call.arguments else { return call.misuse(compiler) };
    let mean = compiler.node(mean)?;
    let (mean, kind) = quantity(compiler, mean)?;
    let number = call.number;
    let drawn = move |at: &Instant<'_>| -mean(at) * libm::log(draw::open_unit(draw::bits(at, number)));
    call.drawn(kind(Arc::new(drawn)))
}

/// `chance(p)`: true with that probability.
pub(super) fn chance(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Option<Typed> {
    let [Argument::Plain(node)] = call.arguments else { return call.misuse(compiler) };
    let share = compiler.node(node)?;
    if constant(&share).is_some_and(|share| !(0.0..=1.0).contains(&share)) {
        let message = format!("chance {} is not between 0 and 1", compiler.text(&share.span));
        return compiler.refuse(Fault::new(share.span, message).help("5% is 0.05"));
    }
    let (share, number) = (compiler.number(share)?, call.number);
    call.drawn(Code::Boolean(Arc::new(move |at| draw::unit(draw::bits(at, number)) < share(at))))
}

/// `code(n)`: n lower-case letters and digits.
pub(super) fn code(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Option<Typed> {
    let [Argument::Plain(length)] = call.arguments else { return call.misuse(compiler) };
    let length = compiler.node(length)?;
    if matches!(length.constant, Some(Value::Bigint(n)) if !(1..=MAX_CODE).contains(&n)) {
        let message = format!("a code has 1 to {MAX_CODE} characters, not {}", compiler.text(&length.span));
        return compiler.refuse(Fault::new(length.span, message));
    }
    let (length, number) = (compiler.bigint(length)?, call.number);
    call.drawn(Code::Text(Arc::new(move |at| {
        let length = usize::try_from(length(at).clamp(1, MAX_CODE)).unwrap_or(1);
        draw::words(draw::bits(at, number)).take(length).map(letter).collect::<String>().into()
    })))
}

/// `uuid()`: in the form of a version 4.
pub(super) fn uuid(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Option<Typed> {
    if !call.arguments.is_empty() {
        return call.misuse(compiler);
    }
    let number = call.number;
    call.drawn(Code::Text(Arc::new(move |at| {
        let bits = draw::bits(at, number);
        let low = draw::words(bits).next().unwrap_or(bits);
        let bytes = ((u128::from(bits) << 64) | u128::from(low)).to_be_bytes();
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string().into()
    })))
}

fn standard_normal(bits: u64) -> f64 {
    normal_quantile(draw::open_unit(bits))
}

fn letter(word: u64) -> char {
    const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let index = (u128::from(word) * LETTERS.len() as u128) >> 64;
    char::from(LETTERS[index as usize])
}

/// The part's number, where it is constant.
pub(super) fn constant(part: &Typed) -> Option<f64> {
    match part.constant {
        Some(Value::Double(value)) => Some(value),
        Some(Value::Bigint(value)) => Some(value as f64),
        _ => None,
    }
}

/// What makes a value of a quantity's kind from a number.
pub(super) type Back = fn(Eval<f64>) -> Code;

/// A quantity as a plain number (of nanoseconds, for a duration), and the way back to its kind.
pub(super) fn quantity(compiler: &mut Compiler<'_>, part: Typed) -> Option<(Eval<f64>, Back)> {
    if let Code::Duration(nanos) = part.code {
        let back: Back = |eval| Code::Duration(Arc::new(move |at| eval(at).round() as i64));
        return Some((Arc::new(move |at| nanos(at) as f64), back));
    }
    let number = compiler.number(part)?;
    Some((number, |eval| Code::Double(Arc::new(move |at| finite(eval(at))))))
}
