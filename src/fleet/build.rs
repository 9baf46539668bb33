//! Fleet and metric catalog from the scenario. Not here: what a level or a record may hold
//! (`levels`, `records`).

use super::constant::constant;
use super::generator::Generator;
use super::incidents::IncidentReader;
use super::levels::LevelReader;
use super::names::Names;
use super::record::Catalogued;
use super::records::RecordReader;
use crate::diagnostics::{Path, Problem};
use crate::scenario::{Scenario, Yaml};
use crate::values::{Value, draw};

/// Reads fleet and metrics; `params` are the scenario's parameters with their final values.
///
/// # Errors
/// Every problem that they have.
pub fn build(scenario: &Scenario, params: &[(String, Yaml)]) -> Result<Generator, Vec<Problem>> {
    let mut problems = Vec::new();
    let params = params_of(params, &mut problems);
    let mut names = Names::of_params(&params);
    let mut known = vec![names.clone()];
    let mut levels = Vec::new();
    let fleet = Path::root().key("fleet");
    if scenario.fleet.is_empty() {
        problems.push(Problem::new(&fleet, "the fleet has no levels"));
    }
    for (i, level) in scenario.fleet.iter().enumerate() {
        let mut reader = LevelReader { names: &mut names, problems: &mut problems };
        levels.extend(reader.level(level, i + 1, &fleet.index(i)));
        known.push(names.clone());
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let incidents = IncidentReader { levels: &levels, names: &known, problems: &mut problems }
        .incidents(&scenario.incidents);
    let path = Path::root().key("metrics").key("records");
    if scenario.metrics.records.is_empty() {
        problems.push(Problem::new(&path, "there are no records"));
    }
    let mut records = Vec::new();
    for (name, record) in scenario.metrics.records.iter() {
        let mut reader = RecordReader {
            levels: &levels,
            names: &known,
            metrics: &scenario.metrics,
            incidents: &incidents,
            problems: &mut problems,
        };
        records.extend(reader.record(name, record, &path.key(name)));
    }
    problems.extend(columns_of_two_types(&records));
    if !problems.is_empty() {
        return Err(problems);
    }
    let root = draw::root(scenario.seed.unwrap_or(1));
    let incidents = incidents.into_iter().map(|(incident, _)| incident).collect();
    Generator::new(root, levels, names, records, incidents).map_err(|problem| vec![*problem])
}

/// A measure that two records give as two types, which no column can hold.
fn columns_of_two_types(records: &[Catalogued]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (i, record) in records.iter().enumerate() {
        for measure in record.values.columns() {
            let same = |other: &&Catalogued| {
                other
                    .values
                    .columns()
                    .iter()
                    .any(|m| m.name == measure.name && m.value_type != measure.value_type)
            };
            let Some(first) = records[..i].iter().find(same) else { continue };
            let message = format!(
                "measure `{}` is {} here and has another type in record {}: one column with two types",
                measure.name, measure.value_type, first.name
            );
            let place = |record: &Catalogued| {
                Path::root().key("metrics").key("records").key(&*record.name).key("measures")
            };
            problems.push(Problem::new(&place(record), message).and(&place(first)));
        }
    }
    problems
}

fn params_of(params: &[(String, Yaml)], problems: &mut Vec<Problem>) -> Vec<(String, Value)> {
    let mut values = Vec::with_capacity(params.len());
    for (name, yaml) in params {
        match constant(yaml) {
            Ok(value) => values.push((name.clone(), value)),
            Err(message) => {
                let path = Path::root().key("params").key(name).key("default");
                problems.push(Problem::new(&path, message));
            }
        }
    }
    values
}
