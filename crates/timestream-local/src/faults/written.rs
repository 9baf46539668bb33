//! Values as plans write them: shares, rates, spans of time, delays. Each is read from a text and
//! printed as one. Not here: what they do (`act`).

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

/// A value that is written as a text.
trait Written: Sized {
    /// The form, as messages name it.
    const FORM: &'static str;
    /// A value as it is written.
    const EXAMPLE: &'static str;

    fn read(text: &str) -> Option<Self>;
}

struct Text<T>(PhantomData<T>);

impl<T: Written> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::FORM)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::read(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

macro_rules! written {
    ($($name:ident),*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Text(PhantomData))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "description": Self::FORM, "examples": [Self::EXAMPLE] })
            }
        }
    )*};
}

written!(Share, Rate, Span);

/// A share of requests or records, in per cent: `20%`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share(f64);

impl Share {
    /// The share as a fraction.
    pub(super) fn fraction(self) -> f64 {
        self.0 / 100.0
    }
}

impl Written for Share {
    const FORM: &'static str = "a share such as 20%";
    const EXAMPLE: &'static str = "20%";

    fn read(text: &str) -> Option<Self> {
        let percent: f64 = text.trim().strip_suffix('%')?.trim().parse().ok()?;
        (0.0..=100.0).contains(&percent).then_some(Self(percent))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

/// Requests a second: `500/s`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate(f64);

impl Rate {
    /// Nanoseconds from one request to the next.
    pub(super) fn interval(self) -> i64 {
        ((1e9 / self.0) as i64).max(1)
    }
}

impl Written for Rate {
    const FORM: &'static str = "a rate above 0 such as 500/s";
    const EXAMPLE: &'static str = "500/s";

    fn read(text: &str) -> Option<Self> {
        let per_second: f64 = text.trim().strip_suffix("/s")?.trim().parse().ok()?;
        (1e-6..=1e9).contains(&per_second).then_some(Self(per_second))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", self.0)
    }
}

/// A span of time: `200ms`, `10s`, `1h30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(i64);

impl Span {
    /// The span in nanoseconds; never negative.
    pub(super) fn nanos(self) -> i64 {
        self.0
    }
}

impl Written for Span {
    const FORM: &'static str = "a duration such as 200ms, 10s or 5m";
    const EXAMPLE: &'static str = "10s";

    fn read(text: &str) -> Option<Self> {
        let duration = humantime::parse_duration(text.trim()).ok()?;
        i64::try_from(duration.as_nanos()).ok().map(Self)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = humantime::format_duration(Duration::from_nanos(self.0.unsigned_abs())).to_string();
        f.write_str(&text.replace(' ', ""))
    }
}

/// A delay: always the same, anything within bounds, or lognormal as the delays of services are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Latency {
    /// `20ms`.
    Fixed(Span),
    /// `10ms..50ms`.
    Uniform(Span, Span),
    /// `{ median: 20ms, sigma: 0.5 }`; sigma is the standard deviation of the logarithm.
    Lognormal {
        /// Half of the delays are longer.
        median: Span,
        /// How far they spread: with 0.5 one in a hundred is above 3.2 medians.
        sigma: f64,
    },
}

impl Written for Latency {
    const FORM: &'static str =
        "a delay such as 20ms, a range such as 10ms..50ms, or `{ median: 20ms, sigma: 0.5 }`";
    const EXAMPLE: &'static str = "20ms";

    fn read(text: &str) -> Option<Self> {
        match text.split_once("..") {
            None => Span::read(text).map(Self::Fixed),
            Some((from, to)) => {
                let (from, to) = (Span::read(from)?, Span::read(to)?);
                (from <= to).then_some(Self::Uniform(from, to))
            }
        }
    }
}

/// A lognormal delay.
#[derive(serde::Serialize, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Lognormal {
    /// Half of the delays are longer.
    median: Span,
    /// The standard deviation of the logarithm: with 0.5 one in a hundred is above 3.2 medians.
    sigma: f64,
}

impl JsonSchema for Latency {
    fn schema_name() -> Cow<'static, str> {
        "Latency".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A delay: always the same, anything within bounds, or lognormal.",
            "anyOf": [{ "type": "string" }, generator.subschema_for::<Lognormal>()],
            "examples": ["20ms", "10ms..50ms", { "median": "20ms", "sigma": 0.5 }],
        })
    }
}

impl<'de> Deserialize<'de> for Latency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrMap;
        impl<'de> Visitor<'de> for TextOrMap {
            type Value = Latency;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(Latency::FORM)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Latency, E> {
                Text(PhantomData).visit_str(text)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Latency, A::Error> {
                let Lognormal { median, sigma } = Lognormal::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Latency::Lognormal { median, sigma })
            }
        }
        deserializer.deserialize_any(TextOrMap)
    }
}

impl Serialize for Latency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Lognormal { median, sigma } => Lognormal { median, sigma }.serialize(serializer),
            _ => serializer.collect_str(self),
        }
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(span) => span.fmt(f),
            Self::Uniform(from, to) => write!(f, "{from}..{to}"),
            Self::Lognormal { median, sigma } => write!(f, "{{ median: {median}, sigma: {sigma} }}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a text reads as, printed again; or why it does not.
    fn read<T: for<'de> Deserialize<'de> + fmt::Display>(json: &str) -> String {
        serde_json::from_str::<T>(json).map_or_else(|error| error.to_string(), |value| value.to_string())
    }

    #[test]
    fn values_print_as_they_are_written() {
        for share in ["20%", "0.5%", "0%", "100%", "33.3%"] {
            assert_eq!(read::<Share>(&format!("{share:?}")), share);
        }
        for rate in ["500/s", "0.25/s"] {
            assert_eq!(read::<Rate>(&format!("{rate:?}")), rate);
        }
        for span in ["200ms", "10s", "1h30m", "0s"] {
            assert_eq!(read::<Span>(&format!("{span:?}")), span);
        }
        for latency in ["20ms", "10ms..50ms"] {
            assert_eq!(read::<Latency>(&format!("{latency:?}")), latency);
        }
        let lognormal = r#"{ "median": "20ms", "sigma": 0.5 }"#;
        assert_eq!(read::<Latency>(lognormal), "{ median: 20ms, sigma: 0.5 }");
    }

    #[test]
    fn what_does_not_read_is_told_its_form() {
        let told = [
            read::<Share>("20"),
            read::<Share>(r#""20""#),
            read::<Share>(r#""101%""#),
            read::<Share>(r#""NaN%""#),
            read::<Rate>(r#""500""#),
            read::<Rate>(r#""0/s""#),
            read::<Span>("10"),
            read::<Span>(r#""-1s""#),
            read::<Span>(r#""999999999999d""#),
            read::<Latency>(r#""50ms..10ms""#),
            read::<Latency>("true"),
            read::<Latency>(r#"{ "median": "20ms" }"#),
            read::<Latency>(r#"{ "mean": "20ms" }"#),
        ];
        insta::assert_snapshot!(told.join("\n"));
    }
}
