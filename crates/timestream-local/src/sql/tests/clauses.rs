//! Clauses of other dialects: refused where they stand, never passed over.

use super::Fixture;
use crate::sql::SqlError;

fn fixture() -> Fixture {
    Fixture::new().memory("t", "host | measure_name | time | v:double\na | m | 01:00 | 1\nb | m | 02:00 | 2")
}

#[test]
fn clauses_that_are_not_answered_are_refused_where_they_stand() {
    let fixture = fixture();
    for (text, message) in [
        ("SELECT count(*) FROM db.t TABLESAMPLE BERNOULLI (0)", "line 1:27: TABLESAMPLE"),
        ("SELECT count(*)\nFROM (SELECT 1) TABLESAMPLE (1)", "line 2:17: TABLESAMPLE"),
        ("SELECT * FROM db.t PREWHERE v > 1", "line 1:20: PREWHERE"),
        ("SELECT * FROM db.t CONNECT BY v = 1", "line 1:20: CONNECT BY"),
        ("SELECT * FROM db.t FOR UPDATE", "line 1:20: FOR UPDATE"),
        ("SELECT substring(host FROM 1 FOR 1) FROM db.t FOR SHARE", "line 1:47: FOR SHARE"),
        ("SELECT * FROM db.t WITH (NOLOCK)", "line 1:20: WITH ("),
        ("SELECT * FROM db.t SETTINGS max_threads = 1", "line 1:20: SETTINGS"),
        ("SELECT * FROM db.t FORMAT JSON", "line 1:20: FORMAT"),
        ("SELECT v FROM db.t GROUP BY v WITH ROLLUP", "line 1:31: WITH ROLLUP"),
        ("SELECT v FROM db.t GROUP BY v WITH TOTALS", "line 1:31: WITH TOTALS"),
        ("SELECT * EXCLUDE (v) FROM db.t", "line 1:10: EXCLUDE"),
        ("SELECT v FROM db.t FETCH FIRST 1 ROWS ONLY", "line 1:20: FETCH"),
        ("SELECT TOP 1 v FROM db.t", "line 1:8: TOP"),
        ("SELECT * FROM db.t a JOIN db.t b", "line 1:1: JOIN without ON or USING"),
        ("SELECT * FROM db.t a CROSS APPLY db.t b", "line 1:22: CROSS APPLY"),
        ("SELECT * FROM unnest(ARRAY[1]) WITH ORDINALITY", "line 1:32: WITH ORDINALITY"),
        ("SELECT (SELECT count(*) FROM db.t TABLESAMPLE SYSTEM (1))", "line 1:35: TABLESAMPLE"),
        (
            "SELECT sum(v) OVER (w) FROM db.t WINDOW w AS (ORDER BY v)",
            "line 1:8: A window that refines another",
        ),
        ("SELECT abs(v) OVER () FROM db.t", "line 1:15: OVER"),
        ("SELECT abs(v) FILTER (WHERE v > 1) FROM db.t", "line 1:15: FILTER"),
        ("SELECT abs(DISTINCT v) FROM db.t", "line 1:12: DISTINCT"),
        ("SELECT abs(v ORDER BY v) FROM db.t", "line 1:14: ORDER BY"),
        ("SELECT host SIMILAR TO 'a%' FROM db.t", "line 1:13: SIMILAR TO"),
        ("SELECT host RLIKE 'a' FROM db.t", "line 1:13: RLIKE"),
        ("SELECT MAP {'a': 1}", "line 1:8: MAP"),
        ("SELECT cast(1 AS decimal(10, 2))", "line 1:18: DECIMAL"),
        ("SELECT v::numeric FROM db.t", "line 1:11: NUMERIC"),
    ] {
        let error = fixture.error(text);
        assert_eq!(error, SqlError::Validation(format!("{message} is not supported")), "{text}");
    }
}

#[test]
fn the_usual_clauses_are_answered() {
    let fixture = fixture();
    for (text, rows) in [
        (
            "SELECT DISTINCT measure_name FROM db.t AS q(host, measure_name, time, v) LIMIT 1 OFFSET 0",
            &["m"][..],
        ),
        ("SELECT a.v FROM db.t a LEFT JOIN db.t b USING (host) ORDER BY 1 DESC NULLS LAST", &["2.0", "1.0"]),
        ("SELECT sum(v) OVER w FROM db.t WINDOW w AS (ORDER BY time) ORDER BY 1", &["1.0", "3.0"]),
        ("SELECT sum(v) FILTER (WHERE v > 1) FROM db.t GROUP BY ROLLUP (measure_name)", &["2.0", "2.0"]),
        ("SELECT count(*) FROM (SELECT v FROM db.t UNION ALL SELECT v FROM db.t) AS final", &["4"]),
    ] {
        assert_eq!(fixture.rows(text), rows, "{text}");
    }
}
