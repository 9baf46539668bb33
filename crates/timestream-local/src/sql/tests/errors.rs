//! What users read when a query cannot be answered.

use super::Fixture;
use crate::sql::SqlError;

fn fixture() -> Fixture {
    Fixture::new().memory("t", "host | measure_name | time | v:double | n:bigint\na | m | 01:00 | 1 | 0")
}

#[test]
fn bad_texts_name_the_place() {
    let fixture = fixture();
    for (text, message) in [
        ("SELECT x FROM db.t", "line 1:8: Column 'x' does not exist"),
        ("SELECT host\nFROM db.t\nWHERE hots = 'a'", "line 3:7: Column 'hots' does not exist"),
        ("SELECT a.hots FROM db.t a", "line 1:8: Column 'a.hots' does not exist"),
        ("SELECT measure_value::bigint FROM db.t", "line 1:8: Column 'measure_value::bigint' does not exist"),
        ("SELECT v FROM db.t ORDER BY x", "line 1:29: Column 'x' does not exist"),
        ("SELECT * FROM db.other", "line 1:15: Table 'db.other' does not exist"),
        ("SELECT * FROM \"no\".\"t\"", "line 1:15: Table 'no.t' does not exist"),
        ("SELECT * FROM t", "line 1:15: Schema must be specified when session schema is not set"),
        ("SELECT foo(v) FROM db.t", "line 1:8: Function 'foo' not registered"),
        (
            "SELECT host, avg(v) FROM db.t",
            "line 1:8: 'host' must be an aggregate expression or appear in GROUP BY clause",
        ),
        (
            "SELECT a.v FROM db.t a JOIN db.t b ON a.host = b.host WHERE host = 'a'",
            "line 1:61: Column 'host' is ambiguous",
        ),
        ("SELECT FROM db.t", "line 1:1: SELECT needs an expression"),
        ("SELECT 'a", "line 1:8: Unterminated string literal"),
        ("SELECT * FROM range(1, 5)", "line 1:15: Table functions are not supported"),
        ("SELECT * FROM '/etc/passwd'", "line 1:1: Schema must be specified when session schema is not set"),
        (
            "SELECT * FROM information_schema.tables",
            "line 1:15: Table 'information_schema.tables' does not exist",
        ),
        (
            "EXPLAIN SELECT 1",
            "line 1:1: mismatched input 'EXPLAIN'. Expecting: 'SELECT', 'WITH', 'VALUES', 'SHOW', 'DESCRIBE'",
        ),
        (
            "SELECT 9223372036854775808",
            "line 1:8: 9223372036854775808 is out of range of BIGINT; write 9223372036854775808.0 for a DOUBLE",
        ),
        ("SELECT cast(1 AS bigint),\n cast('a' AS bigint)", "line 2:7: Cannot cast 'a' to BIGINT"),
        (
            "SELECT approx_percentile(v) FROM db.t",
            "line 1:8: Unexpected parameters for function approx_percentile",
        ),
        ("SELECT sum(time '01:00:00')", "line 1:8: Unexpected parameters for function sum"),
        (
            "SELECT interval '1' year + interval '1' day",
            "line 1:1: Months and days cannot be added or compared: add each to a time",
        ),
        (
            "SELECT * FROM (SELECT array_agg(v) AS vs FROM db.t) CROSS JOIN unnest(vs) AS u(v)",
            "line 1:1: Unsupported: a subquery that refers to the query around it in this way",
        ),
        ("SELECT max(*) FROM db.t", "line 1:1: Unsupported: * in this place"),
        (
            "SELECT v FROM db.t WHERE row_number() OVER () = 1",
            "line 1:1: Unsupported: a window function in this place",
        ),
        ("SELECT count_if(DISTINCT v > 0) FROM db.t", "line 1:1: DISTINCT is not supported in count_if"),
        ("SELECT v, avg(host) FROM db.t GROUP BY v", "line 1:11: Unexpected parameters for function avg"),
        ("SELECT bin(time, 15) FROM db.t", "line 1:8: Unexpected parameters for function bin"),
        ("SELECT max_by(v, n) OVER () FROM db.t", "line 1:1: max_by is not supported as a window function"),
        ("SELECT DISTINCT ON (host) host FROM db.t", "line 1:8: DISTINCT ON is not supported"),
    ] {
        let error = fixture.error(text);
        assert!(matches!(error, SqlError::Validation(_)), "{text}: {error:?}");
        assert_eq!(error.to_string(), message, "{text}");
    }
}

#[test]
fn failures_on_data_are_execution_errors() {
    let fixture = fixture();
    for (text, message) in [
        ("SELECT 1 / n FROM db.t", "Division by zero"),
        ("SELECT cast(host AS double) FROM db.t", "Cannot cast 'a' to DOUBLE"),
        ("SELECT 2000000000 + 2000000000", "integer overflow: 2000000000 + 2000000000"),
        ("SELECT 9223372036854775807 + 1", "integer overflow: 9223372036854775807 + 1"),
        ("SELECT split_part(host, ',', 0) FROM db.t", "split_part counts from 1, and was given 0"),
        ("SELECT bin(time, 0h) FROM db.t", "bin needs an interval above zero, in days or less"),
    ] {
        assert_eq!(fixture.error(text), SqlError::Execution(message.to_owned()), "{text}");
    }
}

#[test]
fn an_answer_that_failed_is_over() {
    let fixture = fixture();
    let mut answer = fixture.query("SELECT 1 / n FROM db.t").expect("a plan");
    assert!(super::block_on(answer.next_rows(10, 1 << 20)).is_err());
    assert!(answer.finished());
    assert_eq!(super::block_on(answer.next_rows(10, 1 << 20)), Ok(Vec::new()));
}

#[test]
fn a_text_that_nests_too_deep_is_refused() {
    let fixture = fixture();
    for (start, link, unit, end) in [
        ("SELECT ", " + ", "v", " FROM db.t"),
        ("SELECT ", "::double", "", " FROM db.t"),
        ("SELECT count(*) FROM db.t WHERE ", " OR ", "host = 'a'", ""),
        ("", " UNION ALL ", "SELECT 1", ""),
        ("SELECT ", "(", "", ""),
    ] {
        let text = |count: usize| format!("{start}{}{end}", vec![unit; count].join(link));
        let error = fixture.error(&text(20_000)).to_string();
        assert!(error.contains("too complex") || error.contains("too deeply nested"), "{error}");
        if unit.len() > 1 {
            fixture.rows(&text(240));
        }
    }
    let hosts = vec!["'a'"; 10_000].join(", ");
    assert_eq!(fixture.value(&format!("SELECT count(*) FROM db.t WHERE host IN ({hosts})")), "1");
}

#[test]
fn a_text_that_takes_long_to_parse_is_refused() {
    let fixture = fixture();
    // Found by fuzzing: the parser tries each of these in several ways, within each other.
    for nested in ["x.y[select .", "x.y.z.w[", "position(", "cast(", "try_cast(", "array[", "substring("] {
        let error = fixture.error(&format!("SELECT {}", nested.repeat(40))).to_string();
        assert!(error.contains("nest too deep"), "{nested}: {error}");
    }
    let nested = format!("SELECT {}1{}", "CAST(".repeat(12), " AS BIGINT)".repeat(12));
    assert_eq!(fixture.value(&nested), "1");
    assert_eq!(
        fixture.value("SELECT position('b' IN substring('abc', 2)) + (((((((((((((1)))))))))))))"),
        "2"
    );
}
