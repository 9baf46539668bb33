//! Errors as clients see them: type, status, message. Not here: which of them other modules' errors become
//! (`protocol::errors`).

use std::borrow::Cow;
use std::fmt::Display;

use serde::Serialize;

use crate::model::Rejected;

/// The types of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Validation,
    Serialization,
    UnknownOperation,
    QueryExecution,
    ServiceQuotaExceeded,
    ResourceNotFound,
    Conflict,
    TooLarge,
    RejectedRecords,
    Throttling,
    Internal,
    Unavailable,
    RequestTimeout,
    AccessDenied,
    MissingAuthenticationToken,
    IncompleteSignature,
    InvalidSignature,
    UnrecognizedClient,
}

impl Kind {
    /// The type's name, as `__type` carries it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Validation => "ValidationException",
            Self::Serialization => "SerializationException",
            Self::UnknownOperation => "UnknownOperationException",
            Self::QueryExecution => "QueryExecutionException",
            Self::ServiceQuotaExceeded => "ServiceQuotaExceededException",
            Self::ResourceNotFound => "ResourceNotFoundException",
            Self::Conflict => "ConflictException",
            Self::TooLarge => "RequestEntityTooLargeException",
            Self::RejectedRecords => "RejectedRecordsException",
            Self::Throttling => "ThrottlingException",
            Self::Internal => "InternalServerException",
            Self::Unavailable => "ServiceUnavailableException",
            Self::RequestTimeout => "RequestTimeoutException",
            Self::AccessDenied => "AccessDeniedException",
            Self::MissingAuthenticationToken => "MissingAuthenticationTokenException",
            Self::IncompleteSignature => "IncompleteSignatureException",
            Self::InvalidSignature => "InvalidSignatureException",
            Self::UnrecognizedClient => "UnrecognizedClientException",
        }
    }

    /// The HTTP status.
    pub(crate) fn status(self) -> u16 {
        match self {
            Self::Validation | Self::Serialization | Self::UnknownOperation | Self::QueryExecution => 400,
            Self::ServiceQuotaExceeded => 402,
            Self::AccessDenied
            | Self::MissingAuthenticationToken
            | Self::IncompleteSignature
            | Self::InvalidSignature
            | Self::UnrecognizedClient => 403,
            Self::ResourceNotFound => 404,
            Self::RequestTimeout => 408,
            Self::Conflict => 409,
            Self::TooLarge => 413,
            Self::RejectedRecords => 419,
            Self::Throttling => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }
}

/// An error answer.
///
/// Of one word: every check of every record gives a value or a failure, which is moved about.
#[derive(Debug)]
pub(crate) struct Failure(Box<Told>);

#[derive(Debug)]
struct Told {
    kind: Kind,
    what: What,
}

/// What is told beside the kind.
#[derive(Debug)]
enum What {
    Message(String),
    /// The first constraints of the service model that a request breaks, and how many it breaks.
    Violations(Vec<String>, usize),
    /// Some of a write's records were not stored.
    Rejected(Vec<Rejected>),
    /// The scheduled query of this ARN is not there.
    NoScheduledQuery(String),
}

/// Violations that a message spells out.
const TOLD: usize = 20;

impl Failure {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self::of(kind, What::Message(message.into()))
    }

    fn of(kind: Kind, what: What) -> Self {
        Self(Box::new(Told { kind, what }))
    }

    pub(crate) fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The scheduled query of this ARN is not there.
    pub(crate) fn no_scheduled_query(arn: &str) -> Self {
        Self::of(Kind::ResourceNotFound, What::NoScheduledQuery(arn.to_owned()))
    }

    /// A request breaks a constraint of the service model.
    pub(crate) fn violation(what: String) -> Self {
        Self::of(Kind::Validation, What::Violations(vec![what], 1))
    }

    /// Both, where both are broken constraints. Those are told before what else is wrong.
    pub(crate) fn and(mut self, mut other: Self) -> Self {
        match (&mut self.0.what, &mut other.0.what) {
            (What::Violations(these, count), What::Violations(those, more)) => {
                let room = TOLD.saturating_sub(these.len()).min(those.len());
                these.extend(those.drain(..room));
                *count += *more;
            }
            (_, What::Violations(..)) => return other,
            _ => {}
        }
        self
    }

    /// What clients are told.
    pub(crate) fn message(&self) -> Cow<'_, str> {
        match &self.0.what {
            What::Message(message) => message.into(),
            What::Violations(violations, count) => {
                let mut told = violations.join("; ");
                if *count > violations.len() {
                    told = format!("{told}; and {} more", count - violations.len());
                }
                let s = if *count == 1 { "" } else { "s" };
                format!("{count} validation error{s} detected: {told}").into()
            }
            What::Rejected(_) => {
                "One or more records have been rejected. See RejectedRecords for details.".into()
            }
            What::NoScheduledQuery(arn) => format!("The scheduled query {arn} does not exist.").into(),
        }
    }

    /// The request itself is wrong.
    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new(Kind::Validation, message)
    }

    /// We failed, not the caller.
    pub(crate) fn internal(error: &dyn Display) -> Self {
        tracing::error!(%error, "a request failed");
        Self::new(Kind::Internal, error.to_string())
    }

    /// Some of a write's records were not stored.
    pub(crate) fn rejected(records: Vec<Rejected>) -> Self {
        Self::of(Kind::RejectedRecords, What::Rejected(records))
    }

    /// The error's JSON.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        let (records, arn) = match &self.0.what {
            What::Rejected(records) => (Some(records.iter().map(WireRejected::new).collect()), None),
            What::NoScheduledQuery(arn) => (None, Some(arn.as_str())),
            What::Message(_) | What::Violations(..) => (None, None),
        };
        let wire = WireFailure {
            kind: self.0.kind.name(),
            message: &self.message(),
            rejected_records: records,
            scheduled_query_arn: arn,
        };
        serde_json::to_vec(&wire).expect("texts and numbers are JSON")
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WireFailure<'a> {
    #[serde(rename = "__type")]
    kind: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_records: Option<Vec<WireRejected<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduled_query_arn: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WireRejected<'a> {
    record_index: usize,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    existing_version: Option<i64>,
}

impl<'a> WireRejected<'a> {
    fn new(record: &'a Rejected) -> Self {
        Self { record_index: record.index, reason: &record.reason, existing_version: record.existing_version }
    }
}
