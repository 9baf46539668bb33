"""What users of awswrangler do, against the server at AWS_ENDPOINT_URL."""

import datetime

import awswrangler.timestream as timestream
import pandas

NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)

timestream.create_database("frames", tags={"owner": "tests"})
timestream.create_table("frames", "metrics", memory_retention_hours=24, magnetic_retention_days=30)
assert timestream.list_databases() == ["frames"] and timestream.list_tables("frames") == ["metrics"]

count = 250
frame = pandas.DataFrame(
    {
        "time": [NOW - datetime.timedelta(seconds=second) for second in range(count)],
        "host": ["a"] * count,
        "zone": range(count),
        "cpu": [second / 2 for second in range(count)],
        "threads": range(count),
        "state": ["busy"] * count,
        "up": [True] * count,
    }
)
arguments = {"database": "frames", "table": "metrics", "time_col": "time", "dimensions_cols": ["host", "zone"]}
assert timestream.write(frame, measure_col="cpu", **arguments) == []
many = arguments | {"measure_col": ["cpu", "threads", "state", "up"], "measure_name": "all"}
assert timestream.write(frame, version=2, **many) == []

other = frame.head(1).assign(cpu=[99.0])
[rejected] = timestream.write(other, version=1, **many)
assert rejected["RecordIndex"] == 0 and rejected["ExistingVersion"] == 2, rejected
assert rejected["Reason"] == (
    "The record version 1 is lower than the existing version 2. A higher version is required to update the "
    "measure value."
), rejected
assert timestream.write(other, version=3, **many) == []

read = timestream.query(
    "SELECT time, host, zone, cpu, threads, state, up FROM frames.metrics WHERE measure_name = 'all' ORDER BY time DESC"
)
assert list(read["cpu"]) == [99.0] + [second / 2 for second in range(1, count)], read
assert list(read["threads"]) == list(range(count)) and read["up"].all() and set(read["state"]) == {"busy"}, read
assert read["time"][0].to_pydatetime() == NOW.replace(tzinfo=None), read["time"]
chunks = timestream.query(
    "SELECT measure_value::double FROM frames.metrics WHERE measure_name = 'cpu'",
    chunked=True,
    pagination_config={"PageSize": 100},
)
assert [len(chunk) for chunk in chunks] == [100, 100, 50]

timestream.delete_table("frames", "metrics")
timestream.delete_database("frames")
assert timestream.list_databases() == []
