//! Text -> tokens. Not here: how they fit together (`parser`).

use std::ops::Range;

use crate::units::SECOND;
use crate::values::{Fault, Value};

/// The smallest piece of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A number or a duration.
    Number(Value),
    /// A quoted text, its quotes taken off.
    Text(String),
    /// A name of the scenario's or of a function.
    Name(String),
    /// An operator, a bracket or a word of the language.
    Symbol(&'static str),
    /// After the last one.
    End,
}

/// Longest first, so that `<=` is not read as `<`.
const SYMBOLS: [&str; 13] = ["..", "!=", "<=", ">=", "=", "<", ">", "+", "-", "*", "/", ",", "("];
const WORDS: [&str; 7] = ["and", "or", "not", "mod", "by", "true", "false"];

/// What people who know other languages write, and what is written here.
const FOREIGN: [(&str, &str); 9] = [
    ("==", "equality is `=`"),
    ("<>", "inequality is `!=`"),
    ("&&", "write `and`"),
    ("||", "write `or`"),
    ("!", "write `not`, or `!=` between two values"),
    ("\"", "a text stands in single quotes: 'text'"),
    ("%", "`%` is per cent and follows a number directly; the remainder is `mod`"),
    ("$", "inside a value a parameter is simply its name, without `$`"),
    ("{", "placeholders are for texts; inside a value a name stands bare"),
];

/// The tokens of `source` and where they stand, [`Token::End`] last; places count from `offset`.
pub(super) fn tokens(source: &str, offset: usize) -> Result<Vec<(Token, Range<usize>)>, Fault> {
    let mut lexer = Lexer { source, position: 0, offset };
    let mut tokens = Vec::new();
    loop {
        lexer.take_while(char::is_whitespace);
        let start = lexer.position;
        let token = lexer.token()?;
        let end = token == Token::End;
        tokens.push((token, lexer.span(start)));
        if end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    source: &'a str,
    position: usize,
    offset: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.source[self.position..]
    }

    fn span(&self, start: usize) -> Range<usize> {
        start + self.offset..self.position + self.offset
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.position += length;
        &rest[..length]
    }

    fn take(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.position += text.len();
        }
        found
    }

    fn token(&mut self) -> Result<Token, Fault> {
        match self.rest().chars().next() {
            None => Ok(Token::End),
            Some('0'..='9') => self.number().map(Token::Number),
            Some('\'') => self.text().map(Token::Text),
            Some(c) if c.is_ascii_alphabetic() || c == '_' => Ok(self.word()),
            Some(_) => self.symbol(),
        }
    }

    fn word(&mut self) -> Token {
        let word = self.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
        match WORDS.iter().find(|known| **known == word) {
            Some(known) => Token::Symbol(known),
            None => Token::Name(word.to_owned()),
        }
    }

    fn symbol(&mut self) -> Result<Token, Fault> {
        let start = self.position;
        for (foreign, help) in FOREIGN {
            if self.rest().starts_with(foreign) && !self.rest().starts_with("!=") {
                self.position += foreign.len();
                return Err(Fault::new(self.span(start), format!("unexpected `{foreign}`")).help(help));
            }
        }
        if let Some(symbol) = SYMBOLS.iter().chain(&[")"]).find(|symbol| self.take(symbol)) {
            return Ok(Token::Symbol(symbol));
        }
        let found = self.rest().chars().next().unwrap_or(' ');
        self.position += found.len_utf8();
        Err(Fault::new(self.span(start), format!("unexpected `{found}`")))
    }

    fn text(&mut self) -> Result<String, Fault> {
        let start = self.position;
        self.position += 1;
        let mut text = String::new();
        loop {
            text.push_str(self.take_while(|c| c != '\''));
            if self.take("''") {
                text.push('\'');
            } else if self.take("'") {
                return Ok(text);
            } else {
                let help = "a text ends with ', and '' is a quote inside it; inside { } a comma ends a value";
                return Err(Fault::new(self.span(start), "unclosed '").help(help));
            }
        }
    }

    /// A number, or a duration of one or more parts: `5`, `0.5`, `1e6`, `5%`, `60s`, `1h30m`.
    fn number(&mut self) -> Result<Value, Fault> {
        let start = self.position;
        let digits = self.digits();
        if self.take("%") {
            return Ok(Value::Double(decimal(digits) / 100.0));
        }
        if !self.rest().starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return self.plain(start, digits);
        }
        let mut nanos = self.nanos(start, digits)?;
        while self.rest().starts_with(|c: char| c.is_ascii_digit()) {
            let digits = self.digits();
            nanos += self.nanos(start, digits)?;
        }
        // From 2^63 on it does not fit; below, the cast drops a fraction that rounding left none of.
        if nanos >= i64::MAX as f64 {
            return Err(self.out_of_range(start, "a duration"));
        }
        Ok(Value::Duration(nanos as i64))
    }

    fn digits(&mut self) -> &'a str {
        let (rest, start) = (self.rest(), self.position);
        self.take_while(|c| c.is_ascii_digit());
        if self.rest().strip_prefix('.').is_some_and(has_digit) {
            self.position += 1;
            self.take_while(|c| c.is_ascii_digit());
        }
        let exponent = self.rest().strip_prefix(['e', 'E']);
        if exponent.is_some_and(|rest| has_digit(rest.strip_prefix(['+', '-']).unwrap_or(rest))) {
            self.position += 2;
            self.take_while(|c| c.is_ascii_digit());
        }
        &rest[..self.position - start]
    }

    fn plain(&self, start: usize, digits: &str) -> Result<Value, Fault> {
        if digits.bytes().all(|b| b.is_ascii_digit()) {
            return digits.parse().map(Value::Bigint).map_err(|_| self.out_of_range(start, "BIGINT"));
        }
        match decimal(digits) {
            value if value.is_finite() => Ok(Value::Double(value)),
            _ => Err(self.out_of_range(start, "DOUBLE")),
        }
    }

    fn nanos(&mut self, start: usize, digits: &str) -> Result<f64, Fault> {
        let unit = self.take_while(|c| c.is_alphabetic() || c == '_');
        let length = match unit {
            "ms" => SECOND / 1_000,
            "s" => SECOND,
            "m" => 60 * SECOND,
            "h" => 3_600 * SECOND,
            "d" => 86_400 * SECOND,
            _ => {
                self.take_while(char::is_alphanumeric);
                let message = format!("`{}` is not a number", &self.source[start..self.position]);
                return Err(Fault::new(self.span(start), message).help("the units are ms, s, m, h, d and %"));
            }
        };
        Ok((decimal(digits) * length as f64).round())
    }

    fn out_of_range(&self, start: usize, what: &str) -> Fault {
        let message = format!("`{}` is past the range of {what}", &self.source[start..self.position]);
        Fault::new(self.span(start), message)
    }
}

fn has_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// Digits as a number. They are always well formed; what is too large becomes infinite.
fn decimal(digits: &str) -> f64 {
    digits.parse().unwrap_or(f64::INFINITY)
}
