//! Calls whose arguments decide what they cost: what would take all memory or all time is refused, and what is refused
//! says why.

use std::time::{Duration, Instant};

use super::*;

/// More than anything here may take; the machine may be busy.
const SOON: Duration = Duration::from_secs(30);

/// A table of a thousand numbers from 0 on.
fn thousand() -> String {
    format!("(VALUES {})", (0..1000).map(|i| format!("({i})")).collect::<Vec<_>>().join(","))
}

fn told(fixture: &Fixture, text: &str) -> String {
    let begun = Instant::now();
    let told = fixture.error(text);
    let start: String = text.chars().take(80).collect();
    assert!(begun.elapsed() < SOON, "{start}: {:?}", begun.elapsed());
    assert!(!matches!(told, SqlError::Internal(_)), "{start}: {told}");
    told.to_string()
}

#[test]
fn window_functions_hold_no_more_than_there_is() {
    let fixture = Fixture::with_memory(16 << 20);
    let v = thousand();
    for window in [
        "ntile(4) OVER ()",
        "sum(t.a) OVER ()",
        "sum(t.a) OVER (ORDER BY 1)",
        "sum(t.a) OVER (ROWS BETWEEN 1000000000 PRECEDING AND CURRENT ROW)",
        "sum(t.a) OVER (ROWS BETWEEN CURRENT ROW AND 1000000000 FOLLOWING)",
    ] {
        let text = format!("SELECT max(s) FROM (SELECT {window} AS s FROM {v} t(a), {v} u(b), {v} w(c))");
        let told = told(&fixture, &text);
        assert!(told.starts_with("Query exceeded the memory limit"), "{window}: {told}");
    }
    for call in [
        "lag(t.a, 1000000000)",
        "lead(t.a, 1000000000)",
        "nth_value(t.a, 1000000000)",
        "lag(t.a, -1000000000)",
    ] {
        let told = told(&fixture, &format!("SELECT {call} OVER () FROM {v} t(a)"));
        assert!(told.contains("must be at most 100000"), "{call}: {told}");
    }
    // What passes through is no matter.
    let fixture = Fixture::with_memory(16 << 20);
    for (window, expected) in [
        ("row_number() OVER ()", "1000000"),
        ("lag(t.a, 1) OVER ()", "999"),
        ("count(*) OVER (ROWS BETWEEN 9 PRECEDING AND CURRENT ROW)", "10"),
        ("sum(1) OVER (ROWS UNBOUNDED PRECEDING)", "1000000"),
    ] {
        let text = format!("SELECT max(s) FROM (SELECT {window} AS s FROM {v} t(a), {v} u(b))");
        assert_eq!(fixture.value(&text), expected, "{window}");
    }
}

#[test]
fn percentiles_are_told_as_finely_as_needed() {
    let fixture = Fixture::new();
    let percentile = |third: &str| {
        format!("SELECT approx_percentile(a, 0.5, {third}) FROM (VALUES (1.0),(2.0),(3.0)) t(a)")
    };
    assert_eq!(fixture.value(&percentile("100")), "2.0");
    for third in ["10001", "1000000000", "9223372036854775807", "0", "-1", "5 * 100000"] {
        let told = told(&fixture, &percentile(third));
        assert!(told.contains("must be a whole number from 1 to 10000"), "{third}: {told}");
    }
}

#[test]
fn arrays_that_are_made_have_a_bound() {
    let fixture = Fixture::new();
    let ten = |item: &str| format!("[{}]", [item; 10].join(","));
    // Aggregates keep the planner from knowing how large they are.
    let chained = |first: &str, next: &str, times: usize| {
        let next = |i| format!(", t{i} AS (SELECT first_value({next}) AS x FROM t{})", i - 1);
        let nexts = (1..times).map(next).collect::<String>();
        format!(
            "WITH t0 AS (SELECT {first} AS x FROM (VALUES (1)) v(a)){nexts} SELECT x[1] IS NULL FROM t{}",
            times - 1
        )
    };
    let list = "[a, a, a, a, a, a, a, a, a, a]";
    assert_eq!(fixture.value(&chained(list, "x || x", 10)), "false");
    assert_eq!(fixture.value(&chained(list, &ten("x"), 4)), "false");
    for text in [chained(list, "x || x", 34), chained(list, &ten("x"), 12)] {
        let told = told(&fixture, &text);
        assert!(told.starts_with("Query exceeded the memory limit"), "{told}");
    }
}

