//! Scheduled queries: what they are, when they run, and what becomes of their rows.
//!
//! ```text
//! definition, target   what was asked for
//! schedule, cron       when it runs
//! book, files          all of them, each with its file
//! scheduler -> job     what is due or asked for
//!           -> run     the query, page by page
//!              columns those that the target's mapping names
//!              write   its rows, by that mapping, into the target table
//!              report  those that were not taken, into a bucket
//!              summary what it came to
//! ```
//!
//! Not here: what rows become (`mapping` of the crate), wire requests and their checks (`protocol::scheduled`), SQL (`sql`). Notifications are not sent.

mod book;
mod columns;
mod cron;
mod definition;
mod files;
mod job;
mod report;
mod run;
mod schedule;
mod scheduler;
mod summary;
mod target;
mod write;

pub(crate) use book::{Book, BookError};
pub(crate) use columns::ColumnError;
pub(crate) use definition::{
    Definition, Encryption, ErrorReportConfiguration, NotificationConfiguration, S3Configuration,
    ScheduledQuery, SnsConfiguration, State,
};
pub(crate) use schedule::{Schedule, ScheduleError};
pub(crate) use scheduler::run_scheduled;
pub(crate) use summary::{ExecutionStats, RunSummary, S3ReportLocation, Status};
pub(crate) use target::Target;
