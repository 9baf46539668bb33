//! The kinds of queries that alerts, dashboards and analyses send, over both layouts of records.

use std::fmt::Write as _;

use super::Fixture;

const DIMENSIONS: usize = 8;

/// MULTI records; times after 11:00 are the last hour.
const MULTI: &str = "
region|cell|silo|zone|service|instance|process|measure_name|time|cpu_user:double|cpu_system:double|memory_used:double|disk_used:double|gc_pause:double
eu|c1|s1|z1|zeus  |i1|-|metrics|05:00:00| 5| -| -| -|-
eu|c1|s1|z1|zeus  |i1|-|metrics|06:00:00|60| -| -| -|-
eu|c1|s1|z1|zeus  |i1|-|metrics|07:00:00|70| -| -| -|-
eu|c1|s1|z1|zeus  |i1|-|metrics|08:00:00|80| -| -| -|-
eu|c1|s1|z1|zeus  |i1|-|metrics|11:10:05|10| 1|60|10|-
eu|c1|s1|z1|zeus  |i2|-|metrics|11:10:35|20| 3|60|90|-
eu|c1|s1|z1|zeus  |i1|-|metrics|11:11:05|30| 2|50|10|-
eu|c1|s1|z1|apollo|i3|-|metrics|11:10:05|50| 5|99|50|-
us|c9|s9|z9|zeus  |i9|-|metrics|11:10:05|99|99|99|99|-
eu|c1|s1|z1|zeus  |i1|p|events |11:10:00| -| -| -| -|4
eu|c1|s1|z1|zeus  |i2|p|events |11:10:00| -| -| -| -|8
eu|c1|s1|z1|apollo|i3|p|events |11:10:00| -| -| -| -|2
eu|c1|s1|z1|apollo|i3|p|events |11:20:00| -| -| -| -|6
";

/// The same values, one a record.
fn single() -> String {
    let mut lines =
        MULTI.lines().filter(|line| !line.is_empty()).map(|line| line.split('|').collect::<Vec<_>>());
    let header = lines.next().expect("a header");
    let (keys, measures) = header.split_at(DIMENSIONS + 1);
    let mut text = format!("{}|measure_value::double\n", keys.join("|"));
    for row in lines {
        for (measure, value) in measures.iter().zip(&row[DIMENSIONS + 1..]).filter(|(_, v)| v.trim() != "-") {
            let name = measure.trim_end_matches(":double");
            let dimensions = row[..DIMENSIONS - 1].join("|");
            writeln!(text, "{dimensions}|{name}|{}|{value}", row[DIMENSIONS]).expect("text");
        }
    }
    text
}

/// Runs a query of each layout, bare and wrapped for its row count.
fn check(single_layout: &str, multi_layout: &str, expected: &[&str]) {
    let fixture =
        Fixture::new().table("single", &[&single()], &[], false).table("multi", &[], &[MULTI], false);
    for text in [single_layout, multi_layout] {
        assert_eq!(fixture.rows(text), expected, "{text}");
        let count = format!("SELECT COUNT(*) FROM ({text})");
        assert_eq!(fixture.value(&count), expected.len().to_string(), "{count}");
    }
}

const PLACE: &str = "region = 'eu' AND cell = 'c1' AND silo = 's1' AND zone = 'z1' AND service = 'zeus'";

#[test]
fn an_alert_on_percentiles_by_minute() {
    let query = |table: &str, value: &str, measure: &str| {
        format!(
            "SELECT region, cell, service, BIN(time, 1m) AS minute, COUNT(DISTINCT instance) AS instances, \
             ROUND(AVG({value}), 2) AS mean, ROUND(APPROX_PERCENTILE({value}, 0.9), 2) AS p90, \
             ROUND(APPROX_PERCENTILE({value}, 0.95), 2) AS p95, ROUND(APPROX_PERCENTILE({value}, 0.99), 2) AS p99 \
             FROM db.{table} WHERE time BETWEEN ago(1h) AND now() AND measure_name = '{measure}' AND {PLACE} \
             GROUP BY region, cell, silo, zone, service, BIN(time, 1m) ORDER BY p99 DESC"
        )
    };
    check(
        &query("single", "measure_value::double", "memory_used"),
        &query("multi", "memory_used", "metrics"),
        &[
            "eu|c1|zeus|2020-08-08 11:10:00.000000000|2|60.0|60.0|60.0|60.0",
            "eu|c1|zeus|2020-08-08 11:11:00.000000000|1|50.0|50.0|50.0|50.0",
        ],
    );
}

#[test]
fn an_alert_on_two_means_by_minute() {
    let query = |table: &str, user: &str, system: &str, measures: &str| {
        format!(
            "SELECT bin(time, 1m) AS minute, avg({user}) AS cpu_user, avg({system}) AS cpu_system FROM db.{table} \
             WHERE time > now() - 1h AND measure_name IN ({measures}) AND {PLACE} \
             GROUP BY 1 ORDER BY minute DESC"
        )
    };
    let case =
        |name: &str| format!("CASE WHEN measure_name = '{name}' THEN measure_value::double ELSE NULL END");
    check(
        &query("single", &case("cpu_user"), &case("cpu_system"), "'cpu_user', 'cpu_system'"),
        &query("multi", "cpu_user", "cpu_system", "'metrics'"),
        &["2020-08-08 11:11:00.000000000|30.0|2.0", "2020-08-08 11:10:00.000000000|15.0|2.0"],
    );
}

