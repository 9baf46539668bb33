//! From values to types, with every problem of form at once: what does not fit is noted, something
//! that fits stands in for it, and the reading goes on. Not here: YAML itself (`tree`), meaning (`plan`).

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;
use serde_yaml::{Mapping, Sequence};

use super::Yaml;
use super::fault::{Fault, Source, one_of};
use crate::diagnostics::{Path, Problem, Step, did_you_mean};

/// Rounds of mending: a few for each problem, and nobody reads more problems at once.
const MAX_ROUNDS: usize = 300;
/// Words that a message lists although it knows which one is meant.
const LONG_LIST: usize = 10;

/// The values of a file while they are read.
#[derive(Debug)]
pub(super) struct Reader {
    /// What the file as a whole is called.
    whole: &'static str,
    /// The values, mended so far.
    pub(super) tree: Yaml,
    /// What was wrong.
    pub(super) problems: Vec<Problem>,
    /// Keys that are missing, by where.
    missing: BTreeMap<Path, Vec<&'static str>>,
    /// What was made up, and which of the stand-ins it is.
    stand_ins: BTreeMap<Path, usize>,
}

impl Reader {
    /// Reads `tree`, in which the `spoilt` nodes are known to be wrong already.
    pub(super) fn new(tree: Yaml, spoilt: Vec<Path>) -> Self {
        let stand_ins = spoilt.into_iter().map(|path| (path, 0)).collect();
        let (problems, missing) = (Vec::new(), BTreeMap::new());
        Self { whole: "the scenario", tree, problems, missing, stand_ins }
    }

    /// The same for a file of another kind.
    pub(super) fn of(self, whole: &'static str) -> Self {
        Self { whole, ..self }
    }

    /// Reads the value at `path`; `None` where nothing like it is there.
    pub(super) fn read<T: DeserializeOwned>(&mut self, path: &Path) -> Option<T> {
        let value = self.read_mending(path);
        for (path, keys) in std::mem::take(&mut self.missing) {
            self.problems.push(missing(&path, &keys, self.whole));
        }
        value
    }

    fn read_mending<T: DeserializeOwned>(&mut self, path: &Path) -> Option<T> {
        for _ in 0..MAX_ROUNDS {
            let node = node_mut(&mut self.tree, path)?;
            let error = match serde_path_to_error::deserialize(Source(node)) {
                Ok(value) => return Some(value),
                Err(error) => error,
            };
            let place = below(path, error.path());
            if !self.mend(&place, &error.into_inner()) {
                return None;
            }
        }
        None
    }

    /// Puts a stand-in in place of a value that has a problem already.
    pub(super) fn spoil(&mut self, path: &Path, problem: Problem) {
        self.problems.push(problem);
        self.stand_ins.insert(path.clone(), 0);
        self.put(path, Yaml::Null);
    }

    /// Whether what is at `path` may be wrong only because of something made up.
    pub(super) fn is_made_up(&self, path: &Path) -> bool {
        self.stand_ins.keys().any(|made_up| match made_up.parent() {
            Some(entry) if entry.0.len() >= 2 => path.is_within(&entry),
            _ => path.is_within(made_up),
        })
    }

    /// Notes the fault and mends it; false where nothing helps.
    fn mend(&mut self, path: &Path, fault: &Fault) -> bool {
        let follows = self.stand_ins.keys().any(|made_up| path.is_within(made_up));
        match fault {
            _ if follows => {}
            Fault::MissingKey(key) => self.missing.entry(path.clone()).or_default().push(key),
            _ => self.problems.push(problem(path, fault, self.whole)),
        }
        match fault {
            Fault::UnknownKey { key, .. } => self.remove(path, key),
            Fault::MissingKey(key) => {
                let path = path.key(*key);
                self.stand_ins.insert(path.clone(), 0);
                self.put(&path, Yaml::Null)
            }
            _ if path.0.is_empty() => false,
            Fault::UnknownWord { known, .. } => match known.first() {
                Some(word) => {
                    self.stand_ins.entry(path.clone()).or_default();
                    self.put(path, Yaml::String((*word).to_owned()))
                }
                None => false,
            },
            Fault::Unfit { .. } | Fault::Other(_) => self.stand_in(path),
        }
    }

    /// Puts the next of the stand-ins there.
    fn stand_in(&mut self, path: &Path) -> bool {
        let tried = self.stand_ins.entry(path.clone()).and_modify(|tried| *tried += 1).or_default();
        let value = match *tried {
            0 => Yaml::Null,
            1 => Yaml::Mapping(Mapping::new()),
            2 => Yaml::Sequence(Sequence::new()),
            3 => Yaml::String(String::new()),
            4 => Yaml::Number(1.into()),
            5 => Yaml::Bool(false),
            _ => return false,
        };
        self.put(path, value)
    }

