//! Whole numbers: what leaves its type fails.

use super::Fixture;
use crate::sql::SqlError;

fn fixture() -> Fixture {
    Fixture::new().memory(
        "t",
        "host | measure_name | time | n:bigint | v:double
         a | m | 01:00 | 9223372036854775807 | 1
         a | m | 02:00 | 1 | 2
         b | m | 03:00 | -9223372036854775808 | 3
         b | m | 04:00 | - | 4",
    )
}

#[test]
fn whole_numbers_do_not_wrap_around() {
    let fixture = fixture();
    for (text, message) in [
        ("SELECT max(n) + 1 FROM db.t", "9223372036854775807 + 1"),
        ("SELECT n * 2 FROM db.t WHERE n > 1", "9223372036854775807 * 2"),
        ("SELECT n - 1 FROM db.t WHERE n < 0", "-9223372036854775808 - 1"),
        ("SELECT -n FROM db.t WHERE n < 0", "0 - -9223372036854775808"),
        ("SELECT n / -1 FROM db.t WHERE n < 0", "-9223372036854775808 / -1"),
        ("SELECT host FROM db.t WHERE n + n > 0", "9223372036854775807 + 9223372036854775807"),
        ("SELECT a + a FROM (SELECT 2147483647 AS a)", "2147483647 + 2147483647"),
        ("SELECT sum(n) FROM db.t WHERE host = 'a'", "9223372036854775808 is out of range of BIGINT"),
        ("SELECT host, sum(n) FROM db.t GROUP BY host", "9223372036854775808 is out of range of BIGINT"),
        ("SELECT sum(n) OVER (ORDER BY time) FROM db.t", "9223372036854775808 is out of range of BIGINT"),
        (
            "SELECT sum(n + 9000000000000000000) FROM db.t WHERE n < 0 OR n = 1 OR n > 1",
            "9223372036854775807 + 9000000000000000000",
        ),
    ] {
        assert_eq!(
            fixture.error(text),
            SqlError::Execution(format!("integer overflow: {message}")),
            "{text}"
        );
    }
}

#[test]
fn whole_numbers_that_fit_stay_whole() {
    let fixture = fixture();
    for (select, column, value) in [
        ("sum(n)", "BIGINT", "0"),
        ("sum(DISTINCT n) FILTER (WHERE host = 'b')", "BIGINT", "-9223372036854775808"),
        ("sum(n) + 1 - 2 * count(*)", "BIGINT", "-7"),
        ("sum(v) / count(*)", "DOUBLE", "2.5"),
        ("sum(1) + 1", "BIGINT", "5"),
        ("max(n) - 1", "BIGINT", "9223372036854775806"),
        ("sum(if(n = 1, 2, null)) + null", "BIGINT", "NULL"),
        ("avg(n)", "DOUBLE", "0.3333333333333333"),
        ("floor(max(n))", "BIGINT", "9223372036854775807"),
        ("ceil(min(n))", "BIGINT", "-9223372036854775808"),
        ("sign(min(n))", "BIGINT", "-1"),
        ("abs(max(n))", "BIGINT", "9223372036854775807"),
        ("-9223372036854775808", "BIGINT", "-9223372036854775808"),
        ("2 + 3 * 4 - -1", "INTEGER", "15"),
        ("1 + 2.5", "DOUBLE", "3.5"),
    ] {
        let text = format!("SELECT {select} FROM db.t{}", if select.contains('(') { "" } else { " LIMIT 1" });
        assert_eq!(fixture.columns(&text), format!("_col0 {column}"), "{select}");
        assert_eq!(fixture.value(&text), value, "{select}");
    }
    assert_eq!(
        fixture.rows("SELECT n, sum(n) OVER (PARTITION BY host ORDER BY time ROWS 1 PRECEDING) FROM db.t WHERE n < 2 ORDER BY time"),
        ["1|1", "-9223372036854775808|-9223372036854775808"]
    );
    assert_eq!(
        fixture.rows("SELECT host, sum(n) AS total FROM db.t WHERE v > 1 GROUP BY host HAVING sum(n) > 0 ORDER BY total + 1"),
        ["a|1"]
    );
    assert_eq!(
        fixture.rows("SELECT n + 1 AS k, count(*) FROM db.t WHERE n = 1 GROUP BY n + 1 ORDER BY n + 1"),
        ["2|1"]
    );
}
