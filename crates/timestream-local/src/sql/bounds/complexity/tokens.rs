//! How deep a text may nest, told from its tokens: the parser's trees are walked by recursion, even to be dropped, and a
//! chain of operators is a tree as deep as it is long.
//!
//! Every token counts but the few that are known to deepen nothing. So a spelling that nobody thought of is refused
//! where it is repeated, and does no harm.

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::sql::error::SqlError;

/// Operators and keywords that stand in a row, with those around the brackets they are in; and joins and set operations
/// of one text.
const LIMIT: usize = 500;

/// How often the parser may have to read what is within brackets twice: each time doubles what it takes, and
/// twenty are seconds.
const TRIES: usize = 12;

/// Parts of a name that count for nothing.
const PARTS: usize = 4;

/// Parameters of one text.
const PARAMETERS: usize = 1000;

/// Fails where `tokens` would make too deep a tree, or take too long to make one.
pub(in crate::sql) fn check_tokens(tokens: &[TokenWithSpan]) -> Result<(), SqlError> {
    // One chain for each open bracket, and one outside.
    let mut chains = vec![Chain::default()];
    let (mut relations, mut parameters) = (0, 0);
    let mut before = Before::default();
    for token in tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))) {
        let role = Role::of(&token.token, &before);
        match role {
            Role::Open => chains.push(Chain { tries: before.tries(&token.token), ..Chain::default() }),
            Role::Close if chains.len() > 1 => {
                chains.pop();
            }
            _ => {}
        }
        relations += usize::from(role == Role::Relation);
        parameters += usize::from(is_parameter(&token.token));
        if let Some(chain) = chains.last_mut() {
            chain.extend(role);
        }
        before.take(&token.token);
        let depth = chains.len() + chains.iter().map(Chain::depth).sum::<usize>();
        if relations > LIMIT || depth > LIMIT {
            let message = format!(
                "statement is too complex: more than {LIMIT} operators and keywords in a row, or joins and set \
                 operations; use IN for many comparisons with one value, and lists separated by commas"
            );
            return Err(SqlError::at(token.span.start, message));
        }
        if chains.iter().map(|chain| chain.tries).sum::<usize>() > TRIES {
            let message =
                "statement is too complex: subscripts, ARRAY, CAST, POSITION or SUBSTRING nest too deep";
            return Err(SqlError::at(token.span.start, message));
        }
        if parameters > PARAMETERS {
            let message = format!("statement is too complex: more than {PARAMETERS} parameters");
            return Err(SqlError::at(token.span.start, message));
        }
    }
    Ok(())
}

fn is_parameter(token: &Token) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_none() && word.value.starts_with('@'))
}

/// What stands before a token, as far as that decides what the token does.
#[derive(Default)]
struct Before {
    /// Periods in the name that ends here.
    periods: usize,
    /// Whether a period stands here.
    period: bool,
    /// How often a parenthesis here is read twice.
    called: usize,
    /// Whether a set operation stands here, which SELECT follows.
    set_operation: bool,
    /// Whether a type stands here that `<` makes one of others.
    container: bool,
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
        let keyword = match token {
            Token::Word(word) if word.quote_style.is_none() => word.keyword,
            _ => Keyword::NoKeyword,
        };
        let called = match keyword {
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
        };
        let periods = match token {
            Token::Period => self.periods,
            _ if self.period => self.periods + 1,
            Token::RBracket => self.periods,
            _ => 0,
        };
        let set_operation = matches!(
            keyword,
            Keyword::UNION
                | Keyword::EXCEPT
                | Keyword::INTERSECT
                | Keyword::MINUS
                | Keyword::ALL
                | Keyword::DISTINCT
        );
        let container = matches!(keyword, Keyword::STRUCT | Keyword::MAP | Keyword::ARRAY);
        *self = Self { periods, period: *token == Token::Period, called, set_operation, container };
    }
}

/// What stands in a row so far. What AND and OR join stands side by side, as does what commas separate.
#[derive(Default)]
struct Chain {
    logical: usize,
    other: usize,
    /// Whether AND and OR may belong to something that began in this chain and has no bracket.
    nests: bool,
    /// The same of commas.
    nests_lists: bool,
    /// How often the parser reads it twice.
    tries: usize,
}

impl Chain {
    fn depth(&self) -> usize {
        self.logical + self.other
    }

    fn extend(&mut self, role: Role) {
        match role {
            Role::Open | Role::Leaf => {}
            Role::Logical if !self.nests => *self = Self { logical: self.logical + 1, other: 0, ..*self },
            Role::Logical | Role::Operator | Role::Relation | Role::Close => self.other += 1,
            Role::Nest => {
                self.other += 1;
                self.nests = true;
            }
            Role::NestOfLists => {
                self.other += 1;
                self.nests = true;
                self.nests_lists = true;
            }
            Role::Separator if !self.nests_lists => *self = Self { tries: self.tries, ..Self::default() },
            Role::Separator => self.other += 1,
        }
    }
}

/// What a token does to the depth of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Open,
    Close,
    Logical,
    /// Begins what holds any expressions without a bracket: CASE.
    Nest,
    /// The same of lists: `STRUCT<`.
    NestOfLists,
    Operator,
    /// Starts another expression.
    Separator,
    /// Stacks a table or a SELECT on those before.
    Relation,
    Leaf,
}

impl Role {
    fn of(token: &Token, before: &Before) -> Self {
        match token {
            Token::LParen | Token::LBracket | Token::LBrace => Self::Open,
            Token::RParen | Token::RBracket | Token::RBrace => Self::Close,
            Token::Comma => Self::Separator,
            Token::VerticalBarRightAngleBracket => Self::Relation,
            Token::Arrow => Self::Nest,
            Token::Lt if before.container => Self::NestOfLists,
            // What follows a period is a part of a name, also where it is spelled as a keyword.
            Token::Word(_) if before.period => Self::Leaf,
            Token::Word(word) if word.quote_style.is_some() => Self::Leaf,
            // In an expression nothing follows a set operation: this is another SELECT beside the one before.
            Token::Word(word) if word.keyword == Keyword::SELECT && before.set_operation => Self::Separator,
            Token::Word(word) => Self::of_keyword(word.keyword),
            Token::Period if before.periods < PARTS => Self::Leaf,
            Token::Number(..) | Token::SingleQuotedString(_) | Token::SemiColon | Token::EOF => Self::Leaf,
            _ => Self::Operator,
        }
    }

    fn of_keyword(keyword: Keyword) -> Self {
        match keyword {
            Keyword::AND | Keyword::OR => Self::Logical,
            Keyword::CASE | Keyword::LAMBDA => Self::Nest,
            Keyword::JOIN
            | Keyword::APPLY
            | Keyword::UNION
            | Keyword::EXCEPT
            | Keyword::INTERSECT
            | Keyword::MINUS => Self::Relation,
            // They only go with others that count.
            Keyword::THEN
            | Keyword::ELSE
            | Keyword::END
            | Keyword::AS
            | Keyword::BY
            | Keyword::ON
            | Keyword::INNER
            | Keyword::LEFT
            | Keyword::RIGHT
            | Keyword::FULL
            | Keyword::OUTER
            | Keyword::CROSS => Self::Leaf,
            // They are values, or names that users choose often.
            Keyword::NULL
            | Keyword::TRUE
            | Keyword::FALSE
            | Keyword::TIME
            | Keyword::VALUE
            | Keyword::REGION
            | Keyword::NoKeyword => Self::Leaf,
            _ => Self::Operator,
        }
    }
}
