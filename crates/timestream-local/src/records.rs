//! From wire records to the store's: common attributes merged in, values parsed, limits checked.
//!
//! What breaks a request's shape (a constraint of the service model, a member that is missing in the end, a
//! dimension that stands twice) refuses the whole request. What is wrong with a record's content (a value that is
//! not of its type, a reserved name, a limit of the developer guide) rejects that record alone.

mod shape;
mod values;
mod wire;

use std::sync::Arc;

pub(crate) use wire::{Text, WireDimension, WireDimensions, WireMeasure, WireRecord};

use crate::checks;
use crate::failure::Failure;
use crate::model::{Dimensions, MeasureType, Measures, Record, Rejected, Value};
use shape::{Kind, Listed, Lists, Place, Shape};
use values::{parse, time};

/// Records of a request.
pub(crate) const MAX_RECORDS: usize = 100;
/// Dimensions of a record, measures of a MULTI record.
pub(crate) const MAX_DIMENSIONS: usize = 128;
pub(crate) const MAX_MEASURES: usize = 256;
/// Entries of all the lists of a request whose records, and whose common attributes, have as many as they may. A few
/// more are read, so that a list with too many is told by its name.
pub(crate) const MAX_ENTRIES: usize = (MAX_RECORDS + 1) * (1 + MAX_DIMENSIONS + MAX_MEASURES) + 1_000;
/// Bytes of all dimension names and values of a series together.
const MAX_SERIES_BYTES: usize = 2_048;
/// Bytes of names.
const MAX_DIMENSION_NAME: usize = 60;
const MAX_MEASURE_NAME: usize = 256;

/// The records that the store may see, and the others.
pub(crate) struct Accepted<'a> {
    pub(crate) records: Vec<Record<'a>>,
    /// For each of `records` its place in the request.
    pub(crate) places: Vec<usize>,
    pub(crate) rejected: Vec<Rejected>,
}

impl Accepted<'_> {
    /// Rejects those of the records that are `unwanted`.
    pub(crate) fn reject(&mut self, reason: &str, unwanted: impl Fn(&Record<'_>) -> bool) {
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

/// The records of a request, each as it is written, and what they have in common.
pub(crate) struct Shapes<'a> {
    common: Option<Shape<'a>>,
    records: Vec<Shape<'a>>,
}

impl<'a> Shapes<'a> {
    /// Checks `common` and `wire` against the service model.
    pub(crate) fn read(
        common: Option<&'a WireRecord<'a>>,
        wire: Option<&'a [WireRecord<'a>]>,
    ) -> Result<Self, Failure> {
        let mut lists = Lists::default();
        let records = |wire: &'a [WireRecord<'a>]| {
            let record = |(index, wire)| shape::read(Place::Record(index), wire, &mut lists);
            checks::all((
                checks::count("records", wire, 1..=MAX_RECORDS),
                checks::each(wire.iter().enumerate().map(record)),
            ))
        };
        let (common, (_, records)) = checks::all((
            common.map(|common| shape::read(Place::Common, common, &mut Lists::default())).transpose(),
            checks::required("records", wire).and_then(records),
        ))?;
        Ok(Self { common, records })
    }

    /// Merges the common attributes into each record. Every record must carry `required_dimension`.
    pub(crate) fn merge(self, required_dimension: Option<&str>) -> Result<Accepted<'a>, Failure> {
        let Self { common, records } = self;
        let mut shared = common.as_ref().map(|common| common.dimensions.to_vec()).unwrap_or_default();
        sort(&mut shared)?;
        let mut series = Series::new(&shared, required_dimension);
        let mut accepted = Accepted {
            records: Vec::with_capacity(records.len()),
            places: Vec::with_capacity(records.len()),
            rejected: Vec::new(),
        };
        for (index, own) in records.iter().enumerate() {
            match record(Place::Record(index), own, common.as_ref(), &mut series) {
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
}

/// A record that no request brought: whatever is wrong with it refuses it alone.
pub(crate) fn record_alone<'a>(
    wire: &'a WireRecord<'a>,
    required_dimension: Option<&str>,
) -> Result<Record<'a>, String> {
    let mut series = Series::new(&[], required_dimension);
    let shape = shape::read(Place::Alone, wire, &mut Lists::default()).map_err(Refusal::from);
    shape.and_then(|shape| record(Place::Alone, &shape, None, &mut series)).map_err(|refusal| match refusal {
        Refusal::Record(reason) => reason,
        Refusal::Request(failure) => failure.message().into_owned(),
    })
}

