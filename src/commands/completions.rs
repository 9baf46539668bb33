//! `tsrun completions`: what a shell reads to complete tsrun's command line.

use clap::CommandFactory as _;

use super::Failure;
use crate::cli::{self, Cli};
use crate::exit::Exit;
use crate::output::say;

pub(super) fn run(args: &cli::Completions) -> Result<Exit, Failure> {
    // Into memory first: the generator panics where its output is closed.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "tsrun", &mut script);
    say(String::from_utf8_lossy(&script).trim_end());
    Ok(Exit::Good)
}
