//! The command line. Not here: what commands do (`commands`).

mod after;
mod before;
mod run;
mod shell;
mod target;

pub use after::{Compare, CompareFormat, FailOn, Merge, Report};
pub use before::{Check, CheckFormat, New, Plan, PlanFormat, Render, Schema, SchemaFormat};
pub use run::{LogFormat, Overrides, Run, Watching};
pub use shell::{Completions, Man};
pub use target::{Cleanup, Durability, Faults, LogLevel, Serve, TargetArgs, TargetKind};

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser, Subcommand};

use crate::diagnostics::did_you_mean;

/// A declarative scenario runner for Amazon Timestream
#[derive(Debug, Parser)]
#[command(name = "tsrun", version, about, long_about = None, arg_required_else_help = true)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "Examples:
  tsrun scenarios/small.yaml
  tsrun scenarios/three-day-soak.yaml --phase query
  tsrun scenarios/small.yaml -P scale=1 --metrics-listen 9464
  tsrun new greenhouse
  tsrun report

Exit codes: 0 good, 1 failed while running, 2 bad scenario or usage, 3 a threshold was not kept, 4 target
unreachable or not allowed, 5 a comparison found a regression, 6 run invalid (the load was not the plan's),
130 interrupted (everything is still written). Where several apply: 130, 4, 1, 6, 5, 3")]
pub struct Cli {
    /// What to do; without one, the scenario is run.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The run.
    #[command(flatten)]
    pub run: Run,
}

impl Cli {
    /// The command line of this process.
    ///
    /// # Errors
    /// What is wrong with it, or the help that it asks for; clap prints both.
    pub fn read() -> Result<Self, clap::Error> {
        let mistaken = std::env::args_os().nth(1).and_then(|first| mistaken(first.to_str()?));
        match mistaken {
            Some(message) => Err(Self::command().error(ErrorKind::InvalidSubcommand, message)),
            None => Self::try_parse(),
        }
    }

    /// How standard error is written.
    #[must_use]
    pub fn log_format(&self) -> LogFormat {
        match &self.command {
            None => self.run.watch.log_format,
            #[cfg(feature = "local")]
            Some(Command::Serve(serve)) => serve.log_format,
            Some(_) => LogFormat::Text,
        }
    }
}

/// What to say of a first word that is neither a command nor a file; a path is left to who reads it.
fn mistaken(first: &str) -> Option<String> {
    let command = Cli::command();
    let commands: Vec<&str> =
        command.get_subcommands().map(clap::Command::get_name).chain(["help"]).collect();
    let is_path = first.contains(['/', '\\', '.']) || std::path::Path::new(first).exists();
    if first.is_empty() || first.starts_with('-') || is_path || commands.contains(&first) {
        return None;
    }
    let scenario = [format!("{first}.yaml"), format!("scenarios/{first}.yaml")];
    let scenario = scenario.iter().find(|file| std::path::Path::new(file).is_file());
    let hint =
        scenario.map(|file| format!("did you mean `{file}`?")).or_else(|| did_you_mean(first, commands));
    let hint = hint.map_or_else(String::new, |hint| format!(", {hint}"));
    Some(format!("no such command or file `{first}`{hint}"))
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a commented scenario to start from
    New(New),
    /// Say every problem of scenarios, with line and column; nothing is run
    Check(Check),
    /// Show the fleet, series, rates, volume and phases of a scenario; nothing is run
    Plan(Plan),
    /// Print the SQL of a scenario's queries as it would be sent
    Render(Render),
    /// Report on a run, from its files: as text, HTML, JSON, CSV or Markdown
    Report(Report),
    /// Print the JSON Schema of a scenario, for editors, or a table of its keys
    Schema(Schema),
    /// Hold runs against a first one: what differs, how sure that is, whether it is too much
    Compare(Compare),
    /// Make one run directory of several runs of one scenario
    Merge(Merge),
    /// Drop the table and the database that tsrun made for a scenario
    Cleanup(Cleanup),
    /// Run the local Timestream alone, for any client
    #[cfg(feature = "local")]
    Serve(Serve),
    /// Set, show or clear what is to go wrong on a running local Timestream
    #[cfg(feature = "local")]
    Faults(Faults),
    /// Print what completes tsrun's command line in a shell
    Completions(Completions),
    /// Print the manual page, or write one for each command
    Man(Man),
}
