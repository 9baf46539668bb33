//! `zipf`: whole numbers of which few come often and many seldom.
//!
//! Rejection-inversion: Hörmann and Derflinger, ACM TOMACS 6 (1996), in the form of Apache Commons
//! RNG. No table, so that it costs the same for every n: a little over one draw, each a few
//! logarithms.

use std::sync::Arc;

use crate::values::code::{Code, Eval};
use crate::values::compile::{Compiler, Typed};
use crate::values::functions::Call;
use crate::values::functions::draws::constant;
use crate::values::syntax::Argument;
use crate::values::{Fault, draw};

/// One is refused in less than one case of eight, so this many in none that anybody meets.
const TRIES: usize = 100;

/// `zipf(n by s)`: 1 to n, k with a probability in proportion to 1 / k^s.
pub(super) fn zipf(compiler: &mut Compiler<'_>, call: &Call<'_>) -> Option<Typed> {
    let [Argument::By(count, exponent)] = call.arguments else { return call.misuse(compiler) };
    let (count, exponent) = (compiler.node(count), compiler.node(exponent));
    let (count, exponent) = (count?, exponent?);
    let (known_count, known_exponent) = (constant(&count), constant(&exponent));
    for (part, wrong, least) in [
        (&count, known_count.is_some_and(|count| count < 1.0), "1"),
        (&exponent, known_exponent.is_some_and(|exponent| exponent < 0.0), "0"),
    ] {
        if wrong {
            let message = format!("zipf: {} is not {least} or above", compiler.text(&part.span));
            return compiler.refuse(Fault::new(part.span.clone(), message));
        }
    }
    let (count, exponent) = (compiler.bigint(count), compiler.number(exponent));
    let (count, exponent, number): (Eval<i64>, _, _) = (count?, exponent?, call.number);
    call.drawn(Code::Bigint(match (known_count, known_exponent) {
        (Some(count), Some(exponent)) => {
            let zipf = Zipf::new(count, exponent);
            Arc::new(move |at| zipf.draw(draw::bits(at, number)))
        }
        _ => Arc::new(move |at| Zipf::new(count(at) as f64, exponent(at)).draw(draw::bits(at, number))),
    }))
}

/// A distribution.
#[derive(Debug, Clone, Copy)]
struct Zipf {
    count: f64,
    exponent: f64,
    /// The integral of the hat up to a half past the last number.
    whole: f64,
    /// That up to one and a half, without the first number's own probability.
    first: f64,
    /// How near a number must be to be taken without a second look.
    near: f64,
}

impl Zipf {
    fn new(count: f64, exponent: f64) -> Self {
        let (count, exponent) = (count.max(1.0), exponent.max(0.0));
        let mut zipf = Self { count, exponent, whole: 0.0, first: 0.0, near: 0.0 };
        zipf.whole = zipf.integral(count + 0.5);
        zipf.first = zipf.integral(1.5) - 1.0;
        zipf.near = 2.0 - zipf.inverse(zipf.integral(2.5) - zipf.hat(2.0));
        zipf
    }

    fn draw(&self, bits: u64) -> i64 {
        for word in draw::words(bits).take(TRIES) {
            let area = self.whole + draw::unit(word) * (self.first - self.whole);
            let place = self.inverse(area);
            let number = (place + 0.5).floor().clamp(1.0, self.count);
            if number - place <= self.near || area >= self.integral(number + 0.5) - self.hat(number) {
                return number as i64;
            }
        }
        1
    }

    /// 1 / x^s.
    fn hat(&self, x: f64) -> f64 {
        libm::exp(-self.exponent * libm::log(x))
    }

    /// The integral of the hat from 1 to x.
    fn integral(&self, x: f64) -> f64 {
        let log = libm::log(x);
        let power = (1.0 - self.exponent) * log;
        // (e^p - 1) / p, which is 1 at 0.
        if power.abs() > 1e-8 { libm::expm1(power) / power * log } else { log * (1.0 + power * 0.5) }
    }

    /// Where the integral is `area`.
    fn inverse(&self, area: f64) -> f64 {
        let power = (area * (1.0 - self.exponent)).max(-1.0);
        // ln(1 + p) / p, which is 1 at 0.
        let ratio = if power.abs() > 1e-8 { libm::log1p(power) / power } else { 1.0 - power * 0.5 };
        libm::exp(ratio * area)
    }
}
