"""What users of boto3 do, against a server: once at an endpoint that the program names, and once at the endpoint
that boto3 discovers from AWS_ENDPOINT_URL.

    with_boto3.py URL
"""

import os
import sys
import time

import boto3

NOW = int(time.time())


def walk(write, query, database):
    named = {"DatabaseName": database, "TableName": "metrics"}
    tables_and_their_settings(write, database, named)
    writes(write, named)
    queries(query, f'"{database}".metrics', named)
    tags(write, query, named)
    account(query)
    scheduled_queries(query, database)
    batch_loads(write, query, database)
    write.delete_table(**named)
    for number in range(3):
        write.delete_table(DatabaseName=database, TableName=f"table-{number}")
    write.delete_database(DatabaseName=database)
    refused(write.exceptions.ResourceNotFoundException, lambda: write.describe_database(DatabaseName=database))


def tables_and_their_settings(write, database, named):
    made = write.create_database(DatabaseName=database, Tags=[{"Key": "owner", "Value": "tests"}])["Database"]
    assert made["DatabaseName"] == database and made["TableCount"] == 0, made
    assert abs(made["CreationTime"].timestamp() - NOW) < 600, made
    refused(write.exceptions.ConflictException, lambda: write.create_database(DatabaseName=database))
    table = write.create_table(
        **named,
        RetentionProperties={"MemoryStoreRetentionPeriodInHours": 24, "MagneticStoreRetentionPeriodInDays": 30},
        MagneticStoreWriteProperties={"EnableMagneticStoreWrites": True},
        Schema={
            "CompositePartitionKey": [{"Type": "DIMENSION", "Name": "host", "EnforcementInRecord": "REQUIRED"}]
        },
    )["Table"]
    assert table["TableStatus"] == "ACTIVE" and table["Schema"]["CompositePartitionKey"][0]["Name"] == "host", table
    retention = {"MemoryStoreRetentionPeriodInHours": 48, "MagneticStoreRetentionPeriodInDays": 60}
    table = write.update_table(**named, RetentionProperties=retention)["Table"]
    assert table["RetentionProperties"] == retention, table
    assert write.describe_table(**named)["Table"] == table

    for number in range(3):
        write.create_table(DatabaseName=database, TableName=f"table-{number}")
    pages = paged(write.list_tables, "Tables", DatabaseName=database, MaxResults=3)
    names = [[table["TableName"] for table in page] for page in pages]
    assert names == [["metrics", "table-0", "table-1"], ["table-2"]], names
    databases = sum(paged(write.list_databases, "Databases", MaxResults=1), [])
    assert database in [one["DatabaseName"] for one in databases], databases


