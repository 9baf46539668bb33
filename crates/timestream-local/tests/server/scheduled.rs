//! The operations on scheduled queries, over the wire. Not here: their runs (`scheduled_runs`).

use serde_json::{Value as Json, json};

use crate::support::{Local, record};

/// A server with the tables `fleet.metrics`, where two hosts have measured `cpu`, and `fleet.derived`.
pub(crate) async fn fleet() -> Local {
    let local = Local::start().await;
    local.create_table().await;
    let records = [record("a", "1.5", crate::support::NOW), record("b", "2.5", crate::support::NOW)];
    local.write_records().set_records(Some(records.to_vec())).send().await.unwrap();
    create_derived(&local).await;
    local
}

/// The table `fleet.derived`, which takes late data.
pub(crate) async fn create_derived(local: &Local) {
    let body = json!({
        "DatabaseName": "fleet", "TableName": "derived",
        "RetentionProperties":
            { "MemoryStoreRetentionPeriodInHours": 24, "MagneticStoreRetentionPeriodInDays": 1000 },
        "MagneticStoreWriteProperties": { "EnableMagneticStoreWrites": true },
    });
    let (status, answer) = local.post("CreateTable", &body.to_string()).await;
    assert_eq!(status, 200, "{answer}");
}

/// A request that creates a query: each host's mean, every five minutes, at the time of the run.
pub(crate) fn request() -> Json {
    json!({
        "Name": "means",
        "QueryString": "SELECT host, @scheduled_runtime AS at, avg(measure_value::double) AS mean, count(*) AS n \
                        FROM fleet.metrics GROUP BY host",
        "ScheduleConfiguration": { "ScheduleExpression": "rate(5 minutes)" },
        "NotificationConfiguration": { "SnsConfiguration": { "TopicArn": "arn:aws:sns:us-east-1:1:topic" } },
        "TargetConfiguration": { "TimestreamConfiguration": {
            "DatabaseName": "fleet", "TableName": "derived", "TimeColumn": "at",
            "DimensionMappings": [{ "Name": "host", "DimensionValueType": "VARCHAR" }],
            "MultiMeasureMappings": {
                "TargetMultiMeasureName": "means",
                "MultiMeasureAttributeMappings": [
                    { "SourceColumn": "mean", "MeasureValueType": "DOUBLE" },
                    { "SourceColumn": "n", "TargetMultiMeasureAttributeName": "count", "MeasureValueType": "BIGINT" },
                ],
            },
        } },
        "ScheduledQueryExecutionRoleArn": "arn:aws:iam::1:role/query",
        "ErrorReportConfiguration": { "S3Configuration": { "BucketName": "reports" } },
    })
}

/// Creates what `request` asks for; its ARN.
pub(crate) async fn create(local: &Local, request: &Json) -> String {
    let (status, answer) = local.post("CreateScheduledQuery", &request.to_string()).await;
    assert_eq!(status, 200, "{answer}");
    answer["Arn"].as_str().unwrap().to_owned()
}

/// The description of a query.
pub(crate) async fn describe(local: &Local, arn: &str) -> Json {
    let (status, answer) = local.post("DescribeScheduledQuery", &named(arn).to_string()).await;
    assert_eq!(status, 200, "{answer}");
    answer["ScheduledQuery"].clone()
}

pub(crate) fn named(arn: &str) -> Json {
    json!({ "ScheduledQueryArn": arn })
}

/// An answer without what differs from run to run.
pub(crate) fn scrubbed(arn: &str, answer: &Json) -> String {
    let suffix = arn.rsplit('-').next().unwrap();
    serde_json::to_string_pretty(answer).unwrap().replace(suffix, "SUFFIX")
}

async fn created(local: &Local, request: &Json) -> String {
    local.posted("CreateScheduledQuery", &request.to_string()).await
}

/// `request()` with the member at `path` replaced, or removed where the value is null.
fn with(path: &str, value: &Json) -> Json {
    let mut request = request();
    let (parent, member) = path.rsplit_once('/').unwrap();
    let parent = request.pointer_mut(parent).unwrap();
    match parent {
        Json::Object(members) if value.is_null() => drop(members.remove(member)),
        Json::Object(members) => drop(members.insert(member.to_owned(), value.clone())),
        other => other[member.parse::<usize>().unwrap()] = value.clone(),
    }
    request
}

const TARGET: &str = "/TargetConfiguration/TimestreamConfiguration";

