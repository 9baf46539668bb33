//! A comparison for programs. Its form is documented in `docs/compare.md` and stable: fields are only ever added, else
//! `schema_version` is raised. Not here: what is in it (`model`).

use serde::Serialize;

use super::model::Comparison;
use crate::exit::Exit;

/// The version of the form.
const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    exit_code: u8,
    #[serde(flatten)]
    comparison: &'a Comparison,
}

impl Comparison {
    /// The comparison as JSON, for people who read JSON, too; `exit` is how the command ends.
    #[must_use]
    pub fn json(&self, exit: Exit) -> String {
        let document = Document { schema_version: SCHEMA_VERSION, exit_code: exit as u8, comparison: self };
        // Plain structs of texts and numbers always become JSON.
        serde_json::to_string_pretty(&document).unwrap_or_default()
    }
}
