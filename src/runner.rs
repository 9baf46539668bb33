//! Runs a plan: phases in order, batches at their instants, users who ask and think. It tells the
//! recorder about every attempt and leaves a run directory. Not here: when things are meant to
//! happen (`schedule`), sending (`target`), counting (`recorder`).

mod arrivals;
mod ask;
mod behind;
mod context;
mod error;
mod health;
mod incidents;
mod ingest;
mod options;
mod phases;
mod retry;
mod run;
mod senders;
mod signals;
mod stop;
mod table;
#[cfg(test)]
mod tests;
mod user;
mod write;

pub use error::RunError;
pub use options::{Outcome, RunOptions};
pub use run::run;
pub use signals::interrupted;
pub(crate) use table::latest_once;
