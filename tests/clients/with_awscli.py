"""What users of the AWS CLI do, against the server at AWS_ENDPOINT_URL."""

import json
import pathlib
import subprocess
import sys
import time

AWS = pathlib.Path(sys.executable).parent / "aws"
NOW = int(time.time())
NAMED = ["--database-name", "shell", "--table-name", "metrics"]


def aws(service, operation, *arguments):
    """What a command prints, as JSON."""
    ran = subprocess.run(
        [AWS, "--output", "json", f"timestream-{service}", operation, *arguments], capture_output=True, text=True
    )
    assert ran.returncode == 0, f"{operation}: {ran.stderr}"
    return json.loads(ran.stdout or "null")


def refused(kind, service, operation, *arguments):
    ran = subprocess.run([AWS, f"timestream-{service}", operation, *arguments], capture_output=True, text=True)
    assert ran.returncode != 0 and kind in ran.stderr, f"{operation}: {ran.stdout} {ran.stderr}"
    return ran.stderr


aws("write", "create-database", "--database-name", "shell", "--tags", "Key=owner,Value=tests")
retention = "MemoryStoreRetentionPeriodInHours=24,MagneticStoreRetentionPeriodInDays=30"
table = aws("write", "create-table", *NAMED, "--retention-properties", retention)["Table"]
assert table["RetentionProperties"]["MemoryStoreRetentionPeriodInHours"] == 24, table
for name in ["first", "second"]:
    aws("write", "create-table", "--database-name", "shell", "--table-name", name)
# The CLI puts the pages together.
listed = aws("write", "list-tables", "--database-name", "shell", "--max-results", "2")
assert [table["TableName"] for table in listed["Tables"]] == ["first", "metrics"] and listed["NextToken"], listed
listed = aws("write", "list-tables", "--database-name", "shell", "--next-token", listed["NextToken"])
assert [table["TableName"] for table in listed["Tables"]] == ["second"], listed

common = json.dumps({"Dimensions": [{"Name": "host", "Value": "a"}], "MeasureName": "cpu", "TimeUnit": "SECONDS"})


def write(*records):
    return [*NAMED, "--common-attributes", common, "--records", json.dumps(records)]


values = [{"Time": str(NOW - second), "MeasureValue": str(second)} for second in range(5)]
assert aws("write", "write-records", *write(*values))["RecordsIngested"]["Total"] == 5
aws("write", "write-records", *write(values[0] | {"MeasureValue": "7", "Version": 2}))
refused("RejectedRecordsException", "write", "write-records", *write(values[0] | {"MeasureValue": "8"}))

sql = "SELECT measure_value::double, NULL, ARRAY[1], (1, 'a') FROM shell.metrics ORDER BY time DESC"
answer = aws("query", "query", "--query-string", sql, "--page-size", "2")
assert [row["Data"][0]["ScalarValue"] for row in answer["Rows"]] == ["7.0", "1.0", "2.0", "3.0", "4.0"], answer
assert answer["Rows"][0]["Data"][1:3] == [{"NullValue": True}, {"ArrayValue": [{"ScalarValue": "1"}]}], answer
refused("line 1:8: Column 'nothing' does not exist", "query", "query", "--query-string", "SELECT nothing")

arn = table["Arn"]
aws("write", "tag-resource", "--resource-arn", arn, "--tags", "Key=a,Value=1", "Key=b,Value=2")
aws("write", "untag-resource", "--resource-arn", arn, "--tag-keys", "a")
assert aws("query", "list-tags-for-resource", "--resource-arn", arn)["Tags"] == [{"Key": "b", "Value": "2"}]
assert aws("query", "describe-account-settings")["QueryCompute"] == {"ComputeMode": "ON_DEMAND"}

for name in ["first", "second", "metrics"]:
    aws("write", "delete-table", "--database-name", "shell", "--table-name", name)
aws("write", "delete-database", "--database-name", "shell")
refused("ResourceNotFoundException", "write", "describe-database", "--database-name", "shell")
