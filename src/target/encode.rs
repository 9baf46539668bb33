//! A batch as the body of a WriteRecords request, written straight into bytes. What the service
//! takes for granted (milliseconds, DOUBLE) is left out. Not here: sending it (`send`).

use std::io::Write as _;
use std::ops::Range;
use std::sync::Arc;

use super::{ErrorKind, TargetError};
use crate::fleet::{Batch, Measures};
use crate::values::Value;

/// Name and value of each of some dimensions.
type Dimensions = [(Arc<str>, Arc<str>)];
/// The names of a MULTI record's measures.
type Names = Arc<[Arc<str>]>;

/// Room for what stands before the records and for the first of them; the others are about as long.
const FIRST: usize = 4_096;

/// The body of the request that writes a batch. What its records have in common stands once
/// (`shared`), or in each of them.
///
/// # Errors
/// A value that no column can hold.
pub(super) fn write_records(
    database: &str,
    table: &str,
    batch: &Batch,
    shared: bool,
) -> Result<Vec<u8>, TargetError> {
    let mut body = Body { bytes: Vec::with_capacity(FIRST), names: None };
    body.raw("{\"DatabaseName\":");
    body.text(database);
    body.raw(",\"TableName\":");
    body.text(table);
    if shared {
        body.raw(",\"CommonAttributes\":{");
        body.dimensions(&[&batch.common]);
        body.time(batch.time);
        body.raw("}");
    }
    body.raw(",\"Records\":[");
    let mut host: Option<(&Arc<Dimensions>, Range<usize>)> = None;
    for (index, record) in batch.records.iter().enumerate() {
        body.raw(if index == 0 { "{" } else { ",{" });
        let start = body.bytes.len();
        match &host {
            // Many records of one host follow each other, and begin with the same bytes.
            Some((dimensions, bytes)) if Arc::ptr_eq(dimensions, &record.dimensions) => {
                body.bytes.extend_from_within(bytes.clone());
            }
            _ if shared => body.dimensions(&[&record.dimensions]),
            _ => {
                body.dimensions(&[&batch.common, &record.dimensions]);
                body.time(batch.time);
                body.raw(",");
            }
        }
        host = Some((&record.dimensions, start..body.bytes.len()));
        body.raw("\"MeasureName\":");
        body.text(&record.measure_name);
        match &record.measures {
            Measures::Single(value) => body.single(value)?,
            Measures::Multi { names, values } => body.multi(names, values)?,
        }
        body.raw("}");
        if index == 0 {
            let length = body.bytes.len() - start;
            body.bytes.reserve((length + length / 16) * batch.records.len());
        }
    }
    body.raw("]}");
    Ok(body.bytes)
}

/// JSON that grows. Writing to a vector cannot fail, so those results are nothing to look at.
struct Body<'a> {
    bytes: Vec<u8>,
    /// The names of the MULTI record before, and where each stands with what is around it: the next one
    /// mostly has the same.
    names: Option<(&'a Names, Vec<Range<usize>>)>,
}

impl<'a> Body<'a> {
    fn raw(&mut self, json: &str) {
        self.bytes.extend_from_slice(json.as_bytes());
    }

    fn text(&mut self, text: &str) {
        let _ = serde_json::to_writer(&mut self.bytes, text);
    }

    fn time(&mut self, time: i64) {
        let _ = write!(self.bytes, "\"Time\":\"{time}\"");
    }

    /// The dimensions of several lists as one, with a comma behind; nothing where there are none.
    fn dimensions(&mut self, lists: &[&Dimensions]) {
        let mut before = "\"Dimensions\":[{\"Name\":";
        for (name, value) in lists.iter().copied().flatten() {
            self.raw(before);
            self.text(name);
            self.raw(",\"Value\":");
            self.text(value);
            before = "},{\"Name\":";
        }
        if lists.iter().any(|list| !list.is_empty()) {
            self.raw("}],");
        }
    }

    fn single(&mut self, value: &Value) -> Result<(), TargetError> {
        self.raw(",\"MeasureValue\":");
        self.value(value);
        let name = type_name(value)?;
        if name != "DOUBLE" {
            self.raw(",\"MeasureValueType\":");
            self.text(name);
        }
        Ok(())
    }

