//! A small SQL scanner: the tokens of a text and where they stand, comments and white space left
//! out. Enough to find names and statement ends; not a parser, and it refuses nothing.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A keyword or a name without quotes.
    Word,
    /// A name in double quotes.
    Quoted,
    /// A text in single quotes.
    Text,
    /// A number, a duration such as `15m` included.
    Number,
    /// Anything else: one character, or `::`.
    Symbol,
    /// A text, quoted name or comment without an end; it takes all that follows.
    Unclosed,
}

/// A token of an SQL text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    /// What it is.
    pub(crate) kind: Kind,
    /// As written, quotes included.
    pub(crate) text: &'a str,
    /// The byte it starts at.
    pub(crate) start: usize,
}

impl Token<'_> {
    /// Whether this is the keyword or bare name `word`, in any case.
    pub(crate) fn is_word(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// Whether this is the symbol `symbol`.
    pub(crate) fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == Kind::Symbol && self.text == symbol
    }

    /// The name that a word or a quoted name means: without quotes, a bare word in lower case.
    pub(crate) fn name(&self) -> Option<String> {
        match self.kind {
            Kind::Word => Some(self.text.to_ascii_lowercase()),
            Kind::Quoted => Some(self.text[1..self.text.len() - 1].replace("\"\"", "\"")),
            Kind::Text | Kind::Number | Kind::Symbol | Kind::Unclosed => None,
        }
    }
}

/// The tokens of `sql`, in order.
pub(crate) fn tokens(sql: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut start = 0;
    while let Some(first) = sql[start..].chars().next() {
        let (kind, length) = next(&sql[start..], first);
        if let Some(kind) = kind {
            tokens.push(Token { kind, text: &sql[start..start + length], start });
        }
        start += length;
    }
    tokens
}

/// The kind (none for white space and comments) and the length in bytes of what `rest` starts with;
/// `first` is its first character.
fn next(rest: &str, first: char) -> (Option<Kind>, usize) {
    match first {
        _ if first.is_whitespace() => (None, first.len_utf8()),
        '-' if rest.starts_with("--") => (None, rest.find('\n').unwrap_or(rest.len())),
        '/' if rest.starts_with("/*") => match rest[2..].find("*/") {
            Some(end) => (None, end + 4),
            None => (Some(Kind::Unclosed), rest.len()),
        },
        '\'' => quoted(rest, '\'', Kind::Text),
        '"' => quoted(rest, '"', Kind::Quoted),
        ':' if rest.starts_with("::") => (Some(Kind::Symbol), 2),
        _ if first.is_ascii_digit() => (Some(Kind::Number), span(rest, |c| is_name(c) || c == '.')),
        _ if is_name(first) => (Some(Kind::Word), span(rest, is_name)),
        _ => (Some(Kind::Symbol), first.len_utf8()),
    }
}

/// A quoted token, in which the quote itself is written twice.
fn quoted(rest: &str, quote: char, kind: Kind) -> (Option<Kind>, usize) {
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c != quote {
            continue;
        }
        if chars.next_if(|&(_, next)| next == quote).is_none() {
            return (Some(kind), at + 1);
        }
    }
    (Some(Kind::Unclosed), rest.len())
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

fn span(rest: &str, belongs: impl Fn(char) -> bool) -> usize {
    rest.find(|c| !belongs(c)).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::queries::literal;

    fn texts(sql: &str) -> Vec<&str> {
        tokens(sql).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn comments_are_skipped_and_quotes_are_kept() {
        assert_eq!(
            texts("SELECT 'it''s -- no' /* ; */ AS \"a \"\"b\" -- ; '\nFROM t;"),
            ["SELECT", "'it''s -- no'", "AS", "\"a \"\"b\"", "FROM", "t", ";"]
        );
    }

    #[test]
    fn durations_are_numbers_and_casts_are_one_symbol() {
        assert_eq!(
            texts("ago(15m)<=1.5e3 AND b.measure_value::double"),
            ["ago", "(", "15m", ")", "<", "=", "1.5e3", "AND", "b", ".", "measure_value", "::", "double"]
        );
        assert!(tokens("15m 1.5e3").iter().all(|token| token.kind == Kind::Number));
    }

    #[test]
    fn what_has_no_end_takes_the_rest() {
        for open in ["'it''", "\"name", "/* remark *"] {
            let sql = format!("SELECT {open}");
            let last = *tokens(&sql).last().unwrap();
            assert_eq!((last.kind, last.text), (Kind::Unclosed, open));
        }
    }

    proptest! {
        #[test]
        fn tokens_stand_in_order_and_apart(sql in "\\PC*") {
            let mut end = 0;
            for token in tokens(&sql) {
                prop_assert!(token.start >= end && !token.text.is_empty());
                end = token.start + token.text.len();
                prop_assert_eq!(&sql[token.start..end], token.text);
            }
        }

        #[test]
        fn a_literal_is_one_token_whatever_it_holds(value in "\\PC*") {
            let text = literal::text(&value);
            let sql = format!("({text})");
            let kinds: Vec<Kind> = tokens(&sql).iter().map(|token| token.kind).collect();
            prop_assert_eq!(kinds, [Kind::Symbol, Kind::Text, Kind::Symbol]);
            let name = literal::identifier(&value);
            prop_assert_eq!(tokens(&name)[0].name(), Some(value));
        }
    }
}
