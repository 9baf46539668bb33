//! What a text cannot reach, and what it cannot take.

use super::*;

fn fixture() -> Fixture {
    Fixture::new().memory("t", "host|time|measure_name|x:double\na|11:00|cpu|1")
}

/// Texts that ask for files, settings, other tables or changes.
const BEYOND: &[&str] = &[
    "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
    "CREATE TABLE u AS SELECT 1",
    "CREATE VIEW v AS SELECT 1",
    "CREATE FUNCTION f() RETURNS INT RETURN 1",
    "DROP TABLE db.t",
    "INSERT INTO db.t VALUES (1)",
    "DELETE FROM db.t",
    "UPDATE db.t SET x = 1",
    "TRUNCATE TABLE db.t",
    "COPY db.t TO '/tmp/out.parquet'",
    "UNLOAD (SELECT 1) TO 's3://bucket/x'",
    "SET datafusion.execution.target_partitions = 64",
    "SHOW ALL",
    "SHOW datafusion.execution.batch_size",
    "EXPLAIN SELECT 1",
    "EXPLAIN ANALYZE SELECT 1",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "BEGIN",
    "USE db",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE db.t",
    "SELECT 1 INTO u",
    "WITH d AS (DELETE FROM db.t RETURNING *) SELECT * FROM d",
    "WITH i AS (INSERT INTO db.t VALUES (1)) SELECT 1",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM \"/etc/passwd\"",
    "SELECT * FROM \"db\".\"../../catalog.json\"",
    "SELECT * FROM 'https://example.com/x.parquet'",
    "SELECT * FROM db.u",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM datafusion.public.t",
    "SELECT * FROM pg_catalog.pg_tables",
    "SELECT * FROM system.runtime.nodes",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM parquet_metadata('/tmp/x')",
    "SELECT * FROM generate_series(1, 1000000000)",
    "SELECT * FROM range(1)",
    "SELECT * FROM TABLE(generate_series(1, 9))",
    "SELECT * FROM db.t, LATERAL generate_series(1, 9)",
    "SELECT current_setting('x')",
    "SELECT version()",
    "SELECT @@version",
    "SELECT $1",
    "SELECT getenv('HOME')",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT get_field(x, 'y') FROM db.t",
    "SELECT arrow_cast(1, 'Int8')",
    "SELECT uuid()",
];

#[test]
fn texts_reach_tables_and_nothing_else() {
    let fixture = fixture();
    for text in BEYOND {
        let told = fixture.error(text);
        assert!(matches!(told, SqlError::Validation(_)), "{text}: {told:?}");
    }
    assert_eq!(fixture.rows("SELECT host FROM db.t"), ["a"]);
}

#[test]
fn texts_that_are_made_have_a_bound() {
    let doubled =
        (1..10).map(|i| format!(", t{i} AS (SELECT x || x AS x FROM t{})", i - 1)).collect::<String>();
    let joined =
        (1..10).map(|i| format!(", t{i} AS (SELECT concat(x, x) AS x FROM t{})", i - 1)).collect::<String>();
    let start = "WITH t0(x) AS (SELECT rpad(host, 1000000) FROM db.t)";
    let long = "lpad('', 10000, 'a')";
    for text in [
        "SELECT lpad('x', 2000000000)".to_owned(),
        "SELECT rpad(host, 2000000000, 'ab') FROM db.t".to_owned(),
        format!("SELECT replace(replace({long}, 'a', {long}), 'a', {long})"),
        format!("{start}{doubled} SELECT length(x) FROM t9"),
        format!("{start}{joined} SELECT length(x) FROM t9"),
    ] {
        let told = fixture().error(&text);
        assert!(told.to_string().starts_with("Query exceeded the memory limit"), "{text}: {told}");
    }
    let fixture = fixture();
    assert_eq!(fixture.value("SELECT length(lpad('', 1000000, 'ab') || lpad('c', 9))"), "1000009");
    assert_eq!(fixture.value("SELECT replace('a-b-c', '-', '+') || lpad(NULL, 3)"), "NULL");
}

#[test]
fn tables_that_multiply_have_a_bound() {
    let named = |times: usize| {
        let next = |i| format!(", t{i} AS (SELECT a.x FROM t{} a, t{} b)", i - 1, i - 1);
        (1..=times).map(next).collect::<String>()
    };
    let text = format!("WITH t0 AS (SELECT 1 AS x){} SELECT count(*) FROM t5", named(5));
    assert_eq!(fixture().value(&text), "1");
    let text = format!("WITH t0 AS (SELECT 1 AS x){} SELECT count(*) FROM t40", named(40));
    let told = fixture().error(&text).to_string();
    assert!(
        told.ends_with("statement is too complex: it reads more than 500 tables and subqueries"),
        "{told}"
    );
    // Also where the WITH stands within.
    let text = format!("SELECT (WITH T0 AS (SELECT 1 AS x){} SELECT count(*) FROM T40) FROM db.t", named(40));
    let told = fixture().error(&text).to_string();
    assert!(
        told.ends_with("statement is too complex: it reads more than 500 tables and subqueries"),
        "{told}"
    );
}
