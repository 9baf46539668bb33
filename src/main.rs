//! The binary: parse, call, render the error, exit.

use std::process::ExitCode;

use clap::Parser as _;
use tsrun::cli::Cli;
use tsrun::commands;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match commands::dispatch(cli) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            eprintln!("{failure}");
            failure.exit.into()
        }
    }
}
