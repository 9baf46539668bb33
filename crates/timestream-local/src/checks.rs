//! The constraints of the service model on what requests hold, refused in the service's words. All that is wrong
//! with a request is told at once: `all` and `each` put checks together. Not here: which member has which.

mod patterns;

use std::fmt::{self, Display};
use std::ops::RangeInclusive;

pub(crate) use patterns::{BUCKET, NEW_NAME, OBJECT_KEY, Pattern, QUERY_ID, TASK_ID};

use crate::failure::Failure;

/// A member that must be there.
pub(crate) fn required<T>(member: impl Display, value: Option<T>) -> Result<T, Failure> {
    value.ok_or_else(|| {
        Failure::violation(format!(
            "Value null at '{member}' failed to satisfy constraint: Member must not be null"
        ))
    })
}

/// A text's length in characters.
pub(crate) fn length(member: impl Display, text: &str, range: RangeInclusive<usize>) -> Result<(), Failure> {
    // Characters are at most bytes: the common case needs no counting.
    if text.len() >= *range.start() && text.len() <= *range.end() && text.is_ascii() {
        return Ok(());
    }
    let (least, most) = range.into_inner();
    let length = text.chars().count();
    in_range(member, brief(text), "length", length, least, most)
}

/// A list's length.
pub(crate) fn count<T>(
    member: impl Display,
    list: &[T],
    range: RangeInclusive<usize>,
) -> Result<(), Failure> {
    let (least, most) = range.into_inner();
    in_range(member, format_args!("[{} members]", list.len()), "length", list.len(), least, most)
}

/// A number's range.
pub(crate) fn within(member: impl Display, value: i64, range: RangeInclusive<i64>) -> Result<i64, Failure> {
    let (least, most) = range.into_inner();
    in_range(member, value, "value", value, least, most).map(|()| value)
}

/// One of an enumeration's values.
pub(crate) fn one_of<T: Copy>(member: impl Display, text: &str, values: &[(&str, T)]) -> Result<T, Failure> {
    let found = values.iter().find(|(name, _)| *name == text);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<_> = values.iter().map(|(name, _)| *name).collect();
        let what = format!("Member must satisfy enum value set: [{}]", names.join(", "));
        constraint(member, brief(text), &what)
    })
}

/// A text of a form.
pub(crate) fn matches(member: impl Display, text: &str, pattern: &Pattern) -> Result<(), Failure> {
    if (pattern.matches)(text) {
        return Ok(());
    }
    let what = format!("Member must satisfy regular expression pattern: {}", pattern.spelled);
    Err(constraint(member, brief(text), &what))
}

/// The name of a new database or table. Its length is not in the model but in the developer guide.
pub(crate) fn name(member: impl Display, text: &str) -> Result<(), Failure> {
    all((length(&member, text, 3..=256), matches(&member, text, &NEW_NAME))).map(|_| ())
}

/// A `name` that must be there.
pub(crate) fn new_name(member: impl Display, text: Option<String>) -> Result<String, Failure> {
    let text = required(&member, text)?;
    name(member, &text).map(|()| text)
}

/// A text that may be missing, and has a length.
pub(crate) fn optional(
    member: impl Display,
    text: Option<String>,
    range: RangeInclusive<usize>,
) -> Result<Option<String>, Failure> {
    text.map(|text| length(member, &text, range).map(|()| text)).transpose()
}

/// A text that must be there, and has a length.
pub(crate) fn text(
    member: impl Display,
    text: Option<String>,
    range: RangeInclusive<usize>,
) -> Result<String, Failure> {
    let text = required(&member, text)?;
    length(member, &text, range).map(|()| text)
}

/// A text that must be there, and has a length and a form.
pub(crate) fn formed(
    member: impl Display,
    text: Option<String>,
    range: RangeInclusive<usize>,
    pattern: &Pattern,
) -> Result<String, Failure> {
    let text = required(&member, text)?;
    all((length(&member, &text, range), matches(&member, &text, pattern))).map(|_| text)
}

/// The name of an S3 bucket, which must be there.
pub(crate) fn bucket(member: impl Display, name: Option<String>) -> Result<String, Failure> {
    formed(member, name, 3..=63, &BUCKET)
}

