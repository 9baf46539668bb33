//! From YAML's events to the tree. The language is YAML without anchors, tags, complex keys and
//! second documents; each is a problem with its place. Not here: the words for bad syntax (`syntax`).

use std::borrow::Cow;
use std::collections::HashSet;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::{Content, Entry, Node, Parsed, resolve, syntax};
use crate::diagnostics::{Path, Place, Problem};
use crate::scenario::Yaml;

/// Far deeper than any scenario; keeps what walks the tree within its stack.
const MAX_DEPTH: usize = 48;

const SHARE: &str =
    "declare a parameter under `params` and write $name, or quote a text that starts with & or *";

/// Reads a text as far as it is YAML.
pub(in crate::scenario) fn parse(text: &str) -> Parsed {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let result = match event {
            Ok((event, span)) => builder.take(event, span),
            Err(error) => Err(Box::new(syntax::problem(text, &error, builder.innermost()))),
        };
        if let Err(problem) = result {
            builder.parsed.problems.push(*problem);
            builder.parsed.root = None;
            break;
        }
    }
    builder.parsed
}

/// A collection that is not closed yet.
enum Open {
    List { place: Place, items: Vec<Node> },
    Map { place: Place, entries: Vec<Entry>, seen: HashSet<String>, key: Option<Key>, brackets: Brackets },
}

impl Open {
    fn place(&self) -> Place {
        let (Self::List { place, .. } | Self::Map { place, .. }) = self;
        *place
    }
}

/// How a map is written, and how far a comma tore a value of it.
#[derive(Clone, Copy, PartialEq)]
enum Brackets {
    /// Over lines: a comma is a character like others.
    None,
    /// In { }.
    Whole,
    /// In { }, after a value with a `(` that is not closed yet.
    Torn,
}

/// A key that waits for its value.
struct Key {
    text: String,
    place: Place,
    /// Whether the value goes nowhere, since the key is none or not the first of its name.
    dropped: bool,
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    documents: usize,
    parsed: Parsed,
}

