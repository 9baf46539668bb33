//! How much clients may take: sizes, times, counts. Not here: the bounds of the protocol's own members
//! (`protocol`), of SQL and its memory (`sql`).

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::request::Parts;
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::failure::{Failure, Kind};

/// Bytes of a write. A hundred records of one measure with everything at its longest and every letter escaped
/// take 4 MB; of 256 measures each, 16 MB leave 600 bytes for one.
const WRITE_BYTES: usize = 16 << 20;
/// Bytes of any other request. The longest query, every letter of it escaped, takes 3 MB.
const OTHER_BYTES: usize = 4 << 20;
/// Bytes of all the requests that are being read or answered.
const ALL_BYTES: usize = 256 << 20;
/// What `ALL_BYTES` is counted in.
const UNIT: usize = 1 << 10;
/// Queries, and other requests, that are answered at once; more wait for their turn.
const REQUESTS: usize = 1_024;

/// Bytes of a request's head, and of what is read from a connection at once.
pub(super) const HEAD_BYTES: usize = 64 << 10;

/// What a server grants its clients. The defaults are generous: they end what would never end.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// Connections at once; more are answered with 503.
    pub connections: usize,
    /// How long a request's head may take to come, on a new connection or after the last answer.
    pub head: Duration,
    /// How long a request's body may take to come.
    pub body: Duration,
    /// How long a client may take nothing of an answer, and how far it may be behind 64 KiB a second.
    pub stall: Duration,
    /// Bytes of all the answers that clients have not taken yet; an answer beyond them is a 503.
    pub answers: usize,
    /// Tables in all databases together, each of which holds two file descriptors; more are refused.
    pub tables: usize,
    /// How long a page of a query may take, by when the query is stopped; the service's own bound is an hour.
    pub query: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: 4_096,
            // Longer than clients keep idle connections, so that no request meets one that is just being closed.
            head: Duration::from_secs(120),
            body: Duration::from_secs(60),
            stall: Duration::from_secs(60),
            answers: 256 << 20,
            // The service's own.
            tables: 50_000,
            query: Duration::from_secs(3_600),
        }
    }
}

/// Where requests wait for each other.
pub(super) struct Turns {
    bodies: Arc<Semaphore>,
    queries: Semaphore,
    others: Semaphore,
}

impl Turns {
    pub(super) fn new() -> Self {
        Self {
            bodies: Arc::new(Semaphore::new(ALL_BYTES / UNIT)),
            queries: Semaphore::new(REQUESTS),
            others: Semaphore::new(REQUESTS),
        }
    }

    /// Waits for a turn to carry out `operation`, which ends when the answer is dropped. Writes do not wait for
    /// queries.
    pub(super) async fn turn(&self, operation: Option<&str>) -> Option<tokio::sync::SemaphorePermit<'_>> {
        let turns = if operation.is_some_and(is_query) { &self.queries } else { &self.others };
        turns.acquire().await.ok()
    }

    /// Reads a body within the bounds. The permit is for its bytes, and goes when they go.
    pub(super) async fn body(
        &self,
        head: &Parts,
        body: Body,
        within: Duration,
    ) -> Result<(Bytes, OwnedSemaphorePermit), Failure> {
        let writes = head
            .headers
            .get("x-amz-target")
            .is_some_and(|target| target.as_bytes().ends_with(b".WriteRecords"));
        let most = if writes { WRITE_BYTES } else { OTHER_BYTES };
        // A length that is announced need not be waited for.
        if body.size_hint().lower() > most as u64 {
            return Err(too_large(most));
        }
        let read = timeout(within, self.read(body, most)).await;
        read.unwrap_or_else(|_| {
            let message = format!("The request's body did not come within {} s.", within.as_secs_f64());
            Err(Failure::new(Kind::RequestTimeout, message))
        })
    }

    async fn read(&self, mut body: Body, most: usize) -> Result<(Bytes, OwnedSemaphorePermit), Failure> {
        let mut permit = self.units(0)?;
        let mut whole = Vec::new();
        while let Some(frame) = body.frame().await {
            let cut_off = |_| Failure::new(Kind::Serialization, "The request's body was cut off.");
            let Ok(data) = frame.map_err(cut_off)?.into_data() else { continue };
            let length = whole.len() + data.len();
            if length > most {
                return Err(too_large(most));
            }
            // Counted as they come, so that who only announces bytes takes nothing from others.
            permit.merge(self.units(length.div_ceil(UNIT) - permit.num_permits())?);
            if whole.is_empty() && body.is_end_stream() {
                return Ok((data, permit));
            }
            whole.extend_from_slice(&data);
        }
        Ok((whole.into(), permit))
    }

    fn units(&self, count: usize) -> Result<OwnedSemaphorePermit, Failure> {
        let permit = u32::try_from(count)
            .ok()
            .and_then(|count| Arc::clone(&self.bodies).try_acquire_many_owned(count).ok());
        permit.ok_or_else(|| {
            let message = "The server has too many requests to read; send it again later.";
            Failure::new(Kind::Unavailable, message)
        })
    }
}

/// Whether an operation plans or runs SQL.
fn is_query(operation: &str) -> bool {
    matches!(operation, "Query" | "PrepareQuery")
}

fn too_large(most: usize) -> Failure {
    Failure::new(Kind::TooLarge, format!("The request is larger than {most} bytes."))
}
