//! Texts that nest, list or multiply without end: each is answered or refused at once, and what is within the bounds
//! fits into the stack of the threads that run queries.

use std::time::{Duration, Instant};

use super::*;

/// More than anything here may take; the machine may be busy.
const AT_ONCE: Duration = Duration::from_secs(20);

/// `start`, `part` until the text is as long as a request may be, and `end`.
fn repeated(start: &str, part: &str, end: &str) -> String {
    format!("{start}{}{end}", part.repeat((256 << 10) / part.len()))
}

/// WITH t0 AS (first), t1 AS (next of t0), ..., and `last` of the last.
fn chained(times: usize, first: &str, next: &str, last: &str) -> String {
    let tables = (1..times).map(|i| format!(", t{i} AS ({})", next.replace("$t", &format!("t{}", i - 1))));
    let last = last.replace("$t", &format!("t{}", times - 1));
    format!("WITH t0 AS ({first}){} {last}", tables.collect::<String>())
}

fn nested(times: usize, around: &str, inner: &str) -> String {
    (0..times).fold(inner.to_owned(), |inner, _| around.replace('$', &inner))
}

fn outcome(fixture: &Fixture, text: &str) -> Result<Vec<String>, SqlError> {
    let begun = Instant::now();
    let outcome = fixture.query(text).and_then(|mut answer| drain(&mut answer));
    let start: String = text.chars().take(80).collect();
    assert!(begun.elapsed() < AT_ONCE, "{start}: {:?}", begun.elapsed());
    if let Err(error) = &outcome {
        assert!(!matches!(error, SqlError::Internal(_)), "{start}: {error}");
    }
    outcome
}

/// What may be written in a row: a start, a part, and an end.
const IN_A_ROW: &[(&str, &str, &str)] = &[
    ("SELECT ", "INTERVAL ", "'1' day"),
    ("SELECT CAST(NULL AS INT", "[]", ")"),
    ("SELECT a FROM (VALUES (1)) t(a) WHERE a", "[1]", ""),
    ("SELECT [1]", "[1]", ""),
    ("SELECT 'a'", " ILIKE 'a'", ""),
    ("SELECT 'a'", " REGEXP 'a'", ""),
    ("SELECT 'a'", " RLIKE 'a'", ""),
    ("SELECT 'a'", " SIMILAR TO 'a'", ""),
    ("SELECT 1", " OVERLAPS 1", ""),
    ("SELECT 1", " MEMBER OF (1)", ""),
    ("SELECT 1", " OPERATOR(x) 1", ""),
    ("SELECT 1", " DIV 1", ""),
    ("SELECT 1", " ISNULL", ""),
    ("SELECT 1", " IS DISTINCT FROM 1", ""),
    ("SELECT 1 FROM (VALUES (1)) t(a)", " |> WHERE true", ""),
    ("SELECT 1 FROM (VALUES (1)) t(a)", " |> SELECT a, a", ""),
    ("SELECT 1", " MINUS SELECT 1", ""),
    ("SELECT 1", " UNION ALL SELECT 1", ""),
    ("SELECT count(1) WITHIN GROUP (ORDER BY 1)", " + count(1) WITHIN GROUP (ORDER BY 1)", ""),
    ("SELECT count(1)", " OVER ()", ""),
    ("SELECT 1", "::from", ""),
    ("SELECT a.from", " + a.from", ""),
    ("SELECT 1", "::union", ""),
    ("SELECT 'a'", " COLLATE where", ""),
    ("SELECT (1)", ".a", ""),
    ("SELECT a", ":a", ""),
    ("SELECT ", "CASE WHEN 1+1+1+1+1+1+1+1+1+1+1+1 = 1 AND ", "1"),
    ("SELECT ", "x -> 1+1+1+1+1+1+1+1+1+1+1+1 = 1 AND ", "1"),
    ("SELECT CAST(NULL AS ", "STRUCT<a INT, b ", ")"),
    ("SELECT 1", " AT TIME ZONE 'x'", ""),
    ("SELECT 1", " + 1", ""),
    ("SELECT a", " + a", " FROM (VALUES (1)) t(a)"),
    ("SELECT a", " || a", " FROM (VALUES ('a')) t(a)"),
    ("SELECT a", " AND a", " FROM (VALUES (true)) t(a)"),
    ("SELECT a", " OR a = 'a'", " FROM (VALUES (true)) t(a)"),
    ("SELECT ", "NOT ", "true"),
    ("SELECT ", "PRIOR ", "1"),
    ("SELECT 1 FROM (SELECT 1)", " CROSS APPLY (SELECT 1)", ""),
    ("SELECT 1 FROM (SELECT 1 a)", ", (SELECT 1 a)", ""),
    ("SELECT 1 FROM (VALUES (1))", ", (VALUES (1))", ""),
    ("SELECT 1 FROM unnest([1])", ", unnest([1])", ""),
    ("SELECT (SELECT 1)", ", (SELECT 1)", ""),
    ("SELECT 1 WHERE EXISTS (VALUES (1))", " OR EXISTS (VALUES (1))", ""),
    ("SELECT concat('a'", ", 'a'", ")"),
    ("SELECT greatest(1", ", 1", ")"),
    ("SELECT coalesce(1", ", 1", ")"),
    ("SELECT 1", ", 1", ""),
    ("SELECT 1 x", ", 1 x", ""),
    ("SELECT @p", ", @p", ""),
    ("SELECT 1 IN (@a", ", @a", ")"),
    ("SELECT a FROM (VALUES (1)) t(a) GROUP BY a", ", a", ""),
    ("SELECT a FROM (VALUES (1)) t(a) ORDER BY a", ", a", ""),
    ("SELECT * FROM (VALUES (1", ", 1", "))"),
    ("SELECT CASE", " WHEN a = 1 THEN true", " END FROM (VALUES (1)) t(a)"),
];

