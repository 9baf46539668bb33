//! Who sent a request: its signature (AWS Signature Version 4), held against the users that the server
//! knows. Not here: where users come from (`Config`); what a user may do, which is everything.
//!
//! The signature is made again from the request, by the SDK's own signing, and compared. What can be told
//! from the head is told before the body is read.

mod authorization;
mod pages;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, SignableBody, SignableRequest, SigningError, SigningSettings, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::identity::Identity;
use axum::http::header::{AUTHORIZATION, HeaderName};
use axum::http::request::Parts;
use chrono::{DateTime, NaiveDateTime, TimeDelta};
use subtle::ConstantTimeEq;

use self::authorization::Authorization;
use crate::clock::Clock;
use crate::failure::{Failure, Kind};

/// The service's name in signatures.
const SERVICE: &str = "timestream";
/// Minutes that a client's clock may be off, as the service's list of common errors says.
const SKEW_MINUTES: i64 = 15;
const DATE: &str = "x-amz-date";
const CONTENT_HASH: &str = "x-amz-content-sha256";
const DATE_FORMAT: &str = "%Y%m%dT%H%M%SZ";

/// Those whose requests are answered, by access key; where there are none, anybody's are.
#[derive(Clone, Default)]
pub struct Users(HashMap<String, Identity>);

impl Users {
    /// Adds a user, who may do everything.
    pub fn add(&mut self, access_key_id: impl Into<String>, secret_access_key: impl Into<String>) {
        let id = access_key_id.into();
        let credentials = Credentials::new(&id, secret_access_key, None, None, "server");
        self.0.insert(id, credentials.into());
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Says how many they are, and no secret.
impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Users({})", self.0.len())
    }
}

/// Checks who sent a request.
pub(crate) struct Guard {
    users: Users,
    region: String,
    clock: Arc<dyn Clock>,
}

/// What a request's head says of who sent it; not proven before `verify`.
pub(crate) struct Claim {
    identity: Identity,
    time: SystemTime,
    authorization: Authorization,
}

impl Guard {
    pub(crate) fn new(users: Users, region: String, clock: Arc<dyn Clock>) -> Self {
        Self { users, region, clock }
    }

    /// Reads the head; none where anybody's requests are answered.
    pub(crate) fn claim(&self, head: &Parts) -> Result<Option<Claim>, Failure> {
        if self.users.is_empty() {
            return pages::refuse_strangers(head).map(|()| None);
        }
        let authorization = authorization(head)?;
        let date = date(head)?;
        self.check_time(date)?;
        self.check_scope(&authorization, date)?;
        check_signed_headers(head, &authorization)?;
        // Credentials with a token are temporary ones of AWS, which are not ours to know.
        let token = head.headers.contains_key("x-amz-security-token");
        match self.users.0.get(&authorization.access_key_id) {
            Some(identity) if !token => {
                let time = date.and_utc().into();
                Ok(Some(Claim { identity: identity.clone(), time, authorization }))
            }
            _ => {
                let message = "The security token included in the request is invalid.";
                Err(Failure::new(Kind::UnrecognizedClient, message))
            }
        }
    }

    /// Proves that whom `claim` names has signed this head and this body.
    pub(crate) fn verify(&self, claim: &Claim, head: &Parts, body: &[u8]) -> Result<(), Failure> {
        // What cannot be signed has not been signed.
        let expected = self.signature(claim, head, body).map_err(|_| mismatch())?;
        let given = claim.authorization.signature.as_bytes();
        if bool::from(expected.as_bytes().ct_eq(given)) { Ok(()) } else { Err(mismatch()) }
    }

