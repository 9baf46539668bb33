//! The published limits of requests, refused in the service's words.

use std::fmt::Display;
use std::ops::RangeInclusive;

use super::Failure;

/// A member that must be there.
pub(super) fn required<T>(member: impl Display, value: Option<T>) -> Result<T, Failure> {
    value.ok_or_else(|| {
        Failure::validation(format!(
            "1 validation error detected: Value null at '{member}' failed to satisfy constraint: \
             Member must not be null"
        ))
    })
}

/// A text's length in characters.
pub(super) fn length(member: impl Display, text: &str, range: RangeInclusive<usize>) -> Result<(), Failure> {
    // Characters are at most bytes: the common case needs no counting.
    if text.len() >= *range.start() && text.len() <= *range.end() && text.is_ascii() {
        return Ok(());
    }
    sized(member, brief(text), text.chars().count(), range)
}

/// A list's length.
pub(super) fn count<T>(
    member: impl Display,
    list: &[T],
    range: RangeInclusive<usize>,
) -> Result<(), Failure> {
    sized(member, format_args!("[{} members]", list.len()), list.len(), range)
}

fn sized(
    member: impl Display,
    value: impl Display,
    length: usize,
    range: RangeInclusive<usize>,
) -> Result<(), Failure> {
    if length < *range.start() {
        let least = range.start();
        let what = format!("Member must have length greater than or equal to {least}");
        return Err(constraint(member, value, &what));
    }
    if length > *range.end() {
        let most = range.end();
        return Err(constraint(
            member,
            value,
            &format!("Member must have length less than or equal to {most}"),
        ));
    }
    Ok(())
}

/// A number's range.
pub(super) fn within(member: impl Display, value: i64, range: RangeInclusive<i64>) -> Result<i64, Failure> {
    if value < *range.start() {
        let least = range.start();
        let what = format!("Member must have value greater than or equal to {least}");
        return Err(constraint(member, value, &what));
    }
    if value > *range.end() {
        let most = range.end();
        return Err(constraint(
            member,
            value,
            &format!("Member must have value less than or equal to {most}"),
        ));
    }
    Ok(value)
}

/// One of an enumeration's values.
pub(super) fn one_of<T: Copy>(member: impl Display, text: &str, values: &[(&str, T)]) -> Result<T, Failure> {
    let found = values.iter().find(|(name, _)| *name == text);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<_> = values.iter().map(|(name, _)| *name).collect();
        let what = format!("Member must satisfy enum value set: [{}]", names.join(", "));
        constraint(member, text, &what)
    })
}

/// The name of a new database or table.
pub(super) fn name(member: impl Display, text: &str) -> Result<(), Failure> {
    length(&member, text, 3..=256)?;
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)) {
        return Ok(());
    }
    Err(constraint(member, text, "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"))
}

/// The start of a text that may be long, for a message.
fn brief(text: &str) -> impl Display {
    const SHOWN: usize = 60;
    let end = text.char_indices().nth(SHOWN).map(|(end, _)| end);
    match end {
        Some(end) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// A value that breaks a constraint of its member.
pub(super) fn constraint(member: impl Display, value: impl Display, what: &str) -> Failure {
    Failure::validation(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {what}"
    ))
}
