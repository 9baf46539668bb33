//! Bounds on what a statement may ask of the engine before it runs: how deep it nests, how much it lists, and how large
//! its expressions become. The engine has none of its own; it walks trees by recursion and copies expressions as it likes.
//!
//! `tokens` bounds what the parser makes, `tree` what the planner makes of that, `written_out` what the optimiser makes
//! of that. Not here: what a running query takes (`footprint`, `reserving`).

mod tokens;
mod tree;
mod written_out;

pub(in crate::sql) use self::tokens::check_tokens;
pub(in crate::sql) use self::tree::check_tree;
pub(in crate::sql) use self::written_out::WrittenOut;

/// Bytes of stack of a thread that plans or runs queries. What is within the bounds takes up to a quarter of it; pages
/// of it that nothing has touched take no memory.
pub(crate) const STACK: usize = 64 << 20;