    fn multi(&mut self, names: &'a Names, values: &[Value]) -> Result<(), TargetError> {
        self.raw(",\"MeasureValueType\":\"MULTI\",\"MeasureValues\":[");
        let before = self.names.take().filter(|(before, _)| Arc::ptr_eq(before, names));
        let mut places = before.map_or_else(Vec::new, |(_, places)| places);
        for (index, (name, value)) in names.iter().zip(values).enumerate() {
            if index > 0 {
                self.bytes.push(b',');
            }
            if let Some(place) = places.get(index) {
                self.bytes.extend_from_within(place.clone());
            } else {
                let start = self.bytes.len();
                self.raw("{\"Name\":");
                self.text(name);
                self.raw(",\"Value\":");
                places.push(start..self.bytes.len());
            }
            self.value(value);
            match type_name(value)? {
                // Most are, and in one piece it costs less.
                "DOUBLE" => self.raw(",\"Type\":\"DOUBLE\"}"),
                name => {
                    self.raw(",\"Type\":");
                    self.text(name);
                    self.raw("}");
                }
            }
        }
        self.raw("]");
        self.names = Some((names, places));
        Ok(())
    }

    /// A value as the wire has it: always a text.
    fn value(&mut self, value: &Value) {
        match value {
            Value::Text(text) => self.text(text),
            Value::Double(number) => {
                self.bytes.push(b'"');
                self.double(*number);
                self.bytes.push(b'"');
            }
            other => {
                let _ = write!(self.bytes, "\"{other}\"");
            }
        }
    }

    /// A number as Rust prints it, but for what JSON has no numbers for.
    fn double(&mut self, number: f64) {
        if !number.is_finite() {
            let name = if number.is_nan() { "NaN" } else { "Infinity" };
            self.raw(if number == f64::NEG_INFINITY { "-Infinity" } else { name });
            return;
        }
        // Beyond these, it would print an exponent.
        if number == 0.0 || (1e-5..1e15).contains(&number.abs()) {
            let mut buffer = zmij::Buffer::new();
            let digits = buffer.format_finite(number);
            self.raw(digits.strip_suffix(".0").unwrap_or(digits));
        } else {
            let _ = write!(self.bytes, "{number}");
        }
    }
}

/// The name of a value's column type.
///
/// # Errors
/// A value that no column can hold.
pub(super) fn type_name(value: &Value) -> Result<&'static str, TargetError> {
    match value {
        Value::Boolean(_) => Ok("BOOLEAN"),
        Value::Bigint(_) => Ok("BIGINT"),
        Value::Double(_) => Ok("DOUBLE"),
        Value::Text(_) => Ok("VARCHAR"),
        Value::Duration(_) | Value::List(_) => {
            let message = format!("`{value}` is {}, which no column can hold", value.value_type());
            Err(TargetError::new(ErrorKind::Validation, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn printed(number: f64) -> String {
        let mut body = Body { bytes: Vec::new(), names: None };
        body.double(number);
        String::from_utf8(body.bytes).unwrap()
    }

    proptest! {
        #[test]
        fn numbers_print_as_short_as_they_can(bits in any::<u64>(), small in -1e6..1e6f64, power in -20..20) {
            let rounded = (small * 100.0).round() / 100.0;
            for number in [f64::from_bits(bits), small, small.round(), rounded, rounded * 10f64.powi(power)] {
                prop_assume!(number.is_finite());
                let text = printed(number);
                prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), number.to_bits());
                // Of two texts that are as short and as near it may be another than the language's own.
                prop_assert_eq!(text.len(), number.to_string().len());
            }
        }
    }

    #[test]
    fn numbers_at_the_edges_print_as_the_service_reads_them() {
        for number in
            [0.0, -0.0, 1.0, 1e15, 1e16, 1e21, 1e-4, 1e-5, 9e-6, 1e-7, f64::MAX, f64::MIN_POSITIVE, 5e-324]
        {
            assert_eq!(printed(number), number.to_string());
        }
        let others = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(printed);
        assert_eq!(others, ["NaN", "Infinity", "-Infinity"]);
    }
}
