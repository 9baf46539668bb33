//! The fault plan over HTTP: `PUT /faults` sets one, `GET /faults` shows it with what it has done,
//! `DELETE /faults` clears it. `PUT /faults/held` sets one that goes with its connection, so that a
//! program which crashes leaves no faults behind. Not here: what plans mean (`faults`).

use std::sync::{Arc, Weak};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};

use super::leases::Leases;
use crate::faults::{FaultPlan, Faults, Flaw, Live, MAX_HELD, NotHeld};

/// Bytes of a plan: as many rules as it may have, each with every key it may have.
const MAX_PLAN: usize = 256 << 10;

struct Control {
    faults: Arc<Faults>,
    leases: Leases,
}

type Refused = (StatusCode, String);

pub(super) fn router(faults: Arc<Faults>, leases: Leases) -> Router {
    Router::new()
        .route("/faults", get(show).put(set).delete(clear))
        .route("/faults/held", put(hold))
        .with_state(Arc::new(Control { faults, leases }))
}

async fn show(State(control): State<Arc<Control>>) -> Response {
    match serde_json::to_string(&control.faults.report()) {
        Ok(json) => ([(CONTENT_TYPE, "application/json")], json + "\n").into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn set(State(control): State<Arc<Control>>, body: Body) -> Result<&'static str, Refused> {
    let plan = plan(body).await?;
    control.faults.set(plan).map(|_| "the faults are set\n").map_err(flawed)
}

async fn clear(State(control): State<Arc<Control>>) -> &'static str {
    control.faults.clear();
    "no faults\n"
}

async fn hold(State(control): State<Arc<Control>>, body: Body) -> Result<Body, Refused> {
    let plan = plan(body).await?;
    let plan = control.faults.hold(plan).map_err(|refusal| match refusal {
        NotHeld::Flawed(flaws) => flawed(flaws),
        NotHeld::Full => {
            let told =
                format!("{MAX_HELD} fault plans are held already; close a connection that holds one\n");
            (StatusCode::SERVICE_UNAVAILABLE, told)
        }
    })?;
    let held = Held { faults: Arc::clone(&control.faults), plan: Arc::downgrade(&plan) };
    control
        .leases
        .take(held)
        .ok_or((StatusCode::SERVICE_UNAVAILABLE, "the server is about to end\n".to_owned()))
}

/// A plan that ends with this value.
struct Held {
    faults: Arc<Faults>,
    /// Gone where it was cleared: its connection may stay.
    plan: Weak<Live>,
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(plan) = self.plan.upgrade() {
            self.faults.end(&plan);
        }
    }
}

/// The plan in a request.
async fn plan(body: Body) -> Result<FaultPlan, Refused> {
    let body = to_bytes(body, MAX_PLAN).await.map_err(|_| {
        (StatusCode::PAYLOAD_TOO_LARGE, format!("a fault plan has at most {MAX_PLAN} bytes\n"))
    })?;
    read(&body).map_err(refused)
}

#[expect(clippy::needless_pass_by_value, reason = "the form that map_err takes")]
fn flawed(flaws: Vec<Flaw>) -> Refused {
    refused(flaws.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

const FORM: &str = r#"a fault plan is like {"faults": [{"on": "WriteRecords", "throttle": "20%"}]}"#;

/// Reads a plan; what does not fit is told with its place.
pub(crate) fn read(body: &[u8]) -> Result<FaultPlan, String> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let told = |error: &dyn std::fmt::Display| format!("{error}\n{FORM}");
    let plan = serde_path_to_error::deserialize(&mut json).map_err(|error| told(&error))?;
    json.end().map_err(|error| told(&error))?;
    Ok(plan)
}

fn refused(why: impl std::fmt::Display) -> Refused {
    (StatusCode::BAD_REQUEST, format!("{why}\n"))
}