#[tokio::test]
async fn a_query_is_created_described_listed_and_deleted() {
    let local = fleet().await;
    let mut request = request();
    request["KmsKeyId"] = json!("alias/key");
    let arn = create(&local, &request).await;
    let prefix = "arn:aws:timestream:us-east-1:000000000000:scheduled-query/means-";
    let suffix = arn.strip_prefix(prefix).unwrap();
    assert!(suffix.len() == 12 && suffix.bytes().all(|byte| byte.is_ascii_hexdigit()), "{arn}");

    insta::assert_snapshot!("description", scrubbed(&arn, &describe(&local, &arn).await));
    let (_, list) = local.post("ListScheduledQueries", "{}").await;
    insta::assert_snapshot!("list", scrubbed(&arn, &list));

    let deleted = local.posted("DeleteScheduledQuery", &named(&arn).to_string()).await;
    assert_eq!(deleted, "200 {}");
    for operation in ["DescribeScheduledQuery", "DeleteScheduledQuery"] {
        let (status, gone) = local.post(operation, &named(&arn).to_string()).await;
        assert_eq!((status, &gone["__type"]), (404, &json!("ResourceNotFoundException")));
        assert_eq!(gone["ScheduledQueryArn"], json!(arn));
        assert_eq!(gone["Message"], json!(format!("The scheduled query {arn} does not exist.")));
    }
    let (_, list) = local.post("ListScheduledQueries", "{}").await;
    assert_eq!(list, json!({ "ScheduledQueries": [] }));
}

#[tokio::test]
async fn the_sdk_reads_what_is_described() {
    let local = fleet().await;
    let arn = create(&local, &request()).await;
    let answer = local.query.describe_scheduled_query().scheduled_query_arn(&arn).send().await.unwrap();
    let query = answer.scheduled_query().unwrap();
    assert_eq!(query.state().as_str(), "ENABLED");
    assert_eq!(query.next_invocation_time().unwrap().secs(), crate::support::NOW + 300);
    let target = query.target_configuration().unwrap().timestream_configuration().unwrap();
    assert_eq!(target.multi_measure_mappings().unwrap().multi_measure_attribute_mappings().len(), 2);
    assert_eq!(query.recently_failed_runs(), []);
}

#[tokio::test]
async fn a_token_makes_one_query_of_a_request_and_names_are_unique() {
    let local = fleet().await;
    let mut request = request();
    request["ClientToken"] = json!("0123456789012345678901234567890123456789");
    let arn = create(&local, &request).await;
    assert_eq!(create(&local, &request).await, arn);

    let mut other = request.clone();
    other["Name"] = json!("others");
    let told = created(&local, &other).await;
    assert!(told.starts_with("409") && told.contains("ClientToken was used for another request"), "{told}");

    request["ClientToken"] = json!("another-token-that-is-long-enough-for-it");
    let told = created(&local, &request).await;
    assert!(told.starts_with("409") && told.contains("name 'means' already exists"), "{told}");

    // A token means nothing after eight hours.
    local.clock.advance(8 * 3_600 * 1_000_000_000);
    assert_ne!(create(&local, &other).await, arn);
}

