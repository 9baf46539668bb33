//! From wire records to the store's: common attributes merged in, types parsed, limits checked.
//!
//! What breaks the request's shape (a member that is missing or too long, an unknown type) refuses the
//! whole request. What is wrong with a record's content (a value that is not of its type, a reserved
//! name, a series too long) rejects that record alone.

use std::fmt::{self, Display};
use std::sync::Arc;

use super::write::{Text, WireDimension, WireMeasure, WireRecord};
use super::{Failure, checks};
use crate::model::{Dimensions, MeasureType, Measures, Record, Rejected, Value};

/// Dimensions of a record, measures of a MULTI record.
const MAX_DIMENSIONS: usize = 128;
const MAX_MEASURES: usize = 256;
/// Bytes of all dimension names and values of a series together.
const MAX_SERIES_BYTES: usize = 2_048;

/// The records that the store may see, and the others.
pub(super) struct Accepted<'a> {
    pub(super) records: Vec<Record<'a>>,
    /// For each of `records` its place in the request.
    pub(super) places: Vec<usize>,
    pub(super) rejected: Vec<Rejected>,
}

impl Accepted<'_> {
    /// Rejects those of the records that are `unwanted`.
    pub(super) fn reject(&mut self, reason: &str, unwanted: impl Fn(&Record<'_>) -> bool) {
        let records = std::mem::take(&mut self.records).into_iter();
        for (record, index) in records.zip(std::mem::take(&mut self.places)) {
            if unwanted(&record) {
                self.rejected.push(Rejected { index, reason: reason.to_owned(), existing_version: None });
            } else {
                self.records.push(record);
                self.places.push(index);
            }
        }
    }
}

/// Why a record is not taken.
enum Refusal {
    /// The whole request fails.
    Request(Failure),
    /// Only this record is rejected.
    Record(String),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Request(failure)
    }
}

/// Where in the request something stands, told only when it is wrong.
#[derive(Clone, Copy)]
enum Place {
    Common,
    Record(usize),
}

impl Place {
    fn member(self, name: &'static str) -> Member {
        Member(self, name)
    }
}

#[derive(Clone, Copy)]
struct Member(Place, &'static str);

impl Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self(Place::Common, name) => write!(f, "commonAttributes.{name}"),
            // The service counts list members from 1 here, and from 0 in rejected records.
            Self(Place::Record(index), name) => write!(f, "records.{}.member.{name}", index + 1),
        }
    }
}

/// Merges `common` into each record of `wire`. Every record must carry `required_dimension`.
pub(super) fn merge<'a>(
    common: &'a WireRecord<'a>,
    wire: &'a [WireRecord<'a>],
    required_dimension: Option<&str>,
) -> Result<Accepted<'a>, Failure> {
    let shared = dimensions(Place::Common, &[], common.dimensions.as_deref().unwrap_or_default())?;
    let mut series = Series { shared, required: required_dimension, last: None };
    let mut accepted = Accepted {
        records: Vec::with_capacity(wire.len()),
        places: Vec::with_capacity(wire.len()),
        rejected: Vec::new(),
    };
    for (index, own) in wire.iter().enumerate() {
        let merger = Merger { place: Place::Record(index), common, own };
        match merger.record(&mut series) {
            Ok(record) => {
                accepted.records.push(record);
                accepted.places.push(index);
            }
            Err(Refusal::Record(reason)) => {
                accepted.rejected.push(Rejected { index, reason, existing_version: None });
            }
            Err(Refusal::Request(failure)) => return Err(failure),
        }
    }
    Ok(accepted)
}

/// Gives the records of a request their dimensions. Records of one series mostly follow each other: they share what was
/// made and checked for the first of them.
struct Series<'a, 'r> {
    /// The dimensions that all have.
    shared: Vec<(&'a str, &'a str)>,
    required: Option<&'r str>,
    /// What the record before has of its own, and with the others.
    last: Option<(Option<&'a [WireDimension<'a>]>, Dimensions<'a>)>,
}

impl<'a> Series<'a, '_> {
    fn dimensions(
        &mut self,
        place: Place,
        own: Option<&'a [WireDimension<'a>]>,
    ) -> Result<Dimensions<'a>, Refusal> {
        if let Some((last, dimensions)) = &self.last
            && *last == own
        {
            return Ok(Arc::clone(dimensions));
        }
        let dimensions: Dimensions<'_> = match own {
            None => self.shared.as_slice().into(),
            Some(own) => dimensions(place, &self.shared, own)?.into(),
        };
        check_series(&dimensions, self.required)?;
        self.last = Some((own, Arc::clone(&dimensions)));
        Ok(dimensions)
    }
}

