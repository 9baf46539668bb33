//! The table of functions: names, forms, who compiles them. Not here: their bits (`draw`).

mod choice;
mod counter;
mod draws;
mod look;
mod plain;
mod seasons;
mod walk;
mod zipf;

use std::ops::Range;

use crate::diagnostics::did_you_mean;
use crate::values::Fault;
use crate::values::code::Code;
use crate::values::compile::{Compiler, Typed};
use crate::values::syntax::Argument;

/// A function of the language.
struct Function {
    name: &'static str,
    /// How it is written: the remedy of most faults.
    form: &'static str,
    kind: Kind,
}

/// Compiles a call; reports a fault where it gives nothing.
type Build = fn(&mut Compiler<'_>, &Call<'_>) -> Option<Typed>;

#[derive(Clone, Copy)]
enum Kind {
    /// Its value follows from its arguments.
    Plain(Build),
    /// It draws, once a call.
    Draw(Build),
    /// It follows the time from tick to tick.
    OverTime(Build),
}

/// A call to compile.
struct Call<'a> {
    function: &'static Function,
    arguments: &'a [Argument],
    span: Range<usize>,
    /// Which draw of the source it is, from 0; of meaning to functions that draw.
    number: u32,
    /// Nanoseconds from tick to tick; of meaning to functions over time.
    every: i64,
}

#[rustfmt::skip]
static FUNCTIONS: &[Function] = &[
    draw("uniform", "uniform(a..b)", draws::uniform),
    draw("normal", "normal(mean by deviation)", draws::normal),
    draw("lognormal", "lognormal(median by sigma)", draws::lognormal),
    draw("exponential", "exponential(mean)", draws::exponential),
    draw("chance", "chance(5%)", draws::chance),
    draw("choice", "choice(1..6), choice(NAME) or choice('x' 70, 'y' 30)", choice::choice),
    draw("code", "code(8)", draws::code),
    draw("uuid", "uuid()", draws::uuid),
    plain("clamp", "clamp(value, a..b)", plain::clamp),
    plain("round", "round(value)", plain::round),
    plain("min", "min(a, b)", plain::min),
    plain("max", "max(a, b)", plain::max),
    plain("abs", "abs(value)", plain::abs),
    plain("if", "if(condition, a, b)", plain::if_else),
    draw("zipf", "zipf(n by s)", zipf::zipf),
    over_time("walk", "walk(a..b by step)", walk::walk),
    over_time("sine", "sine(period, peak)", seasons::sine),
    over_time("saw", "saw(period, offset)", seasons::saw),
    over_time("hold", "hold(period, value) or hold(period, value, offset)", seasons::hold),
    over_time("counter", "counter(per_second) or counter(per_second, restart)", counter::counter),
    over_time("before", "before(measure)", look::before),
    over_time("changed", "changed(measure)", look::changed),
    over_time("left", "left(incident)", look::left),
];

const fn draw(name: &'static str, form: &'static str, build: Build) -> Function {
    Function { name, form, kind: Kind::Draw(build) }
}

const fn plain(name: &'static str, form: &'static str, build: Build) -> Function {
    Function { name, form, kind: Kind::Plain(build) }
}

const fn over_time(name: &'static str, form: &'static str, build: Build) -> Function {
    Function { name, form, kind: Kind::OverTime(build) }
}

/// How the function of that name is written, if there is one.
pub(super) fn form(name: &str) -> Option<&'static str> {
    find(name).map(|function| function.form)
}

fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// Compiles the call of the function that `name` names.
pub(super) fn compile(
    compiler: &mut Compiler<'_>,
    function: &str,
    name: Range<usize>,
    arguments: &[Argument],
    span: Range<usize>,
) -> Option<Typed> {
    let Some(known) = find(function) else {
        let fault = Fault::new(name, format!("unknown function `{function}`"));
        let help = did_you_mean(function, FUNCTIONS.iter().map(|function| function.name));
        return compiler.refuse(Fault { help, ..fault });
    };
    let call = |number, every| Call { function: known, arguments, span: span.clone(), number, every };
    match known.kind {
        Kind::Plain(build) => build(compiler, &call(0, 0)),
        Kind::Draw(build) => {
            compiler.moving += 1;
            // Before the arguments, which may draw too.
            let number = compiler.draw();
            build(compiler, &call(number, 0))
        }
        Kind::OverTime(build) => {
            compiler.moving += 1;
            let Some(every) = compiler.interval() else {
                let message = format!("`{function}` follows the time, and this is made once");
                let help = "write it into a record: `measures`, `let`, `when` or `delay`";
                return compiler.refuse(Fault::new(name, message).help(help));
            };
            let number = compiler.draw();
            build(compiler, &call(number, every))
        }
    }
}

impl Call<'_> {
    /// Reports arguments that are not of the function's form.
    fn misuse<T>(&self, compiler: &mut Compiler<'_>) -> Option<T> {
        let Function { name, form, .. } = self.function;
        compiler.refuse(Fault::new(self.span.clone(), format!("`{name}` is written {form}")))
    }

    /// What it draws or follows: never constant.
    fn drawn(&self, code: Code) -> Option<Typed> {
        Some(Typed { code, constant: None, span: self.span.clone() })
    }
}
