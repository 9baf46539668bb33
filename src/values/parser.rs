//! Tokens -> syntax tree, by precedence climbing. Not here: names, types (`compile`).
//!
//! ```text
//! value = and {"or" and}      and = not {"and" not}      not = "not" not | cmp        (loosest first)
//! cmp   = sum [("="|"!="|"<"|"<="|">"|">=") sum]         (does not chain)
//! sum   = term {("+"|"-") term}      term = unary {("*"|"/"|"mod") unary}      unary = "-" unary | atom
//! atom  = NUM[ms|s|m|h|d|%] | 'text' | "true" | "false" | NAME | NAME "(" [arg {"," arg}] ")" | "(" value ")"
//! arg   = value [".." sum] ["by" sum | NUM]              (range; typical step; weighted item)
//! set   = sum ".." sum | NAME                            (both ends included)
//! ```

use std::ops::Range;

use crate::values::lexer::{self, Token};
use crate::values::syntax::{Argument, Arithmetic, Binary, Comparison, Kind, Node, Unary};
use crate::values::{Fault, Value};

/// Deepest tree that is taken; keeps every recursion far from the end of the stack.
const MAX_DEPTH: usize = 100;

/// How tightly operators bind, loosest first.
mod power {
    pub(super) const OR: u8 = 1;
    pub(super) const AND: u8 = 2;
    pub(super) const NOT: u8 = 3;
    pub(super) const COMPARISON: u8 = 4;
    pub(super) const SUM: u8 = 5;
    pub(super) const TERM: u8 = 6;
}

/// A set as written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum SetSyntax {
    /// `from..to`
    Range(Node, Node),
    /// `NAME`
    Name(String, Range<usize>),
}

/// The tree of a whole value; places count from `offset`.
pub(super) fn value(source: &str, offset: usize) -> Result<Node, Fault> {
    let mut parser = Parser::new(source, offset)?;
    let value = parser.value(power::OR)?;
    parser.end()?;
    Ok(value)
}

/// A whole set.
pub(super) fn set(source: &str) -> Result<SetSyntax, Fault> {
    let mut parser = Parser::new(source, 0)?;
    let from = parser.value(power::SUM)?;
    let set = match from.kind {
        _ if parser.take("..") => SetSyntax::Range(from, parser.value(power::SUM)?),
        Kind::Name(name) => SetSyntax::Name(name, from.span),
        _ => {
            let message = format!("`{source}` is not a set");
            return Err(
                Fault::new(0..source.len(), message).help("write a range such as 1..5, or a list's name")
            );
        }
    };
    parser.end()?;
    Ok(set)
}

struct Parser {
    tokens: Vec<(Token, Range<usize>)>,
    position: usize,
    depth: usize,
    /// Brackets that are open, outermost first.
    open: Vec<Range<usize>>,
}

impl Parser {
    fn new(source: &str, offset: usize) -> Result<Self, Fault> {
        Ok(Self { tokens: lexer::tokens(source, offset)?, position: 0, depth: 0, open: Vec::new() })
    }

    /// The next token; the last one is [`Token::End`], which is never passed.
    fn peek(&self) -> &Token {
        &self.tokens[self.position].0
    }

    fn span(&self) -> Range<usize> {
        self.tokens[self.position].1.clone()
    }

    fn advance(&mut self) -> Token {
        let token = self.peek().clone();
        if token != Token::End {
            self.position += 1;
        }
        token
    }

