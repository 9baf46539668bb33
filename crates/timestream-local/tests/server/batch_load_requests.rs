//! Requests for batch loads that make no task, and what is told of them. Not here: tasks (`batch_load`).

use insta::assert_snapshot;
use serde_json::{Value as Json, json};

use crate::batch_load::{fleet, multi, with_measures};

#[tokio::test]
async fn what_is_not_there_is_told_with_what_to_do() {
    let local = fleet().await;
    let dir = local.dir().display().to_string();
    let mut told = Vec::new();
    let mut refused = async |request: &Json| {
        let answer = local.posted("CreateBatchLoadTask", &request.to_string()).await;
        told.push(answer.replace(&dir, "DIR"));
    };
    refused(&multi()).await;
    local.put("source", "elsewhere.csv", "");
    refused(&multi()).await;
    local.put("source", "in/a.csv", "");
    let mut request = multi();
    request["TargetTableName"] = json!("none");
    refused(&request).await;
    let mut request = multi();
    request["DataModelConfiguration"] =
        json!({"DataModelS3Configuration": {"BucketName": "source", "ObjectKey": "none.json"}});
    refused(&request).await;
    assert_snapshot!(told.join("\n"), @r#"
400 {"Message":"The bucket source does not exist; on the local Timestream it is the folder DIR/buckets/source.","__type":"ValidationException"}
400 {"Message":"No object of the bucket source has a key that begins with 'in/'; on the local Timestream the objects of a bucket are the files of its folder.","__type":"ValidationException"}
404 {"Message":"The table none does not exist.","__type":"ResourceNotFoundException"}
400 {"Message":"The object none.json does not exist in the bucket source.","__type":"ValidationException"}
"#);
    assert_snapshot!(local.posted("DescribeBatchLoadTask", r#"{"TaskId": "NONE"}"#).await, @r#"404 {"Message":"The batch load task NONE does not exist.","__type":"ResourceNotFoundException"}"#);
    assert_snapshot!(local.posted("DescribeBatchLoadTask", r#"{"TaskId": "none"}"#).await, @r#"400 {"Message":"1 validation error detected: Value 'none' at 'taskId' failed to satisfy constraint: Member must satisfy regular expression pattern: [A-Z0-9]+","__type":"ValidationException"}"#);
    assert_snapshot!(local.posted("ResumeBatchLoadTask", r#"{"TaskId": "NONE"}"#).await, @r#"404 {"Message":"The batch load task NONE does not exist.","__type":"ResourceNotFoundException"}"#);
    assert_snapshot!(local.posted("ResumeBatchLoadTask", "{}").await, @r#"400 {"Message":"1 validation error detected: Value null at 'taskId' failed to satisfy constraint: Member must not be null","__type":"ValidationException"}"#);
}

#[tokio::test]
async fn requests_that_make_no_sense() {
    let local = fleet().await;
    local.put("source", "in/a.csv", "");
    let model = "/DataModelConfiguration/DataModel";
    let source = "/DataSourceConfiguration";
    let report = "/ReportConfiguration/ReportS3Configuration";
    let multi_measures = format!("{model}/MultiMeasureMappings");
    let mixed = |mapping: Json| {
        with_measures(&json!({"MixedMeasureMappings": [mapping]}))["DataModelConfiguration"]["DataModel"]
            .take()
    };
    let cases = [
        ("/TargetDatabaseName".to_owned(), Json::Null),
        ("/TargetTableName".to_owned(), json!("a/b")),
        ("/RecordVersion".to_owned(), json!(0)),
        ("/ClientToken".to_owned(), json!("")),
        ("/DataModelConfiguration".to_owned(), Json::Null),
        ("/DataModelConfiguration".to_owned(), json!({})),
        ("/ReportConfiguration".to_owned(), Json::Null),
        (source.to_owned(), Json::Null),
        (format!("{source}/DataFormat"), json!("JSON")),
        (format!("{source}/DataSourceS3Configuration"), Json::Null),
        (format!("{source}/DataSourceS3Configuration/BucketName"), json!("No")),
        (format!("{source}/DataSourceS3Configuration/BucketName"), json!("-no-")),
        (format!("{source}/DataSourceS3Configuration/ObjectKeyPrefix"), json!("a b")),
        (format!("{source}/CsvConfiguration"), json!({"ColumnSeparator": "::"})),
        (format!("{source}/CsvConfiguration"), json!({"ColumnSeparator": ":"})),
        (format!("{source}/CsvConfiguration"), json!({"QuoteChar": "`"})),
        (format!("{source}/CsvConfiguration"), json!({"EscapeChar": "é"})),
        (format!("{source}/CsvConfiguration"), json!({"NullValue": ""})),
        (format!("{report}/BucketName"), Json::Null),
        (format!("{report}/ObjectKeyPrefix"), json!("/x")),
        (format!("{report}/EncryptionOption"), json!("NONE")),
        (format!("{report}/EncryptionOption"), json!("SSE_KMS")),
        (format!("{model}/TimeColumn"), Json::Null),
        (format!("{model}/TimeUnit"), json!("HOURS")),
        (format!("{model}/DimensionMappings"), Json::Null),
        (format!("{model}/DimensionMappings"), json!([])),
        (format!("{model}/DimensionMappings"), json!([{}])),
        (format!("{model}/MixedMeasureMappings"), json!([])),
        (multi_measures.clone(), Json::Null),
        (format!("{multi_measures}/TargetMultiMeasureName"), Json::Null),
        (format!("{multi_measures}/MultiMeasureAttributeMappings"), Json::Null),
        (format!("{multi_measures}/MultiMeasureAttributeMappings/1/SourceColumn"), Json::Null),
        (format!("{multi_measures}/MultiMeasureAttributeMappings/1/MeasureValueType"), json!("INTEGER")),
        (model.to_owned(), mixed(json!({"SourceColumn": "x"}))),
        (model.to_owned(), mixed(json!({"MeasureValueType": "DOUBLE"}))),
        (model.to_owned(), mixed(json!({"SourceColumn": "x", "MeasureValueType": "TIMESTAMP"}))),
        (model.to_owned(), mixed(json!({"SourceColumn": "x", "MeasureValueType": "MULTI"}))),
        (
            model.to_owned(),
            mixed(
                json!({"MeasureValueType": "MULTI", "MultiMeasureAttributeMappings": [{"SourceColumn": "x"}]}),
            ),
        ),
        (
            model.to_owned(),
            mixed(json!({"SourceColumn": "x", "MeasureValueType": "BIGINT",
            "MultiMeasureAttributeMappings": [{"SourceColumn": "x"}]})),
        ),
    ];
    let mut told = Vec::new();
    for (pointer, value) in cases {
        let mut request = multi();
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        let parent = request.pointer_mut(parent).unwrap();
        parent[member] = value;
        told.push(local.posted("CreateBatchLoadTask", &request.to_string()).await);
    }
    let mut request = multi();
    request["DataModelConfiguration"]["DataModel"] =
        mixed(json!({"SourceColumn": "x", "MeasureValueType": "DOUBLE"}));
    request["DataModelConfiguration"]["DataModel"]["MeasureNameColumn"] = json!("what");
    told.push(local.posted("CreateBatchLoadTask", &request.to_string()).await);
    assert_snapshot!(told.join("\n"));
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once() {
    let local = fleet().await;
    let request = json!({"ClientToken": "", "RecordVersion": 0, "TargetDatabaseName": "a b",
        "DataModelConfiguration": {"DataModel": {"TimeUnit": "HOURS", "DimensionMappings": [{}, {"SourceColumn": ""}],
            "MixedMeasureMappings": [{"MeasureName": ""}, {"MeasureValueType": "MULTI",
                "MultiMeasureAttributeMappings": [{"SourceColumn": "x", "MeasureValueType": "TEXT"}]}]}},
        "DataSourceConfiguration": {"DataFormat": "JSON", "CsvConfiguration": {"QuoteChar": "`", "EscapeChar": "::"}},
        "ReportConfiguration": {"ReportS3Configuration": {"EncryptionOption": "NONE", "KmsKeyId": ""}}});
    let told = local.posted("CreateBatchLoadTask", &request.to_string()).await;
    assert_snapshot!(told.replace("; ", ";\n"));
    let told = local.posted("ListBatchLoadTasks", r#"{"MaxResults": 0, "TaskStatus": "DONE"}"#).await;
    assert_snapshot!(told.replace("; ", ";\n"));
}

#[tokio::test]
async fn names_are_mapped_once() {
    let local = fleet().await;
    local.put("source", "in/a.csv", "");
    let attribute = |name: &str| json!({"SourceColumn": name, "TargetMultiMeasureAttributeName": "x"});
    let single = |column: &str| json!({"SourceColumn": column, "TargetMeasureName": "x", "MeasureValueType": "DOUBLE"});
    let mut dimensions = multi();
    dimensions["DataModelConfiguration"]["DataModel"]["DimensionMappings"] =
        json!([{"SourceColumn": "a"}, {"SourceColumn": "b", "DestinationColumn": "a"}]);
    let requests = [
        dimensions,
        with_measures(&json!({"MultiMeasureMappings": {"TargetMultiMeasureName": "state",
            "MultiMeasureAttributeMappings": [attribute("a"), attribute("b")]}})),
        with_measures(&json!({"MixedMeasureMappings": [single("a"), single("b")]})),
    ];
    let mut told = Vec::new();
    for request in requests {
        told.push(local.posted("CreateBatchLoadTask", &request.to_string()).await);
    }
    assert_snapshot!(told.join("\n"));
}
