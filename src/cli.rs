//! The command line. Not here: what commands do (`commands`).

use std::net::SocketAddr;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};

use crate::compare::Gate;
use crate::diagnostics::did_you_mean;
use crate::report::Format;
use crate::units::parse_time;

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

/// A scenario and the values of its parameters.
#[derive(Debug, Args)]
pub struct Overrides {
    /// Set a parameter that the scenario declares
    #[arg(short = 'P', long = "param", value_name = "NAME=VALUE", value_parser = assignment)]
    pub params: Vec<(String, String)>,
    /// The seed of every draw, instead of the scenario's
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
}

/// Where to run, instead of where the scenario says.
#[derive(Debug, Args)]
pub struct TargetArgs {
    /// The kind of target
    #[arg(long, value_enum)]
    pub target: Option<TargetKind>,
    /// The AWS region
    #[arg(long)]
    pub region: Option<String>,
    /// The AWS profile
    #[arg(long)]
    pub profile: Option<String>,
    /// An endpoint instead of the service's own; any Timestream that answers there is used
    #[arg(long, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// Where the local target keeps its data
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

/// The kinds of target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TargetKind {
    /// The local Timestream that comes with tsrun
    Local,
    /// Amazon Timestream
    Timestream,
}

/// Run a scenario.
#[derive(Debug, Args)]
pub struct Run {
    /// The scenario
    #[arg(value_name = "SCENARIO", required = true)]
    pub scenario: Option<PathBuf>,
    /// Run this phase only; may be given several times
    #[arg(long = "phase", value_name = "NAME")]
    pub phases: Vec<String>,
    /// Parameters and seed.
    #[command(flatten)]
    pub overrides: Overrides,
    /// Where to run.
    #[command(flatten)]
    pub target: TargetArgs,
    /// The folder that run directories are made in
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub out: PathBuf,
    /// The first word of per-thread directories, instead of the region or `local`
    #[arg(long, value_name = "WORD")]
    pub prefix: Option<String>,
    /// What is told as it goes on.
    #[command(flatten)]
    pub watch: Watching,
}

/// Check scenarios.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tsrun check scenarios/small.yaml
  tsrun check scenarios/small.yaml -P scale=5000 -P layout=multi
  tsrun check scenarios/small.yaml --format github")]
pub struct Check {
    /// The scenarios
    #[arg(value_name = "SCENARIO", required = true)]
    pub scenarios: Vec<PathBuf>,
    /// As what; json and github go to standard output
    #[arg(long, value_enum, default_value = "text")]
    pub format: CheckFormat,
    /// Parameters and seed.
    #[command(flatten)]
    pub overrides: Overrides,
}

/// What problems are printed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// For people: excerpt, caret, help
    Text,
    /// A list of files, each with a list of its problems
    Json,
    /// Annotations of a pull request, as GitHub Actions takes them
    Github,
}

/// Show what a scenario comes to.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tsrun plan scenarios/small.yaml
  tsrun plan scenarios/large.yaml -P scale=1000 -P interval=60s
  tsrun plan scenarios/large.yaml --format json")]
pub struct Plan {
    /// The scenario
    pub scenario: PathBuf,
    /// As what
    #[arg(long, value_enum, default_value = "text")]
    pub format: PlanFormat,
    /// Parameters and seed.
    #[command(flatten)]
    pub overrides: Overrides,
}

/// What a plan is printed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// For people, with a tree and a chart
    Text,
    /// The same figures for programs
    Json,
}

/// Print SQL.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tsrun render scenarios/small.yaml
  tsrun render scenarios/small.yaml --query do-q1 --set region=eu-west-1
  tsrun render scenarios/small.yaml --explain")]
pub struct Render {
    /// The scenario
    pub scenario: PathBuf,
    /// This query only
    #[arg(long, value_name = "NAME")]
    pub query: Option<String>,
    /// A value for a parameter of the templates, instead of the drawn host's or the query's own
    #[arg(long, value_name = "NAME=VALUE", value_parser = assignment)]
    pub set: Vec<(String, String)>,
    /// Draw another host: 1, 2, 3, ...
    #[arg(long, value_name = "NUMBER", default_value_t = 0, hide_default_value = true)]
    pub draw: u64,
    /// The end of every window, such as 2026-01-31T12:00:00Z, instead of the scenario's
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub end: Option<DateTime<Utc>>,
    /// Run each query once on the target, and say what it scans and what it leaves out
    #[arg(long)]
    pub explain: bool,
    /// Where to run with --explain.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Parameters and seed.
    #[command(flatten)]
    pub overrides: Overrides,
}

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

