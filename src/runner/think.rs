//! Times to think: between an answer and the next request of whoever got it.

use crate::values::{Expression, Instant, Value};

/// A think time, in nanoseconds, drawn by key and number.
pub(crate) fn think_time(think: &Expression, key: u64, number: i64) -> i64 {
    match think.eval(&Instant { attributes: &[], measures: &[], key, time: number }) {
        Value::Duration(nanos) => nanos.max(0),
        // The plan takes durations only.
        _ => 0,
    }
}
