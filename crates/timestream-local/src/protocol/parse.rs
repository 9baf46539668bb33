//! Reading a request's JSON. An object must be one: serde's derived types would take an array of the members in
//! their order as well, which the service refuses. And lists have so many entries: a `{}` of three bytes becomes a
//! hundred times as many. Not here: what the members may hold, which list has how many (`checks`).

use std::cell::Cell;
use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::{Failure, Kind};

/// Entries that the lists of a request have together. The longest is a data model: 128 dimensions and as many measures
/// as somebody has patience for.
const ENTRIES: usize = 4_096;

/// Reads a request; an empty body is an empty object.
pub(super) fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Failure> {
    parse_long(body, ENTRIES)
}

/// Reads a request whose lists have `most` entries together.
pub(super) fn parse_long<'a, T: Deserialize<'a>>(body: &'a [u8], most: usize) -> Result<T, Failure> {
    let body = if body.is_empty() { b"{}" } else { body };
    let malformed = |error: &dyn fmt::Display| Failure::new(Kind::Serialization, error.to_string());
    // Checked at once: serde_json would check each text by itself, at a tenth of what it costs to read a write.
    let text = std::str::from_utf8(body).map_err(|error| malformed(&error))?;
    let mut json = serde_json::Deserializer::from_str(text);
    let left = Left { most, entries: Cell::new(most) };
    let read = T::deserialize(Strict(&mut json, &left)).and_then(|request| json.end().map(|()| request));
    read.map_err(|error| malformed(&error))
}

/// How many entries lists may still have.
struct Left {
    most: usize,
    entries: Cell<usize>,
}

impl Left {
    fn take<E: Error>(&self) -> Result<(), E> {
        let fewer = self.entries.get().checked_sub(1);
        let fewer = fewer.ok_or_else(|| {
            E::custom(format_args!("the lists of the request have more than {} entries together", self.most))
        })?;
        self.entries.set(fewer);
        Ok(())
    }
}

/// Whatever it wraps (a deserializer, a visitor, what a visitor is given) asks for structures as maps and counts the
/// entries of lists, all the way down.
struct Strict<'l, T>(T, &'l Left);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Strict<'_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(Strict(visitor, self.1))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _members: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Strict(visitor, self.1))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_option(Strict(visitor, self.1))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_newtype_struct(name, Strict(visitor, self.1))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_enum(name, variants, Strict(visitor, self.1))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        // Skipped without being looked at.
        self.0.deserialize_ignored_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Strict<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<V::Value, E> {
        self.0.visit_bool(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<V::Value, E> {
        self.0.visit_i64(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<V::Value, E> {
        self.0.visit_u64(value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<V::Value, E> {
        self.0.visit_f64(value)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<V::Value, E> {
        self.0.visit_str(text)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<V::Value, E> {
        self.0.visit_borrowed_str(text)
    }

    fn visit_string<E: Error>(self, text: String) -> Result<V::Value, E> {
        self.0.visit_string(text)
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Strict(value, self.1))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        self.0.visit_newtype_struct(Strict(value, self.1))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<V::Value, A::Error> {
        self.0.visit_seq(Strict(list, self.1))
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Strict(object, self.1))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        self.0.visit_enum(variant)
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Strict<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Strict(value, self.1))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Strict<'_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        let entry = self.0.next_element_seed(Strict(seed, self.1))?;
        if entry.is_some() {
            self.1.take()?;
        }
        Ok(entry)
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Strict<'_, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Strict(seed, self.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Outer<'a> {
        #[serde(borrow)]
        inner: Option<Vec<Inner<'a>>>,
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Inner<'a> {
        name: &'a str,
        count: Option<i64>,
    }

    #[test]
    fn objects_are_read_and_their_texts_borrowed() {
        let read: Outer<'_> = parse(br#"{"inner": [{"name": "a", "count": 7, "other": [{}]}]}"#).unwrap();
        assert_eq!(read, Outer { inner: Some(vec![Inner { name: "a", count: Some(7) }]) });
        assert_eq!(parse::<Outer<'_>>(b"").unwrap(), Outer { inner: None });
    }

    #[test]
    fn lists_have_so_many_entries_together() {
        #[derive(Debug, serde::Deserialize)]
        struct Lists {
            a: Vec<Vec<u8>>,
            b: Vec<u8>,
        }
        let read = |body: &str| {
            parse_long::<Lists>(body.as_bytes(), 5).map_err(|error| error.message().into_owned())
        };
        let Lists { a, b } = read(r#"{"a": [[1, 2]], "b": [3, 4], "other": [5, 6]}"#).unwrap();
        assert_eq!((a, b), (vec![vec![1, 2]], vec![3, 4]), "what nobody reads is not counted");
        let told = read(r#"{"a": [[1, 2]], "b": [3, 4, 5]}"#).unwrap_err();
        assert_eq!(told, "the lists of the request have more than 5 entries together at line 1 column 30");
    }

    #[test]
    fn arrays_are_not_objects_at_any_depth() {
        for body in ["[]", "[null]", r#"{"inner": [["a", 7]]}"#, r#"{"inner": {}}"#, "{} {}", "{"] {
            let refused = parse::<Outer<'_>>(body.as_bytes()).unwrap_err();
            assert_eq!(refused.kind(), Kind::Serialization, "{body}");
        }
    }
}
