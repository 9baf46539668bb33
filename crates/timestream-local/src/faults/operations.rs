//! Which operations a rule is about. Not here: what they are (`protocol`).

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::protocol::OPERATIONS;

const ANY: &str = "any";

/// The words that stand for operations: `any` and their names.
const WORDS: [&str; OPERATIONS.len() + 1] = {
    let mut words = [ANY; OPERATIONS.len() + 1];
    let mut index = 0;
    while index < OPERATIONS.len() {
        words[index + 1] = OPERATIONS[index];
        index += 1;
    }
    words
};

/// A set of operations: `any`, `WriteRecords` or `[WriteRecords, Query]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operations(u32);

impl Operations {
    /// All of them.
    pub(super) const ANY: Self = Self((1 << OPERATIONS.len()) - 1);

    /// The only operation that has records.
    pub(super) const WRITES: Self = Self(1);

    /// Whether the operation of this index is one of them.
    pub(super) fn covers(self, operation: usize) -> bool {
        self.0 >> operation & 1 == 1
    }

    fn names(self) -> impl Iterator<Item = &'static str> {
        OPERATIONS.into_iter().enumerate().filter(move |(index, _)| self.covers(*index)).map(|(_, name)| name)
    }

    fn read<E: Error>(word: &str) -> Result<Self, E> {
        match WORDS.iter().position(|known| *known == word) {
            Some(0) => Ok(Self::ANY),
            Some(place) => Ok(Self(1 << (place - 1))),
            None => Err(E::unknown_variant(word, &WORDS)),
        }
    }
}

/// One of them.
struct One(Operations);

impl<'de> Deserialize<'de> for One {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Words).map(Self)
    }
}

struct Words;

impl<'de> Visitor<'de> for Words {
    type Value = Operations;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`any`, an operation such as `WriteRecords`, or a list of them")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Operations, E> {
        Operations::read(word)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut words: A) -> Result<Operations, A::Error> {
        let mut all = 0;
        while let Some(One(Operations(one))) = words.next_element()? {
            all |= one;
        }
        if all == 0 {
            Err(A::Error::custom("it names no operation; leave it out for any"))
        } else {
            Ok(Operations(all))
        }
    }
}

impl<'de> Deserialize<'de> for Operations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Words)
    }
}

impl JsonSchema for Operations {
    fn schema_name() -> Cow<'static, str> {
        "Operations".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // A list takes the same words; a text that is none of them may stand for one, in files with parameters.
        let (any, words) = ("`any`, an operation, or a list of operations.", WORDS.join(", "));
        json_schema!({
            "description": format!("{any} Operations are {}.", words.trim_start_matches("any, ")),
            "type": ["string", "array"],
            "items": { "type": "string" },
            "examples": ["any", "WriteRecords", ["WriteRecords", "Query"]],
        })
    }
}

impl Serialize for Operations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let names: Vec<_> = self.names().collect();
        match names[..] {
            _ if *self == Self::ANY => serializer.serialize_str(ANY),
            [name] => serializer.serialize_str(name),
            _ => serializer.collect_seq(names),
        }
    }
}

impl fmt::Display for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::ANY {
            return f.write_str("any operation");
        }
        f.write_str(&self.names().collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_print_as_they_are_written() {
        for json in [r#""any""#, r#""Query""#, r#"["WriteRecords","Query"]"#] {
            let operations: Operations = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&operations).unwrap(), json);
        }
        let writes: Operations = serde_json::from_str(r#""WriteRecords""#).unwrap();
        assert_eq!(writes, Operations::WRITES);
    }

    #[test]
    fn words_that_name_no_operation_are_told_those_that_do() {
        let told = ["[]", "7", r#""WriteRecord""#, r#"["Query", "Qury"]"#]
            .map(|json| serde_json::from_str::<Operations>(json).unwrap_err().to_string());
        insta::assert_snapshot!(told.join("\n"));
    }
}
