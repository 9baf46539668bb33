//! A batch as one WriteRecords request, and what the service says to it. Not here: what a batch holds
//! (`fleet`), retries (`runner`), how it travels (`encode`, `send`).

use aws_sdk_timestreamwrite::error::ErrorMetadata;
use serde::Deserialize;
use serde_json::Value as Json;

use super::error::{broken_answer, service_error};
use super::send::Answer;
use super::{RejectedRecord, Target, TargetError, encode};
use crate::fleet::Batch;

/// Where the records of an accepted write went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ingested {
    /// Records taken into the memory store.
    pub memory: u64,
    /// Records taken into the magnetic store.
    pub magnetic: u64,
}

impl Target {
    /// Writes a batch of 1 to 100 records in one attempt. On [`ErrorKind::Rejected`](super::ErrorKind)
    /// the other records are stored.
    ///
    /// # Errors
    /// Whatever the service or the way to it answers.
    pub async fn write(&self, batch: &Batch) -> Result<Ingested, TargetError> {
        let body = encode::write_records(&self.database, &self.table, batch, self.common_attributes)?;
        let _connection = self.connection().await;
        let answer = self.sender.send(&self.write, body).await?;
        if (200..300).contains(&answer.status) { ingested(&answer.body) } else { Err(refused(&answer)) }
    }
}

fn ingested(body: &[u8]) -> Result<Ingested, TargetError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Output {
        records_ingested: Option<Counts>,
    }
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Counts {
        memory_store: i32,
        magnetic_store: i32,
    }
    let output: Output = serde_json::from_slice(body).map_err(|error| broken_answer(&error))?;
    let counts = output.records_ingested.unwrap_or_default();
    let count = |n: i32| u64::try_from(n).unwrap_or(0);
    Ok(Ingested { memory: count(counts.memory_store), magnetic: count(counts.magnetic_store) })
}

/// The error of an answer, as the SDK reads it.
fn refused(answer: &Answer) -> TargetError {
    let body: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = |names: &[&str]| names.iter().find_map(|name| body[*name].as_str()).map(ToOwned::to_owned);
    let code = answer.error_type.clone().or_else(|| text(&["code", "__type"]));
    let mut metadata = ErrorMetadata::builder();
    if let Some(code) = &code {
        // `namespace#Code:address`
        let code = code.split(':').next().unwrap_or_default();
        metadata = metadata.code(code.split_once('#').map_or(code, |(_, name)| name));
    }
    if let Some(message) = text(&["Message", "message", "errorMessage"]) {
        metadata = metadata.message(message);
    }
    let error = service_error(&metadata.build(), answer.status);
    TargetError { rejected: rejected(&body), ..error }
}

fn rejected(body: &Json) -> Vec<RejectedRecord> {
    let records = body["RejectedRecords"].as_array().map_or(&[][..], Vec::as_slice);
    let record = |record: &Json| RejectedRecord {
        index: record["RecordIndex"].as_u64().and_then(|index| usize::try_from(index).ok()).unwrap_or(0),
        reason: record["Reason"].as_str().unwrap_or("no reason given").to_owned(),
    };
    records.iter().map(record).collect()
}
