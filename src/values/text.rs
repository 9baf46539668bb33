//! Texts: literals with placeholders. Not here: the values inside them (`expression`).
//!
//! ```text
//! text = { char | "{{" | "}}" | "{" value [":" ["0"] WIDTH] "}" }
//! ```

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use crate::values::code::Code;
use crate::values::compile::{Compiler, Typed};
use crate::values::expression::Names;
use crate::values::{Expression, Fault, Instant, Scope, Type, Value, bounds, parser};

/// The widest format.
const MAX_WIDTH: usize = 64;

/// A literal with placeholders, checked. One that is a single placeholder without a format keeps
/// the type of its value; any other is VARCHAR.
#[derive(Debug, Clone)]
pub struct Text(Expression);

impl Text {
    /// Parses and checks `source`.
    ///
    /// # Errors
    /// Every fault that was found; at least one.
    pub fn compile(source: &str, scope: &dyn Scope) -> Result<Self, Vec<Fault>> {
        let pieces = split(source).map_err(|fault| vec![fault])?;
        let mut compiler = Compiler::new(source, scope);
        let typed = assemble(&mut compiler, source, &pieces);
        Expression::finish(source, compiler, typed).map(Self)
    }

    /// The names that its placeholders mention, as [`Expression::names`] gives them.
    #[must_use]
    pub fn names(source: &str) -> Vec<(String, Range<usize>)> {
        let mut names = Names::default();
        for piece in split(source).unwrap_or_default() {
            if let Piece::Placeholder { value, .. } = piece {
                names.collect(&source[value.clone()], value.start);
            }
        }
        names.0
    }

    /// The bounds of a text that is a single placeholder, as [`Expression::bounds`] gives them.
    #[must_use]
    pub fn bounds(source: &str, scope: &dyn Scope) -> (f64, f64) {
        match split(source).as_deref() {
            Ok([Piece::Placeholder { value, format: None }]) => {
                Expression::bounds(&source[value.clone()], scope)
            }
            _ => bounds::UNKNOWN,
        }
    }

    /// The type of its values.
    #[must_use]
    pub fn value_type(&self) -> Type {
        self.0.value_type()
    }

    /// Its value, where it names no attribute or measure and makes no draw.
    #[must_use]
    pub fn constant(&self) -> Option<Value> {
        self.0.constant()
    }

    /// True where it makes a draw or follows the time.
    #[must_use]
    pub fn draws(&self) -> bool {
        self.0.draws()
    }

    /// The slots of the attributes that it names, in ascending order.
    #[must_use]
    pub fn reads_attributes(&self) -> &[usize] {
        self.0.reads_attributes()
    }

    /// The slots of the measures that it names, in ascending order.
    #[must_use]
    pub fn reads_measures(&self) -> &[usize] {
        self.0.reads_measures()
    }

    /// Its value at an instant.
    #[must_use]
    pub fn eval(&self, at: &Instant<'_>) -> Value {
        self.0.eval(at)
    }
}

/// A piece of a text as written.
#[derive(Debug, PartialEq)]
enum Piece {
    Literal(String),
    Placeholder { value: Range<usize>, format: Option<Format> },
}

/// How wide a value is printed, at the least.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Format {
    zeros: bool,
    width: usize,
}

/// A piece of a text, compiled.
enum Part {
    Literal(String),
    Value(Code, Option<Format>),
}

fn assemble(compiler: &mut Compiler<'_>, source: &str, pieces: &[Piece]) -> Option<Typed> {
    if let [Piece::Placeholder { value, format: None }] = pieces {
        return placeholder(compiler, source, value);
    }
    let parts: Vec<_> = pieces.iter().map(|piece| part(compiler, source, piece)).collect();
    let parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
    let constant = parts.iter().all(|part| matches!(part, Part::Literal(_)));
    let code = Code::Text(Arc::new(move |at| {
        let mut out = String::new();
        for part in &parts {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Value(code, format) => print(&mut out, &code.eval(at), *format),
            }
        }
        out.into()
    }));
    Some(Typed::folded(code, 0..source.len(), constant))
}

