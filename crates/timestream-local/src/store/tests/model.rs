//! A table against a naive one, over random writes, flushes, compactions, kills, settings and hours.

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
    /// As a batch load does, or as requests do.
    Write(Vec<Draw>, bool),
    Flush,
    Maintain,
    Reopen,
    /// The clock goes on by minutes.
    Wait(i64),
    Retain(Retention),
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

/// How long tables live in these tests: less, as long, and longer than the rows are old.
fn retention() -> impl Strategy<Value = Retention> {
    (prop_oneof![Just(1), Just(6), Just(40)], 1..3_u32, prop::bool::weighted(0.8)).prop_map(
        |(memory_hours, magnetic_days, magnetic_writes)| Retention {
            memory_hours,
            magnetic_days,
            magnetic_writes,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (prop::collection::vec(draw(), 1..20), any::<bool>())
            .prop_map(|(draws, waits)| Step::Write(draws, waits)),
        2 => Just(Step::Flush),
        1 => Just(Step::Maintain),
        1 => Just(Step::Reopen),
        1 => prop_oneof![Just(7), Just(60), Just(9 * 60), Just(23 * 60)].prop_map(Step::Wait),
        1 => retention().prop_map(Step::Retain),
    ]
}

/// What the store should say and hold.
struct Model {
    /// Those past the table's life, too, as long as nothing has ended them for good.
    rows: Stored,
    retention: Retention,
    now: i64,
}

fn life(retention: Retention) -> i64 {
    i64::from(retention.memory_hours) * HOUR + i64::from(retention.magnetic_days) * 24 * HOUR
}

impl Model {
    fn new() -> Self {
        Self { rows: Stored::new(), retention: RETENTION, now: NOW }
    }

    /// The rows that queries see.
    fn shown(&self) -> Stored {
        let oldest = self.now - life(self.retention);
        self.rows.clone().into_iter().filter(|((.., time), _)| *time >= oldest).collect()
    }

    fn retain(&mut self, retention: Retention) {
        if life(retention) > life(self.retention) {
            self.rows = self.shown();
        }
        self.retention = retention;
    }

    fn write(&mut self, records: &[Record<'_>]) -> (Ingested, Vec<(usize, Option<i64>)>) {
        let mut ingested = Ingested::default();
        let mut rejected = Vec::new();
        for (index, record) in records.iter().enumerate() {
            let age = self.now - record.time;
            let memory = i64::from(self.retention.memory_hours) * HOUR;
            let oldest = if self.retention.magnetic_writes { life(self.retention) } else { memory };
            if age <= -15 * MINUTE || age > oldest {
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
            if age <= memory { ingested.memory += 1 } else { ingested.magnetic += 1 }
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
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut fixture = Fixture::flushing_at(flush_rows);
    let mut model = Model::new();
    for step in steps {
        match step {
            Step::Write(draws, waits) => {
                let records: Vec<Record<'_>> = draws.iter().map(Draw::record).collect();
                let outcome = match waits {
                    true => fixture.write(&records),
                    false => runtime.block_on(fixture.table().write_async(&records)).unwrap(),
                };
                let verdict = |rejected: &Rejected| (rejected.index, rejected.existing_version);
                let rejected = outcome.rejected.iter().map(verdict).collect();
                assert_eq!((outcome.ingested, rejected), model.write(&records));
            }
            Step::Flush => fixture.flush(),
            Step::Maintain => fixture.table().maintain().unwrap(),
            Step::Reopen => fixture.reopen(),
            Step::Wait(minutes) => {
                fixture.clock.advance(minutes * MINUTE);
                model.now += minutes * MINUTE;
            }
            Step::Retain(retention) => {
                fixture.retain(retention);
                model.retain(retention);
            }
        }
        assert_eq!(fixture.stored(), model.shown());
    }
    fixture.flush();
    let snapshot = fixture.snapshot();
    assert!(snapshot.memory.is_empty() && !snapshot.overlaps, "files alone never overlap");
    assert_eq!(stored(&snapshot), model.shown());
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
    let mut model = Model::new();
    for flush in 0..20 {
        let draw =
            |measure| Draw { dimensions: flush, measure, minute: i64::from(flush), version: 1, value: flush };
        let records: Vec<Record<'_>> = (0..5).map(|measure| draw(measure).record()).collect();
        fixture.write(&records);
        model.write(&records);
        fixture.flush();
    }
    fixture.table().maintain().unwrap();
    assert!(fixture.snapshot().files.len() < 8);
    assert_eq!(fixture.stored(), model.shown());
    assert_eq!(names(&fixture.path("data")).len(), fixture.snapshot().files.len());
}
