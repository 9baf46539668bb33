//! What the runner itself asks the table: its newest time, and the rows of the last 15 minutes.

use chrono::{DateTime, NaiveDateTime, Utc};

use super::context::Context;
use super::error::RunError;
use crate::clock::Clock;
use crate::queries::{count_recent, latest_time};
use crate::target::{Answer, Target, TargetError};

/// Rows of the last 15 minutes.
///
/// # Errors
/// The target's, or an answer that is no number.
pub(crate) async fn recent_rows(target: &Target, clock: &dyn Clock) -> Result<u64, TargetError> {
    let answer = target.query(&count_recent(target.database(), target.table()), clock).await;
    let text = first_value(answer.map_err(|failure| failure.error)?);
    text.and_then(|count| count.parse().ok()).ok_or_else(|| {
        TargetError::new(crate::target::ErrorKind::Query, "the count of recent rows is no number")
    })
}

/// The first instant after the newest row, so that a window that ends there holds it.
///
/// # Errors
/// The target's, or an empty table.
pub(crate) async fn latest(context: &Context) -> Result<DateTime<Utc>, RunError> {
    let target = &context.target;
    newest(context.insist(&latest_time(target.database(), target.table())).await?, target)
}

/// The same outside a run: asked once.
///
/// # Errors
/// As [`latest`].
pub(crate) async fn latest_once(target: &Target, clock: &dyn Clock) -> Result<DateTime<Utc>, RunError> {
    let answer = target.query(&latest_time(target.database(), target.table()), clock).await;
    newest(answer.map_err(|failure| failure.error)?, target)
}

fn newest(answer: Answer, target: &Target) -> Result<DateTime<Utc>, RunError> {
    let text = first_value(answer);
    let newest =
        text.as_deref().and_then(|text| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok());
    newest
        .map(|newest| newest.and_utc() + chrono::TimeDelta::nanoseconds(1))
        .ok_or_else(|| RunError::NoLatest { table: format!("{}.{}", target.database(), target.table()) })
}

/// The first column of the first row.
fn first_value(answer: Answer) -> Option<String> {
    answer.first.into_iter().next().and_then(|(_, value)| value)
}
