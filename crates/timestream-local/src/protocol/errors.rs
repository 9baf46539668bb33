//! What the errors of the crate's other parts are for clients. Not here: how those are told (`failure`).

use super::{Failure, Kind};
use crate::account::AccountError;
use crate::buckets::BucketError;
use crate::catalog::CatalogError;
use crate::engine::{EngineError, QueryError};
use crate::faults::Refusal;
use crate::scheduled::{BookError, ColumnError, ScheduleError};
use crate::sql::SqlError;

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Throttled => Self::new(Kind::Throttling, "The request was throttled by the fault plan."),
            Refusal::Unavailable => {
                Self::new(Kind::Unavailable, "The service is unavailable, by the fault plan.")
            }
            // Nobody reads the answer on a connection that is reset.
            Refusal::Failed | Refusal::Reset => {
                Self::new(Kind::Internal, "The request failed, by the fault plan.")
            }
        }
    }
}

impl From<AccountError> for Failure {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::File(_) => Self::internal(&error),
            _ => Self::validation(error.to_string()),
        }
    }
}

impl From<BucketError> for Failure {
    fn from(error: BucketError) -> Self {
        match error {
            BucketError::Io { .. } => Self::internal(&error),
            _ => Self::validation(error.to_string()),
        }
    }
}

impl From<CatalogError> for Failure {
    fn from(error: CatalogError) -> Self {
        let kind = match error {
            CatalogError::NoDatabase(_) | CatalogError::NoTable(_) => Kind::ResourceNotFound,
            CatalogError::DatabaseExists(_) | CatalogError::TableExists(_) => Kind::Conflict,
            CatalogError::Quota { .. } | CatalogError::TooManyTags => Kind::ServiceQuotaExceeded,
            CatalogError::DatabaseNotEmpty(_) | CatalogError::PartitionKeyChanged => Kind::Validation,
            CatalogError::File(_) => return Self::internal(&error),
        };
        Self::new(kind, error.to_string())
    }
}

impl From<SqlError> for Failure {
    fn from(error: SqlError) -> Self {
        match error {
            SqlError::Validation(message) => Self::validation(message),
            SqlError::Execution(message) => Self::new(Kind::QueryExecution, message),
            SqlError::Internal(_) => Self::internal(&error),
        }
    }
}

impl From<BookError> for Failure {
    fn from(error: BookError) -> Self {
        let kind = match error {
            BookError::NoQuery(_) => Kind::ResourceNotFound,
            BookError::NameTaken(_) | BookError::TokenUsed => Kind::Conflict,
            BookError::TooMany | BookError::TooManyTags => Kind::ServiceQuotaExceeded,
            BookError::TooManyRuns => Kind::Throttling,
            BookError::File(_) => return Self::internal(&error),
        };
        Self::new(kind, error.to_string())
    }
}

impl From<ColumnError> for Failure {
    fn from(error: ColumnError) -> Self {
        Self::validation(error.to_string())
    }
}

impl From<ScheduleError> for Failure {
    fn from(error: ScheduleError) -> Self {
        Self::validation(error.to_string())
    }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Sql(error) => error.into(),
            QueryError::Token(_) | QueryError::Abandoned(_) | QueryError::ClientToken(_) => {
                Self::validation(error.to_string())
            }
            QueryError::Cancelled => Self::new(Kind::QueryExecution, error.to_string()),
        }
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Catalog(error) => error.into(),
            EngineError::Sql(error) => error.into(),
            EngineError::Scheduled(error) => error.into(),
            EngineError::Store(_)
            | EngineError::File(_)
            | EngineError::Io { .. }
            | EngineError::NoCatalog { .. }
            | EngineError::Descriptors { .. } => Self::internal(&error),
        }
    }
}
