//! The summary's rows as CSV: those of `summary.csv`.

use crate::results::files::csv_text;
use crate::results::{ResultsError, Run};

pub(super) fn csv(run: &Run) -> Result<String, ResultsError> {
    csv_text(&run.dir.summary(), &run.summary)
}
