//! What the fleet read: every value of the generator that a query may look at, as plain series. Not
//! here: what the queries make of them.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use tsrun::fleet::{Generator, Measures, Record};
use tsrun::values::Value;

/// The dimensions of a series, name and value.
pub(super) type Dimensions = BTreeMap<Arc<str>, Arc<str>>;

/// A span of milliseconds since the Unix epoch.
pub(super) type Span = Range<i64>;

/// Every number with a fraction that the fleet reads in a span of time.
#[derive(Clone)]
pub(super) struct Readings {
    /// All records of the span, whatever they measure.
    pub records: u64,
    series: Vec<Series>,
}

#[derive(Clone)]
struct Series {
    dimensions: Dimensions,
    measure: Arc<str>,
    points: Vec<(i64, f64)>,
}

/// One value of one series.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub dimensions: &'a Dimensions,
    /// Milliseconds since the Unix epoch.
    pub time: i64,
    pub value: f64,
}

impl Reading<'_> {
    /// The value of a dimension, empty where there is none.
    pub(super) fn dimension(&self, name: &str) -> String {
        self.dimensions.get(name).map(ToString::to_string).unwrap_or_default()
    }
}

impl Readings {
    /// Makes all records of `span` and keeps their numbers.
    pub(super) fn of(generator: &Generator, span: &Span) -> Self {
        let mut readings = Self { records: 0, series: Vec::new() };
        let mut places = HashMap::new();
        for slot in generator.slots_from(span.start).take_while(|slot| slot.time < span.end) {
            let batch = generator.batch(slot, 1.0);
            readings.records += batch.records.len() as u64;
            for record in &batch.records {
                for (measure, value) in numbers(record) {
                    let dimensions = batch.common.iter().chain(record.dimensions.iter()).cloned();
                    let key = (dimensions.collect::<Dimensions>(), measure);
                    let place = *places.entry(key).or_insert_with_key(|(dimensions, measure)| {
                        readings.series.push(Series {
                            dimensions: dimensions.clone(),
                            measure: measure.clone(),
                            points: Vec::new(),
                        });
                        readings.series.len() - 1
                    });
                    readings.series[place].points.push((slot.time, value));
                }
            }
        }
        readings
    }

    /// The readings of a measure within `span`, by series that have all of these dimensions.
    pub(super) fn find<'a>(
        &'a self,
        measure: &str,
        dimensions: &[(&str, &str)],
        span: &Span,
    ) -> Vec<Reading<'a>> {
        let has = |series: &Series, (name, value): &(&str, &str)| {
            series.dimensions.get(*name).is_some_and(|own| **own == **value)
        };
        self.series
            .iter()
            .filter(|series| *series.measure == *measure && dimensions.iter().all(|d| has(series, d)))
            .flat_map(|series| {
                let within = series.points.iter().filter(|(time, _)| span.contains(time));
                within.map(|&(time, value)| Reading { dimensions: &series.dimensions, time, value })
            })
            .collect()
    }

    /// The same, but for one measure of one instance that reads `by` more within `span`.
    pub(super) fn with_change(&self, measure: &str, instance: &str, span: &Span, by: f64) -> Self {
        let mut changed = self.clone();
        let theirs = |series: &&mut Series| {
            *series.measure == *measure
                && series.dimensions.get("instance_name").is_some_and(|i| **i == *instance)
        };
        for series in changed.series.iter_mut().filter(theirs) {
            for (_, value) in series.points.iter_mut().filter(|(time, _)| span.contains(time)) {
                *value += by;
            }
        }
        changed
    }
}

/// The measures of a record that are numbers with a fraction.
fn numbers(record: &Record) -> Vec<(Arc<str>, f64)> {
    let number = |name: &Arc<str>, value: &Value| match value {
        Value::Double(number) => Some((name.clone(), *number)),
        _ => None,
    };
    match &record.measures {
        Measures::Single(value) => number(&record.measure_name, value).into_iter().collect(),
        Measures::Multi { names, values } => {
            names.iter().zip(values).filter_map(|(name, value)| number(name, value)).collect()
        }
    }
}
