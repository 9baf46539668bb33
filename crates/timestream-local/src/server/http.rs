//! HTTP around the protocol: routing, headers, the bound on bodies, the faults that somebody asked for.
//! Not here: operations, which faults there are (`faults`).

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{ALLOW, CONTENT_TYPE, HOST, HeaderMap, USER_AGENT};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures::FutureExt;
use uuid::Uuid;

use super::connections::Breaker;
use super::leases::Leases;
use super::metrics::Outcome;
use crate::engine::Engine;
use crate::faults::{Faults, Ruling};
use crate::protocol::{self, Call, Failure, Kind};

/// Bytes of a request: far above a hundred records of usual size.
const MAX_BODY: usize = 16 << 20;
const JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");

struct App {
    engine: Arc<Engine>,
    faults: Arc<Faults>,
    leases: Leases,
    address: String,
}

/// `POST /` for the protocol, `GET /ping` to see whether the server is there, `GET /lease` to keep
/// it there, `/faults` for what is to go wrong, `GET /metrics` for what goes on.
pub(super) fn router(
    engine: Arc<Engine>,
    faults: Arc<Faults>,
    leases: Leases,
    address: SocketAddr,
) -> Router {
    let control = super::faults::router(Arc::clone(&faults), leases.clone());
    let measured = axum::middleware::from_fn_with_state(Arc::clone(&engine), super::metrics::measure);
    let metrics = super::metrics::router(Arc::clone(&engine));
    let app = Arc::new(App { engine, faults, leases, address: address.to_string() });
    Router::new()
        .route("/", post(handle).layer(measured).get(not_a_page))
        .route("/ping", get(|| async { "ok\n" }))
        .route("/lease", get(lease))
        .with_state(app)
        .merge(control)
        .merge(metrics)
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
    ConnectInfo(breaker): ConnectInfo<Breaker>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    // A panic is a bug of ours; it must cost its caller an answer and nobody else anything.
    let answer = AssertUnwindSafe(answer(&app, &breaker, &parts.headers, body)).catch_unwind().await;
    let panicked = |_| Err(Failure::internal(&"the operation panicked; the server's log says where"));
    match answer.unwrap_or_else(panicked) {
        Ok(json) => response(StatusCode::OK, json),
        Err(failure) => {
            let status = StatusCode::from_u16(failure.kind.status());
            let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut response = response(status, failure.to_json());
            response.extensions_mut().insert(Outcome(failure.kind.name()));
            response
        }
    }
}

async fn answer(app: &App, breaker: &Breaker, headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Failure> {
    let body = read(body).await?;
    let call = Call {
        target: text(headers, "x-amz-target").unwrap_or_default(),
        user_agent: text(headers, USER_AGENT.as_str()).unwrap_or_default(),
        authority: text(headers, HOST.as_str()).unwrap_or(&app.address),
        body,
        rejects: None,
    };
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

async fn read(body: Body) -> Result<Bytes, Failure> {
    let too_large = || {
        Failure::new(Kind::TooLarge, format!("The request is larger than {MAX_BODY} bytes, or was cut off."))
    };
    // A length that is announced need not be waited for.
    if body.size_hint().lower() > MAX_BODY as u64 {
        return Err(too_large());
    }
    to_bytes(body, MAX_BODY).await.map_err(|_| too_large())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
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
