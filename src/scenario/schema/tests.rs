//! The schema against the files that hold it and the scenarios that it is for.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::{load_text, tree};
use super::{keys, schema};
use crate::plan::Plan;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[cfg(feature = "local")]
fn assert_current(file: &str, made: &str, command: &str) {
    let kept = fs::read_to_string(repository().join(file)).unwrap_or_default();
    assert!(
        kept.trim_end() == made.trim_end(),
        "{file} is out of date: cargo run --release -- {command} > {file}"
    );
}

// A build without the local Timestream knows no fault rules.
#[cfg(feature = "local")]
#[test]
fn the_schema_that_is_kept_is_current() {
    assert_current("scenarios/schema.json", &format!("{:#}", schema()), "schema");
}

#[cfg(feature = "local")]
#[test]
fn the_page_of_keys_is_current() {
    assert_current("docs/scenario-keys.md", &keys(&schema()), "schema --format markdown");
}

#[test]
fn every_key_is_told() {
    let page = keys(&schema());
    let told = page.lines().filter(|line| line.starts_with("| `"));
    let silent: Vec<&str> = told.filter(|line| line.ends_with("|  |")).collect();
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn good_scenarios_have_the_form() {
    let folders = ["scenarios", "benches/scenarios", "tests/scenarios", "tests/plans", "src/scenario/tests"];
    let files: Vec<PathBuf> = folders.iter().flat_map(|folder| yaml_files(folder)).collect();
    assert!(files.len() > 12, "{files:?}");
    let schema = schema();
    for file in files {
        assert_eq!(refusals(&schema, &read(&file)), Vec::<String>::new(), "{}", file.display());
    }
}

#[cfg(feature = "local")]
#[test]
fn what_is_wrong_in_form_is_refused() {
    let schema = schema();
    let refused: Vec<String> = yaml_files("tests/bad-scenarios")
        .into_iter()
        .map(|file| (file.file_stem().unwrap_or_default().to_string_lossy().into_owned(), read(&file)))
        .map(|(name, value)| (name, refusals(&schema, &value)))
        .filter(|(_, refusals)| !refusals.is_empty())
        .map(|(name, refusals)| format!("{name}\n  {}", refusals.join("\n  ")))
        .collect();
    insta::assert_snapshot!(refused.join("\n"));
}

#[test]
fn shipped_scenarios_name_the_schema() {
    for file in yaml_files("scenarios") {
        let text = fs::read_to_string(&file).expect("it reads");
        assert!(text.starts_with("# yaml-language-server: $schema=schema.json\n"), "{}", file.display());
    }
}

/// A scenario that leaves out what it can, and has every part that has defaults.
const LEAN: &str = "
name: lean
fleet: [ { level: name, of: [a, b] } ]
metrics: { every: 1s, records: { r: { dimensions: [name], measures: { m: 1 } } } }
target: { database: demo, table: demo, retention: {}, timeouts: {} }
workloads:
  ingest: { kind: ingest }
  panels: { kind: query, rate: 1/s, queries: { q: { weight: 1, sql: outline.sql.j2, window: 1h } } }
  users: { kind: query, queries: { q: { weight: 1, sql: outline.sql.j2, window: 1h } } }
phases: [ { name: p, duration: 1s, load: { ingest: 100% } } ]
validity: {}
";

#[test]
fn the_defaults_that_are_told_are_those_that_are_taken() {
    let schema = schema();
    let lean = tree::parse(LEAN).root.expect("it is YAML").to_value();
    let mut full = serde_json::to_value(&lean).expect("it is JSON");
    let filled = fill(&schema, &schema, &mut full);
    assert!(filled > 25, "{filled}");
    // What belongs to another kind of workload is no default of this one.
    for (workload, foreign) in [
        ("ingest", &["users", "arrivals", "end", "mode", "pick", "think"][..]),
        ("panels", &["users", "think"]),
        ("users", &["in_flight", "behind", "arrivals"]),
    ] {
        let keys = full["workloads"][workload].as_object_mut().expect("it is a map");
        foreign.iter().for_each(|key| drop(keys.remove(*key)));
    }
    let plan = |text: &str| {
        let loaded = load_text("lean.yaml", text, &[]);
        let scenario = loaded.scenario.as_ref().expect("it has the form");
        let params = &loaded.params;
        // Templates stand beside the file.
        let file = repository().join("tests/plans/lean.yaml");
        let plan = Plan::resolve(scenario, params, &file, String::new()).map(|plan| format!("{plan:#?}"));
        plan.unwrap_or_else(|problems| panic!("{text}\n{}", loaded.document.render(&problems)))
    };
    let full = serde_yaml::to_string(&full).expect("it is YAML");
    let (full, lean) = (plan(&full), plan(LEAN));
    for (told, taken) in full.lines().zip(lean.lines()) {
        assert_eq!(told, taken);
    }
}

/// Puts defaults where keys are missing; how many.
fn fill(root: &Value, schema: &Value, value: &mut Value) -> usize {
    if let Some(name) = schema["$ref"].as_str().and_then(|text| text.strip_prefix('#')) {
        return fill(root, root.pointer(name).expect("it is defined"), value);
    }
    let mut filled = 0;
    for part in ["allOf", "anyOf"].iter().flat_map(|key| schema[*key].as_array().into_iter().flatten()) {
        filled += fill(root, part, value);
    }
    if let Some(items) = value.as_array_mut() {
        return filled + items.iter_mut().map(|item| fill(root, &schema["items"], item)).sum::<usize>();
    }
    let Some(map) = value.as_object_mut() else { return filled };
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        match (map.get_mut(key), property.get("default")) {
            (Some(value), _) => filled += fill(root, property, value),
            (None, Some(default)) if !default.is_null() => {
                map.insert(key.clone(), default.clone());
                filled += 1;
            }
            (None, _) => {}
        }
    }
    let others = map.iter_mut().filter(|(key, _)| schema["properties"].get(key).is_none());
    filled + others.map(|(_, value)| fill(root, &schema["additionalProperties"], value)).sum::<usize>()
}

