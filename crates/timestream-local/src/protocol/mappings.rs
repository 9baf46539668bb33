//! The measures of mappings, which the models of both services spell alike, and their checks. Not here: what each service
//! adds to them (`scheduled`, `batch_load`), what a row becomes (`mapping` of the crate).

use serde::{Deserialize, Serialize};

use super::{Failure, checks};
use crate::mapping::{Kind, Measure, Repeated, Value};
use crate::model::MeasureType;

/// Dimensions of a record, measures of a MULTI record; the models have no bound, WriteRecords has.
pub(super) const MAX_DIMENSIONS: usize = 128;
const MAX_MEASURES: usize = 256;
/// Records that a row becomes; neither the models nor WriteRecords have a bound.
const MAX_MIXED: usize = 1_024;

/// `ScalarMeasureValueType`.
const TYPES: [(&str, MeasureType); 5] = [
    ("DOUBLE", MeasureType::Double),
    ("BIGINT", MeasureType::Bigint),
    ("BOOLEAN", MeasureType::Boolean),
    ("VARCHAR", MeasureType::Varchar),
    ("TIMESTAMP", MeasureType::Timestamp),
];

/// `MeasureValueType`, none for MULTI. Only measures of MULTI records can be TIMESTAMPs.
const MIXED_TYPES: [(&str, Option<MeasureType>); 5] = [
    ("DOUBLE", Some(MeasureType::Double)),
    ("BIGINT", Some(MeasureType::Bigint)),
    ("BOOLEAN", Some(MeasureType::Boolean)),
    ("VARCHAR", Some(MeasureType::Varchar)),
    ("MULTI", None),
];

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireMultiMeasures {
    target_multi_measure_name: Option<String>,
    multi_measure_attribute_mappings: Option<Vec<WireAttribute>>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireMixedMeasure {
    measure_name: Option<String>,
    source_column: Option<String>,
    target_measure_name: Option<String>,
    measure_value_type: Option<String>,
    multi_measure_attribute_mappings: Option<Vec<WireAttribute>>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct WireAttribute {
    source_column: Option<String>,
    target_multi_measure_attribute_name: Option<String>,
    measure_value_type: Option<String>,
}

/// What the measures of a mapping depend on.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    /// The member that the mapping is.
    pub(super) at: &'a str,
    /// Whether a MeasureNameColumn is given.
    pub(super) named_by_rows: bool,
    /// The type of an attribute that has none; where there is no such type, it must have one.
    pub(super) usual_type: Option<&'static str>,
}

impl Context<'_> {
    /// Checks the measures of a mapping.
    pub(super) fn read(
        self,
        multi: Option<WireMultiMeasures>,
        mixed: Option<Vec<WireMixedMeasure>>,
    ) -> Result<Vec<Kind>, Failure> {
        let list = format!("{}.mixedMeasureMappings", self.at);
        let mixed =
            mixed.map(|mixed| entries(&list, Some(mixed), MAX_MIXED, |at, wire| self.mixed(at, wire)));
        let multi = multi.map(|multi| self.multi(multi));
        match checks::all((multi.transpose(), mixed.transpose()))? {
            (Some(multi), None) => Ok(vec![multi]),
            (None, Some(mixed)) => Ok(mixed),
            _ => Err(Failure::validation(format!(
                "Either MultiMeasureMappings or MixedMeasureMappings must be given at '{}', and not both.",
                self.at
            ))),
        }
    }

    fn multi(self, wire: WireMultiMeasures) -> Result<Kind, Failure> {
        let at = format!("{}.multiMeasureMappings", self.at);
        let list = format!("{at}.multiMeasureAttributeMappings");
        let (name, measures) = checks::all((
            name(format!("{at}.targetMultiMeasureName"), wire.target_multi_measure_name),
            self.attributes(&list, wire.multi_measure_attribute_mappings),
        ))?;
        // The row's name comes first, as the service has it.
        let name = name.filter(|_| !self.named_by_rows);
        if name.is_none() && !self.named_by_rows {
            return Err(Failure::validation(
                "MultiMeasureMappings need a TargetMultiMeasureName where no MeasureNameColumn is given.",
            ));
        }
        Ok(Kind { when: None, name, value: Value::Multi(measures) })
    }

    fn mixed(self, at: &str, wire: WireMixedMeasure) -> Result<Kind, Failure> {
        let member = |name: &str| format!("{at}.{name}");
        let list = member("multiMeasureAttributeMappings");
        let attributes = wire.multi_measure_attribute_mappings;
        let (measure_name, column, target, kind, attributes) = checks::all((
            name(member("measureName"), wire.measure_name),
            name(member("sourceColumn"), wire.source_column),
            name(member("targetMeasureName"), wire.target_measure_name),
            checks::required(member("measureValueType"), wire.measure_value_type)
                .and_then(|kind| checks::one_of(member("measureValueType"), &kind, &MIXED_TYPES)),
            attributes.map(|attributes| self.attributes(&list, Some(attributes))).transpose(),
        ))?;
        let unfit = |what: &str| Failure::validation(format!("The mapping at '{at}' {what}."));
        if self.named_by_rows && measure_name.is_none() {
            return Err(unfit("needs a MeasureName: the MeasureNameColumn tells which mapping a row is for"));
        }
        let name = target.or_else(|| measure_name.clone()).or_else(|| column.clone());
        let value = match (kind, column, attributes) {
            (Some(kind), column, None) => {
                Value::Single(checks::required(member("sourceColumn"), column)?, kind)
            }
            (None, _, attributes) => Value::Multi(checks::required(list, attributes)?),
            (Some(_), _, Some(_)) => {
                return Err(unfit(
                    "has MultiMeasureAttributeMappings, which need the MeasureValueType MULTI",
                ));
            }
        };
        let name = name.ok_or_else(|| unfit("needs a TargetMeasureName or a MeasureName"))?;
        Ok(Kind { when: measure_name.filter(|_| self.named_by_rows), name: Some(name), value })
    }

    fn attributes(self, list: &str, wire: Option<Vec<WireAttribute>>) -> Result<Vec<Measure>, Failure> {
        entries(list, wire, MAX_MEASURES, |at, wire| {
            let member = |name: &str| format!("{at}.{name}");
            let kind = wire.measure_value_type.or_else(|| self.usual_type.map(str::to_owned));
            let (column, target, kind) = checks::all((
                checks::text(member("sourceColumn"), wire.source_column, 1..=usize::MAX),
                name(member("targetMultiMeasureAttributeName"), wire.target_multi_measure_attribute_name),
                checks::required(member("measureValueType"), kind)
                    .and_then(|kind| checks::one_of(member("measureValueType"), &kind, &TYPES)),
            ))?;
            Ok(Measure { name: target.unwrap_or_else(|| column.clone()), column, kind })
        })
    }
}

/// A `SchemaName` that may be missing.
pub(super) fn name(member: String, text: Option<String>) -> Result<Option<String>, Failure> {
    checks::optional(member, text, 1..=usize::MAX)
}

/// The entries of a list that must be there and hold one at the least; each is told where it stands.
pub(super) fn entries<W, T>(
    list: &str,
    wire: Option<Vec<W>>,
    most: usize,
    read: impl Fn(&str, W) -> Result<T, Failure>,
) -> Result<Vec<T>, Failure> {
    let wire = checks::required(list, wire)?;
    let count = checks::count(list, &wire, 1..=most);
    let each = wire.into_iter().enumerate();
    let each = each.map(|(index, wire)| read(&format!("{list}.{}.member", index + 1), wire));
    checks::all((count, checks::each(each))).map(|(_, entries)| entries)
}

impl From<Repeated> for Failure {
    fn from(error: Repeated) -> Self {
        Self::validation(error.to_string())
    }
}