/// A record with what it has in common with the others. Of an attribute that both have, its own counts; the lists
/// of both are put together.
fn record<'a>(
    place: Place,
    own: &Shape<'a>,
    common: Option<&Shape<'a>>,
    series: &mut Series<'a, '_>,
) -> Result<Record<'a>, Refusal> {
    let either = |member: fn(&Shape<'a>) -> Option<&'a str>| member(own).or_else(|| member(common?));
    let measure_name = checks::required(place.at("measureName"), either(|shape| shape.measure_name))?;
    let time =
        time(place, checks::required(place.at("time"), either(|shape| shape.time))?, unit(own, common))?;
    let version = own.version.or_else(|| common?.version).unwrap_or(1);
    let measures = measures(place, own, common)?;
    let dimensions = series.dimensions(&own.dimensions)?;
    check_length("measure name", measure_name, MAX_MEASURE_NAME)?;
    Ok(Record { dimensions, measure_name, measures, time, version })
}

/// Nanoseconds of the record's time unit: milliseconds where it has none.
fn unit(own: &Shape<'_>, common: Option<&Shape<'_>>) -> i64 {
    own.unit.or_else(|| common?.unit).unwrap_or(1_000_000)
}

/// Gives the records of a request their dimensions. Records of one series mostly follow each other: they share what was
/// made and checked for the first of them.
struct Series<'a, 'r> {
    /// The dimensions that all have, sorted by name.
    shared: &'r [(&'a str, &'a str)],
    required: Option<&'r str>,
    /// What the record before has of its own, and with the others.
    last: Option<(Listed<'a>, Dimensions<'a>)>,
}

impl<'a, 'r> Series<'a, 'r> {
    /// Of records that all have `shared` dimensions, sorted by name, and must carry the dimension `required`.
    fn new(shared: &'r [(&'a str, &'a str)], required: Option<&'r str>) -> Self {
        Self { shared, required, last: None }
    }

    /// The dimensions of a record that has these of its `own`.
    fn dimensions(&mut self, own: &Listed<'a>) -> Result<Dimensions<'a>, Refusal> {
        if let Some((last, dimensions)) = &self.last
            && (Arc::ptr_eq(last, own) || last == own)
        {
            return Ok(Arc::clone(dimensions));
        }
        let dimensions: Dimensions<'_> = match (own.is_empty(), self.shared.is_empty()) {
            (true, true) => {
                return Err(Failure::validation("At least one dimension is required for a record.").into());
            }
            // The common case has nothing to sort.
            (true, false) => self.shared.into(),
            (false, _) => {
                let mut all = [own, self.shared].concat();
                sort(&mut all)?;
                all.into()
            }
        };
        check_series(&dimensions, self.required)?;
        self.last = Some((Arc::clone(own), Arc::clone(&dimensions)));
        Ok(dimensions)
    }
}

/// Sorts dimensions by name; none may stand twice.
fn sort(dimensions: &mut [(&str, &str)]) -> Result<(), Failure> {
    dimensions.sort_unstable();
    match dimensions.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        Some(pair) => Err(Failure::validation(format!(
            "The dimension name {} stands twice in a record, or in a record and in the common attributes.",
            pair[0].0
        ))),
        None => Ok(()),
    }
}

