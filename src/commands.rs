//! One file a verb; each reads as a table of contents. Only here does everything meet. Not here:
//! the command line itself (`cli`).

mod check;
mod failure;
mod load;
mod plan;
mod render;

pub use failure::Failure;

use crate::cli::{Cli, Command};
use crate::exit::Exit;

/// Does what the command line asks.
///
/// # Errors
/// What went wrong, with the exit code that says so.
pub fn dispatch(cli: Cli) -> Result<Exit, Failure> {
    match cli.command {
        None => Ok(Exit::Good),
        Some(Command::Check(args)) => check::run(&args),
        Some(Command::Plan(args)) => plan::run(&args),
        Some(Command::Render(args)) => render::run(&args),
        _ => Ok(Exit::Good),
    }
}
