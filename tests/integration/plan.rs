//! `tsrun plan` and `tsrun check` on the shipped scenarios.

use super::command::tsrun;
use super::fingerprints::SHIPPED;

/// The lines of a plan that the Python sample's model summary has too.
fn model_summary(scenario: &str, layout: &str) -> String {
    let planned = tsrun(["plan", scenario, "-P", &format!("layout={layout}")]);
    assert_eq!(planned.code(), Some(0), "{}", planned.stderr());
    let lines = planned.stdout();
    let summary = lines.lines().skip_while(|line| !line.starts_with("hosts:")).take(7);
    summary.collect::<Vec<_>>().join("\n")
}

#[test]
fn small_has_the_golden_figures() {
    insta::assert_snapshot!(model_summary("scenarios/small.yaml", "single"), @r"
    hosts: 100,000
    dimension sets of metrics: 100,000
    dimension sets of events: 120,000
    time series: 2,600,000
    mean row size: 311.26 bytes
    data points: 43,333 a second, 155,998,800 an hour
    volume: 12.86 MB/s, 45.21 GB an hour, 1,085.04 GB a day, 386.76 TB a year
    ");
    insta::assert_snapshot!(model_summary("scenarios/small.yaml", "multi"), @r"
    hosts: 100,000
    dimension sets of metrics: 100,000
    dimension sets of events: 120,000
    time series: 220,000
    mean row size: 508.64 bytes
    data points: 3,667 a second, 13,201,200 an hour
    volume: 1.78 MB/s, 6.26 GB an hour, 150.24 GB a day, 53.55 TB a year
    ");
}

#[test]
fn medium_has_the_golden_figures() {
    insta::assert_snapshot!(model_summary("scenarios/medium.yaml", "single"), @r"
    hosts: 2,000,000
    dimension sets of metrics: 2,000,000
    dimension sets of events: 2,400,000
    time series: 52,000,000
    mean row size: 311.26 bytes
    data points: 173,333 a second, 623,998,800 an hour
    volume: 51.45 MB/s, 180.88 GB an hour, 4,341.12 GB a day, 1,547.37 TB a year
    ");
}

#[test]
fn large_has_the_golden_figures() {
    insta::assert_snapshot!(model_summary("scenarios/large.yaml", "single"), @r"
    hosts: 4,000,000
    dimension sets of metrics: 4,000,000
    dimension sets of events: 4,800,000
    time series: 104,000,000
    mean row size: 311.26 bytes
    data points: 866,667 a second, 3,120,001,200 an hour
    volume: 257.26 MB/s, 904.43 GB an hour, 21,706.32 GB a day, 7,737.12 TB a year
    ");
    insta::assert_snapshot!(model_summary("scenarios/large.yaml", "multi"), @r"
    hosts: 4,000,000
    dimension sets of metrics: 4,000,000
    dimension sets of events: 4,800,000
    time series: 8,800,000
    mean row size: 508.64 bytes
    data points: 73,333 a second, 263,998,800 an hour
    volume: 35.57 MB/s, 125.05 GB an hour, 3,001.20 GB a day, 1,069.76 TB a year
    ");
}

#[test]
fn shipped_scenarios_are_good() {
    let shipped = SHIPPED.map(|(name, _)| name).into_iter().chain(["faults"]);
    let benches = ["single", "multi", "query"].map(|name| format!("benches/scenarios/{name}.yaml"));
    let names: Vec<String> = shipped.map(|name| format!("scenarios/{name}.yaml")).chain(benches).collect();
    let checked = tsrun(["check"].into_iter().chain(names.iter().map(String::as_str)));
    assert_eq!(checked.code(), Some(0), "{}", checked.stderr());
    let verdicts: Vec<String> = checked.stdout().lines().map(str::to_owned).collect();
    assert_eq!(verdicts.len(), names.len());
    for (verdict, name) in verdicts.iter().zip(&names) {
        assert!(verdict.starts_with(&format!("{name}: good")), "{verdict}");
    }
}

#[test]
fn a_missing_scenario_is_named() {
    let missing = tsrun(["plan", "scenarios/missing.yaml"]);
    assert_eq!(missing.code(), Some(2));
    assert!(missing.stderr().contains("scenarios/missing.yaml"), "{}", missing.stderr());
}

/// A fleet with every kind of branch, and phases of every kind.
const OUTLINE: &str = "tests/plans/outline.yaml";

#[test]
fn a_plan_is_told_in_text() {
    // A build without the local Timestream knows rules of faults by their text alone.
    let faults = cfg!(feature = "local").then_some("scenarios/faults.yaml");
    for scenario in ["scenarios/small.yaml", "scenarios/wind-farm.yaml", OUTLINE].into_iter().chain(faults) {
        let planned = tsrun(["plan", scenario]);
        assert_eq!((planned.code(), planned.stderr()), (Some(0), String::new()));
        insta::assert_snapshot!(planned.stdout());
    }
}

#[test]
fn a_plan_is_told_in_json() {
    let planned = tsrun(["plan", OUTLINE, "--format", "json"]);
    assert_eq!((planned.code(), planned.stderr()), (Some(0), String::new()));
    insta::assert_snapshot!(planned.stdout());
}
