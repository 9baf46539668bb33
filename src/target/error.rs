//! Everything a target can answer other than success, in our own terms. Not here: when to try
//! again (`runner::retry`).

use std::error::Error;
use std::fmt;

use aws_sdk_timestreamwrite::error::{ProvideErrorMetadata, SdkError};

/// What kind of failure it was; it decides over retries, accounts and exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The service asked to slow down.
    Throttled,
    /// Some records of a write were not stored.
    Rejected,
    /// The request breaks the service's rules.
    Validation,
    /// No such database, table or resource.
    NotFound,
    /// The credentials do not allow it, or are not valid.
    Denied,
    /// It exists already, or is being changed.
    Conflict,
    /// A quota of the account is used up.
    Quota,
    /// The query failed while it ran.
    Query,
    /// No answer in time; a write may have been stored.
    Timeout,
    /// The connection failed before the request was sent.
    Connect,
    /// This machine had no file left to open a connection with.
    OpenFiles,
    /// The connection broke; a write may have been stored.
    Network,
    /// The service failed (5xx).
    Server,
    /// No credentials were found.
    NoCredentials,
    /// The local server could not be started or joined.
    Local,
}

impl ErrorKind {
    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_transient(self) -> bool {
        matches!(
            self,
            Self::Throttled | Self::Timeout | Self::Connect | Self::OpenFiles | Self::Network | Self::Server
        )
    }

    /// Whether nobody knows what became of the request.
    #[must_use]
    pub fn is_ambiguous(self) -> bool {
        matches!(self, Self::Timeout | Self::Network | Self::Server)
    }

    /// Whether the target cannot be reached or may not be used (exit code 4).
    #[must_use]
    pub fn is_unreachable(self) -> bool {
        matches!(self, Self::Connect | Self::Network | Self::NoCredentials | Self::Denied | Self::Local)
    }

    /// The name in results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Rejected => "rejected",
            Self::Validation => "validation",
            Self::NotFound => "not_found",
            Self::Denied => "denied",
            Self::Conflict => "conflict",
            Self::Quota => "quota",
            Self::Query => "query",
            Self::Timeout => "timeout",
            Self::Connect => "connect",
            Self::OpenFiles => "open_files",
            Self::Network => "network",
            Self::Server => "server",
            Self::NoCredentials => "no_credentials",
            Self::Local => "local",
        }
    }
}

/// A record that a write left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedRecord {
    /// Its place in the batch, from 0.
    pub index: usize,
    /// The service's reason.
    pub reason: String,
}

/// A request that did not succeed.
#[derive(Debug, Clone)]
pub struct TargetError {
    /// What kind of failure it was.
    pub kind: ErrorKind,
    /// What happened and, where there is one, the remedy.
    pub message: String,
    /// The records that were rejected, where `kind` is [`ErrorKind::Rejected`].
    pub rejected: Vec<RejectedRecord>,
}

impl TargetError {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), rejected: Vec::new() }
    }

    /// The same, saying first what was being done.
    #[must_use]
    pub(crate) fn context(mut self, doing: &str) -> Self {
        self.message = format!("{doing}: {}", self.message);
        self
    }
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for TargetError {}

/// Turns any SDK error into ours.
impl<E> From<SdkError<E>> for TargetError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    fn from(error: SdkError<E>) -> Self {
        match &error {
            SdkError::ServiceError(answer) => service_error(answer.err(), answer.raw().status().as_u16()),
            SdkError::TimeoutError(_) => {
                Self::new(ErrorKind::Timeout, "no answer within the attempt timeout")
            }
            SdkError::DispatchFailure(failure) if !failure.is_user() => {
                dispatch_failure(&chain(&error), failure.is_timeout())
            }
            SdkError::ResponseError(_) => broken_answer(&error),
            _ => unsent(&chain(&error)),
        }
    }
}

/// An answer that was not read to its end, or made no sense.
pub(super) fn broken_answer(error: &dyn Error) -> TargetError {
    TargetError::new(ErrorKind::Network, format!("the answer broke off: {}", chain(error)))
}

