//! `CsvConfiguration` and its checks. Not here: reading files by it (`batch_load` of the crate).

use super::super::{Failure, checks};
use super::shapes::WireCsv;
use crate::batch_load::Dialect;

pub(super) fn read_dialect(wire: WireCsv) -> Result<Dialect, Failure> {
    let usual = Dialect::default();
    let separators = "Member must be a comma, a pipe, a semicolon, a tab or a blank";
    let quotes = "Member must be a single or a double quote";
    let escapes = "Member must be a printable ASCII character other than the column separator";
    let separator =
        one("columnSeparator", wire.column_separator, separators, |byte| b",|;\t ".contains(&byte));
    let taken = separator.as_ref().map_or(None, |separator| Some(separator.unwrap_or(usual.separator)));
    let printable = |byte: u8| (byte.is_ascii_graphic() || byte == b' ') && Some(byte) != taken;
    let (separator, quote, escape, null) = checks::all((
        separator,
        one("quoteChar", wire.quote_char, quotes, |byte| b"\"'".contains(&byte)),
        one("escapeChar", wire.escape_char, escapes, printable),
        checks::optional(member("nullValue"), wire.null_value, 1..=256),
    ))?;
    let quote = quote.unwrap_or(usual.quote);
    Ok(Dialect {
        separator: separator.unwrap_or(usual.separator),
        quote,
        // A quote that escapes quotes is the doubled one, which is always read.
        escape: escape.filter(|&escape| escape != quote),
        null,
        trim: wire.trim_white_space == Some(true),
    })
}

/// A text that may be missing, and is one of some characters.
fn one(
    name: &str,
    text: Option<String>,
    what: &str,
    fits: impl Fn(u8) -> bool,
) -> Result<Option<u8>, Failure> {
    let Some(text) = checks::optional(member(name), text, 1..=1)? else { return Ok(None) };
    match text.as_bytes() {
        &[byte] if fits(byte) => Ok(Some(byte)),
        _ => Err(checks::constraint(member(name), text, what)),
    }
}

fn member(name: &str) -> String {
    format!("dataSourceConfiguration.csvConfiguration.{name}")
}