#[tokio::test]
async fn lists_come_in_pages() {
    let local = fleet().await;
    for number in 10..22 {
        create(&local, &with("/Name", &json!(format!("query-{number}")))).await;
    }
    let (mut names, mut token) = (Vec::new(), Json::Null);
    loop {
        let body = json!({ "MaxResults": 5, "NextToken": token });
        let (_, page) = local.post("ListScheduledQueries", &body.to_string()).await;
        let page_names =
            page["ScheduledQueries"].as_array().unwrap().iter().map(|query| query["Name"].clone());
        names.extend(page_names);
        token = page["NextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    let expected: Vec<Json> = (10..22).map(|number| json!(format!("query-{number}"))).collect();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn tags_are_those_of_the_creation_and_those_added() {
    let local = fleet().await;
    let arn = create(&local, &with("/Tags", &json!([{ "Key": "team", "Value": "a" }]))).await;
    let tag = json!({ "ResourceARN": arn, "Tags": [{ "Key": "run", "Value": "1" }] });
    assert_eq!(local.posted("TagResource", &tag.to_string()).await, "200 {}");
    let untag = json!({ "ResourceARN": arn, "TagKeys": ["team"] });
    let list = json!({ "ResourceARN": arn }).to_string();
    let (_, both) = local.post("ListTagsForResource", &list).await;
    assert_eq!(both["Tags"].as_array().unwrap().len(), 2);
    assert_eq!(local.posted("UntagResource", &untag.to_string()).await, "200 {}");
    let (_, one) = local.post("ListTagsForResource", &list).await;
    assert_eq!(one["Tags"], json!([{ "Key": "run", "Value": "1" }]));

    let gone = json!({ "ResourceARN": format!("{arn}x") }).to_string();
    assert!(local.posted("ListTagsForResource", &gone).await.starts_with("404"));
}

#[tokio::test]
async fn what_could_not_run_is_refused() {
    let local = fleet().await;
    let sql = |sql: &str| with("/QueryString", &json!(sql));
    let target = |path: &str, value: &Json| with(&format!("{TARGET}/{path}"), value);
    let mixed = |mapping: &Json| {
        let mut request = target("MultiMeasureMappings", &Json::Null);
        request.pointer_mut(TARGET).unwrap()["MixedMeasureMappings"] = json!([mapping]);
        request
    };
    let multi = |path: &str, value: &Json| target(&format!("MultiMeasureMappings/{path}"), value);
    let requests = [
        sql("SELECT nothing FROM fleet.metrics"),
        sql("SELECT"),
        sql("SELECT @host AS host, time AS at, 1.0 AS mean, 1 AS n FROM fleet.metrics"),
        sql("DELETE FROM fleet.metrics"),
        sql("SELECT host, time AS at, 1.0 AS mean FROM fleet.metrics"),
        sql("SELECT host, time AS at, 1.0 AS mean, 1 AS n, 2 AS n FROM fleet.metrics"),
        sql("SELECT host, 'noon' AS at, 1.0 AS mean, 1 AS n FROM fleet.metrics"),
        sql("SELECT 7 AS host, time AS at, 1.0 AS mean, 1 AS n FROM fleet.metrics"),
        sql("SELECT host, time AS at, 'x' AS mean, 1 AS n FROM fleet.metrics"),
        sql("SELECT host, time AS at, 1.0 AS mean, 1.5 AS n FROM fleet.metrics"),
        sql("SHOW DATABASES"),
        with("/ScheduleConfiguration/ScheduleExpression", &json!("every day")),
        with("/ScheduleConfiguration/ScheduleExpression", &json!("cron(0 25 * * ? *)")),
        with("/ScheduleConfiguration/ScheduleExpression", &json!("rate(0 minutes)")),
        with("/ScheduleConfiguration/ScheduleExpression", &json!("cron(0 0 30 2 ? *)")),
        target("DatabaseName", &json!("nowhere")),
        target("TableName", &json!("nothing")),
        target("TimeColumn", &json!("time")),
        target("DimensionMappings", &json!([])),
        target("DimensionMappings/0/Name", &json!("Host")),
        target("MultiMeasureMappings", &Json::Null),
        target("MixedMeasureMappings", &json!([{ "SourceColumn": "mean", "MeasureValueType": "DOUBLE" }])),
        target("MeasureNameColumn", &json!("mean")),
        multi("TargetMultiMeasureName", &Json::Null),
        multi("MultiMeasureAttributeMappings/1/TargetMultiMeasureAttributeName", &json!("mean")),
        mixed(&json!({ "MeasureValueType": "DOUBLE" })),
        mixed(&json!({ "MeasureValueType": "MULTI", "SourceColumn": "mean" })),
        mixed(&json!({
            "MeasureValueType": "MULTI",
            "MultiMeasureAttributeMappings": [{ "SourceColumn": "mean", "MeasureValueType": "DOUBLE" }],
        })),
        mixed(&json!({ "MeasureValueType": "BOOLEAN", "SourceColumn": "mean" })),
    ];
    let mut told = Vec::new();
    for request in requests {
        told.push(created(&local, &request).await);
    }
    insta::assert_snapshot!(told.join("\n"));
    let (_, list) = local.post("ListScheduledQueries", "{}").await;
    assert_eq!(list["ScheduledQueries"], json!([]));
}

#[tokio::test]
async fn members_are_held_to_the_model() {
    let local = fleet().await;
    let s3 = "/ErrorReportConfiguration/S3Configuration";
    let long = |length: usize| json!("x".repeat(length));
    let requests = [
        with("/Name", &Json::Null),
        with("/Name", &json!("x")),
        with("/Name", &json!("no spaces")),
        with("/Name", &long(65)),
        with("/QueryString", &Json::Null),
        with("/QueryString", &json!("")),
        with("/QueryString", &long(262_145)),
        with("/ScheduleConfiguration", &Json::Null),
        with("/ScheduleConfiguration/ScheduleExpression", &Json::Null),
        with("/ScheduleConfiguration/ScheduleExpression", &long(257)),
        with("/NotificationConfiguration", &Json::Null),
        with("/NotificationConfiguration/SnsConfiguration", &Json::Null),
        with("/NotificationConfiguration/SnsConfiguration/TopicArn", &json!("")),
        with("/ScheduledQueryExecutionRoleArn", &Json::Null),
        with("/ErrorReportConfiguration", &Json::Null),
        with(s3, &Json::Null),
        with(&format!("{s3}/BucketName"), &json!("Reports")),
        with(&format!("{s3}/ObjectKeyPrefix"), &json!("/reports")),
        with(&format!("{s3}/ObjectKeyPrefix"), &long(897)),
        with(&format!("{s3}/EncryptionOption"), &json!("NONE")),
        with("/KmsKeyId", &json!("")),
        with("/ClientToken", &json!("short")),
        with("/Tags", &json!([{ "Key": "", "Value": "" }])),
        with(TARGET, &Json::Null),
        with(&format!("{TARGET}/TimeColumn"), &Json::Null),
        with(&format!("{TARGET}/DimensionMappings"), &Json::Null),
        with(&format!("{TARGET}/DimensionMappings/0/DimensionValueType"), &json!("BIGINT")),
        with(&format!("{TARGET}/MultiMeasureMappings/MultiMeasureAttributeMappings"), &json!([])),
        with(
            &format!("{TARGET}/MultiMeasureMappings/MultiMeasureAttributeMappings/1/MeasureValueType"),
            &json!("MULTI"),
        ),
        with(&format!("{TARGET}/MixedMeasureMappings"), &json!([])),
        with(&format!("{TARGET}/MixedMeasureMappings"), &json!([{ "MeasureValueType": "TIMESTAMP" }])),
    ];
    let mut told = Vec::new();
    for request in requests {
        told.push(created(&local, &request).await);
    }
    let arn = create(&local, &request()).await;
    for (operation, body) in [
        ("DescribeScheduledQuery", json!({})),
        ("DescribeScheduledQuery", named("arn:aws:timestream:us-east-1:1:database/fleet")),
        ("UpdateScheduledQuery", named(&arn)),
        ("UpdateScheduledQuery", json!({ "ScheduledQueryArn": arn, "State": "PAUSED" })),
        ("ExecuteScheduledQuery", named(&arn)),
        ("ExecuteScheduledQuery", json!({ "ScheduledQueryArn": arn, "InvocationTime": 1e30 })),
        (
            "ExecuteScheduledQuery",
            json!({ "ScheduledQueryArn": arn, "InvocationTime": 1, "ClientToken": "x" }),
        ),
        (
            "ExecuteScheduledQuery",
            json!({ "ScheduledQueryArn": arn, "InvocationTime": 1, "QueryInsights": {} }),
        ),
        ("ListScheduledQueries", json!({ "MaxResults": 1001 })),
    ] {
        told.push(format!("{operation}: {}", local.posted(operation, &body.to_string()).await));
    }
    insta::assert_snapshot!(told.join("\n"));
}

#[tokio::test]
async fn a_report_that_could_never_be_put_is_refused() {
    let local = fleet().await;
    let prefix = "/ErrorReportConfiguration/S3Configuration/ObjectKeyPrefix";
    let mut told = Vec::new();
    for request in [
        with("/Name", &json!("a/../../b")),
        with(prefix, &json!("a/../b")),
        with(prefix, &json!("x".repeat(256))),
        with("/ErrorReportConfiguration/S3Configuration/BucketName", &json!("a..b")),
    ] {
        told.push(created(&local, &request).await.replace(&"x".repeat(256), "LONG"));
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    400 {"Message":"No error report of this query could be written. The object key 'a/../../b-ID' is not valid: up to 1024 bytes of names between slashes, none of them '.' or '..' or longer than 255 bytes.","__type":"ValidationException"}
    400 {"Message":"No error report of this query could be written. The object key 'a/../b/means-ID' is not valid: up to 1024 bytes of names between slashes, none of them '.' or '..' or longer than 255 bytes.","__type":"ValidationException"}
    400 {"Message":"No error report of this query could be written. The object key 'LONG/means-ID' is not valid: up to 1024 bytes of names between slashes, none of them '.' or '..' or longer than 255 bytes.","__type":"ValidationException"}
    400 {"Message":"No error report of this query could be written. The bucket name 'a..b' is not valid: 3 to 63 lower-case letters, digits, dots and hyphens, the first and the last of them a letter or a digit.","__type":"ValidationException"}
    "#);
    create(&local, &with("/Name", &json!("a/b..c/"))).await;
    create(&local, &with(prefix, &json!("a/b/"))).await;
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once() {
    let local = fleet().await;
    let mut request = request();
    request["Name"] = json!("a b");
    request["ScheduledQueryExecutionRoleArn"] = Json::Null;
    request["ErrorReportConfiguration"]["S3Configuration"] = json!({"EncryptionOption": "NONE"});
    let target = json!({"DatabaseName": "fleet", "DimensionMappings": [{}], "MixedMeasureMappings": [{}],
        "MultiMeasureMappings": {"MultiMeasureAttributeMappings": [{"SourceColumn": "mean"}, {}]}});
    request["TargetConfiguration"]["TimestreamConfiguration"] = target;
    insta::assert_snapshot!(created(&local, &request).await.replace("; ", ";\n"));
}
