//! `tsrun merge`: read, merge, tell.

use super::Failure;
use crate::cli;
use crate::exit::Exit;
use crate::merge;
use crate::output::say;

pub(super) fn run(args: &cli::Merge) -> Result<Exit, Failure> {
    let notes = merge::merge(&args.runs, &args.out, args.force)
        .map_err(|error| Failure::new(error.exit(), format!("error: {error}")))?;
    for note in notes {
        say(format!("note: {note}"));
    }
    say(format!("{} runs are one in {}", args.runs.len(), args.out.display()));
    Ok(Exit::Good)
}
