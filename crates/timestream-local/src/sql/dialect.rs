//! From text to a syntax tree: Timestream's own spellings, and the few statements there are.
//!
//! Two spellings are not SQL's and are settled among the tokens, before the parser sees them:
//! `15m` is an interval, and `measure_value::double` is the name of a column. Not here: what names
//! mean (`scope`).

use datafusion::sql::sqlparser::ast::{Query, SetExpr};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::{Keyword, RESERVED_FOR_COLUMN_ALIAS, RESERVED_FOR_TABLE_ALIAS};
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer, Word};

use super::error::SqlError;
use super::print;

/// A statement that the service answers.
#[derive(Debug)]
pub(super) enum Statement {
    /// SELECT, WITH, VALUES.
    Query(Box<Query>),
    /// SHOW DATABASES.
    ShowDatabases { like: Option<String> },
    /// SHOW TABLES; of every database where none is named.
    ShowTables { database: Option<Name>, like: Option<String> },
    /// SHOW MEASURES.
    ShowMeasures { table: Vec<Name>, like: Option<String> },
    /// DESCRIBE.
    Describe { table: Vec<Name> },
}

/// A name as it was written.
#[derive(Debug, Clone)]
pub(super) struct Name {
    pub value: String,
    pub quoted: bool,
    pub location: Location,
}

/// A text as tokens.
#[derive(Debug, Clone)]
pub(super) struct Tokens(Vec<TokenWithSpan>);

impl Tokens {
    /// Reads `text`, and settles Timestream's spellings.
    pub(super) fn read(text: &str) -> Result<Self, SqlError> {
        let tokens = Tokenizer::new(&GenericDialect {}, text).tokenize_with_location().map_err(|error| {
            let location = error.location;
            SqlError::syntax(&ParserError::TokenizerError(error.to_string()), location)
        })?;
        super::bounds::check_tokens(&tokens)?;
        let mut tokens = join_measure_values(&split_durations(tokens));
        tokens.iter_mut().for_each(|token| make_parameter(&mut token.token));
        Ok(Self(tokens))
    }

    /// The parameters, without `@`, and where each first stands.
    pub(super) fn parameters(&self) -> Vec<(String, Location)> {
        let mut found: Vec<(String, Location)> = Vec::new();
        for token in &self.0 {
            let Token::Placeholder(spelled) = &token.token else { continue };
            let Some(name) = spelled.strip_prefix(PARAMETER) else { continue };
            if !found.iter().any(|(known, _)| known == name) {
                found.push((name.to_owned(), token.span.start));
            }
        }
        found
    }

    /// Puts a TIMESTAMP literal, of nanoseconds since the epoch, where `@scheduled_runtime` stands.
    pub(super) fn with_scheduled_runtime(self, time: i64) -> Self {
        let literal = [Token::make_keyword("TIMESTAMP"), Token::SingleQuotedString(print::timestamp(time))];
        let with_literal = |token: TokenWithSpan| {
            if is_scheduled_runtime(&token.token) {
                let span = token.span;
                literal.clone().map(|token| TokenWithSpan { token, span }).to_vec()
            } else {
                vec![token]
            }
        };
        Self(self.0.into_iter().flat_map(with_literal).collect())
    }

    /// Spells unquoted names as `canonical` knows them: without quotes case does not count.
    pub(super) fn respell(&self, canonical: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut tokens = self.0.clone();
        for i in 0..tokens.len() {
            let Token::Word(word) = &tokens[i].token else { continue };
            let called = matches!(tokens.get(i + 1).map(|next| &next.token), Some(Token::LParen));
            if word.quote_style.is_some() || called || is_reserved(word.keyword) {
                continue;
            }
            if let Some(name) = canonical(&word.value) {
                tokens[i].token = Token::make_word(&name, Some('"'));
            }
        }
        Self(tokens)
    }

    /// Where `name` first stands, or a text in its quotes.
    pub(super) fn locate(&self, name: &str) -> Option<Location> {
        let is_it = |token: &&TokenWithSpan| match &token.token {
            Token::Word(word) => word.value.eq_ignore_ascii_case(name),
            Token::SingleQuotedString(_) => token.token.to_string() == name,
            _ => false,
        };
        self.0.iter().find(is_it).map(|token| token.span.start)
    }

