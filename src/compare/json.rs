//! A comparison for programs. Not here: what is in it (`model`).

use super::model::Comparison;

impl Comparison {
    /// The comparison as JSON, for people who read JSON, too.
    #[must_use]
    pub fn json(&self) -> String {
        // Plain structs of texts and numbers always become JSON.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}