#[test]
fn arrays_that_are_repeated_have_a_bound() {
    let fixture = Fixture::new();
    let v = thousand();
    let list = format!("WITH l AS (SELECT array_agg(t.a) AS x FROM {v} t(a), {v} u(b))");
    let told = told(&fixture, &format!("{list} SELECT max(x[b]) FROM l, {v} u(b) WHERE x[b] > b - 10"));
    assert!(told.starts_with("A join or UNNEST would repeat arrays of 8000000 bytes"), "{told}");
    assert_eq!(fixture.value(&format!("{list} SELECT count(a.x[1] + b.x[1]) FROM l a, l b")), "1");
    let short = format!("WITH l AS (SELECT [t.a, 1] AS x FROM {v} t(a))");
    assert_eq!(fixture.value(&format!("{short} SELECT count(x[1]) FROM l, {v} u(b)")), "1000000");
}

#[test]
fn patterns_are_literals_of_bounded_size() {
    let fixture = Fixture::new();
    for (condition, expected) in [
        ("regexp_like('abc', '^a.c$')", "true"),
        ("regexp_like('abc', 'B')", "false"),
        ("'abc' ~ 'b'", "true"),
        ("'abc' ~* 'B'", "true"),
        ("'abc' !~ 'b'", "false"),
        ("regexp_like(NULL, 'a')", "NULL"),
        ("regexp_like('a', NULL)", "NULL"),
        ("'abc' LIKE 'a%'", "true"),
        ("'abc' LIKE 'a' || '%'", "true"),
    ] {
        assert_eq!(fixture.value(&format!("SELECT {condition}")), expected, "{condition}");
    }
    let texts = "FROM (VALUES ('cpu1'), ('mem'), (NULL)) t(x)";
    assert_eq!(fixture.rows(&format!("SELECT x {texts} WHERE regexp_like(x, 'cpu[0-9]')")), ["cpu1"]);
    assert_eq!(fixture.value(&format!("SELECT count(*) {texts} WHERE x LIKE x")), "2");
    let v = thousand();
    let bits = "0110100110010110".repeat(3000);
    let many = "a_%".repeat(60_000);
    for (text, expected) in [
        ("SELECT regexp_like('a', '(')".to_owned(), "'(' is not a regular expression: unclosed group"),
        ("SELECT 'a' ~ '['".to_owned(), "'[' is not a regular expression: unclosed character class"),
        ("SELECT regexp_like('a', '(a{1000}){1000}')".to_owned(), "is too large"),
        (
            format!("SELECT regexp_like(rpad('1', 3000000, '{bits}'), '[01]*1[01]{{3000}}[2-9]')"),
            "takes too long on texts of 3000000 bytes",
        ),
        (
            format!(
                "SELECT count(*) FROM {v} t(a) WHERE regexp_like(rpad(cast(a AS varchar), 8000, '01'), '([01]*1[01]{{3000}})$')"
            ),
            "takes too long on texts of 8000 bytes",
        ),
        (
            format!(
                "SELECT count(*) FROM {v} t(a) WHERE regexp_like('a', '\\w{{80}}' || cast(a AS varchar))"
            ),
            "must be a literal text",
        ),
        (format!("SELECT 'a' LIKE '{many}'"), "of LIKE has more than 4096 bytes or 100 wildcards"),
        ("SELECT 'a' LIKE rpad('a', 5000, 'b')".to_owned(), "of LIKE has more than 4096 bytes"),
        (format!("SHOW DATABASES LIKE '{many}'"), "of LIKE has more than 4096 bytes or 100 wildcards"),
    ] {
        let told = told(&fixture, &text);
        assert!(told.contains(expected), "{told}");
    }
}
