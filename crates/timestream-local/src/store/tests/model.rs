//! A table against a naive one, over random writes, flushes, compactions and kills.

use proptest::prelude::*;

use super::*;
use crate::model::{Ingested, Rejected};

/// A record in values that shrink well.
#[derive(Debug, Clone)]
struct Draw {
    dimensions: u8,
    measure: u8,
    minute: i64,
    version: i64,
    value: u8,
}

#[derive(Debug, Clone)]
enum Step {
    Write(Vec<Draw>),
    Flush,
    Maintain,
    Reopen,
}

const DIMENSIONS: [&[(&str, &str)]; 5] = [
    &[("host", "a")],
    &[("host", "b")],
    &[("cell", "a cell with a long name"), ("host", "a")],
    &[("zone", "z")],
    &[],
];
const TEXTS: [&str; 3] = ["", "short", "a text that is not kept inline"];

impl Draw {
    fn record(&self) -> Record<'static> {
        let (value, text) = (self.value, TEXTS[self.value as usize % TEXTS.len()]);
        let single = |value| Measures::Single(value);
        let (measure_name, measures) = match self.measure {
            0 => ("cpu", single(Value::Double(value.into()))),
            1 => ("state", single(Value::Varchar(text))),
            2 => ("count", single(Value::Bigint(value.into()))),
            3 => ("up", single(Value::Boolean(value.is_multiple_of(2)))),
            4 => (
                "multi",
                Measures::Multi(vec![("x", Value::Double(value.into())), ("y", Value::Varchar(text))]),
            ),
            _ => (
                "multi",
                Measures::Multi(vec![("y", Value::Varchar(text)), ("at", Value::Timestamp(value.into()))]),
            ),
        };
        let time = NOW - self.minute * MINUTE;
        let dimensions = DIMENSIONS[self.dimensions as usize % DIMENSIONS.len()].into();
        Record { dimensions, measure_name, measures, time, version: self.version }
    }
}

fn draw() -> impl Strategy<Value = Draw> {
    let minute = prop_oneof![3 => 0..4_i64, 2 => 25..35_i64, 1 => 100..104_i64, 1 => 400..402_i64, 1 => Just(-16), 1 => Just(2000)];
    (0..5_u8, 0..6_u8, minute, 1..4_i64, 0..3_u8).prop_map(|(dimensions, measure, minute, version, value)| {
        Draw { dimensions, measure, minute, version, value }
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop::collection::vec(draw(), 1..20).prop_map(Step::Write),
        2 => Just(Step::Flush),
        1 => Just(Step::Maintain),
        1 => Just(Step::Reopen),
    ]
}

/// What the store should say and hold.
#[derive(Default)]
struct Model {
    rows: Stored,
}

impl Model {
    fn write(&mut self, records: &[Record<'_>]) -> (Ingested, Vec<(usize, Option<i64>)>) {
        let mut ingested = Ingested::default();
        let mut rejected = Vec::new();
        for (index, record) in records.iter().enumerate() {
            let age = NOW - record.time;
            if age <= -15 * MINUTE || age > 6 * HOUR + 24 * HOUR {
                rejected.push((index, None));
                continue;
            }
            let own = |text: &str| text.to_owned();
            let dimensions = record.dimensions.iter().map(|(name, value)| (own(name), own(value))).collect();
            let identity = (dimensions, own(record.measure_name), record.time);
            let new = (record.version, values(&record.measures));
            match self.rows.get(&identity) {
                Some((version, values)) if record.version <= *version => {
                    if *values != new.1 {
                        rejected.push((index, Some(*version)));
                        continue;
                    }
                }
                _ => {
                    self.rows.insert(identity, new);
                }
            }
            if age <= 6 * HOUR { ingested.memory += 1 } else { ingested.magnetic += 1 }
        }
        (ingested, rejected)
    }
}

fn values(measures: &Measures<'_>) -> BTreeMap<String, String> {
    let text = |value: &Value<'_>| match value {
        Value::Double(value) => value.to_string(),
        Value::Bigint(value) | Value::Timestamp(value) => value.to_string(),
        Value::Boolean(value) => value.to_string(),
        Value::Varchar(text) => (*text).to_owned(),
    };
    match measures {
        Measures::Single(value) => {
            let column = format!("measure_value::{:?}", value.measure_type()).to_lowercase();
            BTreeMap::from([(column, text(value))])
        }
        Measures::Multi(values) => {
            values.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect()
        }
    }
}

fn run(flush_rows: usize, steps: Vec<Step>) {
    let mut fixture = Fixture::flushing_at(flush_rows);
    let mut model = Model::default();
    for step in steps {
        match step {
            Step::Write(draws) => {
                let records: Vec<Record<'_>> = draws.iter().map(Draw::record).collect();
                let outcome = fixture.write(&records);
                let verdict = |rejected: &Rejected| (rejected.index, rejected.existing_version);
                let rejected = outcome.rejected.iter().map(verdict).collect();
                assert_eq!((outcome.ingested, rejected), model.write(&records));
            }
            Step::Flush => fixture.flush(),
            Step::Maintain => fixture.table().maintain().unwrap(),
            Step::Reopen => fixture.reopen(),
        }
        assert_eq!(fixture.stored(), model.rows);
    }
    fixture.flush();
    let snapshot = fixture.table().snapshot();
    assert!(snapshot.memory.is_empty() && !snapshot.overlaps, "files alone never overlap");
    assert_eq!(stored(&snapshot), model.rows);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_table_is_what_a_naive_one_is(
        flush_rows in prop_oneof![Just(10), Just(1_000_000)],
        steps in prop::collection::vec(step(), 1..25),
    ) {
        run(flush_rows, steps);
    }
}

#[test]
fn many_small_flushes_are_merged() {
    let fixture = Fixture::new();
    let mut model = Model::default();
    for flush in 0..20 {
        let draw =
            |measure| Draw { dimensions: flush, measure, minute: i64::from(flush), version: 1, value: flush };
        let records: Vec<Record<'_>> = (0..5).map(|measure| draw(measure).record()).collect();
        fixture.write(&records);
        model.write(&records);
        fixture.flush();
    }
    fixture.table().maintain().unwrap();
    assert!(fixture.table().snapshot().files.len() < 8);
    assert_eq!(fixture.stored(), model.rows);
    assert_eq!(names(&fixture.path("data")).len(), fixture.table().snapshot().files.len());
}
