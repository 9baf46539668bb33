//! The expression language: parse, check, evaluate (seed, series, time) -> value. Not here: what
//! names mean (`fleet` gives the scope) and where a text stands in its file (`scenario`).

mod expression;
mod value;

pub use expression::Expression;
pub use value::{Type, Value};
