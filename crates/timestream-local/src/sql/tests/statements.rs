//! SHOW, DESCRIBE, names, and the statements of SQL at large.

use super::Fixture;

const ROWS: &str = "
    region | Host | measure_name | time  | measure_value::double | measure_value::bigint
    eu     | a    | cpu          | 01:00 | 1                     | -
    eu     | a    | tasks        | 01:00 | -                     | 5
    eu     | b    | cpu          | 01:01 | 2                     | -
    us     | c    | cpu          | 01:02 | 4                     | -
";

fn fixture() -> Fixture {
    Fixture::new()
        .memory("hosts", ROWS)
        .memory("Perf-2.x", "host | measure_name | time | cpu:double\na | metrics | 01:00 | 1")
}

#[test]
fn show_and_describe_list_the_catalog() {
    let fixture = fixture();
    assert_eq!(fixture.rows("SHOW DATABASES"), ["db"]);
    assert_eq!(fixture.rows("SHOW DATABASES LIKE 'x%'"), [""; 0]);
    assert_eq!(fixture.rows("SHOW TABLES"), ["Perf-2.x", "hosts"]);
    assert_eq!(fixture.rows("show tables from DB like 'h%'"), ["hosts"]);
    assert_eq!(fixture.columns("SHOW TABLES FROM \"db\""), "Table VARCHAR");
    assert_eq!(fixture.error("SHOW TABLES FROM x").to_string(), "line 1:18: Database 'x' does not exist");
    assert_eq!(
        fixture.rows("DESCRIBE db.hosts"),
        [
            "region|varchar|DIMENSION",
            "Host|varchar|DIMENSION",
            "measure_name|varchar|MEASURE_NAME",
            "time|timestamp|TIMESTAMP",
            "measure_value::double|double|MEASURE_VALUE",
            "measure_value::bigint|bigint|MEASURE_VALUE",
        ]
    );
    assert_eq!(fixture.rows("DESCRIBE \"db\".\"Perf-2.x\"")[3], "cpu|double|MULTI");
    assert_eq!(
        fixture.columns("DESCRIBE db.hosts"),
        "Column VARCHAR, Type VARCHAR, Timestream attribute type VARCHAR"
    );
}

#[test]
fn show_measures_tells_type_and_dimensions() {
    let fixture = fixture();
    let dimensions =
        r#"{"ArrayValue":[{"RowValue":{"Data":[{"ScalarValue":"host"},{"ScalarValue":"varchar"}]}}]}"#;
    assert_eq!(
        fixture.rows("SHOW MEASURES FROM \"db\".\"Perf-2.x\""),
        [format!("metrics|multi|{dimensions}")]
    );
    let rows = fixture.rows("SHOW MEASURES FROM db.hosts LIKE 't%'");
    assert_eq!(rows.len(), 1);
    assert!(rows[0].starts_with("tasks|bigint|"), "{rows:?}");
    assert!(rows[0].contains("\"region\"") && rows[0].contains("\"Host\""), "{rows:?}");
}

#[test]
fn unquoted_names_do_not_mind_case() {
    let fixture = fixture();
    for text in [
        "SELECT HOST FROM DB.HOSTS WHERE REGION = 'us'",
        "select h.hosT from db.hosts H where h.Region = 'us'",
        "SELECT \"Host\" FROM \"db\".\"hosts\" WHERE region = 'us'",
        "SELECT db.hosts.host FROM db.hosts WHERE region = 'us'",
        "WITH x AS (SELECT Host AS Machine FROM db.hosts WHERE region = 'us') SELECT machine FROM X",
    ] {
        assert_eq!(fixture.value(text), "c", "{text}");
    }
    assert_eq!(fixture.value("SELECT count(*) FROM \"db\".\"Perf-2.x\" WHERE 1 = 2 OR CPU > 0"), "1");
    let error = fixture.error("SELECT \"host\" FROM db.hosts");
    assert_eq!(error.to_string(), "line 1:8: Column 'host' does not exist");
}