def writes(write, named):
    host = {"Name": "host", "Value": "a"}
    common = {"MeasureName": "cpu", "TimeUnit": "SECONDS", "Dimensions": [host]}
    records = [{"Time": str(NOW - second), "MeasureValue": str(second)} for second in range(100)]
    ingested = write.write_records(**named, CommonAttributes=common, Records=records)["RecordsIngested"]
    assert ingested == {"Total": 100, "MemoryStore": 100, "MagneticStore": 0}, ingested
    # A retry is no error; late records go to the magnetic store.
    write.write_records(**named, CommonAttributes=common, Records=records)
    late = {"Time": str(NOW - 5 * 86_400), "MeasureValue": "-1"}
    ingested = write.write_records(**named, CommonAttributes=common, Records=[late])["RecordsIngested"]
    assert ingested["MagneticStore"] == 1, ingested

    write.write_records(**named, CommonAttributes=common, Records=[records[0] | {"MeasureValue": "1.5", "Version": 3}])
    mixed = [records[0] | {"MeasureValue": "9", "Version": 2}, {"Time": str(NOW - 200), "MeasureValue": "200"}]
    rejection = refused(
        write.exceptions.RejectedRecordsException,
        lambda: write.write_records(**named, CommonAttributes=common, Records=mixed),
    )
    [record] = rejection.response["RejectedRecords"]
    assert record["RecordIndex"] == 0 and record["ExistingVersion"] == 3, record
    assert record["Reason"].startswith("The record version 2 is lower than the existing version 3."), record
    assert rejection.response["ResponseMetadata"]["HTTPStatusCode"] == 419

    values = [
        {"Name": "double", "Value": "2.5", "Type": "DOUBLE"},
        {"Name": "bigint", "Value": "-7", "Type": "BIGINT"},
        {"Name": "boolean", "Value": "true", "Type": "BOOLEAN"},
        {"Name": "varchar", "Value": "caf\u00e9", "Type": "VARCHAR"},
        {"Name": "timestamp", "Value": str(NOW), "Type": "TIMESTAMP"},
    ]
    multi = {"MeasureName": "all", "MeasureValueType": "MULTI", "MeasureValues": values, "Time": str(NOW)}
    write.write_records(**named, CommonAttributes={"TimeUnit": "SECONDS", "Dimensions": [host]}, Records=[multi])
    invalid = refused(
        write.exceptions.ValidationException,
        lambda: write.write_records(**named, Records=[{"Time": str(NOW), "MeasureName": "cpu", "MeasureValue": "1"}]),
    )
    assert "At least one dimension" in str(invalid), invalid


def queries(query, table, named):
    sql = f"SELECT measure_value::double FROM {table} WHERE measure_name = 'cpu' ORDER BY time DESC"
    config = {"PageSize": 40}
    pages = list(query.get_paginator("query").paginate(QueryString=sql, PaginationConfig=config))
    values = [row["Data"][0]["ScalarValue"] for page in pages for row in page["Rows"]]
    assert values == ["1.5"] + [f"{second}.0" for second in range(1, 100)] + ["200.0", "-1.0"], values
    assert [len(page["Rows"]) for page in pages][:2] == [40, 40], "pages are of the size asked for"

    answer = query.query(
        QueryString=f'SELECT "double", "bigint", "boolean", "varchar", "timestamp", host, measure_value::double, '
        f"ARRAY[1, 2], (1, 'a'), ARRAY[{{'time': time, 'value': 0.5}}], DATE '2026-01-01', 2d "
        f"FROM {table} WHERE measure_name = 'all'"
    )
    at = time.strftime("%Y-%m-%d %H:%M:%S.000000000", time.gmtime(NOW))
    scalar = lambda value: {"ScalarValue": value}
    [row] = answer["Rows"]
    assert row["Data"] == [
        *map(scalar, ["2.5", "-7", "true", "caf\u00e9", at, "a"]),
        {"NullValue": True},
        {"ArrayValue": [scalar("1"), scalar("2")]},
        {"RowValue": {"Data": [scalar("1"), scalar("a")]}},
        {"TimeSeriesValue": [{"Time": at, "Value": scalar("0.5")}]},
        scalar("2026-01-01"),
        scalar("2 00:00:00.000000000"),
    ], row
    types = [next(iter(column["Type"].values())) for column in answer["ColumnInfo"]]
    assert types[:5] == ["DOUBLE", "BIGINT", "BOOLEAN", "VARCHAR", "TIMESTAMP"], types
    assert {"ScalarType": "INTEGER"} == types[7]["Type"] and {"ScalarType": "DOUBLE"} == types[9]["Type"], types
    assert answer["QueryStatus"]["ProgressPercentage"] == 100.0, answer["QueryStatus"]

    prepared = query.prepare_query(QueryString=f"SELECT host AS node, time FROM {table}", ValidateOnly=True)
    assert [column["Name"] for column in prepared["Columns"]] == ["node", "time"], prepared
    first = query.query(QueryString=sql, MaxRows=1)
    query.cancel_query(QueryId=first["QueryId"])
    message = refused(query.exceptions.ValidationException, lambda: query.query(QueryString="SELECT nothing"))
    assert "line 1:8: Column 'nothing' does not exist" in str(message), message


