//! YAML scalars and lists as values of the language. Not here: expressions.

use std::sync::Arc;

use crate::scenario::Yaml;
use crate::units::parse_duration;
use crate::values::{Type, Value};

/// A parameter's or a map entry's value; a text that reads as a duration is one.
///
/// # Errors
/// A sentence that names what it found.
pub fn constant(yaml: &Yaml) -> Result<Value, String> {
    match yaml {
        Yaml::Bool(value) => Ok(Value::Boolean(*value)),
        Yaml::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Ok(Value::Bigint(whole)),
            (None, Some(value)) if value.is_finite() => Ok(Value::Double(value)),
            _ => Err(format!("{number} does not fit a 64-bit number")),
        },
        Yaml::String(text) => Ok(match parse_duration(text) {
            Ok(nanos) => Value::Duration(nanos),
            Err(_) => Value::Text(Arc::from(text.as_str())),
        }),
        Yaml::Sequence(items) => {
            let values = items.iter().map(constant).collect::<Result<Vec<_>, _>>()?;
            common_type(&values)?;
            Ok(Value::List(values.into()))
        }
        Yaml::Null => Err("expected a value, found nothing".to_owned()),
        Yaml::Mapping(_) | Yaml::Tagged(_) => {
            Err("expected a number, a text or a list, found a map".to_owned())
        }
    }
}

/// The one type that all of these have; whole numbers among others count as numbers with a fraction.
///
/// # Errors
/// Names two that do not agree.
pub(super) fn common_type(values: &[Value]) -> Result<Option<Type>, String> {
    let mut common: Option<Type> = None;
    for value in values {
        common = match (common, value.value_type()) {
            (None, one) => Some(one),
            (Some(a), b) if a == b => Some(a),
            (Some(Type::Bigint), Type::Double) | (Some(Type::Double), Type::Bigint) => Some(Type::Double),
            (Some(a), b) => return Err(format!("`{value}` is {b}, the ones before it are {a}")),
        };
    }
    Ok(common)
}

/// The value as this type, where whole numbers stand among numbers with a fraction.
pub(super) fn widen(value: Value, to: Type) -> Value {
    match (value, to) {
        // Exact up to 2^53, and such a list is written by hand.
        (Value::Bigint(whole), Type::Double) => Value::Double(whole as f64),
        (value, _) => value,
    }
}
