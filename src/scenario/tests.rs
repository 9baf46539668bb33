//! Loading whole scenarios. Bad ones with their problems: `tests/bad-scenarios`.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{Kind, Layout, Loaded, Map, Yaml, load_text};
use crate::diagnostics::{Path, Problem};

const FLEET: &str = include_str!("tests/fleet.yaml");

fn load(text: &str) -> Loaded {
    load_text("fleet.yaml", text, &[])
}

fn load_with(text: &str, overrides: &[(&str, &str)]) -> Loaded {
    let overrides: Vec<_> = overrides.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    load_text("fleet.yaml", text, &overrides)
}

fn problems(loaded: &Loaded) -> String {
    loaded.document.render(&loaded.problems)
}

#[test]
fn a_whole_fleet_loads_in_the_order_of_the_file() {
    let loaded = load(FLEET);
    assert_eq!(problems(&loaded), "");
    let scenario = loaded.scenario.expect("it is well-formed");
    let levels: Vec<_> = scenario.fleet.iter().map(|level| level.level.as_str()).collect();
    assert_eq!(levels, ["names", "region", "cell_no", "silo_no", "microservice_name", "host"]);
    assert_eq!(scenario.metrics.layout, Some(Layout::Single));
    let events = scenario.metrics.records.get("events").expect("it is there");
    let measures: Vec<_> = events.measures.iter().map(|(names, _)| names).collect();
    assert_eq!(measures, ["task_completed", "task_end_state", "gc_reclaimed, gc_pause, memory_free"]);
    assert_eq!(events.each[0].of, Yaml::from("processes"));
    assert_eq!(scenario.workloads.get("users").map(|users| users.kind), Some(Kind::Query));
    assert_eq!(scenario.phases[1].load.get("users"), Some(&Yaml::from("10%..100%")));
}

#[test]
fn places_in_a_whole_fleet_are_exact() {
    let loaded = load(FLEET);
    let text = |path: &Path, at_key, part: Option<std::ops::Range<usize>>| {
        let place = match part {
            Some(part) => loaded.document.place_within(path, part),
            None => loaded.document.place(path, at_key),
        };
        let line = FLEET.lines().nth(place.line - 1).expect("a line of the file");
        line.chars().skip(place.column - 1).take(place.length).collect::<String>()
    };
    let fleet = Path::root().key("fleet");
    let measures = Path::root().key("metrics").key("records").key("metrics").key("measures");
    let silo = fleet.index(3);
    assert_eq!(text(&silo.key("of"), false, Some(3..8)), "silos");
    assert_eq!(text(&silo.key("let").key("silo"), false, Some(1..5)), "cell");
    assert_eq!(text(&fleet.index(0).key("of").index(0), false, None), "$name_seed");
    assert_eq!(text(&measures.key("cpu_idle"), false, Some(6..14)), "cpu_user");
    assert_eq!(text(&measures.key("cpu_idle"), true, None), "cpu_idle");
    let member = fleet.index(4).key("of").key("apollo").key("processes").index(0);
    assert_eq!(text(&member, false, None), "server");
}

#[test]
fn parameters_keep_their_types_wherever_they_stand() {
    let loaded = load_with(FLEET, &[("scale", "7"), ("interval", "15s"), ("users", "50"), ("users", "9")]);
    assert_eq!(problems(&loaded), "");
    let value = |name: &str| loaded.params.iter().find(|(other, _)| other == name).map(|(_, value)| value);
    assert_eq!(value("scale"), Some(&Yaml::from(7)));
    assert_eq!(value("interval"), Some(&Yaml::from("15s")));
    let scenario = loaded.scenario.as_ref().expect("it is well-formed");
    assert_eq!(scenario.workloads.get("users").and_then(|users| users.users), Some(9), "the last -P counts");
    assert_eq!(scenario.fleet[0].of, Yaml::Sequence(vec![Yaml::from(12345)]));
    assert_eq!(scenario.metrics.every, Some(Yaml::from("interval")), "a bare name stays a name");
}