/// What the keys of S3 objects begin with; it may be missing.
pub(crate) fn key_prefix(
    member: impl Display,
    prefix: Option<String>,
    most: usize,
) -> Result<Option<String>, Failure> {
    prefix.map(|prefix| formed(member, Some(prefix), 1..=most, &OBJECT_KEY)).transpose()
}

/// The values of several checks, or all that is wrong with them.
pub(crate) fn all<C: Checks>(checks: C) -> Result<C::Values, Failure> {
    checks.values()
}

/// The values of a list's checks, or all that is wrong with them.
pub(crate) fn each<T>(checks: impl Iterator<Item = Result<T, Failure>>) -> Result<Vec<T>, Failure> {
    let mut values = Vec::with_capacity(checks.size_hint().0);
    let mut failed: Option<Failure> = None;
    for check in checks {
        match check {
            Ok(value) => values.push(value),
            Err(failure) => failed = Some(also(failed, failure)),
        }
    }
    failed.map_or(Ok(values), Err)
}

/// What `all` takes: a tuple of results.
pub(crate) trait Checks {
    type Values;

    fn values(self) -> Result<Self::Values, Failure>;
}

macro_rules! checks_of_tuples {
    ($(($($value:ident)+))+) => {$(
        impl<$($value),+> Checks for ($(Result<$value, Failure>,)+) {
            type Values = ($($value,)+);

            #[allow(non_snake_case, reason = "a value is called as its type is")]
            fn values(self) -> Result<Self::Values, Failure> {
                match self {
                    ($(Ok($value),)+) => Ok(($($value,)+)),
                    ($($value,)+) => {
                        let mut failed = None;
                        $(if let Err(failure) = $value { failed = Some(also(failed, failure)); })+
                        Err(failed.expect("the first arm takes what has not failed"))
                    }
                }
            }
        }
    )+};
}

checks_of_tuples! { (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) }

fn also(first: Option<Failure>, next: Failure) -> Failure {
    match first {
        Some(first) => first.and(next),
        None => next,
    }
}

/// Member `name` of the entry at `index` of a list: messages count from 1, as the service's do.
pub(crate) fn of_entry(list: impl Display, index: usize, name: &str) -> impl Display {
    fmt::from_fn(move |f| write!(f, "{list}.{}.member.{name}", index + 1))
}

/// The start of a text that may be long, for a message.
pub(crate) fn brief(text: &str) -> impl Display {
    const SHOWN: usize = 60;
    let end = text.char_indices().nth(SHOWN).map(|(end, _)| end);
    match end {
        Some(end) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

fn in_range<T: Copy + PartialOrd + Display>(
    member: impl Display,
    value: impl Display,
    what: &str,
    measured: T,
    least: T,
    most: T,
) -> Result<(), Failure> {
    let bound = match () {
        () if measured < least => format!("greater than or equal to {least}"),
        () if measured > most => format!("less than or equal to {most}"),
        () => return Ok(()),
    };
    Err(constraint(member, value, &format!("Member must have {what} {bound}")))
}

/// A value that breaks a constraint of its member.
pub(crate) fn constraint(member: impl Display, value: impl Display, what: &str) -> Failure {
    Failure::violation(format!("Value '{value}' at '{member}' failed to satisfy constraint: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let name = |text: &str| new_name("name", Some(text.to_owned()));
        assert_eq!(all((name("abc"), required("b", Some(1)))).unwrap(), ("abc".to_owned(), 1));
        let list = each(
            [1, 200, 3, 400]
                .into_iter()
                .enumerate()
                .map(|(index, value)| within(of_entry("list", index, "value"), value, 1..=100)),
        );
        let failed = all((name("é"), required::<()>("b", None), list)).unwrap_err();
        insta::assert_snapshot!(failed.message().replace("; ", ";\n"), @r"
        5 validation errors detected: Value 'é' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 3;
        Value 'é' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+;
        Value null at 'b' failed to satisfy constraint: Member must not be null;
        Value '200' at 'list.2.member.value' failed to satisfy constraint: Member must have value less than or equal to 100;
        Value '400' at 'list.4.member.value' failed to satisfy constraint: Member must have value less than or equal to 100
        ");
        let other = all((Err::<(), _>(Failure::validation("No.")), required::<()>("b", None))).unwrap_err();
        insta::assert_snapshot!(other.message(), @r"1 validation error detected: Value null at 'b' failed to satisfy constraint: Member must not be null");
    }
}
