//! The JSON Schema of a scenario, from the wire types and their doc comments: for editors
//! (`scenarios/schema.json`) and for the table of keys (`docs/scenario-keys.md`). Not here: the types
//! (`wire`), values with a grammar of their own (`forms`), the table (`keys`).

pub(super) mod forms;
mod keys;
#[cfg(test)]
mod tests;

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform as _};
use serde_json::{Value, json};

use super::Scenario;
use forms::PARAMETER;

pub use keys::keys;

/// Draft 7, which every editor's YAML language server knows.
#[must_use]
pub fn schema() -> Value {
    let settings = SchemaSettings::draft07().for_deserialize();
    let mut schema = settings.into_generator().into_root_schema_for::<Scenario>();
    RecursiveTransform(plain_formats).transform(&mut schema);
    RecursiveTransform(take_parameters).transform(&mut schema);
    schema.insert("title".to_owned(), "A tsrun scenario".into());
    schema.to_value()
}

/// `uint32` and the like are Rust's, not JSON Schema's.
fn plain_formats(schema: &mut Schema) {
    schema.remove("format");
}

/// Any scalar can be a parameter's value: `$name`. Texts take that anyway.
fn take_parameters(schema: &mut Schema) {
    if let Some(Value::Array(words)) = schema.get_mut("oneOf")
        && words.iter().all(|word| word.get("const").is_some())
    {
        words.push(
            json!({ "type": "string", "pattern": PARAMETER, "description": "The value of a parameter." }),
        );
        return;
    }
    let is_text = |kind: &Value| kind == "string";
    let is_scalar = |kind: &Value| ["integer", "number", "boolean"].iter().any(|scalar| kind == scalar);
    let kinds = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.clone(),
        Some(kind) => vec![kind.clone()],
        None => return,
    };
    if kinds.iter().any(is_scalar) && !kinds.iter().any(is_text) {
        let kinds = kinds.into_iter().chain(["string".into()]).collect();
        schema.insert("type".to_owned(), Value::Array(kinds));
        schema.insert("pattern".to_owned(), PARAMETER.into());
    }
}
