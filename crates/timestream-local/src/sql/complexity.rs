//! How deep a text may nest: the engine walks syntax trees by recursion, and a chain of operators is
//! a tree as deep as it is long. Checked among the tokens, since even to drop a tree is to recurse.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{ObjectName, Query, Spanned, Visit, Visitor};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use super::error::SqlError;

/// Operators in one expression, and joins and set operations in one text. A worker's stack of 2 MB
/// takes a little more than 300.
const LIMIT: usize = 250;

/// How often the parser may have to read what is within brackets twice: each time doubles what it takes, and
/// twenty are seconds.
const TRIES: usize = 12;

/// Tables that a query reads when those of its WITH are written out.
const EXPANDED: usize = 500;

/// Fails where `tokens` would make too deep a tree, or take too long to make one.
pub(super) fn check(tokens: &[TokenWithSpan]) -> Result<(), SqlError> {
    // One chain for each open bracket, and one outside.
    let mut chains = vec![Chain::default()];
    let mut relations = 0;
    let mut before = Before::default();
    for token in tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))) {
        match Role::of(&token.token) {
            Role::Open => chains.push(Chain { tries: before.tries(&token.token), ..Chain::default() }),
            Role::Close if chains.len() > 1 => {
                chains.pop();
            }
            role => {
                relations += usize::from(role == Role::Relation);
                if let Some(chain) = chains.last_mut() {
                    chain.extend(role);
                }
            }
        }
        before.take(&token.token);
        let depth = chains.len() + chains.iter().map(Chain::depth).sum::<usize>();
        if relations > LIMIT || depth > LIMIT {
            let message = format!("statement is too complex: more than {LIMIT} operators in a row");
            return Err(SqlError::at(token.span.start, message));
        }
        if chains.iter().map(|chain| chain.tries).sum::<usize>() > TRIES {
            let message =
                "statement is too complex: subscripts, ARRAY, CAST, POSITION or SUBSTRING nest too deep";
            return Err(SqlError::at(token.span.start, message));
        }
    }
    Ok(())
}

/// What stands before a token, as far as that decides how often the parser reads what follows.
#[derive(Default)]
struct Before {
    /// Periods in the name that ends here.
    periods: usize,
    /// Whether a period stands here.
    period: bool,
    /// How often a parenthesis here is read twice.
    called: usize,
}

impl Before {
    /// How often the parser reads twice what is in this bracket. A subscript behind a name is tried with each part of it.
    fn tries(&self, bracket: &Token) -> usize {
        match bracket {
            Token::LBracket => 1 + self.periods,
            Token::LParen => self.called,
            _ => 0,
        }
    }

    fn take(&mut self, token: &Token) {
        let called = match token {
            Token::Word(word) => match word.keyword {
                Keyword::POSITION => 2,
                Keyword::CAST
                | Keyword::TRY_CAST
                | Keyword::SAFE_CAST
                | Keyword::SUBSTRING
                | Keyword::SUBSTR
                | Keyword::OVERLAY
                | Keyword::TRIM
                | Keyword::EXTRACT
                | Keyword::CEIL
                | Keyword::FLOOR
                | Keyword::CONVERT => 1,
                _ => 0,
            },
            _ => 0,
        };
        let periods = match token {
            Token::Period => self.periods,
            _ if self.period => self.periods + 1,
            Token::RBracket => self.periods,
            _ => 0,
        };
        *self = Self { periods, period: *token == Token::Period, called };
    }
}

/// Fails where `query`, with every table of its WITH written out where it stands, reads too many tables: each may
/// stand twice in the next.
pub(super) fn check_expanded(query: &Query) -> Result<(), SqlError> {
    match query.visit(&mut Expansion::default()) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

/// The queries around the place where the visit is.
#[derive(Default)]
struct Expansion {
    levels: Vec<Level>,
}

/// A query, and what is known of it so far.
#[derive(Default)]
struct Level {
    /// Tables that it reads.
    tables: usize,
    /// Those that its WITH names, with the tables that each reads.
    named: Vec<(String, usize)>,
    /// The same that are still to come.
    to_come: VecDeque<String>,
}

impl Visitor for Expansion {
    type Break = SqlError;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<SqlError> {
        let named = query.with.iter().flat_map(|with| &with.cte_tables);
        let to_come = named.map(|table| table.alias.name.value.to_lowercase()).collect();
        self.levels.push(Level { to_come, ..Level::default() });
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<SqlError> {
        let name = relation.to_string().trim_matches('"').to_lowercase();
        let mut named = self.levels.iter().rev().flat_map(|level| level.named.iter().rev());
        let tables =
            named.find(|(known, _)| *known == name).map_or(1, |(_, tables)| tables.saturating_add(1));
        if let Some(level) = self.levels.last_mut() {
            level.tables = level.tables.saturating_add(tables);
            if level.tables > EXPANDED {
                let message = format!("statement is too complex: it reads more than {EXPANDED} tables");
                return ControlFlow::Break(SqlError::at(relation.span().start, message));
            }
        }
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &Query) -> ControlFlow<SqlError> {
        let Some(done) = self.levels.pop() else { return ControlFlow::Continue(()) };
        // The tables of a WITH are visited in their order, before what follows it.
        match self.levels.last_mut() {
            Some(Level { named, to_come, .. }) if !to_come.is_empty() => {
                named.extend(to_come.pop_front().map(|name| (name, done.tables)));
            }
            Some(around) => around.tables = around.tables.saturating_add(done.tables),
            None => {}
        }
        ControlFlow::Continue(())
    }
}

/// The operators of an expression so far. What AND and OR join stands side by side.
#[derive(Default)]
struct Chain {
    logical: usize,
    other: usize,
    /// How often the parser reads it twice.
    tries: usize,
}

impl Chain {
    fn depth(&self) -> usize {
        self.logical + self.other
    }

    fn extend(&mut self, role: Role) {
        match role {
            Role::Logical => *self = Self { logical: self.logical + 1, other: 0, ..*self },
            Role::Operator => self.other += 1,
            Role::Separator => *self = Self { tries: self.tries, ..Self::default() },
            Role::Open | Role::Close | Role::Relation | Role::Leaf => {}
        }
    }
}

/// What a token does to the depth of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Open,
    Close,
    Logical,
    Operator,
    /// Starts another expression.
    Separator,
    /// Stacks a table or a SELECT on those before.
    Relation,
    Leaf,
}

impl Role {
    fn of(token: &Token) -> Self {
        match token {
            Token::LParen | Token::LBracket | Token::LBrace => Self::Open,
            Token::RParen | Token::RBracket | Token::RBrace => Self::Close,
            Token::Comma => Self::Separator,
            Token::Word(word) if word.quote_style.is_some() => Self::Leaf,
            Token::Word(word) => Self::of_keyword(word.keyword),
            Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::Period
            | Token::SemiColon
            | Token::EOF => Self::Leaf,
            _ => Self::Operator,
        }
    }

    fn of_keyword(keyword: Keyword) -> Self {
        match keyword {
            Keyword::AND | Keyword::OR | Keyword::XOR => Self::Logical,
            Keyword::IS
            | Keyword::LIKE
            | Keyword::IN
            | Keyword::BETWEEN
            | Keyword::NOT
            | Keyword::AT
            | Keyword::COLLATE => Self::Operator,
            Keyword::SELECT
            | Keyword::FROM
            | Keyword::WHERE
            | Keyword::GROUP
            | Keyword::HAVING
            | Keyword::ORDER
            | Keyword::ON => Self::Separator,
            Keyword::JOIN | Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT => Self::Relation,
            _ => Self::Leaf,
        }
    }
}
