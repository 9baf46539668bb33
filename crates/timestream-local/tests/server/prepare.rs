//! PrepareQuery: what is told of a statement without running it.

use insta::assert_snapshot;
use serde_json::{Value as Json, json};

use crate::support::{Local, NOW, record};

async fn prepared(local: &Local, sql: &str) -> Json {
    let (status, answer) =
        local.post("PrepareQuery", &json!({ "QueryString": sql, "ValidateOnly": true }).to_string()).await;
    assert_eq!(status, 200, "{sql}: {answer}");
    answer
}

/// Each column in a line: its name and type, its table, whether it is aliased.
async fn columns(local: &Local, sql: &str) -> String {
    let answer = prepared(local, sql).await;
    let line = |column: &Json| {
        let text = |member: &str| column[member].as_str().unwrap_or("-").to_owned();
        let aliased = if column["Aliased"].as_bool().unwrap() { " aliased" } else { "" };
        let table = format!("{}.{}", text("DatabaseName"), text("TableName"));
        format!("{} {} {table}{aliased}", text("Name"), column["Type"])
    };
    answer["Columns"].as_array().unwrap().iter().map(line).collect::<Vec<_>>().join("\n")
}

async fn with_rows() -> Local {
    let local = Local::start().await;
    local.create_database("Fleet").await;
    let create = local.write.create_table().database_name("Fleet").table_name("Metrics");
    create.send().await.unwrap();
    let write = local.write.write_records().database_name("Fleet").table_name("Metrics");
    write.records(record("a", "1", NOW)).send().await.unwrap();
    local
}

#[tokio::test]
async fn columns_are_told_with_their_tables() {
    let local = with_rows().await;
    let plain = "SELECT host, m.time AS at, upper(host), measure_value::double + 1 AS more, host, host AS host \
                 FROM fleet.metrics m WHERE time > ago(1h) ORDER BY 2 LIMIT 5";
    assert_snapshot!(columns(&local, plain).await, @r#"
    host {"ScalarType":"VARCHAR"} Fleet.Metrics
    at {"ScalarType":"TIMESTAMP"} Fleet.Metrics aliased
    _col2 {"ScalarType":"VARCHAR"} -.-
    more {"ScalarType":"DOUBLE"} -.- aliased
    host {"ScalarType":"VARCHAR"} Fleet.Metrics
    host {"ScalarType":"VARCHAR"} Fleet.Metrics
    "#);
    let derived = "WITH a AS (SELECT host AS node, max(time) AS last FROM Fleet.Metrics GROUP BY host) \
                   SELECT DISTINCT a.node, a.last, b.host AS other FROM a JOIN \"Fleet\".\"Metrics\" b ON a.node = b.host";
    assert_snapshot!(columns(&local, derived).await, @r#"
    node {"ScalarType":"VARCHAR"} Fleet.Metrics
    last {"ScalarType":"TIMESTAMP"} -.-
    other {"ScalarType":"VARCHAR"} Fleet.Metrics aliased
    "#);
    assert_snapshot!(columns(&local, "SELECT *, 1 FROM Fleet.Metrics").await, @r#"
    host {"ScalarType":"VARCHAR"} Fleet.Metrics
    measure_name {"ScalarType":"VARCHAR"} Fleet.Metrics
    time {"ScalarType":"TIMESTAMP"} Fleet.Metrics
    measure_value::double {"ScalarType":"DOUBLE"} Fleet.Metrics
    _col4 {"ScalarType":"INTEGER"} -.-
    "#);
    let union = "SELECT host FROM Fleet.Metrics UNION ALL SELECT 'b' AS other";
    assert_snapshot!(columns(&local, union).await, @r#"host {"ScalarType":"VARCHAR"} -.-"#);
    assert_snapshot!(columns(&local, "SHOW TABLES FROM Fleet").await, @r#"Table {"ScalarType":"VARCHAR"} -.-"#);
}

#[tokio::test]
async fn a_table_whose_rows_were_written_twice_is_still_that_table() {
    let local = with_rows().await;
    let local = Local::start_on(local.stop().await).await;
    let mut newer = record("a", "2", NOW);
    newer.version = Some(2);
    let write = local.write.write_records().database_name("Fleet").table_name("Metrics");
    write.records(newer).send().await.unwrap();
    assert_snapshot!(columns(&local, "SELECT host AS node FROM Fleet.Metrics").await, @r#"node {"ScalarType":"VARCHAR"} Fleet.Metrics aliased"#);
}

#[tokio::test]
async fn parameters_are_told_by_what_they_are_compared_with() {
    let local = with_rows().await;
    let sql = "SELECT host, @label AS label FROM Fleet.Metrics \
               WHERE time BETWEEN @from AND @to AND host = @host AND measure_value::double > @least AND host <> @host";
    let answer = prepared(&local, sql).await;
    let line = |parameter: &Json| format!("{} {}", parameter["Name"].as_str().unwrap(), parameter["Type"]);
    let parameters: Vec<_> = answer["Parameters"].as_array().unwrap().iter().map(line).collect();
    assert_snapshot!(parameters.join("\n"), @r#"
    label {"ScalarType":"UNKNOWN"}
    from {"ScalarType":"TIMESTAMP"}
    to {"ScalarType":"TIMESTAMP"}
    host {"ScalarType":"VARCHAR"}
    least {"ScalarType":"DOUBLE"}
    "#);

    let (status, answer) = local.post("Query", &json!({ "QueryString": sql }).to_string()).await;
    assert_eq!(status, 400);
    assert_snapshot!(answer["Message"].as_str().unwrap(), @r"line 1:14: The parameter @label has no value; write the value in its place");
}

#[tokio::test]
async fn nothing_is_stored() {
    let local = Local::start().await;
    for body in [r#"{"QueryString":"SELECT 1"}"#, r#"{"QueryString":"SELECT 1","ValidateOnly":false}"#] {
        let (status, answer) = local.post("PrepareQuery", body).await;
        assert_eq!(
            (status, answer["Message"].as_str().unwrap()),
            (400, "Only ValidateOnly=true is supported.")
        );
    }
}
