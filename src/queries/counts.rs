//! Texts that count and date what is there: row-count mode and the runner's own questions. Not
//! here: templates.

use super::{literal, scan};

/// `SELECT COUNT(*)` over a query.
#[must_use]
pub fn row_count(sql: &str) -> String {
    // The closing bracket stands on a line of its own, or a comment at the end would swallow it.
    format!("SELECT COUNT(*) FROM (\n{}\n)", without_end(sql))
}

/// Counts the table's rows of the last 15 minutes.
#[must_use]
pub fn count_recent(database: &str, table: &str) -> String {
    format!("SELECT COUNT(*) FROM {} WHERE time >= ago(15m)", literal::table(database, table))
}

/// Asks for the newest time in the table.
#[must_use]
pub fn latest_time(database: &str, table: &str) -> String {
    format!("SELECT MAX(time) FROM {}", literal::table(database, table))
}

/// `sql` without the semicolons and the white space that end it; a comment after them stays.
pub(crate) fn without_end(sql: &str) -> String {
    let mut kept = sql.to_owned();
    for token in scan::tokens(sql).iter().rev().take_while(|token| token.is_symbol(";")) {
        kept.remove(token.start);
    }
    kept.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_count_meets_any_end_of_a_query() {
        for (sql, inner) in [
            ("SELECT 1", "SELECT 1"),
            ("SELECT 1;\n", "SELECT 1"),
            ("SELECT 1 ; ;", "SELECT 1"),
            ("SELECT 1; -- done", "SELECT 1 -- done"),
            ("SELECT ';' -- no end;", "SELECT ';' -- no end;"),
            ("SELECT 1 /* ; */", "SELECT 1 /* ; */"),
        ] {
            assert_eq!(row_count(sql), format!("SELECT COUNT(*) FROM (\n{inner}\n)"));
        }
    }

    #[test]
    fn own_questions_quote_the_table() {
        assert_eq!(
            count_recent("perf-scale", "small"),
            r#"SELECT COUNT(*) FROM "perf-scale"."small" WHERE time >= ago(15m)"#
        );
        assert_eq!(latest_time("a", "b\"c"), r#"SELECT MAX(time) FROM "a"."b""c""#);
    }
}