#[test]
fn what_is_repeated_without_end_is_refused() {
    let fixture = Fixture::new();
    for (start, part, end) in IN_A_ROW {
        let told = outcome(&fixture, &repeated(start, part, end)).expect_err(part);
        assert!(matches!(told, SqlError::Validation(_)), "{start}{part}: {told:?}");
        assert!(told.to_string().starts_with("line 1:"), "{start}{part}: {told}");
    }
}

#[test]
fn what_is_repeated_within_the_bounds_has_an_outcome() {
    let fixture = Fixture::new();
    let mut answered = 0;
    for (start, part, end) in IN_A_ROW {
        // The most that no bound refuses.
        for times in [999, 499, 498, 490, 249, 240, 160, 120, 99, 80, 60, 48, 40, 20, 10, 1] {
            let outcome = outcome(&fixture, &format!("{start}{}{end}", part.repeat(times)));
            if outcome.as_ref().is_err_and(|error| error.to_string().contains("too complex")) {
                continue;
            }
            answered += usize::from(outcome.is_ok());
            break;
        }
    }
    assert!(answered > 15, "{answered}");
}

#[test]
fn queries_that_read_from_one_another_have_a_bound() {
    let fixture = Fixture::new();
    let nexts = [
        "SELECT row_number() OVER (ORDER BY x) AS x FROM $t",
        "SELECT sum(x) AS x FROM $t WHERE x > -1 GROUP BY x HAVING count(*) > 0 ORDER BY x LIMIT 10",
        "SELECT x + 1 AS x FROM $t",
        "SELECT DISTINCT x FROM $t",
        "SELECT x FROM $t UNION ALL SELECT x FROM (VALUES (1)) v(x)",
        "SELECT a.x FROM $t a JOIN (VALUES (1)) b(x) ON a.x = b.x",
    ];
    for next in nexts {
        let rows = outcome(&fixture, &chained(99, "SELECT 1 AS x", next, "SELECT count(x) FROM $t"));
        assert_eq!(rows.expect(next).len(), 1, "{next}");
        let told = outcome(&fixture, &chained(394, "SELECT 1 AS x", next, "SELECT x FROM $t"));
        let told = told.expect_err(next).to_string();
        assert!(told.contains("too complex"), "{told}");
    }
}

#[test]
fn what_the_optimiser_would_copy_has_a_bound() {
    let fixture = Fixture::new();
    let from = " FROM (VALUES (1)) t(a)";
    let select = |expression: String| format!("SELECT {expression}{from}");
    let double = |times| {
        chained(
            times,
            "SELECT a AS x FROM (VALUES (1)) t(a)",
            "SELECT x + x AS x FROM $t",
            "SELECT x FROM $t WHERE x > 0",
        )
    };
    for (text, expected) in [
        (select(nested(16, "least($, 1)", "a")), "1"),
        (select(nested(40, "greatest($, 2)", "a")), "2"),
        (select(nested(5, "coalesce($, a + 1)", "a")), "1"),
        (select(nested(4, "(($) BETWEEN (a = 0) AND (a = a))", "a = a")), "true"),
        (double(8), "128"),
    ] {
        assert_eq!(outcome(&fixture, &text).expect(&text), [expected], "{text}");
    }
    for text in [
        select(nested(40, "coalesce($, a + 1)", "a")),
        select(nested(40, "(($) BETWEEN (a = 0) AND (a = a))", "a = a")),
        select(nested(40, "(($) IN (true, false))", "a = a")),
        select(nested(40, "CASE WHEN $ THEN a = 1 ELSE a = 2 END", "a = a")),
        select(format!("CASE{} ELSE false END", " WHEN a = 1 THEN false".repeat(200))),
        double(24),
        double(60),
    ] {
        let told = match outcome(&fixture, &text) {
            Err(told) => told.to_string(),
            Ok(rows) => panic!("{text}: {rows:?}"),
        };
        assert!(told.contains("statement is too complex") || told.contains("nested"), "{text}: {told}");
    }
}

#[test]
fn lists_have_a_bound() {
    let fixture = Fixture::new();
    let list = |count: usize, item: fn(usize) -> String| (0..count).map(item).collect::<Vec<_>>().join(",");
    let plus = |i| format!("a+{i}");
    let from = "FROM (VALUES (1)) t(a)";
    for (text, expected) in [
        (format!("SELECT {} {from}", list(1000, plus)), 1),
        (format!("SELECT {} {from}", list(1000, |i| format!("1 x{i}"))), 1),
        (format!("SELECT a {from} WHERE a IN ({})", list(35_000, |i| i.to_string())), 1),
    ] {
        assert_eq!(outcome(&fixture, &text).expect("an answer").len(), expected);
    }
    for (text, expected) in [
        (
            format!("SELECT {} {from}", list(50_000, |_| "1".to_owned())),
            "more than 1000 expressions in SELECT",
        ),
        (format!("SELECT {}", list(25_000, |i| format!("1 x{i}"))), "more than 1000 expressions in SELECT"),
        (format!("SELECT {}", list(25_000, |i| format!("@p{i}"))), "more than 1000 parameters"),
        (format!("SELECT count(*) {from} GROUP BY CUBE({})", list(16, plus)), "more than 4096 sets"),
        (format!("SELECT count(*) {from} GROUP BY a, CUBE({})", list(34, plus)), "more than 4096 sets"),
        (
            format!("SELECT 1 {from} GROUP BY CUBE({}), CUBE({})", list(8, plus), list(8, plus)),
            "more than 4096 sets",
        ),
    ] {
        let told = outcome(&fixture, &text).expect_err(expected).to_string();
        assert!(told.contains(expected), "{told}");
    }
}
