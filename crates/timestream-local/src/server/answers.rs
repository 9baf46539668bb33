//! The bytes of answers that clients have not taken yet: counted, so that those who read slowly cannot fill the memory.
//! Not here: how long a client may take (`pace`), the bytes of requests (`bounds`).

use std::sync::Arc;

use axum::body::{Bytes, HttpBody, to_bytes};
use axum::response::Response;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::failure::{Failure, Kind};

/// Bytes of an answer that is not counted: as many as there may be connections, those are 64 MiB.
const SMALL: usize = 16 << 10;
/// What the bytes are counted in.
const UNIT: usize = 1 << 10;

/// The room for all answers together.
pub(super) struct Answers(Arc<Semaphore>);

impl Answers {
    /// Room for so many bytes.
    pub(super) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new((bytes / UNIT).min(Semaphore::MAX_PERMITS))))
    }

    /// Counts an answer until its last byte is handed to the system. One that would wait for room would be in memory
    /// all the while, so it is dropped instead: clients ask again.
    pub(super) async fn count(&self, answer: Response) -> Result<Response, Failure> {
        // One whose end is not known is a lease, which has no bytes.
        let bytes =
            answer.body().size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(0);
        if bytes <= SMALL {
            return Ok(answer);
        }
        let permit = u32::try_from(bytes.div_ceil(UNIT))
            .ok()
            .and_then(|units| Arc::clone(&self.0).try_acquire_many_owned(units).ok())
            .ok_or_else(|| {
                let message = format!(
                    "The server has no room for an answer of {bytes} bytes: too many are not taken by those who asked; \
                     send the request again later."
                );
                Failure::new(Kind::Unavailable, message)
            })?;
        let (head, body) = answer.into_parts();
        // It is there already, in one piece.
        let bytes = to_bytes(body, usize::MAX).await.map_err(|error| Failure::internal(&error))?;
        // The body is dropped before its bytes are written: they themselves hold the permit.
        let counted = Bytes::from_owner(Counted { bytes, _permit: permit });
        Ok(Response::from_parts(head, counted.into()))
    }
}

/// Bytes, and the room that they take.
struct Counted {
    bytes: Bytes,
    _permit: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
