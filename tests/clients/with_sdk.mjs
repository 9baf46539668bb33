// What users of the AWS SDK for JavaScript do, against a server: once at an endpoint that the program names, and
// once at the one that the SDK takes from AWS_ENDPOINT_URL.
//
//     with_sdk.mjs URL

import assert from "node:assert/strict";
import { createRequire } from "node:module";

// Unlike `import` it looks into NODE_PATH.
const require = createRequire(import.meta.url);
const store = require("@aws-sdk/client-timestream-write");
const asked = require("@aws-sdk/client-timestream-query");

const NOW = Math.floor(Date.now() / 1000);

async function walk(write, query, database) {
  const named = { DatabaseName: database, TableName: "metrics" };
  const tag = { Key: "owner", Value: "tests" };
  const made = await write.send(new store.CreateDatabaseCommand({ DatabaseName: database, Tags: [tag] }));
  assert.ok(Math.abs(made.Database.CreationTime - Date.now()) < 600_000, "times are times");
  await assert.rejects(write.send(new store.CreateDatabaseCommand({ DatabaseName: database })), store.ConflictException);
  const retention = { MemoryStoreRetentionPeriodInHours: 24, MagneticStoreRetentionPeriodInDays: 30 };
  await write.send(new store.CreateTableCommand({ ...named, RetentionProperties: retention }));
  const { Table: table } = await write.send(
    new store.UpdateTableCommand({ ...named, MagneticStoreWriteProperties: { EnableMagneticStoreWrites: true } }),
  );
  assert.deepEqual(table.RetentionProperties, retention);
  for (const name of ["first", "second"])
    await write.send(new store.CreateTableCommand({ DatabaseName: database, TableName: name }));
  await lists(write, database);
  await writes(write, named);
  await queries(query, `"${database}".metrics`);
  await tags(write, query, table.Arn);
  await scheduledQueries(query, database);

  for (const name of ["first", "second", "metrics"])
    await write.send(new store.DeleteTableCommand({ DatabaseName: database, TableName: name }));
  await write.send(new store.DeleteDatabaseCommand({ DatabaseName: database }));
  await assert.rejects(
    write.send(new store.DescribeDatabaseCommand({ DatabaseName: database })),
    store.ResourceNotFoundException,
  );
}

async function lists(write, database) {
  const names = [];
  for await (const page of store.paginateListTables({ client: write, pageSize: 2 }, { DatabaseName: database }))
    names.push(page.Tables.map((table) => table.TableName));
  assert.deepEqual(names, [["first", "metrics"], ["second"]]);
}

async function writes(write, named) {
  const dimensions = [{ Name: "host", Value: "a" }];
  const common = { Dimensions: dimensions, MeasureName: "cpu", TimeUnit: "SECONDS" };
  const send = (records, attributes = common) =>
    write.send(new store.WriteRecordsCommand({ ...named, CommonAttributes: attributes, Records: records }));
  const records = Array.from({ length: 100 }, (_, second) => ({
    Time: String(NOW - second),
    MeasureValue: String(second),
  }));
  const { RecordsIngested } = await send(records);
  assert.deepEqual(RecordsIngested, { Total: 100, MemoryStore: 100, MagneticStore: 0 });
  await send(records);
  await send([{ ...records[0], MeasureValue: "1.5", Version: 3 }]);
  await assert.rejects(send([{ Time: String(NOW - 200), MeasureValue: "200" }, { ...records[0], MeasureValue: "9" }]), (error) => {
    assert.ok(error instanceof store.RejectedRecordsException);
    assert.equal(error.$metadata.httpStatusCode, 419);
    const [rejected] = error.RejectedRecords;
    assert.equal(error.RejectedRecords.length, 1);
    assert.equal(rejected.RecordIndex, 1);
    assert.equal(rejected.ExistingVersion, 3);
    assert.match(rejected.Reason, /^The record version 1 is lower than the existing version 3\./);
    return true;
  });
  const values = [
    ["double", "2.5"],
    ["bigint", "-7"],
    ["boolean", "true"],
    ["varchar", "caf\u00e9"],
    ["timestamp", String(NOW)],
  ];
  const measures = values.map(([name, value]) => ({ Name: name, Value: value, Type: name.toUpperCase() }));
  const multi = { MeasureName: "all", MeasureValueType: "MULTI", MeasureValues: measures, Time: String(NOW) };
  await send([multi], { Dimensions: dimensions, TimeUnit: "SECONDS" });
  await assert.rejects(send([{ Time: "now", MeasureValue: "1" }]), store.ValidationException);
}