    /// Where the words of `phrase` first stand in a row, at `start` or behind it.
    pub(super) fn locate_phrase(&self, phrase: &str, start: Location) -> Option<Location> {
        let solid = |token: &&TokenWithSpan| !matches!(token.token, Token::Whitespace(_));
        let rest: Vec<&TokenWithSpan> =
            self.0.iter().filter(solid).skip_while(|token| token.span.start < start).collect();
        let words: Vec<&str> = phrase.split(' ').collect();
        let is_it = |tokens: &&[&TokenWithSpan]| {
            let mut pairs = tokens.iter().zip(&words);
            pairs.all(|(token, word)| token.token.to_string().eq_ignore_ascii_case(word))
        };
        rest.windows(words.len()).find(is_it).map(|tokens| tokens[0].span.start)
    }

    /// Where the text ends.
    fn end(&self) -> Location {
        self.0.last().map_or(Location { line: 1, column: 1 }, |token| token.span.end)
    }

    /// The one statement of the text.
    pub(super) fn parse(&self) -> Result<Statement, SqlError> {
        let mut parser = Parser::new(&GenericDialect {}).with_tokens_with_locations(self.0.clone());
        let first = parser.peek_token();
        let statement = match &first.token {
            Token::LParen => query(&mut parser),
            Token::Word(word) => match word.keyword {
                Keyword::SELECT | Keyword::WITH | Keyword::VALUES => query(&mut parser),
                Keyword::SHOW => show(&mut parser),
                Keyword::DESCRIBE | Keyword::DESC => {
                    parser.next_token();
                    name_parts(&mut parser).map(|table| Statement::Describe { table })
                }
                _ => return Err(unexpected(&first)),
            },
            _ => return Err(unexpected(&first)),
        }
        .map_err(|error| SqlError::syntax(&error, self.end()))?;
        let _ = parser.consume_token(&Token::SemiColon);
        match parser.peek_token() {
            TokenWithSpan { token: Token::EOF, .. } => Ok(statement),
            rest => {
                Err(SqlError::at(rest.span.start, format!("mismatched input '{rest}'. Expecting: <EOF>")))
            }
        }
    }
}

fn unexpected(token: &TokenWithSpan) -> SqlError {
    let found = if token.token == Token::EOF { "<EOF>".to_owned() } else { token.to_string() };
    let start = Location { line: token.span.start.line.max(1), column: token.span.start.column.max(1) };
    let expecting = "'SELECT', 'WITH', 'VALUES', 'SHOW', 'DESCRIBE'";
    SqlError::at(start, format!("mismatched input '{found}'. Expecting: {expecting}"))
}

fn query(parser: &mut Parser<'_>) -> Result<Statement, ParserError> {
    let start = parser.peek_token().span.start;
    let query = parser.parse_query()?;
    if reads_only(&query.body) {
        return Ok(Statement::Query(query));
    }
    Err(ParserError::ParserError(format!("Expected: a query that reads only, found: another{start}")))
}

/// Whether a query's body only reads: the grammar would let some others in.
fn reads_only(body: &SetExpr) -> bool {
    match body {
        SetExpr::Select(select) => select.into.is_none(),
        SetExpr::Query(query) => reads_only(&query.body),
        SetExpr::SetOperation { left, right, .. } => reads_only(left) && reads_only(right),
        SetExpr::Values(_) => true,
        _ => false,
    }
}

/// SHOW DATABASES | TABLES [FROM database] | MEASURES FROM database.table, each with [LIKE pattern].
fn show(parser: &mut Parser<'_>) -> Result<Statement, ParserError> {
    parser.next_token();
    let what = parser.next_token();
    let word = what.to_string().to_uppercase();
    let from =
        |parser: &mut Parser<'_>| parser.parse_one_of_keywords(&[Keyword::FROM, Keyword::IN]).is_some();
    match word.as_str() {
        "DATABASES" => Ok(Statement::ShowDatabases { like: like(parser)? }),
        "TABLES" => {
            let database = if from(parser) { name_parts(parser)?.pop() } else { None };
            Ok(Statement::ShowTables { database, like: like(parser)? })
        }
        "MEASURES" => {
            if !from(parser) {
                return parser.expected("FROM", parser.peek_token());
            }
            let table = name_parts(parser)?;
            Ok(Statement::ShowMeasures { table, like: like(parser)? })
        }
        _ => parser.expected("'DATABASES', 'TABLES', 'MEASURES'", what),
    }
}

