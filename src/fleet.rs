//! The fleet: levels, host number -> attributes, and the records each tick makes, as a pure
//! function of the seed. Constant memory whatever the size. Not here: when a run asks for which
//! ticks (`schedule`), how records are sent (`target`).
//!
//! ```text
//! YAML -> build -> levels, records, incidents (resolved, every problem at once)
//! ticks -> grid (in order of time) -> delay (in order of arrival) -> Slot
//! node number -> shape (members) -> walk (attributes, keys) -> tick (values) -> record -> Batch
//! ```

mod batch;
mod build;
mod constant;
mod delay;
mod generator;
mod grid;
mod incident;
mod incidents;
mod level;
mod levels;
mod measures;
mod names;
mod occurrences;
mod record;
mod records;
mod shape;
mod summary;
mod tick;
mod timing;
mod walk;

pub use batch::{Batch, Measures, Record};
pub use build::build;
pub use constant::constant;
pub use generator::{Generator, Slot};
pub use incident::Occurrence;
pub(crate) use levels::problem_of;
pub use summary::{LevelSummary, RecordSummary};