async function queries(query, table) {
  const sql = `SELECT measure_value::double FROM ${table} WHERE measure_name = 'cpu' ORDER BY time DESC`;
  const pages = [];
  for await (const page of asked.paginateQuery({ client: query, pageSize: 40 }, { QueryString: sql }))
    pages.push(page.Rows.map((row) => Number(row.Data[0].ScalarValue)));
  assert.deepEqual(pages.map((page) => page.length).slice(0, 2), [40, 40]);
  assert.deepEqual(pages.flat(), [1.5, ...Array.from({ length: 99 }, (_, second) => second + 1), 200]);

  const answer = await query.send(
    new asked.QueryCommand({
      QueryString: `SELECT "double", "bigint", "boolean", "varchar", "timestamp", measure_value::double, ARRAY[1, 2],
        (1, 'a'), ARRAY[{'time': time, 'value': 0.5}] FROM ${table} WHERE measure_name = 'all'`,
    }),
  );
  const at = `${new Date(NOW * 1000).toISOString().slice(0, 19).replace("T", " ")}.000000000`;
  const scalar = (value) => ({ ScalarValue: value });
  assert.deepEqual(answer.Rows[0].Data, [
    ...["2.5", "-7", "true", "caf\u00e9", at].map(scalar),
    { NullValue: true },
    { ArrayValue: [scalar("1"), scalar("2")] },
    { RowValue: { Data: [scalar("1"), scalar("a")] } },
    { TimeSeriesValue: [{ Time: at, Value: scalar("0.5") }] },
  ]);
  const types = answer.ColumnInfo.map((column) => Object.keys(column.Type)[0]);
  assert.deepEqual(types.slice(5), ["ScalarType", "ArrayColumnInfo", "RowColumnInfo", "TimeSeriesMeasureValueColumnInfo"]);

  const { QueryId } = await query.send(new asked.QueryCommand({ QueryString: sql, MaxRows: 1 }));
  await query.send(new asked.CancelQueryCommand({ QueryId }));
  const prepare = { QueryString: `SELECT host AS node FROM ${table}`, ValidateOnly: true };
  const prepared = await query.send(new asked.PrepareQueryCommand(prepare));
  assert.equal(prepared.Columns[0].Name, "node");
  await assert.rejects(query.send(new asked.QueryCommand({ QueryString: "SELECT nothing" })), asked.ValidationException);
  const settings = await query.send(new asked.UpdateAccountSettingsCommand({ MaxQueryTCU: 8 }));
  assert.equal(settings.MaxQueryTCU, 8);
}

async function scheduledQueries(query, database) {
  const measures = [{ SourceColumn: "mean", MeasureValueType: "DOUBLE" }];
  const request = {
    Name: database,
    QueryString: `SELECT host, bin(time, 1h) AS hour, avg(measure_value::double) AS mean FROM "${database}".metrics
      WHERE measure_name = 'cpu' AND time > @scheduled_runtime - 1d GROUP BY host, bin(time, 1h)`,
    ScheduleConfiguration: { ScheduleExpression: "rate(1 day)" },
    NotificationConfiguration: { SnsConfiguration: { TopicArn: "arn:aws:sns:us-east-1:000000000000:topic" } },
    TargetConfiguration: {
      TimestreamConfiguration: {
        DatabaseName: database,
        TableName: "first",
        TimeColumn: "hour",
        DimensionMappings: [{ Name: "host", DimensionValueType: "VARCHAR" }],
        MultiMeasureMappings: { TargetMultiMeasureName: "hourly", MultiMeasureAttributeMappings: measures },
      },
    },
    ScheduledQueryExecutionRoleArn: "arn:aws:iam::000000000000:role/runs",
    ErrorReportConfiguration: { S3Configuration: { BucketName: "reports" } },
  };
  const made = await query.send(new asked.CreateScheduledQueryCommand(request));
  const scheduled = { ScheduledQueryArn: made.Arn };
  const names = [];
  for await (const page of asked.paginateListScheduledQueries({ client: query, pageSize: 1 }, {}))
    names.push(...page.ScheduledQueries.map((one) => one.Name));
  assert.deepEqual(names, [database]);
  await query.send(new asked.ExecuteScheduledQueryCommand({ ...scheduled, InvocationTime: new Date(NOW * 1000) }));
  let run;
  for (let tries = 0; !run && tries < 200; tries++) {
    const answer = await query.send(new asked.DescribeScheduledQueryCommand(scheduled));
    run = answer.ScheduledQuery.LastRunSummary;
    if (!run) await new Promise((done) => setTimeout(done, 50));
  }
  assert.equal(run?.RunStatus, "MANUAL_TRIGGER_SUCCESS");
  assert.equal(run.InvocationTime.getTime(), NOW * 1000);
  const rows = await query.send(new asked.QueryCommand({ QueryString: `SELECT mean FROM "${database}".first` }));
  assert.ok(rows.Rows.length > 0);
  await query.send(new asked.UpdateScheduledQueryCommand({ ...scheduled, State: "DISABLED" }));
  await query.send(new asked.DeleteScheduledQueryCommand(scheduled));
  await assert.rejects(query.send(new asked.DescribeScheduledQueryCommand(scheduled)), asked.ResourceNotFoundException);
}

async function tags(write, query, arn) {
  const some = ["a", "b", "c"].map((key) => ({ Key: key, Value: "" }));
  await write.send(new store.TagResourceCommand({ ResourceARN: arn, Tags: some }));
  await write.send(new store.UntagResourceCommand({ ResourceARN: arn, TagKeys: ["b"] }));
  const keys = [];
  for await (const page of asked.paginateListTagsForResource({ client: query, pageSize: 1 }, { ResourceARN: arn }))
    keys.push(page.Tags.map((tag) => tag.Key));
  assert.deepEqual(keys, [["a"], ["c"]]);
}

const endpoint = process.argv[2];
await walk(new store.TimestreamWriteClient({ endpoint }), new asked.TimestreamQueryClient({ endpoint }), "with-an-endpoint");
assert.equal(process.env.AWS_ENDPOINT_URL, endpoint);
await walk(new store.TimestreamWriteClient(), new asked.TimestreamQueryClient(), "by-the-environment");