/// Drop what a scenario made.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tsrun cleanup scenarios/small.yaml
  tsrun cleanup scenarios/small.yaml --target timestream --region us-east-1 --yes")]
pub struct Cleanup {
    /// The scenario
    pub scenario: PathBuf,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// Drop what does not carry tsrun's tag, too
    #[arg(long)]
    pub force: bool,
    /// Parameters and seed.
    #[command(flatten)]
    pub overrides: Overrides,
    /// Where to run.
    #[command(flatten)]
    pub target: TargetArgs,
}

/// Run the local Timestream.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tsrun serve
  tsrun serve --listen 127.0.0.1:0 --data-dir /tmp/timestream
  tsrun serve --faults faults.yaml")]
pub struct Serve {
    /// The address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8086")]
    pub listen: SocketAddr,
    /// Where data is kept
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// What is to go wrong: a fault plan
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
    /// How standard error is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub log_format: LogFormat,
    /// End when the last run that holds a lease has ended
    #[arg(long, hide = true)]
    pub while_leased: bool,
}

/// Set, show or clear faults.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tsrun faults faults.yaml
  tsrun faults --endpoint-url http://127.0.0.1:8086
  tsrun faults --clear")]
pub struct Faults {
    /// The fault plan to set; without one, what is set is shown with what it has done
    #[arg(value_name = "FILE", conflicts_with = "clear")]
    pub file: Option<PathBuf>,
    /// Clear what is set
    #[arg(long)]
    pub clear: bool,
    /// Where the server's data is
    #[arg(long, value_name = "DIR", conflicts_with = "endpoint_url")]
    pub data_dir: Option<PathBuf>,
    /// Where the server listens
    #[arg(long, value_name = "URL")]
    pub endpoint_url: Option<String>,
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
    /// A broken gate, or one for which there is not enough data
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

/// What is told while a run goes on.
#[derive(Debug, Args)]
pub struct Watching {
    /// Tell nothing but the summary and errors
    #[arg(short, long)]
    pub quiet: bool,
    /// How standard error is written: a live view or lines for people, or JSON lines for programs
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub log_format: LogFormat,
    /// Serve the run's figures as Prometheus text at http://ADDR/metrics; a port alone is this machine's
    #[arg(long, value_name = "ADDR", value_parser = listen_address)]
    pub metrics_listen: Option<SocketAddr>,
    /// Send the run's figures by OTLP over HTTP to URL/v1/metrics, instead of where OTEL_EXPORTER_OTLP_ENDPOINT says
    #[arg(long, value_name = "URL")]
    pub otlp_endpoint: Option<String>,
}

/// How standard error is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    #[default]
    Text,
    /// A JSON object a line
    Json,
}

impl Cli {
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

/// An address, or a port of this machine alone.
fn listen_address(text: &str) -> Result<SocketAddr, String> {
    let local = text.strip_prefix("localhost:").or_else(|| text.strip_prefix(':')).unwrap_or(text);
    if let Ok(port) = local.parse() {
        return Ok(SocketAddr::from(([127, 0, 0, 1], port)));
    }
    text.parse().map_err(|_| "write it as 9464, 127.0.0.1:9464 or 0.0.0.0:9464".to_owned())
}

/// Write a scenario to start from.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tsrun new greenhouse
  tsrun new plans/greenhouse")]
pub struct New {
    /// The scenario's name; it is written to NAME.yaml, its query to queries/NAME.sql.j2
    #[arg(value_name = "NAME")]
    pub name: PathBuf,
}

/// Print the schema.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tsrun schema > scenarios/schema.json
  tsrun schema --format markdown")]
pub struct Schema {
    /// As what
    #[arg(long, value_enum, default_value = "json")]
    pub format: SchemaFormat,
}

/// What the schema is printed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaFormat {
    /// JSON Schema, which editors read
    Json,
    /// A page with every key, its type, its default and what it is
    Markdown,
}

/// Complete the command line.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tsrun completions bash > ~/.local/share/bash-completion/completions/tsrun
  tsrun completions zsh > ~/.zfunc/_tsrun
  tsrun completions fish > ~/.config/fish/completions/tsrun.fish")]
pub struct Completions {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// Print the manual.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  tsrun man | man -l -
  tsrun man --out ~/.local/share/man/man1")]
pub struct Man {
    /// Write tsrun.1 and a page for each command into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}
