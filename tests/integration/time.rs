//! What changes with time: conditions, texts of a tick, late data, hosts that come and go, incidents.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use tsrun::fleet::{Batch, Generator, Measures, Slot};
use tsrun::values::Value;

use super::fleets::{AROUND, generator};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600_000;

/// A record of some host at some time: its dimensions and measures by name.
#[derive(Debug, Clone, PartialEq)]
struct Reading {
    record: Arc<str>,
    time: i64,
    dimensions: BTreeMap<String, String>,
    measures: Vec<(String, Value)>,
}

impl Reading {
    fn host(&self) -> &str {
        &self.dimensions["host"]
    }

    fn measure(&self, name: &str) -> &Value {
        &self.measures.iter().find(|(known, _)| known == name).expect("it is measured").1
    }

    fn number(&self, name: &str) -> f64 {
        match self.measure(name) {
            Value::Double(value) => *value,
            Value::Bigint(value) => *value as f64,
            other => panic!("{name} is {other}"),
        }
    }
}

fn fleet(text: &str) -> Arc<Generator> {
    generator(&format!("name: demo\n{text}{AROUND}"), &[])
}

fn readings_of(batch: &Batch) -> Vec<Reading> {
    let text = |(name, value): &(Arc<str>, Arc<str>)| (name.to_string(), value.to_string());
    let read = |record: &tsrun::fleet::Record| {
        let Measures::Multi { names, values } = &record.measures else {
            panic!("layout multi makes MULTI records")
        };
        Reading {
            record: Arc::clone(&record.measure_name),
            time: batch.time,
            dimensions: batch.common.iter().chain(record.dimensions.iter()).map(text).collect(),
            measures: names.iter().map(ToString::to_string).zip(values.iter().cloned()).collect(),
        }
    };
    batch.records.iter().map(read).collect()
}

/// What arrives in a span of time.
fn slots(generator: &Generator, from: i64, to: i64) -> Vec<Slot> {
    generator.slots_from(from).take_while(|slot| slot.arrival() < to).collect()
}

fn readings(generator: &Generator, from: i64, to: i64) -> Vec<Reading> {
    slots(generator, from, to).into_iter().flat_map(|slot| readings_of(&generator.batch(slot, 1.0))).collect()
}

fn by_host(readings: Vec<Reading>) -> HashMap<String, Vec<Reading>> {
    let mut hosts: HashMap<String, Vec<Reading>> = HashMap::new();
    for reading in readings {
        hosts.entry(reading.host().to_owned()).or_default().push(reading);
    }
    hosts
}

const STATES: &str = "
fleet: [ { level: host, of: 1..50 } ]
metrics:
  layout: multi
  every: 1m
  dimensions: [host]
  records:
    state: { when: changed(state), measures: { state: 'hold(10m, choice(1..4))' } }
    load: { when: load > 50, measures: { load: walk(0..100 by 5) } }
";

#[test]
fn a_condition_says_what_is_reported() {
    let readings = readings(&fleet(STATES), START, START + 4 * HOUR);
    let (states, loads): (Vec<_>, Vec<_>) =
        readings.into_iter().partition(|reading| &*reading.record == "state");
    for reports in by_host(states).values() {
        assert!(reports.windows(2).all(|pair| pair[0].measure("state") != pair[1].measure("state")));
        assert!(reports.windows(2).all(|pair| (pair[1].time - pair[0].time) % (10 * MINUTE) == 0));
        // 24 states, of which a quarter is the one before again.
        assert!((8..=24).contains(&reports.len()), "{}", reports.len());
    }
    // Half of 240 minutes of 50 hosts, roughly: walks stay where they are for a while.
    assert!((3_000..9_000).contains(&loads.len()), "{}", loads.len());
    assert!(loads.iter().all(|reading| reading.number("load") > 50.0));
}

