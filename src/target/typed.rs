//! A batch through the SDK's typed call: the reference that tests hold `write` against.

use std::sync::Arc;

use aws_sdk_timestreamwrite::operation::write_records::WriteRecordsError;
use aws_sdk_timestreamwrite::types::{
    Dimension, MeasureValue, MeasureValueType, Record as WireRecord, TimeUnit,
};

use super::{ErrorKind, Ingested, RejectedRecord, Target, TargetError, encode};
use crate::fleet::{Batch, Measures, Record};
use crate::values::Value;

impl Target {
    /// Writes a batch as [`write`](Self::write) does.
    pub(super) async fn write_typed(&self, batch: &Batch) -> Result<Ingested, TargetError> {
        let common = WireRecord::builder()
            .set_dimensions(Some(dimensions(&batch.common)?))
            .time(batch.time.to_string())
            .time_unit(TimeUnit::Milliseconds)
            .build();
        let records = batch.records.iter().map(record).collect::<Result<Vec<_>, _>>()?;
        let _connection = self.connection().await;
        let answer = self
            .write
            .write_records()
            .database_name(&self.database)
            .table_name(&self.table)
            .common_attributes(common)
            .set_records(Some(records))
            .send()
            .await;
        match answer {
            Ok(output) => Ok(ingested(output.records_ingested())),
            Err(error) => {
                let rejected = rejected(error.as_service_error());
                Err(TargetError { rejected, ..TargetError::from(error) })
            }
        }
    }
}

fn ingested(counts: Option<&aws_sdk_timestreamwrite::types::RecordsIngested>) -> Ingested {
    let count = |n: i32| u64::try_from(n).unwrap_or(0);
    counts.map_or_else(Ingested::default, |c| Ingested {
        memory: count(c.memory_store()),
        magnetic: count(c.magnetic_store()),
    })
}

fn rejected(error: Option<&WriteRecordsError>) -> Vec<RejectedRecord> {
    let Some(WriteRecordsError::RejectedRecordsException(answer)) = error else { return Vec::new() };
    answer
        .rejected_records()
        .iter()
        .map(|record| RejectedRecord {
            index: usize::try_from(record.record_index()).unwrap_or(0),
            reason: record.reason().unwrap_or("no reason given").to_owned(),
        })
        .collect()
}

fn record(record: &Record) -> Result<WireRecord, TargetError> {
    let builder = WireRecord::builder()
        .set_dimensions(Some(dimensions(&record.dimensions)?))
        .measure_name(record.measure_name.as_ref());
    let builder = match &record.measures {
        Measures::Single(value) => {
            builder.measure_value(wire_text(value)).measure_value_type(wire_type(value)?)
        }
        Measures::Multi { names, values } => {
            let values = names
                .iter()
                .zip(values)
                .map(|(name, value)| measure(name, value))
                .collect::<Result<Vec<_>, TargetError>>()?;
            builder.measure_value_type(MeasureValueType::Multi).set_measure_values(Some(values))
        }
    };
    Ok(builder.build())
}

fn measure(name: &str, value: &Value) -> Result<MeasureValue, TargetError> {
    MeasureValue::builder()
        .name(name)
        .value(wire_text(value))
        .r#type(wire_type(value)?)
        .build()
        .map_err(|error| TargetError::new(ErrorKind::Validation, error.to_string()))
}

fn dimensions(pairs: &[(Arc<str>, Arc<str>)]) -> Result<Vec<Dimension>, TargetError> {
    pairs
        .iter()
        .map(|(name, value)| Dimension::builder().name(name.as_ref()).value(value.as_ref()).build())
        .collect::<Result<_, _>>()
        .map_err(|error| TargetError::new(ErrorKind::Validation, error.to_string()))
}

fn wire_text(value: &Value) -> String {
    match value {
        // The wire's forms for what a number can be and JSON cannot.
        Value::Double(v) if v.is_nan() => "NaN".to_owned(),
        Value::Double(v) if v.is_infinite() => if *v > 0.0 { "Infinity" } else { "-Infinity" }.to_owned(),
        other => other.to_string(),
    }
}

fn wire_type(value: &Value) -> Result<MeasureValueType, TargetError> {
    encode::type_name(value).map(MeasureValueType::from)
}
