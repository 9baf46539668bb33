//! What is wrong with a plan. Not here: finding it (`rule`).

/// Something wrong with a rule whose values are right each for itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("faults[{rule}]{}: {message}; {help}", key.map(|key| format!(".{key}")).unwrap_or_default())]
pub struct Flaw {
    /// The rule's index in the plan.
    pub rule: usize,
    /// The key it is about, where it is about one.
    pub key: Option<&'static str>,
    /// What is wrong, naming the value.
    pub message: String,
    /// The remedy.
    pub help: &'static str,
}
