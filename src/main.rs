//! The binary: parse, call, render the error, exit.

use std::process::ExitCode;

use clap::Parser as _;
use tsrun::cli::Cli;
use tsrun::commands;

/// Batches are many small texts that live for one request; this allocator is the faster one for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let format = cli.log_format();
    match commands::dispatch(cli) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            eprintln!("{}", failure.told(format));
            failure.exit.into()
        }
    }
}
