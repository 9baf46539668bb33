//! Ctrl-C, and the signal with which machines say the same.

use std::sync::Arc;

use super::stop::Stop;
use crate::feed::Feed;

/// Listens until it is dropped: the first signal ends the run gracefully, the second at once.
#[derive(Debug)]
pub(crate) struct Signals(tokio::task::JoinHandle<()>);

impl Signals {
    pub(crate) fn listen(stop: Arc<Stop>, feed: Feed) -> Self {
        Self(tokio::spawn(async move {
            while next().await {
                feed.remark(if stop.is_interrupted() {
                    "ending at once"
                } else {
                    "ending: what was begun is finished and written; again to end at once"
                });
                stop.interrupt();
            }
        }))
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Returns once somebody presses Ctrl-C or says the same; never where that cannot be heard.
pub async fn interrupted() {
    if !next().await {
        std::future::pending::<()>().await;
    }
}

/// Waits for a signal; false where none can be heard.
async fn next() -> bool {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => tokio::select! {
                heard = tokio::signal::ctrl_c() => heard.is_ok(),
                heard = terminate.recv() => heard.is_some(),
            },
            Err(_) => tokio::signal::ctrl_c().await.is_ok(),
        }
    }
    #[cfg(not(unix))]
    {
        tokio::signal::ctrl_c().await.is_ok()
    }
}
