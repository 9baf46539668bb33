//! What a query looks at: readings of one place and window, in groups. Not here: what each query
//! makes of them (`oracle`).

use std::collections::BTreeMap;

use chrono::DateTime;

use super::answer::Key;
use super::readings::{Reading, Readings, Span};

pub(super) const MINUTE: i64 = 60_000;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// A query's parameters and window, and what there is to see.
pub(super) struct Question<'a> {
    pub readings: &'a Readings,
    /// The parameters, name and value.
    pub place: &'a [(String, String)],
    pub window: Span,
}

impl<'a> Question<'a> {
    /// The readings of a measure in the window, of the instances that are at the place as far as
    /// these dimensions tell.
    pub(super) fn read(&self, measure: &str, dimensions: &[&str]) -> Vec<Reading<'a>> {
        let wanted: Vec<(&str, &str)> = self
            .place
            .iter()
            .filter(|(name, _)| dimensions.contains(&name.as_str()))
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(wanted.len(), dimensions.len(), "the scenario fixes every parameter");
        self.readings.find(measure, &wanted, &self.window)
    }
}

/// The values of readings that have a key in common.
pub(super) fn groups(readings: &[Reading<'_>], key: impl Fn(&Reading<'_>) -> Key) -> BTreeMap<Key, Vec<f64>> {
    let mut groups: BTreeMap<Key, Vec<f64>> = BTreeMap::new();
    for reading in readings {
        groups.entry(key(reading)).or_default().push(reading.value);
    }
    groups
}

/// One value for each group, in larger groups: by the first `depth` cells of the keys.
pub(super) fn regroup(
    groups: &BTreeMap<Key, Vec<f64>>,
    value: impl Fn(&[f64]) -> f64,
    depth: usize,
) -> BTreeMap<Key, Vec<f64>> {
    let mut larger: BTreeMap<Key, Vec<f64>> = BTreeMap::new();
    for (key, values) in groups {
        larger.entry(key[..depth].to_vec()).or_default().push(value(values));
    }
    larger
}

/// The start of the span of `length` milliseconds that a reading falls into, as the service prints it.
pub(super) fn bin(reading: &Reading<'_>, length: i64) -> String {
    let start = DateTime::from_timestamp_millis(reading.time - reading.time.rem_euclid(length));
    start.expect("readings are of these years").format("%Y-%m-%d %H:%M:%S%.9f").to_string()
}

/// The hour of the day of a reading, as the service prints it.
pub(super) fn hour_of_day(reading: &Reading<'_>) -> String {
    (reading.time.rem_euclid(DAY) / HOUR).to_string()
}