/// One record and what it shares with the others; its own attributes come first.
struct Merger<'a> {
    place: Place,
    common: &'a WireRecord<'a>,
    own: &'a WireRecord<'a>,
}

impl<'a> Merger<'a> {
    fn record(&self, series: &mut Series<'a, '_>) -> Result<Record<'a>, Refusal> {
        let dimensions = series.dimensions(self.place, self.own.dimensions.as_deref())?;
        let measure_name = self.required("measureName", |record| &record.measure_name)?;
        checks::length(self.place.member("measureName"), measure_name, 1..=256)?;
        let version = self.own.version.or(self.common.version).unwrap_or(1);
        checks::within(self.place.member("version"), version, 1..=i64::MAX)?;
        let unit = self.unit()?;
        let measures = self.measures(unit)?;
        Ok(Record { dimensions, measure_name, measures, time: self.time(unit)?, version })
    }

    fn either(&self, member: impl Fn(&'a WireRecord<'a>) -> &'a Option<Text<'a>>) -> Option<&'a str> {
        member(self.own).as_deref().or_else(|| member(self.common).as_deref())
    }

    fn required(
        &self,
        name: &'static str,
        member: impl Fn(&'a WireRecord<'a>) -> &'a Option<Text<'a>>,
    ) -> Result<&'a str, Failure> {
        checks::required(self.place.member(name), self.either(member))
    }

    /// Nanoseconds of the record's time unit.
    fn unit(&self) -> Result<i64, Failure> {
        const UNITS: [(&str, i64); 4] = [
            ("MILLISECONDS", 1_000_000),
            ("SECONDS", 1_000_000_000),
            ("MICROSECONDS", 1_000),
            ("NANOSECONDS", 1),
        ];
        let unit = self.either(|record| &record.time_unit);
        unit.map_or(Ok(1_000_000), |unit| checks::one_of(self.place.member("timeUnit"), unit, &UNITS))
    }

    fn time(&self, unit: i64) -> Result<i64, Failure> {
        let time = self.required("time", |record| &record.time)?;
        checks::length(self.place.member("time"), time, 1..=256)?;
        instant(time, unit).ok_or_else(|| {
            let what = "Member must be an integer, in its TimeUnit since the epoch, before the year 2262";
            checks::constraint(self.place.member("time"), time, what)
        })
    }

    fn measures(&self, unit: i64) -> Result<Measures<'a>, Refusal> {
        const TYPES: [(&str, Option<MeasureType>); 5] = [
            ("DOUBLE", Some(MeasureType::Double)),
            ("BIGINT", Some(MeasureType::Bigint)),
            ("BOOLEAN", Some(MeasureType::Boolean)),
            ("VARCHAR", Some(MeasureType::Varchar)),
            ("MULTI", None),
        ];
        let kind = self.either(|record| &record.measure_value_type).unwrap_or("DOUBLE");
        let kind = checks::one_of(self.place.member("measureValueType"), kind, &TYPES)?;
        let value = self.either(|record| &record.measure_value);
        let values = self.own.measure_values.as_deref().or(self.common.measure_values.as_deref());
        match (kind, value, values.unwrap_or_default()) {
            (Some(kind), value, []) => {
                let text = checks::required(self.place.member("measureValue"), value)?;
                Ok(Measures::Single(self.value(kind, text, unit)?))
            }
            (None, None, values) => self.multi(values, unit),
            (Some(_), ..) => {
                Err(Failure::validation("MeasureValues need the MeasureValueType MULTI.").into())
            }
            (None, Some(_), _) => {
                Err(Failure::validation("A record of the MeasureValueType MULTI takes no MeasureValue.")
                    .into())
            }
        }
    }

    fn multi(&self, values: &'a [WireMeasure<'a>], unit: i64) -> Result<Measures<'a>, Refusal> {
        const TYPES: [(&str, MeasureType); 5] = [
            ("DOUBLE", MeasureType::Double),
            ("BIGINT", MeasureType::Bigint),
            ("BOOLEAN", MeasureType::Boolean),
            ("VARCHAR", MeasureType::Varchar),
            ("TIMESTAMP", MeasureType::Timestamp),
        ];
        checks::count(self.place.member("measureValues"), values, 1..=MAX_MEASURES)?;
        let mut measures: Vec<(&str, Value<'_>)> = Vec::with_capacity(values.len());
        for wire in values {
            let name = checks::required(self.place.member("measureValues.name"), wire.name.as_deref())?;
            let text = checks::required(self.place.member("measureValues.value"), wire.value.as_deref())?;
            let member = self.place.member("measureValues.type");
            let kind = checks::required(member, wire.kind.as_deref())?;
            let kind = checks::one_of(member, kind, &TYPES)?;
            checks::length(self.place.member("measureValues.name"), name, 1..=256)?;
            check_column(name)?;
            measures.push((name, self.value(kind, text, unit)?));
        }
        match repeated(measures.iter().map(|(name, _)| *name)) {
            Some(name) => {
                Err(Refusal::Record(format!("The measure name {name} stands twice in the record.")))
            }
            None => Ok(Measures::Multi(measures)),
        }
    }

    fn value(&self, kind: MeasureType, text: &'a str, unit: i64) -> Result<Value<'a>, Refusal> {
        checks::length(self.place.member("measureValue"), text, 1..=2048)?;
        let value = match kind {
            MeasureType::Double => double(text).map(Value::Double),
            MeasureType::Bigint => text.parse().ok().map(Value::Bigint),
            MeasureType::Boolean => boolean(text).map(Value::Boolean),
            MeasureType::Varchar => Some(Value::Varchar(text)),
            MeasureType::Timestamp => instant(text, unit).map(Value::Timestamp),
        };
        value.ok_or_else(|| {
            let kind = format!("{kind:?}").to_ascii_uppercase();
            Refusal::Record(format!("The measure value '{text}' is not a valid {kind}."))
        })
    }
}

