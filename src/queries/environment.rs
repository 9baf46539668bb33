//! The template language as queries use it: how a value is printed, and the functions. Not here:
//! the names that differ from query to query (`variables`).

use std::sync::Arc;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Rest, Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};

use super::catalog::Catalog;
use super::literal;
use super::variables::sql;

/// An environment without templates.
///
/// Values print as SQL literals, so that a template reads `region = {{ region }}` and no quote can
/// be forgotten; what is SQL already (`table`, `from`, the functions, `| safe`) prints as it is.
pub(crate) fn environment(catalog: &Arc<Catalog>) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // So that an error names what is undefined.
    environment.set_debug(true);
    // Any escaping but none makes macros and captured blocks yield what prints as it is.
    environment.set_auto_escape_callback(|_| AutoEscape::Custom("sql".into()));
    environment.set_formatter(|out, _, value| Ok(out.write_str(&printed(value)?)?));
    environment.set_syntax(syntax());
    let of = Arc::clone(catalog);
    environment.add_function("column", move |measure: String| known(of.column(&measure)));
    let of = Arc::clone(catalog);
    environment.add_function("value", move |measure: String| known(of.value(&measure)));
    let of = Arc::clone(catalog);
    environment.add_function("rows", move |measures: Rest<String>| known(of.rows(&measures)));
    environment
}

/// Jinja's usual syntax; a line that only holds a `{% tag %}` or a comment leaves no line behind.
fn syntax() -> SyntaxConfig {
    SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()
        .expect("the delimiters are the defaults")
}

fn known(text: Result<String, String>) -> Result<Value, Error> {
    text.map(sql).map_err(|message| Error::new(ErrorKind::InvalidOperation, message))
}

/// A value as it stands in the SQL.
fn printed(value: &Value) -> Result<String, Error> {
    if value.is_safe() {
        return Ok(value.to_string());
    }
    match value.kind() {
        ValueKind::String => Ok(literal::text(value.as_str().unwrap_or_default())),
        ValueKind::Bool => Ok(if value.is_true() { "TRUE" } else { "FALSE" }.to_owned()),
        ValueKind::Number => number(value),
        ValueKind::None => Ok("NULL".to_owned()),
        // What an `if` without `else` gives.
        ValueKind::Undefined => Ok(String::new()),
        ValueKind::Seq | ValueKind::Iterable => list(value),
        kind => Err(unprintable(&format!("a {kind}"))),
    }
}

fn number(value: &Value) -> Result<String, Error> {
    let text = value.to_string();
    match f64::try_from(value.clone()) {
        Ok(number) if !number.is_finite() => Err(unprintable(&text)),
        _ => Ok(text),
    }
}

/// `('a', 'b')`, as IN takes it.
fn list(value: &Value) -> Result<String, Error> {
    let items: Vec<String> = value.try_iter()?.map(|item| printed(&item)).collect::<Result<_, _>>()?;
    if items.is_empty() {
        return Err(unprintable("an empty list"));
    }
    Ok(format!("({})", items.join(", ")))
}

fn unprintable(what: &str) -> Error {
    Error::new(ErrorKind::InvalidOperation, format!("{what} cannot be printed as SQL"))
}