impl Builder {
    /// Takes the next event; an error ends the reading.
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Box<Problem>> {
        let place = place_of(span);
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    let message = "a second document starts here: a file holds one scenario";
                    return Err(Box::new(Problem::new(&Path::root(), message).standing(place)));
                }
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_extras(anchor, tag.as_ref(), place);
                self.open(Open::List { place, items: Vec::new() })?;
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_extras(anchor, tag.as_ref(), place);
                let brackets = if span.is_empty() { Brackets::None } else { Brackets::Whole };
                let (entries, seen) = (Vec::new(), HashSet::new());
                self.open(Open::Map { place, entries, seen, key: None, brackets })?;
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_extras(anchor, tag.as_ref(), place);
                let plain = style == ScalarStyle::Plain;
                self.add(Node { place, content: Content::Scalar { text: text.into_owned(), plain } });
            }
            Event::Alias(_) => {
                self.refuse("aliases are not part of the scenario language", SHARE, place);
                self.parsed.spoilt.push(self.path());
                self.add(Node { place, content: Content::Scalar { text: String::new(), plain: true } });
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn open(&mut self, collection: Open) -> Result<(), Box<Problem>> {
        if self.open.len() == MAX_DEPTH {
            let place = collection.place();
            let message = format!("nested deeper than {MAX_DEPTH} levels");
            return Err(Box::new(Problem::new(&Path::root(), message).standing(place)));
        }
        self.open.push(collection);
        Ok(())
    }

    fn close(&mut self) {
        let node = match self.open.pop() {
            Some(Open::List { place, items }) => Node { place, content: Content::List(items) },
            Some(Open::Map { place, entries, .. }) => Node { place, content: Content::Map(entries) },
            None => return,
        };
        self.add(node);
    }

    /// Puts a finished node where it belongs: a key, a value, an item or the document.
    fn add(&mut self, node: Node) {
        self.check_member(&node);
        self.check_torn(&node);
        match self.open.last_mut() {
            None => self.parsed.root = Some(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map { key: None, .. }) => self.add_key(node),
            Some(Open::Map { entries, key, .. }) => {
                if let Some(Key { text, place, dropped: false }) = key.take() {
                    entries.push(Entry { key: text, place, value: node });
                }
            }
        }
    }

    fn add_key(&mut self, node: Node) {
        let map = self.path();
        let Some(Open::Map { seen, key, brackets, .. }) = self.open.last_mut() else { return };
        let place = node.place;
        let Content::Scalar { text, .. } = node.content else {
            let message = "a list or a map cannot be a key";
            let help = "quote a text that starts with { or [";
            *key = Some(Key { text: String::new(), place, dropped: true });
            self.parsed.problems.push(Problem::new(&map, message).standing(place).help(help));
            self.parsed.spoilt.push(map);
            return;
        };
        if *brackets == Brackets::Torn {
            *brackets = if text.contains(')') { Brackets::Whole } else { Brackets::Torn };
            *key = Some(Key { text, place, dropped: true });
            return;
        }
        let dropped = !seen.insert(text.clone());
        if dropped {
            let first = map.key(text.as_str());
            let message = format!("`{text}` is defined twice");
            let problem = Problem::new(&first, message).on_key().standing(place).and(&first);
            self.parsed.problems.push(problem);
        }
        *key = Some(Key { text, place, dropped });
    }

    /// A member's name stays as written, so a number that YAML prints otherwise must be quoted.
    fn check_member(&mut self, node: &Node) {
        let Content::Scalar { text, plain: true } = &node.content else { return };
        if !self.expects_member() {
            return;
        }
        let Yaml::Number(number) = resolve(text) else { return };
        let reads = number.to_string();
        if reads != *text {
            let message = format!("member {text} would read {reads}, quote it");
            self.parsed.problems.push(Problem::new(&self.path(), message).standing(node.place));
        }
    }

    /// In { } a comma ends a value, also between ( and ); what follows it up to the ) is no key.
    fn check_torn(&mut self, node: &Node) {
        let Content::Scalar { text, plain: true } = &node.content else { return };
        let Some(Open::Map { key: Some(_), brackets: brackets @ Brackets::Whole, .. }) = self.open.last_mut()
        else {
            return;
        };
        if text.matches('(').count() > text.matches(')').count() {
            *brackets = Brackets::Torn;
            let path = self.path();
            let problem = Problem::new(&path, "unclosed `(`: inside { } a comma ends a value");
            let problem = problem.standing(node.place).help("write a range as a..b, or quote the value");
            self.parsed.problems.push(problem);
            self.parsed.spoilt.push(path);
        }
    }

    /// Where the innermost collection starts that is not closed yet.
    fn innermost(&self) -> Option<Place> {
        self.open.last().map(Open::place)
    }

    /// Whether the next scalar is a key, or an item of a set that is written as a list.
    fn expects_member(&self) -> bool {
        match self.open.as_slice() {
            [.., Open::Map { key: None, .. }] => true,
            [above @ .., Open::Map { key: Some(key), .. }, Open::List { .. }] => {
                let draw =
                    |open: &Open| matches!(open, Open::Map { key: Some(key), .. } if key.text == "draw");
                key.text == "of" || above.last().is_some_and(draw)
            }
            _ => false,
        }
    }

    fn refuse_extras(&mut self, anchor: usize, tag: Option<&Cow<'_, Tag>>, place: Place) {
        if anchor > 0 {
            self.refuse("anchors are not part of the scenario language", SHARE, place);
        }
        if let Some(tag) = tag {
            let message = format!("tag `{tag}`: tags are not part of the scenario language");
            self.refuse(&message, "leave it out, or quote a text that starts with !", place);
        }
    }

    fn refuse(&mut self, message: &str, help: &str, place: Place) {
        let problem = Problem::new(&self.path(), message).standing(place).help(help);
        self.parsed.problems.push(problem);
    }

    /// The path of the node that comes next.
    fn path(&self) -> Path {
        self.open.iter().fold(Path::root(), |path, open| match open {
            Open::List { items, .. } => path.index(items.len()),
            Open::Map { key: Some(key), .. } => path.key(key.text.as_str()),
            Open::Map { key: None, .. } => path,
        })
    }
}

fn place_of(span: Span) -> Place {
    let (start, end) = (span.start, span.end);
    let length = if start.line() == end.line() { end.col().saturating_sub(start.col()) } else { 1 };
    Place { line: start.line(), column: start.col() + 1, length: length.max(1) }
}