fn yaml_files(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(repository().join(folder)).expect("the folder is there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("it reads").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    files
}

fn read(file: &Path) -> Value {
    let text = fs::read_to_string(file).expect("it reads");
    let yaml = tree::parse(&text).root.map_or(serde_yaml::Value::Null, |root| root.to_value());
    serde_json::to_value(yaml).unwrap_or_default()
}

/// What a schema refuses in a value: as much of JSON Schema as ours uses.
fn refusals(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    Validator { root: schema, found: &mut found }.check(schema, value, "");
    found
}

struct Validator<'a> {
    root: &'a Value,
    found: &'a mut Vec<String>,
}

impl Validator<'_> {
    fn check(&mut self, schema: &Value, value: &Value, at: &str) {
        for (keyword, wanted) in schema.as_object().into_iter().flatten() {
            self.keyword(keyword, wanted, schema, value, at);
        }
    }

    fn fits(&self, schema: &Value, value: &Value) -> bool {
        let mut found = Vec::new();
        Validator { root: self.root, found: &mut found }.check(schema, value, "");
        found.is_empty()
    }

    fn keyword(&mut self, keyword: &str, wanted: &Value, schema: &Value, value: &Value, at: &str) {
        let count = |choices: &Value| {
            choices.as_array().into_iter().flatten().filter(|choice| self.fits(choice, value)).count()
        };
        let good = match keyword {
            "$schema" | "title" | "description" | "default" | "examples" | "definitions" => true,
            "$ref" => {
                let name = wanted.as_str().and_then(|text| text.strip_prefix('#')).expect("it is within");
                let target = self.root.pointer(name).expect("it is defined");
                return self.check(target, value, at);
            }
            "allOf" => {
                wanted.as_array().into_iter().flatten().for_each(|part| self.check(part, value, at));
                true
            }
            "anyOf" => count(wanted) > 0,
            "oneOf" => count(wanted) == 1,
            "type" => match wanted {
                Value::Array(kinds) => kinds.iter().any(|kind| is_of(value, kind)),
                kind => is_of(value, kind),
            },
            "const" => value == wanted,
            "pattern" => value.as_str().is_none_or(|text| {
                regex_lite::Regex::new(wanted.as_str().expect("a text")).expect("a pattern").is_match(text)
            }),
            "minimum" => {
                value.as_f64().is_none_or(|number| wanted.as_f64().is_some_and(|least| number >= least))
            }
            "maximum" => {
                value.as_f64().is_none_or(|number| wanted.as_f64().is_some_and(|most| number <= most))
            }
            "minItems" => value.as_array().is_none_or(|items| Some(items.len() as u64) >= wanted.as_u64()),
            "items" => {
                for (i, item) in value.as_array().into_iter().flatten().enumerate() {
                    self.check(wanted, item, &format!("{at}[{i}]"));
                }
                true
            }
            "properties" => {
                for (key, property) in wanted.as_object().into_iter().flatten() {
                    if let Some(value) = value.get(key) {
                        self.check(property, value, &format!("{at}.{key}"));
                    }
                }
                true
            }
            "additionalProperties" => {
                let known = |key: &String| schema["properties"].get(key).is_some();
                for (key, value) in value.as_object().into_iter().flatten().filter(|(key, _)| !known(key)) {
                    match wanted {
                        Value::Bool(false) => self.found.push(format!("{at}.{key}: unknown key")),
                        wanted => self.check(wanted, value, &format!("{at}.{key}")),
                    }
                }
                true
            }
            "required" => {
                let missing = |key: &&Value| value.get(key.as_str().unwrap_or_default()).is_none();
                if value.is_object() {
                    for key in wanted.as_array().into_iter().flatten().filter(missing) {
                        self.found.push(format!("{at}: missing {key}"));
                    }
                }
                true
            }
            other => panic!("the schema uses `{other}`, which this test does not know"),
        };
        if !good {
            let value = value.to_string().chars().take(60).collect::<String>();
            self.found.push(format!("{at}: {value} fails `{keyword}`"));
        }
    }
}

fn is_of(value: &Value, kind: &Value) -> bool {
    match kind.as_str().unwrap_or_default() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("unknown type {other}"),
    }
}
