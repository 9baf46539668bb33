//! Functions, each with an answer worked out by hand.

use super::Fixture;

const ROWS: &str = "
    host | measure_name | time     | v:double | s:varchar
    a    | m            | 01:00:00 | 1        | x
    a    | m            | 01:00:30 | 3        | y
    a    | m            | 01:01:00 | -        | z
    b    | m            | 01:00:10 | 5        | x
    b    | m            | 01:02:00 | 7.25     | -
";

#[test]
fn scalar_functions_answer_as_the_services() {
    let fixture = Fixture::new();
    let t = "timestamp '2020-08-09 13:45:59.123'";
    for (expression, text) in [
        (format!("bin({t}, 1h)"), "2020-08-09 13:00:00.000000000"),
        (format!("bin({t}, 7d)"), "2020-08-06 00:00:00.000000000"),
        ("bin(timestamp '1969-12-31 23:59:59', 1m)".into(), "1969-12-31 23:59:00.000000000"),
        (format!("hour({t})"), "13"),
        (format!("minute({t})"), "45"),
        (format!("second({t})"), "59"),
        (format!("day({t})"), "9"),
        (format!("month({t})"), "8"),
        (format!("year({t})"), "2020"),
        (format!("day_of_week({t})"), "7"),
        (format!("extract(hour FROM {t})"), "13"),
        (format!("date_trunc('hour', {t})"), "2020-08-09 13:00:00.000000000"),
        (format!("date_trunc('month', {t})"), "2020-08-01 00:00:00.000000000"),
        (format!("date_diff('minute', {t}, now())"), "-1545"),
        (format!("date_add('month', -2, {t})"), "2020-06-09 13:45:59.123000000"),
        (format!("to_milliseconds({t})"), "1596980759123"),
        ("from_milliseconds(1596980759123)".into(), "2020-08-09 13:45:59.123000000"),
        ("from_iso8601_timestamp('2020-08-09T13:45:59+02:00')".into(), "2020-08-09 11:45:59.000000000"),
        ("to_unixtime(timestamp '1970-01-01 00:00:01.5')".into(), "1.5"),
        ("from_unixtime(1.5)".into(), "1970-01-01 00:00:01.500000000"),
        ("round(2.675, 2)".into(), "2.68"),
        ("round(2.5)".into(), "3.0"),
        ("round(-2.5)".into(), "-3.0"),
        ("round(7)".into(), "7"),
        ("if(1 < 2, 'yes', 'no')".into(), "yes"),
        ("if(1 > 2, 'yes')".into(), "NULL"),
        ("if(true, 1, 2.5)".into(), "1.0"),
        ("coalesce(null, 3)".into(), "3"),
        ("nullif(1, 1)".into(), "NULL"),
        ("greatest(1, 3, 2)".into(), "3"),
        ("least(1.5, 3)".into(), "1.5"),
        ("greatest(1, null)".into(), "NULL"),
        ("concat('a', 'b', 'c')".into(), "abc"),
        ("concat('a', null)".into(), "NULL"),
        ("substr('region', 2, 3)".into(), "egi"),
        ("substr('region', 4)".into(), "ion"),
        ("upper('a') || lower('B')".into(), "Ab"),
        ("length('région')".into(), "6"),
        ("strpos('region', 'g')".into(), "3"),
        ("regexp_like('us-east-1', '^us-.*-\\d$')".into(), "true"),
        ("split_part('a-b-c', '-', 2)".into(), "b"),
        ("split_part('a', ',', 2)".into(), "NULL"),
        ("substr('abc', -1)".into(), "c"),
        ("substr('abc', 0)".into(), ""),
        ("substr('abc', -2, 1)".into(), "b"),
        ("substring('abc' FROM 2 FOR 1)".into(), "b"),
        ("substring('abc', 3)".into(), "c"),
        ("trim(BOTH 'x' FROM 'xax')".into(), "a"),
        ("trim(LEADING 'x' FROM 'xax')".into(), "ax"),
        ("position('b' IN 'abc')".into(), "2"),
        ("extract(dow FROM date '2020-08-09')".into(), "7"),
        ("sqrt(-1)".into(), "NaN"),
        ("ln(0)".into(), "-Infinity"),
        ("log10(-1)".into(), "NaN"),
        ("acos(2)".into(), "NaN"),
        ("cardinality(split('a,b,c', ','))".into(), "3"),
        ("array_agg(7)[1]".into(), "7"),
        ("date '2020-08-09' - date '2020-08-07'".into(), "2 00:00:00.000000000"),
        ("mod(7, 4)".into(), "3"),
        ("power(2, 10)".into(), "1024.0"),
        ("sqrt(9)".into(), "3.0"),
        ("abs(-2)".into(), "2"),
        ("floor(2.7)".into(), "2.0"),
    ] {
        assert_eq!(fixture.value(&format!("SELECT {expression}")), text, "{expression}");
    }
}

