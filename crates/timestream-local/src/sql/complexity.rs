//! How deep a text may nest: the engine walks syntax trees by recursion, and a chain of operators is
//! a tree as deep as it is long. Checked among the tokens, since even to drop a tree is to recurse.

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use super::error::SqlError;

/// Operators in one expression, and joins and set operations in one text. A worker's stack of 2 MB
/// takes a little more than 300.
const LIMIT: usize = 250;

/// Fails where `tokens` would make too deep a tree.
pub(super) fn check(tokens: &[TokenWithSpan]) -> Result<(), SqlError> {
    // One chain for each open parenthesis, and one outside.
    let mut chains = vec![Chain::default()];
    let mut relations = 0;
    for token in tokens {
        match Role::of(&token.token) {
            Role::Open => chains.push(Chain::default()),
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
        let depth = chains.len() + chains.iter().map(Chain::depth).sum::<usize>();
        if relations > LIMIT || depth > LIMIT {
            let message = format!("statement is too complex: more than {LIMIT} operators in a row");
            return Err(SqlError::at(token.span.start, message));
        }
    }
    Ok(())
}

/// The operators of an expression so far. What AND and OR join stands side by side.
#[derive(Default)]
struct Chain {
    logical: usize,
    other: usize,
}

impl Chain {
    fn depth(&self) -> usize {
        self.logical + self.other
    }

    fn extend(&mut self, role: Role) {
        match role {
            Role::Logical => *self = Self { logical: self.logical + 1, other: 0 },
            Role::Operator => self.other += 1,
            Role::Separator => *self = Self::default(),
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
            Token::LParen => Self::Open,
            Token::RParen => Self::Close,
            Token::Comma => Self::Separator,
            Token::Word(word) if word.quote_style.is_some() => Self::Leaf,
            Token::Word(word) => Self::of_keyword(word.keyword),
            Token::Whitespace(_)
            | Token::Number(..)
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
