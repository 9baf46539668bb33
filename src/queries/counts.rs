//! Texts that count and date what is there: row-count mode and the runner's own questions. Not
//! here: templates.

/// `SELECT COUNT(*)` over a query.
#[must_use]
pub fn row_count(sql: &str) -> String {
    format!("SELECT COUNT(*) FROM (\n{sql}\n)")
}

/// Counts the table's rows of the last 15 minutes.
#[must_use]
pub fn count_recent(database: &str, table: &str) -> String {
    format!("SELECT COUNT(*) FROM {} WHERE time >= ago(15m)", table_name(database, table))
}

/// Asks for the newest time in the table.
#[must_use]
pub fn latest_time(database: &str, table: &str) -> String {
    format!("SELECT MAX(time) FROM {}", table_name(database, table))
}

/// `"db"."table"`.
pub(crate) fn table_name(database: &str, table: &str) -> String {
    format!("{}.{}", identifier(database), identifier(table))
}

/// A name in double quotes, quotes in it doubled.
pub(crate) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
