//! Bytes as Amazon Timestream meters them. Not here: what they cost (`prices`, `cost`).
//!
//! Source: the developer guide's "Metering and cost optimization", pages "Writes" and "Storage".

use std::sync::Arc;

use crate::fleet::{Batch, Measures};
use crate::values::Value;

/// Bytes of a write unit.
const UNIT: u64 = 1_024;
/// Bytes of a time.
const TIME: u64 = 8;

/// Bytes of a write request; attributes that all records share, the time included, count once if they
/// are sent once.
#[must_use]
pub fn write_bytes(batch: &Batch, common_attributes: bool) -> u64 {
    if !common_attributes {
        return storage_bytes(batch);
    }
    let records = batch.records.iter().map(|record| {
        texts(&record.dimensions) + record.measure_name.len() as u64 + measured(&record.measures)
    });
    TIME + texts(&batch.common) + records.sum::<u64>()
}

/// Write units of a request of so many bytes.
#[must_use]
pub fn write_units(bytes: u64) -> u64 {
    bytes.div_ceil(UNIT)
}

/// Bytes that a batch's records take in a store: there everything is repeated in every record.
#[must_use]
pub(super) fn storage_bytes(batch: &Batch) -> u64 {
    let shared = TIME + texts(&batch.common);
    let records = batch.records.iter().map(|record| {
        shared + texts(&record.dimensions) + record.measure_name.len() as u64 + measured(&record.measures)
    });
    records.sum()
}

fn texts(dimensions: &[(Arc<str>, Arc<str>)]) -> u64 {
    dimensions.iter().map(|(name, value)| (name.len() + value.len()) as u64).sum()
}

fn measured(measures: &Measures) -> u64 {
    match measures {
        Measures::Single(value) => value_bytes(value),
        Measures::Multi { names, values } => {
            names.iter().zip(values).map(|(name, value)| name.len() as u64 + value_bytes(value)).sum()
        }
    }
}

fn value_bytes(value: &Value) -> u64 {
    match value {
        Value::Boolean(_) => 1,
        Value::Text(text) => text.len() as u64,
        Value::Bigint(_) | Value::Double(_) | Value::Duration(_) | Value::List(_) => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::Record;

    /// The guide's record of an EC2 instance; `shared` of its dimensions are common to the request.
    fn instances(count: usize, shared: usize) -> Batch {
        let dimensions: Vec<(Arc<str>, Arc<str>)> =
            [("region", "us-east-1"), ("az", "1d"), ("vpc", "vpc-1a2b3c4d"), ("hostname", "host-24Gju")]
                .map(|(name, value)| (Arc::from(name), Arc::from(value)))
                .to_vec();
        let record = Record {
            dimensions: dimensions[shared..].into(),
            measure_name: Arc::from("cpu_utilization"),
            measures: Measures::Single(Value::Double(35.0)),
        };
        Batch { time: 0, common: dimensions[..shared].to_vec(), records: vec![record; count] }
    }

    #[test]
    fn a_time_series_event_is_83_bytes() {
        assert_eq!(write_bytes(&instances(1, 0), true), 83);
        assert_eq!(storage_bytes(&instances(1, 0)), 83);
        assert_eq!(write_units(83), 1);
    }

    #[test]
    fn twelve_events_fill_a_unit() {
        // 12 x 83 bytes are 996; the guide says 998. The time, which all share here, counts once.
        assert!(write_bytes(&instances(12, 0), true) <= 996 && write_units(996) == 1);
        assert_eq!(write_units(13 * 83), 2);
        assert_eq!(storage_bytes(&instances(12, 0)), 996);
        // 100 instances every 5 s for 30 days, 9 requests of a unit each time.
        let monthly = 100u64.div_ceil(12) * write_units(996) * 12 * 60 * 24 * 30;
        assert_eq!(monthly, 4_665_600);
    }

    #[test]
    fn common_attributes_count_once() {
        let batch = instances(100, 3);
        let (repeated, shared) = (write_bytes(&instances(100, 0), true), write_bytes(&batch, true));
        assert_eq!(repeated - shared, 99 * 34);
        // Sent in each record they count in each, and so does the time.
        assert_eq!(write_bytes(&batch, false), 100 * 83);
        // The guide's own figures: 52 bytes in common and 27 an event, 36 events a unit.
        assert_eq!(write_units(52 + 36 * 27), 1);
        assert_eq!(100u64.div_ceil(36) * 12 * 60 * 24 * 30, 1_555_200);
    }
}