#[test]
fn a_text_parameter_stays_text() {
    let text = FLEET.replace("  name_seed: { default: 12345", "  name_seed: { default: a");
    let loaded = load_with(&text, &[("name_seed", "5")]);
    let scenario = loaded.scenario.expect("it is well-formed");
    assert_eq!(scenario.fleet[0].of, Yaml::Sequence(vec![Yaml::from("5")]));
}

#[test]
fn the_resolved_scenario_loads_to_the_same_without_overrides() {
    let first = load_with(FLEET, &[("scale", "7"), ("users", "9")]);
    let second = load(&first.resolved_yaml);
    assert_eq!(problems(&second), "");
    assert_eq!(format!("{:?}", first.scenario), format!("{:?}", second.scenario));
    assert_eq!(first.params, second.params);
}

#[test]
fn values_need_no_quotes() {
    let block = [
        "uniform(35..65)",
        "normal(50 by 5)",
        "uniform(1, 2)",
        "choice('running' 92, 'idle' 5, 'fault' 3)",
        "chance(5%)",
        "walk(-6..6 by 0.2)",
        "clamp(wind + 3 * sine(24h, 15h) + walk(-6..6 by 0.2), 0..40)",
        "100 - cpu_user - cpu_system",
        "if(state = 'idle', 0, uniform(0..1))",
        "a >= 5 and not b != 3 or -c < 2",
        "host mod 3 + 1",
        "hosts * scale - 1",
        "changed(state)",
        "i-{suffix}-{host:08}.amazonaws.com",
        "10%..100%",
        "1..cells",
        "60s",
    ];
    for value in block {
        assert_eq!(measure(&format!("measures:\n  m: {value}")), Yaml::from(value), "{value}");
        if !value.contains([',', '{']) {
            assert_eq!(measure(&format!("measures: {{ m: {value} }}")), Yaml::from(value), "{value}");
        }
    }
    assert_eq!(measure("measures: { m: \"{region}-{host:04}\" }"), Yaml::from("{region}-{host:04}"));
    assert_eq!(measure("measures: { m: \"uniform(1, 2)\" }"), Yaml::from("uniform(1, 2)"));
    assert_eq!(measure("measures: { m: 18446744073709551615 }"), Yaml::from(u64::MAX));
    assert_eq!(measure("measures: { m: -0.5 }"), Yaml::from(-0.5));
}

fn measure(measures: &str) -> Yaml {
    let parsed = super::tree::parse(measures);
    assert_eq!(parsed.problems, [], "{measures}");
    parsed.root.expect("it is YAML").to_value()["measures"]["m"].clone()
}

#[test]
fn keys_are_text_as_written() {
    let map = super::tree::parse("1: a\ntrue: b\n1.5: c\n007: d\n").root.expect("it is YAML").to_value();
    let map: Map<String> = serde_yaml::from_value(map).expect("keys are text");
    let keys: Vec<_> = map.iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["1", "true", "1.5", "007"]);
}

#[test]
fn problems_that_may_follow_from_problems_of_form_are_left_out() {
    let text = FLEET.replace("in_flight: 64", "in_flight: many").replace("    kind: query\n", "");
    let loaded = load(&text);
    let workloads = Path::root().key("workloads");
    let at = |path: &Path| Problem::new(path, "found by the plan");
    let own = at(&Path::root().key("metrics"));
    let found = vec![
        at(&workloads.key("users").key("think")),
        at(&workloads.key("ingest").key("in_flight")),
        at(&Path::root().key("fleet")).following(),
        own.clone(),
    ];
    let all = loaded.with_problems(found.clone());
    assert_eq!(all.len(), 3, "{}", loaded.document.render(&all));
    assert!(all.contains(&own));
    assert_eq!(load(FLEET).with_problems(found).len(), 4);
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let error = |file: &std::path::Path| super::load(file, &[]).expect_err("it cannot be read").to_string();
    assert!(error("missing.yaml".as_ref()).starts_with("cannot read missing.yaml: No such file"));
    let folder = tempfile::tempdir().expect("a folder for the test");
    let file = folder.path().join("large.yaml");
    std::fs::write(&file, vec![b'#'; 2 << 20]).expect("it writes");
    assert!(error(&file).ends_with("large.yaml: it is longer than 1048576 bytes"));
    std::fs::write(&file, [b'a', 0xff]).expect("it writes");
    assert!(error(&file).contains("large.yaml: invalid utf-8"));
}