def tags(write, query, named):
    arn = write.describe_table(**named)["Table"]["Arn"]
    write.tag_resource(ResourceARN=arn, Tags=[{"Key": f"key-{number}", "Value": ""} for number in range(5)])
    write.untag_resource(ResourceARN=arn, TagKeys=["key-3"])
    kept = ["key-0", "key-1", "key-2", "key-4"]
    assert [tag["Key"] for tag in write.list_tags_for_resource(ResourceARN=arn)["Tags"]] == kept
    pages = paged(query.list_tags_for_resource, "Tags", ResourceARN=arn, MaxResults=3)
    assert [[tag["Key"] for tag in page] for page in pages] == [kept[:3], kept[3:]], pages


def account(query):
    before = query.describe_account_settings()
    changed = query.update_account_settings(MaxQueryTCU=16, QueryPricingModel="COMPUTE_UNITS")
    assert changed["MaxQueryTCU"] == 16 and changed["QueryPricingModel"] == "COMPUTE_UNITS", (before, changed)
    after = query.describe_account_settings()
    assert after["MaxQueryTCU"] == 16 and after["QueryCompute"] == {"ComputeMode": "ON_DEMAND"}, after
    refused(query.exceptions.ValidationException, lambda: query.update_account_settings(MaxQueryTCU=6))


def scheduled_queries(query, database):
    topic = {"SnsConfiguration": {"TopicArn": "arn:aws:sns:us-east-1:000000000000:topic"}}
    mappings = {
        "DimensionMappings": [{"Name": "host", "DimensionValueType": "VARCHAR"}],
        "MultiMeasureMappings": {
            "TargetMultiMeasureName": "hourly",
            "MultiMeasureAttributeMappings": [{"SourceColumn": "mean", "MeasureValueType": "DOUBLE"}],
        },
    }
    target = {"DatabaseName": database, "TableName": "table-0", "TimeColumn": "hour"} | mappings
    request = {
        "Name": database,
        "QueryString": f'SELECT host, bin(time, 1h) AS hour, avg(measure_value::double) AS mean FROM "{database}".metrics '
        "WHERE measure_name = 'cpu' AND time > @scheduled_runtime - 1d GROUP BY host, bin(time, 1h)",
        "ScheduleConfiguration": {"ScheduleExpression": "rate(1 day)"},
        "NotificationConfiguration": topic,
        "TargetConfiguration": {"TimestreamConfiguration": target},
        "ScheduledQueryExecutionRoleArn": "arn:aws:iam::000000000000:role/runs",
        "ErrorReportConfiguration": {"S3Configuration": {"BucketName": "reports"}},
    }
    arn = query.create_scheduled_query(**request)["Arn"]
    refused(query.exceptions.ConflictException, lambda: query.create_scheduled_query(**request))
    listed = sum(paged(query.list_scheduled_queries, "ScheduledQueries", MaxResults=1), [])
    assert [(one["Arn"], one["State"]) for one in listed] == [(arn, "ENABLED")], listed
    query.execute_scheduled_query(ScheduledQueryArn=arn, InvocationTime=NOW)
    summary = eventually(
        lambda: query.describe_scheduled_query(ScheduledQueryArn=arn)["ScheduledQuery"].get("LastRunSummary")
    )
    assert summary["RunStatus"] == "MANUAL_TRIGGER_SUCCESS", summary
    assert summary["InvocationTime"].timestamp() == NOW and summary["ExecutionStats"]["RecordsIngested"] > 0, summary
    rows = query.query(QueryString=f'SELECT host, mean FROM "{database}"."table-0"')["Rows"]
    assert {row["Data"][0]["ScalarValue"] for row in rows} == {"a"}, rows

    query.tag_resource(ResourceARN=arn, Tags=[{"Key": "owner", "Value": "tests"}])
    assert query.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "owner", "Value": "tests"}]
    query.update_scheduled_query(ScheduledQueryArn=arn, State="DISABLED")
    described = query.describe_scheduled_query(ScheduledQueryArn=arn)["ScheduledQuery"]
    assert described["State"] == "DISABLED" and described["QueryString"] == request["QueryString"], described
    query.delete_scheduled_query(ScheduledQueryArn=arn)
    gone = query.exceptions.ResourceNotFoundException
    refused(gone, lambda: query.describe_scheduled_query(ScheduledQueryArn=arn))


