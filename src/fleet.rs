//! The fleet: levels, host number -> attributes, and the records each tick makes. Constant memory
//! whatever the size. Not here: when ticks happen (`schedule`), how they are sent (`target`).

mod batch;
mod generator;

pub use batch::{Batch, Measures, Record};
pub use generator::{Generator, Slot};
