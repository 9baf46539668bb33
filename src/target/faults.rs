//! The faults of a local target: a run sets its plan and holds it, and the plan goes with the run,
//! however that ends; people set theirs until it is cleared. Not here: what plans mean
//! (`timestream-local`).

use std::sync::Arc;

use tokio::sync::Mutex;

use super::control::{Answer, ask, stranger};
use super::{ErrorKind, Target, TargetError};
use crate::plan::Faults;

/// The plan that a run has set.
#[derive(Debug, Default)]
pub(super) struct Held(Mutex<Option<(Arc<Faults>, Answer)>>);

impl Target {
    /// Sets the faults instead of the last ones, and none clears them. Those that are set already go on.
    ///
    /// # Errors
    /// A target that is not local, cannot be reached, or does not take the plan.
    pub async fn set_faults(&self, faults: Option<&Arc<Faults>>) -> Result<(), TargetError> {
        let mut held = self.faults.0.lock().await;
        let same = match (&*held, faults) {
            (Some((held, _)), Some(faults)) => Arc::ptr_eq(held, faults),
            (held, faults) => held.is_none() && faults.is_none(),
        };
        if same {
            return Ok(());
        }
        // The next plan is set before the last one is let go: no request meets neither.
        let next = match faults {
            Some(faults) => Some((Arc::clone(faults), self.hold(faults).await?)),
            None => None,
        };
        if let Some((_, last)) = std::mem::replace(&mut *held, next) {
            // What the server did not see ended in time ends with the connection.
            let _ = last.end().await;
        }
        Ok(())
    }

    async fn hold(&self, faults: &Faults) -> Result<Answer, TargetError> {
        match &self.place.endpoint {
            Some(endpoint) if self.place.kind == "local" => {
                accepted(endpoint, "PUT /faults/held", &faults.json).await
            }
            _ => {
                Err(TargetError::new(ErrorKind::Local, format!("{} makes no faults on purpose", self.place)))
            }
        }
    }
}

/// Asks a local Timestream about its faults, as in `GET /faults`; gives its answer.
///
/// # Errors
/// A server that cannot be reached, or does not take the plan.
#[cfg(feature = "local")]
pub async fn ask_about_faults(endpoint: &str, what: &str, plan: &str) -> Result<String, TargetError> {
    let answer = accepted(endpoint, what, plan).await?;
    answer.text().await.map_err(|error| unreachable(endpoint, &error))
}

/// An answer that is good.
async fn accepted(endpoint: &str, what: &str, plan: &str) -> Result<Answer, TargetError> {
    let Some(authority) = endpoint.strip_prefix("http://") else {
        let message = format!("`{endpoint}` is no local Timestream: its URL is like http://127.0.0.1:8086");
        return Err(TargetError::new(ErrorKind::Local, message));
    };
    let answer = ask(authority.trim_end_matches('/'), what, plan)
        .await
        .map_err(|error| unreachable(endpoint, &error))?;
    if answer.status == 200 {
        return Ok(answer);
    }
    let status = answer.status;
    let said = answer.text().await.unwrap_or_default();
    Err(TargetError::new(
        ErrorKind::Validation,
        match status {
            404 | 405 => format!(
                "what answers at {endpoint} makes no faults; it is not a local Timestream of this version"
            ),
            403 => stranger(endpoint),
            _ => {
                format!("the local Timestream at {endpoint} did not take the fault plan: {}", said.trim_end())
            }
        },
    ))
}

fn unreachable(endpoint: &str, error: &std::io::Error) -> TargetError {
    TargetError::new(ErrorKind::Connect, format!("cannot reach the local Timestream at {endpoint}: {error}"))
}
