//! What went wrong, in the service's words. Not here: HTTP statuses and exception names (`protocol`).

use datafusion::arrow::error::ArrowError;
use datafusion::common::{DataFusionError, SchemaError};
use datafusion::sql::sqlparser::parser::ParserError;
use datafusion::sql::sqlparser::tokenizer::Location;

use super::functions::Functions;

/// Why a query has no (further) answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SqlError {
    /// The text is not valid: ValidationException.
    #[error("{0}")]
    Validation(String),
    /// The query failed while it ran: QueryExecutionException.
    #[error("{0}")]
    Execution(String),
    /// The engine failed: InternalServerException.
    #[error("{0}")]
    Internal(String),
}

impl SqlError {
    /// Bad SQL at a place in the text.
    pub(super) fn at(location: Location, message: impl std::fmt::Display) -> Self {
        // What has no place of its own counts as the start.
        let (line, column) = (location.line.max(1), location.column.max(1));
        Self::Validation(format!("line {line}:{column}: {message}"))
    }

    /// A text that does not parse, and ends at `end`.
    pub(super) fn syntax(error: &ParserError, end: Location) -> Self {
        let message = match error {
            ParserError::TokenizerError(message) | ParserError::ParserError(message) => message,
            ParserError::RecursionLimitExceeded => {
                return Self::Validation("line 1:1: statement is too deeply nested".to_owned());
            }
        };
        let (message, location) = split_location(message);
        let location = location.unwrap_or(end);
        let message = match message.strip_prefix("Expected: ").and_then(|m| m.rsplit_once(", found: ")) {
            Some((expected, "EOF")) => format!("mismatched input '<EOF>'. Expecting: {expected}"),
            Some((expected, found)) => format!("mismatched input '{found}'. Expecting: {expected}"),
            None => message.to_owned(),
        };
        Self::at(location, message)
    }

    /// A text that does not plan; `locate` finds a name in it.
    pub(super) fn planning(error: &DataFusionError, locate: &dyn Fn(&str) -> Option<Location>) -> Self {
        let span = error.diagnostic().and_then(|diagnostic| diagnostic.span);
        let place = span.map(|span| Location { line: span.start.line, column: span.start.column });
        let at = |name: &str, message: String| {
            let start = Location { line: 1, column: 1 };
            Self::at(place.or_else(|| locate(name)).unwrap_or(start), message)
        };
        match innermost(error) {
            DataFusionError::SchemaError(schema, _) => match schema.as_ref() {
                SchemaError::FieldNotFound { field, .. } => {
                    let name = match &field.relation {
                        Some(relation) => format!("{}.{}", relation.table(), field.name),
                        None => field.name.clone(),
                    };
                    at(&field.name, format!("Column '{name}' does not exist"))
                }
                SchemaError::AmbiguousReference { field } => {
                    at(&field.name, format!("Column '{}' is ambiguous", field.name))
                }
                SchemaError::DuplicateQualifiedField { name, .. }
                | SchemaError::DuplicateUnqualifiedField { name } => {
                    at(name, format!("Column name '{name}' specified more than once"))
                }
            },
            DataFusionError::Plan(_) if is_grouping(error) => {
                let message = error.diagnostic().map(|d| d.message.clone()).unwrap_or_default();
                let expression = message.split('\'').nth(1).unwrap_or_default();
                let column = expression.rsplit('.').next().unwrap_or_default();
                let message = "must be an aggregate expression or appear in GROUP BY clause";
                at(column, format!("'{column}' {message}"))
            }
            DataFusionError::SQL(parser, _) => Self::syntax(parser, Location { line: 1, column: 1 }),
            DataFusionError::NotImplemented(message) => {
                at("", format!("Unsupported: {}", misplaced(message).unwrap_or_else(|| first_line(message))))
            }
            DataFusionError::Plan(message)
            | DataFusionError::Execution(message)
            | DataFusionError::Configuration(message) => match wrong_arguments(message) {
                Some(engine) => {
                    let function = Functions::service_name(engine);
                    at(function, format!("Unexpected parameters for function {function}"))
                }
                // What it quotes may be a text of the query, as a bad pattern is.
                None => at(&quoted(message).unwrap_or_default(), plain(message)),
            },
            DataFusionError::ArrowError(arrow, _) => {
                let message = plain(&arrow_message(arrow));
                at(&quoted(&message).unwrap_or_default(), message)
            }
            // Nothing was read yet: what the engine did not expect is the text.
            DataFusionError::Internal(message) => at("", format!("Unsupported: {}", plain(message))),
            other => Self::running(other),
        }
    }

    /// A query that failed after it was planned.
    pub(super) fn running(error: &DataFusionError) -> Self {
        match innermost(error) {
            DataFusionError::ResourcesExhausted(_) => Self::memory(),
            DataFusionError::Execution(message) | DataFusionError::Plan(message) => {
                Self::Execution(plain(message))
            }
            DataFusionError::ArrowError(arrow, _) => Self::Execution(plain(&arrow_message(arrow))),
            DataFusionError::NotImplemented(message) => {
                Self::Execution(format!("Unsupported: {}", first_line(message)))
            }
            other => Self::Internal(first_line(&other.to_string()).to_owned()),
        }
    }

    /// A query that took more memory than there is for it.
    pub(super) fn memory() -> Self {
        let message = "Query exceeded the memory limit of this server: narrow its time range, \
                       or group by fewer columns";
        Self::Execution(message.to_owned())
    }

