//! The JSON itself, operation by operation, and HTTP without an SDK.

use insta::assert_snapshot;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Local, NOW, http};

const METRICS: &str = r#"{"DatabaseName":"fleet","TableName":"metrics"}"#;

#[tokio::test]
async fn databases() {
    let local = Local::start().await;
    assert_snapshot!(local.posted("CreateDatabase", r#"{"DatabaseName":"fleet"}"#).await, @r#"200 {"Database":{"Arn":"arn:aws:timestream:us-east-1:000000000000:database/fleet","CreationTime":1767225600.0,"DatabaseName":"fleet","LastUpdatedTime":1767225600.0,"TableCount":0}}"#);
    assert_snapshot!(local.posted("DescribeDatabase", r#"{"DatabaseName":"fleet"}"#).await, @r#"200 {"Database":{"Arn":"arn:aws:timestream:us-east-1:000000000000:database/fleet","CreationTime":1767225600.0,"DatabaseName":"fleet","LastUpdatedTime":1767225600.0,"TableCount":0}}"#);
    assert_snapshot!(local.posted("UpdateDatabase", r#"{"DatabaseName":"fleet","KmsKeyId":"k"}"#).await, @r#"200 {"Database":{"Arn":"arn:aws:timestream:us-east-1:000000000000:database/fleet","CreationTime":1767225600.0,"DatabaseName":"fleet","KmsKeyId":"k","LastUpdatedTime":1767225600.0,"TableCount":0}}"#);
    assert_snapshot!(local.posted("ListDatabases", "{}").await, @r#"200 {"Databases":[{"Arn":"arn:aws:timestream:us-east-1:000000000000:database/fleet","CreationTime":1767225600.0,"DatabaseName":"fleet","KmsKeyId":"k","LastUpdatedTime":1767225600.0,"TableCount":0}]}"#);
    assert_snapshot!(local.posted("DeleteDatabase", r#"{"DatabaseName":"fleet"}"#).await, @r"200 {}");
}

#[tokio::test]
async fn tables() {
    let local = Local::start().await;
    local.create_database("fleet").await;
    assert_snapshot!(local.posted("CreateTable", METRICS).await, @r#"200 {"Table":{"Arn":"arn:aws:timestream:us-east-1:000000000000:database/fleet/table/metrics","CreationTime":1767225600.0,"DatabaseName":"fleet","LastUpdatedTime":1767225600.0,"MagneticStoreWriteProperties":{"EnableMagneticStoreWrites":false},"RetentionProperties":{"MagneticStoreRetentionPeriodInDays":73000,"MemoryStoreRetentionPeriodInHours":6},"Schema":{"CompositePartitionKey":[{"Type":"MEASURE"}]},"TableName":"metrics","TableStatus":"ACTIVE"}}"#);
    assert_snapshot!(local.posted("DescribeTable", METRICS).await, @r#"200 {"Table":{"Arn":"arn:aws:timestream:us-east-1:000000000000:database/fleet/table/metrics","CreationTime":1767225600.0,"DatabaseName":"fleet","LastUpdatedTime":1767225600.0,"MagneticStoreWriteProperties":{"EnableMagneticStoreWrites":false},"RetentionProperties":{"MagneticStoreRetentionPeriodInDays":73000,"MemoryStoreRetentionPeriodInHours":6},"Schema":{"CompositePartitionKey":[{"Type":"MEASURE"}]},"TableName":"metrics","TableStatus":"ACTIVE"}}"#);
    let update = r#"{"DatabaseName":"fleet","TableName":"metrics","MagneticStoreWriteProperties":{
        "EnableMagneticStoreWrites":true,"MagneticStoreRejectedDataLocation":{"S3Configuration":{
        "BucketName":"bucket","EncryptionOption":"SSE_S3"}}}}"#;
    assert_snapshot!(local.posted("UpdateTable", update).await, @r#"200 {"Table":{"Arn":"arn:aws:timestream:us-east-1:000000000000:database/fleet/table/metrics","CreationTime":1767225600.0,"DatabaseName":"fleet","LastUpdatedTime":1767225600.0,"MagneticStoreWriteProperties":{"EnableMagneticStoreWrites":true,"MagneticStoreRejectedDataLocation":{"S3Configuration":{"BucketName":"bucket","EncryptionOption":"SSE_S3"}}},"RetentionProperties":{"MagneticStoreRetentionPeriodInDays":73000,"MemoryStoreRetentionPeriodInHours":6},"Schema":{"CompositePartitionKey":[{"Type":"MEASURE"}]},"TableName":"metrics","TableStatus":"ACTIVE"}}"#);
    assert_snapshot!(local.posted("ListTables", r#"{"DatabaseName":"fleet"}"#).await, @r#"200 {"Tables":[{"Arn":"arn:aws:timestream:us-east-1:000000000000:database/fleet/table/metrics","CreationTime":1767225600.0,"DatabaseName":"fleet","LastUpdatedTime":1767225600.0,"MagneticStoreWriteProperties":{"EnableMagneticStoreWrites":true,"MagneticStoreRejectedDataLocation":{"S3Configuration":{"BucketName":"bucket","EncryptionOption":"SSE_S3"}}},"RetentionProperties":{"MagneticStoreRetentionPeriodInDays":73000,"MemoryStoreRetentionPeriodInHours":6},"Schema":{"CompositePartitionKey":[{"Type":"MEASURE"}]},"TableName":"metrics","TableStatus":"ACTIVE"}]}"#);
    assert_snapshot!(local.posted("DeleteTable", METRICS).await, @r"200 {}");
}

#[tokio::test]
async fn tags() {
    let local = Local::start().await;
    local.create_database("fleet").await;
    let arn = "arn:aws:timestream:us-east-1:000000000000:database/fleet";
    let tag = format!(r#"{{"ResourceARN":"{arn}","Tags":[{{"Key":"owner","Value":"me"}}]}}"#);
    assert_snapshot!(local.posted("TagResource", &tag).await, @r"200 {}");
    let list = format!(r#"{{"ResourceARN":"{arn}"}}"#);
    assert_snapshot!(local.posted("ListTagsForResource", &list).await, @r#"200 {"Tags":[{"Key":"owner","Value":"me"}]}"#);
    let untag = format!(r#"{{"ResourceARN":"{arn}","TagKeys":["owner"]}}"#);
    assert_snapshot!(local.posted("UntagResource", &untag).await, @r"200 {}");
}

#[tokio::test]
async fn writes_and_queries() {
    let local = Local::start().await;
    local.create_table().await;
    let write = |values: [&str; 2]| {
        let [a, b] = values;
        format!(
            r#"{{"DatabaseName":"fleet","TableName":"metrics","CommonAttributes":{{"Dimensions":[{{"Name":
            "host","Value":"caf\u00e9"}}],"MeasureName":"cpu","TimeUnit":"SECONDS"}},"Records":[
            {{"MeasureValue":"{a}","Time":"{NOW}"}},{{"MeasureValue":"{b}","Time":"{}"}}]}}"#,
            NOW - 1
        )
    };
    assert_snapshot!(local.posted("WriteRecords", &write(["1", "2"])).await, @r#"200 {"RecordsIngested":{"MagneticStore":0,"MemoryStore":2,"Total":2}}"#);
    assert_snapshot!(local.posted("WriteRecords", &write(["1", "3"])).await, @r#"419 {"Message":"One or more records have been rejected. See RejectedRecords for details.","RejectedRecords":[{"ExistingVersion":1,"Reason":"A record already exists with the same time, dimensions, measure name, and record version. A higher record version must be specified in order to update the measure value.","RecordIndex":1}],"__type":"RejectedRecordsException"}"#);

    let sql = r#"{"QueryString":"SELECT *, 1 FROM fleet.metrics ORDER BY time","MaxRows":1}"#;
    let (status, answer) = local.post("Query", sql).await;
    let id = answer["QueryId"].as_str().unwrap();
    let scanned = format!("\"CumulativeBytesScanned\":{}", answer["QueryStatus"]["CumulativeBytesScanned"]);
    let text =
        format!("{status} {answer}").replace(id, "ID").replace(&scanned, "\"CumulativeBytesScanned\":N");
    assert_snapshot!(text, @r#"200 {"ColumnInfo":[{"Name":"host","Type":{"ScalarType":"VARCHAR"}},{"Name":"measure_name","Type":{"ScalarType":"VARCHAR"}},{"Name":"time","Type":{"ScalarType":"TIMESTAMP"}},{"Name":"measure_value::double","Type":{"ScalarType":"DOUBLE"}},{"Name":"_col4","Type":{"ScalarType":"INTEGER"}}],"NextToken":"ID-1","QueryId":"ID","QueryStatus":{"CumulativeBytesMetered":10000000,"CumulativeBytesScanned":N,"ProgressPercentage":50.0},"Rows":[{"Data":[{"ScalarValue":"café"},{"ScalarValue":"cpu"},{"ScalarValue":"2025-12-31 23:59:59.000000000"},{"ScalarValue":"2.0"},{"ScalarValue":"1"}]}]}"#);

    let cancelled = local.posted("CancelQuery", &format!(r#"{{"QueryId":"{id}"}}"#)).await.replace(id, "ID");
    assert_snapshot!(cancelled, @r#"200 {"CancellationMessage":"The query ID was cancelled."}"#);
    let prepare = r#"{"QueryString":"SELECT host FROM fleet.metrics","ValidateOnly":true}"#;
    assert_snapshot!(local.posted("PrepareQuery", prepare).await, @r#"200 {"Columns":[{"Aliased":false,"DatabaseName":"fleet","Name":"host","TableName":"metrics","Type":{"ScalarType":"VARCHAR"}}],"Parameters":[],"QueryString":"SELECT host FROM fleet.metrics"}"#);
}

#[tokio::test]
async fn the_account_and_its_endpoint() {
    let local = Local::start().await;
    assert_snapshot!(local.posted("DescribeAccountSettings", "{}").await, @r#"200 {"MaxQueryTCU":200,"QueryCompute":{"ComputeMode":"ON_DEMAND"},"QueryPricingModel":"BYTES_SCANNED"}"#);
    let target = "X-Amz-Target: Timestream_20181101.DescribeEndpoints";
    let mut answers = Vec::new();
    for agent in ["Boto3/1.34.0 md/Botocore#1.34.0", "aws-sdk-js/3.500.0", "aws-sdk-rust/1.3.0"] {
        let header = format!("{target}\r\nUser-Agent: {agent}");
        answers.push(http(local.address, "POST /", &header, "{}").await.2);
    }
    let answers = answers.join("\n").replace(&local.address.port().to_string(), "PORT");
    assert_snapshot!(answers, @r#"
    {"Endpoints":[{"Address":"http://127.0.0.1:PORT","CachePeriodInMinutes":1440}]}
    {"Endpoints":[{"Address":"127.0.0.1","CachePeriodInMinutes":1440}]}
    {"Endpoints":[{"Address":"127.0.0.1:PORT","CachePeriodInMinutes":1440}]}
    "#);
}

#[tokio::test]
async fn errors_have_their_types_and_statuses() {
    let local = Local::start().await;
    local.create_table().await;
    let requests = [
        ("CreateDatabase", "{}"),
        ("CreateDatabase", r#"{"DatabaseName":"x"}"#),
        ("CreateDatabase", r#"{"DatabaseName":"a/b c"}"#),
        ("CreateDatabase", r#"{"DatabaseName":"fleet"}"#),
        ("CreateDatabase", r#"{"DatabaseName":"#),
        ("CreateDatabase", r#"{"DatabaseName":7}"#),
        ("CreateTable", METRICS),
        ("CreateTable", r#"{"DatabaseName":"sea","TableName":"metrics"}"#),
        (
            "CreateTable",
            r#"{"DatabaseName":"fleet","TableName":"new","RetentionProperties":{
            "MemoryStoreRetentionPeriodInHours":8767,"MagneticStoreRetentionPeriodInDays":1}}"#,
        ),
        ("DeleteDatabase", r#"{"DatabaseName":"fleet"}"#),
        ("ListTables", r#"{"MaxResults":21}"#),
        ("Query", r#"{"QueryString":""}"#),
        ("Query", r#"{"QueryString":"SELECT 1","MaxRows":1001}"#),
        ("Query", r#"{"QueryString":"SELECT 1","ClientToken":"short"}"#),
        ("Query", r#"{"QueryString":"SELECT x FROM fleet.metrics"}"#),
        ("Query", r#"{"QueryString":"DROP TABLE fleet.metrics"}"#),
        ("CancelQuery", r#"{"QueryId":"a-b"}"#),
        ("PrepareQuery", r#"{"QueryString":"SELECT 1"}"#),
        ("EnableAwsOrganizationsServiceAccess", "{}"),
        ("Fly", "{}"),
    ];
    let mut answers = Vec::new();
    for (operation, body) in requests {
        answers.push(format!("{operation}: {}", local.posted(operation, body).await));
    }
    assert_snapshot!(answers.join("\n"), @r#"
    CreateDatabase: 400 {"Message":"1 validation error detected: Value null at 'databaseName' failed to satisfy constraint: Member must not be null","__type":"ValidationException"}
    CreateDatabase: 400 {"Message":"1 validation error detected: Value 'x' at 'databaseName' failed to satisfy constraint: Member must have length greater than or equal to 3","__type":"ValidationException"}
    CreateDatabase: 400 {"Message":"1 validation error detected: Value 'a/b c' at 'databaseName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+","__type":"ValidationException"}
    CreateDatabase: 409 {"Message":"The database fleet already exists.","__type":"ConflictException"}
    CreateDatabase: 400 {"Message":"EOF while parsing a value at line 1 column 16","__type":"SerializationException"}
    CreateDatabase: 400 {"Message":"invalid type: integer `7`, expected a string at line 1 column 17","__type":"SerializationException"}
    CreateTable: 409 {"Message":"The table metrics already exists.","__type":"ConflictException"}
    CreateTable: 404 {"Message":"The database sea does not exist.","__type":"ResourceNotFoundException"}
    CreateTable: 400 {"Message":"1 validation error detected: Value '8767' at 'retentionProperties.memoryStoreRetentionPeriodInHours' failed to satisfy constraint: Member must have value less than or equal to 8766","__type":"ValidationException"}
    DeleteDatabase: 400 {"Message":"The database fleet still has tables; delete them first.","__type":"ValidationException"}
    ListTables: 400 {"Message":"1 validation error detected: Value '21' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 20","__type":"ValidationException"}
    Query: 400 {"Message":"1 validation error detected: Value '' at 'queryString' failed to satisfy constraint: Member must have length greater than or equal to 1","__type":"ValidationException"}
    Query: 400 {"Message":"1 validation error detected: Value '1001' at 'maxRows' failed to satisfy constraint: Member must have value less than or equal to 1000","__type":"ValidationException"}
    Query: 400 {"Message":"1 validation error detected: Value 'short' at 'clientToken' failed to satisfy constraint: Member must have length greater than or equal to 32","__type":"ValidationException"}
    Query: 400 {"Message":"line 1:8: Column 'x' does not exist","__type":"ValidationException"}
    Query: 400 {"Message":"line 1:1: mismatched input 'DROP'. Expecting: 'SELECT', 'WITH', 'VALUES', 'SHOW', 'DESCRIBE'","__type":"ValidationException"}
    CancelQuery: 400 {"Message":"1 validation error detected: Value 'a-b' at 'queryId' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9]+","__type":"ValidationException"}
    PrepareQuery: 400 {"Message":"Only ValidateOnly=true is supported.","__type":"ValidationException"}
    EnableAwsOrganizationsServiceAccess: 400 {"Message":"EnableAwsOrganizationsServiceAccess is not part of the local Timestream; use Amazon Timestream for it.","__type":"ValidationException"}
    Fly: 400 {"Message":"The operation 'Fly' is not known.","__type":"UnknownOperationException"}
    "#);
}

#[tokio::test]
async fn answers_carry_the_protocols_headers() {
    let local = Local::start().await;
    let target = "X-Amz-Target: Timestream_20181101.ListDatabases";
    let (status, head, body) = http(local.address, "POST /", target, "").await;
    assert_eq!((status, body.as_str()), (200, r#"{"Databases":[]}"#), "an empty body is an empty object");
    assert!(head.contains("content-type: application/x-amz-json-1.0"), "{head}");
    assert!(head.contains("x-amzn-requestid: "), "{head}");

    let (status, _, body) = http(local.address, "POST /", "A: b", "{}").await;
    assert_eq!(status, 400);
    assert!(body.contains("UnknownOperationException"), "{body}");
    assert_eq!(http(local.address, "GET /ping", "A: b", "").await.0, 200);
    let (status, head, body) = http(local.address, "GET /", "A: b", "").await;
    assert!(status == 405 && head.contains("allow: POST") && body.contains("AWS SDK"), "{head} {body}");
    assert_eq!(http(local.address, "POST /else", "A: b", "").await.0, 404);
}

/// Through a name of its own that leads here, a page may ask what it likes: a browser takes that for the page's own server.
#[tokio::test]
async fn pages_of_other_machines_are_refused() {
    let local = Local::start().await;
    let ask = async |what: &'static str, origin: &'static str| {
        let headers = format!("X-Amz-Target: Timestream_20181101.ListDatabases\r\nOrigin: {origin}");
        http(local.address, what, &headers, "{}").await
    };
    for origin in ["http://localhost:5173", "http://127.0.0.1", "https://[::1]:8086", "http://app.localhost"]
    {
        assert_eq!(ask("POST /", origin).await.0, 200, "{origin}");
    }
    for origin in
        ["http://evil.example:8086", "http://localhost.evil.example", "null", "http://192.168.0.7", ""]
    {
        assert_eq!(ask("POST /", origin).await.0, 403, "{origin}");
        assert_eq!(ask("DELETE /faults", origin).await.0, 403, "{origin}");
    }
    let (_, _, body) = ask("POST /", "http://evil.example:8086").await;
    assert_snapshot!(body, @r#"{"__type":"AccessDeniedException","Message":"A page of http://evil.example:8086 asks: without users, this server answers pages of this machine alone."}"#);
}

/// Such a page's own requests carry no `Origin` where they change nothing: the name that it goes by is in `Host`.
#[tokio::test]
async fn other_names_of_this_server_are_refused() {
    let local = Local::start().await;
    let ask = async |what: &str, host: &str| {
        let mut stream = TcpStream::connect(local.address).await.unwrap();
        let request = format!(
            "{what} HTTP/1.1\r\n{host}Connection: close\r\nX-Amz-Target: Timestream_20181101.ListDatabases\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    for host in ["localhost", "localhost:1", "127.0.0.1:8086", "[::1]:8086", "app.localhost"] {
        let answer = ask("GET /faults", &format!("Host: {host}\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{host}: {answer}");
    }
    for host in ["Host: evil.example:8086\r\n", "Host: 192.168.0.7\r\n", "Host: \r\n", ""] {
        for what in ["GET /metrics", "GET /faults", "GET /lease", "POST /"] {
            let answer = ask(what, host).await;
            assert!(answer.starts_with("HTTP/1.1 403 "), "{what} {host}: {answer}");
        }
        let answer = ask("GET /ping", host).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{host}: {answer}");
    }
    let answer = ask("GET /metrics", "Host: evil.example:8086\r\n").await;
    assert_snapshot!(answer.split("\r\n\r\n").nth(1).unwrap(), @r#"{"__type":"AccessDeniedException","Message":"The request is for evil.example:8086: without users, this server is asked as localhost or 127.0.0.1 alone."}"#);
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let local = Local::start().await;
    let mut stream = TcpStream::connect(local.address).await.unwrap();
    for _ in 0..3 {
        stream.write_all(b"GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"ok\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).await.unwrap();
            answer.push(byte[0]);
        }
        assert!(answer.starts_with(b"HTTP/1.1 200 OK"));
    }
}

#[tokio::test]
async fn a_request_too_large_is_refused() {
    let local = Local::start().await;
    let mut stream = TcpStream::connect(local.address).await.unwrap();
    let head = "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: Timestream_20181101.WriteRecords\r\n\
                Content-Length: 99999999999\r\nConnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("RequestEntityTooLargeException"), "{answer}");
}
