//! `tsrun report`: the summary of a run, from its files.

use super::Failure;
use crate::cli;
use crate::exit::Exit;
use crate::output::say;
use crate::report;

pub(super) fn run(args: &cli::Report) -> Result<Exit, Failure> {
    let text =
        report::text(&args.run).map_err(|error| Failure::new(Exit::Usage, format!("error: {error}")))?;
    say(text.trim_end());
    Ok(Exit::Good)
}