const REQUESTS: &str = "
fleet: [ { level: host, of: 1..20 } ]
metrics:
  layout: multi
  every: 10s
  records:
    served:
      let: { request_id: '{uuid()}', label: 'r-{request_id}-{host}', took: '{exponential(1s)}' }
      dimensions: [host, request_id]
      measures:
        id: label
        trace: uuid()
        took_ms: took / 1ms
        twice: 2 * took_ms
";

#[test]
fn request_ids_are_measures_or_dimensions() {
    let readings = readings(&fleet(REQUESTS), START, START + 10 * MINUTE);
    assert_eq!(readings.len(), 20 * 60);
    let dimensions: HashSet<_> =
        readings.iter().map(|reading| reading.dimensions["request_id"].clone()).collect();
    let traces: HashSet<_> = readings.iter().map(|reading| reading.measure("trace").to_string()).collect();
    assert_eq!((dimensions.len(), traces.len()), (1_200, 1_200));
    for reading in &readings {
        let label = format!("r-{}-{}", reading.dimensions["request_id"], reading.host());
        assert_eq!(reading.measure("id").to_string(), label, "one text, wherever it is used");
        assert_eq!(reading.number("twice"), 2.0 * reading.number("took_ms"));
        assert!(reading.measures.iter().all(|(name, _)| name != "took"), "a text is no column");
    }
}

const LATENCY: &str = "
fleet: [ { level: host, of: 1..30 } ]
metrics:
  layout: multi
  every: 10s
  records:
    web:
      dimensions: [host]
      measures:
        load: walk(0..100 by 4)
        latency: 5 + 2 * load + uniform(0..10)
        queue: before(load) / 10
        errors: counter(3, 1h)
";

#[test]
fn one_series_follows_another() {
    for reports in by_host(readings(&fleet(LATENCY), START, START + HOUR)).values() {
        for pair in reports.windows(2) {
            let own = pair[1].number("latency") - 2.0 * pair[1].number("load");
            assert!((5.0..=15.0).contains(&own), "{own}");
            assert_eq!(pair[1].number("queue"), pair[0].number("load") / 10.0, "a tick later");
        }
        let falls = reports.windows(2).filter(|pair| pair[0].number("errors") > pair[1].number("errors"));
        assert!(falls.count() <= 2);
    }
}

fn trucks(delay: &str) -> Arc<Generator> {
    fleet(&format!(
        "
fleet:
  - {{ level: depot, of: [north, south] }}
  - {{ level: truck, of: 1..150, let: {{ host: '{{depot}}-{{truck}}' }} }}
incidents:
  offline: {{ level: truck, every: 1h, chance: 50%, for: uniform(1m..10m) }}
metrics:
  layout: multi
  every: 30s
  {delay}
  dimensions: [depot, host]
  records:
    place: {{ measures: {{ x: uniform(0..1), y: walk(0..9 by 1) }} }}
    fuel: {{ every: 1m, delay: 0s, measures: {{ fuel: uniform(0..1) }} }}
"
    ))
}

/// Records in an order of their own.
fn sorted(mut readings: Vec<Reading>) -> Vec<Reading> {
    readings.sort_by_key(|reading| (reading.time, reading.record.clone(), reading.host().to_owned()));
    readings
}

#[test]
fn late_data_is_the_same_data_in_order_of_arrival() {
    let (on_time, late) = (trucks(""), trucks("delay: 'if(chance(5%), uniform(1m..20m), 0s)'"));
    // What is 20 minutes late at the most has arrived 20 minutes later.
    let arrived = slots(&late, START, START + 90 * MINUTE);
    assert!(arrived.windows(2).all(|pair| pair[0].arrival() <= pair[1].arrival()));
    let delayed = arrived.iter().filter(|slot| slot.delay > 0).count();
    assert!(arrived.iter().all(|slot| slot.delay == 0 || (MINUTE..=20 * MINUTE).contains(&slot.delay)));
    assert!(arrived.windows(2).any(|pair| pair[0].time > pair[1].time), "out of order");
    // 300 places twice a minute.
    let share = delayed as f64 / (90.0 * 600.0);
    assert!((0.04..0.06).contains(&share), "{share}");
    let within = |reading: &Reading| (START..START + HOUR).contains(&reading.time);
    let arrived = arrived.into_iter().flat_map(|slot| readings_of(&late.batch(slot, 1.0))).filter(within);
    let all = readings(&on_time, START, START + HOUR);
    assert_eq!(sorted(arrived.collect()), sorted(all));
}