/// An answer that is an error.
pub(super) fn service_error(error: &dyn ProvideErrorMetadata, status: u16) -> TargetError {
    let code = error.code().unwrap_or("unknown error");
    let kind = match code {
        "ThrottlingException" => ErrorKind::Throttled,
        "RejectedRecordsException" => ErrorKind::Rejected,
        "ValidationException" | "SerializationException" | "UnknownOperationException" => {
            ErrorKind::Validation
        }
        "ResourceNotFoundException" => ErrorKind::NotFound,
        "ConflictException" => ErrorKind::Conflict,
        "ServiceQuotaExceededException" => ErrorKind::Quota,
        "QueryExecutionException" => ErrorKind::Query,
        "InternalServerException" => ErrorKind::Server,
        "AccessDeniedException"
        | "UnrecognizedClientException"
        | "ExpiredTokenException"
        | "InvalidSignatureException"
        | "MissingAuthenticationTokenException"
        | "IncompleteSignatureException" => ErrorKind::Denied,
        _ => match status {
            429 => ErrorKind::Throttled,
            401 | 403 => ErrorKind::Denied,
            404 => ErrorKind::NotFound,
            408 => ErrorKind::Timeout,
            500.. => ErrorKind::Server,
            _ => ErrorKind::Validation,
        },
    };
    let said = error.message().unwrap_or("no message");
    let remedy = match kind {
        ErrorKind::Denied => "; check the credentials (--profile) and that they allow timestream:*",
        _ => "",
    };
    TargetError::new(kind, format!("{code} (HTTP {status}): {said}{remedy}"))
}

/// A request that the SDK did not build: without credentials it cannot sign one.
fn unsent(causes: &str) -> TargetError {
    no_credentials(causes).unwrap_or_else(|| TargetError::new(ErrorKind::Validation, causes))
}

fn no_credentials(causes: &str) -> Option<TargetError> {
    let lower = causes.to_lowercase();
    if !lower.contains("credential") && !lower.contains("identity") {
        return None;
    }
    let message = format!(
        "no credentials: {causes}; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or choose a profile with --profile"
    );
    Some(TargetError::new(ErrorKind::NoCredentials, message))
}

/// A request that never got an answer. The SDK gives causes as texts only.
fn dispatch_failure(causes: &str, timed_out: bool) -> TargetError {
    if let Some(error) = no_credentials(causes) {
        return error;
    }
    let lower = causes.to_lowercase();
    if lower.contains("too many open files") {
        let message =
            format!("cannot connect: {causes}; raise `ulimit -n`, or lower the target's `connections`");
        return TargetError::new(ErrorKind::OpenFiles, message);
    }
    let never_sent = timed_out
        || ["connect error", "connection refused", "dns error", "lookup address", "no route"]
            .iter()
            .any(|sign| lower.contains(sign));
    if never_sent {
        let message = format!("cannot connect: {causes}; check the region, --endpoint-url and the network");
        return TargetError::new(ErrorKind::Connect, message);
    }
    TargetError::new(ErrorKind::Network, format!("the connection broke: {causes}"))
}

/// The error of endpoint discovery, of which the SDK hides the type.
pub(super) fn discovery(error: &(dyn Error + Send + Sync)) -> TargetError {
    let causes = chain(error);
    if causes.contains("AccessDenied") || causes.contains("UnrecognizedClient") || causes.contains("Expired")
    {
        let message = format!("{causes}; check that the credentials allow timestream:DescribeEndpoints");
        return TargetError::new(ErrorKind::Denied, message);
    }
    dispatch_failure(&causes, false)
}

/// An error and its causes, each said once.
fn chain(error: &dyn Error) -> String {
    let mut texts = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(next) = cause {
        let text = next.to_string();
        if !texts.last().is_some_and(|last| last.contains(&text)) {
            texts.push(text);
        }
        cause = next.source();
    }
    texts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_without_an_answer_fall_into_kinds() {
        for (causes, kind) in [
            ("dispatch failure: the credential provider was not enabled", ErrorKind::NoCredentials),
            (
                "dispatch failure: io error: client error (Connect): tcp connect error: Connection refused",
                ErrorKind::Connect,
            ),
            ("dispatch failure: io error: connection reset by peer", ErrorKind::Network),
            (
                "dispatch failure: io error: client error (Connect): Too many open files (os error 24)",
                ErrorKind::OpenFiles,
            ),
        ] {
            assert_eq!(dispatch_failure(causes, false).kind, kind, "{causes}");
        }
        assert_eq!(dispatch_failure("dispatch failure: timeout", true).kind, ErrorKind::Connect);
    }
}