#[test]
fn bad_yaml_is_told_what_is_wrong_and_how_to_mend_it() {
    let bad = [
        "a: b: c",
        "a:\n  b: 1\n c: 2",
        "a:\n  - 1\n  b: 2",
        "a: \"never closed\nb: 1",
        "a: 'never\nclosed",
        "a: { b: 1",
        "a: { b: 1\nc: 2",
        "a: [1, 2",
        "a: [1 2: 3]",
        "a: [b: c: d]",
        "a: [\"x\" y]",
        "a: { x: [1, 2 }",
        "a: [ :x :y ]",
        "a: [ b\n: c ]",
        "a: \"x\" y",
        "a: @x",
        "a: `x`",
        "a: %x",
        "a:\n\tb: 1",
        "a: *b",
        "a: !tag x",
        "a: &anchor x",
        "? [a, b] : 1",
        "a: 1\n---\nb: 2",
        "a: |\n  x\n y",
        "a: \"\\q\"",
    ];
    let told = bad.map(|text| format!("{text}\n{}", problems(&load_text("bad.yaml", text, &[]))));
    insta::assert_snapshot!(told.join("\n---\n"));
}

#[test]
fn hostile_files_end_soon_with_a_problem() {
    let many = |line: &str| (0..20_000).map(|n| line.replace('#', &n.to_string())).collect::<String>();
    let bomb: String = (1..40).map(|n| format!("a{n}: &a{n} [*a{m}, *a{m}]\n", m = n - 1)).collect();
    for text in [
        "[".repeat(100_000),
        "- ".repeat(100_000),
        "? ".repeat(100_000),
        "{a: ".repeat(100_000),
        format!("a0: &a0 [x]\n{bomb}"),
        many("key#: {}\n"),
        many("twice: 1\n"),
        format!("params:\n{}", many("  p#: { default: [] }\n")),
        format!("params: {{}}\nfleet:\n{}", many("  - { level: $x#, of: 1 }\n")),
        format!("phases:\n{}", many("  - { nam: x# }\n")),
    ] {
        let start = Instant::now();
        assert!(!problems(&load(&text)).is_empty());
        assert!(start.elapsed() < Duration::from_secs(20), "{:.40}: {:?}", text, start.elapsed());
    }
}

proptest! {
    #[test]
    fn any_text_loads_or_says_why(text in "[a-z0-9:{}\\[\\],&*!|>'\"%@`#?\\-.$\\t \\r\\n\\u{0}é\\u{feff}😀]{0,80}") {
        let loaded = load(&text);
        prop_assert_eq!(loaded.problems.is_empty(), problems(&loaded).is_empty());
        prop_assert!(loaded.scenario.is_some() || !loaded.problems.is_empty());
    }

    #[test]
    fn a_damaged_scenario_loads_or_says_why(
        at in 0..FLEET.len(),
        cut in 0_usize..30,
        insert in "[a-z:{}\\[\\], &*'\"$\\t\\n#-]{0,6}",
    ) {
        prop_assume!(FLEET.is_ascii());
        let end = (at + cut).min(FLEET.len());
        let loaded = load(&format!("{}{insert}{}", &FLEET[..at], &FLEET[end..]));
        prop_assert!(loaded.scenario.is_some() || !loaded.problems.is_empty());
        prop_assert_eq!(loaded.problems.is_empty(), problems(&loaded).is_empty());
    }

    #[test]
    fn overrides_never_panic(name in "scale|interval|users|[a-z]{1,5}", value in "\\PC{0,12}") {
        let loaded = load_with(FLEET, &[(&name, &value)]);
        prop_assert_eq!(loaded.problems.is_empty(), problems(&loaded).is_empty());
    }
}
