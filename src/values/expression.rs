//! Placeholder until the language stands.

/// A checked expression, ready to evaluate.
#[derive(Debug, Clone)]
pub struct Expression {}
