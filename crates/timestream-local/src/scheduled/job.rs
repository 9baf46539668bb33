//! A run that is to be made. Not here: who starts it (`scheduler`), what it does (`run`).

/// A run to be made.
#[derive(Debug, Clone)]
pub(super) struct Job {
    /// The scheduled query.
    pub(super) id: String,
    /// The time that it stands for: `@scheduled_runtime`.
    pub(super) invocation: i64,
    pub(super) trigger: Trigger,
    /// Whether to tell what was scanned.
    pub(super) insights: bool,
}

/// What started a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trigger {
    /// Its schedule.
    Auto,
    /// Somebody.
    Manual,
}
