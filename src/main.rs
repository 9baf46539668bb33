//! The binary: parse, call, render the error, exit.

use std::process::ExitCode;

use tsrun::cli::Cli;
use tsrun::commands;

/// Batches are many small texts that live for one request; this allocator is the faster one for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let format = cli.log_format();
    match commands::dispatch(cli) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            anstream::eprintln!("{}", failure.told(format));
            failure.exit.into()
        }
    }
}