    /// A query with a row that is too long for any page, in the words of the service.
    pub(super) fn long_row() -> Self {
        let message = "Query aborted as max page response size has been exceeded by the output result row";
        Self::Execution(message.to_owned())
    }
}

/// The error beneath its contexts, diagnostics and sharing; the first of several.
fn innermost(mut error: &DataFusionError) -> &DataFusionError {
    loop {
        error = match error {
            DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => inner,
            DataFusionError::Shared(inner) => inner,
            DataFusionError::Collection(errors) => match errors.first() {
                Some(first) => first,
                None => return error,
            },
            DataFusionError::ArrowError(arrow, _) => match arrow.as_ref() {
                ArrowError::ExternalError(inner) => match inner.downcast_ref() {
                    Some(inner) => inner,
                    None => return error,
                },
                _ => return error,
            },
            DataFusionError::External(inner) => match inner.downcast_ref() {
                Some(inner) => inner,
                None => return error,
            },
            _ => return error,
        };
    }
}

fn is_grouping(error: &DataFusionError) -> bool {
    error.diagnostic().is_some_and(|diagnostic| diagnostic.message.contains("must appear in GROUP BY"))
}

fn arrow_message(error: &ArrowError) -> String {
    match error {
        ArrowError::DivideByZero => "Division by zero".to_owned(),
        ArrowError::CastError(message) => cast_message(message),
        ArrowError::ArithmeticOverflow(message) => match message.strip_prefix("Overflow happened on: ") {
            Some(operation) => format!("integer overflow: {operation}"),
            None => message.clone(),
        },
        ArrowError::ComputeError(message)
        | ArrowError::ParseError(message)
        | ArrowError::InvalidArgumentError(message) => message.clone(),
        other => other.to_string(),
    }
}

/// `Cannot cast string 'a' to value of Float64 type`, in the service's words.
fn cast_message(message: &str) -> String {
    let parts = message
        .strip_prefix("Cannot cast string ")
        .and_then(|rest| rest.strip_suffix(" type"))
        .and_then(|rest| rest.rsplit_once(" to value of "));
    match parts {
        Some((value, data_type)) => format!("Cannot cast {value} to {data_type}"),
        None => match message.strip_prefix("value of ").and_then(|rest| rest.split_once(" is out of range "))
        {
            Some((value, data_type)) => format!("integer overflow: {value} is out of range of {data_type}"),
            None => message.to_owned(),
        },
    }
}

/// The function that a message says was called with arguments it does not take.
fn wrong_arguments(message: &str) -> Option<&str> {
    const SIGNS: [&str; 3] =
        ["failed to match any signature", "Failed to coerce arguments", "coercion failed"];
    if !SIGNS.iter().any(|sign| message.contains(sign)) {
        return None;
    }
    message.split('\'').nth(1)
}

/// The text in quotes of a message about one.
fn quoted(message: &str) -> Option<String> {
    let (start, end) = (message.find('\'')?, message.rfind('\'')?);
    message.get(start..=end).map(ToOwned::to_owned)
}

/// What a message of the planner says is in a place where it cannot be, in the service's words.
fn misplaced(message: &str) -> Option<&'static str> {
    let (_, expression) = message.split_once("Physical plan does not support logical expression ")?;
    let kinds = [
        ("OuterReferenceColumn", "a subquery that refers to the query around it in this way"),
        ("ScalarSubquery", "a subquery that refers to the query around it in this way"),
        ("Exists", "EXISTS, ANY or ALL in this place"),
        ("InSubquery", "IN with a subquery in this place"),
        ("WindowFunction", "a window function in this place"),
        ("AggregateFunction", "an aggregate function in this place"),
        ("Wildcard", "* in this place"),
    ];
    kinds.iter().find(|(kind, _)| expression.starts_with(kind)).map(|(_, told)| *told)
}

/// A message without the engine's own hints: its candidate lists and type names.
fn plain(message: &str) -> String {
    let mut text = first_line(message).to_owned();
    for (engine, service) in [
        ("Error during planning: ", ""),
        ("Execution error: ", ""),
        ("Timestamp(ns)", "TIMESTAMP"),
        ("Timestamp(Nanosecond, None)", "TIMESTAMP"),
        ("Interval(MonthDayNano)", "INTERVAL"),
        ("Utf8View", "VARCHAR"),
        ("Utf8", "VARCHAR"),
        ("Float64", "DOUBLE"),
        ("Int64", "BIGINT"),
        ("Int32", "INTEGER"),
        ("Boolean", "BOOLEAN"),
        ("Time64(ns)", "TIME"),
        ("Date32", "DATE"),
        ("Duration(ns)", "INTERVAL"),
        ("Interval(YearMonth)", "INTERVAL"),
        ("Null", "UNKNOWN"),
    ] {
        text = text.replace(engine, service);
    }
    text
}

fn first_line(message: &str) -> &str {
    let line = message.lines().next().unwrap_or_default();
    let end =
        [" No function matches", ".  Candidate functions"].iter().filter_map(|cut| line.find(cut)).min();
    line[..end.unwrap_or(line.len())].trim_end()
}

/// Splits ` at Line: 1, Column: 8` off a parser's message.
fn split_location(message: &str) -> (&str, Option<Location>) {
    let Some((text, place)) = message.rsplit_once(" at Line: ") else { return (message, None) };
    let place = place
        .split_once(", Column: ")
        .and_then(|(line, column)| Some(Location { line: line.parse().ok()?, column: column.parse().ok()? }));
    (text, place)
}
