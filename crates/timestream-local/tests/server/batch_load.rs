//! Batch loads: from files in buckets to rows, and what is told of files that are not what they should be. Not here:
//! requests that make no task (`batch_load_requests`).

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use insta::assert_snapshot;
use serde_json::{Value as Json, json};

use crate::support::{Local, NOW};

impl Local {
    /// An object of a bucket.
    fn object(&self, bucket: &str, key: &str) -> PathBuf {
        self.dir().join("buckets").join(bucket).join(key)
    }

    pub(crate) fn put(&self, bucket: &str, key: &str, content: impl AsRef<[u8]>) {
        let path = self.object(bucket, key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Makes a task, waits for its end, and gives its description.
    pub(crate) async fn load(&self, request: &Json) -> Json {
        let (status, answer) = self.post("CreateBatchLoadTask", &request.to_string()).await;
        assert_eq!(status, 200, "{answer}");
        self.ended(answer["TaskId"].as_str().unwrap()).await
    }

    async fn described(&self, id: &str) -> Json {
        let (status, mut answer) =
            self.post("DescribeBatchLoadTask", &json!({"TaskId": id}).to_string()).await;
        assert_eq!(status, 200, "{answer}");
        answer["BatchLoadTaskDescription"].take()
    }

    /// The description of a task that does not go on by itself any more.
    async fn ended(&self, id: &str) -> Json {
        loop {
            let task = self.described(id).await;
            if ["FAILED", "SUCCEEDED", "PROGRESS_STOPPED"].contains(&task["TaskStatus"].as_str().unwrap()) {
                return task;
            }
            // Its thread is not of this runtime; nothing else tells when it is done.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn report(&self, id: &str) -> Json {
        let report = fs::read(self.object("reports", &format!("loads/{id}/error_report.json"))).unwrap();
        serde_json::from_slice(&report).unwrap()
    }
}

/// A request to load `in/` of the bucket `source` into `fleet.metrics` by MULTI records.
pub(crate) fn multi() -> Json {
    with_measures(
        &json!({"MultiMeasureMappings": {"TargetMultiMeasureName": "state", "MultiMeasureAttributeMappings": [
        {"SourceColumn": "load", "MeasureValueType": "DOUBLE"},
        {"SourceColumn": "jobs", "TargetMultiMeasureAttributeName": "job_count", "MeasureValueType": "BIGINT"}]}}),
    )
}

pub(crate) fn with_measures(measures: &Json) -> Json {
    let mut model = json!({"TimeColumn": "at", "TimeUnit": "SECONDS",
        "DimensionMappings": [{"SourceColumn": "host", "DestinationColumn": "hostname"}]});
    model.as_object_mut().unwrap().extend(measures.as_object().unwrap().clone());
    json!({"TargetDatabaseName": "fleet", "TargetTableName": "metrics",
        "DataModelConfiguration": {"DataModel": model},
        "DataSourceConfiguration": {"DataFormat": "CSV",
            "DataSourceS3Configuration": {"BucketName": "source", "ObjectKeyPrefix": "in/"}},
        "ReportConfiguration": {"ReportS3Configuration": {"BucketName": "reports", "ObjectKeyPrefix": "loads"}}})
}

fn progress(task: &Json) -> String {
    let report = &task["ProgressReport"];
    let member = |name: &str| report[name].as_u64().unwrap();
    format!(
        "{} {} of {}; failures: {} parse, {} ingestion, {} file",
        task["TaskStatus"].as_str().unwrap(),
        member("RecordsIngested"),
        member("RecordsProcessed"),
        member("ParseFailures"),
        member("RecordIngestionFailures"),
        member("FileFailures"),
    )
}

pub(crate) async fn fleet() -> Local {
    let local = Local::start().await;
    local.create_table().await;
    local
}

#[tokio::test]
async fn multi_records_of_many_files() {
    let local = fleet().await;
    let old = NOW - 9 * 86_400;
    local.put("source", "in/a.csv", format!("at,host,load,jobs\n{NOW},a,1.5,3\n{old},a,2.5,4\n"));
    local.put("source", "in/deep/b.csv", format!("host,jobs,load,at,more\nb,,0.5,{NOW},x\n"));
    local.put("source", "other/c.csv", "not,read\n");
    let task = local.load(&multi()).await;
    assert_eq!(progress(&task), "SUCCEEDED 3 of 3; failures: 0 parse, 0 ingestion, 0 file");
    let bytes: u64 = ["in/a.csv", "in/deep/b.csv"]
        .map(|key| fs::metadata(local.object("source", key)).unwrap().len())
        .iter()
        .sum();
    assert_eq!(task["ProgressReport"]["BytesMetered"], bytes);
    let rows = local
        .rows("SELECT hostname, measure_name, to_milliseconds(time), load, job_count FROM fleet.metrics ORDER BY time, hostname")
        .await;
    let (now, old) = (format!("{NOW}000"), format!("{old}000"));
    assert_eq!(
        rows,
        [
            ["a", "state", &old, "2.5", "4"],
            ["a", "state", &now, "1.5", "3"],
            ["b", "state", &now, "0.5", "NULL"]
        ]
    );
    assert!(!local.object("reports", "").exists(), "nothing went wrong");
}

#[tokio::test]
async fn a_load_needs_no_magnetic_writes_and_goes_to_no_other_store() {
    let local = Local::start().await;
    local.create_database("fleet").await;
    local.write.create_table().database_name("fleet").table_name("metrics").send().await.unwrap();
    let old = NOW - 40 * 365 * 86_400;
    local.put("source", "in/a.csv", format!("at,host,load,jobs\n{old},a,1,1\n{},a,1,1\n", NOW + 901));
    let task = local.load(&multi()).await;
    assert_eq!(progress(&task), "FAILED 1 of 2; failures: 0 parse, 1 ingestion, 0 file");
    let report = local.report(task["TaskId"].as_str().unwrap());
    let errors = json!([{"fileName": "in/a.csv", "errors": [
        {"reason": "The record timestamp is outside the time range of the data ingestion window.", "lineRanges": [[3, 3]]}]}]);
    assert_eq!(report["fileErrors"], errors);
}

#[tokio::test]
async fn mixed_records_by_the_measure_name_of_a_line() {
    let local = fleet().await;
    let lines = [
        "at,host,what,value,flag,word,when",
        &format!("{NOW},a,load,1.5,,,"),
        &format!("{NOW},a,up,,TRUE,,"),
        &format!("{NOW},a,note,,,\"two, words\",{}", NOW - 60),
        &format!("{NOW},a,unknown,1,,,"),
        &format!("{NOW},a,,1,,,"),
        &format!("{NOW},a,load,,,,"),
        ",a,load,1,,,",
    ];
    local.put("source", "in/a.csv", lines.join("\r\n"));
    let request = with_measures(&json!({"MeasureNameColumn": "what", "MixedMeasureMappings": [
        {"MeasureName": "load", "SourceColumn": "value", "MeasureValueType": "DOUBLE"},
        {"MeasureName": "up", "SourceColumn": "flag", "TargetMeasureName": "is_up", "MeasureValueType": "BOOLEAN"},
        {"MeasureName": "note", "MeasureValueType": "MULTI", "MultiMeasureAttributeMappings": [
            {"SourceColumn": "word", "MeasureValueType": "VARCHAR"},
            {"SourceColumn": "when", "TargetMultiMeasureAttributeName": "noted", "MeasureValueType": "TIMESTAMP"}]}]}));
    let task = local.load(&request).await;
    assert_eq!(progress(&task), "FAILED 3 of 7; failures: 4 parse, 0 ingestion, 0 file");
    let rows = local
        .rows("SELECT measure_name, measure_value::double, measure_value::boolean, word, noted FROM fleet.metrics ORDER BY 1")
        .await;
    assert_eq!(
        rows,
        [
            ["is_up", "NULL", "true", "NULL", "NULL"],
            ["load", "1.5", "NULL", "NULL", "NULL"],
            ["note", "NULL", "NULL", "two, words", "2025-12-31 23:59:00.000000000"]
        ]
    );
    let report = local.report(task["TaskId"].as_str().unwrap());
    assert_snapshot!(report["fileErrors"][0]["errors"].to_string(), @r#"[{"lineRanges":[[5,5]],"reason":"No mapping is about the measure name 'unknown'."},{"lineRanges":[[6,6]],"reason":"The measure name is null."},{"lineRanges":[[7,7]],"reason":"Every measure of the row is null."},{"lineRanges":[[8,8]],"reason":"The time is null."}]"#);
}

#[tokio::test]
async fn mixed_records_without_measure_names_are_several_of_a_line() {
    let local = fleet().await;
    local.put("source", "in/a.csv", format!("at,host,load,jobs\n{NOW},a,1.5,3\n{NOW},b,,4\n"));
    let request = with_measures(&json!({"MixedMeasureMappings": [
        {"SourceColumn": "load", "MeasureValueType": "DOUBLE"},
        {"SourceColumn": "jobs", "TargetMeasureName": "job_count", "MeasureValueType": "BIGINT"},
        {"TargetMeasureName": "both", "MeasureValueType": "MULTI",
            "MultiMeasureAttributeMappings": [{"SourceColumn": "jobs"}]}]}));
    let task = local.load(&request).await;
    assert_eq!(progress(&task), "SUCCEEDED 5 of 5; failures: 0 parse, 0 ingestion, 0 file");
    let rows = local.rows("SELECT hostname, measure_name FROM fleet.metrics ORDER BY 1, 2").await;
    let names = rows.iter().map(|row| row.join(" ")).collect::<Vec<_>>();
    assert_eq!(names, ["a both", "a job_count", "a load", "b both", "b job_count"]);
}

#[tokio::test]
async fn every_time_unit() {
    for (unit, time) in [
        ("SECONDS", format!("{NOW}")),
        ("MILLISECONDS", format!("{NOW}001")),
        ("MICROSECONDS", format!("{NOW}000002")),
        ("NANOSECONDS", format!("{NOW}000000003")),
    ] {
        let local = fleet().await;
        local.put("source", "in/a.csv", format!("at,host,load,jobs\n{time},a,1,1\n"));
        let mut request = multi();
        request["DataModelConfiguration"]["DataModel"]["TimeUnit"] = json!(unit);
        let task = local.load(&request).await;
        assert_eq!(task["TaskStatus"], "SUCCEEDED", "{task}");
        let rows = local.rows("SELECT time FROM fleet.metrics").await;
        let expected = match unit {
            "SECONDS" => "2026-01-01 00:00:00.000000000",
            "MILLISECONDS" => "2026-01-01 00:00:00.001000000",
            "MICROSECONDS" => "2026-01-01 00:00:00.000002000",
            _ => "2026-01-01 00:00:00.000000003",
        };
        assert_eq!(rows, [[expected]], "{unit}");
    }
}

#[tokio::test]
async fn a_dialect_of_ones_own() {
    let local = fleet().await;
    let lines = [
        "at; host ;load;jobs",
        &format!("{NOW};'a;''x''\\'y '; 1.5 ;NULL"),
        "",
        &format!("{NOW};' two\nlines ';nil;7"),
    ];
    local.put("source", "in/a.csv", lines.join("\n"));
    let mut request = multi();
    request["DataSourceConfiguration"]["CsvConfiguration"] = json!({"ColumnSeparator": ";", "QuoteChar": "'",
        "EscapeChar": "\\", "NullValue": "NULL", "TrimWhiteSpace": true});
    let task = local.load(&request).await;
    assert_eq!(progress(&task), "FAILED 1 of 2; failures: 1 parse, 0 ingestion, 0 file");
    let rows = local.rows("SELECT hostname, load FROM fleet.metrics").await;
    assert_eq!(rows, [["a;'x''y", "1.5"]]);
}

#[tokio::test]
async fn what_is_wrong_with_lines_and_files_is_in_the_report() {
    let local = fleet().await;
    let mut lines = format!("at,host,load,jobs\n{NOW},a,1,1\n").into_bytes();
    lines.extend(format!("{NOW},a,2,2\n{NOW},b,wrong,1\n{NOW},b\n{NOW},b\n").into_bytes());
    lines.extend(b"1,b,1,1\n1,b,2,2\nsoon,b,1,1\n");
    lines.extend(b"\xff,b,1,1\n");
    lines.extend(format!("{NOW},c,1,1\n").into_bytes());
    local.put("source", "in/1.csv", lines);
    local.put("source", "in/2.csv", "time,host,load\n1,2,3\n");
    local.put("source", "in/3.csv", "");
    local.put("source", "in/4.csv", "\u{feff}at,host,load,jobs\n");
    local.put("source", "in/5.csv", "at,at,host,load,jobs\n");
    local.put("source", "in/6.csv", "at,host,load,jobs\n");
    let task = local.load(&multi()).await;
    assert_eq!(progress(&task), "FAILED 2 of 10; failures: 5 parse, 3 ingestion, 4 file");
    let id = task["TaskId"].as_str().unwrap();
    let told = task["ErrorMessage"].as_str().unwrap().replace(id, "TASK");
    assert_snapshot!(told, @r"5 lines were no records, 3 records were rejected, 4 files could not be read. The report is the object loads/TASK/error_report.json of the bucket reports.");
    let report = local.report(id);
    assert_eq!(report["taskId"], id);
    assert_snapshot!(serde_json::to_string_pretty(&report).unwrap().replace(id, "TASK"), @r#"
{
  "fileErrors": [
    {
      "errors": [
        {
          "lineRanges": [
            [
              3,
              3
            ]
          ],
          "reason": "A record already exists with the same time, dimensions, measure name, and record version. A higher record version must be specified in order to update the measure value."
        },
        {
          "lineRanges": [
            [
              4,
              4
            ]
          ],
          "reason": "The measure value 'wrong' is not a valid DOUBLE."
        },
        {
          "lineRanges": [
            [
              5,
              6
            ]
          ],
          "reason": "The number of columns is not that of the header: 2 instead of 4."
        },
        {
          "lineRanges": [
            [
              7,
              8
            ]
          ],
          "reason": "The record timestamp is outside the time range of the data ingestion window."
        },
        {
          "lineRanges": [
            [
              9,
              9
            ]
          ],
          "reason": "1 validation error detected: Value 'soon' at 'time' failed to satisfy constraint: Member must be an integer, in its TimeUnit since the epoch"
        },
        {
          "lineRanges": [
            [
              10,
              10
            ]
          ],
          "reason": "The line is not UTF-8."
        }
      ],
      "fileName": "in/1.csv"
    },
    {
      "errors": [
        {
          "lineRanges": [],
          "reason": "The header has no column 'jobs', which the data model names; it has 'time', 'host', 'load'."
        }
      ],
      "fileName": "in/2.csv"
    },
    {
      "errors": [
        {
          "lineRanges": [],
          "reason": "The file is empty; its first line must name its columns."
        }
      ],
      "fileName": "in/3.csv"
    },
    {
      "errors": [
        {
          "lineRanges": [],
          "reason": "The file begins with a byte order mark; save it as UTF-8 without one."
        }
      ],
      "fileName": "in/4.csv"
    },
    {
      "errors": [
        {
          "lineRanges": [],
          "reason": "The column 'at' stands twice in the header."
        }
      ],
      "fileName": "in/5.csv"
    }
  ],
  "taskErrors": [],
  "taskId": "TASK"
}
"#);
}

#[tokio::test]
async fn a_line_without_end_is_not_read_into_memory() {
    let local = fleet().await;
    let mut long = format!("at,host,load,jobs\n{NOW},a,1,1\n{NOW},\"").into_bytes();
    long.resize(17 << 20, b'x');
    local.put("source", "in/a.csv", long);
    local.put("source", "in/b.csv", format!("at,host,load,jobs\n{NOW},b,1,1\n"));
    let task = local.load(&multi()).await;
    assert_eq!(progress(&task), "FAILED 2 of 2; failures: 0 parse, 0 ingestion, 1 file");
    let report = local.report(task["TaskId"].as_str().unwrap());
    assert_snapshot!(report["fileErrors"][0]["errors"][0]["reason"].as_str().unwrap(), @r"The file cannot be read: a line is longer than 16777216 bytes, maybe for a quote that is not closed.");
}

#[tokio::test]
async fn a_model_in_a_bucket_and_a_version() {
    let local = fleet().await;
    local.put("source", "in/a.csv", format!("at,host,load,jobs\n{NOW},a,1,1\n"));
    assert_eq!(local.load(&multi()).await["TaskStatus"], "SUCCEEDED");

    local.put("source", "in/a.csv", format!("at,host,load,jobs\n{NOW},a,2,1\n"));
    let mut request = multi();
    let model = request["DataModelConfiguration"]["DataModel"].take();
    local.put("models", "model.json", model.to_string());
    let place = json!({"DataModelS3Configuration": {"BucketName": "models", "ObjectKey": "model.json"}});
    request["DataModelConfiguration"] = place.clone();
    let task = local.load(&request).await;
    assert_eq!(progress(&task), "FAILED 0 of 1; failures: 0 parse, 1 ingestion, 0 file");

    request["RecordVersion"] = json!(2);
    let task = local.load(&request).await;
    assert_eq!(task["TaskStatus"], "SUCCEEDED", "{task}");
    assert_eq!(task["DataModelConfiguration"], place, "as it was asked");
    assert_eq!(task["RecordVersion"], 2);
    assert_eq!(local.rows("SELECT load FROM fleet.metrics").await, [["2.0"]]);

    local.put("models", "model.json", "{");
    assert_snapshot!(local.posted("CreateBatchLoadTask", &request.to_string()).await, @r#"400 {"Message":"The object model.json of the bucket models is not a data model: EOF while parsing an object at line 1 column 1.","__type":"ValidationException"}"#);
    local.put("models", "model.json", r#"{"TimeColumn": "at"}"#);
    assert_snapshot!(local.posted("CreateBatchLoadTask", &request.to_string()).await, @r#"400 {"Message":"1 validation error detected: Value null at 'dataModel.dimensionMappings' failed to satisfy constraint: Member must not be null","__type":"ValidationException"}"#);
}

#[tokio::test]
async fn the_sdk_sees_all_of_a_description() {
    let local = fleet().await;
    local.put("source", "in/a.csv", format!("at,host,load,jobs\n{NOW},a,1,1\n"));
    let id = local.load(&multi()).await["TaskId"].as_str().unwrap().to_owned();
    let answer = local.write.describe_batch_load_task().task_id(&id).send().await.unwrap();
    let task = answer.batch_load_task_description().unwrap();
    assert_eq!(task.task_status().unwrap().as_str(), "SUCCEEDED");
    assert_eq!(task.progress_report().unwrap().records_ingested(), 1);
    assert_eq!(task.creation_time().unwrap().secs(), NOW);
    assert_eq!(task.record_version(), 1);
    assert_eq!((task.target_database_name(), task.target_table_name()), (Some("fleet"), Some("metrics")));
    let model = task.data_model_configuration().unwrap().data_model().unwrap();
    assert_eq!(model.dimension_mappings()[0].destination_column(), Some("hostname"));
    let source = task.data_source_configuration().unwrap().data_source_s3_configuration().unwrap();
    assert_eq!(source.object_key_prefix(), Some("in/"));
    let report = task.report_configuration().unwrap().report_s3_configuration().unwrap();
    assert_eq!(report.bucket_name(), "reports");
}

#[tokio::test]
async fn the_same_token_makes_one_task() {
    let local = fleet().await;
    local.put("source", "in/a.csv", format!("at,host,load,jobs\n{NOW},a,1,1\n"));
    let mut request = multi();
    request["ClientToken"] = json!("once");
    let (_, first) = local.post("CreateBatchLoadTask", &request.to_string()).await;
    let (status, second) = local.post("CreateBatchLoadTask", &request.to_string()).await;
    assert_eq!((status, &second), (200, &first));
    request["RecordVersion"] = json!(7);
    let id = first["TaskId"].as_str().unwrap();
    let refused = local.posted("CreateBatchLoadTask", &request.to_string()).await.replace(id, "TASK");
    assert_snapshot!(refused, @r#"409 {"Message":"The ClientToken was used for another request, which made the batch load task TASK.","__type":"ConflictException"}"#);
    local.ended(id).await;
}

#[tokio::test]
async fn lists_by_pages_and_by_status() {
    let local = fleet().await;
    local.put("source", "in/a.csv", format!("at,host,load,jobs\n{NOW},a,1,1\n"));
    local.put("source", "bad/a.csv", "none\n");
    let mut ids = Vec::new();
    for prefix in ["in/", "bad/", "in/", "in/"] {
        let mut request = multi();
        request["DataSourceConfiguration"]["DataSourceS3Configuration"]["ObjectKeyPrefix"] = json!(prefix);
        ids.push(local.load(&request).await["TaskId"].as_str().unwrap().to_owned());
    }
    let mut listed = Vec::new();
    let mut token = Json::Null;
    loop {
        let request = json!({"MaxResults": 3, "NextToken": token});
        let (_, page) = local.post("ListBatchLoadTasks", &request.to_string()).await;
        let tasks = page["BatchLoadTasks"].as_array().unwrap();
        listed.extend(tasks.iter().map(|task| task["TaskId"].as_str().unwrap().to_owned()));
        token = page["NextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(listed, ids);
    let (_, page) = local.post("ListBatchLoadTasks", r#"{"TaskStatus": "FAILED"}"#).await;
    let id = &ids[1];
    let failed = json!([{"TaskId": id, "TaskStatus": "FAILED", "DatabaseName": "fleet", "TableName": "metrics",
        "CreationTime": NOW as f64, "LastUpdatedTime": NOW as f64}]);
    assert_eq!(page["BatchLoadTasks"], failed);
    assert_eq!(page["NextToken"], Json::Null);
    assert_snapshot!(local.posted("ListBatchLoadTasks", r#"{"NextToken": "x"}"#).await, @r#"400 {"Message":"The NextToken 'x' is not valid: no page of this list has given it. Begin without a NextToken.","__type":"ValidationException"}"#);
    assert_snapshot!(local.posted("ListBatchLoadTasks", r#"{"MaxResults": 101}"#).await, @r#"400 {"Message":"1 validation error detected: Value '101' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 100","__type":"ValidationException"}"#);
    assert_snapshot!(local.posted("ListBatchLoadTasks", r#"{"TaskStatus": "DONE"}"#).await, @r#"400 {"Message":"1 validation error detected: Value 'DONE' at 'taskStatus' failed to satisfy constraint: Member must satisfy enum value set: [CREATED, IN_PROGRESS, FAILED, SUCCEEDED, PROGRESS_STOPPED, PENDING_RESUME]","__type":"ValidationException"}"#);
}

#[tokio::test]
async fn what_a_kill_interrupted_goes_on_and_is_counted_once() {
    let local = fleet().await;
    let lines: String = (0..5_000).map(|n| format!("{},a,{n},{n}\n", NOW - n)).collect();
    local.put("source", "in/a.csv", format!("at,host,load,jobs\n{lines}"));
    local.put("source", "in/b.csv", format!("at,host,load,jobs\n{NOW},b,1,1\nnever,b,1,1\n"));
    let id = local.load(&multi()).await["TaskId"].as_str().unwrap().to_owned();

    // As if the server had been killed when it had last saved the first 2,000 lines.
    let dir = local.stop().await;
    let path = dir.path().join("batch-load-tasks.json");
    let mut kept: Json = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let task = &mut kept["tasks"][0];
    task["status"] = json!("IN_PROGRESS");
    let saved: usize =
        lines.lines().take(2_000).map(|line| line.len() + 1).sum::<usize>() + "at,host,load,jobs\n".len();
    task["progress"] = json!({"RecordsProcessed": 2_000, "RecordsIngested": 2_000, "ParseFailures": 0,
        "RecordIngestionFailures": 0, "FileFailures": 0, "BytesMetered": saved});
    task["reached"] = json!({"key": "in/a.csv", "place": {"byte": saved, "line": 2_002, "record": 2_001}});
    task["error"] = Json::Null;
    fs::write(&path, kept.to_string()).unwrap();

    let local = Local::start_on(dir).await;
    let task = local.ended(&id).await;
    assert_eq!(progress(&task), "FAILED 5001 of 5002; failures: 1 parse, 0 ingestion, 0 file");
    assert_eq!(local.rows("SELECT count(*) FROM fleet.metrics").await, [["5001"]]);
    let bytes: u64 = ["in/a.csv", "in/b.csv"]
        .map(|key| fs::metadata(local.object("source", key)).unwrap().len())
        .iter()
        .sum();
    assert_eq!(task["ProgressReport"]["BytesMetered"], bytes);
    let errors = local.report(&id)["fileErrors"].take();
    assert_eq!(
        (&errors[0]["fileName"], &errors[0]["errors"][0]["lineRanges"]),
        (&json!("in/b.csv"), &json!([[3, 3]]))
    );
}

#[tokio::test]
async fn a_stop_in_the_middle_loses_and_doubles_nothing() {
    let local = fleet().await;
    let lines: String = (0..40_000).map(|n| format!("{},a,{n},{n}\n", NOW - n)).collect();
    local.put("source", "in/a.csv", format!("at,host,load,jobs\n{lines}"));
    let (_, answer) = local.post("CreateBatchLoadTask", &multi().to_string()).await;
    let local = Local::start_on(local.stop().await).await;
    let task = local.ended(answer["TaskId"].as_str().unwrap()).await;
    assert_eq!(progress(&task), "SUCCEEDED 40000 of 40000; failures: 0 parse, 0 ingestion, 0 file");
    let bytes = fs::metadata(local.object("source", "in/a.csv")).unwrap().len();
    assert_eq!(task["ProgressReport"]["BytesMetered"], bytes);
    assert_eq!(local.rows("SELECT count(*) FROM fleet.metrics").await, [["40000"]]);
}

#[tokio::test]
async fn a_task_that_cannot_go_on_stops_and_is_resumed() {
    let local = fleet().await;
    local.put("source", "in/a.csv", format!("at,host,load,jobs\n{NOW},a,1,1\n"));
    let id = local.load(&multi()).await["TaskId"].as_str().unwrap().to_owned();
    let resume = json!({"TaskId": id}).to_string();
    let refused = local.posted("ResumeBatchLoadTask", &resume).await.replace(&id, "TASK");
    assert_snapshot!(refused, @r#"400 {"Message":"The batch load task TASK cannot be resumed: its status is SUCCEEDED; only one that is PROGRESS_STOPPED can be.","__type":"ValidationException"}"#);

    // As if the server had been killed, and the bucket been taken away before it came back.
    let dir = local.stop().await;
    let path = dir.path().join("batch-load-tasks.json");
    let kept = fs::read_to_string(&path).unwrap().replace("SUCCEEDED", "IN_PROGRESS");
    fs::write(&path, kept).unwrap();
    let (bucket, away) = (dir.path().join("buckets/source"), dir.path().join("buckets/away"));
    fs::rename(&bucket, &away).unwrap();
    let local = Local::start_on(dir).await;
    let task = local.ended(&id).await;
    assert_eq!(task["TaskStatus"], "PROGRESS_STOPPED");
    assert_eq!(task["ResumableUntil"], (NOW + 7 * 86_400) as f64);
    let told = task["ErrorMessage"].as_str().unwrap().replace(&id, "TASK");
    let told = told.replace(&local.dir().display().to_string(), "DIR");
    assert_snapshot!(told, @r"The bucket source does not exist; on the local Timestream it is the folder DIR/buckets/source. The report is the object loads/TASK/error_report.json of the bucket reports.");

    fs::rename(&away, &bucket).unwrap();
    assert_eq!(local.posted("ResumeBatchLoadTask", &resume).await, "200 {}");
    let task = local.ended(&id).await;
    assert_eq!(progress(&task), "SUCCEEDED 1 of 1; failures: 0 parse, 0 ingestion, 0 file");
    assert_eq!((&task["ErrorMessage"], &task["ResumableUntil"]), (&Json::Null, &Json::Null));
}
