//! A YAML file as a tree whose every node knows its place, and what is wrong with it as YAML. Not
//! here: what the keys mean (`wire`), reading the tree into types (`reader`).

mod build;
mod syntax;

pub(super) use build::parse;

use serde_yaml::{Mapping, Number};

use super::Yaml;
use crate::diagnostics::{Path, Place, Problem, Step};

/// A node of the file.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// Where it starts; a scalar of one line in full.
    pub(super) place: Place,
    /// What it holds.
    pub(super) content: Content,
}

/// What a node holds.
#[derive(Debug, Clone)]
pub(super) enum Content {
    /// A text, a number, a truth or nothing; what it is, only a plain one leaves to be guessed.
    Scalar { text: String, plain: bool },
    /// A list.
    List(Vec<Node>),
    /// A map in the order of the file, without its keys' second appearances.
    Map(Vec<Entry>),
}

/// A map's entry.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// The key as written.
    pub(super) key: String,
    /// Where the key stands.
    pub(super) place: Place,
    /// What it leads to.
    pub(super) value: Node,
}

/// What was read of a file.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    /// The document; nothing where there is none, or where it stopped being YAML.
    pub(super) root: Option<Node>,
    /// What is wrong.
    pub(super) problems: Vec<Problem>,
    /// Nodes whose content is known to be wrong and stands for something else.
    pub(super) spoilt: Vec<Path>,
}

impl Node {
    /// The node without places. Keys are texts as written.
    pub(super) fn to_value(&self) -> Yaml {
        match &self.content {
            Content::Scalar { text, plain: true } => resolve(text),
            Content::Scalar { text, plain: false } => Yaml::String(text.clone()),
            Content::List(items) => Yaml::Sequence(items.iter().map(Self::to_value).collect()),
            Content::Map(entries) => Yaml::Mapping(
                entries
                    .iter()
                    .map(|entry| (Yaml::String(entry.key.clone()), entry.value.to_value()))
                    .collect::<Mapping>(),
            ),
        }
    }

    /// The child that this step leads to, and its key's place if it has one.
    pub(super) fn child(&self, step: &Step) -> Option<(&Self, Option<Place>)> {
        match (&self.content, step) {
            (Content::Map(entries), Step::Key(key)) => {
                let entry = entries.iter().find(|entry| entry.key == *key)?;
                Some((&entry.value, Some(entry.place)))
            }
            (Content::List(items), Step::Index(index)) => Some((items.get(*index)?, None)),
            _ => None,
        }
    }

    /// Whether nothing is written there.
    fn is_empty(&self) -> bool {
        matches!(&self.content, Content::Scalar { text, plain: true } if text.is_empty())
    }

    /// Where to point for the node itself: at its key, where the node is empty or spreads over lines.
    pub(super) fn place_under(&self, key: Option<Place>) -> Place {
        match (&self.content, key) {
            (Content::Scalar { .. }, _) if !self.is_empty() => self.place,
            (_, Some(key)) => key,
            _ => self.place,
        }
    }
}

/// What a plain scalar is, by YAML's core schema.
fn resolve(text: &str) -> Yaml {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Yaml::Null,
        "true" | "True" | "TRUE" => Yaml::Bool(true),
        "false" | "False" | "FALSE" => Yaml::Bool(false),
        _ => text.parse::<Number>().map_or_else(|_| Yaml::String(text.to_owned()), Yaml::Number),
    }
}
