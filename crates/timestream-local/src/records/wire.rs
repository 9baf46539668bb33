//! Records as they stand in a request, borrowed from its bytes. Not here: what they may hold (`shape`).

use std::borrow::Cow;

use serde::Deserialize;

/// A record, or the attributes common to all of a request.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct WireRecord<'a> {
    #[serde(borrow)]
    pub(crate) dimensions: Option<Vec<WireDimension<'a>>>,
    pub(crate) measure_name: Option<Text<'a>>,
    pub(crate) measure_value: Option<Text<'a>>,
    pub(crate) measure_value_type: Option<Text<'a>>,
    pub(crate) measure_values: Option<Vec<WireMeasure<'a>>>,
    pub(crate) time: Option<Text<'a>>,
    pub(crate) time_unit: Option<Text<'a>>,
    pub(crate) version: Option<i64>,
}

/// A dimension; its type is always VARCHAR.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct WireDimension<'a> {
    #[serde(borrow)]
    pub(crate) name: Option<Text<'a>>,
    pub(crate) value: Option<Text<'a>>,
    pub(crate) dimension_value_type: Option<Text<'a>>,
}

/// A measure of a MULTI record.
#[derive(Deserialize)]
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
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

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