#[test]
fn parts_of_a_time_are_bigint() {
    let fixture = Fixture::new();
    for expression in ["hour(now())", "length('a')", "extract(hour FROM now())", "position('b' IN 'abc')"] {
        assert_eq!(fixture.columns(&format!("SELECT {expression}")), "_col0 BIGINT", "{expression}");
    }
    let days = fixture.columns("SELECT date '2020-08-09' - date '2020-08-07'");
    assert_eq!(days, "_col0 INTERVAL_DAY_TO_SECOND");
}

#[test]
fn aggregates_pass_over_nulls() {
    let fixture = Fixture::new().memory("t", ROWS);
    for (select, row) in [
        ("count(*), count(v), count(s)", "5|4|4"),
        ("count(DISTINCT s), approx_distinct(host)", "3|2"),
        ("sum(v), avg(v), min(v), max(v)", "16.25|4.0625|1.0|7.25"),
        ("min(time), max(host)", "2020-08-08 01:00:00.000000000|b"),
        ("round(stddev(v), 4), round(variance(v), 4)", "2.68|7.1823"),
        ("round(stddev_pop(v), 4)", "2.3209"),
        ("max_by(host, v), min_by(s, v), max_by(s, time)", "b|x|NULL"),
        ("max_by(host, v) FILTER (WHERE v < 4)", "a"),
        ("count_if(v > 2)", "3"),
        ("approx_percentile(v, 0.0), approx_percentile(v, 1.0)", "1.0|7.25"),
        ("bool_and(v > 0), bool_or(v > 7)", "true|true"),
    ] {
        assert_eq!(fixture.value(&format!("SELECT {select} FROM db.t")), row, "{select}");
    }
    assert_eq!(
        fixture.value("SELECT sum(v), max(v), count(v), stddev(v) FROM db.t WHERE v > 100"),
        "NULL|NULL|0|NULL"
    );
    assert_eq!(fixture.value("SELECT stddev(v) FROM db.t WHERE v = 1"), "NULL");
    assert_eq!(
        fixture.rows("SELECT host, max_by(v, time), min_by(time, v) FROM db.t GROUP BY host ORDER BY host"),
        ["a|NULL|2020-08-08 01:00:00.000000000", "b|7.25|2020-08-08 01:00:10.000000000"]
    );
}

#[test]
fn window_functions_rank_and_look_around() {
    let fixture = Fixture::new().memory("t", ROWS);
    for (select, rows) in [
        ("row_number() OVER (ORDER BY time)", ["1", "2", "3", "4", "5"]),
        ("rank() OVER (ORDER BY host)", ["1", "4", "1", "1", "4"]),
        ("dense_rank() OVER (ORDER BY host)", ["1", "2", "1", "1", "2"]),
        ("lag(v) OVER (PARTITION BY host ORDER BY time)", ["NULL", "NULL", "1.0", "3.0", "5.0"]),
        ("lag(v, 1, 0) OVER (PARTITION BY host ORDER BY time)", ["0.0", "0.0", "1.0", "3.0", "5.0"]),
        ("lead(s, 2) OVER (ORDER BY time)", ["y", "z", "NULL", "NULL", "NULL"]),
        ("first_value(v) OVER (ORDER BY time)", ["1.0", "1.0", "1.0", "1.0", "1.0"]),
        (
            "last_value(v) IGNORE NULLS OVER (PARTITION BY host ORDER BY time)",
            ["1.0", "5.0", "3.0", "3.0", "7.25"],
        ),
        ("sum(v) OVER (PARTITION BY host)", ["4.0", "12.25", "4.0", "4.0", "12.25"]),
        ("row_number() OVER (ORDER BY time) - 3", ["-2", "-1", "0", "1", "2"]),
    ] {
        let text = format!("SELECT x FROM (SELECT time, {select} AS x FROM db.t) ORDER BY time");
        assert_eq!(fixture.rows(&text), rows, "{select}");
    }
    assert_eq!(fixture.columns("SELECT dense_rank() OVER (ORDER BY host) FROM db.t"), "_col0 BIGINT");
}
