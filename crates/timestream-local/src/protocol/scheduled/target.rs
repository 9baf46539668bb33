//! The target configuration as requests carry it, and its checks. Not here: its measures (`mappings`), whether it fits
//! the query (`crate::scheduled`).

use serde::{Deserialize, Serialize};

use super::super::mappings::{Context, MAX_DIMENSIONS, WireMixedMeasure, WireMultiMeasures, entries};
use super::super::{Failure, as_asked, checks};
use crate::mapping::Mapping;
use crate::scheduled::Target;

const HERE: &str = "targetConfiguration.timestreamConfiguration";

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireTargetConfiguration {
    timestream_configuration: Option<WireTarget>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct WireTarget {
    database_name: Option<String>,
    table_name: Option<String>,
    time_column: Option<String>,
    dimension_mappings: Option<Vec<WireDimension>>,
    multi_measure_mappings: Option<WireMultiMeasures>,
    mixed_measure_mappings: Option<Vec<WireMixedMeasure>>,
    measure_name_column: Option<String>,
}

/// A column, which the dimension is called after.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct WireDimension {
    name: Option<String>,
    dimension_value_type: Option<String>,
}

impl WireTargetConfiguration {
    pub(super) fn check(self) -> Result<Target, Failure> {
        let asked = as_asked(&self)?;
        let wire = checks::required(HERE, self.timestream_configuration)?;
        let required = |name: &str, value| checks::required(format_args!("{HERE}.{name}"), value);
        let measures =
            Context { at: HERE, named_by_rows: wire.measure_name_column.is_some(), usual_type: None };
        let (database, table, time, dimensions, kinds) = checks::all((
            required("databaseName", wire.database_name),
            required("tableName", wire.table_name),
            required("timeColumn", wire.time_column),
            // One at the least, though the model has no bound: every record has a dimension.
            entries(
                &format!("{HERE}.dimensionMappings"),
                wire.dimension_mappings,
                MAX_DIMENSIONS,
                read_dimension,
            ),
            measures.read(wire.multi_measure_mappings, wire.mixed_measure_mappings),
        ))?;
        let mapping = Mapping::new(time, dimensions, wire.measure_name_column, kinds)?;
        Ok(Target { database, table, mapping, asked })
    }
}

fn read_dimension(at: &str, wire: WireDimension) -> Result<(String, String), Failure> {
    let kind = checks::required(format_args!("{at}.dimensionValueType"), wire.dimension_value_type);
    let (name, ()) = checks::all((
        checks::required(format_args!("{at}.name"), wire.name),
        kind.and_then(|kind| {
            checks::one_of(format_args!("{at}.dimensionValueType"), &kind, &[("VARCHAR", ())])
        }),
    ))?;
    Ok((name.clone(), name))
}
