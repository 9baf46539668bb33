//! The report of what a run could not write, as the developer guide's "Scheduled query error reports" has it. Not
//! here: where it is put (`run`).

use std::collections::HashMap;

use serde::Serialize;
use uuid::Uuid;

use crate::records::WireRecord;
use crate::sql::Row;

/// Records and rows that a report holds; of more, it tells the number.
const MOST: u64 = 10_000;

/// The errors of one run.
#[derive(Default)]
pub(super) struct Report {
    errors: Vec<Error>,
    /// The place of each reason for which records were rejected.
    reasons: HashMap<String, usize>,
    /// Records and rows that were not written.
    pub(super) rejected: u64,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Error {
    Records {
        reason: String,
        records: Vec<Record>,
    },
    Row {
        reason: String,
        #[serde(rename = "rawLine")]
        raw_line: String,
    },
    General {
        reason: String,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireReport<'a> {
    report_id: String,
    errors: &'a [Error],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    dimensions: Vec<Dimension>,
    measure_name: Option<String>,
    measure_value: Option<String>,
    measure_values: Option<Vec<Measure>>,
    measure_value_type: Option<String>,
    time: Option<String>,
    time_unit: Option<String>,
    version: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dimension {
    name: Option<String>,
    value: Option<String>,
    /// The service leaves it null.
    dimension_value_type: (),
}

#[derive(Serialize)]
struct Measure {
    name: Option<String>,
    value: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl Report {
    /// A record was rejected.
    pub(super) fn record(&mut self, reason: String, record: &WireRecord<'_>) {
        self.rejected += 1;
        if self.rejected > MOST {
            return;
        }
        let next = self.errors.len();
        let place = *self.reasons.entry(reason.clone()).or_insert(next);
        if place == next {
            self.errors.push(Error::Records { reason, records: Vec::new() });
        }
        if let Some(Error::Records { records, .. }) = self.errors.get_mut(place) {
            records.push(Record::new(record));
        }
    }

    /// A row is no record.
    pub(super) fn row(&mut self, reason: String, row: &Row) {
        self.rejected += 1;
        if self.rejected <= MOST {
            let raw_line = serde_json::to_string(row).expect("texts are JSON");
            self.errors.push(Error::Row { reason, raw_line });
        }
    }

    /// The run failed.
    pub(super) fn general(&mut self, reason: &str) {
        self.errors.push(Error::General { reason: reason.to_owned() });
    }

    /// The report's JSON; none where all was written.
    pub(super) fn into_json(mut self) -> Option<Vec<u8>> {
        if self.rejected > MOST {
            let left_out = self.rejected - MOST;
            self.general(&format!("{left_out} more were rejected, which this report leaves out."));
        }
        if self.errors.is_empty() {
            return None;
        }
        let report_id = Uuid::new_v4().simple().to_string().to_ascii_uppercase();
        let report = WireReport { report_id, errors: &self.errors };
        Some(serde_json::to_vec(&report).expect("texts and numbers are JSON"))
    }
}

impl Record {
    fn new(wire: &WireRecord<'_>) -> Self {
        let dimensions = wire.dimensions.as_deref().unwrap_or_default().iter().map(|dimension| Dimension {
            name: owned(dimension.name.as_deref()),
            value: owned(dimension.value.as_deref()),
            dimension_value_type: (),
        });
        let measure = |measure: &crate::records::WireMeasure<'_>| Measure {
            name: owned(measure.name.as_deref()),
            value: owned(measure.value.as_deref()),
            kind: owned(measure.kind.as_deref()),
        };
        Self {
            dimensions: dimensions.collect(),
            measure_name: owned(wire.measure_name.as_deref()),
            measure_value: owned(wire.measure_value.as_deref()),
            measure_values: wire.measure_values.as_ref().map(|values| values.iter().map(measure).collect()),
            measure_value_type: owned(wire.measure_value_type.as_deref()),
            time: owned(wire.time.as_deref()),
            time_unit: owned(wire.time_unit.as_deref()),
            version: wire.version,
        }
    }
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}
