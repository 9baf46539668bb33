//! Leases: connections that keep a server alive. A program that starts a server for itself holds
//! one open (`GET /lease`), and so does whoever joins it; the server can end when the last is gone,
//! however its holder ended. Not here: the requests themselves.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures::stream;
use tokio::sync::watch;

/// How long a server without leases waits for the next one.
const LINGER: Duration = Duration::from_secs(1);
/// How long the first lease may take to come.
const FIRST: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Taking leases; so many are held.
    Open(usize),
    /// The server is about to end.
    Closed,
}

/// The leases of one server.
#[derive(Debug, Clone)]
pub(super) struct Leases(watch::Sender<State>);

/// One lease; it ends with this value, and so does what comes with it.
struct Lease {
    leases: Leases,
    _with: Box<dyn Send>,
}

impl Leases {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(State::Open(0)))
    }

    /// The body of an answer that lasts as long as the lease; none where the server is about to end.
    /// What comes `with` the lease is dropped with it.
    pub(super) fn take(&self, with: impl Send + 'static) -> Option<Body> {
        let taken = self.0.send_if_modified(|state| match state {
            State::Open(held) => {
                *held += 1;
                true
            }
            State::Closed => false,
        });
        if !taken {
            return None;
        }
        let lease = Lease { leases: self.clone(), _with: Box::new(with) };
        let end = stream::once(async move {
            lease.leases.closed().await;
            Ok::<Bytes, Infallible>(Bytes::new())
        });
        Some(Body::from_stream(end))
    }

    /// Takes no more leases, and ends those that are held.
    pub(super) fn close(&self) {
        self.0.send_replace(State::Closed);
    }

    /// Done when nobody holds a lease any more and nobody has taken one for a moment; none can be
    /// taken afterwards.
    pub(super) async fn unused(&self) {
        let mut state = self.0.subscribe();
        let first = state.wait_for(|state| *state != State::Open(0));
        // Whoever wanted the first one may have died before taking it.
        let _ = tokio::time::timeout(FIRST, first).await;
        loop {
            let gone = state.wait_for(|state| matches!(state, State::Open(0) | State::Closed));
            if gone.await.is_err() {
                return;
            }
            tokio::time::sleep(LINGER).await;
            self.0.send_if_modified(|state| {
                let unused = *state == State::Open(0);
                if unused {
                    *state = State::Closed;
                }
                unused
            });
            if *self.0.borrow() == State::Closed {
                return;
            }
        }
    }

    async fn closed(&self) {
        // The sender lives as long as this value.
        let _ = self.0.subscribe().wait_for(|state| *state == State::Closed).await;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.leases.0.send_if_modified(|state| match state {
            State::Open(held) => {
                *held = held.saturating_sub(1);
                true
            }
            State::Closed => false,
        });
    }
}
