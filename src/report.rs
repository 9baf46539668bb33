//! What a run came to, for people and for programs: from the files of its run directory and nothing else. Every
//! form says the same: verdicts (`verdict`), tables (`table`, `tables`), and over time what the logs say
//! (`over_time`). Not here: counting (`recorder`), the files' forms (`results`), how charts are drawn (`chart`).

mod bounds;
mod charts;
mod csv;
mod html;
mod json;
mod markdown;
mod over_time;
mod table;
mod tables;
#[cfg(test)]
mod tests;
mod text;
mod verdict;

use std::path::Path;

pub use html::write_html;
pub(crate) use markdown::escaped;
pub use verdict::{Outcome, Verdict};

use crate::plan::ALL_PHASES as ALL;
use crate::results::{ResultsError, Run};

/// The forms of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For the terminal
    #[default]
    Text,
    /// One page that opens offline, with charts
    Html,
    /// For programs
    Json,
    /// The rows of summary.csv
    Csv,
    /// For a pull request
    Markdown,
}

/// The report of a run; `columns` are those of the terminal that shows it as text, where one does.
///
/// # Errors
/// A file of the run that is missing or cannot be read.
pub fn render(run_dir: &Path, format: Format, columns: Option<usize>) -> Result<String, ResultsError> {
    let run = Run::read(run_dir)?;
    match format {
        Format::Text => Ok(text::text(&run, columns)),
        Format::Html => html::html(&run),
        Format::Json => json::json(&run),
        Format::Csv => csv::csv(&run),
        Format::Markdown => Ok(markdown::markdown(&run)),
    }
}
