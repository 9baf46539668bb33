//! Fleets other than the shipped ones, from YAML alone: the language knows nobody's words.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use tsrun::fleet::{Batch, Generator, Measures};
use tsrun::plan::Plan;
use tsrun::scenario;
use tsrun::values::Value;

use super::command::root;

/// The generator of a scenario, from its text; panics with the problems where it has any.
pub(crate) fn generator(text: &str, params: &[(&str, &str)]) -> Arc<Generator> {
    let params: Vec<_> = params.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let loaded = scenario::load_text("test.yaml", text, &params);
    assert!(loaded.problems.is_empty(), "{}", loaded.document.render(&loaded.problems));
    let file = root().join("scenarios/test.yaml");
    let scenario = loaded.scenario.as_ref().expect("it has the form of a scenario");
    match Plan::resolve(scenario, &loaded.params, Path::new(&file), String::new()) {
        Ok(plan) => plan.generator,
        Err(problems) => panic!("{}", loaded.document.render(&problems)),
    }
}

pub(crate) const AROUND: &str = "
target: { database: demo, table: demo }
workloads: { ingest: { kind: ingest } }
phases: [ { name: steady, duration: 10s, load: { ingest: 100% } } ]
";

pub(crate) const SENSORS: &str = "
name: sensors
fleet:
  - level: farm
    of: { hornsea: { turbines: 174, wind: 10 }, alta: { turbines: 320, wind: 7 } }
  - { level: turbine_no, of: 1..turbines, let: { turbine: '{farm}-{turbine_no:04}' } }
metrics:
  layout: multi
  records:
    wind:
      each: [{ level: sensor, of: [mast, nacelle] }]
      every: 1s
      dimensions: [farm, turbine, sensor]
      measures:
        speed: clamp(normal(wind by 3), 0..40)
        gust: speed * uniform(1..1.5)
        stormy: gust > 25
    state:
      every: 1m
      dimensions: [farm, turbine]
      measures:
        state: { running: 92, idle: 5, fault: 3 }
        starts: choice(0..9)
    grid:
      per: farm
      every: 10s
      dimensions: [farm]
      measures:
        frequency: uniform(49.9..50.1)
";

pub(crate) const CPU_ONLY: &str = "
name: cpu-only
params: { scale: { default: 4000 } }
fleet:
  - level: region
    of: { us-west-1: { datacenters: [a, b] }, eu-central-1: { datacenters: [a, b] } }
  - { level: zone, of: datacenters, let: { datacenter: '{region}{zone}' } }
  - level: host_no
    of: 0..round(scale / 4) - 1
    let: { hostname: 'host_{host_no}', rack: '{host_no mod 100}' }
    draw: { os: [Ubuntu16.10, Ubuntu15.10], arch: [x64, x86], team: [SF, NYC, LON, CHI] }
metrics:
  layout: multi
  every: 10s
  records:
    cpu:
      dimensions: [hostname, region, datacenter, rack, os, arch, team]
      measures:
        usage_user, usage_system, usage_idle, usage_nice, usage_iowait: uniform(0..100)
        usage_irq, usage_softirq, usage_steal, usage_guest, usage_guest_nice: uniform(0..100)
";

fn batches(generator: &Generator, from: i64, count: usize) -> Vec<Batch> {
    generator.slots_from(from).take(count).map(|slot| generator.batch(slot, 1.0)).collect()
}

/// Every dimension of every record, common ones included.
fn series(batches: &[Batch]) -> Vec<String> {
    let text = |batch: &Batch, record: &tsrun::fleet::Record| {
        let mut dimensions: Vec<_> = batch.common.iter().chain(record.dimensions.iter()).collect();
        dimensions.sort();
        format!("{} {dimensions:?}", record.measure_name)
    };
    batches.iter().flat_map(|batch| batch.records.iter().map(|record| text(batch, record))).collect()
}

#[test]
fn a_wind_farm_reports_at_its_intervals() {
    let generator = generator(&format!("{SENSORS}{AROUND}"), &[]);
    assert_eq!(generator.hosts(), 494);
    let sets: Vec<u64> = generator.records().iter().map(|record| record.dimension_sets).collect();
    assert_eq!(sets, [988, 494, 2]);
    // A minute: 60 x 988 winds, 494 states, 6 x 2 grids.
    let minute: Vec<Batch> = generator
        .slots_from(0)
        .take_while(|slot| slot.time < 60_000)
        .map(|slot| generator.batch(slot, 1.0))
        .collect();
    assert_eq!(minute.iter().map(|batch| batch.records.len()).sum::<usize>(), 60 * 988 + 494 + 12);
    for record in minute.iter().flat_map(|batch| &batch.records) {
        let Measures::Multi { values, .. } = &record.measures else {
            panic!("layout multi makes MULTI records")
        };
        if &*record.measure_name != "wind" {
            continue;
        }
        let [Value::Double(speed), Value::Double(gust), Value::Boolean(stormy)] = &values[..] else {
            panic!("unexpected types: {values:?}")
        };
        assert!((0.0..=40.0).contains(speed) && gust >= speed && *gust <= speed * 1.5);
        assert_eq!(*stormy, *gust > 25.0);
    }
}