fn like(parser: &mut Parser<'_>) -> Result<Option<String>, ParserError> {
    if parser.parse_keyword(Keyword::LIKE) { parser.parse_literal_string().map(Some) } else { Ok(None) }
}

fn name_parts(parser: &mut Parser<'_>) -> Result<Vec<Name>, ParserError> {
    let mut parts = Vec::new();
    loop {
        let ident = parser.parse_identifier()?;
        let quoted = ident.quote_style.is_some();
        parts.push(Name { value: ident.value, quoted, location: ident.span.start });
        if !parser.consume_token(&Token::Period) {
            return Ok(parts);
        }
    }
}

fn is_scheduled_runtime(token: &Token) -> bool {
    let Token::Placeholder(spelled) = token else { return false };
    spelled.strip_prefix(PARAMETER).is_some_and(|name| name.eq_ignore_ascii_case("scheduled_runtime"))
}

fn is_reserved(keyword: Keyword) -> bool {
    RESERVED_FOR_COLUMN_ALIAS.contains(&keyword) || RESERVED_FOR_TABLE_ALIAS.contains(&keyword)
}

/// `15m` becomes `INTERVAL '15 minutes'`; the unit must follow without a space, so that `1 m` stays
/// a number with an alias.
fn split_durations(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut out = Vec::with_capacity(tokens.len());
    let mut rest = tokens.into_iter().peekable();
    while let Some(token) = rest.next() {
        let unit = match (&token.token, rest.peek().map(|next| &next.token)) {
            (Token::Number(_, false), Some(Token::Word(word))) if word.quote_style.is_none() => {
                duration_unit(&word.value)
            }
            _ => None,
        };
        match (unit, &token.token) {
            (Some(unit), Token::Number(number, _)) => {
                let text = format!("{number} {unit}");
                let end = rest.next().map_or(token.span.end, |word| word.span.end);
                let span = Span { start: token.span.start, end };
                out.push(TokenWithSpan { token: Token::make_keyword("INTERVAL"), span });
                out.push(TokenWithSpan { token: Token::SingleQuotedString(text), span });
            }
            _ => out.push(token),
        }
    }
    out
}

fn duration_unit(word: &str) -> Option<&'static str> {
    Some(match word.to_ascii_lowercase().as_str() {
        "ns" | "nanosecond" | "nanoseconds" => "nanoseconds",
        "us" | "microsecond" | "microseconds" => "microseconds",
        "ms" | "millisecond" | "milliseconds" => "milliseconds",
        "s" | "second" | "seconds" => "seconds",
        "m" | "minute" | "minutes" => "minutes",
        "h" | "hour" | "hours" => "hours",
        "d" | "day" | "days" => "days",
        "w" | "week" | "weeks" => "weeks",
        "mo" | "month" | "months" => "months",
        "y" | "year" | "years" => "years",
        _ => return None,
    })
}

/// `measure_value::double` becomes one quoted name, wherever a column can stand.
fn join_measure_values(tokens: &[TokenWithSpan]) -> Vec<TokenWithSpan> {
    let mut out: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    let mut i = 0;
    while i < tokens.len() {
        match measure_value(&tokens[i..]) {
            Some((name, length)) => {
                let span = Span { start: tokens[i].span.start, end: tokens[i + length - 1].span.end };
                out.push(TokenWithSpan { token: Token::make_word(&name, Some('"')), span });
                i += length;
            }
            None => {
                out.push(tokens[i].clone());
                i += 1;
            }
        }
    }
    out
}

/// What the names of parameters follow: `@name` is `$@name` to the planner, which no text can spell itself.
const PARAMETER: &str = "$@";