    fn put(&mut self, path: &Path, value: Yaml) -> bool {
        if let Some(node) = node_mut(&mut self.tree, path) {
            *node = value;
            return true;
        }
        let (Some(parent), Some(Step::Key(key))) = (path.parent(), path.0.last()) else { return false };
        match node_mut(&mut self.tree, &parent) {
            Some(Yaml::Mapping(map)) => {
                map.insert(Yaml::String(key.clone()), value);
                true
            }
            _ => false,
        }
    }

    fn remove(&mut self, path: &Path, key: &str) -> bool {
        let parent = path.parent().unwrap_or_default();
        match node_mut(&mut self.tree, &parent) {
            Some(Yaml::Mapping(map)) => map.shift_remove(key).is_some(),
            _ => false,
        }
    }
}

/// The value at `path`.
pub(super) fn node_mut<'a>(tree: &'a mut Yaml, path: &Path) -> Option<&'a mut Yaml> {
    path.0.iter().try_fold(tree, |node, step| match (node, step) {
        (Yaml::Mapping(map), Step::Key(key)) => map.get_mut(key.as_str()),
        (Yaml::Sequence(items), Step::Index(index)) => items.get_mut(*index),
        _ => None,
    })
}

fn below(path: &Path, segments: &serde_path_to_error::Path) -> Path {
    segments.iter().fold(path.clone(), |path, segment| match segment {
        Segment::Seq { index } => path.index(*index),
        Segment::Map { key } => path.key(key.as_str()),
        Segment::Enum { .. } | Segment::Unknown => path,
    })
}

fn problem(path: &Path, fault: &Fault, whole: &str) -> Problem {
    let value = || match path.0.last() {
        Some(Step::Key(key)) => format!("`{key}`"),
        _ => entry_in_words(path, whole),
    };
    match fault {
        Fault::UnknownKey { key, known } => {
            let entry = entry_in_words(&path.parent().unwrap_or_default(), whole);
            let help = did_you_mean(key, known.iter().copied())
                .unwrap_or_else(|| format!("known keys: {}", known.join(", ")));
            Problem::new(path, format!("unknown key `{key}` in {entry}")).on_key().help(help)
        }
        Fault::UnknownWord { found, known } => {
            let near = did_you_mean(found, known.iter().copied());
            // A long list would bury the word that is meant.
            let wanted =
                if near.is_some() && known.len() > LONG_LIST { "another word" } else { &one_of(known) };
            let problem = Problem::new(path, format!("{} wants {wanted}, found the text `{found}`", value()));
            match near {
                Some(help) => problem.help(help),
                None => problem,
            }
        }
        Fault::Unfit { wanted, found } => {
            Problem::new(path, format!("{} wants {wanted}, found {found}", value()))
        }
        Fault::MissingKey(_) | Fault::Other(_) => Problem::new(path, fault.to_string()),
    }
}

fn missing(path: &Path, keys: &[&str], whole: &str) -> Problem {
    let noun = if keys.len() == 1 { "key" } else { "keys" };
    let keys: Vec<_> = keys.iter().map(|key| format!("`{key}`")).collect();
    let message = format!("missing {noun} {} in {}", keys.join(", "), entry_in_words(path, whole));
    Problem::new(path, message).on_key()
}

/// What people call the entry at `path`: its kind in the singular, and its name if it has one.
fn entry_in_words(path: &Path, whole: &str) -> String {
    let kind = |list: &str| match list {
        "params" => "parameter",
        "fleet" | "each" => "level",
        "records" => "record",
        "workloads" => "workload",
        "queries" => "query",
        "phases" => "phase",
        "faults" => "fault",
        _ => "",
    };
    match path.0.as_slice() {
        [] => whole.to_owned(),
        [.., Step::Key(list), Step::Key(name)] if !kind(list).is_empty() => format!("{} {name}", kind(list)),
        [.., Step::Key(list), Step::Index(index)] if !kind(list).is_empty() => {
            format!("{} {}", kind(list), index + 1)
        }
        [.., Step::Key(list), Step::Index(index)] => format!("item {} of `{list}`", index + 1),
        [.., Step::Key(key)] => format!("`{key}`"),
        [.., Step::Index(index)] => format!("item {}", index + 1),
    }
}
