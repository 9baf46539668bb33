//! The bytes of every shipped scenario, in both layouts: dimensions, times and values of thousands
//! of batches spread over the fleet and over thirty days. A fingerprint that changes means that a
//! scenario no longer makes the data that earlier runs wrote.

use std::fmt::Write as _;

use tsrun::fleet::{Batch, Generator, Measures};
use tsrun::values::Value;
use twox_hash::XxHash3_128;

use super::command::root;
use super::fleets::generator;

/// Every scenario, and the batches of it that are looked at.
pub(crate) const SHIPPED: [(&str, i64); 7] = [
    ("small", 10_000),
    ("medium", 10_000),
    ("large", 10_000),
    ("three-day-soak", 10_000),
    ("tsbs-cpu-only", 2_000),
    ("trucks", 2_000),
    ("wind-farm", 2_000),
];

const DAYS_30: i64 = 30 * 86_400_000;
const START: i64 = 1_767_225_600_000; // 2026-01-01T00:00:00Z

#[test]
fn shipped_scenarios_make_the_same_bytes_everywhere() {
    let mut lines = String::new();
    for (scenario, batches) in SHIPPED {
        let file = root().join(format!("scenarios/{scenario}.yaml"));
        let text = std::fs::read_to_string(file).expect("it is shipped");
        for layout in ["single", "multi"] {
            let (records, hash) = fingerprint(&generator(&text, &[("layout", layout)]), batches);
            writeln!(lines, "{scenario} {layout}: {records} records {hash:032x}").expect("texts grow");
        }
    }
    insta::assert_snapshot!("fingerprints", lines);
}

fn fingerprint(generator: &Generator, batches: i64) -> (usize, u128) {
    let mut hasher = XxHash3_128::new();
    let mut records = 0;
    // Whoever begins to read late data looks back first: so fewer beginnings, and more from each.
    let late = generator.records().iter().any(|record| record.longest_delay > 0);
    let batches_each = if late { 200 } else { 1 };
    // A step that shares no factor with any interval, so that batches of all hosts are met.
    let step = DAYS_30 / batches + 7;
    for number in (0..batches).step_by(batches_each) {
        for slot in generator.slots_from(START + number * step).take(batches_each) {
            let batch = generator.batch(slot, 1.0);
            records += batch.records.len();
            hasher.write(&bytes(&batch));
        }
    }
    (records, hasher.finish_128())
}

/// A batch as bytes: every text with its length, every value with its type.
fn bytes(batch: &Batch) -> Vec<u8> {
    let mut bytes = batch.time.to_le_bytes().to_vec();
    for record in &batch.records {
        let mut dimensions: Vec<_> = batch.common.iter().chain(record.dimensions.iter()).collect();
        dimensions.sort();
        for (name, value) in dimensions {
            text(&mut bytes, name);
            text(&mut bytes, value);
        }
        text(&mut bytes, &record.measure_name);
        match &record.measures {
            Measures::Single(single) => value(&mut bytes, single),
            Measures::Multi { names, values } => {
                for (name, one) in names.iter().zip(values) {
                    text(&mut bytes, name);
                    value(&mut bytes, one);
                }
            }
        }
    }
    bytes
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as u64).to_le_bytes());
    bytes.extend(text.as_bytes());
}

fn value(bytes: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Double(v) => bytes.extend([[1].as_slice(), &v.to_bits().to_le_bytes()].concat()),
        Value::Bigint(v) => bytes.extend([[2].as_slice(), &v.to_le_bytes()].concat()),
        Value::Boolean(v) => bytes.extend([3, u8::from(*v)]),
        other => text(bytes, &other.to_string()),
    }
}