#[test]
fn cpu_only_hosts_are_told_apart() {
    let generator = generator(&format!("{CPU_ONLY}{AROUND}"), &[]);
    assert_eq!(generator.hosts(), 4_000);
    let interval = batches(&generator, 0, 40);
    let all = series(&interval);
    assert_eq!(all.len(), 4_000);
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), 4_000);
}

#[test]
fn a_larger_scale_changes_nothing_for_the_hosts_that_were_there() {
    let hosts = |scale: &str| {
        let generator = generator(&format!("{CPU_ONLY}{AROUND}"), &[("scale", scale)]);
        let count = generator.records()[0].batches as usize;
        series(&batches(&generator, 0, count)).into_iter().collect::<HashSet<_>>()
    };
    let (few, many) = (hosts("400"), hosts("1200"));
    assert_eq!((few.len(), many.len()), (400, 1_200));
    assert!(few.is_subset(&many));
}

#[test]
fn another_name_seed_makes_other_hosts() {
    let small = std::fs::read_to_string(root().join("scenarios/small.yaml")).expect("it is shipped");
    let hosts = |name_seed: &str| {
        let generator = generator(&small, &[("scale", "1"), ("name_seed", name_seed)]);
        let host =
            |number| generator.attributes(number, 0, 0).into_iter().find(|(n, _)| &**n == "instance_name");
        (0..1_000).map(|number| host(number).expect("hosts have names").1.to_string()).collect::<HashSet<_>>()
    };
    let (one, other) = (hosts("12345"), hosts("56789"));
    assert_eq!((one.len(), other.len()), (1_000, 1_000));
    assert!(one.is_disjoint(&other));
}

#[test]
fn shares_of_a_fleet_nest() {
    let generator = generator(&format!("{CPU_ONLY}{AROUND}"), &[]);
    let share = |share: f64| {
        let batches: Vec<Batch> =
            generator.slots_from(0).take(40).map(|slot| generator.batch(slot, share)).collect();
        series(&batches).into_iter().collect::<HashSet<_>>()
    };
    let (tenth, half) = (share(0.1), share(0.5));
    assert!(tenth.is_subset(&half));
    assert!((300..500).contains(&tenth.len()), "{}", tenth.len());
    assert!((1_850..2_150).contains(&half.len()), "{}", half.len());
    assert!(share(0.0).is_empty());
}

#[test]
fn a_batch_is_the_same_whatever_was_made_before() {
    let generator = generator(&format!("{SENSORS}{AROUND}"), &[]);
    let slots: Vec<_> = generator.slots_from(1_700_000_000_000).take(300).collect();
    let forwards: Vec<Batch> = slots.iter().map(|slot| generator.batch(*slot, 1.0)).collect();
    let backwards: Vec<Batch> = slots.iter().rev().map(|slot| generator.batch(*slot, 1.0)).collect();
    assert!(forwards.iter().eq(backwards.iter().rev()));
}

#[test]
fn records_are_counted_as_they_are_made() {
    // Batches of several reporters, of parts of one, and of those that are late or left out.
    let single = CPU_ONLY.replace("layout: multi", "layout: single");
    let parts = single.replace("every: 10s", "every: 10s\n  batch: 3");
    let late = CPU_ONLY.replace("every: 10s", "every: 10s\n  delay: if(chance(20%), 1m, 0s)");
    let some = CPU_ONLY.replace("    cpu:\n", "    cpu:\n      when: usage_user > 50\n");
    for text in [SENSORS, CPU_ONLY, &*single, &*parts, &*late, &*some] {
        let generator = generator(&format!("{text}{AROUND}"), &[]);
        for slot in generator.slots_from(0).take(1_500) {
            for share in [1.0, 0.3] {
                let made = generator.batch(slot, share).records.len() as u64;
                assert_eq!(generator.count(slot, share), made, "{slot:?} of {text}");
            }
        }
    }
}
