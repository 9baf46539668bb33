//! `substr` and `split_part`: pieces of a text, by places that count from one.

use std::sync::Arc;

use datafusion::arrow::array::{AsArray, StringViewArray};
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};

/// The functions of this module; `substring` is `substr`.
pub(super) fn functions() -> Vec<ScalarUDF> {
    vec![substr("substr"), substr("substring"), split_part()]
}

/// `substr(text, start)` and `substr(text, start, length)`: a `start` below zero counts from the end.
pub(super) fn substr(name: &'static str) -> ScalarUDF {
    let (text, whole) = (DataType::Utf8View, DataType::Int64);
    let takes = vec![
        TypeSignature::Exact(vec![text.clone(), whole.clone()]),
        TypeSignature::Exact(vec![text, whole.clone(), whole]),
    ];
    ScalarUDF::from(Piece { name, signature: Signature::one_of(takes, Volatility::Immutable) })
}

/// `split_part(text, delimiter, place)`: null behind the last part.
fn split_part() -> ScalarUDF {
    let takes = vec![DataType::Utf8View, DataType::Utf8View, DataType::Int64];
    ScalarUDF::from(Piece { name: SPLIT_PART, signature: Signature::exact(takes, Volatility::Immutable) })
}

const SPLIT_PART: &str = "split_part";

#[derive(Debug)]
struct Piece {
    name: &'static str,
    signature: Signature,
}

one_of_a_name!(Piece);

impl ScalarUDFImpl for Piece {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let is_scalar = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if is_scalar { 1 } else { args.number_rows };
        let argument = |place: usize| args.args[place].to_array(rows);
        let texts = argument(0)?;
        let texts = texts.as_string_view().iter();
        let pieces: StringViewArray = if self.name == SPLIT_PART {
            let (delimiters, places) = (argument(1)?, argument(2)?);
            let delimiters = delimiters.as_string_view().iter();
            let places = places.as_primitive::<Int64Type>().iter();
            let rows = texts.zip(delimiters).zip(places);
            let parts = rows.map(|((text, delimiter), place)| match (text, delimiter, place) {
                (Some(text), Some(delimiter), Some(place)) => part(text, delimiter, place),
                _ => Ok(None),
            });
            parts.collect::<Result<_>>()?
        } else {
            let starts = argument(1)?;
            let starts = starts.as_primitive::<Int64Type>().iter();
            match args.args.len() {
                2 => texts.zip(starts).map(|(text, start)| Some(from(text?, start?))).collect(),
                _ => {
                    let lengths = argument(2)?;
                    let lengths = lengths.as_primitive::<Int64Type>().iter();
                    let rows = texts.zip(starts).zip(lengths);
                    rows.map(|((text, start), length)| Some(head(from(text?, start?), length?))).collect()
                }
            }
        };
        if is_scalar {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&pieces, 0)?));
        }
        Ok(ColumnarValue::Array(Arc::new(pieces)))
    }
}

/// What of `text` begins at the character `start`: the first is 1, the last -1, and none is 0.
fn from(text: &str, start: i64) -> &str {
    let skip = match start {
        0 => None,
        1.. => Some(start - 1),
        _ => Some(characters(text).saturating_add(start)).filter(|skip| *skip >= 0),
    };
    let at = skip.and_then(|skip| text.char_indices().nth(usize::try_from(skip).ok()?));
    at.map_or("", |(at, _)| &text[at..])
}

/// The first `length` characters of `text`.
fn head(text: &str, length: i64) -> &str {
    let length = usize::try_from(length).unwrap_or(0);
    text.char_indices().nth(length).map_or(text, |(at, _)| &text[..at])
}

fn characters(text: &str) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(i64::MAX)
}

/// The part of `text` at `place`, between two delimiters.
fn part<'a>(text: &'a str, delimiter: &str, place: i64) -> Result<Option<&'a str>> {
    match usize::try_from(place) {
        Ok(1..) if delimiter.is_empty() => {
            Ok(Some(head(from(text, place), 1)).filter(|part| !part.is_empty()))
        }
        Ok(place @ 1..) => Ok(text.split(delimiter).nth(place - 1)),
        _ => exec_err!("split_part counts from 1, and was given {place}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_from_either_end() {
        let cases =
            [(1, "añb"), (2, "ñb"), (-1, "b"), (-3, "añb"), (0, ""), (4, ""), (-4, ""), (i64::MIN, "")];
        for (start, piece) in cases {
            assert_eq!(from("añb", start), piece, "{start}");
        }
        assert_eq!([head("añb", 2), head("añb", 9), head("añb", -1)], ["añ", "añb", ""]);
    }
}
