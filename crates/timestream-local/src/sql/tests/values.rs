//! Types, and how values are printed.

use super::Fixture;

#[test]
fn scalars_have_the_services_types_and_text() {
    let fixture = Fixture::new();
    for (expression, data_type, text) in [
        ("1", "INTEGER", "1"),
        ("-1", "INTEGER", "-1"),
        ("3000000000", "BIGINT", "3000000000"),
        ("1 + 2", "INTEGER", "3"),
        ("7 / 2", "INTEGER", "3"),
        ("-7 / 2", "INTEGER", "-3"),
        ("7 % 2", "INTEGER", "1"),
        ("7 / 2.0", "DOUBLE", "3.5"),
        ("1.0", "DOUBLE", "1.0"),
        ("1e7", "DOUBLE", "1.0E7"),
        ("'text'", "VARCHAR", "text"),
        ("true", "BOOLEAN", "true"),
        ("1 < 2 AND 'a' = 'b'", "BOOLEAN", "false"),
        ("timestamp '2020-08-08 01:00:00'", "TIMESTAMP", "2020-08-08 01:00:00.000000000"),
        ("date '2020-08-08'", "DATE", "2020-08-08"),
        ("time '01:00:00'", "TIME", "01:00:00.000000000"),
        ("1d + 21h", "INTERVAL_DAY_TO_SECOND", "1 21:00:00.000000000"),
        ("45h", "INTERVAL_DAY_TO_SECOND", "1 21:00:00.000000000"),
        ("interval '31' month", "INTERVAL_YEAR_TO_MONTH", "2-7"),
        ("now()", "TIMESTAMP", "2020-08-08 12:00:00.000000000"),
        ("ago(90s)", "TIMESTAMP", "2020-08-08 11:58:30.000000000"),
        ("now() - 500ms", "TIMESTAMP", "2020-08-08 11:59:59.500000000"),
        ("now() - interval '2' month", "TIMESTAMP", "2020-06-08 12:00:00.000000000"),
        ("now() - ago(1ns)", "INTERVAL_DAY_TO_SECOND", "0 00:00:00.000000001"),
        ("count(*)", "BIGINT", "1"),
        ("sum(2)", "BIGINT", "2"),
        ("avg(1)", "DOUBLE", "1.0"),
        ("null", "UNKNOWN", "NULL"),
        ("cast(null AS double)", "DOUBLE", "NULL"),
        ("0.0 / 0.0", "DOUBLE", "NaN"),
        ("1 / 0.0", "DOUBLE", "Infinity"),
    ] {
        let query = format!("SELECT {expression}");
        assert_eq!(fixture.columns(&query), format!("_col0 {data_type}"), "{expression}");
        assert_eq!(fixture.value(&query), text, "{expression}");
    }
}

#[test]
fn casts_round_and_print_as_the_service_does() {
    let fixture = Fixture::new();
    for (expression, text) in [
        ("cast(2.5 AS bigint)", "3"),
        ("cast(2.4 AS integer)", "2"),
        ("cast('7' AS bigint)", "7"),
        ("cast('1.5' AS double)", "1.5"),
        ("try_cast('x' AS double)", "NULL"),
        ("cast(1e7 AS varchar)", "1.0E7"),
        ("cast(7 AS varchar) || '!'", "7!"),
        ("cast(true AS varchar)", "true"),
        ("cast(now() AS varchar)", "2020-08-08 12:00:00.000000000"),
        ("cast('2020-08-08 01:00:00' AS timestamp)", "2020-08-08 01:00:00.000000000"),
        ("cast(now() AS date)", "2020-08-08"),
        ("1::double", "1.0"),
    ] {
        assert_eq!(fixture.value(&format!("SELECT {expression}")), text, "{expression}");
    }
}

#[test]
fn columns_are_named_as_written() {
    let fixture = Fixture::new().memory("t", "host | measure_name | time | v:double\na | m | 01:00 | 1");
    for (select, names) in [
        ("1, 2 AS two, 1 + 1", "_col0 INTEGER, two INTEGER, _col2 INTEGER"),
        ("count(*), count(*)", "_col0 BIGINT, _col1 BIGINT"),
        ("max(V) AS Peak, max(host) AS \"The Host\"", "Peak DOUBLE, The Host VARCHAR"),
    ] {
        assert_eq!(fixture.columns(&format!("SELECT {select} FROM db.t")), names, "{select}");
    }
    let twice = "SELECT host, t.host, *, v, v + 1 FROM db.t";
    assert_eq!(
        fixture.columns(twice),
        "host VARCHAR, host VARCHAR, host VARCHAR, measure_name VARCHAR, time TIMESTAMP, v DOUBLE, \
         v DOUBLE, _col7 DOUBLE"
    );
    assert_eq!(fixture.value(twice), "a|a|a|m|2020-08-08 01:00:00.000000000|1.0|1.0|2.0");
    assert_eq!(fixture.columns("SELECT 1 AS a UNION ALL SELECT 2"), "a INTEGER");
}

#[test]
fn answers_have_the_shape_of_the_wire() {
    let fixture = Fixture::new().memory("t", "host | measure_name | time | v:double\na | m | 01:00 | -");
    let mut answer =
        fixture.query("SELECT host, v, array_agg(host) FROM db.t GROUP BY host, v").expect("an answer");
    let columns = serde_json::to_string(answer.columns()).expect("JSON");
    assert_eq!(
        columns,
        r#"[{"Name":"host","Type":{"ScalarType":"VARCHAR"}},{"Name":"v","Type":{"ScalarType":"DOUBLE"}},{"Name":"_col2","Type":{"ArrayColumnInfo":{"Type":{"ScalarType":"VARCHAR"}}}}]"#
    );
    let rows = super::block_on(answer.next_rows(10, 1 << 20)).expect("rows");
    assert_eq!(
        serde_json::to_string(&rows).expect("JSON"),
        r#"[{"Data":[{"ScalarValue":"a"},{"NullValue":true},{"ArrayValue":[{"ScalarValue":"a"}]}]}]"#
    );
}
