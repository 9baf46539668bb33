//! Every key of a scenario as a page in Markdown: `docs/scenario-keys.md`. Made of the schema alone.
//! Not here: what a reader should know first (`docs/scenario.md`).

use std::collections::VecDeque;
use std::fmt::Write as _;

use serde_json::{Map, Value};

const ROOT: &str = "Scenario";

const HEAD: &str = "# Every key of a scenario

Made by `tsrun schema --format markdown`, from the same texts that editors show. [scenario.md](scenario.md) tells what
the keys are for; a first scenario is made by `tsrun new NAME`. Any scalar can be `$name`, the value of a parameter.
";

/// The page for a schema.
#[must_use]
pub fn keys(schema: &Value) -> String {
    let none = Map::new();
    let definitions = schema["definitions"].as_object().unwrap_or(&none);
    let mut page = HEAD.to_owned();
    let (mut told, mut queue) = (Vec::new(), VecDeque::from([(ROOT, schema)]));
    while let Some((name, schema)) = queue.pop_front() {
        if told.contains(&name) {
            continue;
        }
        told.push(name);
        section(&mut page, name, schema);
        let mut named = Vec::new();
        references(schema, &mut named);
        queue.extend(
            named
                .into_iter()
                .filter_map(|name| definitions.get_key_value(name))
                .map(|(n, s)| (n.as_str(), s)),
        );
    }
    page
}

/// One definition: its keys, its words, or its examples.
fn section(page: &mut String, name: &str, schema: &Value) {
    // Writing to a text cannot fail.
    let _ = write!(page, "\n## {}\n\n{}\n", words(name), one_line(&schema["description"]));
    if let Some(properties) = schema["properties"].as_object() {
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let others = properties.keys().map(String::as_str).filter(|key| !required.contains(key));
        page.push_str("\n| key | type | default | what |\n|---|---|---|---|\n");
        for key in required.iter().copied().chain(others) {
            let property = &properties[key];
            let default = match property.get("default") {
                _ if required.contains(&key) => "required".to_owned(),
                Some(default) if !is_empty(default) => format!("`{}`", plain(default)),
                _ => String::new(),
            };
            let what = one_line(&property["description"]);
            let _ = writeln!(page, "| `{key}` | {} | {default} | {what} |", kind(property));
        }
    }
    let constants =
        schema["oneOf"].as_array().into_iter().flatten().filter(|word| word.get("const").is_some());
    for (i, word) in constants.enumerate() {
        let start = if i == 0 { "\n" } else { "" };
        let _ = writeln!(page, "{start}- `{}`: {}", plain(&word["const"]), one_line(&word["description"]));
    }
    let examples: Vec<String> = schema["examples"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|example| format!("`{}`", plain(example)))
        .collect();
    if !examples.is_empty() {
        let _ = writeln!(page, "\nSuch as {}.", examples.join(", "));
    }
}

/// The definitions that a schema names, in their order.
fn references<'a>(schema: &'a Value, found: &mut Vec<&'a str>) {
    match schema {
        Value::Object(map) => {
            for (key, value) in map {
                match value.as_str().and_then(|text| text.strip_prefix("#/definitions/")) {
                    Some(name) if key == "$ref" => found.push(name),
                    _ if key == "definitions" => {}
                    _ => references(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

/// The type of a value, in words, with a link where it has a section.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|text| text.strip_prefix("#/definitions/")) {
        let words = words(name).to_lowercase();
        return format!("[{words}](#{})", words.replace(' ', "-"));
    }
    for several in ["allOf", "anyOf"] {
        let choices = schema[several].as_array().into_iter().flatten();
        let choices: Vec<String> = choices.filter(|choice| choice["type"] != "null").map(kind).collect();
        if !choices.is_empty() {
            return choices.join(" or ");
        }
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let of = types.iter().find(|kind| **kind != "null").copied().unwrap_or_default();
    match of {
        "array" => format!("list of {}", kind(&schema["items"])),
        "object" => match &schema["additionalProperties"] {
            of @ Value::Object(_) => format!("map of names to {}", kind(of)),
            _ => "map".to_owned(),
        },
        "integer" => format!("whole number{}", range(schema)),
        "number" => format!("number{}", range(schema)),
        "boolean" => "true or false".to_owned(),
        _ => match schema["examples"].get(0) {
            Some(example) => format!("text such as `{}`", plain(example)),
            None => "text".to_owned(),
        },
    }
}

fn range(schema: &Value) -> String {
    match (schema["minimum"].as_f64(), schema["maximum"].as_f64()) {
        (Some(least), Some(most)) => format!(", {least} to {most}"),
        (Some(least), None) => format!(", {least} or more"),
        _ => String::new(),
    }
}

/// A definition's name as people write it: `PhaseLength` is `Phase length`.
fn words(name: &str) -> String {
    let mut words = String::new();
    for (i, letter) in name.chars().enumerate() {
        if i > 0 && letter.is_uppercase() {
            words.push(' ');
            words.extend(letter.to_lowercase());
        } else {
            words.push(letter);
        }
    }
    words
}

fn one_line(text: &Value) -> String {
    text.as_str().unwrap_or_default().replace('\n', " ").replace('|', "\\|")
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty)
        || value.as_object().is_some_and(Map::is_empty)
        || value.is_null()
}

/// A value as a scenario would hold it, on one line.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(plain).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let entries: Vec<String> =
                map.iter().map(|(key, value)| format!("{key}: {}", plain(value))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        other => other.to_string(),
    }
}
