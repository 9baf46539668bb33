"""Valid requests of both Timestream services, for conformance.py."""

import time


def examples(answers):
    """Valid requests by operation, in an order in which they can be sent. Together those of an operation have every
    member of its input. `answers` are those so far, by operation."""
    now = str(int(time.time()))
    named = {"DatabaseName": "conformance", "TableName": "metrics"}
    database = "arn:aws:timestream:us-east-1:000000000000:database/conformance"
    tags = [{"Key": "owner", "Value": "me"}, {"Key": "empty", "Value": ""}]
    s3 = {"BucketName": "reports", "EncryptionOption": "SSE_S3"}
    dimension = {"Name": "host", "Value": "a", "DimensionValueType": "VARCHAR"}
    mapping = {"SourceColumn": "cpu", "MeasureValueType": "DOUBLE"}
    measure = {"MultiMeasureAttributeMappings": [mapping | {"TargetMultiMeasureAttributeName": "cpu"}]}
    mixed = {"MeasureName": "cpu", "SourceColumn": "cpu", "TargetMeasureName": "cpu", "MeasureValueType": "MULTI"} | measure
    token = "0123456789abcdef0123456789abcdef"

    def following(operation):
        """The NextToken of its last answer."""
        return answers.get(operation, {}).get("NextToken", "")

    yield "CreateDatabase", {"DatabaseName": "conformance", "KmsKeyId": "alias/key", "Tags": tags}
    yield "DescribeDatabase", {"DatabaseName": "conformance"}
    yield "UpdateDatabase", {"DatabaseName": "conformance", "KmsKeyId": "alias/other"}
    yield "CreateDatabase", {"DatabaseName": "other"}
    yield "ListDatabases", {"MaxResults": 1}
    yield "ListDatabases", {"MaxResults": 20, "NextToken": following("ListDatabases")}
    yield "CreateTable", named | {
        "RetentionProperties": {"MemoryStoreRetentionPeriodInHours": 24, "MagneticStoreRetentionPeriodInDays": 7},
        "MagneticStoreWriteProperties": {
            "EnableMagneticStoreWrites": True,
            "MagneticStoreRejectedDataLocation": {
                "S3Configuration": s3 | {"ObjectKeyPrefix": "rejected/", "KmsKeyId": "key"}
            },
        },
        "Schema": {
            "CompositePartitionKey": [{"Type": "DIMENSION", "Name": "host", "EnforcementInRecord": "REQUIRED"}]
        },
        "Tags": tags,
    }
    yield "DescribeTable", named
    yield "UpdateTable", named | {
        "RetentionProperties": {"MemoryStoreRetentionPeriodInHours": 48, "MagneticStoreRetentionPeriodInDays": 70},
        "MagneticStoreWriteProperties": {
            "EnableMagneticStoreWrites": True,
            "MagneticStoreRejectedDataLocation": {
                "S3Configuration": s3 | {"ObjectKeyPrefix": "rejected/", "KmsKeyId": "key"}
            },
        },
        "Schema": {
            "CompositePartitionKey": [{"Type": "DIMENSION", "Name": "host", "EnforcementInRecord": "OPTIONAL"}]
        },
    }
    yield "CreateTable", named | {"TableName": "other"}
    yield "ListTables", {"DatabaseName": "conformance", "MaxResults": 1}
    yield "ListTables", {"DatabaseName": "conformance", "MaxResults": 20, "NextToken": following("ListTables")}
    yield "WriteRecords", named | {
        "CommonAttributes": {
            "Dimensions": [dimension],
            "MeasureName": "cpu",
            "MeasureValue": "1",
            "MeasureValueType": "DOUBLE",
            "Time": now,
            "TimeUnit": "SECONDS",
            "Version": 1,
        },
        "Records": [
            {"Dimensions": [dimension | {"Name": "zone"}]},
            {
                "Dimensions": [dimension | {"Name": "zone"}],
                "MeasureName": "load",
                "MeasureValue": "2",
                "MeasureValueType": "BIGINT",
                "Time": now + "000",
                "TimeUnit": "MILLISECONDS",
                "Version": 7,
            },
        ],
    }
    yield "WriteRecords", named | {
        "CommonAttributes": {"Dimensions": [dimension], "MeasureValues": [{"Name": "a", "Value": "1", "Type": "DOUBLE"}]},
        "Records": [
            {
                "MeasureName": "all",
                "MeasureValueType": "MULTI",
                "MeasureValues": [
                    {"Name": "b", "Value": "2", "Type": "BIGINT"},
                    {"Name": "c", "Value": now, "Type": "TIMESTAMP"},
                ],
                "Time": now,
                "TimeUnit": "SECONDS",
            }
        ],
    }
    yield "TagResource", {"ResourceARN": database, "Tags": tags}
    yield "ListTagsForResource", {"ResourceARN": database, "MaxResults": 1}
    yield "ListTagsForResource", {"ResourceARN": database, "NextToken": following("ListTagsForResource")}
    yield "UntagResource", {"ResourceARN": database, "TagKeys": ["owner"]}
    yield "DescribeEndpoints", {}
    select = "SELECT * FROM conformance.metrics"
    yield "Query", {
        "QueryString": select,
        "ClientToken": token,
        "MaxRows": 1,
        "QueryInsights": {"Mode": "ENABLED_WITH_RATE_CONTROL"},
    }
    yield "Query", {"QueryString": select, "NextToken": following("Query")}
    yield "Query", {
        "QueryString": "SELECT ARRAY[1, 2], (1, 'a'), NULL, array_agg({'time': time, 'value': "
        "measure_value::double}), 1.5, true, time, DATE '2026-01-01', interval '1' day, measure_name "
        "FROM conformance.metrics GROUP BY time, measure_name"
    }
    yield "PrepareQuery", {"QueryString": select, "ValidateOnly": True}
    yield "Query", {"QueryString": select, "MaxRows": 1}
    yield "CancelQuery", {"QueryId": answers.get("Query", {}).get("QueryId", "")}
    yield "DescribeAccountSettings", {}
    yield "UpdateAccountSettings", {
        "MaxQueryTCU": 8,
        "QueryPricingModel": "COMPUTE_UNITS",
        "QueryCompute": {"ComputeMode": "ON_DEMAND"},
    }
    yield "UpdateAccountSettings", {
        "QueryCompute": {
            "ComputeMode": "PROVISIONED",
            "ProvisionedCapacity": {
                "TargetQueryTCU": 4,
                "NotificationConfiguration": {
                    "SnsConfiguration": {"TopicArn": "arn:aws:sns:us-east-1:000000000000:topic"},
                    "RoleArn": "arn:aws:iam::000000000000:role/notifies",
                },
            },
        }
    }
    yield "DescribeAccountSettings", {}

    mappings = {"DimensionMappings": [{"Name": "host", "DimensionValueType": "VARCHAR"}]}
    for name, measures in [
        ("multi", {"MultiMeasureMappings": measure | {"TargetMultiMeasureName": "all"}}),
        ("mixed", {"MixedMeasureMappings": [mixed], "MeasureNameColumn": "measure_name"}),
    ]:
        yield "CreateScheduledQuery", {
            "Name": name,
            "QueryString": "SELECT host, measure_name, time, measure_value::double AS cpu FROM conformance.metrics "
            "WHERE time > @scheduled_runtime - 1h",
            "ScheduleConfiguration": {"ScheduleExpression": "rate(1 hour)"},
            "NotificationConfiguration": {
                "SnsConfiguration": {"TopicArn": "arn:aws:sns:us-east-1:000000000000:topic"}
            },
            "TargetConfiguration": {
                "TimestreamConfiguration": named | {"TimeColumn": "time"} | mappings | measures
            },
            "ClientToken": token[::-1] if name == "mixed" else token,
            "ScheduledQueryExecutionRoleArn": "arn:aws:iam::000000000000:role/runs",
            "Tags": tags,
            "KmsKeyId": "key",
            "ErrorReportConfiguration": {"S3Configuration": s3 | {"ObjectKeyPrefix": "errors/"}},
        }
    scheduled = {"ScheduledQueryArn": answers.get("CreateScheduledQuery", {}).get("Arn", "")}
    yield "DescribeScheduledQuery", scheduled
    yield "ListScheduledQueries", {"MaxResults": 1}
    yield "ListScheduledQueries", {"MaxResults": 1000, "NextToken": following("ListScheduledQueries")}
    yield "ExecuteScheduledQuery", scheduled | {
        "InvocationTime": int(now),
        "ClientToken": token,
        "QueryInsights": {"Mode": "ENABLED_WITH_RATE_CONTROL"},
    }
    yield "UpdateScheduledQuery", scheduled | {"State": "DISABLED"}
    yield "DeleteScheduledQuery", scheduled

    model = {"DimensionMappings": [{"SourceColumn": "host", "DestinationColumn": "host"}], "TimeColumn": "time"}
    multi = model | {"MultiMeasureMappings": measure | {"TargetMultiMeasureName": "all"}, "TimeUnit": "SECONDS"}
    for number, configuration in enumerate([
        {"DataModel": multi},
        {"DataModel": model | {"MixedMeasureMappings": [mixed], "MeasureNameColumn": "measure_name"}},
        {"DataModelS3Configuration": {"BucketName": "source", "ObjectKey": "model.json"}},
    ]):
        yield "CreateBatchLoadTask", {
            "ClientToken": f"token-{number}",
            "DataModelConfiguration": configuration,
            "DataSourceConfiguration": {
                "DataSourceS3Configuration": {"BucketName": "source", "ObjectKeyPrefix": "rows.csv"},
                "CsvConfiguration": {
                    "ColumnSeparator": ",",
                    "EscapeChar": "\\",
                    "QuoteChar": '"',
                    "NullValue": "null",
                    "TrimWhiteSpace": True,
                },
                "DataFormat": "CSV",
            },
            "ReportConfiguration": {
                "ReportS3Configuration": s3 | {"ObjectKeyPrefix": "reports/", "KmsKeyId": "key"}
            },
            "TargetDatabaseName": "conformance",
            "TargetTableName": "metrics",
            "RecordVersion": 1,
        }
    task = {"TaskId": answers.get("CreateBatchLoadTask", {}).get("TaskId", "")}
    yield "DescribeBatchLoadTask", task
    yield "ListBatchLoadTasks", {"MaxResults": 1}
    token = following("ListBatchLoadTasks")
    yield "ListBatchLoadTasks", {"MaxResults": 100, "NextToken": token, "TaskStatus": "SUCCEEDED"}
    yield "ResumeBatchLoadTask", task
    for table in ["metrics", "other"]:
        yield "DeleteTable", named | {"TableName": table}
    for name in ["conformance", "other"]:
        yield "DeleteDatabase", {"DatabaseName": name}