fn placeholder(compiler: &mut Compiler<'_>, source: &str, value: &Range<usize>) -> Option<Typed> {
    match parser::value(&source[value.clone()], value.start) {
        Ok(node) => compiler.node(&node),
        Err(fault) => compiler.refuse(fault),
    }
}

fn part(compiler: &mut Compiler<'_>, source: &str, piece: &Piece) -> Option<Part> {
    let (value, format) = match piece {
        Piece::Literal(text) => return Some(Part::Literal(text.clone())),
        Piece::Placeholder { value, format } => (value, *format),
    };
    let typed = placeholder(compiler, source, value)?;
    if typed.value_type() == Type::List {
        let message = format!("`{}` is a list, which has no place in a text", compiler.text(value));
        return compiler.refuse(Fault::new(value.clone(), message));
    }
    Some(match typed.constant {
        Some(value) => {
            let mut out = String::new();
            print(&mut out, &value, format);
            Part::Literal(out)
        }
        None => Part::Value(typed.code, format),
    })
}

/// Prints a value: with zeros after its sign, or spaces before it, up to the width.
fn print(out: &mut String, value: &Value, format: Option<Format>) {
    // Writing to a String cannot fail.
    let _ = match (format, value) {
        (None, value) => write!(out, "{value}"),
        (Some(Format { zeros: true, width }), Value::Bigint(number)) => write!(out, "{number:0width$}"),
        (Some(Format { zeros: true, width }), Value::Double(number)) => write!(out, "{number:0width$}"),
        (Some(Format { zeros: true, width }), value) => write!(out, "{:0>width$}", value.to_string()),
        (Some(Format { zeros: false, width }), value) => write!(out, "{:>width$}", value.to_string()),
    };
}

fn split(source: &str) -> Result<Vec<Piece>, Fault> {
    let (mut pieces, mut literal, mut position) = (Vec::new(), String::new(), 0);
    while let Some(length) = source[position..].find(['{', '}']) {
        let brace = position + length;
        literal.push_str(&source[position..brace]);
        let rest = &source[brace..];
        if rest.starts_with("{{") || rest.starts_with("}}") {
            literal.push_str(&rest[..1]);
            position = brace + 2;
        } else if rest.starts_with('}') {
            return Err(Fault::new(brace..brace + 1, "unexpected `}`").help("a brace itself is written }}"));
        } else {
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            let (piece, end) = read_placeholder(source, brace)?;
            pieces.push(piece);
            position = end;
        }
    }
    literal.push_str(&source[position..]);
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    Ok(pieces)
}

/// The placeholder whose brace opens at `brace`, and where it ends.
fn read_placeholder(source: &str, brace: usize) -> Result<(Piece, usize), Fault> {
    let start = brace + 1;
    let Some(length) = find_bare(&source[start..], '}') else {
        return Err(Fault::new(brace..start, "unclosed `{`").help("a brace itself is written {{"));
    };
    let end = start + length;
    let (value, format) = match find_bare(&source[start..end], ':') {
        None => (start..end, None),
        Some(colon) => (start..start + colon, Some(read_format(source, start + colon + 1..end)?)),
    };
    Ok((Piece::Placeholder { value, format }, end + 1))
}

/// Where `wanted` first stands outside quotes.
fn find_bare(text: &str, wanted: char) -> Option<usize> {
    let mut quoted = false;
    text.find(|c| {
        quoted ^= c == '\'';
        c == wanted && !quoted
    })
}

fn read_format(source: &str, span: Range<usize>) -> Result<Format, Fault> {
    let text = &source[span.clone()];
    let digits = text.strip_prefix('0').unwrap_or(text);
    let width = if digits.bytes().all(|b| b.is_ascii_digit()) { digits.parse().ok() } else { None };
    match width {
        Some(width) if (1..=MAX_WIDTH).contains(&width) => Ok(Format { zeros: text.starts_with('0'), width }),
        _ => {
            let help = format!(
                "after the colon stands a width of 1 to {MAX_WIDTH}, as in {{host:8}} or {{host:08}}"
            );
            Err(Fault::new(span, format!("`{text}` is not a width")).help(help))
        }
    }
}
