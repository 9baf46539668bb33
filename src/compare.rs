//! Two runs against each other: what differs, how sure that is, and whether it is too much. Reads run directories and nothing
//! else. Not here: a run by itself (`report`), one run made of several (`merge`).

mod concerns;
mod course;
mod error;
mod figures;
mod gate;
mod html;
mod json;
mod markdown;
mod model;
mod sides;
mod statistics;
#[cfg(test)]
mod tests;
mod text;
mod words;

pub(crate) use concerns::scenarios as scenario_differences;
pub use error::CompareError;
pub use gate::{DEFAULT_GATES, Gate};
pub use model::Comparison;