#[test]
fn instances_above_the_mean_of_their_cell() {
    let query = |table: &str, value: &str, measure: &str| {
        format!(
            "WITH per_cell AS (SELECT cell, service, AVG({value}) AS mean FROM db.{table} \
               WHERE time BETWEEN ago(1h) AND now() AND region = 'eu' AND measure_name = '{measure}' \
               AND service = 'zeus' GROUP BY cell, service), \
             per_instance AS (SELECT cell, service, instance, AVG({value}) AS mean FROM db.{table} \
               WHERE time BETWEEN ago(1h) AND now() AND region = 'eu' AND measure_name = '{measure}' \
               AND service = 'zeus' GROUP BY cell, service, instance) \
             SELECT i.instance, ROUND(i.mean, 2), ROUND(c.mean, 2) FROM per_instance i \
             JOIN per_cell c ON i.cell = c.cell AND i.service = c.service \
             WHERE i.mean > 1.2 * c.mean ORDER BY i.mean DESC"
        )
    };
    check(
        &query("single", "measure_value::double", "disk_used"),
        &query("multi", "disk_used", "metrics"),
        &["i2|90.0|36.67"],
    );
}

#[test]
fn a_dashboard_by_hour() {
    let query = |table: &str, cpu: &str, memory: &str, measures: &str| {
        format!(
            "SELECT bin(time, 1h) AS hour, region, silo, cell, COUNT(DISTINCT instance), COUNT({cpu}), AVG({cpu}), \
             MAX({cpu}), ROUND(AVG({memory}), 2), MAX({memory}) FROM db.{table} \
             WHERE time BETWEEN ago(3h) AND now() AND measure_name IN ({measures}) AND service = 'zeus' \
             GROUP BY region, silo, cell, bin(time, 1h) ORDER BY region, hour"
        )
    };
    let case = |name: &str| format!("IF(measure_name = '{name}', measure_value::double)");
    check(
        &query("single", &case("cpu_user"), &case("memory_used"), "'cpu_user', 'memory_used'"),
        &query("multi", "cpu_user", "memory_used", "'metrics'"),
        &[
            "2020-08-08 11:00:00.000000000|eu|s1|c1|2|3|20.0|30.0|56.67|60.0",
            "2020-08-08 11:00:00.000000000|us|s9|c9|1|1|99.0|99.0|99.0|99.0",
        ],
    );
}

#[test]
fn an_analysis_of_the_worst_instances() {
    let query = |table: &str, memory: &str, metrics: &str, pause: &str, events: &str| {
        format!(
            "WITH highs AS (SELECT service, instance, BIN(time, 5m) AS slot, MAX({memory}) AS high FROM db.{table} \
               WHERE time BETWEEN ago(1d) AND now() AND measure_name = '{metrics}' AND region = 'eu' AND silo = 's1' \
               AND zone = 'z1' GROUP BY service, instance, BIN(time, 5m)), \
             services AS (SELECT service FROM (SELECT service, DENSE_RANK() OVER (ORDER BY p95 DESC) AS rank FROM \
               (SELECT service, APPROX_PERCENTILE(high, 0.95) AS p95 FROM highs GROUP BY service)) WHERE rank = 1), \
             instances AS (SELECT instance FROM (SELECT instance, DENSE_RANK() OVER (ORDER BY p95 DESC) AS rank FROM \
               (SELECT instance, APPROX_PERCENTILE(high, 0.95) AS p95 FROM highs \
                WHERE service IN (SELECT service FROM services) GROUP BY instance)) WHERE rank = 1) \
             SELECT t.instance, COUNT(*), MIN({pause}), AVG({pause}), ROUND(STDDEV({pause}), 2), \
             ROUND(APPROX_PERCENTILE({pause}, 0.5), 1) FROM db.{table} t JOIN instances i ON t.instance = i.instance \
             WHERE t.time BETWEEN ago(1d) AND now() AND t.measure_name = '{events}' AND t.silo = 's1' \
             GROUP BY t.instance"
        )
    };
    check(
        &query("single", "measure_value::double", "memory_used", "t.measure_value::double", "gc_pause"),
        &query("multi", "memory_used", "metrics", "t.gc_pause", "events"),
        &["i3|2|2.0|4.0|2.83|4.0"],
    );
}

#[test]
fn an_analysis_of_the_busiest_hours() {
    let query = |table: &str, value: &str, measure: &str| {
        format!(
            "WITH slots AS (SELECT service, instance, BIN(time, 15m) AS slot, AVG({value}) AS mean FROM db.{table} \
               WHERE time BETWEEN ago(1d) AND now() AND measure_name = '{measure}' AND region = 'eu' \
               AND cell = 'c1' GROUP BY service, instance, BIN(time, 15m)), \
             hours AS (SELECT service, hour(slot) AS hour, BIN(slot, 24h) AS day, \
               APPROX_PERCENTILE(mean, 0.95) AS p95 FROM slots GROUP BY service, hour(slot), BIN(slot, 24h)), \
             ranked AS (SELECT *, DENSE_RANK() OVER (PARTITION BY service, day ORDER BY p95 DESC) AS rank FROM hours) \
             SELECT service, day, hour, p95, rank FROM ranked WHERE rank <= 3 ORDER BY service, day, rank"
        )
    };
    check(
        &query("single", "measure_value::double", "cpu_user"),
        &query("multi", "cpu_user", "metrics"),
        &[
            "apollo|2020-08-08 00:00:00.000000000|11|50.0|1",
            "zeus|2020-08-08 00:00:00.000000000|8|80.0|1",
            "zeus|2020-08-08 00:00:00.000000000|7|70.0|2",
            "zeus|2020-08-08 00:00:00.000000000|6|60.0|3",
        ],
    );
}
