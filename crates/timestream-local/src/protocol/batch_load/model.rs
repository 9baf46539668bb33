//! Data models, in a request or in an object of a bucket, and their checks. Not here: their measures (`mappings`), what
//! a line becomes (`mapping` of the crate).

use std::io::Read;

use super::super::mappings::{Context, MAX_DIMENSIONS, entries, name};
use super::super::{Failure, checks, parse};
use super::shapes::{WireDataModel, WireDataModelConfiguration, WireDimension, WireObject};
use crate::buckets::Buckets;
use crate::mapping::Mapping;

/// Bytes of a data model in a bucket: far more than anybody writes.
const MAX_BYTES: u64 = 1 << 20;

const UNITS: [(&str, ()); 4] =
    [("MILLISECONDS", ()), ("SECONDS", ()), ("MICROSECONDS", ()), ("NANOSECONDS", ())];

/// A data model: what lines become, and the unit of their times; or where it is.
pub(super) enum Model {
    Given(Mapping, String),
    Object { bucket: String, key: String },
}

impl Model {
    pub(super) fn read(wire: WireDataModelConfiguration) -> Result<Self, Failure> {
        match (wire.data_model, wire.object) {
            (Some(model), None) => {
                let (mapping, unit) = read_model("dataModelConfiguration.dataModel", model)?;
                Ok(Self::Given(mapping, unit))
            }
            (None, Some(WireObject { bucket_name, object_key })) => {
                let member = "dataModelConfiguration.dataModelS3Configuration";
                let (bucket, key) = checks::all((
                    checks::bucket(format_args!("{member}.bucketName"), bucket_name),
                    checks::formed(
                        format_args!("{member}.objectKey"),
                        object_key,
                        1..=1_024,
                        &checks::OBJECT_KEY,
                    ),
                ))?;
                Ok(Self::Object { bucket, key })
            }
            _ => Err(Failure::validation(
                "The DataModelConfiguration must have either a DataModel or a DataModelS3Configuration.",
            )),
        }
    }

    /// The model, from its object if it is in one.
    pub(super) fn fetch(self, buckets: &Buckets) -> Result<(Mapping, String), Failure> {
        let (bucket, key) = match self {
            Self::Given(mapping, unit) => return Ok((mapping, unit)),
            Self::Object { bucket, key } => (bucket, key),
        };
        let file = buckets.open(&bucket, &key)?;
        let unfit = |why: String| {
            Failure::validation(format!(
                "The object {key} of the bucket {bucket} is not a data model: {why}."
            ))
        };
        let mut text = Vec::new();
        file.take(MAX_BYTES + 1).read_to_end(&mut text).map_err(|error| unfit(error.to_string()))?;
        if text.len() as u64 > MAX_BYTES {
            return Err(unfit(format!("it has more than {MAX_BYTES} bytes")));
        }
        let model = parse(&text).map_err(|failure| unfit(failure.message().into_owned()))?;
        read_model("dataModel", model)
    }
}

/// Checks the data model that stands at the member `at`.
fn read_model(at: &str, wire: WireDataModel) -> Result<(Mapping, String), Failure> {
    let member = |name: &str| format!("{at}.{name}");
    let unit = wire.time_unit.unwrap_or_else(|| "MILLISECONDS".to_owned());
    // As the values of records have, where no type is given.
    let usual_type = Some("DOUBLE");
    let measures = Context { at, named_by_rows: wire.measure_name_column.is_some(), usual_type };
    let (time, (), dimensions, kinds, measure_name) = checks::all((
        checks::text(member("timeColumn"), wire.time_column, 1..=256),
        checks::one_of(member("timeUnit"), &unit, &UNITS),
        entries(&member("dimensionMappings"), wire.dimension_mappings, MAX_DIMENSIONS, read_dimension),
        measures.read(wire.multi_measure_mappings, wire.mixed_measure_mappings),
        checks::optional(member("measureNameColumn"), wire.measure_name_column, 1..=256),
    ))?;
    Ok((Mapping::new(time, dimensions, measure_name, kinds)?, unit))
}

/// A column, and what the dimension is called.
fn read_dimension(at: &str, wire: WireDimension) -> Result<(String, String), Failure> {
    let (column, destination) = checks::all((
        checks::text(format_args!("{at}.sourceColumn"), wire.source_column, 1..=usize::MAX),
        name(format!("{at}.destinationColumn"), wire.destination_column),
    ))?;
    let name = destination.unwrap_or_else(|| column.clone());
    Ok((column, name))
}
