//! The binary: parse, call, render the error, exit.

use std::process::ExitCode;
use std::time::Duration;

use tsrun::cli::Cli;
use tsrun::commands;

/// Batches are many small texts that live for one request; this allocator is the faster one for them.
#[global_allocator]
static ALLOCATOR: allocator::MiMalloc = allocator::MiMalloc;

/// A memory table that was written to files has made room for the next one but one, some seconds later.
const KEEP_FREED: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    allocator::keep_freed_memory(KEEP_FREED);
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
