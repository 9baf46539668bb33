//! Values as SQL writes them. Not here: reading SQL (`scan`).

use std::time::Duration;

use chrono::{DateTime, Utc};

/// A text in single quotes, quotes in it doubled.
pub(crate) fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// A name in double quotes, quotes in it doubled: right for any name, reserved or not.
pub(crate) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `"db"."table"`.
pub(crate) fn table(database: &str, table: &str) -> String {
    format!("{}.{}", identifier(database), identifier(table))
}

/// `'2026-11-22 22:00:00.000000000'`, in UTC, as the service prints and compares timestamps.
pub(crate) fn timestamp(time: DateTime<Utc>) -> String {
    time.format("'%Y-%m-%d %H:%M:%S%.9f'").to_string()
}

/// `15m`, `1h`, `3d`: a duration in Timestream's own form.
pub(crate) fn duration(length: Duration) -> String {
    crate::units::print_duration(i64::try_from(length.as_nanos()).unwrap_or(i64::MAX))
}
