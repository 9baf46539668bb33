//! `tsrun cleanup`: says what would be dropped, asks, drops it.

use std::io::{BufRead as _, Write as _};

use super::{Failure, load, runtime, target};
use crate::cli;
use crate::exit::Exit;
use crate::output::say;
use crate::runner::RunError;
use crate::target::{Cleaned, Fate, Target, TargetError, connect};

pub(super) fn run(args: cli::Cleanup) -> Result<Exit, Failure> {
    let mut plan = load::target(&args.scenario, &args.overrides)?;
    target::apply(&args.target, &mut plan);
    let overrides = target::overrides(args.target);
    runtime()?.block_on(async {
        let target = connect(&plan, &overrides).await.map_err(failed)?;
        let planned = target.cleanup_preview(args.force).await.map_err(failed)?;
        describe(&planned, &target, "would be dropped");
        let anything = planned.table == Fate::Dropped || planned.database == Fate::Dropped;
        if !anything {
            return Ok(if untagged(&planned) { Exit::Failed } else { Exit::Good });
        }
        if !args.yes && !agreed() {
            say("nothing was dropped");
            return Ok(Exit::Good);
        }
        let cleaned = target.cleanup(args.force).await.map_err(failed)?;
        describe(&cleaned, &target, "dropped");
        Ok(if untagged(&cleaned) { Exit::Failed } else { Exit::Good })
    })
}

/// Something stayed that was meant to go.
fn untagged(cleaned: &Cleaned) -> bool {
    cleaned.table == Fate::Untagged || cleaned.database == Fate::Untagged
}

fn describe(cleaned: &Cleaned, target: &Target, dropped: &str) {
    let place = &target.place().kind;
    let fates = [
        (format!("table {}.{}", target.database(), target.table()), cleaned.table),
        (format!("database {}", target.database()), cleaned.database),
    ];
    for (what, fate) in fates {
        say(match fate {
            Fate::Dropped => format!("{what} on {place}: {dropped}"),
            Fate::Missing => format!("{what} on {place}: not there"),
            Fate::Untagged => {
                format!(
                    "{what} on {place}: stays, since tsrun did not make it (--force drops it all the same)"
                )
            }
            Fate::InUse => format!("{what} on {place}: stays, since other tables are in it"),
        });
    }
}

/// Asks; anything but a yes is a no, and so is the end of the input.
fn agreed() -> bool {
    let mut output = std::io::stdout().lock();
    // Without an output nobody sees the question, and the answer is read as a no.
    let _ = write!(output, "drop it? all its data goes [y/N] ");
    let _ = output.flush();
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

fn failed(error: TargetError) -> Failure {
    let error = RunError::from(error);
    Failure::new(error.exit(), format!("error: {error}"))
}