#[test]
fn spans_that_meet_share_no_late_slot_and_leave_none_out() {
    let late = trucks("delay: 'if(chance(5%), uniform(1ms..20m), 0s)'");
    let whole = slots(&late, START, START + HOUR);
    for border in [1, 77, 61_003, 20 * MINUTE, 59 * MINUTE + 999] {
        let mut parts = slots(&late, START, START + border);
        parts.extend(slots(&late, START + border, START + HOUR));
        assert!(parts == whole, "{border}");
    }
}

#[test]
fn what_was_measured_offline_arrives_when_it_is_over() {
    let late = trucks("delay: left(offline)");
    let (from, to) = (START * 1_000_000, (START + 3 * HOUR) * 1_000_000);
    let truth: Vec<_> = late.incidents(from, to).collect();
    let of_truck = |reading: &Reading| {
        let (depot, host) = (&reading.dimensions["depot"], reading.host());
        let node = format!("depot={depot}/truck={}/host={host}", &host[6..]);
        truth.iter().filter(|occurrence| occurrence.node == node).cloned().collect::<Vec<_>>()
    };
    let mut waited = 0;
    for slot in slots(&late, START, START + 2 * HOUR).into_iter().filter(|slot| slot.record == 0) {
        for reading in readings_of(&late.batch(slot, 1.0)) {
            if reading.time < START {
                continue;
            }
            let nanos = reading.time * 1_000_000;
            let on = of_truck(&reading).into_iter().filter(|span| span.start <= nanos && nanos < span.end);
            let end = on.map(|span| span.end).max().unwrap_or(nanos);
            assert_eq!(slot.arrival(), reading.time + (end - nanos) / 1_000_000);
            waited += usize::from(slot.delay > 0);
        }
    }
    assert!(waited > 1_000, "{waited}");
}

const CHURN: &str = "
fleet:
  - { level: cell, of: [a, b] }
  - level: slot
    of: 1..100
    lifetime: 6h
    let: { host: 'i-{code(6)}-{slot_generation}' }
    draw: { size: [small, large] }
metrics:
  layout: multi
  every: 1m
  records:
    cpu: { dimensions: [cell, slot, host, size], measures: { cpu: walk(0..100 by 1) } }
";

#[test]
fn hosts_come_and_go() {
    let fleet = fleet(CHURN);
    let hosts = |time: i64| -> BTreeMap<(String, String), String> {
        let reported = readings(&fleet, time, time + MINUTE);
        let place =
            |reading: &Reading| (reading.dimensions["cell"].clone(), reading.dimensions["slot"].clone());
        reported.iter().map(|reading| (place(reading), reading.host().to_owned())).collect()
    };
    let now = hosts(START);
    assert_eq!((now.len(), now.values().collect::<HashSet<_>>().len()), (200, 200));
    let replaced = |later: i64| {
        let then = hosts(START + later);
        now.iter().filter(|(place, host)| then[*place] != **host).count()
    };
    // Each has its own hour, and after six all are others.
    let (tenth, half) = (replaced(36 * MINUTE), replaced(3 * HOUR));
    assert!((8..=36).contains(&tenth) && (75..=125).contains(&half), "{tenth} {half}");
    assert_eq!(replaced(6 * HOUR), 200);
}

