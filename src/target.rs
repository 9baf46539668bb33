//! The store that a scenario runs against: the only place that names an AWS crate. One operation is
//! one attempt here; retries, schedules and accounts are the runner's.

mod cleanup;
mod connect;
mod control;
mod credentials;
mod encode;
mod error;
mod explain;
#[cfg(test)]
pub(crate) mod fake;
mod faults;
mod local;
mod prepare;
mod query;
mod send;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod typed;
mod write;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use cleanup::{Cleaned, Fate};
pub use connect::{Overrides, connect};
pub use credentials::{ACCESS_KEY_ID, SECRET_ACCESS_KEY, local_key};
pub use error::{ErrorKind, RejectedRecord, TargetError};
pub use explain::{Coverage, Explanation, Insights, Range, Scan};
#[cfg(feature = "local")]
pub use faults::ask_about_faults;
pub use local::default_data_dir;
pub use prepare::{Prepared, RetentionDiffers};
pub use query::{Answer, QueryFailure};
pub use write::Ingested;

/// A table that can be written and queried.
#[derive(Debug)]
pub struct Target {
    write: aws_sdk_timestreamwrite::Client,
    query: aws_sdk_timestreamquery::Client,
    database: String,
    table: String,
    /// Whether what the records of a write have in common is sent once.
    common_attributes: bool,
    place: Place,
    /// What the clients are made from.
    config: connect::Configuration,
    sender: send::Sender,
    connections: Arc<Semaphore>,
    faults: faults::Held,
    _lease: Option<local::Lease>,
}

/// Where a target is, for people and for the manifest.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Place {
    /// `local` or `timestream`.
    pub kind: String,
    /// The AWS region; of the local target the one it is called by.
    pub region: String,
    /// The endpoint, where it is not the service's own.
    pub endpoint: Option<String>,
    /// Where the local target keeps its data, if this run started or joined it.
    pub data_dir: Option<PathBuf>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind.as_str() {
            "local" => f.write_str("local Timestream")?,
            _ => write!(f, "Amazon Timestream in {}", self.region)?,
        }
        if let Some(endpoint) = &self.endpoint {
            write!(f, " at {endpoint}")?;
        }
        match &self.data_dir {
            Some(data_dir) => write!(f, ", data in {}", data_dir.display()),
            None => Ok(()),
        }
    }
}

impl Target {
    /// The database's name.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The table's name.
    #[must_use]
    pub fn table(&self) -> &str {
        &self.table
    }

    /// Where it is.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Waits until one more connection may be used. The wait is part of an attempt's service time, as
    /// it is in any client with a pool.
    async fn connection(&self) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed, so there always is a permit to be had.
        Arc::clone(&self.connections).acquire_owned().await.ok()
    }
}
