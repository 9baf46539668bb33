//! `tsrun compare`: read, compare, tell.

use super::Failure;
use crate::cli::{self, CompareFormat, FailOn};
use crate::compare::{Comparison, Gate};
use crate::exit::Exit;
use crate::output::say;

pub(super) fn run(args: cli::Compare) -> Result<Exit, Failure> {
    let gates = if args.gates.is_empty() { Gate::defaults() } else { args.gates };
    let refuse = |error: &dyn std::error::Error| Failure::new(Exit::Usage, format!("error: {error}"));
    let comparison =
        Comparison::of(&args.base, &args.new, &args.phases, &gates).map_err(|error| refuse(&error))?;
    let exit = match args.fail_on {
        FailOn::Never => Exit::Good,
        FailOn::Regression => comparison.exit(false),
        FailOn::Undecided => comparison.exit(true),
    };
    let text = match args.format {
        CompareFormat::Text => comparison.text(),
        CompareFormat::Markdown => comparison.markdown(),
        CompareFormat::Json => comparison.json(exit),
        CompareFormat::Html => comparison
            .html()
            .map_err(|error| Failure::new(Exit::Failed, format!("error: cannot make the page: {error}")))?,
    };
    match args.out {
        None => say(text.trim_end()),
        Some(path) => std::fs::write(&path, text).map_err(|error| {
            Failure::new(Exit::Failed, format!("error: cannot write {}: {error}", path.display()))
        })?,
    }
    Ok(exit)
}
