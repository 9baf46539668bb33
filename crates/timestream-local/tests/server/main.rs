//! The server as its clients see it: over the wire, with the AWS SDK and with raw HTTP.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod account;
mod any_request;
mod attributes;
mod batch_load;
mod batch_load_requests;
mod bounds;
mod corpus;
mod databases;
mod faults;
mod insights;
mod lifecycle;
mod limits;
mod long_queries;
mod metrics;
mod prepare;
mod queries;
mod raw;
mod retention;
mod scheduled;
mod scheduled_failures;
mod scheduled_runs;
mod signatures;
mod snapshots;
mod support;
mod tables;
mod versions;
mod writes;
