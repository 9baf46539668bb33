//! Records as they stand in a request, borrowed from its bytes. Not here: what they may hold (`shape`).

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Deserializer};

/// A record, or the attributes common to all of a request.
#[derive(Debug, Clone, PartialEq, Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct WireRecord<'a> {
    #[serde(borrow)]
    pub(crate) dimensions: Option<WireDimensions<'a>>,
    pub(crate) measure_name: Option<Text<'a>>,
    pub(crate) measure_value: Option<Text<'a>>,
    pub(crate) measure_value_type: Option<Text<'a>>,
    pub(crate) measure_values: Option<Vec<WireMeasure<'a>>>,
    pub(crate) time: Option<Text<'a>>,
    pub(crate) time_unit: Option<Text<'a>>,
    pub(crate) version: Option<i64>,
}

/// A list of dimensions. Records may share one that they were found to have in common, and so what is made of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WireDimensions<'a>(Arc<Vec<WireDimension<'a>>>);

/// A dimension; its type is always VARCHAR.
#[derive(Debug, Clone, PartialEq, Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct WireDimension<'a> {
    #[serde(borrow)]
    pub(crate) name: Option<Text<'a>>,
    pub(crate) value: Option<Text<'a>>,
    pub(crate) dimension_value_type: Option<Text<'a>>,
}

/// A measure of a MULTI record.
#[derive(Debug, Clone, PartialEq, Deserialize, Default)]
pub(crate) struct WireMeasure<'a> {
    #[serde(borrow, rename = "Name")]
    pub(crate) name: Option<Text<'a>>,
    #[serde(rename = "Value")]
    pub(crate) value: Option<Text<'a>>,
    #[serde(rename = "Type")]
    pub(crate) kind: Option<Text<'a>>,
}

/// A text borrowed from the request wherever it holds no escapes. (serde borrows a bare `Cow` field,
/// but not one inside `Option`.)
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl WireDimensions<'_> {
    /// Whether both are one list; others may be equal.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<'a> From<Vec<WireDimension<'a>>> for WireDimensions<'a> {
    fn from(list: Vec<WireDimension<'a>>) -> Self {
        Self(Arc::new(list))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for WireDimensions<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::from)
    }
}

impl<'a> std::ops::Deref for WireDimensions<'a> {
    type Target = [WireDimension<'a>];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl<'a> From<Cow<'a, str>> for Text<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self(text)
    }
}

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}