def batch_loads(write, query, database):
    """Loads the object `rows.csv` of the bucket `source`: two hosts."""
    mappings = {
        "TimeColumn": "time",
        "TimeUnit": "SECONDS",
        "DimensionMappings": [{"SourceColumn": "host"}],
        "MeasureNameColumn": "measure_name",
        "MixedMeasureMappings": [{"MeasureName": "cpu", "SourceColumn": "cpu", "MeasureValueType": "DOUBLE"}],
    }
    request = {
        "ClientToken": database,
        "TargetDatabaseName": database,
        "TargetTableName": "table-1",
        "DataModelConfiguration": {"DataModel": mappings},
        "DataSourceConfiguration": {
            "DataFormat": "CSV",
            "DataSourceS3Configuration": {"BucketName": "source", "ObjectKeyPrefix": "rows.csv"},
        },
        "ReportConfiguration": {"ReportS3Configuration": {"BucketName": "reports"}},
    }
    task = write.create_batch_load_task(**request)["TaskId"]
    assert write.create_batch_load_task(**request)["TaskId"] == task, "a retry makes no other task"

    def ended():
        described = write.describe_batch_load_task(TaskId=task)["BatchLoadTaskDescription"]
        return described if described["TaskStatus"] not in ("CREATED", "IN_PROGRESS") else None

    described = eventually(ended)
    assert described["TaskStatus"] == "SUCCEEDED" and described["ProgressReport"]["RecordsIngested"] == 2, described
    assert described["DataModelConfiguration"] == request["DataModelConfiguration"], described
    rows = query.query(QueryString=f'SELECT host, measure_value::double FROM "{database}"."table-1" ORDER BY 1')["Rows"]
    values = [[datum["ScalarValue"] for datum in row["Data"]] for row in rows]
    assert values == [["a", "1.5"], ["b", "2.5"]], values
    listed = sum(paged(write.list_batch_load_tasks, "BatchLoadTasks", MaxResults=1, TaskStatus="SUCCEEDED"), [])
    assert task in [one["TaskId"] for one in listed], listed
    refused(write.exceptions.ValidationException, lambda: write.resume_batch_load_task(TaskId=task))
    gone = write.exceptions.ResourceNotFoundException
    refused(gone, lambda: write.describe_batch_load_task(TaskId="NONE"))


def eventually(ask):
    """What is asked for, as soon as it is there."""
    for _ in range(200):
        answer = ask()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError("it did not come within ten seconds")


def paged(operation, member, **arguments):
    pages, token = [], {}
    while True:
        answer = operation(**arguments, **token)
        pages.append(answer[member])
        if "NextToken" not in answer:
            return pages
        token = {"NextToken": answer["NextToken"]}


def refused(kind, call):
    try:
        answer = call()
    except kind as error:
        return error
    raise AssertionError(f"not refused: {answer}")


url = sys.argv[1]
walk(
    boto3.client("timestream-write", endpoint_url=url),
    boto3.client("timestream-query", endpoint_url=url),
    "with-an-endpoint",
)
assert os.environ["AWS_ENDPOINT_URL"] == url
write, query = boto3.client("timestream-write"), boto3.client("timestream-query")
discovered = []
for client in (write, query):
    client.meta.events.register("before-call.*.DescribeEndpoints", lambda model, **_: discovered.append(model.service_model.service_name))
walk(write, query, "by-discovery")
assert discovered == ["timestream-write", "timestream-query"], discovered
