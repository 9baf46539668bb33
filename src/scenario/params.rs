//! Parameters: their values by type and bounds, and putting them where `$name` stands. Not here: their
//! use as names inside expressions (`values`).

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::reader::Reader;
use super::{Map, Param, Yaml};
use crate::diagnostics::{Path, Problem, did_you_mean};
use crate::units::parse_duration;

/// A parameter's type, which is its default's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Whole,
    Number,
    Duration,
    Text,
    Truth,
}

impl Type {
    fn of(value: &Yaml) -> Option<Self> {
        match value {
            Yaml::Number(number) if number.is_f64() => Some(Self::Number),
            Yaml::Number(_) => Some(Self::Whole),
            Yaml::String(text) if parse_duration(text).is_ok() => Some(Self::Duration),
            Yaml::String(_) => Some(Self::Text),
            Yaml::Bool(_) => Some(Self::Truth),
            _ => None,
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::Whole => "a whole number",
            Self::Number => "a number",
            Self::Duration => "a duration such as 500ms, 60s or 2h",
            Self::Text => "text",
            Self::Truth => "true or false",
        }
    }

    fn parse(self, text: &str) -> Option<Yaml> {
        match self {
            Self::Whole => text.parse::<i64>().ok().map(Yaml::from),
            Self::Number => text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Yaml::from),
            Self::Duration => parse_duration(text).ok().map(|_| Yaml::from(text)),
            Self::Text => Some(Yaml::from(text)),
            Self::Truth => text.parse::<bool>().ok().map(Yaml::from),
        }
    }

    /// Whether `value` is of this type; a whole number is a number too.
    fn takes(self, value: &Yaml) -> bool {
        match (self, Self::of(value)) {
            (Self::Number, Some(Self::Whole)) | (Self::Text, Some(Self::Duration)) => true,
            (wanted, found) => found == Some(wanted),
        }
    }

    /// How two values of this type compare, where the type has an order.
    fn compare(self, a: &Yaml, b: &Yaml) -> Option<Ordering> {
        let nanos = |value: &Yaml| parse_duration(value.as_str()?).ok();
        match self {
            Self::Whole => Some(a.as_i64()?.cmp(&b.as_i64()?)),
            Self::Number => a.as_f64()?.partial_cmp(&b.as_f64()?),
            Self::Duration => Some(nanos(a)?.cmp(&nanos(b)?)),
            Self::Text | Self::Truth => None,
        }
    }
}

/// Gives every declared parameter its value: from `-P name=value` where there is one, else the default.
pub(super) fn resolve(reader: &mut Reader, overrides: &[(String, String)]) -> Vec<(String, Yaml)> {
    let path = Path::root().key("params");
    let declared: Map<Param> = reader.read(&path).unwrap_or_default();
    for (name, value) in overrides {
        if declared.get(name).is_none() {
            let message = format!("-P {name}={value}: the scenario has no parameter `{name}`");
            let names = declared.iter().map(|(name, _)| name);
            let help = did_you_mean(name, names).unwrap_or_else(|| known(&declared));
            reader.problems.push(Problem::new(&path, message).on_key().help(help));
        }
    }
    let mut values = Vec::new();
    for (name, param) in declared.iter() {
        let given = overrides.iter().rev().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
        let path = path.key(name);
        let value = value_of(&path, name, param, given).unwrap_or_else(|problem| {
            if !reader.is_made_up(&path.key("default")) {
                reader.problems.push(*problem);
            }
            param.default.clone()
        });
        values.push((name.to_owned(), value));
    }
    values
}

fn known(declared: &Map<Param>) -> String {
    if declared.is_empty() {
        return "declare it under `params`".to_owned();
    }
    format!("known parameters: {}", declared.iter().map(|(name, _)| name).collect::<Vec<_>>().join(", "))
}

