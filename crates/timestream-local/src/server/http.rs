//! HTTP around the protocol: routing, who is let in, headers, the faults that somebody asked for.
//! Not here: operations, which faults there are (`faults`), signatures (`auth`), how much is too much (`bounds`).

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{ALLOW, CONTENT_TYPE, HOST, HeaderMap, USER_AGENT};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use futures::FutureExt;
use uuid::Uuid;

use super::answers::Answers;
use super::auth::Guard;
use super::bounds::{Bounds, Turns};
use super::connections::Breaker;
use super::leases::Leases;
use super::metrics::Outcome;
use crate::engine::Engine;
use crate::failure::Failure;
use crate::faults::{Faults, Ruling};
use crate::protocol::{self, Call};

const JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");

/// What the routes share.
pub(super) struct App {
    pub(super) engine: Arc<Engine>,
    pub(super) faults: Arc<Faults>,
    pub(super) leases: Leases,
    pub(super) guard: Guard,
    pub(super) bounds: Bounds,
    pub(super) turns: Turns,
    pub(super) answers: Answers,
    pub(super) address: SocketAddr,
}

/// `POST /` for the protocol, `GET /lease` to keep the server there, `/faults` for what is to go wrong, `GET /metrics`
/// for what goes on: all of them for those who may. `GET /ping`, to see whether the server is there, is for everybody.
pub(super) fn router(app: App) -> Router {
    let control = super::faults::router(Arc::clone(&app.faults), app.leases.clone());
    let measured = from_fn_with_state(Arc::clone(&app.engine), super::metrics::measure);
    let metrics = super::metrics::router(Arc::clone(&app.engine));
    let app = Arc::new(app);
    Router::new()
        .route("/", post(handle))
        .route("/lease", get(lease))
        .with_state(Arc::clone(&app))
        .merge(control)
        .merge(metrics)
        .layer(from_fn_with_state(app, admit))
        .layer(measured)
        .route("/", get(not_a_page))
        .route("/ping", get(|| async { "ok\n" }))
}

/// Lets in whoever signed for it, with a body that is not too much, and lets out what is not too much.
async fn admit(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    let admitted = async {
        // Strangers are told before their bodies are read.
        let claim = app.guard.claim(&head)?;
        let (body, permit) = app.turns.body(&head, body, app.bounds.body).await?;
        if let Some(claim) = claim {
            app.guard.verify(&claim, &head, &body)?;
        }
        Ok((body, permit))
    };
    match admitted.await {
        Ok((body, _permit)) => {
            let answer = next.run(Request::from_parts(head, body.into())).await;
            app.answers.count(answer).await.unwrap_or_else(|failure| failed(&failure))
        }
        Err(failure) => failed(&failure),
    }
}

/// For who opens the address in a browser.
async fn not_a_page() -> impl IntoResponse {
    let told = "a local Timestream: point an AWS SDK at this address; GET /ping asks whether it is there,\n\
                GET /metrics what it does\n";
    (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "POST")], told)
}

async fn lease(State(app): State<Arc<App>>) -> Result<Body, StatusCode> {
    app.leases.take(()).ok_or(StatusCode::SERVICE_UNAVAILABLE)
}

async fn handle(
    State(app): State<Arc<App>>,
    Extension(breaker): Extension<Breaker>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    // A panic is a bug of ours; it must cost its caller an answer and nobody else anything.
    let answer = AssertUnwindSafe(answer(&app, &breaker, &parts.headers, body)).catch_unwind().await;
    let panicked = |_| Err(Failure::internal(&"the operation panicked; the server's log says where"));
    match answer.unwrap_or_else(panicked) {
        Ok(json) => response(StatusCode::OK, json),
        Err(failure) => failed(&failure),
    }
}

async fn answer(app: &App, breaker: &Breaker, headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Failure> {
    // It has been read and measured before.
    let body = to_bytes(body, usize::MAX).await.map_err(|error| Failure::internal(&error))?;
    let address = app.address.to_string();
    let call = Call {
        target: text(headers, "x-amz-target").unwrap_or_default(),
        user_agent: text(headers, USER_AGENT.as_str()).unwrap_or_default(),
        authority: text(headers, HOST.as_str()).unwrap_or(&address),
        body,
        rejects: None,
    };
    let _turn = app.turns.turn(call.operation()).await;
    match call.operation().and_then(|operation| app.faults.rule_on(operation)) {
        None => protocol::answer(&app.engine, call).await,
        Some(ruling) => answer_by(ruling, app, breaker, call).await,
    }
}

/// Does to a request what the fault plan rules. The delay comes last, so that a client which does not
/// wait for it cannot know whether the request was carried out.
async fn answer_by(
    ruling: Ruling,
    app: &App,
    breaker: &Breaker,
    mut call: Call<'_>,
) -> Result<Vec<u8>, Failure> {
    call.rejects = ruling.rejects;
    let answer = match ruling.refusal {
        None => protocol::answer(&app.engine, call).await,
        Some(refusal) => Err(refusal.into()),
    };
    if !ruling.delay.is_zero() {
        tokio::time::sleep(ruling.delay).await;
    }
    if ruling.reset {
        breaker.trip();
    }
    answer
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn failed(failure: &Failure) -> Response {
    let status = StatusCode::from_u16(failure.kind().status());
    let mut response = response(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), failure.to_json());
    response.extensions_mut().insert(Outcome(failure.kind().name()));
    response
}

fn response(status: StatusCode, json: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(json));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, JSON);
    let id = Uuid::new_v4().simple().to_string().to_ascii_uppercase();
    if let Ok(id) = HeaderValue::try_from(id) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}