/// The dimensions of a record, sorted by name: those `shared` and its `own`.
fn dimensions<'a>(
    place: Place,
    shared: &[(&'a str, &'a str)],
    own: &'a [WireDimension<'a>],
) -> Result<Vec<(&'a str, &'a str)>, Failure> {
    let mut all = Vec::with_capacity(shared.len() + own.len());
    all.extend_from_slice(shared);
    for dimension in own {
        let name = checks::required(place.member("dimensions.name"), dimension.name.as_deref())?;
        let value = checks::required(place.member("dimensions.value"), dimension.value.as_deref())?;
        checks::length(place.member("dimensions.name"), name, 1..=60)?;
        checks::length(place.member("dimensions.value"), value, 1..=MAX_SERIES_BYTES)?;
        all.push((name, value));
    }
    checks::count(place.member("dimensions"), &all, 0..=MAX_DIMENSIONS)?;
    all.sort_unstable();
    match all.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        Some(pair) => Err(Failure::validation(format!(
            "The dimension name {} stands twice in a record, or in a record and in the common attributes.",
            pair[0].0
        ))),
        None => Ok(all),
    }
}

/// Checks what the table asks of a record's dimensions together.
fn check_series(dimensions: &[(&str, &str)], required: Option<&str>) -> Result<(), Refusal> {
    if dimensions.is_empty() {
        return Err(Failure::validation("At least one dimension is required for a record.").into());
    }
    let mut bytes = 0;
    for (name, value) in dimensions {
        check_column(name)?;
        bytes += name.len() + value.len();
    }
    if bytes > MAX_SERIES_BYTES {
        let reason = "The dimension names and values of the record are longer than 2048 bytes together.";
        return Err(Refusal::Record(reason.to_owned()));
    }
    match required {
        Some(key) if !dimensions.iter().any(|(name, _)| *name == key) => {
            Err(Refusal::Record(format!("The partition key {key} is required in every record of the table.")))
        }
        _ => Ok(()),
    }
}

/// Dimensions and measures are columns: the names of the columns every table has are not theirs.
fn check_column(name: &str) -> Result<(), Refusal> {
    let ours = ["time", "measure_value", "ts_non_existent_col"].contains(&name)
        || ["ts_", "measure_name", "measure_value::", "__"].iter().any(|prefix| name.starts_with(prefix));
    if ours { Err(Refusal::Record(format!("The name {name} is reserved by the system."))) } else { Ok(()) }
}

fn repeated<'a>(names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut sorted: Vec<_> = names.collect();
    sorted.sort_unstable();
    sorted.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
}

/// A finite decimal number: the service stores neither NaN nor the infinities.
fn double(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

fn boolean(text: &str) -> Option<bool> {
    match () {
        () if text.eq_ignore_ascii_case("true") => Some(true),
        () if text.eq_ignore_ascii_case("false") => Some(false),
        () => None,
    }
}

/// Nanoseconds since the epoch, of an integer in `unit` nanoseconds.
fn instant(text: &str, unit: i64) -> Option<i64> {
    text.parse::<i64>().ok()?.checked_mul(unit)
}
