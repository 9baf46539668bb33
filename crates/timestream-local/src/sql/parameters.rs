//! Named parameters, `@name`. No operation gives them values: PrepareQuery tells what they are, Query refuses them.
//! Not here: how they are spelled (`dialect`).

use std::collections::HashMap;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::metadata::ScalarAndMetadata;
use datafusion::common::{ParamValues, Result, ScalarValue};
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::sqlparser::tokenizer::Location;

use super::dialect::Tokens;
use super::error::SqlError;
use super::types::ColumnInfo;

/// A parameter of a statement.
#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    /// Its name, and its type as far as what it is compared with tells.
    pub(crate) info: ColumnInfo,
    place: Location,
}

impl Parameter {
    /// What Query says to one.
    pub(super) fn refused(&self) -> SqlError {
        let name = self.info.name.as_deref().unwrap_or_default();
        SqlError::at(self.place, format!("The parameter @{name} has no value; write the value in its place"))
    }
}

/// Puts nulls of their types where parameters stand in `plan`, and tells the parameters in the order of `tokens`.
pub(super) fn settle(plan: LogicalPlan, tokens: &Tokens) -> Result<(LogicalPlan, Vec<Parameter>)> {
    let places = tokens.parameters();
    if places.is_empty() {
        return Ok((plan, Vec::new()));
    }
    let mut types = plan.get_parameter_types()?;
    let mut parameters = Vec::with_capacity(places.len());
    let mut nulls = HashMap::new();
    for (name, place) in places {
        let data_type = types.remove(&format!("$@{name}")).flatten().unwrap_or(DataType::Null);
        parameters.push(Parameter { info: ColumnInfo::new(&name, &data_type), place });
        let null = ScalarAndMetadata::new(ScalarValue::try_from(&data_type)?, None);
        nulls.insert(format!("@{name}"), null);
    }
    Ok((plan.with_param_values(ParamValues::Map(nulls))?, parameters))
}
