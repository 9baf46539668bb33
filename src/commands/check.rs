//! `tsrun check`: every problem of every scenario; nothing is run.

use super::{Failure, load};
use crate::cli;
use crate::exit::Exit;
use crate::output::say;

pub(super) fn run(args: &cli::Check) -> Result<Exit, Failure> {
    let mut bad = Vec::new();
    for file in &args.scenarios {
        match load::plan(file, &args.overrides) {
            Ok(_) => say(format!("{}: good", file.display())),
            Err(failure) => bad.push(failure.to_string()),
        }
    }
    if bad.is_empty() { Ok(Exit::Good) } else { Err(Failure::new(Exit::Usage, bad.join("\n\n"))) }
}
