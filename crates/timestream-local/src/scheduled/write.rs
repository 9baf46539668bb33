//! The rows of a page into the target table, in requests of a hundred records as clients would send them. Not here:
//! paging (`run`), which records a row becomes (`mapping` of the crate).

use super::columns::TIME_UNIT;
use super::report::Report;
use crate::engine::{EngineError, OpenTable};
use crate::mapping::Mapping;
use crate::metrics::RecordMetrics;
use crate::model::{Measures, Record, Value};
use crate::records::{WireRecord, record_alone};
use crate::sql::Row;

/// Records of a request, as of WriteRecords.
const BATCH: usize = 100;
/// Writes are metered by it.
const KILOBYTE: u64 = 1_024;

/// What was written so far.
pub(super) struct Written {
    pub(super) metrics: RecordMetrics,
    pub(super) records: u64,
    /// In whole kilobytes a request.
    pub(super) bytes: u64,
    pub(super) report: Report,
}

/// Writes the records of `rows`; those that are not taken are in the report.
///
/// # Errors
/// Where the store failed; what was written before is counted.
pub(super) fn write(
    mapping: &Mapping<usize>,
    table: &OpenTable,
    rows: &[Row],
    version: i64,
    written: &mut Written,
) -> Result<(), EngineError> {
    let mut batch = Vec::with_capacity(BATCH);
    for row in rows {
        if let Err(reason) = mapping.records(row, TIME_UNIT, version, &mut batch) {
            written.report.row(reason, row);
        }
        if batch.len() >= BATCH {
            written.batch(&batch, table)?;
            batch.clear();
        }
    }
    written.batch(&batch, table)?;
    // What a run says that it wrote is as durable as an answer to a client.
    table.settle()
}

impl Written {
    /// Nothing yet; what was refused before is in the report.
    pub(super) fn new(metrics: RecordMetrics, report: Report) -> Self {
        Self { metrics, records: 0, bytes: 0, report }
    }

    fn batch(&mut self, batch: &[WireRecord<'_>], table: &OpenTable) -> Result<(), EngineError> {
        let required = table.required_dimension();
        let mut records = Vec::with_capacity(batch.len());
        let mut sources = Vec::with_capacity(batch.len());
        for wire in batch {
            match record_alone(wire, required.as_deref()) {
                Ok(record) => {
                    records.push(record);
                    sources.push(wire);
                }
                Err(reason) => {
                    self.metrics.count_rejected();
                    self.report.record(reason, wire);
                }
            }
        }
        if records.is_empty() {
            return Ok(());
        }
        let outcome = table.write(&records)?;
        self.metrics.count(outcome.ingested, outcome.rejected.len());
        let mut bytes: u64 = records.iter().map(size).sum();
        for rejected in outcome.rejected {
            bytes -= records.get(rejected.index).map_or(0, size);
            if let Some(wire) = sources.get(rejected.index) {
                self.report.record(rejected.reason, wire);
            }
        }
        self.records += outcome.ingested.memory + outcome.ingested.magnetic;
        self.bytes += bytes.div_ceil(KILOBYTE) * KILOBYTE;
        Ok(())
    }
}

/// A record's bytes, as writes are metered: 8 for the time, names and texts as they are long, 8 for numbers.
fn size(record: &Record<'_>) -> u64 {
    let dimensions: usize = record.dimensions.iter().map(|(name, value)| name.len() + value.len()).sum();
    let measures: usize = match &record.measures {
        Measures::Single(value) => value_size(*value),
        Measures::Multi(values) => values.iter().map(|(name, value)| name.len() + value_size(*value)).sum(),
    };
    (8 + dimensions + record.measure_name.len() + measures) as u64
}

fn value_size(value: Value<'_>) -> usize {
    match value {
        Value::Boolean(_) => 1,
        Value::Double(_) | Value::Bigint(_) | Value::Timestamp(_) => 8,
        Value::Varchar(text) => text.len(),
    }
}