    fn take(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Token::Symbol(next) if *next == symbol);
        if found {
            self.position += 1;
        }
        found
    }

    fn end(&self) -> Result<(), Fault> {
        if *self.peek() == Token::End { Ok(()) } else { Err(self.unexpected()) }
    }

    /// The fault of a token that does not fit where it stands.
    fn unexpected(&self) -> Fault {
        let span = self.span();
        match (self.peek(), self.open.last()) {
            (Token::End, Some(open)) => Fault::new(open.clone(), "unclosed '('")
                .help("inside { } a comma ends a value: quote the whole value, or write it outside { }"),
            (Token::End, None) => Fault::new(span, "a value is missing"),
            (Token::Symbol(".."), _) => Fault::new(span, "unexpected `..`")
                .help("a range stands in a function's brackets, as in uniform(0..1)"),
            (Token::Symbol("not"), _) => {
                Fault::new(span, "unexpected `not`").help("put it in brackets: (not a)")
            }
            (Token::Symbol(symbol), _) => Fault::new(span, format!("unexpected `{symbol}`")),
            (Token::Name(name), _) => Fault::new(span, format!("unexpected `{name}`")),
            (Token::Text(text), _) => Fault::new(span, format!("unexpected '{text}'")),
            (Token::Number(number), _) => Fault::new(span, format!("unexpected `{number}`")),
        }
    }

    /// A value of operators that bind at least as tightly as `least`.
    fn value(&mut self, least: u8) -> Result<Node, Fault> {
        self.depth += 1;
        self.check_depth(self.depth, self.span())?;
        let mut left = self.prefix(least)?;
        while let Some((operator, power)) = self.operator().filter(|(_, power)| *power >= least) {
            self.position += 1;
            let right = self.value(power + 1)?;
            left = self.binary(operator, left, right)?;
            if power == power::COMPARISON && self.operator().is_some_and(|(_, next)| next == power) {
                let fault = Fault::new(self.span(), "comparisons do not chain");
                return Err(fault.help("compare twice and join with `and`"));
            }
        }
        self.depth -= 1;
        Ok(left)
    }

    fn operator(&self) -> Option<(Binary, u8)> {
        let Token::Symbol(symbol) = self.peek() else { return None };
        let comparison = |operator| Some((Binary::Compare(operator), power::COMPARISON));
        let arithmetic = |operator, power| Some((Binary::Arithmetic(operator), power));
        match *symbol {
            "or" => Some((Binary::Or, power::OR)),
            "and" => Some((Binary::And, power::AND)),
            "=" => comparison(Comparison::Equal),
            "!=" => comparison(Comparison::NotEqual),
            "<" => comparison(Comparison::Less),
            "<=" => comparison(Comparison::LessOrEqual),
            ">" => comparison(Comparison::Greater),
            ">=" => comparison(Comparison::GreaterOrEqual),
            "+" => arithmetic(Arithmetic::Add, power::SUM),
            "-" => arithmetic(Arithmetic::Subtract, power::SUM),
            "*" => arithmetic(Arithmetic::Multiply, power::TERM),
            "/" => arithmetic(Arithmetic::Divide, power::TERM),
            "mod" => arithmetic(Arithmetic::Modulo, power::TERM),
            _ => None,
        }
    }

    fn binary(&self, operator: Binary, left: Node, right: Node) -> Result<Node, Fault> {
        let span = left.span.start..right.span.end;
        let height = left.height.max(right.height) + 1;
        self.check_depth(height, span.clone())?;
        Ok(Node { span, height, kind: Kind::Binary(operator, Box::new([left, right])) })
    }

    fn prefix(&mut self, least: u8) -> Result<Node, Fault> {
        let start = self.span().start;
        if self.take("-") {
            return self.unary(Unary::Negate, start, power::TERM + 1);
        }
        if least <= power::NOT && self.take("not") {
            return self.unary(Unary::Not, start, power::NOT);
        }
        self.atom()
    }

    fn unary(&mut self, operator: Unary, start: usize, least: u8) -> Result<Node, Fault> {
        let operand = self.value(least)?;
        let (span, height) = (start..operand.span.end, operand.height + 1);
        self.check_depth(height, span.clone())?;
        Ok(Node { span, height, kind: Kind::Unary(operator, Box::new(operand)) })
    }

    fn atom(&mut self) -> Result<Node, Fault> {
        let span = self.span();
        let leaf = |kind| Ok(Node { span: span.clone(), height: 1, kind });
        match self.peek() {
            Token::Symbol("(") => {
                let inner = self.brackets(|parser| parser.value(power::OR))?;
                Ok(Node { span: span.start..self.last_end(), ..inner })
            }
            Token::Symbol("true") | Token::Symbol("false") => {
                let yes = self.take("true");
                self.position += usize::from(!yes);
                leaf(Kind::Literal(Value::Boolean(yes)))
            }
            Token::Symbol(_) | Token::End => Err(self.unexpected()),
            Token::Number(_) | Token::Text(_) | Token::Name(_) => match self.advance() {
                Token::Number(number) => leaf(Kind::Literal(number)),
                Token::Text(text) => leaf(Kind::Literal(Value::Text(text.into()))),
                Token::Name(name) if matches!(self.peek(), Token::Symbol("(")) => self.call(name, span),
                Token::Name(name) => leaf(Kind::Name(name)),
                Token::Symbol(_) | Token::End => Err(self.unexpected()),
            },
        }
    }

    fn call(&mut self, function: String, name: Range<usize>) -> Result<Node, Fault> {
        let arguments = self.brackets(Self::arguments)?;
        let span = name.start..self.last_end();
        let deepest = arguments.iter().flat_map(Argument::nodes).map(|node| node.height).max();
        let height = deepest.unwrap_or(0) + 1;
        self.check_depth(height, span.clone())?;
        Ok(Node { span, height, kind: Kind::Call { function, name, arguments } })
    }

    fn arguments(&mut self) -> Result<Vec<Argument>, Fault> {
        let mut arguments = Vec::new();
        if matches!(self.peek(), Token::Symbol(")")) {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.argument()?);
            if !self.take(",") {
                return Ok(arguments);
            }
        }
    }

    fn argument(&mut self) -> Result<Argument, Fault> {
        let value = self.value(power::OR)?;
        if self.take("..") {
            let to = self.value(power::SUM)?;
            return Ok(if self.take("by") {
                Argument::RangeBy(value, to, self.value(power::SUM)?)
            } else {
                Argument::Range(value, to)
            });
        }
        if self.take("by") {
            return Ok(Argument::By(value, self.value(power::SUM)?));
        }
        let weight = match self.peek() {
            Token::Number(Value::Bigint(weight)) => *weight as f64,
            Token::Number(Value::Double(weight)) => *weight,
            _ => return Ok(Argument::Plain(value)),
        };
        self.position += 1;
        Ok(Argument::Weighted(value, weight))
    }

    /// `(`, what `inner` reads, `)`.
    fn brackets<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        self.open.push(self.span());
        self.position += 1;
        let value = inner(self)?;
        if !self.take(")") {
            return Err(self.unexpected());
        }
        self.open.pop();
        Ok(value)
    }

    /// Where the token before the next one ends.
    fn last_end(&self) -> usize {
        self.tokens[self.position.saturating_sub(1)].1.end
    }

    fn check_depth(&self, depth: usize, span: Range<usize>) -> Result<(), Fault> {
        if depth <= MAX_DEPTH {
            return Ok(());
        }
        let fault = Fault::new(span, format!("more than {MAX_DEPTH} values inside one another"));
        Err(fault.help("split it: a measure can name other measures"))
    }
}
