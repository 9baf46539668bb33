//! What does not fit a type, as data; and the deserializer that reports it so. Serde's usual errors
//! are sentences, which could only be picked apart again. Not here: places, repair (`reader`).

use std::fmt::Display;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, Error, Expected, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use super::Yaml;

/// Why a node does not fit its type.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(super) enum Fault {
    /// Another type is wanted, or another value of the type.
    #[error("wants {wanted}, found {found}")]
    Unfit { wanted: String, found: String },
    /// A word that is none of those known.
    #[error("unknown word `{found}`")]
    UnknownWord { found: String, known: &'static [&'static str] },
    /// A key that is none of those known.
    #[error("unknown key `{key}`")]
    UnknownKey { key: String, known: &'static [&'static str] },
    /// A key that must be there.
    #[error("missing key `{0}`")]
    MissingKey(&'static str),
    /// In words of its own.
    #[error("{0}")]
    Other(String),
}

impl Error for Fault {
    fn custom<T: Display>(message: T) -> Self {
        Self::Other(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Self::Unfit { wanted: type_in_words(wanted), found: value_in_words(found) }
    }

    fn invalid_value(found: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        let wanted = match wanted.to_string().as_str() {
            "u32" => format!("a whole number from 0 to {}", u32::MAX),
            "u64" => format!("a whole number from 0 to {}", u64::MAX),
            _ => type_in_words(wanted),
        };
        Self::Unfit { wanted, found: value_in_words(found) }
    }

    fn unknown_variant(found: &str, known: &'static [&'static str]) -> Self {
        Self::UnknownWord { found: found.to_owned(), known }
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        Self::UnknownKey { key: key.to_owned(), known }
    }

    fn missing_field(key: &'static str) -> Self {
        Self::MissingKey(key)
    }
}

fn type_in_words(wanted: &dyn Expected) -> String {
    let words = wanted.to_string();
    match words.as_str() {
        "u32" | "u64" => "a whole number",
        "f64" => "a number",
        "a string" => "text",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        structure if structure.starts_with("struct ") => "a map",
        other => other,
    }
    .to_owned()
}

fn value_in_words(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(truth) => truth.to_string(),
        Unexpected::Unsigned(number) => format!("the number {number}"),
        Unexpected::Signed(number) => format!("the number {number}"),
        Unexpected::Float(number) => format!("the number {number}"),
        Unexpected::Str(text) => format!("the text `{text}`"),
        Unexpected::Unit => "nothing".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a map".to_owned(),
        other => other.to_string(),
    }
}

/// `a`, `b` or `c`.
pub(super) fn one_of(words: &[&str]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

/// A value to deserialize from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a>(pub(super) &'a Yaml);

impl<'de> IntoDeserializer<'de, Fault> for Source<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Source<'de> {
    fn found(self) -> Unexpected<'de> {
        match self.0 {
            Yaml::Bool(truth) => Unexpected::Bool(*truth),
            Yaml::Number(number) => Unexpected::Float(number.as_f64().unwrap_or(f64::NAN)),
            Yaml::String(text) => Unexpected::Str(text),
            Yaml::Sequence(_) => Unexpected::Seq,
            Yaml::Mapping(_) => Unexpected::Map,
            Yaml::Null | Yaml::Tagged(_) => Unexpected::Unit,
        }
    }
}

impl<'de> Deserializer<'de> for Source<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0 {
            Yaml::Bool(truth) => visitor.visit_bool(*truth),
            Yaml::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => visitor.visit_u64(number),
                (None, Some(number)) => visitor.visit_i64(number),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN)),
            },
            Yaml::String(text) => visitor.visit_str(text),
            Yaml::Sequence(items) => SeqDeserializer::new(items.iter().map(Self)).deserialize_any(visitor),
            Yaml::Mapping(map) => {
                let entry =
                    |(key, value): (&'de Yaml, &'de Yaml)| (key.as_str().unwrap_or_default(), Self(value));
                MapDeserializer::new(map.iter().map(entry)).deserialize_any(visitor)
            }
            Yaml::Null | Yaml::Tagged(_) => visitor.visit_unit(),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0 {
            Yaml::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    /// A map only: serde would take a list too.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.0 {
            Yaml::Mapping(_) => self.deserialize_any(visitor),
            _ => Err(Fault::invalid_type(self.found(), &visitor)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.0 {
            Yaml::String(text) => visitor.visit_enum(text.as_str().into_deserializer()),
            _ => Err(Fault::Unfit { wanted: one_of(words), found: value_in_words(self.found()) }),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}
