//! Texts of times and of measures, as numbers. Not here: how long they may be (`shape`).

use super::Refusal;
use super::shape::Place;
use crate::checks;
use crate::failure::Failure;
use crate::model::{MeasureType, Value};

/// Nanoseconds since the epoch. What they cannot hold is as far away as they go, outside of what any table takes.
pub(super) fn time(place: Place, text: &str, unit: i64) -> Result<i64, Failure> {
    use std::num::IntErrorKind::{NegOverflow, PosOverflow};
    match text.parse::<i64>() {
        Ok(count) => Ok(count.saturating_mul(unit)),
        Err(error) if *error.kind() == PosOverflow => Ok(i64::MAX),
        Err(error) if *error.kind() == NegOverflow => Ok(i64::MIN),
        Err(_) => {
            let what = "Member must be an integer, in its TimeUnit since the epoch";
            Err(checks::constraint(place.at("time"), text, what))
        }
    }
}

/// A measure's value of a type; a record that has another is rejected.
pub(super) fn parse(kind: MeasureType, text: &str, unit: i64) -> Result<Value<'_>, Refusal> {
    let value = match kind {
        MeasureType::Double => double(text).map(Value::Double),
        MeasureType::Bigint => text.parse().ok().map(Value::Bigint),
        MeasureType::Boolean => boolean(text).map(Value::Boolean),
        MeasureType::Varchar => Some(Value::Varchar(text)),
        MeasureType::Timestamp => timestamp(text, unit).map(Value::Timestamp),
    };
    value.ok_or_else(|| {
        let kind = format!("{kind:?}").to_ascii_uppercase();
        Refusal::Record(format!("The measure value '{text}' is not a valid {kind}."))
    })
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

/// An integer of the record's time unit, from 1970 to 2262: the developer guide's range for writes.
fn timestamp(text: &str, unit: i64) -> Option<i64> {
    text.parse::<i64>().ok()?.checked_mul(unit).filter(|&nanos| nanos >= 0)
}
