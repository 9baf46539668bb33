//! One file a verb; each reads as a table of contents. Only here does everything meet. Not here:
//! the command line itself (`cli`).

mod check;
mod cleanup;
mod compare;
mod completions;
mod explain;
mod failure;
#[cfg(feature = "local")]
mod faults;
mod load;
mod man;
mod merge;
mod new;
mod plan;
mod render;
mod report;
mod run;
mod schema;
#[cfg(feature = "local")]
mod serve;
mod target;

pub use failure::Failure;

use crate::cli::{Cli, Command};
use crate::exit::Exit;
use crate::output;

/// Does what the command line asks.
///
/// # Errors
/// What went wrong, with the exit code that says so.
pub fn dispatch(cli: Cli) -> Result<Exit, Failure> {
    let exit = command(cli)?;
    match output::lost() {
        Some(cause) => Err(Failure::new(
            exit.graver(Exit::Failed),
            format!("error: cannot write to standard output: {cause}"),
        )),
        None => Ok(exit),
    }
}

fn command(cli: Cli) -> Result<Exit, Failure> {
    match cli.command {
        None => run::run(cli.run),
        Some(Command::Check(args)) => check::run(&args),
        Some(Command::Plan(args)) => plan::run(&args),
        Some(Command::Render(args)) => render::run(args),
        Some(Command::Report(args)) => report::run(&args),
        Some(Command::New(args)) => new::run(&args),
        Some(Command::Schema(args)) => schema::run(&args),
        Some(Command::Compare(args)) => compare::run(args),
        Some(Command::Merge(args)) => merge::run(&args),
        Some(Command::Cleanup(args)) => cleanup::run(args),
        #[cfg(feature = "local")]
        Some(Command::Serve(args)) => serve::run(args),
        #[cfg(feature = "local")]
        Some(Command::Faults(args)) => faults::run(args),
        Some(Command::Completions(args)) => completions::run(&args),
        Some(Command::Man(args)) => man::run(&args),
    }
}

/// Tasks that run before the network and the clock are looked at again: few, since making a batch
/// takes a tenth of a millisecond.
const TASKS_BETWEEN_EVENTS: u32 = 8;

/// The runtime of commands that talk to a target: one thread, which is the cheapest way. Who needs
/// more has threads of its own (`runner::senders`).
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .event_interval(TASKS_BETWEEN_EVENTS)
        .enable_all()
        .build()
        .map_err(|error| no_threads(&error))
}

/// A runtime that the system does not give.
fn no_threads(error: &std::io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("error: cannot start threads: {error}"))
}
