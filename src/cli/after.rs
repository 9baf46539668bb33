//! What is made of runs.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::compare::Gate;
use crate::report::Format;

/// Report on a run.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tsrun report
  tsrun report results/small-2026-11-13-07-04-19
  tsrun report results/small-2026-11-13-07-04-19 --format html --out small.html
  tsrun report --format markdown > comment.md")]
pub struct Report {
    /// The run's directory; the newest one under results/ if there is none
    pub run: Option<PathBuf>,
    /// The form
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Where to write it, instead of standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Compare runs.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tsrun compare results/small-2026-11-22-08-00-00 results/small-2026-11-23-08-00-00
  tsrun compare BASE NEW --gate 'users.do-q1.p50 < +10%' --gate 'failed_share < +1%'
  tsrun compare BASE NEW --format markdown --fail-on never --out comparison.md

Exit codes: 0 no gate is broken, 2 a run cannot be read, 5 a regression. docs/compare.md tells the method")]
pub struct Compare {
    /// The directory of the run that the others are held against
    pub base: PathBuf,
    /// The directories of the others
    #[arg(value_name = "NEW", required = true)]
    pub new: Vec<PathBuf>,
    /// This phase only; may be given several times
    #[arg(long = "phase", value_name = "NAME")]
    pub phases: Vec<String>,
    /// What must hold of a difference, instead of the gates that docs/compare.md names; may be given several times
    #[arg(long = "gate", value_name = "GATE")]
    pub gates: Vec<Gate>,
    /// What makes it end with exit code 5
    #[arg(long, value_enum, default_value = "regression")]
    pub fail_on: FailOn,
    /// The form of the comparison
    #[arg(long, value_enum, default_value = "text")]
    pub format: CompareFormat,
    /// The file to write it to, instead of standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// What is a failure of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// A broken gate
    Regression,
    /// A broken gate, or one for which there is not enough data; nothing to compare; a run whose figures do not count
    Undecided,
    /// Nothing
    Never,
}

/// The forms of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CompareFormat {
    /// For a terminal
    Text,
    /// For a pull request
    Markdown,
    /// One file with charts, for a browser
    Html,
    /// For programs
    Json,
}

/// Merge runs.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tsrun merge results/small-2026-11-23-08-00-00 results/small-2026-11-23-08-02-00 --out results/small-merged
  tsrun merge shard-1/small-2026-11-23-08-00-00 shard-2/small-2026-11-23-08-00-00 --out results/small-both")]
pub struct Merge {
    /// The directories of the runs
    #[arg(value_name = "RUN", required = true)]
    pub runs: Vec<PathBuf>,
    /// The directory to make
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Merge runs of different scenarios, too; the first one's stands for all
    #[arg(long)]
    pub force: bool,
}
