//! Faults on demand: a plan says what goes wrong, seeded draws decide for each request. The form of
//! plans is public, for those who write them. Not here: doing it to a request (`server::http`),
//! setting plans over HTTP (`server::faults`).
//!
//! The rules of a plan are asked in its order, until one refuses the request or resets its connection.
//! A rule draws for the first, second, third request of an operation, never by the time: the same
//! requests in the same order meet the same faults.

mod act;
mod draws;
mod flaw;
mod live;
mod operations;
mod plan;
mod report;
mod rule;
mod window;
mod written;

pub use flaw::Flaw;
pub use operations::Operations;
pub use plan::FaultPlan;
pub use report::{Count, FaultReport};
pub use rule::Rule;
pub use written::{Latency, Rate, Share, Span};

pub(crate) use act::Refusal;
pub(crate) use live::{Faults, Live, MAX_HELD, NotHeld, Rejects, Ruling};
