//! Times of the kinds of queries on a table of realistic size; by hand, since it takes minutes.

use std::fs::File;
use std::sync::Arc;
use std::time::Instant;

use datafusion::arrow::array::{ArrayRef, Float64Array, StringViewArray, TimestampNanosecondArray};
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, Encoding, ZstdLevel};
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};

use super::{Fixture, column, drain, time};
use crate::store::{Snapshot, SnapshotFile};

const DIMENSIONS: [&str; 8] = [
    "region",
    "cell",
    "silo",
    "availability_zone",
    "microservice_name",
    "instance_type",
    "os_version",
    "instance_name",
];
const MEASURES: [&str; 4] = ["cpu_system", "cpu_user", "disk_used", "memory_used"];
const HOURS: i64 = 12;
const HOSTS: usize = 10_000;

/// One hour, sorted by measure, host, time, a value a minute.
fn hour(hour: i64) -> RecordBatch {
    let minute = 60_000_000_000;
    let (mut texts, mut measures, mut times, mut values) =
        (vec![Vec::new(); 8], Vec::new(), Vec::new(), Vec::new());
    for measure in MEASURES {
        for host in 0..HOSTS {
            let (region, cell) = (host * 6 / HOSTS, host * 40 / HOSTS);
            let dimensions = [
                format!("region-{region}"),
                format!("region-{region}-cell-{cell}"),
                format!("region-{region}-cell-{cell}-silo-{}", host * 100 / HOSTS),
                format!("region-{region}-{}", host % 3),
                format!("service-{}", host % 5),
                format!("type-{}", host % 5),
                format!("os-{}", host % 2),
                format!("i-{host:08}.amazonaws.com"),
            ];
            for step in 0..60 {
                for (column, text) in texts.iter_mut().zip(&dimensions) {
                    column.push(text.clone());
                }
                measures.push(measure);
                times.push(time("00:00") + hour * 60 * minute + step * minute);
                values.push(
                    (host as f64 * 7919.0 + step as f64 * 104_729.0 + hour as f64 * 31.0) % 10_007.0 / 100.0,
                );
            }
        }
    }
    let mut arrays: Vec<(&str, ArrayRef)> = Vec::new();
    for (name, column) in DIMENSIONS.iter().zip(texts) {
        arrays.push((*name, Arc::new(StringViewArray::from_iter_values(column))));
    }
    arrays.push(("measure_name", Arc::new(StringViewArray::from_iter_values(measures))));
    arrays.push(("time", Arc::new(TimestampNanosecondArray::from(times))));
    arrays.push(("measure_value::double", Arc::new(Float64Array::from(values))));
    let field = |(name, array): &(&str, ArrayRef)| Field::new(*name, array.data_type().clone(), true);
    let schema = Schema::new(arrays.iter().map(field).collect::<Vec<_>>());
    RecordBatch::try_new(Arc::new(schema), arrays.into_iter().map(|(_, array)| array).collect())
        .expect("a batch")
}

fn table(fixture: &mut Fixture) {
    let names = DIMENSIONS.iter().copied().chain(["measure_name", "time", "measure_value::double"]);
    let mut snapshot = Snapshot { columns: names.map(column).collect(), ..Snapshot::empty() };
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).expect("a level")))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_max_row_group_row_count(Some(131_072))
        .set_data_page_row_count_limit(4096)
        .set_write_batch_size(4096)
        .set_column_dictionary_enabled("time".into(), false)
        .set_column_encoding("time".into(), Encoding::DELTA_BINARY_PACKED)
        .set_column_dictionary_enabled("measure_value::double".into(), false)
        .build();
    for number in 0..HOURS {
        let path = fixture.dir.path().join(format!("{number}.parquet"));
        let batch = hour(number);
        let file = File::create(&path).expect("a file");
        let mut writer =
            ArrowWriter::try_new(file, batch.schema(), Some(properties.clone())).expect("a writer");
        writer.write(&batch).expect("rows");
        writer.close().expect("a footer");
        snapshot.files.push(Arc::new(SnapshotFile::at(path)));
    }
    fixture.add("t", snapshot);
}

