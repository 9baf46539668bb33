//! The expression language: parse, check, evaluate (seed, series, time) -> value. Not here: what
//! names mean (`fleet` gives the scope) and where a text stands in its file (`scenario`).
//!
//! A source goes `lexer` -> `parser` -> `syntax` -> `compile` -> `code`, once; after that a value
//! costs a few calls of closures and the draws it makes. A value depends on nothing but its
//! [`Instant`], so any of them can be made again at any place, in any order.

mod bounds;
mod code;
mod compile;
pub mod draw;
mod expression;
mod fault;
mod functions;
mod lexer;
mod operators;
mod parser;
mod quantile;
mod scope;
mod set;
mod syntax;
#[cfg(test)]
mod tests;
mod text;
mod value;
mod weights;

pub(crate) use compile::time_left;
pub use expression::Expression;
pub use fault::Fault;
pub use scope::{Binding, Instant, Scope};
pub use set::SetSource;
pub use text::Text;
pub use value::{Type, Value};
pub use weights::WeightedChoice;