    /// The signature that the request should have.
    fn signature(&self, claim: &Claim, head: &Parts, body: &[u8]) -> Result<String, SigningError> {
        let signed = &claim.authorization.signed_headers;
        let headers = signed.iter().flat_map(|name| {
            let values = head.headers.get_all(name.as_str());
            values.iter().filter_map(move |value| Some((name.as_str(), value.to_str().ok()?)))
        });
        let uri = head.uri.path_and_query().map_or("/", |uri| uri.as_str());
        let request = SignableRequest::new(head.method.as_str(), uri, headers, SignableBody::Bytes(body))?;
        let mut settings = SigningSettings::default();
        settings.excluded_headers = None;
        if signed.iter().any(|name| name == CONTENT_HASH) {
            // The signer puts the body's hash there, so that another one does not fit the signature.
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        let params = SigningParams::builder()
            .identity(&claim.identity)
            .region(&self.region)
            .name(SERVICE)
            .time(claim.time)
            .settings(settings)
            .build()
            .expect("everything is set")
            .into();
        Ok(sign(request, &params)?.into_parts().1)
    }

    fn check_time(&self, date: NaiveDateTime) -> Result<(), Failure> {
        let now = DateTime::from_timestamp_nanos(self.clock.now()).naive_utc();
        let skew = TimeDelta::minutes(SKEW_MINUTES);
        let text = |time: NaiveDateTime| time.format(DATE_FORMAT);
        let (earliest, latest) = (now - skew, now + skew);
        if date < earliest {
            return Err(invalid(format!(
                "Signature expired: {} is now earlier than {} ({} - {SKEW_MINUTES} min.)",
                text(date),
                text(earliest),
                text(now)
            )));
        }
        if date > latest {
            return Err(invalid(format!(
                "Signature not yet current: {} is still later than {} ({} + {SKEW_MINUTES} min.)",
                text(date),
                text(latest),
                text(now)
            )));
        }
        Ok(())
    }

    /// The credential must be one for this day, region and service.
    fn check_scope(&self, authorization: &Authorization, date: NaiveDateTime) -> Result<(), Failure> {
        let [day, region, service, terminator] = &authorization.scope;
        let today = date.format("%Y%m%d").to_string();
        let wrong = if *day != today {
            format!("Date in Credential scope does not match the request's date: '{day}' != '{today}'.")
        } else if *region != self.region {
            format!(
                "Credential should be scoped to a valid region, not '{region}': it is '{}' here.",
                self.region
            )
        } else if service != SERVICE {
            format!("Credential should be scoped to correct service: '{SERVICE}', not '{service}'.")
        } else if terminator != "aws4_request" {
            format!(
                "Credential should be scoped with a valid terminator: 'aws4_request', not '{terminator}'."
            )
        } else {
            return Ok(());
        };
        Err(invalid(wrong))
    }
}

fn authorization(head: &Parts) -> Result<Authorization, Failure> {
    let presigned =
        head.uri.query().is_some_and(|query| query.to_ascii_lowercase().contains("x-amz-signature"));
    if presigned {
        let message = "Signatures in the query string are not supported; sign with the Authorization header.";
        return Err(Failure::new(Kind::IncompleteSignature, message));
    }
    let Some(value) = single(head, AUTHORIZATION.as_str()).map_err(incomplete)? else {
        return Err(Failure::new(Kind::MissingAuthenticationToken, "Missing Authentication Token"));
    };
    Authorization::read(value).map_err(incomplete)
}

/// The instant at which the request says that it was signed.
fn date(head: &Parts) -> Result<NaiveDateTime, Failure> {
    let Some(text) = single(head, DATE).map_err(incomplete)? else {
        return Err(incomplete(
            "Authorization header requires existence of a 'X-Amz-Date' header.".to_owned(),
        ));
    };
    let date = NaiveDateTime::parse_from_str(text, DATE_FORMAT).ok();
    // The parser takes more than the form has.
    date.filter(|date| date.format(DATE_FORMAT).to_string() == text).ok_or_else(|| {
        incomplete(format!(
            "Date must be in ISO-8601 'basic format'. Got '{text}'. See ISO-8601 and RFC 7231."
        ))
    })
}

/// All that decides what a request does must be signed, its body with it.
fn check_signed_headers(head: &Parts, authorization: &Authorization) -> Result<(), Failure> {
    let signed = |name: &str| authorization.signed_headers.iter().any(|signed| signed == name);
    let amazons = head.headers.keys().map(HeaderName::as_str).filter(|name| name.starts_with("x-amz-"));
    if let Some(name) = ["host"].into_iter().chain(amazons).find(|name| !signed(name)) {
        return Err(invalid(format!("'{name}' must be a 'SignedHeader' in the AWS Authorization.")));
    }
    if let Some(name) = authorization.signed_headers.iter().find(|name| !head.headers.contains_key(*name)) {
        return Err(invalid(format!("The signed header '{name}' is not in the request.")));
    }
    let is_text = |name: &&String| head.headers.get_all(*name).iter().all(|value| value.to_str().is_ok());
    if let Some(name) = authorization.signed_headers.iter().find(|name| !is_text(name)) {
        return Err(invalid(format!("The signed header '{name}' must be plain text.")));
    }
    let is_hash = |hash: &str| hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    match single(head, CONTENT_HASH).map_err(incomplete)? {
        Some(hash) if !is_hash(hash) => {
            Err(invalid(format!("The payload must be signed as a whole: '{CONTENT_HASH}' is '{hash}'.")))
        }
        _ => Ok(()),
    }
}

/// A header that may stand once.
fn single<'a>(head: &'a Parts, name: &str) -> Result<Option<&'a str>, String> {
    let mut values = head.headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    match (value.to_str(), values.next()) {
        (Ok(value), None) => Ok(Some(value)),
        _ => Err(format!("The header '{name}' must stand once, and be plain text.")),
    }
}

fn incomplete(message: String) -> Failure {
    Failure::new(Kind::IncompleteSignature, message)
}

fn invalid(message: String) -> Failure {
    Failure::new(Kind::InvalidSignature, message)
}

fn mismatch() -> Failure {
    invalid(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
         Access Key and signing method. Consult the service documentation for details."
            .to_owned(),
    )
}
