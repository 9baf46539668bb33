//! From the scenario to the plan, with every problem at once. Not here: what each part may hold
//! (`target`, `workloads`, `phases`), reading the file (`scenario`).

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use super::model::{Layout, Plan, TargetPlan, ThreadLogs, Workload};
use super::reader::Reader;
use super::{faults, fit, limits, phases, target, workloads};
use crate::diagnostics::{Path, Problem};
use crate::fleet::{self, Generator};
use crate::queries::{Catalog, RecordColumns, Templates};
use crate::scenario::{self, Scenario, Yaml};
use crate::values::Value;

impl Plan {
    /// Resolves a scenario; `params` are its parameters with their final values, `file` is where it
    /// stands (templates are looked up beside it).
    ///
    /// # Errors
    /// Every problem that it has.
    pub fn resolve(
        scenario: &Scenario,
        params: &[(String, Yaml)],
        file: &FilePath,
        resolved_yaml: String,
    ) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader::default();
        let folder = template_folder(file);
        let values: Vec<(String, Value)> = params
            .iter()
            .filter_map(|(name, yaml)| Some((name.clone(), fleet::constant(yaml).ok()?)))
            .collect();
        let name = reader.name(&scenario.name, "scenario", 1, &Path::root().key("name"));
        let target = target::target(&scenario.target, &mut reader);
        let workloads = workloads::workloads(&scenario.workloads, &values, &mut reader);
        let beside = file.parent().unwrap_or(FilePath::new(""));
        let mut phases =
            phases::phases(&scenario.phases, &scenario.workloads, &workloads, beside, &mut reader);
        faults::put_in(&mut phases, scenario, &mut reader);
        let limits = limits::limits(scenario, &workloads, &phases, beside, &mut reader);
        let generator = match fleet::build(scenario, params) {
            Ok(generator) => Some(Arc::new(generator)),
            Err(problems) => {
                reader.problems.extend(problems);
                None
            }
        };
        if let (Some(generator), Some(target)) = (&generator, &target) {
            fit::late_data(generator, target, &scenario.metrics, &mut reader);
        }
        // With a phase left out, their numbers would point at others.
        if phases.len() == scenario.phases.len() {
            target.iter().for_each(|target| fit::history(&phases, target, &mut reader));
            generator.iter().for_each(|of| fit::rates(&phases, &workloads, of, &mut reader));
        }
        let templates = match (&generator, &target) {
            (Some(generator), Some(target)) => {
                templates(generator, target, &workloads, &folder, &mut reader.problems)
            }
            _ => None,
        };
        let Reader { problems } = reader;
        match (name, target, generator, templates, limits) {
            (Some(name), Some(target), Some(generator), Some(templates), Some(limits))
                if problems.is_empty() =>
            {
                Ok(Self {
                    name,
                    seed: scenario.seed.unwrap_or(1),
                    generator,
                    templates,
                    target,
                    workloads,
                    phases,
                    thread_logs: match scenario.thread_logs.unwrap_or(scenario::ThreadLogs::Auto) {
                        scenario::ThreadLogs::Auto => ThreadLogs::Auto,
                        scenario::ThreadLogs::On => ThreadLogs::On,
                        scenario::ThreadLogs::Off => ThreadLogs::Off,
                    },
                    limits,
                    resolved_yaml,
                })
            }
            _ => Err(problems),
        }
    }
}

impl TargetPlan {
    /// Resolves the target of a scenario alone.
    ///
    /// # Errors
    /// Every problem that it has.
    pub fn resolve(scenario: &Scenario) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader::default();
        let target = target::target(&scenario.target, &mut reader);
        target.filter(|_| reader.problems.is_empty()).ok_or(reader.problems)
    }
}

/// Templates stand in `queries/`: beside the scenario, beside its folder, or here.
fn template_folder(scenario: &FilePath) -> PathBuf {
    let [beside, above] = template_folders(scenario);
    let here = PathBuf::from("queries");
    [beside, above].into_iter().find(|folder| folder.is_dir()).unwrap_or(here)
}

/// Where a scenario's own templates may stand, the first place before the second.
pub(crate) fn template_folders(scenario: &FilePath) -> [PathBuf; 2] {
    let folder = scenario.parent().unwrap_or(FilePath::new(""));
    [folder.join("queries"), folder.join("../queries")]
}

/// Loads and checks every template that a workload names.
fn templates(
    generator: &Generator,
    target: &TargetPlan,
    workloads: &[Workload],
    folder: &FilePath,
    problems: &mut Vec<Problem>,
) -> Option<Arc<Templates>> {
    let host = generator.attributes(0, 0, 0);
    match Templates::load(folder, workloads, catalog(generator, target), &host) {
        Ok(templates) => Some(Arc::new(templates)),
        Err(found) => {
            problems.extend(found);
            None
        }
    }
}

/// What the SQL may name.
fn catalog(generator: &Generator, target: &TargetPlan) -> Catalog {
    let records = generator.records();
    let multi = records.iter().any(|record| record.multi);
    Catalog {
        database: target.database.clone(),
        table: target.table.clone(),
        layout: if multi { Layout::Multi } else { Layout::Single },
        records: records
            .into_iter()
            .map(|record| RecordColumns {
                name: record.name.to_string(),
                dimensions: record.first_dimensions.iter().map(|(name, _)| name.to_string()).collect(),
                measures: record.measures.iter().map(|(name, of)| (name.to_string(), *of)).collect(),
            })
            .collect(),
    }
}
