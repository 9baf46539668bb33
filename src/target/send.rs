//! Carries the bytes of a write. Credentials, endpoint, HTTP connections and signing are the SDK's
//! own, but what it does around them for each request costs more than all of them together, so its
//! parts are asked for every few seconds and used directly. Not here: the bytes (`encode`), the
//! meaning of answers (`write`).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_sdk_timestreamwrite::Client;
use aws_sdk_timestreamwrite::config::http::HttpRequest;
use aws_sdk_timestreamwrite::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_timestreamwrite::config::{ConfigBag, Intercept, ResolveCachedIdentity, RuntimeComponents};
use aws_sdk_timestreamwrite::error::{BoxError, SdkError};
use aws_sdk_timestreamwrite::operation::write_records::WriteRecordsError;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::auth::AuthSchemeId;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::client::runtime_components::GetIdentityResolver;
use http_body_util::BodyExt;
use tokio::sync::RwLock;
use tokio::time::{Instant, timeout};

use super::TargetError;
use super::error::broken_answer;
use crate::plan::Timeouts;

/// How long parts are used: less than the time by which the SDK renews credentials before they
/// expire (5 to 10 s), and discovered endpoints before they change (2 min).
const FRESH: Duration = Duration::from_secs(3);
/// The service's name in signatures.
pub(super) const SERVICE: &str = "timestream";
/// Headers that do not depend on the body or on the time.
const CONSTANT: [&str; 4] = ["content-type", "x-amz-target", "x-amz-user-agent", "user-agent"];

type Failure = SdkError<WriteRecordsError>;

/// Sends WriteRecords requests whose bodies are written already.
#[derive(Debug)]
pub(super) struct Sender {
    region: String,
    timeouts: Timeouts,
    parts: RwLock<Option<Arc<Parts>>>,
}

/// What the service said to a request.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: u16,
    /// The header that names an error.
    pub error_type: Option<String>,
    pub body: Vec<u8>,
}

/// What the SDK would carry a request with.
#[derive(Debug)]
struct Parts {
    taken: Instant,
    /// A request to the right place with the right headers, but without body and signature.
    request: HttpRequest,
    identity: Identity,
    connector: SharedHttpConnector,
}

impl Sender {
    pub(super) fn new(region: &str, timeouts: Timeouts) -> Self {
        Self { region: region.to_owned(), timeouts, parts: RwLock::new(None) }
    }

    /// Sends a body in one attempt, and reads the answer.
    ///
    /// # Errors
    /// Whatever keeps an answer from coming; one that is an error is no error here.
    pub(super) async fn send(&self, client: &Client, body: Vec<u8>) -> Result<Answer, TargetError> {
        let answer = timeout(self.timeouts.attempt, self.attempt(client, body)).await;
        answer.unwrap_or_else(|late| Err(Failure::timeout_error(late).into()))
    }

    async fn attempt(&self, client: &Client, body: Vec<u8>) -> Result<Answer, TargetError> {
        let parts = self.parts(client).await?;
        let request = self.signed(&parts, body).map_err(Failure::construction_failure)?;
        let response = parts.connector.call(request).await.map_err(Failure::dispatch_failure)?;
        let status = response.status().as_u16();
        let error_type = response.headers().get("x-amzn-errortype").map(ToOwned::to_owned);
        let body = response.into_body().collect().await.map_err(|error| broken_answer(&*error))?;
        Ok(Answer { status, error_type, body: body.to_bytes().into() })
    }

    fn signed(&self, parts: &Parts, body: Vec<u8>) -> Result<HttpRequest, BoxError> {
        let mut request = parts.request.try_clone().ok_or("a request without a body can be copied")?;
        let params = SigningParams::builder()
            .identity(&parts.identity)
            .region(&self.region)
            .name(SERVICE)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()?
            .into();
        let signable = SignableRequest::new(
            "POST",
            request.uri(),
            request.headers().iter(),
            SignableBody::Bytes(&body),
        )?;
        let (instructions, _) = sign(signable, &params)?.into_parts();
        let (headers, _) = instructions.into_parts();
        for header in headers {
            request.headers_mut().insert(header.name(), header.value().to_owned());
        }
        *request.body_mut() = body.into();
        Ok(request)
    }

    /// The parts, no older than [`FRESH`].
    async fn parts(&self, client: &Client) -> Result<Arc<Parts>, TargetError> {
        let fresh = |parts: &Option<Arc<Parts>>| parts.clone().filter(|it| it.taken.elapsed() < FRESH);
        if let Some(parts) = fresh(&*self.parts.read().await) {
            return Ok(parts);
        }
        let mut kept = self.parts.write().await;
        // Another request may have been quicker.
        if let Some(parts) = fresh(&kept) {
            return Ok(parts);
        }
        let parts = Arc::new(self.take(client).await?);
        *kept = Some(Arc::clone(&parts));
        Ok(parts)
    }

    /// Has the SDK prepare a request, and keeps what it would send it with.
    async fn take(&self, client: &Client) -> Result<Parts, TargetError> {
        let observer = Observer::default();
        let prepared = client.write_records().customize().interceptor(observer.clone()).send().await;
        let seen = observer.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (request, components) = match (seen, prepared) {
            (Some(seen), _) => seen,
            (None, Err(error)) => return Err(error.into()),
            (None, Ok(_)) => return Err(missing("an interceptor")),
        };
        let resolver = components.identity_resolver(AuthSchemeId::new("sigv4"));
        let resolver = resolver.ok_or_else(|| missing("a source of credentials"))?;
        // The request above was signed with the same identity, so this one is at hand.
        let identity = components
            .identity_cache()
            .resolve_cached_identity(resolver, &components, &ConfigBag::base())
            .await
            .map_err(Failure::construction_failure)?;
        let settings = HttpConnectorSettings::builder().connect_timeout(self.timeouts.connect).build();
        let http = components.http_client().ok_or_else(|| missing("an HTTP client"))?;
        let connector = http.http_connector(&settings, &components);
        Ok(Parts { taken: Instant::now(), request, identity, connector })
    }
}

fn missing(part: &str) -> TargetError {
    Failure::construction_failure(format!("the SDK came without {part}")).into()
}

/// Looks at a request that is ready to be sent, and then keeps it from being sent.
#[derive(Debug, Clone, Default)]
struct Observer(Arc<Mutex<Option<(HttpRequest, RuntimeComponents)>>>);

impl Intercept for Observer {
    fn name(&self) -> &'static str {
        "tsrun observer"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let prepared = context.request();
        let mut request = HttpRequest::empty();
        request.set_method("POST")?;
        request.set_uri(prepared.uri())?;
        for (name, value) in prepared.headers().iter().filter(|(name, _)| CONSTANT.contains(name)) {
            request.headers_mut().insert(name.to_owned(), value.to_owned());
        }
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((request, components.clone()));
        Err("it was only looked at".into())
    }
}