/// `@name` becomes a parameter.
fn make_parameter(token: &mut Token) {
    let Token::Word(Word { value, quote_style: None, .. }) = token else { return };
    if let Some(name) = value.strip_prefix('@').filter(|name| !name.is_empty()) {
        *token = Token::Placeholder(format!("{PARAMETER}{name}"));
    }
}

/// The column name at the head of `tokens`, and of how many tokens it is made.
fn measure_value(tokens: &[TokenWithSpan]) -> Option<(String, usize)> {
    let mut solid =
        tokens.iter().enumerate().filter(|(_, token)| !matches!(token.token, Token::Whitespace(_)));
    let (0, TokenWithSpan { token: Token::Word(name), .. }) = solid.next()? else { return None };
    if !name.value.eq_ignore_ascii_case("measure_value") {
        return None;
    }
    let (_, TokenWithSpan { token: Token::DoubleColon, .. }) = solid.next()? else { return None };
    let (last, TokenWithSpan { token: Token::Word(Word { value, .. }), .. }) = solid.next()? else {
        return None;
    };
    let measure_type = value.to_ascii_lowercase();
    ["double", "bigint", "varchar", "boolean", "timestamp"]
        .contains(&measure_type.as_str())
        .then(|| (format!("measure_value::{measure_type}"), last + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> String {
        match Tokens::read(text).and_then(|tokens| tokens.parse()) {
            Ok(Statement::Query(query)) => query.to_string(),
            Ok(other) => format!("{other:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_number_with_a_unit_is_an_interval() {
        assert_eq!(
            parsed("SELECT now() - 15m, ago(2DAY), 500ms"),
            "SELECT now() - INTERVAL '15 minutes', ago(INTERVAL '2 days'), INTERVAL '500 milliseconds'"
        );
        assert_eq!(parsed("SELECT 1 m, 2e3, 7 AS \"7d\""), "SELECT 1 AS m, 2e3, 7 AS \"7d\"");
    }

    #[test]
    fn a_measure_value_is_one_name() {
        assert_eq!(
            parsed("SELECT measure_value::double, b.MEASURE_VALUE::Bigint, measure_value::double::bigint"),
            "SELECT \"measure_value::double\", b.\"measure_value::bigint\", \
             \"measure_value::double\"::BIGINT"
        );
        assert_eq!(
            parsed("SELECT \"measure_value::double\", x::bigint"),
            "SELECT \"measure_value::double\", x::BIGINT"
        );
    }

    #[test]
    fn the_scheduled_runtime_is_a_literal_wherever_it_stands() {
        let tokens = Tokens::read(
            "SELECT bin(@scheduled_runtime, 1h), '@scheduled_runtime' -- @scheduled_runtime\n\
             WHERE time BETWEEN @Scheduled_Runtime-1h AND @SCHEDULED_RUNTIME",
        )
        .unwrap();
        let tokens = tokens.with_scheduled_runtime(1_638_316_800_000_000_000);
        let Statement::Query(query) = tokens.parse().unwrap() else { panic!("a query") };
        insta::assert_snapshot!(query);
    }

    #[test]
    fn only_reading_statements_are_taken() {
        for text in [
            "INSERT INTO a.b VALUES (1)",
            "CREATE TABLE t (a INT)",
            "COPY t TO 'file'",
            "SET x = 1",
            "EXPLAIN SELECT 1",
            "DROP TABLE a.b",
            "SELECT 1 INTO t",
            "WITH x AS (SELECT 1) INSERT INTO a.b SELECT * FROM x",
            "SELECT 1; SELECT 2",
            "",
            "-- nothing",
        ] {
            let error = Tokens::read(text).and_then(|tokens| tokens.parse()).expect_err(text);
            assert!(error.to_string().contains("mismatched input"), "{text}: {error}");
        }
    }

    #[test]
    fn what_does_not_parse_names_the_place() {
        assert_eq!(
            parsed("INSERT INTO a"),
            "line 1:1: mismatched input 'INSERT'. Expecting: 'SELECT', 'WITH', 'VALUES', 'SHOW', 'DESCRIBE'"
        );
        assert_eq!(parsed("SELECT 1\nFROM"), "line 2:5: mismatched input '<EOF>'. Expecting: identifier");
        assert!(parsed("SELECT 'open").starts_with("line 1:8: "));
    }
}
