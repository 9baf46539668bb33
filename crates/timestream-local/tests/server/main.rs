//! The server as its clients see it: over the wire, with the AWS SDK and with raw HTTP.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod batch_load;
mod databases;
mod faults;
mod insights;
mod lifecycle;
mod long_queries;
mod metrics;
mod queries;
mod raw;
mod support;
mod tables;
mod writes;