/// Checks the limits of a record's dimensions together, and what the table asks of them.
fn check_series(dimensions: &[(&str, &str)], required: Option<&str>) -> Result<(), Refusal> {
    if dimensions.len() > MAX_DIMENSIONS {
        return Err(Refusal::Record(format!("A record has at most {MAX_DIMENSIONS} dimensions.")));
    }
    let mut bytes = 0;
    for (name, value) in dimensions {
        check_length("dimension name", name, MAX_DIMENSION_NAME)?;
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

fn measures<'a>(place: Place, own: &Shape<'a>, common: Option<&Shape<'a>>) -> Result<Measures<'a>, Refusal> {
    let kind = own.kind.or_else(|| common?.kind).unwrap_or(Kind::One(MeasureType::Double));
    let value = own.measure_value.or_else(|| common?.measure_value);
    let shared = common.map_or(&[][..], |common| &common.measures);
    let count = own.measures.len() + shared.len();
    match (kind, value) {
        // In the words of the service.
        (Kind::One(MeasureType::Timestamp), _) => {
            Err(Failure::validation("TIMESTAMP is an invalid measure value type.").into())
        }
        (Kind::One(_), _) if count > 0 => {
            Err(Failure::validation("MeasureValues need the MeasureValueType MULTI.").into())
        }
        (Kind::One(kind), value) => {
            let text = checks::required(place.at("measureValue"), value)?;
            Ok(Measures::Single(parse(kind, text, unit(own, common))?))
        }
        (Kind::Multi, Some(_)) => {
            Err(Failure::validation("A record of the MeasureValueType MULTI takes no MeasureValue.").into())
        }
        (Kind::Multi, None) if count == 0 => {
            Err(Failure::validation("A record of the MeasureValueType MULTI needs MeasureValues.").into())
        }
        (Kind::Multi, None) => multi(shared.iter().chain(&own.measures), count, unit(own, common)),
    }
}

fn multi<'a, 'b>(
    all: impl Iterator<Item = &'b (&'a str, &'a str, Kind)>,
    count: usize,
    unit: i64,
) -> Result<Measures<'a>, Refusal>
where
    'a: 'b,
{
    if count > MAX_MEASURES {
        return Err(Refusal::Record(format!("A MULTI record has at most {MAX_MEASURES} measures.")));
    }
    let mut measures: Vec<(&str, Value<'_>)> = Vec::with_capacity(count);
    for &(name, text, kind) in all {
        let Kind::One(kind) = kind else {
            return Err(
                Failure::validation("MULTI is an invalid measure value type in MeasureValues.").into()
            );
        };
        check_length("measure name", name, MAX_MEASURE_NAME)?;
        check_column(name)?;
        measures.push((name, parse(kind, text, unit)?));
    }
    match repeated(measures.iter().map(|(name, _)| *name)) {
        Some(name) => Err(Refusal::Record(format!("The measure name {name} stands twice in the record."))),
        None => Ok(Measures::Multi(measures)),
    }
}

/// Dimensions and measures are columns: the names of the columns every table has are not theirs.
fn check_column(name: &str) -> Result<(), Refusal> {
    let ours = ["time", "measure_value", "ts_non_existent_col"].contains(&name)
        || ["ts_", "measure_name", "measure_value::", "__"].iter().any(|prefix| name.starts_with(prefix));
    if ours { Err(Refusal::Record(format!("The name {name} is reserved by the system."))) } else { Ok(()) }
}

fn check_length(what: &str, name: &str, most: usize) -> Result<(), Refusal> {
    if name.len() <= most {
        return Ok(());
    }
    let (length, name) = (name.len(), checks::brief(name));
    Err(Refusal::Record(format!("A {what} has at most {most} bytes; this one has {length}: {name}")))
}

fn repeated<'a>(names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut sorted: Vec<_> = names.collect();
    sorted.sort_unstable();
    sorted.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
}