/// The parameter's value, or why it has none that is good.
fn value_of(path: &Path, name: &str, param: &Param, given: Option<&str>) -> Result<Yaml, Box<Problem>> {
    let default = path.key("default");
    let refuse = |path: &Path, message: String| Err(Box::new(Problem::new(path, message)));
    let Some(kind) = Type::of(&param.default) else {
        return refuse(
            &default,
            format!("parameter `{name}` must be a number, a duration, text, true or false"),
        );
    };
    for (key, bound) in [("min", &param.min), ("max", &param.max)] {
        let Some(bound) = bound else { continue };
        if matches!(kind, Type::Text | Type::Truth) {
            return refuse(
                &path.key(key),
                format!("`{key}` of parameter `{name}`, which is no number or duration"),
            );
        }
        if !kind.takes(bound) {
            let message =
                format!("`{key}` of parameter `{name}` must be {}, like its default", kind.in_words());
            return refuse(&path.key(key), message);
        }
    }
    if let Err(reason) = check(kind, param, &param.default) {
        return refuse(&default, format!("the default of `{name}` {reason}"));
    }
    let Some(text) = given else { return Ok(param.default.clone()) };
    let Some(value) = kind.parse(text) else {
        return refuse(
            &default,
            format!("-P {name}={text}: `{name}` is {}, like its default", kind.in_words()),
        );
    };
    match check(kind, param, &value) {
        Ok(()) => Ok(value),
        Err(reason) => refuse(&default, format!("-P {name}={text}: `{name}` {reason}")),
    }
}

/// Whether the value keeps to the parameter's bounds.
fn check(kind: Type, param: &Param, value: &Yaml) -> Result<(), String> {
    if let Some(min) = &param.min
        && kind.compare(value, min) == Some(Ordering::Less)
    {
        return Err(format!("is below its least value {}", print(min)));
    }
    if let Some(max) = &param.max
        && kind.compare(value, max) == Some(Ordering::Greater)
    {
        return Err(format!("is above its greatest value {}", print(max)));
    }
    let same = |allowed: &Yaml| allowed == value || kind.compare(allowed, value) == Some(Ordering::Equal);
    match &param.one_of {
        Some(allowed) if !allowed.iter().any(same) => {
            let allowed: Vec<_> = allowed.iter().map(print).collect();
            Err(format!("must be one of {}", allowed.join(", ")))
        }
        _ => Ok(()),
    }
}

fn print(value: &Yaml) -> String {
    serde_yaml::to_string(value).unwrap_or_default().trim_end().to_owned()
}

/// Puts the values where `$name` stands, and into `params` as the new defaults.
pub(super) fn put_in(reader: &mut Reader, values: &[(String, Yaml)]) {
    let mut unknown = Vec::new();
    let by_name = values.iter().map(|(name, value)| (name.as_str(), value)).collect();
    let mut tree = std::mem::take(&mut reader.tree);
    if let Yaml::Mapping(map) = &mut tree {
        for (key, value) in map.iter_mut() {
            let path = Path::root().key(key.as_str().unwrap_or_default());
            if key.as_str() == Some("params") {
                set_defaults(value, values);
            } else {
                substitute(value, &path, &by_name, &mut unknown);
            }
        }
    }
    reader.tree = tree;
    for (path, name) in unknown {
        let problem = Problem::new(&path, format!("unknown parameter `${name}`"));
        let names = by_name.keys().copied();
        let help = did_you_mean(&name, names).unwrap_or_else(|| "declare it under `params`".to_owned());
        reader.spoil(&path, problem.help(help));
    }
}

fn set_defaults(params: &mut Yaml, values: &[(String, Yaml)]) {
    for (name, value) in values {
        if let Some(Yaml::Mapping(param)) = params.get_mut(name.as_str()) {
            param.insert(Yaml::from("default"), value.clone());
        }
    }
}

fn substitute(
    node: &mut Yaml,
    path: &Path,
    values: &BTreeMap<&str, &Yaml>,
    unknown: &mut Vec<(Path, String)>,
) {
    match node {
        Yaml::String(text) => {
            let Some(name) = reference(text) else { return };
            match values.get(name) {
                Some(value) => *node = (*value).clone(),
                None => unknown.push((path.clone(), name.to_owned())),
            }
        }
        Yaml::Sequence(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                substitute(item, &path.index(index), values, unknown);
            }
        }
        Yaml::Mapping(map) => {
            for (key, value) in map.iter_mut() {
                substitute(value, &path.key(key.as_str().unwrap_or_default()), values, unknown);
            }
        }
        _ => {}
    }
}

/// The name in a text that is exactly `$name`.
fn reference(text: &str) -> Option<&str> {
    let name = text.strip_prefix('$')?;
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(is_word))
        .then_some(name)
}