#[test]
fn measure_values_stand_wherever_a_column_can() {
    let fixture = fixture();
    for (text, rows) in [
        (
            "SELECT measure_value::double FROM db.hosts WHERE measure_value::double >= 2 ORDER BY 1",
            vec!["2.0", "4.0"],
        ),
        ("SELECT sum(b.measure_value::double) FROM db.hosts b", vec!["7.0"]),
        ("SELECT sum(\"measure_value::double\") AS s FROM db.hosts", vec!["7.0"]),
        ("SELECT measure_value::bigint::varchar FROM db.hosts WHERE measure_name = 'tasks'", vec!["5"]),
        ("SELECT max(cast(measure_value::bigint AS double)) FROM db.hosts", vec!["5.0"]),
    ] {
        assert_eq!(fixture.rows(text), rows, "{text}");
    }
}

#[test]
fn statements_combine() {
    let fixture = fixture();
    for (text, rows) in [
        ("SELECT count(*) FROM (SELECT region, count(*), count(*) FROM db.hosts GROUP BY region)", vec!["2"]),
        ("SELECT region FROM db.hosts GROUP BY region HAVING sum(measure_value::double) > 3", vec!["us"]),
        (
            "SELECT region, count(*) FILTER (WHERE measure_name = 'cpu') FROM db.hosts GROUP BY 1 ORDER BY 1",
            vec!["eu|2", "us|1"],
        ),
        ("SELECT DISTINCT region FROM db.hosts ORDER BY region DESC LIMIT 1", vec!["us"]),
        (
            "SELECT CASE WHEN region = 'eu' THEN 'E' ELSE 'U' END, count(*) FROM db.hosts GROUP BY 1 ORDER BY 1",
            vec!["E|3", "U|1"],
        ),
        (
            "SELECT host FROM db.hosts WHERE time BETWEEN '2020-08-08 01:01:00' AND '2020-08-08 01:02:00.000000000' ORDER BY time",
            vec!["b", "c"],
        ),
        ("SELECT count(*) FROM db.hosts WHERE time > ago(11h)", vec!["2"]),
        (
            "SELECT host FROM db.hosts WHERE host IN (SELECT host FROM db.hosts WHERE measure_name = 'tasks') AND measure_name = 'cpu'",
            vec!["a"],
        ),
        ("SELECT region FROM db.hosts WHERE region LIKE 'e%' UNION SELECT 'x' ORDER BY 1", vec!["eu", "x"]),
        (
            "WITH e AS (SELECT avg(measure_value::double) AS mean FROM db.hosts) SELECT h.host FROM db.hosts h, e WHERE h.measure_value::double > e.mean",
            vec!["c"],
        ),
        (
            "SELECT a.host, b.host FROM db.hosts a JOIN db.hosts b ON a.region = b.region AND a.host < b.host AND a.measure_name = b.measure_name",
            vec!["a|b"],
        ),
        (
            "SELECT host, measure_value::double FROM db.hosts WHERE host < 'c' ORDER BY measure_value::double, host",
            vec!["a|1.0", "b|2.0", "a|NULL"],
        ),
        ("VALUES (1, 'a'), (2, 'b')", vec!["1|a", "2|b"]),
        ("SELECT (SELECT max(measure_value::double) FROM db.hosts)", vec!["4.0"]),
        ("SELECT 1;", vec!["1"]),
    ] {
        assert_eq!(fixture.rows(text), rows, "{text}");
    }
}

#[test]
fn an_answer_comes_in_pages() {
    let fixture = fixture();
    let mut answer =
        fixture.query("SELECT host FROM db.hosts ORDER BY time, measure_name").expect("an answer");
    let mut pages = Vec::new();
    while !answer.finished() {
        pages.push(super::block_on(answer.next_rows(3, 1 << 20)).expect("a page").len());
    }
    assert_eq!(pages, [3, 1]);

    let mut answer = fixture.query("SELECT host FROM db.hosts").expect("an answer");
    // The column takes 50 bytes, and each row 32.
    let page = super::block_on(answer.next_rows(1000, 100)).expect("a page");
    assert_eq!(page.len(), 1);
    assert!(!answer.finished());
    assert!(super::block_on(answer.next_rows(1000, 80)).is_err(), "a row that no page has room for");
}
