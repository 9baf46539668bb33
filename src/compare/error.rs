//! Why runs cannot be compared. Not here: why the comparison may mislead (`concerns`).

use crate::diagnostics::did_you_mean;
use crate::results::ResultsError;

/// Why runs cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// A run that cannot be read.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// Something that the runs do not have.
    #[error("{0}")]
    Unknown(String),
}

impl CompareError {
    pub(super) fn unknown(what: &str, name: &str, mut known: Vec<&str>) -> Self {
        let mut seen = Vec::new();
        known.retain(|name| {
            !seen.contains(name) && {
                seen.push(*name);
                true
            }
        });
        let hint = did_you_mean(name, known.iter().copied());
        let hint = hint.unwrap_or_else(|| format!("there are {}", known.join(", ")));
        Self::Unknown(format!("no {what} is called `{name}`; {hint}"))
    }
}
