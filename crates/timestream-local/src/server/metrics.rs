//! What is measured of requests, and `GET /metrics`, where all figures can be read. Not here: which figures
//! there are (`metrics` of the crate).

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::HttpBody;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::engine::Engine;
use crate::metrics::millis;
use crate::protocol;

/// The format that Prometheus reads.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The type of the error that an answer tells of, for who counts answers.
#[derive(Clone, Copy)]
pub(super) struct Outcome(pub(super) &'static str);

pub(super) fn router(engine: Arc<Engine>) -> Router {
    Router::new().route("/metrics", get(show)).with_state(engine)
}

async fn show(State(engine): State<Arc<Engine>>) -> Response {
    // It looks at every table, whose locks may be held for a moment.
    let text = tokio::task::spawn_blocking(move || engine.metrics().text(engine.state())).await;
    match text {
        Ok(Ok(text)) => ([(CONTENT_TYPE, TEXT)], text).into_response(),
        Ok(Err(error)) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// Counts a request of the protocol and takes its time.
pub(super) async fn measure(State(engine): State<Arc<Engine>>, request: Request, next: Next) -> Response {
    if request.uri().path() != "/" {
        return next.run(request).await;
    }
    let began = Instant::now();
    let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
    let operation = protocol::operation(target.unwrap_or_default());
    let bytes = request.body().size_hint().lower();
    let response = next.run(request).await;
    let outcome = response.extensions().get().map_or("ok", |Outcome(kind)| kind);
    engine.metrics().request(operation, outcome, bytes, began.elapsed());
    tracing::debug!(operation, outcome, bytes, ms = millis(began), "request");
    response
}
