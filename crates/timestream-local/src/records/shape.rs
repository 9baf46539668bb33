//! The members of a record and of the common attributes, checked one by one against the service model. What
//! breaks a constraint refuses the whole request. Not here: what records say together with the common
//! attributes, and what they hold (`records`).

use std::fmt::{self, Display};
use std::sync::Arc;

use super::MAX_DIMENSIONS;
use super::wire::{Text, WireDimension, WireDimensions, WireMeasure, WireRecord};
use crate::checks;
use crate::failure::Failure;
use crate::model::MeasureType;

/// The types of the model; where each may stand is the caller's to say.
const TYPES: [(&str, Kind); 6] = [
    ("DOUBLE", Kind::One(MeasureType::Double)),
    ("BIGINT", Kind::One(MeasureType::Bigint)),
    ("VARCHAR", Kind::One(MeasureType::Varchar)),
    ("BOOLEAN", Kind::One(MeasureType::Boolean)),
    ("TIMESTAMP", Kind::One(MeasureType::Timestamp)),
    ("MULTI", Kind::Multi),
];

/// Nanoseconds of each time unit.
const UNITS: [(&str, i64); 4] =
    [("MILLISECONDS", 1_000_000), ("SECONDS", 1_000_000_000), ("MICROSECONDS", 1_000), ("NANOSECONDS", 1)];

/// `MeasureValueType`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    One(MeasureType),
    Multi,
}

/// Name and value of each dimension as they are listed: in any order, perhaps with repeats.
pub(super) type Listed<'a> = Arc<[(&'a str, &'a str)]>;

/// A record, or the attributes common to all of a request.
pub(super) struct Shape<'a> {
    pub(super) dimensions: Listed<'a>,
    pub(super) measure_name: Option<&'a str>,
    pub(super) measure_value: Option<&'a str>,
    pub(super) kind: Option<Kind>,
    /// Name, value and type of each of `MeasureValues`.
    pub(super) measures: Vec<(&'a str, &'a str, Kind)>,
    pub(super) time: Option<&'a str>,
    /// Nanoseconds.
    pub(super) unit: Option<i64>,
    pub(super) version: Option<i64>,
}

/// Where in the request something stands.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Common,
    Record(usize),
    /// In a record that no request brought.
    Alone,
}

impl Place {
    /// A member of what stands there, for a message.
    pub(super) fn at(self, name: &str) -> impl Display {
        fmt::from_fn(move |f| match self {
            Self::Common => write!(f, "commonAttributes.{name}"),
            Self::Record(index) => checks::of_entry("records", index, name).fmt(f),
            Self::Alone => f.write_str(name),
        })
    }
}

/// Lists of dimensions, each checked once however many records share it.
#[derive(Default)]
pub(super) struct Lists<'a> {
    none: Listed<'a>,
    last: Option<(&'a WireDimensions<'a>, Listed<'a>)>,
}

/// Checks the members of `wire`.
pub(super) fn read<'a>(
    place: Place,
    wire: &'a WireRecord<'a>,
    lists: &mut Lists<'a>,
) -> Result<Shape<'a>, Failure> {
    let text = |name, text: &'a Option<Text<'a>>, most| {
        let Some(text) = text.as_deref() else { return Ok(None) };
        checks::length(place.at(name), text, 1..=most).map(|()| Some(text))
    };
    let kind = wire.measure_value_type.as_deref();
    let unit = wire.time_unit.as_deref();
    let (dimensions, (measure_name, measure_value, time), kind, measures, unit, version) = checks::all((
        lists.read(place, wire.dimensions.as_ref()),
        checks::all((
            text("measureName", &wire.measure_name, usize::MAX),
            text("measureValue", &wire.measure_value, 2_048),
            text("time", &wire.time, 256),
        )),
        kind.map(|kind| checks::one_of(place.at("measureValueType"), kind, &TYPES)).transpose(),
        measures(place, wire.measure_values.as_deref().unwrap_or_default()),
        unit.map(|unit| checks::one_of(place.at("timeUnit"), unit, &UNITS)).transpose(),
        // Of the API's documentation; the model has no bound.
        wire.version.map(|version| checks::within(place.at("version"), version, 1..=i64::MAX)).transpose(),
    ))?;
    Ok(Shape { dimensions, measure_name, measure_value, kind, measures, time, unit, version })
}

impl<'a> Lists<'a> {
    fn read(&mut self, place: Place, wire: Option<&'a WireDimensions<'a>>) -> Result<Listed<'a>, Failure> {
        let Some(wire) = wire else { return Ok(self.none.clone()) };
        if let Some((last, dimensions)) = &self.last
            && last.is_same(wire)
        {
            return Ok(dimensions.clone());
        }
        let dimensions: Listed<'_> = dimensions(place, wire)?.into();
        self.last = Some((wire, dimensions.clone()));
        Ok(dimensions)
    }
}

fn dimensions<'a>(place: Place, wire: &'a [WireDimension<'a>]) -> Result<Vec<(&'a str, &'a str)>, Failure> {
    let read = |(index, wire): (usize, &'a WireDimension<'a>)| {
        let at = |name| checks::of_entry(place.at("dimensions"), index, name);
        let kind = wire.dimension_value_type.as_deref();
        let (name, value, _) = checks::all((
            required(at("name"), wire.name.as_deref(), 1..=usize::MAX),
            checks::required(at("value"), wire.value.as_deref()),
            kind.map_or(Ok(()), |kind| checks::one_of(at("dimensionValueType"), kind, &[("VARCHAR", ())])),
        ))?;
        Ok((name, value))
    };
    let count = checks::count(place.at("dimensions"), wire, 0..=MAX_DIMENSIONS);
    checks::all((count, checks::each(wire.iter().enumerate().map(read)))).map(|(_, dimensions)| dimensions)
}

fn measures<'a>(place: Place, wire: &'a [WireMeasure<'a>]) -> Result<Vec<(&'a str, &'a str, Kind)>, Failure> {
    let read = |(index, wire): (usize, &'a WireMeasure<'a>)| {
        let at = |name| checks::of_entry(place.at("measureValues"), index, name);
        checks::all((
            required(at("name"), wire.name.as_deref(), 1..=usize::MAX),
            required(at("value"), wire.value.as_deref(), 1..=2_048),
            checks::required(at("type"), wire.kind.as_deref())
                .and_then(|kind| checks::one_of(at("type"), kind, &TYPES)),
        ))
    };
    checks::each(wire.iter().enumerate().map(read))
}

fn required(
    member: impl Display,
    text: Option<&str>,
    range: std::ops::RangeInclusive<usize>,
) -> Result<&str, Failure> {
    let text = checks::required(&member, text)?;
    checks::length(member, text, range).map(|()| text)
}