#[test]
#[ignore = "takes minutes; prints times"]
fn times_of_the_kinds_of_queries() {
    let mut fixture = Fixture::with_memory(1 << 30);
    table(&mut fixture);
    let place = "region = 'region-2' AND cell = 'region-2-cell-17' AND silo = 'region-2-cell-17-silo-43' \
                 AND availability_zone = 'region-2-1' AND microservice_name = 'service-3'";
    let v = "measure_value::double";
    let queries = [
        (
            "q1",
            format!(
                "SELECT region, cell, silo, availability_zone, microservice_name, BIN(time, 1m) AS m, COUNT(DISTINCT instance_name), ROUND(AVG({v}), 2), ROUND(APPROX_PERCENTILE({v}, 0.9), 2), ROUND(APPROX_PERCENTILE({v}, 0.95), 2), ROUND(APPROX_PERCENTILE({v}, 0.99), 2) AS p99 FROM db.t WHERE time BETWEEN ago(1h) AND now() AND measure_name = 'memory_used' AND {place} GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY p99 DESC"
            ),
        ),
        (
            "q2",
            format!(
                "SELECT BIN(time, 1m) AS m, AVG(CASE WHEN measure_name = 'cpu_user' THEN {v} END), AVG(CASE WHEN measure_name = 'cpu_system' THEN {v} END) FROM db.t WHERE time BETWEEN ago(1h) AND now() AND measure_name IN ('cpu_user', 'cpu_system') AND {place} AND instance_type = 'type-3' AND os_version = 'os-1' GROUP BY 1 ORDER BY m DESC"
            ),
        ),
        (
            "q3",
            format!(
                "WITH a AS (SELECT cell, microservice_name, AVG({v}) AS mean FROM db.t WHERE time BETWEEN ago(1h) AND now() AND region = 'region-2' AND measure_name = 'disk_used' AND microservice_name = 'service-3' GROUP BY 1, 2), b AS (SELECT cell, microservice_name, instance_name, AVG({v}) AS mean FROM db.t WHERE time BETWEEN ago(1h) AND now() AND region = 'region-2' AND measure_name = 'disk_used' AND microservice_name = 'service-3' GROUP BY 1, 2, 3) SELECT b.instance_name, b.mean FROM b JOIN a ON a.cell = b.cell AND a.microservice_name = b.microservice_name WHERE b.mean > 1.2 * a.mean ORDER BY b.mean DESC"
            ),
        ),
        (
            "q4",
            format!(
                "SELECT region, silo, cell, BIN(time, 1h), COUNT(*), AVG(CASE WHEN measure_name = 'cpu_user' THEN {v} END), MAX(CASE WHEN measure_name = 'memory_used' THEN {v} END) FROM db.t WHERE time BETWEEN ago(3h) AND now() AND measure_name IN ('cpu_user', 'memory_used') AND microservice_name = 'service-3' GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
            ),
        ),
        (
            "q5",
            format!(
                "WITH h AS (SELECT microservice_name, instance_name, BIN(time, 5m) AS slot, MAX({v}) AS high FROM db.t WHERE time BETWEEN ago(1d) AND now() AND measure_name = 'memory_used' AND silo = 'region-2-cell-17-silo-43' AND availability_zone = 'region-2-1' GROUP BY 1, 2, 3), s AS (SELECT microservice_name FROM (SELECT microservice_name, DENSE_RANK() OVER (ORDER BY p DESC) AS r FROM (SELECT microservice_name, APPROX_PERCENTILE(high, 0.95) AS p FROM h GROUP BY 1)) WHERE r = 1), i AS (SELECT instance_name FROM (SELECT instance_name, DENSE_RANK() OVER (ORDER BY p DESC) AS r FROM (SELECT instance_name, APPROX_PERCENTILE(high, 0.95) AS p FROM h WHERE microservice_name IN (SELECT microservice_name FROM s) GROUP BY 1)) WHERE r = 1) SELECT t.instance_name, COUNT(*), MIN({v}), AVG({v}), STDDEV({v}), APPROX_PERCENTILE({v}, 0.5), APPROX_PERCENTILE({v}, 0.99) FROM db.t t JOIN i ON t.instance_name = i.instance_name WHERE time BETWEEN ago(1d) AND now() AND measure_name = 'disk_used' AND silo = 'region-2-cell-17-silo-43' GROUP BY 1"
            ),
        ),
        (
            "q6",
            format!(
                "WITH s AS (SELECT microservice_name, instance_name, BIN(time, 15m) AS slot, AVG({v}) AS mean FROM db.t WHERE time BETWEEN ago(3d) AND now() AND measure_name = 'cpu_user' AND region = 'region-2' AND cell = 'region-2-cell-17' GROUP BY 1, 2, 3), h AS (SELECT microservice_name, hour(slot) AS hour, BIN(slot, 24h) AS day, APPROX_PERCENTILE(mean, 0.95) AS p FROM s GROUP BY 1, 2, 3) SELECT * FROM (SELECT *, DENSE_RANK() OVER (PARTITION BY microservice_name, day ORDER BY p DESC) AS r FROM h) WHERE r <= 3"
            ),
        ),
        ("count", "SELECT COUNT(*) FROM db.t".to_owned()),
        ("count 15m", "SELECT COUNT(*) FROM db.t WHERE time > ago(15m)".to_owned()),
        ("all by measure", format!("SELECT measure_name, AVG({v}) FROM db.t GROUP BY 1")),
    ];
    for (name, text) in queries {
        let mut best = f64::MAX;
        let mut planned = f64::MAX;
        let (mut rows, mut bytes) = (0, 0);
        for _ in 0..5 {
            let start = Instant::now();
            let mut answer = fixture.query(&text).expect("a plan");
            planned = planned.min(start.elapsed().as_secs_f64() * 1e3);
            rows = drain(&mut answer).expect("rows").len();
            best = best.min(start.elapsed().as_secs_f64() * 1e3);
            bytes = answer.bytes_scanned();
        }
        eprintln!("{name}: {best:.1} ms (plan {planned:.1}), {rows} rows, {bytes} bytes");
    }
}