#[test]
fn who_asks_asks_for_hosts_that_are_there() {
    let fleet = fleet(CHURN);
    for hours in [0, 3, 50] {
        let time = START + hours * HOUR;
        let there: HashSet<_> =
            readings(&fleet, time, time + MINUTE).iter().map(|reading| reading.host().to_owned()).collect();
        let drawn = (0..200).filter(|host| {
            let attributes = fleet.attributes(*host, 0, (time + 30 * SECOND) * 1_000_000);
            let name = attributes.iter().find(|(name, _)| &**name == "host").expect("hosts have names");
            there.contains(&name.1.to_string())
        });
        // One may have come or gone within the minute.
        assert!(drawn.count() >= 197);
    }
}

const INCIDENTS: &str = "
fleet:
  - { level: cell, of: [a, b, c] }
  - { level: slot, of: 1..20, lifetime: 5h, let: { host: '{cell}-{slot}-{slot_generation}' } }
incidents:
  hot: { level: cell, every: 2h, chance: 60%, for: uniform(5m..30m) }
  gc_storm: { level: slot, every: 1h, chance: 20%, for: uniform(2m..60m) }
metrics:
  layout: multi
  every: 1m
  records:
    cpu:
      dimensions: [cell, host]
      measures:
        hot_now: hot
        storm_now: gc_storm
        cpu: if(hot, 100.0, uniform(0..50))
        pause: if(gc_storm, uniform(1..2), 0.0)
        news: changed(gc_storm)
";

#[test]
fn the_truth_about_incidents_is_what_the_data_shows() {
    let fleet = fleet(INCIDENTS);
    let nanos = |time: i64| time * 1_000_000;
    let truth: Vec<_> = fleet.incidents(nanos(START), nanos(START + 12 * HOUR)).collect();
    let on = |incident: &str, node: &str, time: i64| {
        let here = truth.iter().filter(|one| &*one.incident == incident && one.node == node);
        here.clone().any(|one| one.start <= nanos(time) && nanos(time) < one.end)
    };
    let (mut hot, mut storms, mut total) = (0, 0, 0);
    let mut before: HashMap<String, bool> = HashMap::new();
    for reading in readings(&fleet, START, START + 12 * HOUR) {
        let (cell, host) = (reading.dimensions["cell"].clone(), reading.host().to_owned());
        let slot = host.split('-').nth(1).expect("the name has three parts");
        let is_hot = on("hot", &format!("cell={cell}"), reading.time);
        let is_storm = on("gc_storm", &format!("cell={cell}/slot={slot}/host={host}"), reading.time);
        assert_eq!(reading.measure("hot_now"), &Value::Boolean(is_hot));
        assert_eq!(reading.measure("storm_now"), &Value::Boolean(is_storm), "{host} {}", reading.time);
        assert_eq!(reading.number("cpu") == 100.0, is_hot);
        assert_eq!(reading.number("pause") > 0.0, is_storm);
        if let Some(was) = before.insert(host, is_storm) {
            assert_eq!(reading.measure("news"), &Value::Boolean(was != is_storm));
        }
        (hot, storms, total) = (hot + usize::from(is_hot), storms + usize::from(is_storm), total + 1);
    }
    assert_eq!(total, 60 * 12 * 60);
    // 60 % of 17.5 minutes in two hours; 20 % of 31 in one.
    let shares = (hot as f64 / f64::from(total), storms as f64 / f64::from(total));
    assert!((0.03..0.16).contains(&shares.0) && (0.06..0.15).contains(&shares.1), "{shares:?}");
}

#[test]
fn what_is_made_does_not_depend_on_what_was_made_before() {
    for text in [STATES, REQUESTS, LATENCY, CHURN, INCIDENTS] {
        let fleet = fleet(text);
        let slots = slots(&fleet, START, START + 20 * MINUTE);
        let forwards: Vec<Batch> = slots.iter().map(|slot| fleet.batch(*slot, 1.0)).collect();
        let backwards: Vec<Batch> = slots.iter().rev().map(|slot| fleet.batch(*slot, 1.0)).collect();
        assert!(forwards.iter().eq(backwards.iter().rev()));
    }
}
