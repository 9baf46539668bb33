//! A local Amazon Timestream (LiveAnalytics): the service's JSON protocol over HTTP, its write
//! semantics, and its SQL on an embedded engine. Any AWS SDK can use it; no account is needed.
//!
//! ```text
//! HTTP -> server -> protocol (wire shapes, answers) -> engine -> catalog (databases, tables, tags)
//!                                                             -> store   (log, memory table, Parquet)
//!                                                             -> sql     (dialect, DataFusion, typed answers)
//! ```
//!
//! `model` is the vocabulary the parts share; `records` reads and checks what is to be stored, `checks` are the
//! constraints of the service model, and `failure` is what clients are told; `clock` is the only source of time;
//! `faults` decides which
//! requests go wrong where somebody asked for that; `buckets` are folders that stand for S3, and `batch_load` reads
//! their files into tables in the background; `scheduled` runs queries by their schedules; `mapping` makes records of
//! the rows of both; `metrics` are what the server tells of itself; `disk` and `json_file` are how state is kept; `fuzz` offers what reads bytes from outside to the
//! fuzzers. The crate knows nothing of scenarios or of how data is made: it meets its clients on the wire alone.

pub mod clock;
pub mod faults;
#[doc(hidden)]
pub mod fuzz;
pub mod model;
pub mod server;

mod account;
mod batch_load;
mod buckets;
mod catalog;
mod checks;
mod disk;
mod engine;
mod failure;
mod json_file;
mod mapping;
mod metrics;
mod protocol;
mod records;
mod scheduled;
mod sql;
mod store;
